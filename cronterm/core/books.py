"""What the core knows: jobs, open runs, and when to look at which of them again."""

from collections.abc import Iterator
from heapq import heappop, heappush

from cronterm.clock import MINUTE, Duration, Instant, Now
from cronterm.core.alert_book import AlertBook
from cronterm.core.notice_book import NoticeBook
from cronterm.core.policies import tolerance_of
from cronterm.core.records import JobRecord, RunRecord
from cronterm.model.command import Answer
from cronterm.model.effect import CheckCondition, ReportedLine, StartAttempt, StopAttempt
from cronterm.model.event import AnyEvent
from cronterm.model.job import Job, Settings
from cronterm.model.memory import KnownJob, Memory
from cronterm.model.run import Outcome, Reason
from cronterm.model.snapshot import Pause
from cronterm.schedule.calendars import Calendars

UNTOLD: Instant = -1
HELD_LOOK = MINUTE  # a paused job of every second need not write a row a second


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
    def is_due(self) -> bool:
        """A job may be due that is not decided."""
        return bool(self._due) and self._due[0][0] <= self.now.utc

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
