"""What the core knows: jobs, open runs, and when to look at which of them again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from cronterm.clock import MINUTE, Duration, Instant, Now
from cronterm.model.command import Answer
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.event import AnyEvent
from cronterm.model.job import Job, Settings
from cronterm.model.run import AttemptEnd, Cause, RunState
from cronterm.model.snapshot import Pause
from cronterm.schedule.base import EverySpec, Schedule
from cronterm.schedule.build import build

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

    @property
    def is_holding(self) -> bool:
        """It holds one of the job's instances."""
        return self.state in ("running", "retrying", "stopping")


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
    pause: Pause | None = None
    last_end_at: Instant | None = None
    open: dict[int, RunRecord] = field(default_factory=dict)
    schedule: Schedule = field(init=False)
    next_at: Instant | None = None
    """What was last published."""
    looked_at: Instant | None = None
    """The one valid entry in the heap."""
    held_at: Instant | None = None
    """When its held instants became rows the last time."""

    def __post_init__(self) -> None:
        self.build()

    def build(self) -> None:
        """Build the schedule anew, after its anchors moved."""
        self.schedule = build(
            self.job.schedule, first_seen_at=self.first_seen_at, last_end_at=self.last_end_at
        )

    @property
    def counts_from_ends(self) -> bool:
        """Its schedule moves with each end."""
        return any(isinstance(s, EverySpec) and s.origin == "finish" for s in self.job.schedule)

    def next_due(self) -> Instant | None:
        """Return the first instant that is neither decided nor before the count."""
        at = self.schedule.next_after(self.counts_from)
        for start, end in sorted(self.decided):
            if at is not None and start < at <= end:
                at = self.schedule.next_after(end)
        return at


class Books:
    """All state of a core, and the effects of the step that is under way."""

    def __init__(self, *, next_run: int, seed: str) -> None:
        self.next_run = next_run
        self.seed = seed
        self.settings = Settings()
        self.jobs: dict[str, JobRecord] = {}
        self.runs: dict[int, RunRecord] = {}
        self.all_paused: Pause | None = None
        self.is_draining = False
        self.now = Now(0, 0)
        self.events: list[AnyEvent] = []
        self.stops: list[StopAttempt] = []
        self.starts: list[StartAttempt] = []
        self.answers: list[tuple[int, Answer]] = []
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
        if look is not None and record.held_at is not None and self.is_held(record):
            look = max(look, record.held_at + HELD_LOOK)
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
            if run is not None and run.state == "queued" and not run.is_arrived:
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
        pauses = [record.pause for record in self.jobs.values() if record.pause]
        pauses += [self.all_paused] if self.all_paused else []
        waits += [pause.until - now.utc for pause in pauses if pause.until is not None]
        for run in self.waiting.values():
            deadline = self.definition(run).start_deadline
            if deadline is not None and run.cause.due_at is not None:
                waits.append(run.ready_at + deadline + 1 - now.utc)
        return max(min(waits), 0) if waits else None

    # -- asking ----------------------------------------------------------------------------------

    def is_held(self, record: JobRecord) -> bool:
        """Timed starts of the job are held back."""
        return not record.job.enabled or record.pause is not None or self.all_paused is not None

    def definition(self, run: RunRecord) -> Job:
        """Return the definition a run has or would start with."""
        return run.definition or self.jobs[run.job].job

    def others(self, run: RunRecord) -> list[RunRecord]:
        """Return the other open runs of the same job, oldest first."""
        record = self.jobs.get(run.job)
        return [other for other in record.open.values() if other is not run] if record else []

    # -- telling ---------------------------------------------------------------------------------

    def moved_next(self) -> dict[str, Instant | None]:
        """Return what changed in what is published as due next, and note it as published."""
        changed: dict[str, Instant | None] = {}
        for job in self._moved:
            record = self.jobs.get(job)
            if record is None:
                continue
            next_at = None if self.is_held(record) else record.next_due()
            if next_at != record.next_at:
                record.next_at = changed[job] = next_at
        self._moved.clear()
        return dict(sorted(changed.items()))
