"""One job: overview, runs, log, alerts, why, schedule, config."""

import asyncio

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.widget import Widget
from textual.worker import Worker

from cronterm.clock import SECOND, Instant
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.model.alert import Alert
from cronterm.model.decision import Decisions
from cronterm.model.event import AnyEvent, JobRenamed
from cronterm.model.query import Alerts, ListAlerts, ListRuns, ReadDecisions, Runs
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.about import is_about
from cronterm.tui.alert_list import shown_alerts
from cronterm.tui.history import read_last_line, read_next
from cronterm.tui.keymap import JobTab, bindings
from cronterm.tui.picture import Picture
from cronterm.tui.record import RUNS_READ, Record, read_record
from cronterm.tui.screens.config_tab import ConfigTab
from cronterm.tui.screens.job_page import JobPage
from cronterm.tui.screens.schedule_tab import ScheduleTab
from cronterm.tui.widgets.alert_boxes import JobAlertsBox
from cronterm.tui.widgets.facts import (
    TABS,
    Head,
    RunsBox,
    ScheduleBox,
    newest_first,
)
from cronterm.tui.widgets.frames import FrameRow, TabFrame
from cronterm.tui.widgets.panels import ChartPanel, Panel
from cronterm.tui.widgets.rows import RowsBox
from cronterm.tui.widgets.run_log import RunLog
from cronterm.tui.widgets.schedule_boxes import ComingBox, WeekBox
from cronterm.tui.widgets.scrolled import Scrolled
from cronterm.tui.widgets.statistics_box import StatisticsBox
from cronterm.tui.widgets.why_box import WhyBox
from cronterm.tui.words import short_moment, took_text

OUTPUTS_READ = 25
READ_EVERY = SECOND  # after an event; the reading may take as long again


class Detail(JobPage):
    """A job's page."""

    BINDINGS = bindings("detail")  # Textual reads it from the class
    where = "detail"
    needs_size = False

    def __init__(self, picture: Picture, job: str, tab: JobTab = "Overview") -> None:
        """`tab` is shown first."""
        super().__init__(picture)
        self._tab = tab
        self.job = job
        self.place = job
        self._past: dict[int, Alert] = {}
        """The alerts that are over."""
        self._has_alerts = False  # before they are read
        self._fetching: Worker[None] | None = None
        """Reads all that the page shows."""
        self._is_stale = False
        self._read_at: Instant = 0
        self._has_boxes = asyncio.Event()

    def body(self) -> ComposeResult:
        """Give the boxes; the tab chooses which are shown."""
        head = Head(self.picture, id="job-head")
        head.tab = self._tab
        yield head
        with TabFrame(id="job", classes=self._tab.lower()):
            with FrameRow(id="job-facts"):
                yield ScheduleBox(self.picture, id="job-schedule")
                yield StatisticsBox(self.picture, id="job-statistics")
            yield ChartPanel(self.picture, id="job-chart")
            yield RunsBox(self.picture, id="job-runs")
            yield RunLog(id="job-log")
            yield JobAlertsBox(self.picture, id="job-alerts")
            yield WhyBox(id="job-why")
            yield ScheduleTab(self.picture, id="job-plan")
            yield ConfigTab(self.picture, id="job-file")

    @property
    def runs(self) -> RunsBox:
        """The runs."""
        return self.query_one(RunsBox)

    @property
    def row(self) -> RunRow | None:
        """The run under the cursor."""
        runs = self.runs
        return runs.runs[runs.cursor] if runs.cursor < len(runs.runs) else None

    @property
    def alerts(self) -> JobAlertsBox:
        """The alerts of the job."""
        return self.query_one(JobAlertsBox)

    @property
    def plan(self) -> ScheduleTab:
        """The schedule of the job."""
        return self.query_one(ScheduleTab)

    @property
    def file(self) -> ConfigTab:
        """The job in its file."""
        return self.query_one(ConfigTab)

    @property
    def log_pane(self) -> RunLog:
        """The log of the run under the cursor."""
        return self.query_one(RunLog)

    def read_ahead(self) -> None:
        """Look the job up."""
        self._look()

    def on_mount(self) -> None:
        """Take what was read."""
        self._first_box().focus()
        self._has_boxes.set()
        if self._fetching is None:
            self._look()

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        for panel in self.query(Panel):
            if panel.is_shown and not isinstance(panel, JobAlertsBox | ComingBox | WeekBox):
                panel.update(now, self.job)
        self.set_class(self.query_one(ScheduleBox).is_crowded(), "crowded")
        log = self.log_pane
        if log.display:
            log.unknown = self.picture.or_not_known("")
            log.update()
            log.entitle(self._log_title(log.row, now) if log.row is not None else "Log")
        self._update_told(now)
        if not (self.plan.is_complete and self.file.is_mounted):
            return  # their own boxes are not there yet
        if self.plan.display:
            self.plan.update(now, self.job)
            if self.plan.needs_reading(now):
                self.read_anew(self._read_plan, "plan")
        edit, editor = self.home.key("edit"), self.home.key("editor")
        self.file.update(f"{edit} edits · {editor} opens $EDITOR")
        if self._is_stale:
            self.look_again()

    def _log_title(self, row: RunRow, now: Instant) -> str:
        goes_on = row.outcome is None and row.started_at is not None
        took = f" · {took_text(row, self.picture.known_at(now))}" if goes_on else ""
        return f"Log · run {row.run}{took}{self.log_pane.dropped}"

    def _update_told(self, now: Instant) -> None:
        """Draw the alerts and the sentences."""
        alerts, why = self.alerts, self.query_one(WhyBox)
        known = {**self._past, **self.picture.snapshot.alerts}
        own = [alert for alert in known.values() if alert.job == self.job]
        alerts.show(shown_alerts(own, self.picture.snapshot.mutes, now, reach="all"))
        none = "the history has no alert of it" if self._has_alerts else "reading…"
        alerts.empty = self.picture.or_not_known(none)
        alerts.update(now, self.job)
        its_run, all_alerts = self.home.key("open_run"), self.home.key("view_alerts")
        place = f"{alerts.position} · {its_run} its run · {all_alerts} all alerts"
        mute = self.picture.mute(self.job, now)
        muted = f" · muted until {short_moment(mute.until, now)}" if mute is not None else ""
        alerts.entitle(f"Alerts of {self.job}{muted}", place)
        nothing = "nothing was decided about it yet" if why.is_read else "reading…"
        why.empty = self.picture.or_not_known(nothing)
        asked = sanitize_line(self.picture.command("why", self.job))
        ways = (asked, asked if " -H " in asked else f"cronterm why {self.job}")
        room = (why.size or self.size).width - 4
        way = next((way for way in ways if cell_len(way) <= room), "")
        why.entitle(f"Why {self.job}", way)
        why.repaint()

    def take_event(self, event: AnyEvent) -> None:
        """Read again what an event changed of the job, and follow its name."""
        if isinstance(event, JobRenamed) and event.old == self.job:
            self.job = self.place = event.job
        if is_about(event, self.job):
            self.look_again()

    def look_again(self) -> None:
        """Look everything up again, once what is being read is there, and not all the time."""
        self._is_stale, now = True, self.home.now()
        is_over = self._fetching is None or self._fetching.is_finished
        if is_over and now - self._read_at >= READ_EVERY:
            self._read_at = now
            self._look()

    def on_run_log_changed(self) -> None:
        """Draw what was read."""
        self.log_pane.update()

    def take_output(self, output: Output) -> None:
        """Append live output of the run that is shown."""
        self.log_pane.take_output(output)

    def _look(self) -> None:
        self._is_stale = False
        self._fetching = self.run_worker(self._fetch(self.job), group="detail", exclusive=True)

    async def _fetch(self, job: str) -> None:
        control = self.home.control
        # What takes longest is asked first.
        rows = asyncio.ensure_future(control.query(ListRuns(job=job, limit=RUNS_READ)))
        past, coming = read_record(control, job), read_next(control, job)
        answers = await asyncio.gather(past, coming, rows, return_exceptions=True)
        await self._has_boxes.wait()
        self._take(*answers)
        self.update(self.home.now())
        self.read_anew(self._read_tab, "tab")
        await self._read_told(job)
        self.update(self.home.now())
        await self._read_outputs()
        self.update(self.home.now())

    def _take(self, record: object, coming: object, found: object) -> None:
        """Take what was read; of what was not the banner says why: the engine is gone."""
        if isinstance(found, Runs):
            self.runs.show(newest_first(found.rows))
        if isinstance(coming, tuple):
            self.query_one(ScheduleBox).coming = coming
        if isinstance(record, Record):
            record.runs = self.runs.runs
            self.query_one(StatisticsBox).record = record

    async def _read_tab(self) -> None:
        """Read what only the shown tab has."""
        if self.plan.display:
            await self._read_plan()
        if self.file.display:
            await self.file.read(self.home.control, self.job)
        await self._load_log()
        self.update(self.home.now())

    async def _read_plan(self) -> None:
        """Read what comes of the job."""
        await self.plan.read(self.home.control, self.job, self.home.now())
        self.update(self.home.now())

    async def _read_told(self, job: str) -> None:
        """Read the alerts that are over, and why things are as they are."""
        control, why = self.home.control, self.query_one(WhyBox)
        try:
            found, told = await asyncio.gather(
                control.query(ListAlerts(job=job, closed=True, limit=RUNS_READ)),
                control.query(ReadDecisions(job=job)),
                return_exceptions=True,
            )
            if isinstance(found, Alerts):
                self._past = {each.id: each for each in found.alerts if each.closed_at is not None}
                self._has_alerts = True
            if isinstance(told, Decisions):
                why.sentences = tuple(map(self.picture.from_here, told.sentences))
                self.query_one(ScheduleBox).skipped_by = {
                    each.due_at: each.message for each in told.decisions if each.reason == "user"
                }
            row = self.row
            if row is not None and row.scheduled_at is not None:
                told = await control.query(ReadDecisions(job=job, at=row.scheduled_at, limit=3))
                why.about = f"run {row.run}" if row.run is not None else "the selected row"
                why.details = told.past if isinstance(told, Decisions) else ()
            else:
                why.details = ()
        except CrontermError:
            pass  # nothing was ever decided about it: the box says so
        why.is_read = True

    async def _read_outputs(self) -> None:
        """Read what the newest ended runs printed last, each once."""
        runs = self.runs
        for row in runs.runs[:OUTPUTS_READ]:
            if row.run is None or row.ended_at is None or row.run in runs.outputs:
                continue
            line = await read_last_line(self.home.control, row.run)
            if line is not None:
                runs.outputs[row.run] = line

    async def _load_log(self) -> None:
        """Read the log of the run under the cursor, or of the newest that started."""
        runs = self.runs
        here = [runs.runs[runs.cursor], *runs.runs] if runs.runs else []
        run = next((row.run for row in here if row.run is not None), None)
        if run is not None and self.log_pane.display:
            await self.log_pane.load(self.home.control, run)

    def action_tab(self, by: int) -> None:
        """Show another tab."""
        head = self.query_one(Head)
        head.tab = TABS[(TABS.index(head.tab) + by) % len(TABS)]
        self.query_one(TabFrame).show_tab(head.tab.lower())
        self._first_box().focus()
        self.update(self.home.now())
        self.read_anew(self._read_tab, "tab")

    def _pane(self) -> Widget:
        """Return what the keys move in: of the shown tab what has the focus, or its first box."""
        has_moves = isinstance(self.focused, RowsBox | Scrolled) and bool(self.focused.region)
        return self.focused if self.focused is not None and has_moves else self._first_box()

    def _first_box(self) -> Widget:
        """Return what has the focus first in the shown tab."""
        shown: dict[str, Widget] = {
            "Log": self.log_pane,
            "Alerts": self.alerts,
            "Why": self.query_one(WhyBox),
            "Schedule": self.plan.coming,
            "Config": self.file.written,
        }
        return shown.get(self.query_one(Head).tab, self.runs)

    def action_step(self, by: int) -> None:
        """Move among the runs, the alerts or what comes, or scroll."""
        pane = self._pane()
        if isinstance(pane, RowsBox | Scrolled):
            pane.action_move(by)
        else:
            runs = self.runs
            runs.cursor = max(0, min(runs.cursor + by, len(runs.runs) - 1))
        self.update(self.home.now())

    def action_turn(self, by: int) -> None:
        """Move by pages."""
        self.action_step(by * max(self._pane().size.height - 1, 1))

    def action_next_job(self, by: int) -> None:
        """Show the next job of the table, or the one before."""
        jobs = self.home.shown_jobs()
        if self.job in jobs:
            self.job = self.place = jobs[(jobs.index(self.job) + by) % len(jobs)]
            self._clear()
            self.update(self.home.now())
            self._look()

    def _clear(self) -> None:
        """Show nothing of the job before, and nothing that is still read of it."""
        self.workers.cancel_node(self)
        self.runs.show([])
        self._past = {}
        self.query_one(ScheduleBox).coming = ()
        self.query_one(StatisticsBox).record = None
        self.query_one(WhyBox).clear()
        self.log_pane.clear()
        self.plan.clear()
        self.file.clear()

    def take(self) -> str | None:
        """Return the job."""
        return self.job

    def subject(self) -> tuple[str, int | None] | None:
        """Return the job with the selected run."""
        return self.job, self._run_here()[0]

    def _run_here(self) -> tuple[int | None, str]:
        """Return the run that the shown tab is about, by its cursor, or why it is about none."""
        if self.alerts.display:
            alert = self.alerts.chosen
            return alert.run if alert else None, "no run is behind an alert here"
        row = (self.log_pane.row if self.log_pane.display else None) or self.row
        return row.run if row else None, "nothing ran there" if row else self.runs.empty_text

    def _chosen_run(self) -> int | None:
        """Return the run that the shown tab is about; say so without one."""
        run, why = self._run_here()
        if run is None:
            self.home.tell(why)
        return run

    def action_open_run(self) -> None:
        """Open the log of the run, or of that which the alert is about."""
        if (run := self._chosen_run()) is not None:
            self.home.open_run(self.job, run)

    def action_compare(self) -> None:
        """Put the run beside the last good one."""
        if (run := self._chosen_run()) is not None:
            self.home.open_comparison(self.job, run)

    def action_again(self) -> None:
        """Run the run again, with changes or without."""
        if (run := self._chosen_run()) is not None:
            self.home.ask_again(run)

    def action_back(self) -> None:
        """Go back."""
        self.dismiss()

    def action_logs(self) -> None:
        """Open the log of the last run."""
        self.home.open_log(self.job)
