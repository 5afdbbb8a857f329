"""The dashboard: the jobs, their log, and at the side what deserves a look."""

from functools import partial

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from cronterm.clock import SECOND, Instant
from cronterm.model.event import AnyEvent, JobAdded, JobRenamed, RunQueued
from cronterm.tui.filter import TERMS
from cronterm.tui.filter_doubt import doubt_about
from cronterm.tui.job_order import SORTS
from cronterm.tui.keymap import bindings
from cronterm.tui.screens.columns_dialog import FITTING, AskColumns
from cronterm.tui.screens.dialogs import AskList, Choice
from cronterm.tui.screens.job_page import JobPage
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.columns import BY_KEY, COLUMNS
from cronterm.tui.widgets.errors_panel import ErrorsPanel
from cronterm.tui.widgets.filter_line import FilterLine
from cronterm.tui.widgets.frames import Frame
from cronterm.tui.widgets.guide import Guide, is_there, is_to_begin_with
from cronterm.tui.widgets.panels import (
    AlertsPanel,
    ChartPanel,
    NextPanel,
    Panel,
    SelectedPanel,
    SystemPanel,
)
from cronterm.tui.widgets.stream_log import StreamLog
from cronterm.tui.widgets.table import JobTable

WIDE = 160
ZOOMS = ("jobs", "log")
WORDS_OF_JOBS = "job  !job  #tag  is:failing  last:<1h  took:>5m  /pattern/"
WORDS_OF_LOG = "part of a line, or of a job's name"
judge = partial(doubt_about, terms=TERMS)


class Dashboard(JobPage):
    """The one view of this version."""

    BINDINGS = bindings("jobs")  # Textual reads it from the class
    _second = 0
    _is_left = False
    """For another page; a question leaves it where it is."""
    _marks_are_newer = False
    """Something was marked after the filter was typed: escape ends the marks first."""
    _wanted = ""
    """A job that was just added: the cursor goes there."""

    def body(self) -> ComposeResult:
        """Give the table, the log and the side."""
        with Frame(id="body"):
            yield JobTable(self.picture, id="jobs")
            yield StreamLog(self.picture, id="log")
            with Vertical(id="side"):
                yield SystemPanel(self.picture, id="system")
                yield ChartPanel(self.picture, id="chart")
                yield SelectedPanel(self.picture, id="selected")
                yield ErrorsPanel(self.picture, id="errors")
                yield AlertsPanel(self.picture, id="alerts")
                yield NextPanel(self.picture, id="next")
        yield Guide()
        yield FilterLine(WORDS_OF_JOBS, "filter the jobs", judge, id="filter")

    def on_mount(self) -> None:
        """Begin on the table, as it was left."""
        layout = self.home.layout
        self.table.sort = layout.word("sort", SORTS) or "next"
        self.table.is_reversed = layout.flag("reversed")
        self.table.is_grouped = layout.flag("grouped")
        self.table.columns = layout.words("columns", BY_KEY) or ()
        if (pane := layout.word("zoom", ZOOMS)) is not None:
            self.add_class(f"zoom-{pane}")
        (self.log_pane if pane == "log" else self.table).focus()

    def on_screen_suspend(self) -> None:
        """Note whether another page is what covers this one."""
        self._is_left = self.app.screen is not self and isinstance(self.app.screen, Page)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Begin on the table again after another page, where it is seen."""
        if self._is_left and not self.has_class("zoom-log"):
            self.table.focus()
        self._is_left = False

    @property
    def table(self) -> JobTable:
        """The job table."""
        return self.query_one(JobTable)

    @property
    def log_pane(self) -> StreamLog:
        """The log stream."""
        return self.query_one(StreamLog)

    def on_resize(self, event: events.Resize) -> None:
        """Put the side where the layout wants it: beside the log, or beside everything."""
        body, side = self.query_one("#body"), self.query_one("#side")
        if self.size.width >= WIDE:
            body.move_child(side, before=self.log_pane)
        else:
            body.move_child(side, after=self.log_pane)
        self.call_after_refresh(lambda: self._update_panels(self.home.now()))

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        table, log = self.table, self.log_pane
        table.update(now)
        has_jobs = bool(self.picture.snapshot.jobs) or not self.picture.is_live
        self.set_class(not has_jobs, "no-jobs")
        self._entitle_table()
        log.update(now)
        log.entitle(log.title, log.status)
        self._update_guide()
        if now // SECOND != self._second:  # the panes at the side: once a second is enough
            self._second = now // SECOND
            self._update_panels(now)

    def show_job(self, job: str, *, comes_back: bool = False) -> None:
        """Put the cursor on a job, as soon as it is there.

        One that `comes_back` may be there still: that it is gone has not been heard yet.
        """
        is_there = job in self.picture.snapshot.jobs
        self._wanted = job if comes_back or not is_there else ""
        if is_there:
            self.table.order()
            self.table.go_to(job)

    def _entitle_table(self) -> None:
        """Say how many jobs there are, in which order, and where the cursor is."""
        table = self.table
        filtered = f" · /{table.filter}" if table.filter else ""
        hidden = len(table.marked.difference(table.jobs))
        seen = f"{len(table.marked) - hidden} of " if hidden else ""
        marked = f" · {seen}{len(table.marked)} marked" if table.marked else ""
        every, shown = len(self.picture.snapshot.jobs), len(table.jobs)
        count = f"{shown} of {every}" if table.filter else f"{every}"
        title = f"Jobs {count} · sort {table.sort.upper()} {table.direction}{filtered}{marked}"
        table.entitle(title + table.hidden, table.position)

    # -- the first minute ------------------------------------------------------------------------

    @property
    def guide(self) -> Guide:
        """The first steps; hidden but for a person who is new here."""
        return self.query_one(Guide)

    def _update_guide(self) -> None:
        guide, snapshot = self.guide, self.picture.snapshot
        is_new = not self.home.tastes.flag("guided")
        if not guide.display and self.picture.is_live and is_new:
            guide.display = is_to_begin_with(snapshot) and not self.picture.is_read_only
        if guide.display:
            guide.has_jobs, guide.may_sample = bool(snapshot.jobs), not is_there(snapshot)
            if guide.is_over and is_new:
                self.home.tastes.put(guided=True)
            guide.repaint()

    def take_event(self, event: AnyEvent) -> None:
        """Tick off what a person did, go to what they added, stay where a name changed."""
        if isinstance(event, JobRenamed) and event.old == self.table.cursor:
            self._wanted = event.job
        if isinstance(event, JobAdded | JobRenamed) and self._wanted in self.picture.snapshot.jobs:
            self.show_job(self._wanted)
        if isinstance(event, RunQueued) and event.cause.kind == "manual":
            self.guide.has_run = True

    def _update_panels(self, now: Instant) -> None:
        for panel in self.query(Panel):
            if panel.display:
                panel.update(now, self.table.cursor)

    # -- finding ---------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the filter of the pane that has the focus."""
        is_log = self.log_pane.has_focus
        line = self.query_one(FilterLine)
        line.placeholder = WORDS_OF_LOG if is_log else WORDS_OF_JOBS
        line.purpose = "filter the log" if is_log else "filter the jobs"
        line.judge = None if is_log else judge
        line.set_class(is_log, "for-log")
        line.open_with(self.log_pane.filter if is_log else self.table.filter)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id == "filter":
            self._set_filter(event.value)

    def _set_filter(self, words: str) -> None:
        if self.query_one("#filter").has_class("for-log"):
            self.log_pane.filter = words
        else:
            self.table.filter_by(words)
        self._marks_are_newer = False
        self.update(self.home.now())

    def on_input_submitted(self) -> None:
        """Keep the filter and go back to the pane."""
        self._close_filter()

    def action_clear(self) -> None:
        """Clear the line for filtering, hide the first steps, or end marks, filter or zoom.

        Each by a press of its own: of marks and filter first what is newer.
        """
        if self.query_one(FilterLine).is_open:
            self._set_filter("")
            self._close_filter()
        elif self.guide.display:
            self.guide.display = False
            self.home.tastes.put(guided=True)
        elif not self._end_newest():
            self._zoom(None)

    def _end_newest(self) -> bool:
        """End the marks or the filters, and tell that the others are left; False without any."""
        table, log = self.table, self.log_pane
        are_seen = bool(table.marked.intersection(table.jobs))
        has_filter = bool(table.filter or log.filter)
        if not table.marked and not has_filter:
            return False
        key = self.home.key("clear")
        if table.marked and (not has_filter or (self._marks_are_newer and are_seen)):
            table.marked.clear()
            left = f"nothing is marked any more: {key} ends the filter too" if has_filter else ""
        else:
            log.filter = ""
            if table.filter:
                table.filter_by("")
            left = f"the filter has ended: {key} ends the marks too" if table.marked else ""
        if left:
            self.home.tell(left)
        self.update(self.home.now())
        return True

    def _close_filter(self) -> None:
        line = self.query_one(FilterLine)
        is_log = line.has_class("for-log")
        line.close()
        (self.log_pane if is_log else self.table).focus()
        self.query_one(KeyBar).show(self.keys())

    def action_sort(self) -> None:
        """Ask for the column to sort by; with no jobs, write a sample file."""
        if not self.picture.snapshot.jobs:
            self.home.write_sample()
            return
        table = self.table
        choices = [Choice(f"sort_{word}", f"{word:<10}", word) for word in SORTS]
        here = SORTS.index(table.sort)
        question = AskList("Sort by", [], choices, where="sort", chosen=here)
        self.home.ask(question, self._sort_by)

    def _sort_by(self, answer: str) -> None:
        self.table.sort_by(next(word for word in SORTS if word == answer))

    def action_reverse(self) -> None:
        """Sort the other way."""
        table = self.table
        table.sort_by(table.sort, is_reversed=not table.is_reversed)

    def action_group(self) -> None:
        """Show the jobs in groups, or in one list."""
        self.table.toggle_groups()

    def action_fold_all(self, is_folded: bool) -> None:
        """Fold or unfold every group."""
        self.table.fold_all(is_folded=is_folded)

    def action_across(self, by: int) -> None:
        """Fold or unfold, or bring the columns of a side into view."""
        self.table.go_across(by)
        self.update(self.home.now())

    def action_columns(self) -> None:
        """Ask which columns are shown."""
        table = self.table
        shown = [column.key for column in COLUMNS if column.key in table.shown_columns]
        self.home.ask(AskColumns(shown), self._choose_columns)

    def _choose_columns(self, answer: str) -> None:
        self.table.choose_columns(() if answer == FITTING else answer.split())

    def on_job_table_arranged(self) -> None:
        """Draw the new order, and keep it for the next time."""
        self.update(self.home.now())
        table = self.table
        self.home.remember(
            sort=None if table.sort == "next" else table.sort,
            reversed=table.is_reversed or None,
            grouped=table.is_grouped or None,
            columns=table.columns or None,
        )

    def action_zoom(self) -> None:
        """Let the focused pane fill the screen, or put it back."""
        pane = "log" if self.log_pane.has_focus else "jobs"
        self._zoom(None if self.has_class(f"zoom-{pane}") else pane)

    def _zoom(self, pane: str | None) -> None:
        for each in ZOOMS:
            self.set_class(each == pane, f"zoom-{each}")
        self.home.remember(zoom=pane)

    def action_follow(self) -> None:
        """Follow the log, or stand still; say so at once."""
        self.log_pane.toggle_follow()
        self.update(self.home.now())

    def action_mark(self) -> None:
        """Mark the job under the cursor and go on."""
        self.table.mark()
        self._marks_are_newer = True
        self.update(self.home.now())

    def action_mark_all(self) -> None:
        """Mark all that is shown, or nothing."""
        table = self.table
        table.marked = set() if table.marked else set(table.jobs)
        self._marks_are_newer = True
        self.update(self.home.now())

    def on_job_table_moved(self) -> None:
        """Draw what is about the selected job, and say where it is."""
        self._entitle_table()
        self._update_panels(self.home.now())

    def on_job_table_opened(self) -> None:
        """Open what was clicked twice."""
        self.action_open()

    # -- doing (the app knows how) ---------------------------------------------------------------

    def take(self) -> str | None:
        """Return the job under the cursor."""
        return self.table.take()

    def acted_on(self) -> list[str]:
        """Return the marked jobs, those of the group under the cursor, or the one under it."""
        jobs, table = self.table.chosen(), self.table
        if table.marked and not jobs:
            self.home.tell(f"no marked job is shown: {self.home.key('clear')} ends the filter")
        return jobs

    def action_open(self) -> None:
        """Open the job, or fold the group."""
        if self.table.toggle_fold():
            return
        if (job := self.take()) is not None:
            self.home.open_job(job)
        elif not self.picture.snapshot.jobs:
            self.home.edit_job(None)

    def action_pause_all(self) -> None:
        """Pause or resume everything."""
        self.home.toggle_pause_all()

    def action_add(self) -> None:
        """Open the form for a new job."""
        self.home.edit_job(None)

    def action_logs(self) -> None:
        """Open the log of the last run, of marked jobs together."""
        self.guide.has_looked = True
        marked = [job for job in self.table.jobs if job in self.table.marked]
        if len(marked) > 1:
            self.home.open_logs(marked)
        elif (job := self.take()) is not None:
            self.home.open_log(job)

    def action_compare(self) -> None:
        """Put the last failed run of the job beside the last good one before it."""
        if (job := self.take()) is not None:
            failed = self.picture.snapshot.jobs[job].last_failed
            if failed is None or failed.run is None:
                self.home.tell(f"no run of {job} has failed of late: there is nothing to compare")
            else:
                self.home.open_comparison(job, failed.run)

    def action_again(self) -> None:
        """Run the last run of the job again, with changes or without."""
        if (job := self.take()) is not None:
            last = self.picture.snapshot.jobs[job].last
            if last is None or last.run is None:
                self.home.tell(f"{job} has not run yet")
            else:
                self.home.ask_again(last.run)

    def action_quit_screen(self) -> None:
        """Leave, after asking what becomes of the engine this screen started."""
        self.home.ask_quit()
