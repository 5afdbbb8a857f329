"""The job table: one line a job, the cursor on a job and not on a row."""

from collections.abc import Callable
from typing import Literal

from textual import events
from textual.message import Message

from cronterm.clock import MINUTE, SECOND, Duration, Instant
from cronterm.model.snapshot import JobView
from cronterm.sanitize import sanitize_line
from cronterm.tui.filter import read_filter
from cronterm.tui.keymap import CURSOR
from cronterm.tui.look import ROLES
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.columns import WORDS, Columns, behind_host, columns_for
from cronterm.tui.widgets.guide import is_there
from cronterm.tui.widgets.paint import Painted, Part, fit, width_of
from cronterm.tui.widgets.spark import percentile, spark
from cronterm.tui.words import (
    FAILED,
    age,
    countdown,
    duration,
    elapsed_clock,
    percent,
    schedule_words,
)

SortKey = Literal["next", "name", "last", "duration", "errors", "state"]
SORTS: tuple[SortKey, ...] = ("next", "name", "last", "duration", "errors", "state")
SORT_KEYS: dict[SortKey, str] = {
    "next": "x",
    "name": "n",
    "last": "l",
    "duration": "d",
    "errors": "e",
    "state": "s",
}
"""The letters of the sort menu."""


TITLES: dict[str, SortKey] = {
    "NEXT": "next",
    "NAME": "name",
    "LAST": "last",
    "DUR": "duration",
    "ERR": "errors",
}


RESORT_AFTER = 2 * SECOND
KEY_REST = SECOND  # rows do not move under a finger

NEVER_AT = 1 << 62


class JobTable(Painted, can_focus=True):
    """Draws `picture`; posts `Moved` when the cursor is on another job."""

    BINDINGS = CURSOR  # Textual reads it from the class

    class Moved(Message):
        """The cursor is on another job."""

        def __init__(self, job: str | None) -> None:
            super().__init__()
            self.job = job

    class Opened(Message):
        """The job under the cursor was clicked twice."""

    class Sorted(Message):
        """The order was chosen anew."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.picture = picture
        self.now: Instant = 0
        self.sort: SortKey = "next"
        self.is_reversed = False
        self.filter = ""
        self.marked: set[str] = set()
        self.cursor: str | None = None
        self._order: list[str] = []
        self._top = 0
        self._sorted_at: Instant = 0
        self._sorted_of = 0
        """Jobs that there were then."""
        self._moved_at: Instant = 0

    # -- order -----------------------------------------------------------------------------------

    def update(self, now: Instant, *, is_new: bool = False) -> None:
        """Draw the picture at `now`; rows are sorted anew at most every two seconds."""
        self.now = now
        jobs = self.picture.snapshot.jobs
        is_stale = now - self._sorted_at >= RESORT_AFTER and now - self._moved_at >= KEY_REST
        if (
            is_new
            or is_stale
            or self._sorted_of != len(jobs)
            or any(job not in jobs for job in self._order)
        ):
            self.order()
        self.repaint()

    def order(self) -> None:
        """Sort and filter; the cursor stays on its job."""
        jobs = self.picture.snapshot.jobs
        self._sorted_at, self._sorted_of = self.now, len(jobs)
        place = self._order.index(self.cursor) if self.cursor in self._order else 0
        keeps = read_filter(self.filter).keeps
        views = [view for view in jobs.values() if keeps(view, self._state, self.now)]
        views.sort(key=self._key(), reverse=self.is_reversed)
        self._order = [view.job.id for view in views]
        if self.cursor not in self._order:
            left = min(place, len(self._order) - 1)
            self._point(self._order[left] if self._order else None)
        self.marked &= set(jobs)
        self._keep_in_view()

    def sort_by(self, key: SortKey, *, is_reversed: bool | None = None) -> None:
        """Sort by a column; the direction stays where None is given."""
        self.sort = key
        self.is_reversed = self.is_reversed if is_reversed is None else is_reversed
        self.order()
        self.repaint()
        self.post_message(self.Sorted())

    def _key(self) -> Callable[[JobView], tuple[object, ...]]:
        if self.sort == "state":
            return lambda view: (SEVERITY.get(self._state(view), 9), view.job.id)
        return KEYS[self.sort]

    def _state(self, view: JobView) -> str:
        return self.picture.state(view, self.now)

    @property
    def jobs(self) -> list[str]:
        """The jobs that are shown, in order."""
        return self._order

    # -- cursor ----------------------------------------------------------------------------------

    def _point(self, job: str | None) -> None:
        if job != self.cursor:
            self.cursor = job
            self.post_message(self.Moved(job))

    def go_to(self, job: str) -> None:
        """Put the cursor on a job."""
        if job in self._order:
            self._point(job)
            self._keep_in_view()
            self.repaint()

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        if not self._order:
            return
        place = self._order.index(self.cursor) if self.cursor in self._order else 0
        place = max(0, min(len(self._order) - 1, place + by))
        self._moved_at = self.now
        self._point(self._order[place])
        self._keep_in_view()
        self.repaint()

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * max(self._rows() - 1, 1))

    def _rows(self) -> int:
        return max(self.size.height - 1, 1)

    def _keep_in_view(self) -> None:
        place = self._order.index(self.cursor) if self.cursor in self._order else 0
        rows = self._rows()
        self._top = max(min(self._top, place), place - rows + 1)
        self._top = max(0, min(self._top, len(self._order) - rows))

    @property
    def position(self) -> str:
        """`7/48`."""
        place = self._order.index(self.cursor) + 1 if self.cursor in self._order else 0
        return f"{place}/{len(self._order)}"

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a title of the head sorts by its column."""
        if event.y == 0:
            self._sort_at(event.x)
            return
        place = self._top + event.y - 1
        if place < len(self._order):
            self._moved_at = self.now
            self._point(self._order[place])
            self.repaint()
            if event.chain == 2:
                self.post_message(self.Opened())

    def _sort_at(self, x: int) -> None:
        place = 0
        for text, _ in self._head(columns_for(self.size.width)):
            place += len(text)
            if x < place:
                key = TITLES.get(text.strip().partition(" ")[0])
                if key is not None:
                    self.sort_by(key, is_reversed=key == self.sort and not self.is_reversed)
                return

    def on_mouse_scroll_down(self) -> None:
        """Move down."""
        self.action_move(3)

    def on_mouse_scroll_up(self) -> None:
        """Move up."""
        self.action_move(-3)

    # -- painting --------------------------------------------------------------------------------

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        place = self._top + y - 1
        is_here = y > 0 and place < len(self._order) and self._order[place] == self.cursor
        return "selection" if is_here else "background"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head and the rows in view."""
        self._keep_in_view()
        columns = columns_for(width)
        lines = [self._head(columns)] if self._order else [[]]
        jobs = self.picture.snapshot.jobs
        for job in self._order[self._top : self._top + height - 1]:
            if job in jobs:
                lines.append(self._row(jobs[job], columns, is_here=job == self.cursor))
        if not self._order:
            lines += self._empty(width)
        return lines

    def _empty(self, width: int) -> list[list[Part]]:
        if not self.picture.is_live and not self.picture.snapshot.n:
            return [[], [("  connecting to the engine…", "muted")]]
        if self.filter:
            return [[], [(f"  no job matches {self.filter!r}", "muted")]]
        return self._first_run(width)

    def _first_run(self, width: int) -> list[list[Part]]:
        """Return what to do while there is no job, in the middle."""
        snapshot = self.picture.snapshot
        file = sanitize_line(snapshot.engine.jobs_file)
        has_file = is_there(snapshot)
        what = "it has no jobs." if has_file else "the file does not exist yet."
        keys = [(self.key("add"), "create the first job with a form")]
        if not has_file:
            keys.append((self.key("sort"), "write a commented sample of it (5 safe demo jobs)"))
        keys += [(self.key("editor"), "write it in $EDITOR")]
        keys += [(self.key("help"), "help"), (self.key("quit"), "quit")]
        lines: list[list[Part]] = [[("No jobs yet", "text+bold")], []]
        lines += [[(f"cronterm watches {file} — {what}", "muted")], []]
        lines += [[(f"{key}   ", "accent+bold"), (text, "text")] for key, text in keys]
        lines += [[], [("Saved files are picked up live; nothing needs a restart.", "faint")]]
        left = max((width - max(width_of(line) for line in lines)) // 2, 1)
        above = max((self.size.height - len(lines)) // 2 - 1, 0)
        return [[]] * above + [[(" " * left, "text"), *line] for line in lines]

    def _head(self, c: Columns) -> list[Part]:
        mark = self.glyphs.down if self.is_reversed else self.glyphs.up

        def title(text: str, key: SortKey | None = None) -> str:
            return f"{text} {mark}" if key == self.sort else text

        parts = [("    ", "muted"), (fit(title("NEXT", "next"), 8, right=True), "muted+bold")]
        name = behind_host("HOST", title("NAME", "name"), self.picture.snapshot.hosts)
        parts += [("  ", "muted"), (fit(name, c.name), "muted+bold")]
        if c.schedule:
            parts.append(("  " + fit("SCHEDULE", c.schedule), "muted+bold"))
        if c.words:
            parts.append(("  " + fit("", WORDS), "muted+bold"))
        if c.last:
            parts.append(("  " + fit(title("LAST", "last"), 8), "muted+bold"))
        parts.append((fit(title("DUR", "duration"), 9, right=True), "muted+bold"))
        if c.average:
            parts.append((fit("AVG", 9, right=True), "muted+bold"))
        if c.p95:
            parts.append((fit("P95", 9, right=True), "muted+bold"))
        if c.trend:
            parts.append(("  " + fit("LAST RUNS", c.trend), "muted+bold"))
        if c.errors:
            parts.append((fit("OK%", 6, right=True), "muted+bold"))
            parts.append((fit(title("ERR", "errors"), 6, right=True), "muted+bold"))
        return parts

    def _row(self, view: JobView, c: Columns, *, is_here: bool) -> list[Part]:
        state, glyphs = self._state(view), self.glyphs
        last, totals = view.last, view.totals
        is_quiet = state in ("paused", "disabled", "gone")
        name_role = "paused" if is_quiet else "text+bold" if is_here else "text"
        hosts = self.picture.snapshot.hosts
        host, _, own = view.job.id.partition(":")
        name = behind_host(host, own, hosts) if hosts else view.job.id
        second = "text" if is_here else "muted"
        mark = "•" if view.job.id in self.marked else " "
        parts: list[Part] = [(glyphs.cursor if is_here else " ", "accent")]
        parts += [(glyphs.states[state], f"{ROLES[state]}+bold"), (f" {mark}", "accent+bold")]
        parts.append(self._next(view, state))
        parts += [("  ", "text"), (fit(name, c.name), name_role)]
        if c.schedule:
            text = sanitize_line(view.job.schedule_text)
            parts.append(("  " + fit(text, c.schedule), second))
        if c.words:
            parts.append(("  " + fit(schedule_words(view.job), WORDS), second))
        if c.last:
            parts += self._last(view, is_here=is_here)
        parts.append((fit(duration(last.duration if last else None), 9, right=True), name_role))
        if c.average:
            parts.append((fit(duration(totals.average), 9, right=True), second))
        if c.p95:
            parts.append((fit(duration(_p95(view)), 9, right=True), second))
        if c.trend:
            parts += [("  ", "text"), *spark(view.recent, c.trend, glyphs)]
        if c.errors:
            parts += _rates(view)
        return parts

    def _next(self, view: JobView, state: str) -> Part:
        if state == "gone":
            return fit("gone", 8, right=True), "fail"
        running = [r.started_at for r in view.live.values() if r.started_at is not None]
        if running:
            return fit(elapsed_clock(self.now - min(running)), 8, right=True), "accent+bold"
        if not self.picture.is_live and self.picture.snapshot.n:
            return fit("—" if not self.glyphs.is_ascii else "-", 8, right=True), "faint"
        if state in ("paused", "disabled"):
            return fit("off" if state == "disabled" else "paused", 8, right=True), "faint"
        retrying = [r.ready_at for r in view.live.values() if r.state in ("retrying", "queued")]
        at = min(retrying) if retrying else view.next_at
        if at is None:
            return fit("·" if not self.glyphs.is_ascii else ".", 8, right=True), "faint"
        left = at - self.now
        role = "warn" if retrying else "accent" if left < MINUTE else "text"
        return fit(countdown(left), 8, right=True), role

    def _last(self, view: JobView, *, is_here: bool) -> list[Part]:
        last = view.last
        if last is None:
            return [("  " + fit("", 8), "faint")]
        role = ROLES[last.outcome]
        quiet = "text" if is_here else "muted"
        ago = fit(age(self.now - last.ended_at), 6)
        return [
            (f"  {self.glyphs.states[last.outcome]} ", role),
            (ago, role if last.outcome in FAILED else quiet),
        ]


def _by_next(view: JobView) -> tuple[object, ...]:
    if view.live:
        return (0, min(run.queued_at for run in view.live.values()), view.job.id)
    return (1, view.next_at or NEVER_AT, view.job.id)


def _by_last(view: JobView) -> tuple[object, ...]:
    last = view.last
    return (-last.ended_at if last else 0, view.job.id)


def _by_duration(view: JobView) -> tuple[object, ...]:
    last = view.last
    return (-(last.duration or 0) if last else 0, view.job.id)


KEYS: dict[SortKey, Callable[[JobView], tuple[object, ...]]] = {
    "next": _by_next,
    "name": lambda view: (view.job.id.casefold(),),
    "last": _by_last,
    "duration": _by_duration,
    "errors": lambda view: (-view.totals.failed, view.job.id),
}
SEVERITY = {
    "failed": 0,
    "timed_out": 0,
    "lost": 0,
    "late": 1,
    "missed": 1,
    "retrying": 2,
    "stopping": 3,
    "running": 3,
    "queued": 4,
    "succeeded": 5,
}


def _p95(view: JobView) -> Duration | None:
    lengths = [past.duration for past in view.recent if past.duration is not None]
    return percentile(lengths, 0.95) if lengths else None


def _rates(view: JobView) -> list[Part]:
    totals = view.totals
    ratio = totals.succeeded / totals.runs if totals.runs else None
    role = "muted"
    if ratio is not None and ratio < 0.97:
        role = "fail" if ratio < 0.9 else "warn"
    failed = str(totals.failed) if totals.failed else "·"
    failed_role = "fail+bold" if totals.failed_in_a_row else "muted" if totals.failed else "faint"
    return [
        (fit(percent(ratio), 6, right=True), role),
        (fit(failed, 6, right=True), failed_role),
    ]
