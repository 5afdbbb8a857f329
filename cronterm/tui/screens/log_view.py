"""The log of one run: followed, searched, opened in a pager, saved."""

import os
import shlex
import subprocess
import tempfile

from textual.app import ComposeResult
from textual.widgets import Input

from cronterm.clock import Instant
from cronterm.control import Control, Output
from cronterm.errors import CrontermError
from cronterm.model.query import ListRuns, OutputPart, ReadOutput, ReadRun, RunDetail, Runs
from cronterm.sanitize import sanitize
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.saving import save
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.run_log import RunLog
from cronterm.tui.words import day_moment, duration, row_text

CHUNK_BYTES = 1 << 20
BESIDE = 500  # runs of a job that `<` and `>` reach


class LogView(Page):
    """The log of a run; `<` and `>` go to the runs before and after."""

    BINDINGS = bindings("log")  # Textual reads it from the class
    where = "log"

    def __init__(self, picture: Picture, job: str, run: int) -> None:
        super().__init__(picture)
        self._job = job
        self._run = run
        self.place = f"{job} › log"

    def body(self) -> ComposeResult:
        """Give the log and the line for searching."""
        yield RunLog(id="page")
        yield Input(id="search", placeholder="search: capitals count where you type any")

    @property
    def page(self) -> RunLog:
        """The lines."""
        return self.query_one(RunLog)

    def on_mount(self) -> None:
        """Read the run."""
        self.page.focus()
        self._open(self._run)

    def update(self, now: Instant) -> None:
        """Draw what came."""
        super().update(now)
        page = self.page
        page.repaint()
        page.entitle(self._title(now), page.status)
        if page.words:
            self.query_one(KeyBar).show(
                [], f"/{page.words}   {page.found} · n N next, before · esc"
            )

    def _title(self, now: Instant) -> str:
        row = self.page.row
        if row is None:
            return f"{self._job} · run {self._run}"
        took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
        when = day_moment(row.started_at, now) if row.started_at else "not started"
        sign = self.home.glyphs.states[row.outcome or "running"]
        took_text = f" · {duration(took)}" if took is not None else ""
        return f"{row.job} · run {row.run} · {sign} {row_text(row)}{took_text} · {when}"

    def take_output(self, output: Output) -> None:
        """Append live output of this run."""
        self.page.take_output(output)

    def reload(self, run: int) -> None:
        """Read the run again: a try began or ended."""
        if run == self._run:
            self._open(run)

    def _open(self, run: int) -> None:
        self._run = run
        self.run_worker(self._read(run), group="log", exclusive=True)

    async def _read(self, run: int) -> None:
        await self.page.load(self.home.control, run)
        self.update(self.home.now())

    async def _read_beside(self, by: int) -> None:
        try:
            query = ListRuns(job=self._job, decisions=False, limit=BESIDE)
            runs = await self.home.control.query(query)
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)
            return
        numbers = [row.run for row in runs.rows if row.run] if isinstance(runs, Runs) else []
        if self._run in numbers:
            place = numbers.index(self._run) + by
            if 0 <= place < len(numbers):
                self._open(numbers[place])
            else:
                self.home.tell("there is no run before" if by < 0 else "this is the newest run")

    def action_older(self) -> None:
        """Show the run before."""
        self.run_worker(self._read_beside(-1), group="beside", exclusive=True)

    def action_newer(self) -> None:
        """Show the run after."""
        self.run_worker(self._read_beside(1), group="beside", exclusive=True)

    def _change(self, name: str) -> None:
        setattr(self.page, name, not getattr(self.page, name))
        self.update(self.home.now())

    def action_follow(self) -> None:
        """Follow, or stand still."""
        self._change("is_following")

    def action_wrap(self) -> None:
        """Wrap lines, or not."""
        self._change("wraps")

    def action_times(self) -> None:
        """Show times, or not."""
        self._change("shows_times")

    def action_errors(self) -> None:
        """Show stderr only, or all."""
        self._change("shows_errors_only")

    def action_mark_line(self) -> None:
        """Add a line with the time."""
        self.page.mark(self.home.now())
        self.update(self.home.now())

    # -- searching -------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Open the search line."""
        line = self.query_one("#search", Input)
        line.value = self.page.words
        line.set_class(True, "shown")
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while it is typed."""
        if self.query_one("#search").has_class("shown"):
            self.page.words = event.value
            self.page.find(0)
            self.update(self.home.now())

    def on_input_submitted(self) -> None:
        """Keep the search and go back to the lines."""
        self._close_search()

    def _close_search(self) -> None:
        self.query_one("#search").set_class(False, "shown")
        self.page.focus()
        if not self.page.words:
            self.query_one(KeyBar).show(self.keys())

    def subject(self) -> tuple[str, int | None] | None:
        """Return the run that is shown, and its job."""
        return self._job, self._run

    def action_next_match(self) -> None:
        """Go to the next match."""
        self.page.find(1)
        self.update(self.home.now())

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self.page.find(-1)
        self.update(self.home.now())

    def action_compare(self) -> None:
        """Put the run beside the last good one."""
        self.home.open_comparison(self._job, self._run)

    def action_back(self) -> None:
        """End the search, or go back."""
        if self.page.words or self.query_one("#search").has_class("shown"):
            self.page.words = ""
            self._close_search()
            self.update(self.home.now())
        else:
            self.dismiss()

    # -- all of it -------------------------------------------------------------------------------

    def action_pager(self) -> None:
        """Open the whole output in $PAGER."""
        self.run_worker(self._page_all(self._run), group="all", exclusive=True)

    async def _page_all(self, run: int) -> None:
        try:
            self._run_pager(await read_whole_output(self.home.control, run))
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)

    def _run_pager(self, text: str) -> None:
        pager = shlex.split(os.environ.get("PAGER") or "less")
        try:
            with tempfile.NamedTemporaryFile("w", prefix="cronterm-", suffix=".log") as file:
                file.write(text)
                file.flush()
                with self.app.suspend():
                    subprocess.run([*pager, file.name], check=False)
        except OSError as error:
            self.home.tell(f"{pager[0]}: {error.strerror}", is_bad=True)
        self.app.refresh(layout=True)

    def action_save(self) -> None:
        """Write the whole output into a file of this directory."""
        self.run_worker(self._save(self._run), group="all", exclusive=True)

    async def _save(self, run: int) -> None:
        try:
            text = await read_whole_output(self.home.control, run)
            save(self.home, f"{self._job}-{run}.log", text, far=f"cronterm logs {run}")
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)


async def read_whole_output(control: Control, run: int) -> str:
    """Return all output of a run, its tries one after another, made safe."""
    detail = await control.query(ReadRun(run=run))
    found: list[bytes] = []
    for attempt in detail.attempts if isinstance(detail, RunDetail) else ():
        offset: int | None = 0
        while offset is not None:
            query = ReadOutput(
                run=run, attempt=attempt.attempt, offset=offset, max_bytes=CHUNK_BYTES
            )
            part = await control.query(query)
            if not isinstance(part, OutputPart):
                break
            found += [chunk.data for chunk in part.chunks]
            is_more = part.chunks and offset < part.next_offset < part.end_offset
            offset = part.next_offset if is_more else None
    return sanitize(b"".join(found).decode("utf-8", "replace"))
