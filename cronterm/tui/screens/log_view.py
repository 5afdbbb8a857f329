"""The log of a run, or of several together: followed, opened in a pager, saved."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from typing import TextIO

from cronterm.clock import Instant
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.model.event import AnyEvent
from cronterm.model.query import ListRuns, Runs
from cronterm.tui.keymap import bindings
from cronterm.tui.log_chain import chain_of
from cronterm.tui.log_copy import read_whole_output
from cronterm.tui.log_source import Wish
from cronterm.tui.picture import Picture
from cronterm.tui.saving import create
from cronterm.tui.screens.log_searching import LogSearching
from cronterm.tui.screens.page import RunChange
from cronterm.tui.words import day_moment, row_text, took_text

BESIDE = 500  # runs of a job that `<` and `>` reach
MOST_RUNS = 12  # together: more than that nobody tells apart


class LogView(LogSearching):
    """The log of a run; `<` and `>` go to the runs before and after. Or of several, merged."""

    BINDINGS = bindings("log")  # Textual reads it from the class
    where = "log"

    def __init__(self, picture: Picture, job: str, run: int, *more: int) -> None:
        super().__init__(picture)
        self._job = job
        """Of the run; empty where several are shown."""
        self._run = run
        self._runs: tuple[int, ...] = (run, *more)
        self.place = f"{job or f'{len(more) + 1} runs'} › log"

    def on_mount(self) -> None:
        """Read the run."""
        self.page.focus()
        self._open(*self._runs)

    def update(self, now: Instant) -> None:
        """Draw what came."""
        super().update(now)
        page = self.page
        page.unknown = self.picture.or_not_known("")
        page.entitle(self._title(now))
        page.update()
        self.show_found()

    def _title(self, now: Instant) -> str:
        row, view = self.page.row, self.page.view
        if view.is_merged:
            names = (f"{row.job} {row.run}" for row in view.rows.values())
            return f"{len(view.rows)} runs · {' · '.join(names)}{self.page.dropped}{self._only}"
        if row is None:
            return f"{self._job} · run {self._run}"
        when = day_moment(row.started_at, now) if row.started_at else "not started"
        sign = self.home.glyphs.states[row.outcome or "running"]
        is_timed = row.started_at and (row.ended_at or row.outcome is None)
        took = f" · {took_text(row, self.picture.known_at(now))}" if is_timed else ""
        how = f"{sign} {row_text(row)}{took}{self.page.dropped}"
        return f"{row.job} · run {row.run} · {how} · {when}{self._only}"

    @property
    def _only(self) -> str:
        """What of the lines is left out."""
        wish = self.page.view.wish
        only = " · stderr only" if wish.stream else ""
        return f"{only} · &{' '.join(wish.words)}" if wish.words else only

    def take_output(self, output: Output) -> None:
        """Append live output of this run."""
        self.page.take_output(output)

    def take_event(self, event: AnyEvent) -> None:
        """Read again of which run a try began or ended."""
        if isinstance(event, RunChange) and event.run in self.page.view.rows:
            self.look_again()

    def look_again(self) -> None:
        """Read what became of the runs."""
        self._open(*self._runs)

    def _open(self, *runs: int) -> None:
        self._runs = runs
        self.read_anew(partial(self.page.load, self.home.control, *runs), "log")

    async def _read_beside(self, by: int) -> None:
        if len(self._runs) > 1:
            self.home.tell("several runs are shown")
            return
        try:
            query = ListRuns(job=self._job, decisions=False, limit=BESIDE)
            runs = await self.home.control.query(query)
        except CrontermError as error:
            self.home.tell(self.picture.or_not_known(str(error)), is_bad=True)
            return
        numbers = [row.run for row in runs.rows if row.run] if isinstance(runs, Runs) else []
        if self._run in numbers:
            place = numbers.index(self._run) + by
            if 0 <= place < len(numbers):
                self.end_search()
                self._run = numbers[place]
                self._open(self._run)
            else:
                self.home.tell("there is no run before" if by < 0 else "this is the newest run")

    def action_older(self) -> None:
        """Show the run before."""
        self.run_worker(self._read_beside(-1), group="beside", exclusive=True)

    def action_newer(self) -> None:
        """Show the run after."""
        self.run_worker(self._read_beside(1), group="beside", exclusive=True)

    def action_chain(self) -> None:
        """Show the run with those that started it and that it started, or alone again."""
        if len(self._runs) == 1:
            self.run_worker(self._show_chain(self._run), group="beside", exclusive=True)
        elif self._job:
            self.end_search()
            self._open(self._run)

    async def _show_chain(self, run: int) -> None:
        try:
            runs = await chain_of(self.home.control, run)
        except CrontermError as error:
            self.home.tell(self.picture.or_not_known(str(error)), is_bad=True)
            return
        if len(runs) > 1:
            self.end_search()
            self._open(*runs[:MOST_RUNS])
        else:
            self.home.tell("no run started it, and it started none")

    def action_columns(self) -> None:
        """Show several runs side by side, or one below the other."""
        page = self.page
        page.is_side_by_side = not page.has_columns
        self.update(self.home.now())

    def action_follow(self) -> None:
        """Follow, or stand still."""
        page = self.page
        if page.view.is_following:
            page.stand_still()
            self.update(self.home.now())
        else:
            page.read(page.view.read_end)

    def action_wrap(self) -> None:
        """Wrap lines, or not."""
        self.page.toggle_wrap()
        self.update(self.home.now())

    def action_times(self) -> None:
        """Show times, or not."""
        self.page.shows_times = not self.page.shows_times
        self.update(self.home.now())

    def action_errors(self) -> None:
        """Show stderr only, or all."""
        wish = self.page.view.wish
        self._want(Wish(wish.words, "" if wish.stream else "err"))

    def subject(self) -> tuple[str, int | None] | None:
        """Return the run that is shown, and its job."""
        return (self._job, self._run) if self._job else None

    def action_copy(self) -> None:
        """Ask what to copy: the line that the eye is on, or something of its run."""
        line = self.page.printed_here
        if line is not None:
            row = self.page.view.sources[line.source].row
            self.home.ask_copy(row.job, row.run, line=line.text)
        else:
            super().action_copy()

    def action_again(self) -> None:
        """Run it again, with changes or without."""
        if self._job:
            self.home.ask_again(self._run)

    def action_stop(self) -> None:
        """Ask, then stop what of the shown runs goes on."""
        self.home.ask_stop_runs(self._runs)

    def action_compare(self) -> None:
        """Put the run beside the last good one."""
        if self._job:
            self.home.open_comparison(self._job, self._run)

    # -- all of it -------------------------------------------------------------------------------

    def action_pager(self) -> None:
        """Open the whole output in $PAGER."""
        self.run_worker(self._page_all(), group="all", exclusive=True)

    async def _page_all(self) -> None:
        try:
            with tempfile.NamedTemporaryFile("w", prefix="cronterm-", suffix=".log") as file:
                await self._write(file.write)
                file.flush()
                self._run_pager(file.name)
        except OSError as error:
            self.home.tell(f"{tempfile.gettempdir()}: {error.strerror}", is_bad=True)
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)

    def _run_pager(self, name: str) -> None:
        pager = shlex.split(os.environ.get("PAGER") or "less")
        try:
            with self.app.suspend():
                subprocess.run([*pager, name], check=False)
        except OSError as error:
            self.home.tell(f"{pager[0]}: {error.strerror}", is_bad=True)
        self.app.refresh().refresh(layout=True)

    def action_save(self) -> None:
        """Write the whole output into a file of this directory."""
        name = "-".join(map(str, [self._job or "runs", *self._runs])) + ".log"
        file = create(self.home, name, far=f"{self.picture.way} logs {self._run}")
        if file is not None:
            self.run_worker(self._save(file), group="all", exclusive=True)

    async def _write(self, write: Callable[[str], object]) -> None:
        """Write all output, of several runs one after the other under their names."""
        for row in self.page.view.rows.values():
            if len(self._runs) > 1:
                write(f"==> {row.job} {row.run} <==\n")
            async for text in read_whole_output(self.home.control, row.run or 0):
                write(text)

    async def _save(self, file: TextIO) -> None:
        try:
            with file:
                await self._write(file.write)
        except OSError as error:
            self.home.tell(f"{file.name}: {error.strerror}", is_bad=True)
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)
        else:
            self.home.tell(f"saved {file.name}")
