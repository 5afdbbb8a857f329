"""What is visible at event number n, and the one reducer that folds events into it.

The engine folds what it publishes, each face folds what it receives: no face can see a thing that
the engine does not, and nobody reads the core's own state. A `Snapshot` is mutable on purpose (a
screen folds a thousand events a second) and belongs to one owner.
"""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.alert import Alert, Mute
from cronterm.model.alert_fold import fold_alert
from cronterm.model.engine_view import EngineView
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    ConfigLoaded,
    ConfigRejected,
    CountingMoved,
    EngineStarted,
    EngineStopping,
    InstantDecided,
    JobAdded,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobRenamed,
    JobResumed,
    NextDueMoved,
    Numbered,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunQueued,
    RunStopping,
    SignalDecided,
    SkipLifted,
    TriggersResumed,
    TriggerSuspended,
)
from cronterm.model.gates import Hold
from cronterm.model.job import Job, Settings
from cronterm.model.notice import Notice, NotifierView
from cronterm.model.notice_fold import fold_notice
from cronterm.model.problem import Problem
from cronterm.model.run import FAILED, REPORTED, AttemptEnd, Cause, Outcome, Reason, RunState

RECENT_RUNS = 60  # the widest duration chart of the dashboard

JobState: TypeAlias = Literal[
    "idle", "queued", "running", "retrying", "stopping", "paused", "disabled"
]


class PastRun(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An ended run, as small as charts need it: an array on the wire, new fields go last.

    `started_at` is None where nothing started.
    """

    run: int | None
    ended_at: Instant
    outcome: Outcome
    reason: Reason = ""
    started_at: Instant | None = None
    duration: Duration | None = None
    """From the first start to the last end, retries included."""
    exit_code: int | None = None
    signal: int | None = None
    attempt: int = 0


class LiveRun(msgspec.Struct):
    """A run without an end."""

    run: int
    job: str
    cause: Cause
    state: RunState
    queued_at: Instant
    ready_at: Instant
    attempts: int = 1
    attempt: int = 0
    pid: int | None = None
    started_at: Instant | None = None
    """Start of the first attempt."""
    attempt_started_at: Instant | None = None
    last_end: AttemptEnd | None = None
    hold: Hold | None = None
    """The gate that keeps it queued."""
    is_reported: bool = False
    """Something else runs it."""


class Pause(msgspec.Struct, frozen=True):
    """Who holds back timed starts, since when and why."""

    by: str
    at: Instant
    until: Instant | None = None
    reason: str = ""


class Totals(msgspec.Struct, gc=False):
    """Counts and durations over the kept history of a job; skipped and missed apart."""

    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    """Runs that ended failed, timed_out or lost."""
    failed_in_a_row: int = 0
    duration_sum: Duration = 0
    """Over the runs that have a duration."""
    durations: int = 0

    @property
    def average(self) -> Duration | None:
        """Mean duration, or None before the first."""
        return self.duration_sum // self.durations if self.durations else None


class JobView(msgspec.Struct, gc=False):
    """A row of the job table."""

    job: Job
    first_seen_at: Instant = 0
    """The anchor of its intervals."""
    next_at: Instant | None = None
    pause: Pause | None = None
    live: dict[int, LiveRun] = {}
    recent: list[PastRun] = []
    """Oldest first, at most RECENT_RUNS; skipped and missed decisions included."""
    totals: Totals = msgspec.field(default_factory=Totals)
    timed_runs: int = 0
    """How often it has run by itself since it came into the file."""
    suspended: dict[str, Instant] = {}
    """Its triggers that started too many runs and start none now, and since when."""
    decided: tuple[tuple[Instant, Instant], ...] = ()
    """Spans (from, to] of instants that are decided ahead of their time; some are over."""

    @property
    def state(self) -> JobState:
        """The state in the words of CONTRACTS 5; the most telling one of its open runs."""
        if self.live:
            states = {run.state for run in self.live.values()}
            for state in ("stopping", "running", "retrying", "queued"):
                if state in states:
                    return state
        if not self.job.enabled:
            return "disabled"
        return "paused" if self.pause else "idle"

    @property
    def is_used_up(self) -> bool:
        """It has run as often by itself as it may."""
        return self.job.max_runs is not None and self.timed_runs >= self.job.max_runs

    @property
    def last(self) -> PastRun | None:
        """The newest run that started something, or None."""
        for past in reversed(self.recent):  # a screen asks this of 10,000 jobs at once
            if past.started_at:
                return past
        return None

    def waits_for(self, now: Instant) -> str:
        """Say what its oldest queued run waits for; empty where none waits, or for its jitter."""
        return next(filter(None, (self.wait_of(run, now) for run in self.live.values())), "")

    def wait_of(self, run: LiveRun, now: Instant) -> str:
        """Say what an open run waits for; empty where it does not, or for its jitter."""
        if run.state not in ("queued", "retrying"):
            return ""
        if run.hold is not None:
            return run.hold.message
        if run.ready_at > now or run.state == "retrying":
            return ""
        holding = sum(other.state != "queued" for other in self.live.values())
        if self.job.instances is not None and holding >= self.job.instances:
            return "the run before it is still open"
        return "all places of the engine are taken (max_running)"


class Snapshot(msgspec.Struct):
    """All that a face can know without asking."""

    n: int = 0
    store: str = ""
    engine: EngineView = msgspec.field(default_factory=EngineView)
    settings: Settings = Settings()
    sha256: str = ""
    """Of the jobs file that is in force."""
    loaded_at: Instant = 0
    problems: tuple[Problem, ...] = ()
    """Of the newest file, when it was rejected."""
    rejected_sha256: str = ""
    all_paused: Pause | None = None
    jobs: dict[str, JobView] = {}
    removed: dict[str, dict[int, LiveRun]] = {}
    """Open runs of jobs that left the file."""
    alerts: dict[int, Alert] = {}
    """Those that are not closed."""
    mutes: dict[str, Mute] = {}
    """By job; those whose time is over may still be here."""
    notices: dict[int, Notice] = {}
    """What is still to be told."""
    notifiers: dict[str, NotifierView] = {}
    """How those do that were used since the engine started."""
    hosts: tuple[str, ...] = ()
    """The machines of a picture of several; its jobs are `HOST:JOB`."""
    gone: dict[str, str] = {}
    """Those of them that do not answer, with why: of their jobs this was last known."""

    def live_run(self, job: str, run: int) -> LiveRun | None:
        """Return an open run, or None."""
        return self._live(job).get(run)

    def _live(self, job: str) -> dict[int, LiveRun]:
        view = self.jobs.get(job)
        return view.live if view else self.removed.get(job, {})


def fold(snapshot: Snapshot, numbered: Numbered) -> None:
    """Apply one event to `snapshot`. Events at or below its number are ignored."""
    if numbered.n <= snapshot.n:
        return
    snapshot.n = numbered.n
    _fold(snapshot, numbered.event)
    fold_notice(snapshot.notices, snapshot.notifiers, numbered.event)


def _fold(snapshot: Snapshot, event: AnyEvent) -> None:
    match event:
        case NextDueMoved(next_at=moved):
            for job, at in moved.items():
                if view := snapshot.jobs.get(job):
                    view.next_at = at
        case RunQueued():
            _queue(snapshot, event)
        case AttemptClaimed():
            view = snapshot.jobs.get(event.job)
            if view and event.timed_runs is not None:
                view.timed_runs = event.timed_runs
            if live := snapshot.live_run(event.job, event.run):
                live.state, live.attempt, live.pid = "running", event.attempt, None
                live.hold = None
                live.is_reported = event.runner == REPORTED
        case RunHeld():
            if live := snapshot.live_run(event.job, event.run):
                live.hold = event.hold
        case AttemptStarted():
            if live := snapshot.live_run(event.job, event.run):
                live.pid, live.attempt_started_at = event.pid, event.started_at
                live.started_at = live.started_at or event.started_at
        case AttemptEnded():
            if live := snapshot.live_run(event.job, event.run):
                live.last_end, live.pid = event.end, None
        case RetryScheduled():
            if live := snapshot.live_run(event.job, event.run):
                live.state, live.ready_at = "retrying", event.ready_at
        case RunStopping():
            if live := snapshot.live_run(event.job, event.run):
                live.state = "stopping"
        case RunEnded():
            _end(snapshot, event)
        case InstantDecided() | SignalDecided():
            if view := snapshot.jobs.get(event.job):
                _remember(view, PastRun(None, event.at, event.outcome, event.reason))
        case _:
            _fold_rare(snapshot, event)


def _fold_rare(snapshot: Snapshot, event: AnyEvent) -> None:
    match event:
        case JobAdded(job=job):
            live = snapshot.removed.pop(job.id, {})
            snapshot.jobs[job.id] = JobView(job=job, first_seen_at=event.first_seen_at, live=live)
        case JobChanged(job=job):
            if view := snapshot.jobs.get(job.id):
                view.job = job
                if event.first_seen_at is not None:
                    view.first_seen_at, view.decided = event.first_seen_at, ()
        case CountingMoved(job=name):
            if view := snapshot.jobs.get(name):
                view.decided = event.decided
        case SkipLifted(job=name):
            if view := snapshot.jobs.get(name):
                _forget_skip(view)
        case JobRemoved():
            gone = snapshot.jobs.pop(event.job, None)
            if gone and gone.live:
                snapshot.removed[event.job] = gone.live
            fold_alert(snapshot.alerts, snapshot.mutes, event)
        case JobRenamed():
            _rename(snapshot, event.old, event.job)
            fold_alert(snapshot.alerts, snapshot.mutes, event)
        case JobPaused():
            if view := snapshot.jobs.get(event.job):
                view.pause = Pause(event.by, event.at, event.until, event.reason)
        case JobResumed():
            if view := snapshot.jobs.get(event.job):
                view.pause = None
        case TriggerSuspended():
            if view := snapshot.jobs.get(event.job):
                view.suspended = view.suspended | {event.trigger: event.at}
        case TriggersResumed():
            if view := snapshot.jobs.get(event.job):
                view.suspended = {}
        case AllPaused():
            snapshot.all_paused = Pause(event.by, event.at, event.until, event.reason)
        case AllResumed():
            snapshot.all_paused = None
        case ConfigLoaded():
            snapshot.sha256, snapshot.loaded_at = event.sha256, event.at
            snapshot.settings = event.settings
            snapshot.problems, snapshot.rejected_sha256 = (), ""
        case ConfigRejected():
            snapshot.problems, snapshot.rejected_sha256 = event.problems, event.sha256
        case EngineStarted():
            engine = snapshot.engine
            engine.pid, engine.version, engine.started_at = event.pid, event.version, event.at
            engine.state = "running"
        case EngineStopping():
            snapshot.engine.state = "stopping"
        case _:
            fold_alert(snapshot.alerts, snapshot.mutes, event)


def _rename(snapshot: Snapshot, old: str, new: str) -> None:
    """Give a job another name, at its old place."""
    jobs = snapshot.jobs
    if old in jobs:
        renamed = {new if job == old else job: view for job, view in jobs.items()}
        jobs.clear()
        jobs.update(renamed)
    if old in snapshot.removed:
        snapshot.removed[new] = snapshot.removed.pop(old)
    for run in snapshot._live(new).values():
        run.job = new


def _queue(snapshot: Snapshot, event: RunQueued) -> None:
    if view := snapshot.jobs.get(event.job):
        view.live[event.run] = LiveRun(
            run=event.run,
            job=event.job,
            cause=event.cause,
            state="queued",
            queued_at=event.at,
            ready_at=event.ready_at,
            attempts=event.attempts,
        )


def _end(snapshot: Snapshot, event: RunEnded) -> None:
    live = snapshot._live(event.job).pop(event.run, None)
    view = snapshot.jobs.get(event.job)
    if view is None:
        if not snapshot.removed.get(event.job):
            snapshot.removed.pop(event.job, None)
        return
    end = live.last_end if live else None
    started_at = live.started_at if live else None
    ended_at = end.ended_at if end else event.at
    duration = ended_at - started_at if started_at is not None else None
    past = PastRun(
        run=event.run,
        ended_at=ended_at,
        outcome=event.outcome,
        reason=event.reason,
        started_at=started_at,
        duration=duration,
        exit_code=end.exit_code if end else None,
        signal=end.signal if end else None,
        attempt=live.attempt if live else 0,
    )
    _remember(view, past)
    count(view.totals, past)


def count(totals: Totals, past: PastRun) -> None:
    """Add an ended run to the totals; decisions that started nothing do not count."""
    if past.outcome in ("skipped", "missed") and past.started_at is None:
        return
    totals.runs += 1
    if past.duration is not None:
        totals.duration_sum += past.duration
        totals.durations += 1
    if past.outcome == "succeeded":
        totals.succeeded += 1
        totals.failed_in_a_row = 0
    elif past.outcome in FAILED:
        totals.failed += 1
        totals.failed_in_a_row += 1


def _forget_skip(view: JobView) -> None:
    """Forget the newest decision of a person that an instant starts nothing."""
    for place in range(len(view.recent) - 1, -1, -1):
        past = view.recent[place]
        if past.run is None and past.reason == "user":
            del view.recent[place]
            return


def _remember(view: JobView, past: PastRun) -> None:
    view.recent.append(past)
    if len(view.recent) > RECENT_RUNS:
        del view.recent[0]
