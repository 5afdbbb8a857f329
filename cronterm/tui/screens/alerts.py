"""Alerts: what failed, is late, was missed, takes too long or is odd; acknowledged here."""

from collections.abc import Sequence
from functools import partial

from textual.app import ComposeResult
from textual.widgets import Input

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.alert import Alert, in_force, state_of
from cronterm.model.command import AcknowledgeAlert, AnyCommand, CommentAlert
from cronterm.model.event import AlertClosed, AlertOpened, AnyEvent
from cronterm.model.query import Alerts, ListAlerts
from cronterm.tui.alert_list import (
    REACHES,
    TERMS,
    Reach,
    muted_words,
    nothing_words,
    shown_alerts,
)
from cronterm.tui.behind_alerts import BehindAlerts
from cronterm.tui.filter_doubt import doubt_about
from cronterm.tui.keymap import bindings
from cronterm.tui.picture import Picture
from cronterm.tui.screens.dialogs import CANCEL, Ask, Choice
from cronterm.tui.screens.page import Page
from cronterm.tui.widgets.alert_boxes import AlertBox, AlertsBox, DayBox
from cronterm.tui.widgets.bars import KeyBar
from cronterm.tui.widgets.filter_line import FilterLine
from cronterm.tui.widgets.frames import Frame
from cronterm.tui.widgets.rows import RowsBox

PAST = 1_000  # alerts that are read, open and closed together
REACH_WORDS: dict[Reach, str] = {"open": "open", "known": "open and known", "all": "all"}


class AlertsView(Page):
    """The alerts of all jobs."""

    BINDINGS = bindings("alerts")  # Textual reads it from the class
    where = "alerts"
    needs_size = False
    view = "alerts"

    def __init__(self, picture: Picture) -> None:
        super().__init__(picture)
        self.reach: Reach = "known"
        self.words = self._found_for = ""
        self._past: dict[int, Alert] = {}
        """As they were when they were last read."""
        self._is_read = False
        self._behind = BehindAlerts()
        self._acknowledged: list[int] = []
        """Here, so that they can be taken back."""
        self._commented: list[Alert] = []

    def body(self) -> ComposeResult:
        """Give the alerts, the selected one, the last day and the line for typing."""
        yield AlertsBox(self.picture, id="all-alerts")
        with Frame(id="alert-foot"):
            yield AlertBox(self.picture, id="alert")
            yield DayBox(self.picture, id="alert-day")
        hint = "job  !job  #tag  is:missed  is:acknowledged  last:<6h  part of what it says"
        yield FilterLine(hint, "filter the alerts", partial(doubt_about, terms=TERMS))
        yield Input(id="comment", placeholder="what others should know about this alert")

    @property
    def rows(self) -> AlertsBox:
        """The rows."""
        return self.query_one(AlertsBox)

    def on_mount(self) -> None:
        """Read what was before."""
        self.rows.focus()
        self.look_again()

    def update(self, now: Instant) -> None:
        """Draw the picture at `now`."""
        super().update(now)
        snapshot, rows = self.picture.snapshot, self.rows
        alerts = [*self._past_alerts(), *snapshot.alerts.values()]
        tags = {job: view.job.tags for job, view in snapshot.jobs.items()} if self.words else {}
        shown = shown_alerts(
            alerts, snapshot.mutes, now, reach=self.reach, words=self.words, tags=tags
        )
        if self.words != self._found_for:
            self._found_for = self.words
            rows.show_found(shown, self.words, [alert.job or "cronterm" for alert in shown])
        else:
            rows.show(shown)
        states = [state_of(alert, snapshot.mutes.get(alert.job), now) for alert in alerts]
        if not shown:
            rows.empty = self._nothing(alerts, now)
        rows.update(now, None)
        known = states.count("acknowledged") + states.count("muted")
        filtered = f" · /{self.words}" if self.words else ""
        marked = f" · {len(rows.marked)} marked" if rows.marked else ""
        muted = muted_words([*in_force(snapshot.mutes, now)], self.size.width // 3)
        title = f"Alerts · {states.count('open')} open · {known} known{muted}{filtered}{marked}"
        rows.entitle(title)
        day = self.query_one(DayBox)
        day.alerts, day.is_read = alerts, self._is_read
        day.update(now, None)
        self._update_alert(now)

    def _nothing(self, alerts: Sequence[Alert], now: Instant) -> str:
        """Return why no alert is shown."""
        nothing = nothing_words(
            alerts,
            self.picture.snapshot.mutes,
            now,
            reach=self.reach,
            key=self.home.key("reach"),
            wrong=self.picture.wrong(now),
            words=self.words,
            is_read=self._is_read,
        )
        return nothing if self.words else self.picture.or_not_known(nothing)

    def _past_alerts(self) -> list[Alert]:
        """Return those that are over; what is open is in the picture."""
        return [alert for alert in self._past.values() if alert.closed_at is not None]

    def _update_alert(self, now: Instant) -> None:
        box, alert = self.query_one(AlertBox), self.rows.chosen
        if alert is not None and self._behind.lacks(alert):
            self.read_anew(partial(self._read_behind, alert), "behind")
        box.alert = alert
        box.printed, box.notices = self._behind.printed(alert), self._behind.notices(alert)
        box.update(now, None)
        self.rows.entitle(None, f"shown: {REACH_WORDS[self.reach]} · {self.rows.position}")

    # -- reading ---------------------------------------------------------------------------------

    def take_event(self, event: AnyEvent) -> None:
        """Read again what an event closed, and who was told."""
        self._behind.take_event(event)
        if isinstance(event, AlertOpened | AlertClosed):
            self.look_again()

    def look_again(self) -> None:
        """Read those that are over again, and what was not to be had."""
        self._behind.try_again()
        self.read_anew(self._read_past, "past")

    async def _read_past(self) -> None:
        try:
            found = await self.home.control.query(ListAlerts(closed=True, limit=PAST))
        except CrontermError as error:
            self.tell_unread(error)
            return
        if isinstance(found, Alerts):
            self._past, self._is_read = {alert.id: alert for alert in found.alerts}, True
            self.update(self.home.now())

    def on_rows_box_moved(self, event: RowsBox.Moved) -> None:
        """Draw what is about the selected alert; a run that still prints is read again."""
        self._behind.look_again(self.rows.chosen)
        self._update_alert(self.home.now())

    async def _read_behind(self, alert: Alert) -> None:
        """Read what is behind an alert."""
        await self._behind.read(self.home.control, alert)
        self._update_alert(self.home.now())

    # -- marks -----------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark the alert under the cursor and go on."""
        self.rows.mark()
        self.update(self.home.now())

    def action_mark_all(self) -> None:
        """Mark all that are shown, or none."""
        self.rows.mark_all()
        self.update(self.home.now())

    async def _deliver(self, commands: Sequence[AnyCommand], done: str) -> list[bool]:
        """Send commands one after the other; say and return which were taken, and end the marks."""
        taken: list[bool] = []
        for command in commands:
            answer = await self.home.deliver(command, is_quiet=True)
            if answer is None:
                return taken
            taken.append(answer.ok)
        self.home.tell(f"{done} {sum(taken)} alert{'s' * (sum(taken) != 1)}")
        if self.is_attached:
            self.rows.marked.clear()
            self.update(self.home.now())
        return taken

    # -- saying that it is known -----------------------------------------------------------------

    def _meant(self) -> list[Alert]:
        """Return the marked alerts, or the one under the cursor, that are not over; say so."""
        meant = self.rows.meant
        going_on = [alert for alert in meant if alert.closed_at is None]
        if meant and not going_on:
            over = f"alert {meant[0].id} is" if len(meant) == 1 else "all that are marked are"
            self.home.tell(f"{over} over")
        return going_on

    def action_acknowledge(self) -> None:
        """Say that the alert is known, or that all marked ones are; the cursor stays on it."""
        meant = self._meant()
        unknown = [alert for alert in meant if alert.acknowledged_at is None]
        if self.rows.marked and unknown:
            self.home.go_on(self._acknowledge(unknown))
        elif unknown:
            self._acknowledged.append(unknown[0].id)
            self.home.send(AcknowledgeAlert(alert=unknown[0].id))
        elif meant:
            what = f"alert {meant[0].id} is" if len(meant) == 1 else "all that are marked are"
            self.home.tell(f"{what} acknowledged; {self.home.key('unacknowledge')} takes that back")

    def action_acknowledge_all(self) -> None:
        """Ask, then say that all open alerts that are shown are known."""
        alerts = [alert for alert in self.rows.rows if self._is_open(alert)]
        if not alerts:
            self.home.tell("no open alert is shown")
            return
        takes_back = f"{self.home.key('unacknowledge')} takes it back"
        lines = [
            f"Say that the {len(alerts)} open alerts of this list are known?",
            f"They stay until they are over; {takes_back}, one by one.",
        ]
        if len(alerts) == 1:
            lines = [
                f"Say that alert {alerts[0].id}, the only open one of this list, is known?",
                f"It stays until it is over; {takes_back}.",
            ]
        choices = [CANCEL, Choice("acknowledge_all", "Acknowledge", "all")]
        question = Ask("Acknowledge", lines, choices, where="acknowledge")
        self.home.ask(question, lambda answer: self.home.go_on(self._acknowledge(alerts)))

    def _is_open(self, alert: Alert) -> bool:
        mute = self.picture.snapshot.mutes.get(alert.job)
        return state_of(alert, mute, self.home.now()) == "open"

    async def _acknowledge(self, alerts: list[Alert]) -> None:
        """Acknowledge one after the other; those that are over by now are passed over."""
        known = self.picture.snapshot.alerts
        numbers = [alert.id for alert in alerts if alert.id in known]
        commands = [AcknowledgeAlert(alert=each) for each in numbers]
        taken = await self._deliver(commands, "acknowledged")
        self._acknowledged += [each for each, ok in zip(numbers, taken, strict=False) if ok]

    def action_unacknowledge(self) -> None:
        """Take back that the alert is known, or the last one that was acknowledged here."""
        marked = [each.id for each in self.rows.meant] if self.rows.marked else []
        self.home.once_answered(partial(self._take_back, self.rows.chosen, marked))

    def _take_back(self, chosen: Alert | None, marked: Sequence[int]) -> None:
        alerts = self.picture.snapshot.alerts
        here = [number for number in self._acknowledged if number in alerts]
        known = {*here} | {each.id for each in alerts.values() if each.acknowledged_at is not None}
        if again := [number for number in marked if number in known]:
            self._acknowledged = [each for each in here if each not in again]
            commands = [AcknowledgeAlert(alert=each, undo=True) for each in again]
            self.home.go_on(self._deliver(commands, "not known after all:"))
            return
        if chosen is not None and chosen.id in known:
            number = chosen.id
        elif here:
            number = here[-1]
        else:
            self.home.tell("nothing to take back")
            return
        self._acknowledged = [each for each in here if each != number]
        self.home.send(AcknowledgeAlert(alert=number, undo=True))

    # -- silence, and words ----------------------------------------------------------------------

    def action_mute(self) -> None:
        """Ask how long the alerts of the job, or of those that are marked, are silent."""
        meant = self.rows.meant
        known = self.picture.snapshot.jobs
        jobs = list(dict.fromkeys(alert.job for alert in meant if alert.job in known))
        if not jobs:
            if meant:
                self.home.tell("only the alerts of a job can be muted")
            return
        self.home.ask_mute(jobs, self.rows.marked.clear)

    def action_comment(self) -> None:
        """Open the line for a comment on the alert, or on all marked ones."""
        self._commented = self._meant()
        if self._commented:
            many = len(self._commented)
            on = f"alert {self._commented[0].id}" if many == 1 else f"{many} alerts"
            self._open_comment(f"comment on {on}")

    def action_filter(self) -> None:
        """Open the line for filtering."""
        self.query_one(FilterLine).open_with(self.words)

    def _open_comment(self, purpose: str) -> None:
        line = self.query_one("#comment", Input)
        line.value = ""
        line.set_class(True, "shown")
        line.focus()
        self.query_one(KeyBar).type_in(purpose, "cancel")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        if event.input.id == "search" and event.input.has_class("shown"):
            self.words = event.value.strip()
            self.update(self.home.now())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, or send the comment."""
        text = event.value.strip()
        if event.input.id == "comment" and text:
            commands = [CommentAlert(alert=each.id, text=text) for each in self._commented]
            if len(commands) > 1:
                self.home.go_on(self._deliver(commands, "commented on"))
            else:
                self.home.send(*commands)
        self._close_lines()

    def _close_lines(self) -> None:
        for line in self.query(Input):
            line.set_class(False, "shown")
        self.rows.focus()
        self.query_one(KeyBar).show(self.keys())

    # -- going elsewhere -------------------------------------------------------------------------

    def action_reach(self) -> None:
        """Show what is acknowledged too, then what is over too, then only what is open."""
        self.reach = REACHES[(REACHES.index(self.reach) + 1) % len(REACHES)]
        self.update(self.home.now())

    def on_rows_box_opened(self, event: RowsBox.Opened) -> None:
        """Open the alert that was clicked twice."""
        self.action_open()

    def action_open(self) -> None:
        """Open the job of the alert, or what all of them missed."""
        alert = self.rows.chosen
        if alert is None:
            return
        if alert.job:
            self.home.open_job(alert.job)
        else:
            self.home.open_inbox()

    def subject(self) -> tuple[str, int | None] | None:
        """Return the run that the alert is about, and its job."""
        alert = self.rows.chosen
        return (alert.job, alert.run) if alert is not None and alert.job else None

    def action_logs(self) -> None:
        """Open the log of the run that the alert is about."""
        if (about := self._run()) is not None:
            self.home.open_run(*about)

    def action_compare(self) -> None:
        """Put the run that the alert is about beside the last good one."""
        if (about := self._run()) is not None:
            self.home.open_comparison(*about)

    def _run(self) -> tuple[str, int] | None:
        """Return the run that the alert is about, after its job; say so where none is."""
        alert = self.rows.chosen
        if alert is None:
            return None
        if alert.run is None:
            self.home.tell(f"no run is behind alert {alert.id}")
            return None
        return alert.job, alert.run

    def action_trigger(self) -> None:
        """Ask, then run the job now."""
        self._trigger()

    def action_trigger_with(self) -> None:
        """Have the params chosen, then run the job now."""
        self._trigger(with_params=True)

    def _trigger(self, *, with_params: bool = False) -> None:
        alert = self.rows.chosen
        if alert is not None and alert.job:
            self.home.ask_trigger([alert.job], with_params=with_params)
        elif alert is not None:
            self.home.tell(f"alert {alert.id} is about no job")

    def action_back(self) -> None:
        """Close what is open, end the filter, or go back to the jobs."""
        if self.query_one("#comment").has_class("shown"):
            self._close_lines()
        elif self.words or self.query_one(FilterLine).is_open:
            self._close_lines()
            self.words = ""
            self.update(self.home.now())
        else:
            self.home.show_view("jobs")
