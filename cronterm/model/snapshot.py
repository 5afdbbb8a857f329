"""What is visible at event number n.

A `Snapshot` is mutable on purpose (a screen folds a thousand events a second, see `fold`) and
belongs to one owner.
"""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.alert import Alert, Mute
from cronterm.model.engine_view import EngineView
from cronterm.model.gates import Hold
from cronterm.model.job import Job, Settings
from cronterm.model.notice import Notice, NotifierView
from cronterm.model.problem import Problem
from cronterm.model.run import (
    FAILED,
    AttemptEnd,
    Cause,
    Outcome,
    Reason,
    RunState,
    success_ratio,
)

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

    @property
    def is_run(self) -> bool:
        """It started, or failed to: what was decided not to run is none."""
        return self.started_at is not None or self.outcome in FAILED


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

    @property
    def told(self) -> str:
        """Who and why: `by ann: disk swap`."""
        return f"by {self.by}: {self.reason}" if self.reason else f"by {self.by}"


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

    @property
    def success_ratio(self) -> float | None:
        """See the function of this name."""
        return success_ratio(self.succeeded, self.failed)


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
        """The newest run that started, or could not be started; None before the first."""
        for past in reversed(self.recent):  # a screen asks this of 10,000 jobs at once
            if past.is_run:
                return past
        return None

    @property
    def last_failed(self) -> PastRun | None:
        """The newest of its recent runs that failed, or None."""
        return next((past for past in reversed(self.recent) if past.outcome in FAILED), None)

    def skipped(self, now: Instant) -> tuple[Instant, ...]:
        """Return the instants to come that a person has skipped, in order."""
        return tuple(end for start, end in self.decided if end - start == 1 and end > now)

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

    @property
    def read_sha256(self) -> str:
        """Of the jobs file as it was read last, in force or rejected: what edits begin with."""
        return self.rejected_sha256 or self.sha256

    def live_run(self, job: str, run: int) -> LiveRun | None:
        """Return an open run, or None."""
        return self.open_runs(job).get(run)

    def open_runs(self, job: str) -> dict[int, LiveRun]:
        """Return the open runs of a job, also of one that left the file."""
        view = self.jobs.get(job)
        return view.live if view else self.removed.get(job, {})

    def left_runs(self) -> list[LiveRun]:
        """Return the open runs of jobs that left the file, the oldest first."""
        left = [run for runs in self.removed.values() for run in runs.values()]
        return sorted(left, key=lambda run: run.run)

    def all_open(self) -> list[LiveRun]:
        """Return every open run, those of jobs that left the file last."""
        live = [run for view in self.jobs.values() for run in view.live.values()]
        return live + self.left_runs()


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
