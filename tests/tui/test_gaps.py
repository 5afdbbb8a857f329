"""Live output that lost a part on its way, put together again."""

import asyncio
from collections.abc import Coroutine

from cronterm.clock import SECOND
from cronterm.control import Message, Output
from cronterm.model.event import AttemptEnded, AttemptStarted, Numbered
from cronterm.model.query import AnyReply, OutputChunk, OutputPart, Query, ReadOutput
from cronterm.model.run import AttemptEnd
from cronterm.model.snapshot import Snapshot
from cronterm.tui import gaps
from cronterm.tui.gaps import Gaps
from cronterm.tui.picture import Picture
from tests.tui.scene import NOW


class Screen:
    """A picture behind gaps, and an engine that has all of the output."""

    def __init__(self, written: bytes = b"") -> None:
        self.written = written
        self.picture = Picture(snapshot=Snapshot())
        self.work: list[asyncio.Task[None]] = []
        self.gaps = Gaps(self, self.picture, self._start)  # type: ignore[arg-type]
        self.tell(AttemptStarted(at=NOW, run=1, job="a", attempt=1, pid=7, started_at=NOW))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        self.work.append(asyncio.ensure_future(work))

    def tell(self, event: AttemptStarted | AttemptEnded) -> None:
        """Tell an event."""
        self.take(Numbered(1, event))

    def take(self, message: Message) -> None:
        """Tell something."""
        self.gaps.take(message, NOW)

    def print(self, start: int, end: int) -> None:
        """Tell a part of the output live."""
        self.take(Output(1, "a", 1, start, NOW, "out", self.written[start:end]))

    async def query(self, query: Query) -> AnyReply:
        """Answer."""
        assert isinstance(query, ReadOutput)
        assert query.offset is not None
        part = self.written[query.offset :][: query.max_bytes]
        chunks = (OutputChunk(query.offset, NOW, "out", part),) if part else ()
        return OutputPart(run=1, attempt=1, chunks=chunks, end_offset=len(self.written))

    def lines(self) -> list[str]:
        """Return what the log stream shows of the output."""
        return [line.text for line in self.picture.stream.lines][1:]


def numbered(count: int) -> bytes:
    """Return lines of ten bytes."""
    return b"".join(b"line %04d\n" % number for number in range(count))


async def test_what_was_dropped_is_read_before_what_follows_it() -> None:
    screen = Screen(numbered(1000))

    screen.print(0, 100)
    screen.print(5000, 5200)
    screen.print(5200, 5205)
    screen.print(9000, 10_000)
    early = screen.lines()
    await asyncio.gather(*screen.work)

    assert early == [f"line {number:04}" for number in range(10)]
    assert screen.lines() == [f"line {number:04}" for number in range(1000)]
    assert screen.picture.stream.total == 1001


async def test_what_was_told_twice_is_shown_once() -> None:
    screen = Screen(numbered(30))

    screen.print(0, 200)
    screen.print(100, 300)

    assert screen.lines() == [f"line {number:04}" for number in range(30)]


async def test_an_end_waits_for_what_is_missing_before_it() -> None:
    screen = Screen(numbered(200) + b"no line break")
    screen.print(0, 100)
    end = AttemptEnd(ended_at=NOW + SECOND, exit_code=0, output_bytes=2013)

    screen.tell(AttemptEnded(at=NOW, run=1, job="a", attempt=1, end=end))
    early = screen.lines()
    await asyncio.gather(*screen.work)

    assert len(early) == 10
    assert screen.lines()[-2:] == ["line 0199", "no line break"]


async def test_a_flood_passes_by_and_says_so() -> None:
    screen = Screen(b"y\n" * (gaps.MOST_BYTES + 10))

    screen.print(0, 10)
    screen.print(len(screen.written) - 4, len(screen.written))
    await asyncio.gather(*screen.work)

    missing = len(screen.written) - 14
    told = f"── {missing:,} bytes passed by; the log of the run has them"
    assert screen.lines() == ["y"] * 5 + [told] + ["y"] * 2


async def test_output_of_a_run_that_was_there_before_begins_where_it_is() -> None:
    screen = Screen(numbered(100))

    screen.take(Output(2, "b", 1, 700, NOW, "out", b"from here\n"))

    assert screen.lines() == ["from here"]
    assert screen.work == []
