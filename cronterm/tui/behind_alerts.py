"""What is behind alerts: what their runs printed last, and who was told of them."""

import asyncio
import re
from collections.abc import Sequence

from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.alert import Alert
from cronterm.model.event import AnyEvent
from cronterm.model.notice import (
    NoticeDropped,
    NoticeQueued,
    NoticeRow,
    NoticesFailed,
    NoticesSent,
)
from cronterm.model.query import ListNotices, Notices, OutputChunk, OutputPart, ReadOutput
from cronterm.sanitize import sanitize_line

LAST_BYTES = 2048
LAST_LINES = 2
CAUSE = re.compile(r"error|fail|fatal|exception|denied|refused|timed out", re.IGNORECASE)
"""What lines that tell why something went wrong have in them."""
NO_CAUSE = re.compile(r"\b(?:0|no|without) (?:error|fail)\w*", re.IGNORECASE)
"""What lines that tell the contrary have."""


def telling_lines(chunks: Sequence[OutputChunk], most: int = LAST_LINES) -> tuple[str, ...]:
    """Return those lines of an output that tell most of how it ended, in their order.

    First come those that look like the cause, then what was written to stderr, then the last.
    """
    lines: list[tuple[str, bytes]] = []
    begun = {"out": b"", "err": b""}
    for chunk in chunks:  # a line of one stream may be cut by the other
        *whole, begun[chunk.stream] = (begun[chunk.stream] + chunk.data).split(b"\n")
        lines += [(chunk.stream, line) for line in whole]
    lines += begun.items()
    found = []
    for place, (stream, line) in enumerate(lines):
        text = sanitize_line(line.decode("utf-8", "replace"))
        if text.strip():
            is_cause = CAUSE.search(NO_CAUSE.sub("", text)) is not None
            found.append((is_cause, stream == "err", place, text))
    best = sorted(found, key=lambda each: each[:3])[-most:]
    return tuple(text for _, _, _, text in sorted(best, key=lambda each: each[2]))


class BehindAlerts:
    """Remembers what was read, until it has changed."""

    def __init__(self) -> None:
        self._printed: dict[int, tuple[str, ...]] = {}
        """What tells most of the output of runs."""
        self._unfinished: set[int] = set()
        """Runs that still print: they are read again."""
        self._notices: dict[int, tuple[NoticeRow, ...]] = {}
        """By alert."""
        self._asked: set[int] = set()
        """The alerts whose notices are known, or on their way."""
        self._unread: list[Alert] = []
        """Of which not all was to be had."""

    def printed(self, alert: Alert | None) -> Sequence[str]:
        """Return what the run of an alert printed that tells most, as far as it is known."""
        return self._printed.get(alert.run or 0, ()) if alert is not None else ()

    def notices(self, alert: Alert | None) -> Sequence[NoticeRow] | None:
        """Return who was told of an alert; None before that is known."""
        return self._notices.get(alert.id) if alert is not None else None

    def take_event(self, event: AnyEvent) -> None:
        """Forget what an event changed."""
        if isinstance(event, NoticeQueued | NoticesSent | NoticesFailed | NoticeDropped):
            self._asked.clear()

    def look_again(self, alert: Alert | None) -> None:
        """Forget what a run printed that went on printing."""
        if alert is not None and alert.run in self._unfinished:
            self._unfinished.discard(alert.run)
            self._printed.pop(alert.run, None)

    def try_again(self) -> None:
        """Have what was not to be had read once more."""
        for alert in self._unread:
            self._forget(alert)
        self._unread.clear()

    def _forget(self, alert: Alert) -> None:
        self._asked.discard(alert.id)
        self._printed.pop(alert.run or 0, None)

    def lacks(self, alert: Alert | None) -> bool:
        """Tell whether something about an alert is to be read."""
        if alert is None:
            return False
        has_run = alert.run is not None and alert.run not in self._printed
        return has_run or alert.id not in self._asked

    async def read(self, control: Control, alert: Alert) -> None:
        """Read what is not known yet; what is not there stays empty. Given up, nothing was read."""
        has_notices, has_printed = alert.id in self._asked, alert.run in self._printed
        self._asked.add(alert.id)
        if alert.run is not None:
            self._printed.setdefault(alert.run, ())
        try:
            if not has_notices:
                told = await control.query(ListNotices(alert=alert.id))
                if isinstance(told, Notices):
                    self._notices[alert.id] = told.rows
            if alert.run is not None and not has_printed:
                await self._read_printed(control, alert.run)
        except CrontermError:  # the run has left the history, or the engine is gone
            self._unread.append(alert)
        except asyncio.CancelledError:
            self._forget(alert)
            raise

    async def _read_printed(self, control: Control, run: int) -> None:
        part = await control.query(ReadOutput(run=run, max_bytes=LAST_BYTES))
        if isinstance(part, OutputPart):
            self._printed[run] = telling_lines(part.chunks)
            if not part.complete:
                self._unfinished.add(run)
