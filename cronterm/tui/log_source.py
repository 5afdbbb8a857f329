"""One try of a run as lines, read from any place: its start, what it printed, its end."""

from dataclasses import dataclass
from typing import Literal

from cronterm.clock import Instant
from cronterm.control import Control, Output
from cronterm.model.lines import SHOWN_BYTES, OutputLine, OutputLines, ReadLines, counts_case
from cronterm.model.query import AttemptRow
from cronterm.model.run import RunRow
from cronterm.tui.words import cause_text, duration, end_text

BEGIN = -1
"""The place before all lines: that of the line about the start."""
END = 1 << 62
"""The place of the line about the end; what follows it is behind all lines."""
SLICE_BYTES = 16 << 20  # searched by one question: an answer comes within a tenth of a second
PAGE_LINES = 500


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `stream` is out, err, sys for what became of the run, gap for what was dropped."""

    at: Instant
    stream: str
    text: str
    place: int
    """In its source: the offset of its first byte, `BEGIN` or `END`."""
    after: int
    """The place behind it."""
    source: int = 0
    is_whole: bool = True
    hidden: int = 0
    """Bytes of it that are not shown."""

    @property
    def key(self) -> tuple[int, int]:
        """Its source and its place there: no other line has both."""
        return self.source, self.place


@dataclass(frozen=True)
class Wish:
    """Which lines are wanted: those with all the words, of the stream."""

    words: tuple[str, ...] = ()
    stream: Literal["", "out", "err"] = ""

    @property
    def is_all(self) -> bool:
        """Every line is wanted."""
        return not self.words and not self.stream

    def passes(self, line: Line) -> bool:
        """Tell whether a line is wanted, by what of it is shown."""
        if self.is_all:
            return True
        if self.stream and line.stream != self.stream:
            return False
        lower = line.text.lower()
        return line.stream in ("out", "err") and all(
            word in (line.text if counts_case(word) else lower) for word in self.words
        )


@dataclass(frozen=True)
class Page:
    """Lines in order, and the place up to where was looked for them."""

    lines: list[Line]
    reached: int
    is_over: bool = False
    """There is nothing beyond, for now."""
    end: int | None = None
    """Where the output ended, when it was read from its end and goes on."""


class Source:
    """Reads the lines of an attempt. Places grow; `floor` keeps it behind the try before."""

    def __init__(
        self, control: Control, number: int, row: RunRow, attempt: AttemptRow, floor: Instant = 0
    ) -> None:
        self._control = control
        self.number = number
        self.row = row
        self.attempt = attempt
        self.floor = floor
        self.end_offset = 0
        """What there was when it was asked last, or told live."""
        self.dropped = 0
        """Bytes of it that the size limit dropped, when it was asked last."""

    @property
    def run(self) -> int:
        """The run."""
        return self.row.run or 0

    @property
    def name(self) -> str:
        """What tells its lines from those of other runs."""
        return f"{self.row.job} {self.run}"

    @property
    def has_ended(self) -> bool:
        """Nothing more will come."""
        return self.attempt.end is not None

    @property
    def begun_at(self) -> Instant:
        """No line of it is older."""
        return max(self.attempt.started_at or self.attempt.claimed_at, self.floor)

    @property
    def ended_at(self) -> Instant:
        """No line of it is newer."""
        end = self.attempt.end
        return END if end is None else max(end.ended_at, self.begun_at)

    def owns(self, output: Output) -> bool:
        """Tell whether it is the one that printed this."""
        return output.run == self.row.run and output.attempt == self.attempt.attempt

    def moment(self, line: Line) -> tuple[Instant, int]:
        """Return what orders its lines among those of others."""
        return max(line.at, self.begun_at), self.number

    # -- reading ---------------------------------------------------------------------------------

    async def older(self, place: int, wish: Wish, limit: int = PAGE_LINES) -> Page:
        """Return lines before a place, the nearest ones. Raises `CrontermError`."""
        after: list[Line] = []
        if place > END:
            after = self._end_line(wish)
        if place > 0:
            offset = None if place >= END else place
            reply = await self._ask(wish, limit, offset=offset, backwards=True)
            if offset is not None and reply.end_offset < offset:
                return Page(after, place)  # told live, not in the file yet
            end = reply.end_offset if place > END and not self.has_ended else None
            after = [*(self._line(line) for line in reply.lines), *after]
            if reply.reached > 0:
                return Page(after, reply.reached, end=end)
            return Page([*self._start_line(wish), *after], BEGIN, is_over=True, end=end)
        return Page([*self._start_line(wish), *after], BEGIN, is_over=True)

    async def newer(self, place: int, wish: Wish, limit: int = PAGE_LINES) -> Page:
        """Return lines from a place on. Raises `CrontermError`."""
        before: list[Line] = self._start_line(wish) if place <= BEGIN else []
        if place >= END:
            ends = self._end_line(wish) if place == END else []
            return Page(ends, END + 1 if self.has_ended else END, is_over=True)
        reply = await self._ask(wish, limit, offset=max(place, 0))
        lines = [*before, *(self._line(line) for line in reply.lines)]
        if reply.reached < reply.end_offset:
            return Page(lines, reply.reached)
        if reply.complete and self.has_ended:
            return Page([*lines, *self._end_line(wish)], END + 1, is_over=True)
        return Page(lines, max(reply.reached, 0), is_over=True)

    async def place_at(self, at: Instant) -> int:
        """Return where the lines of an instant or later begin. Raises `CrontermError`."""
        if at <= self.begun_at:
            return BEGIN
        if at > self.ended_at:
            return END + 1
        query = ReadLines(run=self.run, attempt=self.attempt.attempt, since=at, limit=1)
        reply = await self._control.query(query)
        assert isinstance(reply, OutputLines)
        return reply.lines[0].offset if reply.lines else reply.reached

    async def _ask(
        self, wish: Wish, limit: int, *, offset: int | None, backwards: bool = False
    ) -> OutputLines:
        query = ReadLines(
            run=self.run,
            attempt=self.attempt.attempt,
            offset=offset,
            backwards=backwards,
            words=wish.words,
            stream=wish.stream,
            limit=limit,
            max_bytes=SLICE_BYTES,
        )
        reply = await self._control.query(query)
        assert isinstance(reply, OutputLines)
        self.end_offset = max(self.end_offset, reply.end_offset)
        self.dropped = reply.dropped
        return reply

    # -- what lines say --------------------------------------------------------------------------

    def _line(self, line: OutputLine) -> Line:
        after = line.offset + line.size
        if line.stream == "gap":
            text = f"── {line.size:,} bytes were dropped: output.max_size"
            return Line(line.at, "gap", text, line.offset, after, self.number)
        text = line.text.decode("utf-8", "replace")
        hidden = line.size - len(line.text) - line.is_whole
        return Line(
            line.at, line.stream, text, line.offset, after, self.number, line.is_whole, hidden
        )

    def lines_of(self, output: Output, most: int) -> list[Line]:
        """Return what came live as lines, the last `most` of them."""
        parts = output.data.rsplit(b"\n", most)
        if len(parts) <= most:
            parts.insert(0, b"")  # all of it: nothing was left at the front
        lines: list[Line] = []
        place = output.offset + len(output.data) - sum(map(len, parts[1:])) - len(parts) + 2
        for number, content in enumerate(parts[1:], 2):
            is_whole = number < len(parts)
            if not content and not is_whole:
                break
            text = content[:SHOWN_BYTES].decode("utf-8", "replace")
            after = place + len(content) + is_whole
            hidden = max(len(content) - SHOWN_BYTES, 0)
            lines.append(
                Line(output.at, output.stream, text, place, after, self.number, is_whole, hidden)
            )
            place = after
        return lines

    def _start_line(self, wish: Wish) -> list[Line]:
        attempt, row = self.attempt, self.row
        if attempt.started_at is None or not wish.is_all:
            return []
        again = f", try {attempt.attempt} of {row.attempts}" if row.attempts > 1 else ""
        pid = f", pid {attempt.pid}" if attempt.pid else ""
        text = f"── start: {cause_text(row)}{pid}{again}"
        return [Line(attempt.started_at, "sys", text, BEGIN, 0, self.number)]

    def _end_line(self, wish: Wish) -> list[Line]:
        end = self.attempt.end
        if end is None or not wish.is_all:
            return []
        took = duration(end.ended_at - (self.attempt.started_at or end.ended_at))
        text = f"── {end_text(end)} after {took}"
        return [Line(end.ended_at, "sys", text, END, END + 1, self.number)]
