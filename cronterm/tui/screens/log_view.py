"""The log of one run: followed, searched, opened in a pager, saved."""

import asyncio
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TextIO

from textual.app import ComposeResult
from textual.widgets import Input
from textual.worker import Worker

from cronterm.clock import Instant
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.model.lines import counts_case
from cronterm.model.query import ListRuns, Runs
from cronterm.tui.keymap import bindings
from cronterm.tui.log_copy import read_whole_output
from cronterm.tui.log_count import Count
from cronterm.tui.log_search import Found, Search
from cronterm.tui.log_source import Wish
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.run_log import RunLog
from cronterm.tui.words import day_moment, duration, row_text

BESIDE = 500  # runs of a job that `<` and `>` reach
TYPED_S = 0.15  # after the last letter it is looked for
HINTS = {
    "search": "search: capitals count where you type any",
    "filter": "only lines with: capitals count where you type any",
}


class LogView(Page):
    """The log of a run; `<` and `>` go to the runs before and after."""

    BINDINGS = bindings("log")  # Textual reads it from the class
    where = "log"

    def __init__(self, picture: Picture, job: str, run: int) -> None:
        super().__init__(picture)
        self._job = job
        self._run = run
        self.place = f"{job} › log"
        self._typing = ""
        """What the line is open for: `search` or `filter`."""
        self._search: Search | None = None
        self._finder: Worker[None] | None = None
        self._matches: Count | None = None
        self._ordinal: int | None = None
        self._total: int | None = None

    def body(self) -> ComposeResult:
        """Give the log and the line for words."""
        yield RunLog(id="page")
        yield Input(id="search")

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
        page.entitle(self._title(now))
        page.update()
        if page.words and not self._typing:
            self.query_one(KeyBar).show(
                [], f"/{page.words}   {self.found} · n N next, before · esc"
            )

    def on_run_log_changed(self) -> None:
        """Draw what was read."""
        if self.is_mounted:
            self.update(self.home.now())

    def _title(self, now: Instant) -> str:
        row = self.page.row
        if row is None:
            return f"{self._job} · run {self._run}"
        took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
        when = day_moment(row.started_at, now) if row.started_at else "not started"
        sign = self.home.glyphs.states[row.outcome or "running"]
        took_text = f" · {duration(took)}" if took is not None else ""
        wish = self.page.view.wish
        only = " · stderr only" if wish.stream else ""
        only += f" · &{' '.join(wish.words)}" if wish.words else ""
        return f"{row.job} · run {row.run} · {sign} {row_text(row)}{took_text} · {when}{only}"

    def take_output(self, output: Output) -> None:
        """Append live output of this run."""
        self.page.take_output(output)

    def reload(self, run: int) -> None:
        """Read the run again: a try began or ended."""
        if run in self.page.view.rows:
            self._open(self._run)

    def _open(self, run: int) -> None:
        self._run = run
        self.run_worker(self.page.load(self.home.control, run), group="log", exclusive=True)

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
                self._end_search()
                self._open(numbers[place])
            else:
                self.home.tell("there is no run before" if by < 0 else "this is the newest run")

    def action_older(self) -> None:
        """Show the run before."""
        self.run_worker(self._read_beside(-1), group="beside", exclusive=True)

    def action_newer(self) -> None:
        """Show the run after."""
        self.run_worker(self._read_beside(1), group="beside", exclusive=True)

    def action_follow(self) -> None:
        """Follow, or stand still."""
        page = self.page
        if page.view.is_following:
            page.view.stand_still()
            self.update(self.home.now())
        else:
            page.read(page.view.read_end())

    def action_wrap(self) -> None:
        """Wrap lines, or not."""
        self.page.wraps = not self.page.wraps
        self.update(self.home.now())

    def action_times(self) -> None:
        """Show times, or not."""
        self.page.shows_times = not self.page.shows_times
        self.update(self.home.now())

    def action_errors(self) -> None:
        """Show stderr only, or all."""
        wish = self.page.view.wish
        self._want(Wish(wish.words, "" if wish.stream else "err"))

    def _want(self, wish: Wish) -> None:
        self._end_search()
        self.page.want(wish)

    # -- marks -----------------------------------------------------------------------------------

    def action_mark_line(self) -> None:
        """Mark the line that the eye is on, with the time."""
        self.page.mark(self.home.now())
        self.update(self.home.now())

    def action_go_to_mark(self, by: int) -> None:
        """Go to the next mark, or the one before."""
        line = self.page.marks.step(by)
        if line is None:
            self.home.tell("no line is marked; m marks one")
        else:
            self.page.read(self.page.view.show(line))

    # -- searching and filtering -----------------------------------------------------------------

    def action_search(self) -> None:
        """Open the line to search."""
        self._open_line("search", self.page.words)

    def action_filter_lines(self) -> None:
        """Open the line to filter."""
        self._open_line("filter", " ".join(self.page.view.wish.words))

    def _open_line(self, purpose: str, words: str) -> None:
        self._typing = purpose
        line = self.query_one("#search", Input)
        line.placeholder = HINTS[purpose]
        line.value = words
        line.set_class(True, "shown")
        line.focus()
        self.query_one(KeyBar).show([], f"{purpose}: ⏎ keep   esc clear")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look while it is typed."""
        if self._typing:
            work = self._apply_soon(self._typing, event.value)
            self.run_worker(work, group="typed", exclusive=True)

    async def _apply_soon(self, purpose: str, words: str) -> None:
        await asyncio.sleep(TYPED_S)
        self._apply(purpose, words)

    def _apply(self, purpose: str, words: str) -> None:
        if purpose == "filter":
            self._want(Wish(tuple(words.split()), self.page.view.wish.stream))
        elif words != self.page.words:
            self._begin_search(words)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the words and go back to the lines."""
        self.workers.cancel_group(self, "typed")
        self._apply(self._typing, event.value)
        self._close_line()

    def _close_line(self) -> None:
        self._typing = ""
        self.query_one("#search").set_class(False, "shown")
        self.page.focus()
        if not self.page.words:
            self.query_one(KeyBar).show(self.keys())
        self.update(self.home.now())

    def _begin_search(self, words: str) -> None:
        self._end_search()
        if not words:
            return
        view, control = self.page.view, self.home.control
        self.page.words = words
        self._search = Search(view.sources, view.wish, words, self.on_run_log_changed)
        self._matches = Count(control, self._search.wish)
        self._find(backwards=True)

    def _end_search(self) -> None:
        self.workers.cancel_group(self, "find")
        self.page.words, self.page.match = "", None
        self._search = self._matches = None
        self._ordinal = self._total = None

    def _find(self, *, backwards: bool) -> None:
        if self._search is not None:
            work = self._seek(self._search, backwards=backwards)
            self._finder = self.run_worker(work, group="find", exclusive=True)

    async def _seek(self, search: Search, *, backwards: bool) -> None:
        """Find the next match, show it, then count them all; between slices it may be stopped."""
        page, view = self.page, self.page.view
        here = view.window.index_of(page.match) if page.match is not None else None
        if here is None:
            here = view.top + view.height if backwards else view.top - 1
        places = view.window.places(here if backwards else here + 1)
        try:
            found = await search.find(places, backwards=backwards)
            if found is None:
                self._ordinal, self._total = None, 0
            else:
                self._count_on(found, -1 if backwards else 1)
                page.match = found.line
                page.read(view.show(found.line))
                await self._count_matches(found)
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)
        self.update(self.home.now())

    def _count_on(self, found: Found, by: int) -> None:
        """Note which match this is, where the one before is known."""
        if self._ordinal is None or self._total is None:
            self._ordinal = None
        elif found.is_around:
            self._ordinal = 1 if by > 0 else self._total
        else:
            self._ordinal += by

    async def _count_matches(self, found: Found) -> None:
        view, matches = self.page.view, self._matches
        if matches is None:
            return
        if self._ordinal is None and not view.is_merged:
            before = await matches.before(view.sources, found.line.source, found.line.place)
            self._ordinal = before + 1
        if self._total is None:
            self._total = await matches.all(view.sources)

    @property
    def found(self) -> str:
        """How many matches there are, and which one is shown."""
        is_looking = self._finder is not None and not self._finder.is_finished
        case = "exact" if counts_case(self.page.words) else "any case"
        if self.page.match is None and is_looking and self._search is not None:
            return f"looking, at {self._search.looked:.0%}, esc stops · {case}"
        total = "…" if self._total is None else f"{self._total:,}"
        which = f"{self._ordinal:,} of {total}" if self._ordinal is not None else total
        return f"{which} matches · {case}"

    def subject(self) -> tuple[str, int | None] | None:
        """Return the run that is shown, and its job."""
        return self._job, self._run

    def action_next_match(self) -> None:
        """Go to the next match."""
        self._find(backwards=False)

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self._find(backwards=True)

    def action_compare(self) -> None:
        """Put the run beside the last good one."""
        self.home.open_comparison(self._job, self._run)

    def action_back(self) -> None:
        """End what is typed, the search, the filter, or go back."""
        wish = self.page.view.wish
        if self._typing == "filter" or (wish.words and not self._typing and not self.page.words):
            self._want(Wish((), wish.stream))
            self._close_line()
        elif self._typing or self.page.words:
            self._end_search()
            self._close_line()
        else:
            self.dismiss()

    # -- all of it -------------------------------------------------------------------------------

    def action_pager(self) -> None:
        """Open the whole output in $PAGER."""
        self.run_worker(self._page_all(self._run), group="all", exclusive=True)

    async def _page_all(self, run: int) -> None:
        try:
            with tempfile.NamedTemporaryFile("w", prefix="cronterm-", suffix=".log") as file:
                async for text in read_whole_output(self.home.control, run):
                    file.write(text)
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
        self.app.refresh(layout=True)

    def action_save(self) -> None:
        """Write the whole output into a file of this directory."""
        path = Path(f"{self._job}-{self._run}.log").absolute()
        try:
            file = open(path, "x", encoding="utf-8")  # noqa: SIM115  closed by who writes it
        except OSError as error:
            self.home.tell(f"{path}: {error.strerror}", is_bad=True)
        else:
            self.run_worker(self._save(self._run, path, file), group="all", exclusive=True)

    async def _save(self, run: int, path: Path, file: TextIO) -> None:
        try:
            with file:
                async for text in read_whole_output(self.home.control, run):
                    file.write(text)
        except OSError as error:
            self.home.tell(f"{path}: {error.strerror}", is_bad=True)
        except CrontermError as error:
            self.home.tell(str(error), is_bad=True)
        else:
            self.home.tell(f"saved {path}")
