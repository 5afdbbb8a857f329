"""What must hold of runs in every step, whatever happens."""

from collections.abc import Mapping
from dataclasses import dataclass

from cronterm.clock import Instant, rfc3339
from cronterm.core.base import Effects
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    InstantDecided,
    JobAdded,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobRenamed,
    JobResumed,
    NextDueMoved,
    RetryScheduled,
    RunEnded,
    RunQueued,
    RunStopping,
)
from cronterm.model.job import Job, Settings, definition_hash
from cronterm.model.run import REPORTED, Cause

HOLDING = ("running", "retrying", "stopping")
AT_ONCE = ("overlap", "queue_full", "max_runs")
"""Reasons for which an instant starts nothing, decided when it is due."""


@dataclass
class Run:
    """An open run, as recorded facts tell of it."""

    job: str
    cause: Cause
    ready_at: Instant
    is_forced: bool
    state: str = "queued"
    attempt: int = 0
    is_reported: bool = False
    definition: Job | None = None


class Rules:
    """Takes in each step that was committed, and fails at the first that breaks a rule."""

    def __init__(self) -> None:
        self.runs: dict[int, Run] = {}
        self.jobs: dict[str, Job] = {}
        self.settings = Settings()
        self.next_at: dict[str, Instant | None] = {}
        self.started = 0
        self.ended = 0
        self._paused: set[str] = set()
        self._is_all_paused = False
        self._timed_runs: dict[str, int] = {}
        self._followed: set[tuple[int, str]] = set()
        self._signalled: dict[str, Instant] = {}
        """When an event last started a run of a job."""

    @property
    def running(self) -> int:
        """Attempts that hold a place of the engine."""
        return sum(
            run.state in ("running", "stopping") and not run.is_reported
            for run in self.runs.values()
        )

    def begin(self) -> None:
        """Another engine begins: nothing is published yet."""
        self.next_at = {}

    def take(self, effects: Effects, *, is_first: bool, is_forced: bool) -> None:
        """Take in a step. `is_first` of a core, `is_forced` where a command said so."""
        starts = {(start.run, start.attempt): start.job for start in effects.starts}
        claimed = set()
        for event in effects.events:
            match event:
                case RunQueued():
                    self._queue(event, is_first=is_first, is_forced=is_forced)
                case InstantDecided():
                    self._decide(event, is_first=is_first)
                case AttemptClaimed():
                    claimed.add((event.run, event.attempt))
                    if event.runner == REPORTED:
                        self._claim_reported(event)
                    else:
                        self._claim(event, starts[event.run, event.attempt])
                case _:
                    self._take(event)
        for (number, attempt), job in starts.items():
            run = self.runs[number]
            assert run.attempt == attempt
            assert run.definition is not None
            assert definition_hash(run.definition) == definition_hash(job)
            assert run.state == "running" or (number, attempt) in claimed
        for stop in effects.stops:
            assert stop.run not in self.runs or self.runs[stop.run].state == "stopping"

    # -- decisions -------------------------------------------------------------------------------

    def _queue(self, event: RunQueued, *, is_first: bool, is_forced: bool) -> None:
        cause = event.cause
        assert event.run not in self.runs
        by_hand = cause.kind == "manual"
        self.runs[event.run] = Run(event.job, cause, event.ready_at, is_forced and by_hand)
        is_monitor = self.jobs[event.job].is_monitor
        if cause.kind == "scheduled" or cause.signal is not None:
            assert not self._is_held(event.job), f"{event.job} is held and was queued"
        if cause.kind == "scheduled" and not is_monitor:
            if cause.due_at is not None and not is_first:
                assert event.at == cause.due_at, f"{event.job} was queued late"
            self._check_skip(event)
        if cause.signal is not None:
            self._check_cooldown(event)
        if cause.run is not None:
            follows = (cause.run, event.job)
            assert follows not in self._followed, f"{event.job} follows one run twice"
            self._followed.add(follows)

    def _check_skip(self, event: RunQueued) -> None:
        """Under `skip` nothing is queued behind another run, but when its jitter is over."""
        job = self.jobs[event.job]
        if job.overlap == "skip" and event.ready_at <= event.at and event.cause.due_at is not None:
            assert self._holding(event.job) < (job.instances or 0), f"{event.job} was not skipped"

    def _check_cooldown(self, event: RunQueued) -> None:
        before = self._signalled.get(event.job)
        cooldown = self.jobs[event.job].cooldown
        assert before is None or event.at - before >= cooldown, "within the cooldown"
        self._signalled[event.job] = event.at

    def _holding(self, name: str) -> int:
        return sum(run.job == name and run.state in HOLDING for run in self.runs.values())

    def _decide(self, event: InstantDecided, *, is_first: bool) -> None:
        if self.jobs[event.job].is_monitor:
            return  # it is judged when its tolerance is over
        if event.reason in ("downtime", "coalesced"):
            assert is_first, f"{event.job}: {event.reason} while an engine ran"
        if event.reason in AT_ONCE and not is_first:
            assert event.at == event.due_at, f"{event.job} was decided late"

    def _is_held(self, name: str) -> bool:
        return self._is_all_paused or name in self._paused or not self.jobs[name].enabled

    # -- starts ----------------------------------------------------------------------------------

    def _claim_reported(self, event: AttemptClaimed) -> None:
        run = self.runs[event.run]
        assert (run.state, event.attempt) == ("queued", 1)
        run.state, run.attempt, run.is_reported = "running", 1, True
        run.definition = self.jobs[event.job]

    def _claim(self, event: AttemptClaimed, job: Job) -> None:
        run = self.runs[event.run]
        assert event.attempt == run.attempt + 1
        assert event.attempt <= 1 + job.retry.attempts, "more attempts than there may be"
        assert run.state == ("retrying" if run.attempt else "queued")
        if event.attempt == 1:
            self._first_claim(event, run, job)
        else:
            assert event.at >= run.ready_at, "tried again before its delay was over"
        run.state, run.attempt, run.definition = "running", event.attempt, job
        self.started += 1
        assert self.running <= self.settings.max_running, "more than max_running"
        slots = self.settings.pools.get(job.pool)
        assert slots is None or self._used(job.pool) <= slots, f"pool {job.pool} is exceeded"

    def _first_claim(self, event: AttemptClaimed, run: Run, job: Job) -> None:
        if job.start_deadline is not None and run.cause.kind == "scheduled" and run.cause.due_at:
            assert event.at <= run.ready_at + job.start_deadline, "later than start_deadline"
        if run.cause.kind != "manual":
            self._timed_runs[run.job] = self._timed_runs.get(run.job, 0) + 1
            most = job.max_runs
            assert most is None or self._timed_runs[run.job] <= most, "more than max_runs"
        others = [
            other for other in self.runs.values() if other.job == run.job and other.state in HOLDING
        ]
        if not run.is_forced:
            assert job.instances is None or len(others) < job.instances, f"{run.job} overlaps"
        if run.cause.kind == "catch_up":
            assert all(other.cause.kind != "catch_up" for other in others), "one at a time"

    def _used(self, pool: str) -> int:
        return sum(
            run.state in ("running", "stopping")
            and run.definition is not None
            and run.definition.pool == pool
            for run in self.runs.values()
        )

    # -- all else --------------------------------------------------------------------------------

    def _take(self, event: AnyEvent) -> None:
        match event:
            case AttemptEnded():
                assert self.runs[event.run].state in ("running", "stopping")
                assert self.runs[event.run].attempt == event.attempt
                self.runs[event.run].state = "ended"
            case RetryScheduled():
                run = self.runs[event.run]
                assert event.attempt == run.attempt + 1
                run.state, run.ready_at = "retrying", event.ready_at
            case RunStopping():
                assert self.runs[event.run].state in ("running", "stopping")
                self.runs[event.run].state = "stopping"
            case RunEnded():
                del self.runs[event.run]
                self.ended += 1
            case NextDueMoved():
                self.next_at |= event.next_at
            case JobPaused():
                self._paused.add(event.job)
            case JobResumed():
                self._paused.discard(event.job)
            case AllPaused():
                self._is_all_paused = True
            case AllResumed():
                self._is_all_paused = False
            case _:
                self._define(event)

    def _define(self, event: AnyEvent) -> None:
        match event:
            case JobAdded():
                self.jobs[event.job.id] = event.job
                self._timed_runs[event.job.id] = 0
            case JobChanged():
                self.jobs[event.job.id] = event.job
            case JobRemoved():
                self.jobs.pop(event.job)
                self._paused.discard(event.job)
                self.next_at.pop(event.job, None)
            case JobRenamed():
                self._rename(event.old, event.job)
            case _:
                pass

    def _rename(self, old: str, new: str) -> None:
        if old in self.jobs:
            self.jobs[new] = self.jobs.pop(old)
        if old in self._timed_runs:
            self._timed_runs[new] = self._timed_runs.pop(old)
        if old in self._signalled:
            self._signalled[new] = self._signalled.pop(old)
        if old in self._paused:
            self._paused = self._paused - {old} | {new}
        if old in self.next_at:
            self.next_at[new] = self.next_at.pop(old)
        for run in self.runs.values():
            run.job = new if run.job == old else run.job

    def check_next(self, expected: Mapping[str, Instant | None]) -> None:
        """Hold what is published as due next against what is."""
        for name, at in expected.items():
            job = self.jobs[name]
            if not (self._is_held(name) or job.exclude or job.only or job.is_monitor):
                assert self.next_at.get(name) == at, (
                    f"{name} is due next at {_shown(at)}, published is"
                    f" {_shown(self.next_at.get(name))}"
                )


def _shown(at: Instant | None) -> str:
    return "never" if at is None else rfc3339(at)
