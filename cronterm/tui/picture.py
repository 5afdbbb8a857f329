"""The screen's picture of the engine: the folded snapshot, the log stream, what follows."""

import statistics
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Literal

from cronterm.clock import HOUR, MINUTE, Duration, Instant
from cronterm.control import Gauges, Gone, Lagged, Message, Output
from cronterm.model.event import Numbered
from cronterm.model.snapshot import JobView, Snapshot, fold
from cronterm.tui.stream import LogStream
from cronterm.tui.words import duration, past_text

GAUGE_HISTORY = 120

AlertKind = Literal["FAIL", "LATE", "MISSED", "LONG"]


@dataclass(frozen=True)
class Alert:
    """A failed, late or long job, derived from what the snapshot shows."""

    kind: AlertKind
    job: str
    text: str
    since: Instant


@dataclass
class Picture:
    """Everything the widgets draw from. Written by one place: `take`."""

    snapshot: Snapshot = field(default_factory=Snapshot)
    is_live: bool = False
    gone: Gone | None = None
    gauges: deque[Gauges] = field(default_factory=lambda: deque(maxlen=GAUGE_HISTORY))
    stream: LogStream = field(default_factory=LogStream)

    def take(self, message: Message, now: Instant) -> None:
        """Fold one message in."""
        match message:
            case Snapshot():
                self.snapshot, self.is_live, self.gone = message, True, None
            case Numbered():
                self.stream.narrate(message, self.snapshot)
                fold(self.snapshot, message)
                self.is_live, self.gone = True, None
            case Output():
                self.stream.take_output(message, self.snapshot)
            case Gauges():
                self.gauges.append(message)
            case Gone():
                self.gone = self.gone or message
                self.is_live = False
            case Lagged():
                pass

    # -- what follows from the snapshot ----------------------------------------------------------

    def counts(self) -> Counter[str]:
        """Return how many jobs are ok, failing, late, running, paused."""
        return Counter(state_of(view, self.paused(view)) for view in self.snapshot.jobs.values())

    def late_or_missed(self, now: Instant) -> int:
        """Return how many jobs are late, or missed their newest instant."""
        views = self.snapshot.jobs.values()
        return sum(
            lateness(view, now) is not None
            or bool(view.recent and view.recent[-1].outcome == "missed")
            for view in views
        )

    def paused(self, view: JobView) -> bool:
        """Tell whether a job's timed starts are held back by a pause."""
        return view.pause is not None or self.snapshot.all_paused is not None

    def alerts(self, now: Instant) -> list[Alert]:
        """Return what deserves a look, the worst first."""
        found: list[Alert] = []
        for view in self.snapshot.jobs.values():
            row, last = view.totals.failed_in_a_row, view.last
            if row and last is not None:
                text = past_text(last) if row == 1 else f"{row} in a row, {past_text(last)}"
                found.append(Alert("FAIL", view.job.id, text, last.ended_at))
            late = lateness(view, now)
            if late is not None and not self.paused(view):
                text = f"due {duration(late)} ago, not started"
                found.append(Alert("LATE", view.job.id, text, now - late))
            found += _long(view, now)
            newest = view.recent[-1] if view.recent else None
            if newest is not None and newest.outcome == "missed":
                found.append(Alert("MISSED", view.job.id, newest.reason, newest.ended_at))
        order = {"FAIL": 0, "LATE": 1, "LONG": 2, "MISSED": 3}
        return sorted(found, key=lambda alert: (order[alert.kind], -alert.since))

    def next_job(self) -> tuple[str, Instant] | None:
        """Return the job that is due next, and when."""
        due = [(view.next_at, job) for job, view in self.snapshot.jobs.items() if view.next_at]
        return (min(due)[1], min(due)[0]) if due else None


def _long(view: JobView, now: Instant) -> list[Alert]:
    """Return an alert for a run that takes ten times what is usual, a minute at least."""
    usual = median(view)
    found = []
    for run in view.live.values():
        if run.started_at is None or usual is None:
            continue
        passed = now - run.started_at
        if passed > max(10 * usual, MINUTE):
            text = f"running {duration(passed)}, usually {duration(usual)}"
            found.append(Alert("LONG", view.job.id, text, run.started_at))
    return found


def lateness(view: JobView, now: Instant) -> Duration | None:
    """Return by how much a queued run is late beyond the default tolerance, or None.

    Tolerance: a minute, or a tenth of the time since the run before, an hour at most.
    """
    for run in view.live.values():
        if run.state == "queued" and run.cause.due_at is not None:
            late = now - run.ready_at
            last = view.last
            period = run.ready_at - last.ended_at if last is not None else 0
            if late > min(max(MINUTE, period // 10), HOUR):
                return late
    return None


def median(view: JobView) -> Duration | None:
    """Return the median duration of the recent runs that succeeded."""
    known = [
        past.duration
        for past in view.recent
        if past.duration is not None and past.outcome == "succeeded"
    ]
    return round(statistics.median(known)) if len(known) >= 3 else None


def state_of(view: JobView, is_paused: bool) -> str:
    """Return the state that the job's row shows."""
    state = view.state
    if state in ("running", "stopping", "retrying"):
        return state
    if not view.job.enabled:
        return "disabled"
    if is_paused:
        return "paused"
    last = view.last
    if state == "queued":
        return "queued"
    return last.outcome if last is not None else "never"


def job_state(picture: Picture, view: JobView) -> str:
    """Return the state that a job's page shows."""
    return state_of(view, picture.paused(view))
