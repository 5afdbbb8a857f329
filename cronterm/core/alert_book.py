"""What the core knows of alerts: those that are open, what is usual, and what to look at when."""

import statistics
from collections import defaultdict, deque
from dataclasses import dataclass

from cronterm.clock import SECOND, Duration, Instant
from cronterm.model.alert import Alert, AlertKind, Mute
from cronterm.model.alert_fold import fold_alert
from cronterm.model.event import AnyEvent, JobRenamed
from cronterm.model.memory import USUAL_RUNS, Memory, Success
from cronterm.model.run import AttemptEnd, Cause
from cronterm.schedule.duration import format_duration

LEAST_USUAL = 5  # successes before anything is unusual
TOO_SHORT = 10  # times shorter than usual
LONG_ENOUGH: Duration = 10 * SECOND  # what usually takes less may well take nothing once


@dataclass(eq=False)
class Watched:
    """An open run."""

    cause: Cause
    started_at: Instant | None = None
    long_at: Duration | None = None
    """When it has taken its max_runtime, in elapsed time."""
    end: AttemptEnd | None = None
    output_bytes: int = 0


class AlertBook:
    """A fold of the events that alerts depend on."""

    def __init__(self, memory: Memory) -> None:
        self.open: dict[int, Alert] = {alert.id: alert for alert in memory.alerts}
        self.mutes: dict[str, Mute] = dict(memory.mutes)
        self.next_alert = memory.next_alert
        self.usual = {
            job: deque(successes, maxlen=USUAL_RUNS) for job, successes in memory.usual.items()
        }
        self.runs: dict[int, Watched] = {}
        for run in memory.runs:
            watched = Watched(run.cause, run.started_at, end=run.last_end)
            self.runs[run.run] = watched
        self.ended: dict[int, Watched] = {}
        """Those that ended in this step."""
        self.starts: list[tuple[Instant, int]] = [(0, run.run) for run in memory.runs]
        """When each queued run will be late."""
        self.ends: list[tuple[Duration, int]] = [(0, run.run) for run in memory.runs]
        """When each started run will have taken too long."""
        self.noted: defaultdict[tuple[str, AlertKind], set[int]] = defaultdict(set)
        """The runs that each alert about late or long ones is about."""
        for alert in memory.alerts:
            if alert.run is not None:
                self.noted[alert.job, alert.kind].add(alert.run)
        self._ids = {(alert.job, alert.kind): alert.id for alert in memory.alerts}

    def find(self, job: str, kind: AlertKind) -> Alert | None:
        """Return the open alert of a kind of a job, or None."""
        number = self._ids.get((job, kind))
        return None if number is None else self.open.get(number)

    def of_job(self, job: str) -> list[Alert]:
        """Return the open alerts of a job."""
        return [alert for alert in self.open.values() if alert.job == job]

    def apply(self, event: AnyEvent) -> None:
        """Take in what is recorded about alerts."""
        fold_alert(self.open, self.mutes, event)

    def note_opened(self, alert: Alert) -> None:
        """Let a new alert be found."""
        self._ids[alert.job, alert.kind] = alert.id
        self.next_alert = alert.id + 1

    def rename(self, event: JobRenamed) -> None:
        """Let what is known of a job go on under another name."""
        old, new = event.old, event.job
        self.apply(event)
        self._ids = {(new if job == old else job, kind): n for (job, kind), n in self._ids.items()}
        for job, kind in [key for key in self.noted if key[0] == old]:
            self.noted[new, kind] = self.noted.pop((job, kind))
        if old in self.usual:
            self.usual[new] = self.usual.pop(old)

    def note_success(self, job: str, success: Success) -> None:
        """Let a success count for what is usual."""
        self.usual.setdefault(job, deque(maxlen=USUAL_RUNS)).append(success)

    def usual_duration(self, job: str) -> Duration | None:
        """Return the median of the newest successes, None before there are enough."""
        known = self.usual.get(job, ())
        if len(known) < LEAST_USUAL:
            return None
        return round(statistics.median(each.duration for each in known))

    def unusual(self, job: str, success: Success) -> str:
        """Return what is suspicious about a success, empty when nothing is."""
        usual, known = self.usual_duration(job), self.usual.get(job, ())
        if usual is None:
            return ""
        if usual >= LONG_ENOUGH and success.duration * TOO_SHORT < usual:
            return f"took {rough(success.duration)}, usually {rough(usual)}"
        if not success.output_bytes and all(each.output_bytes for each in known):
            return "printed nothing, always did before"
        return ""


def rough(duration: Duration) -> str:
    """Return a duration for people: whole seconds, below ten of them tenths."""
    unit = SECOND if duration >= 10 * SECOND else SECOND // 10
    return format_duration(duration // unit * unit)
