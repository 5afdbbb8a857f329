"""The output of one run: read from its end, followed while it runs, searched."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from cronterm.clock import Instant, aware
from cronterm.control import Control, Output
from cronterm.errors import CrontermError
from cronterm.model.query import (
    AttemptRow,
    OutputChunk,
    OutputPart,
    ReadOutput,
    ReadRun,
    RunDetail,
)
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line, styled
from cronterm.tui.keymap import moving
from cronterm.tui.widgets.ink import cut, found_in, has_capitals
from cronterm.tui.widgets.paint import Painted, Part
from cronterm.tui.words import clock, duration, end_text

PAGE_BYTES = 256 << 10
ATTEMPTS_READ = 5
LINE_CELLS = 8192  # a longer line is cut: the pager shows it
MOST_LINES = 50_000


@dataclass(frozen=True)
class Line:
    """A line of a run: `stream` is out, err, or sys for what became of it."""

    at: Instant
    stream: str
    text: str


class RunLog(Painted, can_focus=True):
    """Lines of all tries of a run, with number, time and stream."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("scroll_by", "scroll_page", 10_000_000),
        Binding("left", "shift_by(-1)", show=False),
        Binding("right", "shift_by(1)", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.lines: list[Line] = []
        self.row: RunRow | None = None
        self.run: int | None = None
        self.note = "no output"
        self.is_following = True
        self.shows_times = True
        self.shows_errors_only = False
        self.wraps = False
        self.words = ""
        """What is searched for."""
        self._top = 0
        self._left = 0
        self._match = -1
        self._above = 0
        self._rest: dict[str, Line] = {}
        self._attempt = 0
        self._end = 0
        self._waiting: list[Output] | None = None

    # -- reading ---------------------------------------------------------------------------------

    async def load(self, control: Control, run: int) -> None:
        """Read the run and the end of its output; what comes meanwhile waits its turn."""
        self._waiting = []
        try:
            detail = await control.query(ReadRun(run=run))
            if not isinstance(detail, RunDetail):
                return
            attempts = detail.attempts[-ATTEMPTS_READ:]
            parts = [await self._read(control, run, each.attempt) for each in attempts]
        except CrontermError as error:
            self.note = sanitize_line(error.message)
            return
        finally:
            waiting, self._waiting = self._waiting or [], None
        marks = [line for line in self.lines if line.stream == "mark"] if run == self.run else []
        if run != self.run:
            self.is_following, self._match = True, -1
        self.run, self.row, self.lines, self._rest = run, detail.row, [], {}
        self._attempt, self._end = 0, 0
        for attempt, part in zip(attempts, parts, strict=True):
            self._tell(detail.row, attempt, part)
        self.lines += marks
        for output in waiting:
            self.take_output(output)

    async def _read(self, control: Control, run: int, attempt: int) -> OutputPart | None:
        part = await control.query(ReadOutput(run=run, attempt=attempt, max_bytes=PAGE_BYTES))
        return part if isinstance(part, OutputPart) else None

    def _tell(self, row: RunRow, attempt: AttemptRow, part: OutputPart | None) -> None:
        """Append a try: its start, its output, its end."""
        again = f", try {attempt.attempt} of {row.attempts}" if row.attempts > 1 else ""
        pid = f", pid {attempt.pid}" if attempt.pid else ""
        if attempt.started_at is not None:
            text = f"── start: {row.cause.replace('_', ' ')}{pid}{again}"
            self.lines.append(Line(attempt.started_at, "sys", text))
        self._attempt, self._end = attempt.attempt, 0
        if part is not None:
            if part.first_offset > 0 and part.chunks:
                text = f"── {part.first_offset:,} bytes before; o opens all of it"
                self.lines.append(Line(part.chunks[0].at, "sys", text))
            for chunk in part.chunks:
                self.take(chunk)
            self._end = part.end_offset
        if attempt.end is not None:
            self.lines += self._rest.values()
            self._rest = {}
            started_at = attempt.started_at or attempt.end.ended_at
            took = duration(attempt.end.ended_at - started_at)
            text = f"── {end_text(attempt.end)} after {took}"
            self.lines.append(Line(attempt.end.ended_at, "sys", text))

    def take_output(self, output: Output) -> None:
        """Append live output of this run; what has been read is not taken twice."""
        if self._waiting is not None:
            self._waiting.append(output)
            return
        is_ours = output.run == self.run and output.attempt == self._attempt
        if is_ours and output.offset >= self._end:
            self._end = output.offset + len(output.data)
            self.take(OutputChunk(output.offset, output.at, output.stream, output.data))

    def take(self, chunk: OutputChunk) -> None:
        """Append a chunk; an unfinished line waits for its end, and is shown meanwhile."""
        begun = self._rest.pop(chunk.stream, None)
        text = (begun.text if begun else "") + chunk.data.decode("utf-8", "replace")
        *whole, rest = text.split("\n")
        self.lines += [Line(chunk.at, chunk.stream, line[:LINE_CELLS]) for line in whole]
        if rest:
            self._rest[chunk.stream] = Line(chunk.at, chunk.stream, rest[-LINE_CELLS:])
        del self.lines[:-MOST_LINES]

    def mark(self, now: Instant) -> None:
        """Append a line that says what time it is."""
        self.lines.append(Line(now, "mark", f"── mark {clock(now)} " + "─" * 40))

    def shown(self) -> list[Line]:
        """Return the lines that pass, the unfinished ones last."""
        lines = [*self.lines, *self._rest.values()]
        return [line for line in lines if line.stream == "err"] if self.shows_errors_only else lines

    # -- searching -------------------------------------------------------------------------------

    def matches(self) -> list[int]:
        """Return the places of the lines that hold what is searched for."""
        if not self.words:
            return []
        exact = has_capitals(self.words)
        return [
            place
            for place, line in enumerate(self.shown())
            if self.words in (line.text if exact else line.text.lower())
        ]

    def find(self, by: int) -> None:
        """Go to the next match, or the one before; 0 is the last one in the log."""
        places = self.matches()
        if not places:
            self._match = -1
            return
        number = (self._match + by) % len(places) if by and self._match >= 0 else len(places) - 1
        self._match = number
        last = max(len(self.shown()) - self.size.height, 0)
        self._top = max(0, min(places[number] - self.size.height // 3, last))
        self.is_following = False

    # -- painting --------------------------------------------------------------------------------

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the lines in view."""
        lines = self.shown()
        if not lines:
            return [[(f" {self.note}", "faint")]]
        last = max(len(lines) - height, 0)
        self._top = last if self.is_following else max(0, min(self._top, last))
        digits = max(len(str(len(lines))), 4)
        painted: list[list[Part]] = []
        for number, line in enumerate(lines[self._top : self._top + height], self._top + 1):
            painted += self._line(line, f" {number:>{digits}} ", width)
        return painted[-height:] if self.is_following else painted[:height]

    def _line(self, line: Line, number: str, width: int) -> list[list[Part]]:
        head: list[Part] = [(number, "faint")]
        if self.shows_times:
            head.append((f"{aware(line.at).astimezone():%H:%M:%S.%f}"[:12] + " ", "faint"))
        stream = "sys" if line.stream == "mark" else line.stream
        head.append((f"{stream} ", "fail" if stream == "err" else "faint"))
        taken = sum(len(part) for part, _ in head)
        room = max(width - taken - 1, 8)
        if stream == "sys":
            role = "warn" if line.stream == "mark" else "muted"
            return [[*head, *found_in([(line.text[self._left :][:room], role)], self.words)]]
        spans = styled(line.text)
        if not self.wraps:
            return [[*head, *found_in(cut(spans, self._left, room, stream), self.words)]]
        length = sum(len(span.text) for span in spans)
        blank: list[Part] = [(" " * taken, "faint")]
        return [
            [
                *(head if start == 0 else blank),
                *found_in(cut(spans, start, room, stream), self.words),
            ]
            for start in range(0, max(length, 1), room)
        ]

    @property
    def status(self) -> str:
        """What the lower edge says."""
        count = len(self.shown())
        last = min(self._top + self.size.height, count)
        place = f"{min(self._top + 1, count):,}–{last:,} of {count:,}"
        follows = (
            "following" if self.is_following else f"paused, {count - last:,} below · f follows"
        )
        return f"{place} · {follows}"

    @property
    def found(self) -> str:
        """How many matches there are, and which one is shown."""
        places = self.matches()
        case = "exact" if has_capitals(self.words) else "any case"
        which = f"{self._match + 1} of {len(places)}" if self._match >= 0 else f"{len(places)}"
        return f"{which} matches · {case}"

    # -- moving ----------------------------------------------------------------------------------

    def action_scroll_by(self, by: int) -> None:
        """Scroll; at the end it follows again."""
        last = max(len(self.shown()) - self.size.height, 0)
        top = last if self.is_following else self._top
        self._top = max(0, min(top + by, last))
        self.is_following = self._top == last and by > 0
        self.repaint()
        self.entitle(None, self.status)

    def action_scroll_page(self, by: int) -> None:
        """Scroll by pages."""
        self.action_scroll_by(by * max(self.size.height - 1, 1))

    def action_shift_by(self, by: int) -> None:
        """Look further left or right by half a screen."""
        self._left = max(0, self._left + by * self.size.width // 2)
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self.action_scroll_by(-3)
