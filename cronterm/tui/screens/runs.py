"""All runs of all jobs, the newest first; older ones are read as the cursor comes to them."""

from textual.app import ComposeResult
from textual.widgets import Input
from textual.worker import Worker

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.query import ListRuns, Runs
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.run_filter import BadFilter, RunFilter, read_filter
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.facts import RunsBox

PAGE = 500
AHEAD = 400  # rows below the cursor that are there before it comes


class RunsView(Page):
    """The runs of all jobs."""

    BINDINGS = bindings("runs")  # Textual reads it from the class
    where = "runs"
    view = "runs"

    def __init__(self, picture: Picture, words: str = "") -> None:
        super().__init__(picture)
        self._filter = RunFilter()
        self._words = words
        self._older: Worker[None] | None = None
        """Reads what is below; a key that is held starts no second one."""
        self._has_all = False
        """Nothing older is left to read."""

    def body(self) -> ComposeResult:
        """Give the runs and the line for filtering."""
        yield RunsBox(self.picture, id="all-runs")
        yield Input(id="search", placeholder="job  is:failed  cause:manual  last:1h")

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
            self._read()

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        runs = self.runs
        runs.update(now, None)
        filtered = f" · /{self._words}" if self._words else ""
        more = "" if self._has_all else "+"
        place = f"{min(runs.cursor + 1, len(runs.runs))}/{len(runs.runs)}{more}"
        marked = f" · {len(runs.marked)} marked" if runs.marked else ""
        runs.entitle(f"Runs{filtered}{marked}", place)

    # -- reading ---------------------------------------------------------------------------------

    def refresh_runs(self) -> None:
        """Read the newest again: one began or ended."""
        self.read_anew(self._read_newest, "newest")

    def _read(self) -> None:
        runs = self.runs
        runs.runs, runs.cursor, self._has_all = [], 0, False
        self._older = self.read_anew(self._read_older, "older")

    async def _read_older(self) -> None:
        """Read rows until some are below the cursor, or there are no more."""
        runs = self.runs
        while not self._has_all and runs.cursor + AHEAD >= len(runs.runs):
            oldest = runs.runs[-1].run if runs.runs else None
            rows = await self._ask(before=oldest)
            if rows is None:
                return
            runs.runs += rows.rows[::-1]
            self._has_all = len(rows.rows) < PAGE
            self.update(self.home.now())

    async def _read_newest(self) -> None:
        rows = await self._ask(before=None)
        runs = self.runs
        if rows is None or not rows.rows:
            return
        newest = list(rows.rows[::-1])
        first = newest[-1].run or 0
        kept = [row for row in runs.runs if (row.run or 0) < first]
        here = runs.runs[runs.cursor].run if runs.runs else None
        runs.runs = newest + kept
        if runs.cursor:  # at the top it stays at the top, below it stays on its run
            numbers = [row.run for row in runs.runs]
            runs.cursor = numbers.index(here) if here in numbers else 0
        self.update(self.home.now())

    async def _ask(self, *, before: int | None) -> Runs | None:
        query = ListRuns(
            job=self._filter.job,
            outcomes=self._filter.outcomes,
            causes=self._filter.causes,
            since=self.home.now() - self._filter.last if self._filter.last is not None else None,
            decisions=False,
            before_run=before,
            limit=PAGE,
        )
        try:
            found = await self.home.control.query(query)
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)
            return None
        return found if isinstance(found, Runs) else None

    # -- moving ----------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        """Move among the runs."""
        runs = self.runs
        runs.cursor = max(0, min(runs.cursor + by, len(runs.runs) - 1))
        if self._older is None or self._older.is_finished:
            self._older = self.read_anew(self._read_older, "older")
        self.update(self.home.now())

    def action_turn(self, by: int) -> None:
        """Move by pages."""
        self.action_step(by * max(self.runs.size.height - 2, 1))

    # -- finding ---------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the line for filtering."""
        line = self.query_one("#search", Input)
        line.value = self._words
        line.set_class(True, "shown")
        line.focus()
        self.query_one(KeyBar).type_in("filter")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter by what was typed."""
        self._set_filter(event.value)

    def _set_filter(self, words: str) -> None:
        try:
            self._filter = read_filter(words, self.picture.snapshot.jobs)
        except BadFilter as bad:
            self.home.tell(str(bad), is_bad=True)
            return
        self._words = words.strip()
        self.query_one("#search", Input).set_class(False, "shown")
        self.query_one(KeyBar).show(self.keys())
        self.runs.focus()
        self._read()

    # -- doing -----------------------------------------------------------------------------------

    def subject(self) -> tuple[str, int | None] | None:
        """Return the selected run, and its job."""
        rows = self.runs.runs
        row = rows[self.runs.cursor] if self.runs.cursor < len(rows) else None
        return (row.job, row.run) if row is not None else None

    def action_open_run(self) -> None:
        """Open the log of the run."""
        runs = self.runs
        if runs.cursor < len(runs.runs):
            row = runs.runs[runs.cursor]
            if row.run is not None:
                self.home.open_run(row.job, row.run)

    def action_mark(self) -> None:
        """Mark the run, or not, and go on."""
        runs = self.runs
        row = runs.runs[runs.cursor] if runs.cursor < len(runs.runs) else None
        if row is not None and row.run is not None:
            runs.marked ^= {row.run}
        self.action_step(1)

    def action_logs(self) -> None:
        """Open the logs of the marked runs together, or that of the run."""
        runs = self.runs
        if runs.marked:
            self.home.open_runs(sorted(runs.marked))
        else:
            self.action_open_run()

    def action_open_job(self) -> None:
        """Open the job of the run."""
        runs = self.runs
        if runs.cursor < len(runs.runs):
            self.home.open_job(runs.runs[runs.cursor].job)

    def action_again(self) -> None:
        """Run it again, with changes or without."""
        runs = self.runs
        if runs.cursor < len(runs.runs) and (run := runs.runs[runs.cursor].run) is not None:
            self.home.ask_again(run)

    def action_compare(self) -> None:
        """Put the run beside the last good one of its job."""
        runs = self.runs
        if runs.cursor < len(runs.runs):
            row = runs.runs[runs.cursor]
            if row.run is not None:
                self.home.open_comparison(row.job, row.run)

    def action_back(self) -> None:
        """End the filter, or go back to the jobs."""
        if self._words or self.query_one("#search").has_class("shown"):
            self._set_filter("")
        else:
            self.home.show_view("jobs")
