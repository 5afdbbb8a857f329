"""Turns what was sensed into signals; what is too long for an environment goes into a file."""

import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from cronterm.clock import HOUR, SECOND, Instant
from cronterm.model.command import FireHook
from cronterm.model.trigger import FileEvent, OnFile, Signal, trigger_name
from cronterm.watch.changes import Change

log = logging.getLogger("cronterm.watch")

LONGEST = (
    32 << 10
)  # bytes of one value: an event is kept in memory by the engine and by each screen
LONGEST_TEXT = 200  # characters
KEPT: Instant = HOUR  # after that a file of no open run goes


def printable(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return `text` without what is no letter, in one line, cut in the middle if it is long."""
    safe = "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
    if len(safe) <= longest:
        return safe
    return f"{safe[: longest // 2 - 1]}…{safe[-longest // 2 :]}"


class EventFiles:
    """The private directory of what is too long, one file for each such event."""

    def __init__(self, directory: Path) -> None:
        """The directory is made when it is needed."""
        self._directory = directory

    def file_signal(self, trigger: OnFile, changes: Sequence[Change]) -> Signal:
        """Return the signal of a burst; `changes` is not empty."""
        first = changes[0]
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        text = f"{first.event} {printable(first.path, LONGEST_TEXT - 40)}{more}"
        paths = [os.fsencode(change.path) for change in changes]
        fitting = _fitting(paths)
        values = {
            "PATH": paths[0],
            "PATHS": b"\n".join(paths[:fitting]),
            "TYPE": first.event.encode(),
            "TYPES": "\n".join(change.event for change in changes[:fitting]).encode(),
            "COUNT": str(len(changes)).encode(),
        }
        if first.was:
            values["FROM"] = os.fsencode(first.was)
        if fitting < len(changes) or any(b"\n" in path for path in paths):
            values |= self._keep(json.dumps([_plain(change) for change in changes]).encode("ascii"))
        counts: Counter[FileEvent] = Counter(change.event for change in changes)
        name = trigger_name(trigger)
        return Signal(kind="file", trigger=name, text=text, values=values, counts=dict(counts))

    def keep_body(self, command: FireHook) -> FireHook:
        """Return `command` with its body in a file if an environment cannot carry it."""
        body = command.body
        if len(body) <= LONGEST and b"\0" not in body:
            return msgspec.structs.replace(command, file="")
        kept = self._keep(body).get("FILE", b"")
        return msgspec.structs.replace(command, body=b"", file=os.fsdecode(kept))

    def _keep(self, content: bytes) -> dict[str, bytes]:
        path = self._directory / f"{secrets.token_hex(8)}.event"
        try:
            self._directory.mkdir(mode=0o700, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(content)
        except OSError as error:
            log.error("a long event is passed on without its file: %s", error)
            return {}
        return {"FILE": os.fsencode(path)}

    def sweep(self, now: Instant, needed: Collection[bytes]) -> None:
        """Remove files that are older than an hour and not `needed` any more."""
        if not self._directory.is_dir():
            return
        for path in self._directory.glob("*.event"):
            if os.fsencode(path) in needed:
                continue
            try:
                if now - int(path.stat().st_mtime * SECOND) > KEPT:
                    path.unlink()
            except OSError as error:
                log.warning("%s stays: %s", path.name, error)


def _fitting(paths: Sequence[bytes]) -> int:
    """Return how many of `paths` fit into a value."""
    total = 0
    for number, path in enumerate(paths):
        total += len(path) + 1
        if total > LONGEST:
            return max(number, 1)
    return len(paths)


def _plain(change: Change) -> dict[str, str]:
    plain = {"event": change.event, "path": change.path}
    return plain | ({"from": change.was} if change.was else {})
