"""The timeline: what ran and what comes, on one axis, and the agenda below it."""

from functools import partial

import msgspec
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from cronterm.clock import SECOND, Instant, aware
from cronterm.errors import CrontermError
from cronterm.model.event import AnyEvent
from cronterm.model.query import ReadTimeline
from cronterm.model.timeline import Timeline
from cronterm.tui.agenda import foresee
from cronterm.tui.axis import ZOOMS, Axis
from cronterm.tui.filter_doubt import doubt_about
from cronterm.tui.keymap import bindings
from cronterm.tui.lane_filter import LANE_TERMS, filtered_jobs
from cronterm.tui.picture import Picture
from cronterm.tui.screens.job_page import JobPage
from cronterm.tui.screens.moment_dialog import MomentDialog
from cronterm.tui.screens.page import RunChange
from cronterm.tui.slot_record import read_slot
from cronterm.tui.widgets.agenda_box import AgendaBox
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.filter_line import FilterLine
from cronterm.tui.widgets.frames import Frame
from cronterm.tui.widgets.lanes import (
    AXIS_AND_LOAD,
    LanesBox,
    WindowLine,
    has_lanes,
    lanes_around,
)
from cronterm.tui.widgets.why_box import WhyBox

READ_EVERY = 30 * SECOND
READ_AGAIN = 2 * SECOND  # where something began or ended, and for a filter: no more often
AGENDA = 200
PAN_PART = 4  # of the axis a key moves it by
BARS = 4  # lines that are neither lanes nor agenda
LANES_PART = 70  # per cent
NARROW_PART = 40  # of it, for the lanes alone
LEAST_LANES = LEAST_AGENDA = 3
WIDE = 100  # columns; below, the agenda is what a person begins on


class TimelineView(JobPage):
    """Past and future of all jobs."""

    BINDINGS = bindings("timeline")  # Textual reads it from the class
    where = "timeline"
    view = "timeline"

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self._read_at: Instant = 0
        self._is_stale = True
        self._filtered_for = ""
        self._filtered_at: Instant = 0
        self._held: str | None = None
        """The job of the lane that something was done to."""
        self._run: int | None = None
        """The run in the slot under the cursor."""
        self._agenda_from: Instant = 0
        """The moment that was gone to: the agenda begins there if it is still to come."""

    def body(self) -> ComposeResult:
        """Give what is shown, the lanes and the agenda."""
        yield WindowLine(self.picture, id="window")
        yield LanesBox(self.picture, id="lanes")
        with Frame(id="timeline-foot"):
            yield AgendaBox(self.picture, id="agenda")
            yield WhyBox(id="why-here")
        hint = "job  !job  #tag  is:failing  had:missed  last:<1h  /pattern/"
        yield FilterLine(hint, "filter the jobs", partial(doubt_about, terms=LANE_TERMS))

    @property
    def lanes(self) -> LanesBox:
        """The lanes."""
        return self.query_one(LanesBox)

    @property
    def agenda(self) -> AgendaBox:
        """What comes."""
        return self.query_one(AgendaBox)

    @property
    def why(self) -> WhyBox:
        """Why it ran in the slot under the cursor, or did not."""
        return self.query_one(WhyBox)

    def on_mount(self) -> None:
        """Begin on the lanes where there is room for them."""
        (self.agenda if self.app.size.width < WIDE else self.lanes).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Read what the new width shows."""
        self._is_stale, self._read_at = True, 0
        self.call_after_refresh(lambda: self.update(self.home.now()))

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`; read what comes again where it is out of date."""
        super().update(now)
        self._show_lanes(self._filtered(now))
        line = self.query_one(WindowLine)
        line.zoom = self.lanes.zoom
        self._share_height()
        for panel in (line, self.lanes, self.agenda):
            panel.update(now, None)
        passed = now - self._read_at
        if passed >= READ_EVERY or (self._needs_reading(now) and passed >= READ_AGAIN):
            self._read()

    def _show_lanes(self, jobs: list[str]) -> None:
        """Show the lanes of jobs; the cursor stays on that to whose job something was done."""
        lanes, held = self.lanes, self._held
        if held in self.picture.snapshot.jobs and held in lanes.jobs:
            place = lanes.jobs.index(held)
            jobs = jobs if held in jobs else [*jobs[:place], held, *jobs[place:]]
            lanes.cursor = jobs.index(held)
        lanes.jobs, lanes.cursor = jobs, _within(lanes.cursor, len(jobs))

    def _filtered(self, now: Instant) -> list[str]:
        """Return the jobs whose lanes are shown."""
        lanes = self.lanes
        if not lanes.words or not lanes.size.width:
            return [*self.picture.snapshot.jobs]
        if self._filtered_for == lanes.words and now - self._filtered_at < READ_AGAIN:
            return lanes.jobs
        self._filtered_for, self._filtered_at = lanes.words, now
        since, until = lanes.axis.since, lanes.axis.until
        return filtered_jobs(self.picture, lanes.words, since=since, until=until, now=now)

    def _share_height(self) -> None:
        """Give the lanes what they need, up to most of the page and what the agenda leaves."""
        all_of = self.size.height - BARS
        around = AXIS_AND_LOAD + self.lanes.outer_size.height - self.lanes.size.height
        most = all_of * LANES_PART // 100
        if self.size.width < WIDE:
            most = all_of * NARROW_PART // 100 + around
        if self.lanes.timeline is not None and not self.why.display:
            most = max(most, all_of - self.agenda.wanted)
        most = max(min(max(most, LEAST_LANES + around), all_of - LEAST_AGENDA), 1)
        height = min(max(len(self.lanes.jobs), 1) + around, most)
        if self.has_class("zoom-lanes"):
            height = all_of
        self.lanes.styles.height = height

    def _needs_reading(self, now: Instant) -> bool:
        lanes = self.lanes
        if self._is_stale or self.agenda.is_old(now):
            return True
        seen = lanes.jobs[lanes.top : lanes.top + lanes.room]
        return lanes.timeline is not None and not has_lanes(lanes.timeline.lanes, seen)

    # -- reading ---------------------------------------------------------------------------------

    def take_event(self, event: AnyEvent) -> None:
        """Read again what began or ended."""
        if isinstance(event, RunChange):
            self.look_again()

    def look_again(self) -> None:
        """Read again soon."""
        self._is_stale = True

    def _read(self) -> None:
        if not self.lanes.size.width:
            return
        self._is_stale, self._read_at = False, self.home.now()
        self.read_anew(partial(self._read_timeline, self.lanes.axis), "timeline")

    async def _read_timeline(self, axis: Axis) -> None:
        lanes, agenda = self.lanes, self.agenda
        query = ReadTimeline(
            since=axis.since,
            slot=axis.slot,
            slots=axis.slots,
            jobs=lanes_around(lanes.jobs, lanes.top, max(lanes.room, 1)) or ("",),
            within=tuple(lanes.jobs) if lanes.words else None,
            agenda=AGENDA,
        )
        since = self._agenda_from
        try:
            coming = found = await self.home.control.query(query)
            if self.home.now() < since < axis.until:
                slot = (axis.until - since) // axis.slots
                later = msgspec.structs.replace(query, since=since, slot=slot, jobs=("",))
                coming = await self.home.control.query(later)
        except CrontermError as error:
            lanes.trouble = str(error)
            lanes.repaint()
            return
        if isinstance(found, Timeline) and isinstance(coming, Timeline):
            now = self.home.now()
            lanes.timeline, lanes.shown, lanes.trouble = found, axis, ""
            agenda.show(foresee(self.picture.snapshot, coming.agenda, now))
            agenda.total = coming.total
            begins = "" if coming is found else f"from {_day_time(since)} "
            agenda.span = f"{begins}until {_day_time(axis.until)}"
            self.update(now)
            self._read_why()

    # -- moving ----------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        """Move among the jobs, or among what comes."""
        if self.agenda.has_focus:
            self.agenda.move(by)
        else:
            self._held = None
            self.lanes.cursor = _within(self.lanes.cursor + by, len(self.lanes.jobs))
        self.update(self.home.now())
        self._read_why()

    def action_turn(self, by: int) -> None:
        """Move by pages."""
        pane = self.agenda if self.agenda.has_focus else self.lanes
        self.action_step(by * max(pane.size.height - 3, 1))

    def on_lanes_box_pointed(self) -> None:
        """Draw what is about the slot that was clicked."""
        self._held = None
        self.update(self.home.now())
        self._read_why()

    def action_slot(self, by: int) -> None:
        """Go to the next start in the lane, or to the one before; without lanes in the agenda."""
        if not self.lanes.room:
            self.action_step(by)
            return
        if not self.lanes.step_slot(by):
            self.home.tell(
                f"nothing of it {'comes after' if by > 0 else 'was before'} in the window"
            )
            return
        self.lanes.focus()
        self.update(self.home.now())
        self._read_why()

    # -- why -------------------------------------------------------------------------------------

    def action_why(self) -> None:
        """Show beside the agenda why it ran where the cursor is, or not any more."""
        foot = self.query_one("#timeline-foot")
        foot.toggle_class("shows-why")
        if foot.has_class("shows-why") and self.lanes.here is None:
            self.lanes.at = self.home.now()
        self.update(self.home.now())
        self._read_why()

    def _slot(self) -> tuple[str, Instant, Instant] | None:
        """Return the job and the slot that the cursor is on, in the lanes or in the agenda."""
        job, here = self.chosen(), self.lanes.here
        if job is None:
            return None
        if self.agenda.has_focus:
            at = self.agenda.entries[self.agenda.cursor].at
            return job, at, at + 1
        return None if here is None else (job, *here)

    def _read_why(self) -> None:
        """Read the record of the slot under the cursor, where it is shown."""
        self._run = None
        if self.query_one("#timeline-foot").has_class("shows-why"):
            self.read_anew(partial(self._read_slot, self._slot()), "why")

    async def _read_slot(self, slot: tuple[str, Instant, Instant] | None) -> None:
        why = self.why
        keys = f"{self.home.key('last_start')} and {self.home.key('next_start')}"
        hint = f"The cursor is on no slot: {keys} go from start to start."
        why.is_read, why.sentences, why.details = True, (hint,), ()
        title = "Why"
        if slot is not None:
            try:
                told = await read_slot(self.home.control, *slot, now=self.home.now())
                self._run = told.run
                why.sentences, why.details, why.about = told.sentences, told.present, "as it stands"
                title = f"Why · {told.job} · {told.when}"
            except CrontermError as error:
                why.sentences = (self.picture.or_not_known(str(error)),)
        why.entitle(title)
        why.repaint()

    # -- which jobs ------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Open the line for filtering."""
        self.query_one(FilterLine).open_with(self.lanes.words)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.has_class("shown"):
            self._filter(event.value.strip())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        self._close_line()

    def _filter(self, words: str) -> None:
        self.lanes.words, self._held = words, None
        self.lanes.show_found(self._filtered(self.home.now()))
        self.agenda.move(0)
        self.update(self.home.now())
        self._read()

    def _close_line(self) -> None:
        self.query_one(FilterLine).close()
        (self.agenda if self.app.size.width < WIDE else self.lanes).focus()
        self.query_one(KeyBar).show(self.keys())

    # -- zooming and panning ---------------------------------------------------------------------

    def action_zoom(self) -> None:
        """Let the focused pane fill the page, or put it back."""
        pane = "agenda" if self.agenda.has_focus else "lanes"
        is_whole = self.has_class(f"zoom-{pane}")
        for each in ("agenda", "lanes"):
            self.set_class(each == pane and not is_whole, f"zoom-{each}")
        self.update(self.home.now())

    def action_zoom_by(self, by: int) -> None:
        """Show less time, or more."""
        place = _within(ZOOMS.index(self.lanes.zoom) + by, len(ZOOMS))
        self.lanes.zoom = ZOOMS[place]
        self._move_to(self.lanes.pan)

    def action_pan(self, by: int) -> None:
        """Go back or ahead in time."""
        axis = self.lanes.axis
        self._agenda_from = 0
        self._move_to(self.lanes.pan + by * max(axis.slots // PAN_PART, 1) * axis.slot)

    def action_now(self) -> None:
        """Come back to now."""
        self._agenda_from = 0
        self._move_to(0)

    def action_go_to_time(self) -> None:
        """Ask for a moment; the window, its cursor and the agenda go there."""

        def go(at: Instant | None) -> None:
            if at is not None:
                self._agenda_from = self.lanes.at = at
                self.agenda.move(-len(self.agenda.entries))
                self._move_to(at - self.home.now())

        self.app.push_screen(MomentDialog(), go)

    def _move_to(self, pan: int) -> None:
        self.lanes.pan = pan
        self.update(self.home.now())
        self._read()

    # -- doing -----------------------------------------------------------------------------------

    def chosen(self) -> str | None:
        """Return the job under the cursor."""
        if self.agenda.has_focus:
            entries = self.agenda.entries
            return entries[self.agenda.cursor].job if entries else None
        return self.lanes.chosen

    def take(self) -> str | None:
        """Return the job under the cursor for something that is done to it: it stays there."""
        if self.agenda.has_focus:
            return self.agenda.take()
        self._held = self.chosen()
        return self._held

    def action_open(self) -> None:
        """Open the job, or the log of what runs of it."""
        if (job := self.take()) is not None:
            self.home.open_job(job)

    def action_logs(self) -> None:
        """Open the log of the run under the cursor, or of the job's last one."""
        job = self.take()
        if job is not None and self._run is not None:
            self.home.open_run(job, self._run)
        elif job is not None:
            self.home.open_log(job)

    def action_back(self) -> None:
        """Close the line, end the filter, or go back to the jobs."""
        if self.lanes.words or self.query_one(FilterLine).is_open:
            self._close_line()
            self._filter("")
            return
        self.home.show_view("jobs")


def _day_time(at: Instant) -> str:
    return f"{aware(at).astimezone():%a %H:%M}"


def _within(place: int, count: int) -> int:
    return max(0, min(place, count - 1))
