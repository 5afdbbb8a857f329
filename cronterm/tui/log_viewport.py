"""What a person sees of the lines of runs: which of them are in view, and what is read around."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from cronterm.control import Control, Output
from cronterm.model.query import ReadRun, RunDetail
from cronterm.model.run import RunRow
from cronterm.tui.log_count import Count
from cronterm.tui.log_source import END, Line, Source, Wish
from cronterm.tui.log_window import KEPT_LINES, LIVE_LINES, Window

AHEAD = 200  # lines beyond the view that are there before it comes


class Viewport:
    """A view of some lines of a window that moves on all lines of its runs.

    It reads by itself nothing: who holds it awaits `read_end` and the like, one at a time, and
    `grow` while `wants_more`. All of them may raise `CrontermError`.
    """

    def __init__(self, control: Control | None = None, tell: Callable[[], object] = bool) -> None:
        self.rows: dict[int, RunRow] = {}
        """The runs that are shown, by number."""
        self.window = Window(())
        self.wish = Wish()
        self.height = 1
        self.is_following = True
        self.total: int | None = None
        """How many lines there are, once they are counted; while more come it may be behind."""
        self.is_counting = False
        self._control = control
        self._tell = tell
        """Called while it looks far for lines that are wanted."""
        self._top = 0
        self.owed = 0
        """Lines that it is still to scroll, once they are read."""
        self._looking: Window | None = None
        self._first: int | None = None
        self._is_total = False
        """`total` is still right."""
        self._is_stuck = False
        """What is to be read is not in the file yet."""
        self._ends: list[int] = []
        self._count: Count | None = None
        self._all: Count | None = None
        """Counts what is not wanted too."""
        self._numbers: dict[tuple[int, int], int] = {}
        """Of lines between which there are others that are not wanted."""

    @property
    def lines(self) -> list[Line]:
        """The lines that are read."""
        return self.window.lines

    @property
    def top(self) -> int:
        """The number of the first line in view, in the window."""
        last = max(len(self.lines) - self.height, 0)
        return last if self.is_following else max(0, min(self._top, last))

    @property
    def first(self) -> int | None:
        """The number of the window's first line among all, from 1, once it is counted."""
        return self._first

    @property
    def sources(self) -> list[Source]:
        """The tries of the runs."""
        return self.window.sources

    @property
    def is_merged(self) -> bool:
        """There are several runs."""
        return len(self.rows) > 1

    @property
    def looked(self) -> float | None:
        """How far down it looks for lines that are wanted, 0 to 1; None while it does not."""
        return None if self._looking is None else self._looking.looked

    @property
    def is_live(self) -> bool:
        """Something may still come."""
        return any(row.outcome is None for row in self.rows.values())

    @property
    def below(self) -> int | None:
        """How many lines are below the view; None while that is not known."""
        if not self.window.has_newer:
            return len(self.lines) - min(self.top + self.height, len(self.lines))
        if self.total is None or self._first is None:
            return None
        return max(self.total - (self._first + self.top + self.height - 1), 0)

    @property
    def ratio(self) -> float:
        """How far down the end of the view is, 0 to 1, by bytes."""
        if not self.lines or (self.is_following and not self.window.has_newer):
            return 1.0
        last = self.lines[min(self.top + self.height, len(self.lines)) - 1]
        sizes = [max(source.end_offset, 1) for source in self.sources]
        before = sum(sizes[: last.source]) + min(max(last.after, 0), sizes[last.source])
        return 1.0 if last.place >= END else before / sum(sizes)

    # -- which runs, which lines -----------------------------------------------------------------

    async def load(self, control: Control, runs: Sequence[int]) -> bool:
        """Show runs, at their end; of those that are shown, what became of them. Tell if new."""
        self._control = control
        sources = await self._sources(control, runs)
        is_new = tuple(self.rows) != tuple(runs) or not self.sources
        self.rows = {source.run: source.row for source in sources}
        if is_new:
            self.is_following = True
            self._begin(Window(sources, self.wish))
            await self.read_end()
        else:
            self.window.renew(sources)
            self._is_total = self._is_stuck = False
        return is_new

    async def _sources(self, control: Control, runs: Sequence[int]) -> list[Source]:
        sources: list[Source] = []
        for run in runs:
            detail = await control.query(ReadRun(run=run))
            assert isinstance(detail, RunDetail)
            floor = 0
            for attempt in detail.attempts:
                source = Source(control, len(sources), detail.row, attempt, floor)
                floor = source.ended_at
                sources.append(source)
        return sources

    def _begin(self, window: Window) -> None:
        """Show another window, of which nothing is read yet."""
        self.window, self._top, self.owed = window, 0, 0
        self._first = self.total = None
        self._is_total = self._is_stuck = False
        if self._control is not None:
            self._count, self._all = Count(self._control, self.wish), Count(self._control, Wish())
        self._numbers = {}

    async def show_only(self, wish: Wish) -> None:
        """Show only the lines that a wish wants, around those in view."""
        here = None if self.is_following or not self.lines else self.lines[self.top]
        old = self.window
        self.wish = wish
        self._begin(Window(old.sources, wish))
        if here is None:
            await self.read_end()
        else:
            await self._read_around(await old.places_of(here))

    # -- going far -------------------------------------------------------------------------------

    async def read_end(self) -> None:
        """Show the end, and follow; what is shown stays until that is read."""
        window = self.window.anew()
        self.is_following = True
        await self._older(window)
        self._exchange(window, len(window.lines))
        self._absorb()
        self._is_stuck = self.window.has_newer

    async def read_start(self) -> None:
        """Show the beginning."""
        window = self.window.anew()
        window.move_to_start()
        await self._newer(window)
        self.is_following = False
        self._exchange(window, 0)

    async def show(self, line: Line) -> None:
        """Bring a line into view, a third from above."""
        if self.window.index_of(line) is None:
            await self._read_around(await self.window.places_of(line))
        self.is_following = False
        self._top = max((self.window.index_of(line) or 0) - self.height // 3, 0)

    async def _read_around(self, places: Sequence[int]) -> None:
        window = self.window.anew()
        window.move(places)
        await self._newer(window)
        count = len(window.lines)
        await self._older(window)
        self.is_following = False
        self._exchange(window, len(window.lines) - count)

    def _exchange(self, window: Window, top: int) -> None:
        self.window, self._top, self.owed, self._first = window, top, 0, None
        self._is_stuck = False

    async def _older(self, window: Window) -> int:
        """Read until some lines came before a window, or there are none; return how many."""
        places = None
        while window.has_older and places != window.top:
            places = list(window.top)
            count = await window.older(AHEAD * 2)
            self._looking = None if count else window
            if count:
                return count
            self._tell()
        self._looking = None
        return 0

    async def _newer(self, window: Window) -> int:
        """Read until some lines came behind a window, or there are none; return how many."""
        places = None
        while window.has_newer and places != window.bottom:
            places = list(window.bottom)
            count = await window.newer(AHEAD * 2)
            self._looking = None if count else window
            if count:
                return count
            self._tell()
        self._looking = None
        return 0

    # -- what the view comes to next -------------------------------------------------------------

    def scroll(self, by: int) -> None:
        """Move by lines; where they are not read yet it goes on once they are."""
        wanted = self.top + by
        last = max(len(self.lines) - self.height, 0)
        self._top = max(0, min(wanted, last))
        is_short = self.window.has_older if wanted < 0 else self.window.has_newer
        self.owed = wanted - self._top if is_short else 0
        self.is_following = by > 0 and self._top == last and not self.window.has_newer

    def stand_still(self) -> None:
        """Follow no more."""
        self._top, self.is_following = self.top, False

    def stand_at_end(self) -> None:
        """Put the last line that is read at the end of the view."""
        self._top = max(len(self.lines) - self.height, 0)

    @property
    def wants_lines(self) -> bool:
        """There are lines to be read around the view."""
        return self._wants_older or self._wants_newer

    @property
    def _wants_older(self) -> bool:
        return self.top < AHEAD and self.window.has_older and not self._is_stuck

    @property
    def _wants_newer(self) -> bool:
        is_near = self.top + self.height + AHEAD > len(self.lines)
        return (is_near or self.is_following) and self.window.has_newer and not self._is_stuck

    @property
    def wants_count(self) -> bool:
        """The lines are to be counted; those of several runs have no numbers."""
        has_lines = bool(self.lines) and not self.is_merged
        return has_lines and (
            self._first is None or not self._is_total or self._unnumbered is not None
        )

    @property
    def _unnumbered(self) -> Line | None:
        """The first line in view whose number among all lines is not known, of some lines only."""
        if self.wish.is_all:
            return None
        shown = self.lines[self.top : self.top + self.height]
        return next((line for line in shown if line.key not in self._numbers), None)

    def numbers(self, lines: Sequence[Line]) -> Sequence[int | None]:
        """Return which lines of the log these are that follow on the top; None is not known yet."""
        if not self.wish.is_all:
            return [self._numbers.get(line.key) for line in lines]
        if self._first is None:
            return [None] * len(lines)
        first = self._first + sum(line.is_whole for line in self.lines[: self.top])
        return [*accumulate((line.is_whole for line in lines[:-1]), initial=first)][: len(lines)]

    @property
    def greatest(self) -> int:
        """The greatest number that a line may have, as far as it is known."""
        if not self.wish.is_all:
            return max(self._numbers.values(), default=0)
        return self.total or (self._first or 0) + len(self.lines)

    def look_again(self) -> None:
        """Want what is behind the lines once more: it may be in the file only now."""
        self.window.look_again()
        self._is_stuck = False

    async def grow(self) -> None:
        """Read what the view will come to next."""
        if self.is_following and self._wants_newer and self._is_far_behind:
            await self.read_end()
        elif self._wants_newer:
            count = await self._newer(self.window)
            self._is_stuck = not self._absorb() and not count
            if not self.is_following:
                self._forget(max(self.window.most, len(self.lines) - self.top + AHEAD))
        elif self._wants_older:
            await self._grow_up()
        owed, self.owed = self.owed, 0
        if owed:
            self.scroll(owed)

    @property
    def _is_far_behind(self) -> bool:
        """What came is more than is worth reading on the way to the end."""
        window = self.window
        missing = zip(self.sources, window.bottom, strict=True)
        return sum(max(each.end_offset - place, 0) for each, place in missing) > 128 << 10

    async def _grow_up(self) -> None:
        window = self.window
        count = await self._older(window)
        if self._first is not None:
            self._first -= sum(line.is_whole for line in window.lines[:count])
        self._top += count
        self._is_stuck = not count
        if not self.is_following:
            window.trim_bottom(max(window.most, self._top + self.height + AHEAD))

    def _forget(self, kept: int) -> None:
        """Drop lines above, all but the last `kept`."""
        gone = self.lines[: max(len(self.lines) - kept, 0)]
        if self._first is not None:
            self._first += sum(line.is_whole for line in gone)
        self._top -= self.window.trim_top(kept)

    async def count(self) -> None:
        """Count the lines before the window, then all."""
        self.is_counting = True
        try:
            while self._count is not None and self.wants_count:
                await self._count_next(self._count)
        finally:
            self.is_counting = False

    async def _count_next(self, counter: Count) -> None:
        if self._first is None:
            line = self.lines[0]
            before = await counter.before(self.sources, line.source, line.place)
            index = self.window.index_of(line)
            if index is not None:
                self._first = before + 1 - sum(each.is_whole for each in self.lines[:index])
            return
        if not self._is_total:
            self._is_total = True
            self.total = await counter.all(self.sources)
        elif (shown := self._unnumbered) is not None and self._all is not None:
            before = await self._all.before(self.sources, shown.source, shown.place)
            self._numbers[shown.key] = before + 1

    @property
    def counted(self) -> float:
        """How much of what is to be counted is counted, 0 to 1."""
        size = sum(source.end_offset for source in self.sources)
        return min((self._count.covered if self._count is not None else 0) / max(size, 1), 1.0)

    # -- live ------------------------------------------------------------------------------------

    def absorb(self) -> bool:
        """Show what was told live, read again what was not there yet; tell whether lines came."""
        self._is_stuck = False
        return self._absorb()

    def _absorb(self) -> bool:
        window = self.window
        ends = [source.end_offset for source in self.sources]
        has_more = window.absorb(forgets=self.is_following)
        if window.is_cut:
            window.is_cut, self._first = False, None
        if ends != self._ends and self._is_total:
            self._ends = ends
            self._is_total = self._first is not None and not window.has_newer
            self.total = self._last if self._is_total else self.total
        if self.is_following and len(self.lines) > 2 * LIVE_LINES:
            self._forget(LIVE_LINES)
        elif not self.is_following:
            window.trim_bottom(self.top + self.height + KEPT_LINES)
        return has_more

    @property
    def _last(self) -> int:
        """The number of the window's last line, where its first one has a number."""
        whole = sum(line.is_whole for line in self.lines[:-1])
        return (self._first or 0) + whole

    def take_output(self, output: Output) -> bool:
        """Keep what came live; tell whether it belongs here."""
        return self.window.take(output)
