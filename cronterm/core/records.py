"""What the core knows of a job and of an open run."""

from collections import deque
from dataclasses import dataclass, field

from cronterm.clock import Duration, Instant
from cronterm.core.check import Check
from cronterm.model.gates import Hold, Need, Result
from cronterm.model.job import Job
from cronterm.model.run import AttemptEnd, Cause, RunState
from cronterm.model.snapshot import Pause
from cronterm.schedule.base import Coming, EverySpec, Schedule
from cronterm.schedule.build import build
from cronterm.schedule.calendars import Sieve, Sifted


@dataclass(eq=False)
class RunRecord:
    """An open run."""

    run: int
    job: str
    cause: Cause
    state: RunState
    queued_at: Instant
    ready_at: Instant
    retry_at: Duration | None = None
    """While retrying: when, in elapsed time."""
    attempt: int = 0
    definition: Job | None = None
    """Bound at the first claim."""
    last_end: AttemptEnd | None = None
    is_started: bool = False
    """The start of its attempt is recorded."""
    is_forced: bool = False
    is_arrived: bool = False
    """Its overlap has been decided; before that it waits for its jitter."""
    after: dict[int, Need] = field(default_factory=dict)
    """Open runs that must end so before it arrives."""
    is_cleared: bool = False
    """What its job depends on was met."""
    check: Check = field(default_factory=Check)
    hold: Hold | None = None
    """What was last recorded to hold it back."""
    is_reported: bool = False
    """Something else runs it and reports it."""
    reported_bytes: int = 0
    """Of its output, as far as this engine heard it."""
    started_at: Instant | None = None
    """Start of the first attempt."""

    @property
    def is_holding(self) -> bool:
        """It holds one of the job's instances."""
        return self.state in ("running", "retrying", "stopping")

    @property
    def is_in_the_way(self) -> bool:
        """A new run of the job has to reckon with it: it holds an instance, or waits for one.

        One whose jitter still runs has not come yet, and caught-up runs wait behind all others.
        """
        return self.is_holding or (self.is_arrived and self.cause.kind != "catch_up")


@dataclass(eq=False)
class Signals:
    """What the core keeps of the events that started runs of a job."""

    started_at: Duration | None = None
    """When one did the last time, in elapsed time."""
    starts: dict[str, deque[Duration]] = field(default_factory=dict)
    """The latest starts by each trigger, oldest first, in elapsed time."""
    suspended: dict[str, Instant] = field(default_factory=dict)


@dataclass(eq=False)
class JobRecord:
    """A job that is in the file."""

    job: Job
    definition_hash: str
    schedule_hash: str
    first_seen_at: Instant
    counts_from: Instant
    counted_since: Instant
    """Every due instant in (counted_since, counts_from] is decided."""
    decided: tuple[tuple[Instant, Instant], ...] = ()
    """Further spans (from, to] that are decided, in order and apart."""
    pause: Pause | None = None
    last_end_at: Instant | None = None
    open: dict[int, RunRecord] = field(default_factory=dict)
    schedule: Schedule = field(init=False)
    upcoming: Instant | None = None
    """Its first undecided instant when it was last looked at."""
    next_at: Instant | None = None
    """What was last published."""
    looked_at: Instant | None = None
    """The one valid entry in the heap."""
    held_at: Instant | None = None
    """When its held instants became rows the last time."""
    result: Result | None = None
    started_n: int = 0
    """Orders its last start among the results of others."""
    timed_runs: int = 0
    """How often it has run by itself since it came into the file."""
    failures: int = 0
    """Failed runs in a row since then, or since it was resumed."""
    sieve: Sieve | None = None
    """What its calendars let through; None is everything."""
    coming: Coming = field(init=False)
    """The instants of its schedule that are let through, as a forecast sees them."""
    passed_at: Instant | None = None
    """When instants that are kept back became rows the last time."""
    signals: Signals = field(default_factory=Signals)
    judged_from: Instant = 0
    """A monitor's reports could be heard from then on."""

    def __post_init__(self) -> None:
        self.build()

    def build(self) -> None:
        """Build the schedule anew, after its anchors moved.

        A job that counts anew while nothing of it is open has its last end then: from an older one
        its next instant could lie before the count, and there would never be another.
        """
        last_end_at = self.last_end_at
        if not self.open:
            ended_at = self.first_seen_at if last_end_at is None else last_end_at
            last_end_at = max(ended_at, self.counts_from)
        self.schedule = build(
            self.job.schedule,
            first_seen_at=self.first_seen_at,
            last_end_at=last_end_at,
            not_before=self.job.not_before,
            not_after=self.job.not_after,
        )
        self.sift(self.sieve)

    def sift(self, sieve: Sieve | None) -> None:
        """Have its calendars let through what `sieve` does."""
        self.sieve = sieve
        self.coming = self.schedule if sieve is None else Sifted(self.schedule, sieve)

    def count_from(self, at: Instant) -> None:
        """Count from `at` on; what lies before it is decided or does not count."""
        self.counts_from = at
        if self.counts_from_ends:
            self.build()

    @property
    def counts_from_ends(self) -> bool:
        """Its schedule moves with each end."""
        return any(isinstance(s, EverySpec) and s.origin == "finish" for s in self.job.schedule)

    @property
    def decided_spans(self) -> tuple[tuple[Instant, Instant], ...]:
        """All spans (from, to] that are decided: those kept, and the one it is counting in."""
        if self.counted_since >= self.counts_from:
            return self.decided
        return (*self.decided, (self.counted_since, self.counts_from))

    @property
    def is_used_up(self) -> bool:
        """It has run as often by itself as it may."""
        return self.job.max_runs is not None and self.timed_runs >= self.job.max_runs

    @property
    def is_planned_out(self) -> bool:
        """It will have run as often by itself as it may once its open runs have started."""
        if self.job.max_runs is None:
            return False
        waiting = (run for run in self.open.values() if not run.attempt)
        return self.timed_runs + sum(run.cause.kind != "manual" for run in waiting) >= (
            self.job.max_runs
        )

    def next_due(self) -> Instant | None:
        """Return the first instant that is neither decided nor before the count."""
        return self._first(self.schedule)

    def next_start(self) -> Instant | None:
        """Return the first such instant that its calendars let through, as far as can be seen."""
        return self._first(self.coming)

    def _first(self, schedule: Coming) -> Instant | None:
        if self.is_used_up:
            return None
        at = schedule.next_after(self.counts_from)
        for start, end in self.decided:
            if at is not None and start < at <= end:
                at = schedule.next_after(end)
        return at
