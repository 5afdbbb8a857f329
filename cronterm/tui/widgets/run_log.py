"""The output of runs: a window on it that is read where it is looked at, followed, searched."""

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer
from textual.worker import Worker

from cronterm.clock import Instant
from cronterm.control import Control, Output
from cronterm.errors import CrontermError
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.keymap import bind, moving
from cronterm.tui.log_marks import Marks
from cronterm.tui.log_source import Line, Wish
from cronterm.tui.log_viewport import Viewport
from cronterm.tui.widgets.log_rows import RowStyle, mark_row
from cronterm.tui.widgets.paint import Painted, Part
from cronterm.tui.words import size

COLUMN = 60  # cells that a run should have where it has a column
FAR = 10_000_000  # lines: to the first one, or the last
AGAIN_S, AGAINS = 0.5, 5  # a runner writes what it has after a second or two


class RunLog(Painted, can_focus=True):
    """Lines of all tries of a run, or of several runs, with number, time and stream."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *moving("scroll_by", "scroll_page", FAR),
        bind("further_left", "shift_by(-1)"),
        bind("further_right", "shift_by(1)"),
    ]

    class Changed(Message):
        """What was asked for is there, or a part of it."""

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.view = Viewport(tell=self._tell)
        self.note = "no output"
        self.unknown = ""
        """What is said in place of that where nobody knows."""
        self.shows_times = True
        self.wraps = False
        self.is_side_by_side: bool | None = None
        """Several runs have columns; None where there is room."""
        self.words = ""
        """What is marked in the lines."""
        self.match: Line | None = None
        """The line that the search is at."""
        self.marks = Marks()
        self._sought: tuple[int, int] | None = None
        """The line that was gone to, until it is scrolled."""
        self._left = 0
        self._keeps_end = False
        """The end was in view before the rows of lines changed."""
        self._reader: Worker[None] | None = None
        self._again: Timer | None = None

    @property
    def lines(self) -> list[Line]:
        """The lines that are read."""
        return self.view.lines

    @property
    def row(self) -> RunRow | None:
        """The run, where it is one."""
        rows = self.view.rows
        return next(iter(rows.values())) if len(rows) == 1 else None

    # -- reading ---------------------------------------------------------------------------------

    async def load(self, control: Control, *runs: int) -> None:
        """Read the end of runs; of those that are shown, what became of them."""
        if tuple(self.view.rows) != runs:
            self.workers.cancel_group(self, "log-read")  # it is about others
        try:
            is_new = await self.view.load(control, runs)
        except CrontermError as error:
            self.note = sanitize_line(error.message)
        else:
            if is_new:
                self.match, self._sought, self.marks = None, None, Marks()
            self._grow()
            self._look_again_soon()
        self._tell()

    def _look_again_soon(self) -> None:
        """Read again what was told before this was there: in a file it is a moment later."""
        self._look_no_more()
        if self.view.is_live:
            self._again = self.set_interval(AGAIN_S, self._look_again, repeat=AGAINS)

    def _look_no_more(self) -> None:
        if self._again is not None:
            self._again.stop()
            self._again = None

    def _look_again(self) -> None:
        self.view.look_again()
        self._grow()

    def clear(self) -> None:
        """Show no run."""
        self._look_no_more()
        self.workers.cancel_group(self, "log-read")
        self.view, self.note = Viewport(tell=self._tell), "no output"
        self.match, self._sought, self.marks = None, None, Marks()

    def read(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Read something, in place of what is being read.

        It is called in the worker: one that is given up before it began leaves nothing behind.
        """
        reading = partial(self._reading, work)
        self._reader = self.run_worker(reading, group="log-read", exclusive=True)

    def go_to(self, line: Line) -> None:
        """Bring a line into view, all of it and with its mark."""
        self._sought = line.key
        self.read(partial(self.view.show, line))

    async def _reading(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        try:
            await work()
            self._tell()
            while self.view.wants_lines or self.view.wants_count:
                await (self.view.grow() if self.view.wants_lines else self.view.count())
                self._tell()
        except CrontermError as error:
            self.note = sanitize_line(error.message)
            self._tell()

    def _grow(self) -> None:
        """Read what the view will come to next, and count where it is."""
        is_reading = self._reader is not None and not self._reader.is_finished
        if self.view.wants_lines and (not is_reading or self.view.is_counting):
            self.read(self.view.grow)
        elif self.view.wants_count and not is_reading:
            self.read(self.view.count)

    def _tell(self) -> None:
        self.post_message(self.Changed())

    def want(self, wish: Wish) -> None:
        """Show only the lines that a wish wants."""
        if wish != self.view.wish:
            self.read(partial(self.view.show_only, wish))

    def take_output(self, output: Output) -> None:
        """Take live output of these runs; it is shown with the next painting."""
        self.view.take_output(output)

    def update(self) -> None:
        """Draw what came."""
        self.view.absorb()
        self._grow()
        self.repaint()
        self.entitle(None, self.status)

    def toggle_wrap(self) -> None:
        """Wrap lines, or not; where the end is in view it stays there."""
        self._keeps_end = self.view.below == 0
        self.wraps = not self.wraps

    def stand_still(self) -> None:
        """Follow no more; the end stays where it is."""
        self._keeps_end = True
        self.view.stand_still()

    def mark(self, now: Instant) -> None:
        """Mark the line that the eye is on."""
        if (line := self._here(self._shown)) is not None:
            self.marks.toggle(line, now)

    @property
    def printed_here(self) -> Line | None:
        """The line that the eye is on, of those that a run printed."""
        return self._here([line for line in self._shown if line.stream in ("out", "err")])

    @property
    def _shown(self) -> list[Line]:
        view = self.view
        return view.lines[view.top : view.top + view.height]

    def _here(self, shown: list[Line]) -> Line | None:
        """Return that of the search, else the newest of a log that is followed, else the first."""
        if self.match is not None and any(self.match.key == each.key for each in shown):
            return self.match
        return shown[-1 if self.view.is_following else 0] if shown else None

    # -- painting --------------------------------------------------------------------------------

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the lines in view."""
        view = self.view
        header = self._style(width).header() if self.has_columns else []
        height -= len(header)
        style = self._style(width)
        self._measure(style, height)
        lines = view.lines[view.top : view.top + height]
        if not lines:
            return [[(f" {self._absence}", "faint")]]
        painted: list[list[Part]] = []
        last = 0
        must_go_on = view.is_following or any(line.key == self._sought for line in lines)
        for line, number in zip(lines, view.numbers(lines), strict=True):
            is_match = self.match is not None and self.match.key == line.key
            painted += style.rows(line, number, is_match=is_match)
            marked_at = self.marks.at(line)
            if marked_at is not None:
                painted.append(mark_row(marked_at, width))
            if line.key == self._sought:
                last, must_go_on = len(painted), view.is_following
            if len(painted) >= height and not must_go_on:
                break
        top = max((len(painted) if view.is_following else last) - height, 0)
        return header + painted[top : top + height]

    def _measure(self, style: RowStyle, height: int) -> None:
        """Tell the view how many lines are in so many rows: first of the end, then from its top."""
        view = self.view
        has_tall = self.wraps or len(self.marks) > 0
        view.height = height
        if has_tall:
            view.height = self._fitting(style, reversed(view.lines[-height:]), height)
        if self._keeps_end:
            self._keeps_end = False
            view.stand_at_end()
        if has_tall and not view.is_following:
            view.height = self._fitting(style, view.lines[view.top : view.top + height], height)

    def _fitting(self, style: RowStyle, lines: Iterable[Line], height: int) -> int:
        """Return how many lines have room; where it follows the last of them may be cut."""
        rows = count = 0
        for line in lines:
            rows += len(style.rows(line, None)) + (self.marks.at(line) is not None)
            if rows > height and not self.view.is_following:
                break
            count += 1
            if rows >= height:
                break
        return max(count, 1)

    @property
    def _absence(self) -> str:
        """Why there is no line."""
        looked = self.view.looked
        if looked is not None:
            return f"looking, at {looked:.0%} of it…"
        if self.unknown:
            return self.unknown
        return self.note if self.view.wish.is_all else "no line is like that"

    @property
    def has_columns(self) -> bool:
        """Several runs are side by side."""
        count = len(self.view.rows)
        has_room = count > 0 and self.size.width // count >= COLUMN
        return count > 1 and (has_room if self.is_side_by_side is None else self.is_side_by_side)

    def _style(self, width: int) -> RowStyle:
        view = self.view
        runs = [source.run for source in view.sources]
        numbers = {run: place for place, run in enumerate(view.rows)}
        return RowStyle(
            width=width,
            digits=0 if view.is_merged else max(len(str(view.greatest)), 4),
            shows_times=self.shows_times,
            wraps=self.wraps,
            left=self._left,
            words=self.words,
            names=tuple(source.name for source in view.sources) if view.is_merged else (),
            pager=self.key("pager"),
            columns=len(view.rows) if self.has_columns else 0,
            colours=tuple(numbers[run] for run in runs),
        )

    @property
    def dropped(self) -> str:
        """What a title says of bytes that the size limit dropped: ` · 4.8 MiB dropped`, or ""."""
        count = sum(source.dropped for source in self.view.sources)
        return f" · {size(count)} dropped" if count else ""

    @property
    def status(self) -> str:
        """What the lower edge says."""
        view = self.view
        count = len(view.lines)
        if self.unknown and not count:
            return ""
        if view.first is not None and view.total is not None:
            first = view.first + view.top
            last = min(first + view.height - 1, view.total)
            place = f"{first:,}–{last:,} of {view.total:,} · {view.ratio:.0%}"
        elif view.wants_count and view.counted > 0:
            place = f"{view.ratio:.0%} · counting lines {view.counted:.0%}"
        else:
            place = f"{min(view.height, count):,} lines in view · {view.ratio:.0%}"
        marks = f" · {len(self.marks)} marked" if len(self.marks) else ""
        marks += f" · from column {self._left + 1}" if self._left and not self.wraps else ""
        if view.is_following:
            return f"{place}{marks} · following" if view.is_live else f"{place}{marks} · end"
        below = "" if view.below is None else f"{view.below:,} below, "
        return f"{place}{marks} · {below}{self.key('follow')} follows"

    # -- moving ----------------------------------------------------------------------------------

    def action_scroll_by(self, by: int) -> None:
        """Scroll; at the end it follows again."""
        self._sought = None
        if abs(by) >= FAR:
            self.read(self.view.read_end if by > 0 else self.view.read_start)
            return
        self.view.scroll(by)
        self.update()

    def action_scroll_page(self, by: int) -> None:
        """Scroll by pages."""
        self.action_scroll_by(by * max(self.view.height - 1, 1))

    def action_shift_by(self, by: int) -> None:
        """Look further left or right by half a screen."""
        view = self.view
        shown = view.lines[view.top : view.top + view.height]
        longest = max((len(line.text) for line in shown), default=0)
        self._left = max(0, min(self._left + by * self.size.width // 2, longest - 1))
        self.repaint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        self.action_scroll_by(-3)
