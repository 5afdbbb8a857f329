"""Opening logs: of a run, of a job's last one, of its last failure."""

from cronterm.errors import CrontermError
from cronterm.model.query import ListRuns, Runs
from cronterm.tui.copying import Copying
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.screens.page import Page
from cronterm.tui.words import FAILED


class LogOpening(Copying):
    """An app that opens logs above what is shown."""

    def _push(self, page: Page) -> None:
        """Open a page above the view that is shown."""
        if isinstance(self.screen, Page):
            page.view = self.screen.view
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
            self.tell(str(error), is_bad=True)
            return
        run = runs.rows[-1].run if isinstance(runs, Runs) and runs.rows else None
        if run is None:
            self.tell(f"{job} has never {'failed' if is_failed else 'run'}")
        else:
            self.open_run(job, run)

    def open_run(self, job: str, run: int) -> None:
        """Open the log of a run."""
        self._push(LogView(self.picture, job, run))
