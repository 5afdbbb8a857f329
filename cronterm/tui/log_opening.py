"""Opening logs: of a run, of a job's last one or last failure, of several runs together."""

from collections.abc import Sequence

from cronterm.errors import CrontermError
from cronterm.model.query import ListRuns, Runs
from cronterm.model.run import FAILED
from cronterm.tui.copying import Copying
from cronterm.tui.screens.log_view import MOST_RUNS, LogView
from cronterm.tui.screens.page import Page


class LogOpening(Copying):
    """An app that opens logs above what is shown."""

    def _push(self, page: Page) -> None:
        """Open a page above the view that is shown."""
        if isinstance(self.screen, Page):
            page.view = self.screen.view
        page.read_ahead()
        self.push_screen(page)

    def open_log(self, job: str, *, is_failed: bool = False) -> None:
        """Open the log of a job's last run, or of its last failure."""
        self.run_worker(self._open_log(job, is_failed), group="open-log", exclusive=True)

    async def _open_log(self, job: str, is_failed: bool) -> None:
        outcomes = FAILED if is_failed else ()
        query = ListRuns(job=job, outcomes=outcomes, decisions=False, limit=1)
        try:
            runs = await self.control.query(query)
        except CrontermError as error:
            self.tell(self.picture.or_not_known(str(error)), is_bad=True)
            return
        run = runs.rows[-1].run if isinstance(runs, Runs) and runs.rows else None
        if run is None:
            self.tell(f"{job} has never {'failed' if is_failed else 'run'}")
        else:
            self.open_run(job, run)

    def open_logs(self, jobs: Sequence[str]) -> None:
        """Open the logs of the last runs of jobs together."""
        self.run_worker(self._open_logs(jobs), group="open-log", exclusive=True)

    async def _open_logs(self, jobs: Sequence[str]) -> None:
        found: list[int] = []
        try:
            for job in jobs[:MOST_RUNS]:
                runs = await self.control.query(ListRuns(job=job, decisions=False, limit=1))
                rows = runs.rows if isinstance(runs, Runs) else ()
                found += [row.run for row in rows if row.run is not None]
        except CrontermError as error:
            self.tell(self.picture.or_not_known(str(error)), is_bad=True)
            return
        if found:
            self.open_runs(found)
        else:
            self.tell("none of them has ever run")

    def open_runs(self, runs: Sequence[int]) -> None:
        """Open the logs of runs together."""
        if len(runs) > MOST_RUNS:
            self.tell(f"the first {MOST_RUNS} of {len(runs)} runs are shown together")
        self._push(LogView(self.picture, "", *runs[:MOST_RUNS]))

    def open_run(self, job: str, run: int) -> None:
        """Open the log of a run."""
        self._push(LogView(self.picture, job, run))
