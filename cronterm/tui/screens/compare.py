"""A run beside the last good one before it: what was different this time."""

import asyncio

from textual.app import ComposeResult

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.comparison import Changed, Printed, changed_lines, changed_words
from cronterm.model.query import ListRuns, OutputPart, ReadOutput, ReadRun, RunDetail, Runs
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.compare_box import CompareBox

PART_BYTES = 1 << 20  # of an output, read at once


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
        self.look_again()

    def look_again(self) -> None:
        """Read both, where that is still to be done."""
        if self.box.rows is None:
            self.box.trouble = ""
            self.read_anew(self._compare, "compare")

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
                printed = [await self._printed(row) for row in (old.row, new.row)]
                box.output = await asyncio.to_thread(_changes, *printed)
                told = zip(printed, (old.row, new.row), strict=True)
                box.notes = [note for each, row in told if (note := each.note(row.run))]
                box.words = dict(changed_words(old.definition, new.definition))
                box.rows = old.row, new.row
        except CrontermError as error:
            box.trouble = self.picture.or_not_known(str(error))
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

    async def _printed(self, row: RunRow) -> Printed:
        """Return what a run's last attempt printed."""
        printed, offset = Printed(), 0
        while row.run is not None and row.attempt:
            query = ReadOutput(
                run=row.run, attempt=row.attempt, offset=offset, max_bytes=PART_BYTES
            )
            part = await self.home.control.query(query)
            assert isinstance(part, OutputPart)
            for chunk in part.chunks:
                printed.take(chunk.data)
            if part.next_offset <= offset or part.next_offset >= part.end_offset:
                break
            offset = part.next_offset
        printed.finish()
        return printed

    def action_logs(self) -> None:
        """Open the log of the run."""
        self.home.open_run(self._job, self._run)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()


def _changes(old: Printed, new: Printed) -> list[Changed]:
    """Return what differs, safe to show."""
    return [Changed(each.sign, sanitize_line(each.text)) for each in changed_lines(old, new)]
