"""What the core knows: jobs, open runs, and when to look at which of them again."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from cronterm.clock import MINUTE, Duration, Instant, Now
from cronterm.core.alert_book import AlertBook
from cronterm.core.check import Check
from cronterm.core.notice_book import NoticeBook
from cronterm.core.policies import tolerance_of
from cronterm.model.command import Answer
from cronterm.model.effect import CheckCondition, ReportedLine, StartAttempt, StopAttempt
from cronterm.model.event import AnyEvent
from cronterm.model.gates import Hold, Need, Result
from cronterm.model.job import Job, Settings
from cronterm.model.memory import KnownJob, Memory
from cronterm.model.run import AttemptEnd, Cause, Outcome, Reason, RunState
from cronterm.model.snapshot import Pause
from cronterm.schedule.base import Coming, EverySpec, Schedule
from cronterm.schedule.build import build
from cronterm.schedule.calendars import Calendars, Sieve, Sifted

UNTOLD: Instant = -1
HELD_LOOK = MINUTE  # a paused job of every second need not write a row a second


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


class Books:
    """All state of a core, and the effects of the step that is under way."""

    def __init__(self, *, next_run: int, seed: str) -> None:
        self.next_run = next_run
        self.seed = seed
        self.settings = Settings()
        self.calendars = Calendars({})
        self.quiet_until: Duration = 0
        """In elapsed time: until when nothing starts by itself."""
        self.jobs: dict[str, JobRecord] = {}
        self.runs: dict[int, RunRecord] = {}
        self.absent: dict[str, KnownJob] = {}
        """Jobs that are remembered and not in the file."""
        self.all_paused: Pause | None = None
        self.paused: dict[str, JobRecord] = {}
        """Jobs that are paused one by one."""
        self.is_draining = False
        self.now = Now(0, 0)
        self.events: list[AnyEvent] = []
        self.stops: list[StopAttempt] = []
        self.starts: list[StartAttempt] = []
        self.answers: list[tuple[int, Answer]] = []
        self.checks: list[CheckCondition] = []
        self.forgotten: list[int] = []
        self.ended: list[tuple[RunRecord, Outcome, Reason]] = []
        """Runs whose end has not been followed by its consequences yet."""
        self.asked: set[int] = set()
        """Runs whose condition is being looked at."""
        self.has_priorities = False
        self.decides_together = False
        """Which run goes first depends on what else is due, so all of it is decided in one step."""
        self.downstream: dict[str, list[str]] = {}
        """Jobs that the ends of a job's runs start, by that job."""
        self.held_back: dict[int, RunRecord] = {}
        """Runs that come after others."""
        self._order = 0
        self.lines: list[ReportedLine] = []
        self.alerts, self.notices = AlertBook(Memory()), NoticeBook(Memory())
        self.running = 0
        """Attempts that the runner holds."""
        self.waiting: dict[int, RunRecord] = {}
        """Arrived and not started: an instance or a place in the engine is not free yet."""
        self._due: list[tuple[Instant, str]] = []
        self._ready: list[tuple[Instant, int]] = []
        self._retries: list[tuple[Duration, int]] = []
        self._moved: set[str] = set()

    # -- looking again ---------------------------------------------------------------------------

    def watch_job(self, record: JobRecord) -> None:
        """Note when `record` is due next, after anything about it changed."""
        self._moved.add(record.job.id)
        look = record.next_due()
        record.upcoming = look if record.sieve is None else record.next_start()
        if look is not None and record.held_at is not None and self.is_held(record):
            look = max(look, record.held_at + HELD_LOOK)
        elif look is not None and record.job.is_monitor and not self.is_held(record):
            tolerance = tolerance_of(record.job, record.schedule, look)
            if look + tolerance >= record.judged_from:  # else it was over before anybody heard
                look = max(look, record.judged_from) + tolerance + 1
        elif look is not None and record.passed_at is not None:
            look = max(look, record.passed_at + HELD_LOOK)
            look = look if record.upcoming is None else min(look, record.upcoming)
        record.looked_at = look
        if look is not None:
            heappush(self._due, (look, record.job.id))

    def due_jobs(self) -> Iterator[JobRecord]:
        """Yield each job that has an undecided instant at or before now, once, soonest first."""
        while self._due and self._due[0][0] <= self.now.utc:
            at, job = heappop(self._due)
            record = self.jobs.get(job)
            if record is not None and record.looked_at == at:
                record.looked_at = None
                yield record

    def watch_run(self, run: RunRecord) -> None:
        """Note when a queued or retrying run is to be looked at."""
        if run.retry_at is not None:
            heappush(self._retries, (run.retry_at, run.run))
        else:
            heappush(self._ready, (run.ready_at, run.run))

    def ready_runs(self) -> Iterator[RunRecord]:
        """Yield the runs whose jitter or retry delay is over."""
        while self._ready and self._ready[0][0] <= self.now.utc:
            run = self.runs.get(heappop(self._ready)[1])
            if run is None or run.after:
                continue
            if run.state == "queued" and not run.is_arrived:
                yield run
        while self._retries and self._retries[0][0] <= self.now.elapsed:
            at, number = heappop(self._retries)
            run = self.runs.get(number)
            if run is not None and run.state == "retrying" and run.retry_at == at:
                yield run

    def wait(self, now: Now) -> Duration | None:
        """Return how long nothing will be due, in microseconds; None is for ever."""
        if self.is_draining:
            return None
        waits = [heap[0][0] - now.utc for heap in (self._due, self._ready) if heap]
        if self._retries:
            waits.append(self._retries[0][0] - now.elapsed)
        if self.paused or self.all_paused:
            pauses = [self.all_paused, *(record.pause for record in self.paused.values())]
            waits += [p.until - now.utc for p in pauses if p is not None and p.until is not None]
        if self.waiting and self.is_quiet:
            waits.append(self.quiet_until - now.elapsed)
        for run in self.waiting.values():
            latest = self.latest_start(run)
            if latest is not None:
                waits.append(latest + 1 - now.utc)
            if run.hold is not None and not run.is_cleared:
                waits.append(self.depends_until(run) - now.utc)
            look = run.check.at  # one that is past was looked at: a place for it is missing
            if look is not None and look > self.now.elapsed and not run.check.is_asked:
                waits.append(look - now.elapsed)
        return max(min(waits), 0) if waits else None

    # -- asking ----------------------------------------------------------------------------------

    def is_held(self, record: JobRecord) -> bool:
        """Timed starts of the job are held back."""
        return not record.job.enabled or record.pause is not None or self.all_paused is not None

    @property
    def is_quiet(self) -> bool:
        """The engine is so young that nothing starts by itself."""
        return self.now.elapsed < self.quiet_until

    def definition(self, run: RunRecord) -> Job:
        """Return the definition a run has or would start with."""
        return run.definition or self.jobs[run.job].job

    def latest_start(self, run: RunRecord) -> Instant | None:
        """Return until when a waiting run may start; None is without limit.

        `start_deadline` is for timed runs that have not been tried yet.
        """
        if run.cause.kind != "scheduled" or run.cause.due_at is None or run.attempt:
            return None
        deadline = self.definition(run).start_deadline
        return None if deadline is None else run.ready_at + deadline

    def depends_until(self, run: RunRecord) -> Instant:
        """Return until when a run waits for what its job depends on."""
        return run.ready_at + self.definition(run).depends_wait

    def others(self, run: RunRecord) -> list[RunRecord]:
        """Return the other open runs of the same job, oldest first."""
        record = self.jobs.get(run.job)
        return [other for other in record.open.values() if other is not run] if record else []

    # -- changing --------------------------------------------------------------------------------

    def next_order(self) -> int:
        """Return a number larger than all before it, for what just happened."""
        self._order += 1
        return self._order

    def remember_order(self, order: int) -> None:
        """Go on after the order of what is remembered."""
        self._order = max(self._order, order)

    def set_pause(self, record: JobRecord, pause: Pause | None) -> None:
        """Pause a job, or end its pause."""
        record.pause = pause
        if pause is None:
            self.paused.pop(record.job.id, None)
        else:
            self.paused[record.job.id] = record

    # -- telling ---------------------------------------------------------------------------------

    def publish_all_next(self) -> None:
        """Have the next instant of every job told: what is published is of a core before this."""
        for record in self.jobs.values():
            record.next_at = UNTOLD
            self._moved.add(record.job.id)

    def moved_next(self) -> dict[str, Instant | None]:
        """Return what changed in what is published as due next, and note it as published."""
        changed: dict[str, Instant | None] = {}
        for job in self._moved:
            record = self.jobs.get(job)
            if record is None:
                continue
            next_at = None if self.is_held(record) else record.upcoming
            if next_at != record.next_at:
                record.next_at = changed[job] = next_at
        self._moved.clear()
        return dict(sorted(changed.items()))
