"""All runs of all jobs, the newest first; the others are read as the cursor comes to them."""

from functools import partial

from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input
from textual.worker import Worker

from cronterm.clock import SECOND, Instant
from cronterm.errors import CrontermError
from cronterm.model.event import AnyEvent
from cronterm.model.query import ListRuns, Runs
from cronterm.model.run import RunRow
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.run_filter import BadFilter, RunFilter, doubt_about, read_filter
from cronterm.tui.run_window import PAGE, RunWindow
from cronterm.tui.screens.page import Page, RunChange
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.facts import RunsBox
from cronterm.tui.widgets.filter_line import FilterLine

READ_EVERY = SECOND
QUIET_S = 0.25  # after the last letter of a filter


class RunsView(Page):
    """The runs of all jobs."""

    BINDINGS = bindings("runs")  # Textual reads it from the class
    where = "runs"
    needs_size = False
    view = "runs"

    def __init__(self, picture: Picture, words: str = "") -> None:
        super().__init__(picture)
        self._filter = RunFilter()
        self._words = words
        self.window = RunWindow()
        self._around: Worker[None] | None = None
        """Reads what the cursor comes to; a key that is held starts no second one."""
        self._renewing: Worker[None] | None = None
        self._is_stale = False
        self._read_at: Instant = 0
        self._typing: Timer | None = None

    def body(self) -> ComposeResult:
        """Give the runs and the line for filtering."""
        yield RunsBox(self.picture, id="all-runs")
        yield FilterLine(
            "job  is:failed  cause:manual  last:<1h",
            "filter the runs",
            lambda words: doubt_about(words, self.picture.snapshot.jobs),
        )

    @property
    def runs(self) -> RunsBox:
        """The rows."""
        return self.query_one(RunsBox)

    def on_mount(self) -> None:
        """Read the newest."""
        self.runs.has_jobs = True
        self.runs.focus()
        if self._words:
            self._set_filter(self._words)
        else:
            self._look_at(RunWindow())

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        runs, window = self.runs, self.window
        runs.runs, runs.cursor = window.rows, window.cursor
        is_unknown = self.picture.gone is not None and not window.rows
        runs.unread = (0, 0) if is_unknown else (window.unread_above, window.unread_below)
        runs.empty = f"no run matches {self._words!r}" if self._words else "nothing has run yet"
        runs.update(now, None)
        filtered = f" · /{self._words}" if self._words else ""
        marked = f" · {len(runs.marked)} marked" if runs.marked else ""
        runs.entitle(f"Runs{filtered}{marked}", "" if is_unknown else window.position)
        if self._is_stale and now - self._read_at >= READ_EVERY:
            self._renew(now)

    # -- reading ---------------------------------------------------------------------------------

    def take_event(self, event: AnyEvent) -> None:
        """Read again what began or ended."""
        if isinstance(event, RunChange):
            self.look_again()

    def look_again(self) -> None:
        """Read what is in view again soon, or what was not to be had."""
        if not self.window.rows:
            self._read_on()
        self._is_stale = True
        now = self.home.now()
        if now - self._read_at >= READ_EVERY:
            self._renew(now)

    def _look_at(self, window: RunWindow) -> None:
        """Show another part of the list; what is read for the last one is given up."""
        self.window = window
        self._around = self.read_anew(self._read_around, "around")

    def _read_on(self) -> None:
        if self._around is None or self._around.is_finished:
            self._around = self.read_anew(self._read_around, "around")

    async def _read_around(self) -> None:
        """Read rows until there are enough around the cursor, or there are no more."""
        window = self.window
        while window.wants_older or window.wants_newer:
            if window.wants_older:
                edge = window.before
                page = await self._ask(before=edge)
                if page is not None and edge == window.before:  # else it does not follow any more
                    window.add_older(page)
            else:
                page = await self._ask(after=window.after)
                if page is not None:
                    window.add_newer(page)
            if page is None:
                return
            self.update(self.home.now())

    def _renew(self, now: Instant) -> None:
        if self._renewing is None or self._renewing.is_finished:
            self._is_stale, self._read_at = False, now
            self._renewing = self.read_anew(self._read_again, "again")

    async def _read_again(self) -> None:
        window = self.window
        page = await self._ask(before=window.stale_before)
        if page is not None and window is self.window:
            window.renew(page)
            self.update(self.home.now())

    async def _ask(
        self, *, before: int | None = None, after: int | None = None
    ) -> list[RunRow] | None:
        """Return a page, the newest first; None where nobody answers."""
        query = ListRuns(
            job=self._filter.job,
            outcomes=self._filter.outcomes,
            causes=self._filter.causes,
            since=self.home.now() - self._filter.last if self._filter.last is not None else None,
            decisions=False,
            before_run=before,
            after_run=after,
            limit=PAGE,
        )
        try:
            found = await self.home.control.query(query)
        except CrontermError as error:
            self.tell_unread(error)
            return None
        return list(found.rows[::-1]) if isinstance(found, Runs) else None

    # -- moving ----------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        """Move among the runs."""
        self.window.step(by)
        self._read_on()
        self.update(self.home.now())

    def action_turn(self, by: int) -> None:
        """Move by pages."""
        self.action_step(by * max(self.runs.size.height - 2, 1))

    def action_first(self) -> None:
        """Go to the newest run."""
        if self.window.has_newer:
            self._look_at(RunWindow())
        self.action_step(-len(self.window.rows))

    def action_last(self) -> None:
        """Go to the oldest run."""
        if self.window.has_older:
            self._look_at(RunWindow.at_end())
        self.action_step(len(self.window.rows))

    # -- finding ---------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the line for filtering."""
        self.query_one(FilterLine).open_with(self._words)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter once nothing was typed for a moment."""
        if self._typing is not None:
            self._typing.stop()
        if event.input.has_class("shown") and event.value.strip() != self._words:
            self._typing = self.set_timer(QUIET_S, partial(self._filter_by, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter by what was typed, and say what is wrong with it."""
        self._set_filter(event.value)

    def _set_filter(self, words: str) -> None:
        if self._typing is not None:
            self._typing.stop()
        if bad := self._filter_by(words):
            self.home.tell(bad, is_bad=True)
            return
        self.query_one(FilterLine).close()
        self.query_one(KeyBar).show(self.keys())
        self.runs.focus()

    def _filter_by(self, words: str) -> str:
        """Read the runs that `words` describe; return what is wrong with them, or nothing."""
        try:
            self._filter = read_filter(words, self.picture.snapshot.jobs)
        except BadFilter as bad:
            return str(bad)
        self._words = words.strip()
        self._look_at(RunWindow())
        return ""

    # -- doing -----------------------------------------------------------------------------------

    def subject(self) -> tuple[str, int | None] | None:
        """Return the selected run, and its job."""
        row = self.window.row
        return (row.job, row.run) if row is not None else None

    @property
    def _run(self) -> tuple[str, int] | None:
        """The job and the number of the run under the cursor."""
        row = self.window.row
        return (row.job, row.run) if row is not None and row.run is not None else None

    def action_open_run(self) -> None:
        """Open the log of the run."""
        if self._run is not None:
            self.home.open_run(*self._run)

    def action_mark(self) -> None:
        """Mark the run, or not, and go on."""
        if self._run is not None:
            self.runs.marked ^= {self._run[1]}
        self.action_step(1)

    def action_logs(self) -> None:
        """Open the logs of the marked runs together, or that of the run."""
        marked = self.runs.marked
        if marked:
            self.home.open_runs(sorted(marked))
        else:
            self.action_open_run()

    def action_open_job(self) -> None:
        """Open the job of the run."""
        if self._run is not None:
            self.home.open_job(self._run[0])

    def action_again(self) -> None:
        """Run it again, with changes or without."""
        if self._run is not None:
            self.home.ask_again(self._run[1])

    def action_compare(self) -> None:
        """Put the run beside the last good one of its job."""
        if self._run is not None:
            self.home.open_comparison(*self._run)

    def action_back(self) -> None:
        """End the filter, or go back to the jobs."""
        if self._words or self.query_one(FilterLine).is_open:
            self._set_filter("")
        else:
            self.home.show_view("jobs")
