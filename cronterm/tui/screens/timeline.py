"""The timeline: what ran and what comes, on one axis, and the agenda below it."""

from functools import partial

from textual.app import ComposeResult

from cronterm.clock import SECOND, Instant
from cronterm.errors import CrontermError
from cronterm.model.query import ReadTimeline
from cronterm.model.timeline import Timeline
from cronterm.tui.agenda import foresee
from cronterm.tui.axis import ZOOMS, Axis
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.agenda_box import AgendaBox
from cronterm.tui.widgets.lanes import (
    AXIS_AND_LOAD,
    LanesBox,
    WindowLine,
    has_lanes,
    lanes_around,
)

READ_EVERY = 30 * SECOND
READ_AGAIN = 2 * SECOND  # where something began or ended: no more often
AGENDA = 200
PAN_PART = 4  # of the axis a key moves it by
BARS = 4  # lines that are neither lanes nor agenda
LANES_PART = 70  # per cent
WIDE = 100  # columns; below, only the load stands above the agenda


class TimelineView(Page):
    """Past and future of all jobs."""

    BINDINGS = bindings("timeline")  # Textual reads it from the class
    where = "timeline"
    view = "timeline"

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self._read_at: Instant = 0
        self._is_stale = True

    def body(self) -> ComposeResult:
        """Give what is shown, the lanes and the agenda."""
        yield WindowLine(self.picture, id="window")
        yield LanesBox(self.picture, id="lanes")
        yield AgendaBox(self.picture, id="agenda")

    @property
    def lanes(self) -> LanesBox:
        """The lanes."""
        return self.query_one(LanesBox)

    @property
    def agenda(self) -> AgendaBox:
        """What comes."""
        return self.query_one(AgendaBox)

    def on_mount(self) -> None:
        """Begin on the lanes where there is room for them."""
        (self.agenda if self.app.size.width < WIDE else self.lanes).focus()

    def on_resize(self) -> None:
        """Read what the new width shows."""
        self._is_stale, self._read_at = True, 0
        self.call_after_refresh(lambda: self.update(self.home.now()))

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`; read what comes again where it is out of date."""
        super().update(now)
        self.lanes.jobs = [*self.picture.snapshot.jobs]
        line = self.query_one(WindowLine)
        line.zoom = self.lanes.zoom
        self._share_height()
        for panel in (line, self.lanes, self.agenda):
            panel.update(now, None)
        passed = now - self._read_at
        if passed >= READ_EVERY or (self._needs_reading(now) and passed >= READ_AGAIN):
            self._read()

    def _share_height(self) -> None:
        """Give the lanes what they need, up to most of the page; the agenda has the rest."""
        most = (self.size.height - BARS) * LANES_PART // 100
        height = min(len(self.lanes.jobs) + AXIS_AND_LOAD + 2, most)
        if self.size.width < WIDE:
            height = AXIS_AND_LOAD + 1
        if self.lanes.styles.height is None or self.lanes.styles.height.value != height:
            self.lanes.styles.height = height

    def _needs_reading(self, now: Instant) -> bool:
        entries, lanes = self.agenda.entries, self.lanes
        if self._is_stale or (entries and entries[0].at <= now):
            return True
        seen = lanes.jobs[lanes.top : lanes.top + lanes.room]
        return lanes.timeline is not None and not has_lanes(lanes.timeline.lanes, seen)

    # -- reading ---------------------------------------------------------------------------------

    def refresh_runs(self) -> None:
        """Read again soon: a run began or ended."""
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
            jobs=lanes_around(lanes.jobs, lanes.top, max(lanes.room, 1)),
            agenda=AGENDA,
        )
        try:
            found = await self.home.control.query(query)
        except CrontermError as error:
            lanes.trouble = str(error)
            lanes.repaint()
            return
        if isinstance(found, Timeline):
            now = self.home.now()
            lanes.timeline, lanes.shown, lanes.trouble = found, axis, ""
            here = agenda.entries[agenda.cursor : agenda.cursor + 1]
            agenda.entries = foresee(self.picture.snapshot, found.agenda, now)
            places = [number for number, each in enumerate(agenda.entries) if each in here]
            agenda.cursor = places[0] if places and agenda.cursor else 0
            agenda.total = found.total
            agenda.span = f"in the window of {lanes.zoom.name}"
            self.update(now)

    # -- moving ----------------------------------------------------------------------------------

    def action_step(self, by: int) -> None:
        """Move among the jobs, or among what comes."""
        if self.agenda.has_focus:
            self.agenda.cursor = _within(self.agenda.cursor + by, len(self.agenda.entries))
        else:
            self.lanes.cursor = _within(self.lanes.cursor + by, len(self.lanes.jobs))
        self.update(self.home.now())

    def action_turn(self, by: int) -> None:
        """Move by pages."""
        pane = self.agenda if self.agenda.has_focus else self.lanes
        self.action_step(by * max(pane.size.height - 3, 1))

    def action_zoom_by(self, by: int) -> None:
        """Show less time, or more."""
        place = _within(ZOOMS.index(self.lanes.zoom) + by, len(ZOOMS))
        self.lanes.zoom = ZOOMS[place]
        self._move_to(self.lanes.pan)

    def action_pan(self, by: int) -> None:
        """Go back or ahead in time."""
        axis = self.lanes.axis
        self._move_to(self.lanes.pan + by * max(axis.slots // PAN_PART, 1) * axis.slot)

    def action_now(self) -> None:
        """Come back to now."""
        self._move_to(0)

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
        jobs = self.lanes.jobs
        return jobs[self.lanes.cursor] if self.lanes.cursor < len(jobs) else None

    def subject(self) -> tuple[str, int | None] | None:
        """Return the job under the cursor."""
        job = self.chosen()
        return (job, None) if job is not None else None

    def action_open(self) -> None:
        """Open the job, or the log of what runs of it."""
        job = self.chosen()
        if job is not None:
            self.home.open_job(job)

    def action_logs(self) -> None:
        """Open the log of the job's last run."""
        if (job := self.chosen()) is not None:
            self.home.open_log(job)

    def action_failed_log(self) -> None:
        """Open the log of the job's last failure."""
        if (job := self.chosen()) is not None:
            self.home.open_log(job, is_failed=True)

    def action_trigger(self) -> None:
        """Ask, then run the job now."""
        if (job := self.chosen()) is not None:
            self.home.ask_trigger([job])

    def action_trigger_with(self) -> None:
        """Have the params chosen, then run the job now."""
        if (job := self.chosen()) is not None:
            self.home.ask_trigger([job], with_params=True)

    def action_pause(self) -> None:
        """Pause the job, or resume it."""
        if (job := self.chosen()) is not None:
            self.home.toggle_pause([job])

    def action_skip(self) -> None:
        """Ask, then skip the job's next run."""
        if (job := self.chosen()) is not None:
            self.home.ask_skip(job)

    def action_back(self) -> None:
        """Go back to the jobs."""
        self.home.show_view("jobs")


def _within(place: int, count: int) -> int:
    return max(0, min(place, count - 1))
