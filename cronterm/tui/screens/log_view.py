"""The output of one run: read from its end, followed while it runs."""

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding

from cronterm.clock import Instant, aware
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.model.query import (
    ListRuns,
    OutputChunk,
    OutputPart,
    ReadOutput,
    ReadRun,
    RunDetail,
    Runs,
)
from cronterm.sanitize import Span, styled
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.screens.detail import row_text
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.paint import Painted, Part
from cronterm.tui.words import duration, moment

PAGE_BYTES = 256 << 10
LINE_CELLS = 8192  # a longer line is cut: nobody reads it here
MOST_LINES = 50_000
ANSI = [
    "#8391a5",
    "#ff7a66",
    "#3fc9a5",
    "#f5b83d",
    "#58b6ff",
    "#d79be4",
    "#72d6d6",
    "#d5dde8",
    "#8391a5",
    "#ff9d8e",
    "#86e0c8",
    "#ffd27a",
    "#8fceff",
    "#e5bdf0",
    "#9be5e5",
    "#ffffff",
]


class LogBody(Painted, can_focus=True):
    """Lines of one attempt, with their time and stream."""

    BINDINGS = [  # noqa: RUF012  # Textual reads it from the class
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("pagedown,ctrl+d", "scroll_page(1)", show=False),
        Binding("pageup,ctrl+u", "scroll_page(-1)", show=False),
        Binding("home,g", "scroll_by(-10000000)", show=False),
        Binding("end,G", "scroll_by(10000000)", show=False),
        Binding("left", "shift_by(-1)", show=False),
        Binding("right", "shift_by(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="page")
        self.lines: list[tuple[Instant, str, str]] = []
        """(time, stream, text), oldest first."""
        self.note = ""
        self.is_following = True
        self.shows_times = True
        self.shows_errors_only = False
        self.wraps = False
        self._top = 0
        self._left = 0
        self._rest: dict[str, str] = {}

    def take(self, chunk: OutputChunk) -> None:
        """Append a chunk; an unfinished line waits for its end, and is shown meanwhile."""
        text = self._rest.pop(chunk.stream, "") + chunk.data.decode("utf-8", "replace")
        *whole, rest = text.split("\n")
        self.lines += [(chunk.at, chunk.stream, line[:LINE_CELLS]) for line in whole]
        if rest:
            self._rest[chunk.stream] = rest[-LINE_CELLS:]
        del self.lines[:-MOST_LINES]

    def clear(self) -> None:
        """Forget all lines."""
        self.lines, self._rest, self._top = [], {}, 0

    def shown(self) -> list[tuple[Instant, str, str]]:
        """Return the lines that pass, the unfinished ones last."""
        rest = [(self.lines[-1][0] if self.lines else 0, s, t) for s, t in self._rest.items()]
        lines = [*self.lines, *rest]
        return [line for line in lines if line[1] == "err"] if self.shows_errors_only else lines

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the lines in view."""
        lines = self.shown()
        if not lines:
            return [[(f" {self.note or 'no output'}", "faint")]]
        last = max(len(lines) - height, 0)
        self._top = last if self.is_following else max(0, min(self._top, last))
        painted: list[list[Part]] = []
        for at, stream, text in lines[self._top : self._top + height]:
            painted += self._line(at, stream, text, width)
        return painted[-height:] if self.is_following else painted[:height]

    def _line(self, at: Instant, stream: str, text: str, width: int) -> list[list[Part]]:
        head: list[Part] = []
        if self.shows_times:
            head.append((f" {aware(at).astimezone():%H:%M:%S.%f}"[:13], "faint"))
        head.append(
            (" err " if stream == "err" else " out ", "fail" if stream == "err" else "faint")
        )
        room = max(width - sum(len(part) for part, _ in head), 8)
        spans = styled(text)
        if not self.wraps:
            return [[*head, *_cut(spans, self._left, room, stream)]]
        length = sum(len(span.text) for span in spans)
        starts = range(0, max(length, 1), room)
        blank = (" " * sum(len(part) for part, _ in head), "faint")
        return [
            [*(head if start == 0 else [blank]), *_cut(spans, start, room, stream)]
            for start in starts
        ]

    @property
    def status(self) -> str:
        """What the lower edge says."""
        count = len(self.shown())
        place = f"{min(self._top + 1, count)}–{min(self._top + self.size.height, count)} of {count}"
        return f" {place} · {'following' if self.is_following else 'paused, f follows'} "

    def action_scroll_by(self, by: int) -> None:
        """Scroll; at the end it follows again."""
        last = max(len(self.shown()) - self.size.height, 0)
        top = last if self.is_following else self._top
        self._top = max(0, min(top + by, last))
        self.is_following = self._top == last and by > 0
        self.repaint()

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


def _cut(spans: list[Span], start: int, room: int, stream: str) -> list[Part]:
    """Return the part of a line that is in view, in its colours."""
    parts: list[Part] = []
    for span in spans:
        text = span.text[max(start, 0) :] if start < len(span.text) else ""
        start -= len(span.text)
        if text and room > 0:
            parts.append((text[:room], _role(span, stream)))
            room -= len(text)
    return parts


def _role(span: Span, stream: str) -> str:
    bold = "+bold" if span.bold else ""
    if span.foreground is None:
        return ("fail" if stream == "err" else "muted" if span.dim else "text") + bold
    if span.foreground >= 0x1000000:
        return f"#{span.foreground & 0xFFFFFF:06x}{bold}"
    if span.foreground < 16:
        return ANSI[span.foreground] + bold
    return _cube(span.foreground) + bold


def _cube(color: int) -> str:
    if color >= 232:
        level = 8 + (color - 232) * 10
        return f"#{level:02x}{level:02x}{level:02x}"
    steps = (0, 95, 135, 175, 215, 255)
    number = color - 16
    red, green, blue = steps[number // 36], steps[number // 6 % 6], steps[number % 6]
    return f"#{red:02x}{green:02x}{blue:02x}"


class LogView(Page):
    """The log of a run; `<` and `>` go to the runs before and after."""

    BINDINGS = bindings("log")  # Textual reads it from the class
    where = "log"

    def __init__(self, picture: Picture, job: str, run: int) -> None:
        super().__init__(picture)
        self._job = job
        self._run = run
        self._title = ""
        self._end = 0

    def body(self) -> ComposeResult:
        """Give the log."""
        yield LogBody()

    @property
    def page(self) -> LogBody:
        """The lines."""
        return self.query_one(LogBody)

    def on_mount(self) -> None:
        """Read the run."""
        self.page.focus()
        self._open(self._run)

    def update(self, now: Instant) -> None:
        """Draw what came."""
        super().update(now)
        self.page.border_title = f"{self._title or f'{self._job} · run {self._run}'}"
        self.page.repaint()
        self.page.border_subtitle = self.page.status

    def take_output(self, output: Output) -> None:
        """Append live output of this run; what the first read has is not taken twice."""
        if output.run == self._run and output.offset >= self._end:
            self._end = output.offset + len(output.data)
            self.page.take(OutputChunk(output.offset, output.at, output.stream, output.data))

    def refresh_head(self) -> None:
        """Read the run's end."""
        self.run_worker(self._read_head(self._run), group="head", exclusive=True)

    def _open(self, run: int) -> None:
        self._run, self._end = run, 0
        self.page.clear()
        self.run_worker(self._read(run), group="log", exclusive=True)

    async def _read(self, run: int) -> None:
        await self._read_head(run)
        try:
            part = await self.home.control.query(ReadOutput(run=run, max_bytes=PAGE_BYTES))
        except CrontermError as error:
            self.page.note = error.message
            part = None
        if isinstance(part, OutputPart) and run == self._run:
            if part.first_offset > 0:
                self.page.lines.insert(0, (0, "out", f"… {part.first_offset:,} bytes before"))
            for chunk in part.chunks:
                self.page.take(chunk)
            self._end = max(self._end, part.end_offset)
        self.update(self.home.now())

    async def _read_head(self, run: int) -> None:
        try:
            detail = await self.home.control.query(ReadRun(run=run))
        except CrontermError as error:
            self._title = error.message
            return
        if isinstance(detail, RunDetail):
            row = detail.row
            took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
            when = moment(row.started_at) if row.started_at else "not started"
            self._title = f"{row.job} · run {run} · {row_text(row)} · {duration(took)} · {when}"

    def _beside(self, by: int) -> None:
        self.run_worker(self._read_beside(by), group="beside", exclusive=True)

    async def _read_beside(self, by: int) -> None:
        runs = await self.home.control.query(ListRuns(job=self._job, decisions=False, limit=500))
        if not isinstance(runs, Runs):
            return
        numbers = [row.run for row in runs.rows if row.run is not None]
        if self._run in numbers:
            place = numbers.index(self._run) + by
            if 0 <= place < len(numbers):
                self._open(numbers[place])

    def action_older(self) -> None:
        """Show the run before."""
        self._beside(-1)

    def action_newer(self) -> None:
        """Show the run after."""
        self._beside(1)

    def action_follow(self) -> None:
        """Follow, or stand still."""
        self.page.is_following = not self.page.is_following
        self.update(self.home.now())

    def action_wrap(self) -> None:
        """Wrap lines, or not."""
        self.page.wraps = not self.page.wraps
        self.update(self.home.now())

    def action_times(self) -> None:
        """Show times, or not."""
        self.page.shows_times = not self.page.shows_times
        self.update(self.home.now())

    def action_errors(self) -> None:
        """Show stderr only, or all."""
        self.page.shows_errors_only = not self.page.shows_errors_only
        self.update(self.home.now())

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()
