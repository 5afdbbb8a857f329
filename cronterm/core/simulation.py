"""Drives a core through virtual time: what it decides if attempts go as predicted.

The loop is the engine's with nothing around it: no store, no runner, no sleep. A forecast, a screen
that shows what is coming, and tests that live through a year stand on it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import Literal, NamedTuple, TypeAlias

from cronterm.clock import Duration, Instant, Now
from cronterm.core.base import Checked, Effects, Ended, Input
from cronterm.core.scheduler import Scheduler
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.job import Job
from cronterm.model.run import AttemptEnd, OpenRun

StoppedFor: TypeAlias = Literal["timeout", "user", "replaced", "shutdown"]

SIGTERM = 15


class Fate(NamedTuple):
    """How an attempt goes if nobody stops it and no timeout does."""

    duration: Duration
    has_failed: bool = False


Predict: TypeAlias = Callable[[StartAttempt], Fate]
"""Asked once for each attempt, in the order of their starts."""


class Step(NamedTuple):
    """What the core was told at one moment, and what it answered."""

    now: Now
    given: tuple[Input, ...]
    effects: Effects


class _Ending(NamedTuple):
    """When and how an attempt will end."""

    at: Instant
    end: AttemptEnd


class Simulation:
    """A core and what it has running.

    Stopped attempts end at once, by their signal; conditions hold whenever they are looked at.
    """

    def __init__(
        self, core: Scheduler, *, start: Instant, predict: Predict, elapsed: Duration = 0
    ) -> None:
        """Begin at `start`, with the clock that nobody sets at `elapsed`."""
        self.core = core
        self.utc = start
        self._boot = start - elapsed
        self._predict = predict
        self._endings: dict[tuple[int, int], _Ending] = {}
        self._heap: list[tuple[Instant, int, int]] = []
        self._checked: list[Input] = []

    @property
    def now(self) -> Now:
        """The virtual reading of both clocks."""
        return Now(self.utc, self.utc - self._boot)

    @property
    def running(self) -> int:
        """How many attempts are under way."""
        return len(self._endings)

    # -- one step --------------------------------------------------------------------------------

    def step(self, given: Iterable[Input] = ()) -> Step:
        """Let the core take in `given`, then answers that it waits for and ends until now."""
        inputs = (*given, *self._checked, *self._take_ended())
        effects = self.core.step(self.now, inputs)
        for stop in effects.stops:
            self._stop(stop)
        for start in effects.starts:
            self._start(start)
        self._checked = [Checked(check.run, passed=True) for check in effects.checks]
        return Step(self.now, inputs, effects)

    def next_at(self) -> Instant | None:
        """Return when something will happen next, or None."""
        if self._checked:
            return self.utc
        wait = self.core.wait(self.now)
        due_at = None if wait is None else self.utc + wait
        end_at = self._next_end()
        if due_at is None or end_at is None:
            return end_at if due_at is None else due_at
        return min(due_at, end_at)

    def steps(self, until: Instant) -> Iterator[Step]:
        """Yield what happens up to `until`, then stand there."""
        at = self.next_at()
        while at is not None and at <= until:
            self.utc = at
            yield self.step()
            at = self.next_at()
        self.utc = max(self.utc, until)

    # -- what runs -------------------------------------------------------------------------------

    def adopt(self, runs: Sequence[OpenRun], began: Mapping[int, Instant]) -> None:
        """Take over what runs already; call it before the core hears of its jobs.

        `began` tells when the attempt of a run was started, where that is known.
        """
        for run in runs:
            if run.state not in ("running", "stopping") or run.definition is None:
                continue
            start = StartAttempt(
                run=run.run,
                attempt=run.attempt,
                attempts=1 + run.definition.retry.attempts,
                job=run.definition,
                cause=run.cause,
                queued_at=run.queued_at,
            )
            self._start(start, since=began.get(run.run, run.ready_at))

    def stand_still(self, duration: Duration) -> None:
        """Let time pass in which no core runs; attempts go on and their ends wait."""
        self.utc += duration

    def _start(self, start: StartAttempt, *, since: Instant | None = None) -> None:
        fate = self._predict(start)
        began_at = self.utc if since is None else since
        timeout = start.job.timeout
        if timeout is not None and fate.duration >= timeout:
            ending = _stopped(max(began_at + timeout, self.utc), "timeout")
        else:
            ended_at = max(began_at + fate.duration, self.utc)
            code = failing_code(start.job) if fate.has_failed else start.job.success_exit_codes[0]
            end = AttemptEnd(ended_at=ended_at, exit_code=code, duration_us=fate.duration)
            ending = _Ending(ended_at, end)
        self._end_later(start.run, start.attempt, ending)

    def _stop(self, stop: StopAttempt) -> None:
        if (stop.run, stop.attempt) in self._endings:
            self._end_later(stop.run, stop.attempt, _stopped(self.utc, stop.why))

    def _end_later(self, run: int, attempt: int, ending: _Ending) -> None:
        self._endings[run, attempt] = ending
        heappush(self._heap, (ending.at, run, attempt))

    def _next_end(self) -> Instant | None:
        while self._heap:
            at, run, attempt = self._heap[0]
            ending = self._endings.get((run, attempt))
            if ending is not None and ending.at == at:
                return at
            heappop(self._heap)
        return None

    def _take_ended(self) -> list[Input]:
        ended: list[Input] = []
        while (at := self._next_end()) is not None and at <= self.utc:
            _, run, attempt = heappop(self._heap)
            ended.append(Ended(run, attempt, self._endings.pop((run, attempt)).end))
        return ended


def failing_code(job: Job) -> int:
    """Return an exit code that is a failure of `job`: 1 where that is one."""
    good = {*job.success_exit_codes, *job.skip_exit_codes}
    return next((code for code in range(1, 256) if code not in good), 256)


def _stopped(at: Instant, why: StoppedFor) -> _Ending:
    return _Ending(at, AttemptEnd(ended_at=at, signal=SIGTERM, stopped_for=why))
