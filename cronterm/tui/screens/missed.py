"""The inbox: what was missed is run after all, or ignored."""

from textual.app import ComposeResult

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.command import AcknowledgeAlert, IgnoreMissed, RunMissed
from cronterm.model.event import (
    AlertClosed,
    AlertOpened,
    AnyEvent,
    InstantDecided,
    JobRemoved,
    JobRenamed,
    MissedSettled,
    RunEnded,
)
from cronterm.model.query import ListMissed, Missed, MissedInstants
from cronterm.tui.keymap import View, bindings
from cronterm.tui.picture import Picture
from cronterm.tui.questions import shortened
from cronterm.tui.screens.dialogs import CANCEL, Ask, Choice
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.missed_boxes import AfterBox, MissedBox
from cronterm.tui.widgets.rows import RowsBox
from cronterm.tui.words import day_moment

SHOWN = 500


class MissedView(Page):
    """What was missed and neither run nor ignored."""

    BINDINGS = bindings("missed")  # Textual reads it from the class
    where = "missed"
    view = "alerts"
    place = "Missed"

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self._is_read = False

    def body(self) -> ComposeResult:
        """Give the rows and what is about the selected one."""
        yield MissedBox(self.picture, id="missed")
        yield AfterBox(self.picture, id="after")

    @property
    def rows(self) -> MissedBox:
        """The rows."""
        return self.query_one(MissedBox)

    def on_mount(self) -> None:
        """Read the inbox."""
        self.rows.focus()
        self.look_again()

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        rows = self.rows
        jobs = len({row.job for row in rows.rows})
        count = sum(row.count for row in rows.rows)
        many = f"{count:,} instant{'s' * (count != 1)} of {jobs} job{'s' * (jobs != 1)}"
        nothing = "nothing was missed that is not settled" if self._is_read else "reading…"
        rows.empty = self.picture.or_not_known(nothing)
        rows.update(now, None)
        rows.entitle(f"Missed · {many}" if count else "Missed")
        self._update_after(now)

    def _update_after(self, now: Instant) -> None:
        rows, after = self.rows, self.query_one(AfterBox)
        more = "+" if len(rows.rows) >= SHOWN else ""
        left = self.home.missed_left()
        goes_on = f"{left} still to run · " if left else ""
        rows.entitle(None, f"{goes_on}{rows.position}{more}")
        after.row, after.rows = rows.chosen, rows.rows
        after.update(now, None)

    def on_rows_box_moved(self, event: RowsBox.Moved) -> None:
        """Draw what is about the selected row."""
        self._update_after(self.home.now())

    # -- reading ---------------------------------------------------------------------------------

    def take_event(self, event: AnyEvent) -> None:
        """Read again what an event added or settled."""
        is_about = isinstance(
            event, MissedSettled | AlertOpened | AlertClosed | JobRemoved | JobRenamed
        )
        is_missed = isinstance(event, InstantDecided | RunEnded) and event.outcome == "missed"
        if is_about or is_missed:
            self.look_again()

    def look_again(self) -> None:
        """Read the inbox again."""
        self.read_anew(self._read_rows, "missed")

    async def _read_rows(self) -> None:
        try:
            found = await self.home.control.query(ListMissed(limit=SHOWN))
        except CrontermError as error:
            self.tell_unread(error)
            return
        if not isinstance(found, Missed):
            return
        had_rows, self._is_read = bool(self.rows.rows), True
        self.rows.show(found.rows)
        self.update(self.home.now())
        if had_rows and not found.rows and not self.picture.is_read_only:
            await self._close_summary()

    async def _close_summary(self) -> None:
        """Acknowledge the summary of a downtime: all of it is settled."""
        for alert in tuple(self.picture.snapshot.alerts.values()):
            if alert.kind == "downtime" and alert.acknowledged_at is None:
                await self.home.deliver(AcknowledgeAlert(alert=alert.id), is_quiet=True)

    # -- doing -----------------------------------------------------------------------------------

    def action_run_one(self) -> None:
        """Ask, then run the selected one; pressing the key twice is enough."""
        row = self.rows.chosen
        if row is None:
            return
        at = day_moment(row.until, self.home.now())
        lines = [f"Run {row.job} for {at}?"]
        if row.count > 1:
            lines.append(f"It runs once for {row.count} instants, the newest is told to it.")
        older = [each for each in self.rows.rows if each.job == row.job and each.until < row.due_at]
        if older:
            lines.append("! What it missed before is settled by that as well.")
        choices = [Choice("run_missed", "Run", "run"), CANCEL]
        question = Ask("Run what was missed", lines, choices, where="settle")
        self.home.ask(
            question, lambda answer: self.home.send(RunMissed(job=row.job, due_at=row.until))
        )

    def action_run_all(self) -> None:
        """Ask, then run all that can be run, oldest first."""
        jobs = self.picture.snapshot.jobs
        rows = [row for row in self.rows.rows if self._can_run(row)]
        rows.sort(key=lambda row: (row.until, row.job))
        if not rows:
            self.home.tell("nothing here can be run")
            return
        if left := self.home.missed_left():
            self.home.tell(f"{left} are still to run")
            return
        names = sorted({row.job for row in rows})
        runs = f"{len(rows)} run{'s' * (len(rows) != 1)}"
        lines = [f"Run all that was missed, oldest first: {runs}?"]
        lines += [*shortened([self._line(row) for row in rows])]
        lines.append("Runs of one job follow each other; each is told its instant.")
        if any(jobs[name].live for name in names):
            lines.append("! A job that runs now is waited for.")
        choices = [CANCEL, Choice("run_all_missed", "Run all", "run")]
        question = Ask("Run all", lines, choices, where="settle")
        self.home.ask(question, lambda answer: self.home.catch_up(rows))

    def _can_run(self, row: MissedInstants) -> bool:
        view = self.picture.snapshot.jobs.get(row.job)
        return view is not None and not view.job.is_monitor

    def _line(self, row: MissedInstants) -> str:
        together = f", once for {row.count}" if row.count > 1 else ""
        return f"  {row.job}  {day_moment(row.until, self.home.now())}{together}"

    def action_ignore(self) -> None:
        """Ask, then take the selected one out of the list."""
        row = self.rows.chosen
        if row is None:
            return
        lines = [f"Ignore what {row.job} missed up to {day_moment(row.until, self.home.now())}?"]
        lines.append("The history keeps it as missed.")
        choices = [Choice("ignore", "Ignore", "ignore"), CANCEL]
        question = Ask("Ignore", lines, choices, where="settle")
        self.home.ask(
            question, lambda answer: self.home.send(IgnoreMissed(job=row.job, until=row.until))
        )

    def action_ignore_all(self) -> None:
        """Ask, then settle everything."""
        count = sum(row.count for row in self.rows.rows)
        if not count:
            self.home.tell("nothing to ignore")
            return
        lines = [f"Ignore all {count:,} instants that were missed?"]
        lines.append("Nothing of it runs; the history keeps it as missed.")
        choices = [CANCEL, Choice("ignore_all", "Ignore all", "ignore", is_grave=True)]
        question = Ask("Ignore all", lines, choices, where="settle")
        self.home.ask(question, lambda answer: self.home.send(IgnoreMissed()))

    def action_acknowledge(self) -> None:
        """Say that this was seen: the screen does not open with it again."""
        alerts = self.picture.snapshot.alerts.values()
        open_ones = [alert for alert in alerts if alert.kind == "downtime"]
        if open_ones:
            self.home.send(*(AcknowledgeAlert(alert=alert.id) for alert in open_ones))
        else:
            self.home.tell(f"it was seen already; {self.home.key('inbox')} shows it again")

    # -- going elsewhere -------------------------------------------------------------------------

    def on_rows_box_opened(self, event: RowsBox.Opened) -> None:
        """Open the job that was clicked twice."""
        self.action_open()

    def action_open(self) -> None:
        """Open the job."""
        if self.rows.chosen is not None:
            self.home.open_job(self.rows.chosen.job)

    def action_view(self, view: View) -> None:
        """Show another view; this one was seen."""
        self.home.note_missed(self.rows.rows)
        super().action_view(view)

    def action_back(self) -> None:
        """Go back; this was seen."""
        self.home.note_missed(self.rows.rows)
        self.dismiss()
