"""A run beside the last good one before it: what was different this time."""

import asyncio

from textual.app import ComposeResult

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.comparison import Changed, changed_lines, changed_words
from cronterm.model.query import ListRuns, OutputPart, ReadOutput, ReadRun, RunDetail, Runs
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.compare_box import CompareBox

READ_BYTES = 256 << 10  # of each output, from its end
MOST_LINES = 2_000  # of each: the comparison takes a second at most


class CompareView(Page):
    """What differs between a run and the last one that succeeded before it."""

    BINDINGS = bindings("compare")  # Textual reads it from the class
    where = "compare"

    def __init__(self, picture: Picture, job: str, run: int) -> None:
        super().__init__(picture)
        self._job = job
        self._run = run
        self.place = f"{job} › compare"

    def body(self) -> ComposeResult:
        """Give the comparison."""
        yield CompareBox(id="compare")

    @property
    def box(self) -> CompareBox:
        """What differs."""
        return self.query_one(CompareBox)

    def on_mount(self) -> None:
        """Read both."""
        self.box.focus()
        self.run_worker(self._compare(), group="compare", exclusive=True)

    def update(self, now: Instant) -> None:
        """Draw the comparison."""
        super().update(now)
        box = self.box
        box.now = now
        box.entitle(f"{self._job} · run {self._run} beside the last good one", box.position)
        box.repaint()

    async def _compare(self) -> None:
        box = self.box
        try:
            new = await self._detail(self._run)
            old = await self._last_good()
            if old is None:
                box.trouble = f"no run of {self._job} before {self._run} succeeded"
            else:
                lines = [await self._lines(old.row), await self._lines(new.row)]
                box.output = await asyncio.to_thread(_changes, *lines)
                box.words = dict(changed_words(old.definition, new.definition))
                box.rows = old.row, new.row
        except CrontermError as error:
            box.trouble = str(error)
        self.update(self.home.now())

    async def _detail(self, run: int) -> RunDetail:
        detail = await self.home.control.query(ReadRun(run=run))
        assert isinstance(detail, RunDetail)
        return detail

    async def _last_good(self) -> RunDetail | None:
        query = ListRuns(
            job=self._job,
            outcomes=("succeeded",),
            decisions=False,
            before_run=self._run,
            limit=1,
        )
        found = await self.home.control.query(query)
        run = found.rows[-1].run if isinstance(found, Runs) and found.rows else None
        return None if run is None else await self._detail(run)

    async def _lines(self, row: RunRow) -> list[str]:
        """Return what a run's last attempt printed, its end."""
        if row.run is None or not row.attempt:
            return []
        part = await self.home.control.query(ReadOutput(run=row.run, max_bytes=READ_BYTES))
        if not isinstance(part, OutputPart):
            return []
        whole = b"".join(chunk.data for chunk in part.chunks)
        lines = whole.decode("utf-8", "replace").splitlines()[-MOST_LINES:]
        return [sanitize_line(line) for line in lines]  # colours alone are no difference

    def action_logs(self) -> None:
        """Open the log of the run."""
        self.home.open_run(self._job, self._run)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()


def _changes(old: list[str], new: list[str]) -> list[Changed]:
    return list(changed_lines(old, new))
