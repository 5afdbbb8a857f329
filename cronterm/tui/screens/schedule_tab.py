"""The schedule of a job: its next runs, the hours of its week, and what is to be known of it."""

from textual.app import ComposeResult

from cronterm.clock import SECOND, Instant
from cronterm.control import Control
from cronterm.errors import CrontermError
from cronterm.model.outlook import Outlook
from cronterm.model.query import ReadOutlook
from cronterm.tui.picture import Picture
from cronterm.tui.schedule_notes import schedule_notes
from cronterm.tui.widgets.frames import Frame
from cronterm.tui.widgets.schedule_boxes import ComingBox, NotesBox, WeekBox

READ_AGAIN = 10 * SECOND  # where instants have passed: no more often


class ScheduleTab(Frame):
    """What is shown of a job's schedule."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self._picture = picture
        self.outlook: Outlook | None = None
        self._read_at: Instant = 0

    def compose(self) -> ComposeResult:
        """Give the boxes."""
        yield ComingBox(self._picture, id="coming")
        with Frame(id="schedule-side"):
            yield WeekBox(self._picture, id="week")
            yield NotesBox(id="notes")

    @property
    def coming(self) -> ComingBox:
        """What comes."""
        return self.query_one(ComingBox)

    @property
    def is_complete(self) -> bool:
        """All its boxes are there: those in a frame come later than the frame."""
        return bool(self.query(NotesBox))

    def clear(self) -> None:
        """Show nothing: it is of another job."""
        self.outlook = None

    def needs_reading(self, now: Instant) -> bool:
        """Tell whether an instant that is shown is over, and it was not read just now."""
        told = self.outlook
        is_over = told is not None and bool(told.coming) and told.coming[0].at <= now
        return is_over and now - self._read_at >= READ_AGAIN

    async def read(self, control: Control, job: str, now: Instant) -> None:
        """Read what comes of a job; of one that left the file nothing does."""
        self._read_at = now
        if job not in self._picture.snapshot.jobs:
            return
        try:
            found = await control.query(ReadOutlook(job=job))
        except CrontermError:
            return  # it left the file meanwhile, or the engine is gone: the banner says so
        if isinstance(found, Outlook):
            self.outlook = found

    def update(self, now: Instant, job: str) -> None:
        """Draw it at `now`."""
        told, coming, notes = self.outlook, self.coming, self.query_one(NotesBox)
        if told is not None:
            coming.zone = told.timezone
        coming.show([each for each in told.coming if each.at > now] if told is not None else [])
        nothing = "nothing is due" if told is not None else "reading…"
        coming.empty = self._picture.or_not_known(nothing)
        week = self.query_one(WeekBox)
        week.outlook = told
        for box in (coming, week):
            box.update(now, job)
        view = self._picture.snapshot.jobs.get(job)
        notes.notes = ()
        if view is not None and told is not None:
            all_paused = self._picture.snapshot.all_paused
            calendars = self._picture.snapshot.settings.calendars
            notes.notes = schedule_notes(view, told, all_paused, now, calendars)
        notes.entitle("Notes")
        notes.repaint()
