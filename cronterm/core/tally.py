"""Adds up what a simulation does: per job, per minute, and the most at once."""

from collections import Counter
from collections.abc import Callable, Sequence

from cronterm.clock import HOUR, MINUTE, Instant
from cronterm.core.simulation import Step
from cronterm.model.event import (
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    InstantDecided,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunQueued,
)
from cronterm.model.forecast import Habit, JobForecast, Load
from cronterm.model.gates import Hold
from cronterm.model.run import OpenRun

LATE = MINUTE  # after the due instant and its jitter
BUSIEST = 10
MINUTES_PER_HOUR = HOUR // MINUTE


class _Open:
    """What the tally knows of an open run."""

    __slots__ = ("attempt", "claimed_at", "held_by", "job", "ready_at")

    def __init__(self, job: str, ready_at: Instant) -> None:
        self.job = job
        self.ready_at = ready_at
        self.attempt = 0
        self.claimed_at: Instant | None = None
        self.held_by = ""
        """The last gate that kept it waiting."""


class Tally:
    """Takes in each step of a simulation, in order. Instants before `start` are not expected."""

    def __init__(
        self,
        jobs: Sequence[str],
        *,
        start: Instant,
        end: Instant,
        habit: Callable[[str], Habit],
    ) -> None:
        self.start = start
        self.end = end
        self.running = 0
        self.most_at_once = 0
        self.most_at = start
        self._habit = habit
        self._jobs = {job: JobForecast(job=job, habit=habit(job)) for job in jobs}
        self._live: Counter[str] = Counter()
        self._open: dict[int, _Open] = {}
        self._freed: set[str] = set()
        self._base = start - start % HOUR
        minutes = max(-(-(end - self._base) // MINUTE), 1)
        self._starts = [0] * minutes
        self._peaks = [0] * minutes
        self._minute = (start - self._base) // MINUTE

    # -- taking in -------------------------------------------------------------------------------

    def adopt(self, runs: Sequence[OpenRun]) -> None:
        """Take over the runs that are open at the start."""
        for run in runs:
            it = self._open[run.run] = _Open(run.job, max(run.ready_at, self.start))
            it.attempt = run.attempt
            it.held_by = run.hold.gate if run.hold is not None else ""
            if run.state in ("running", "stopping"):
                it.claimed_at = self.start
                self._run_one(run.job, self.start)

    def take(self, step: Step) -> None:
        """Take in a step."""
        at = step.now.utc
        self._pass_to(at)
        self._freed.clear()
        for event in step.effects.events:
            self._take(event, at)
        self._note_peak()

    def _take(self, event: AnyEvent, at: Instant) -> None:
        match event:
            case AttemptClaimed():
                self._claim(event, at)
            case AttemptEnded():
                self._end_attempt(event, at)
            case RunEnded():
                self._end(event)
            case RunQueued():
                self._open[event.run] = _Open(event.job, event.ready_at)
                self._job(event.job).due += event.cause.due_at is not None
            case InstantDecided():
                job = self._job(event.job)
                job.due += event.count
                _add(job.skipped if event.outcome == "skipped" else job.missed, event)
            case RunHeld(hold=Hold(gate=gate)):
                self._open[event.run].held_by = gate
            case RetryScheduled():
                run = self._open[event.run]
                run.ready_at, run.held_by = event.ready_at, ""
            case _:
                pass

    def _claim(self, event: AttemptClaimed, at: Instant) -> None:
        run, job = self._open[event.run], self._job(event.job)
        waited = at - run.ready_at
        if waited > 0:
            why = run.held_by or ("overlap" if event.job in self._freed else "max_running")
            job.waits[why] = job.waits.get(why, 0) + 1
            job.waited += waited
            job.longest_wait = max(job.longest_wait, waited)
        job.runs += event.attempt == 1
        job.retries += event.attempt > 1
        job.late += event.attempt == 1 and waited > LATE
        run.attempt, run.claimed_at = event.attempt, at
        if self._minute < len(self._starts):
            self._starts[self._minute] += 1
        self._run_one(event.job, at)

    def _run_one(self, job: str, at: Instant) -> None:
        self._live[job] += 1
        it = self._job(job)
        it.most_at_once = max(it.most_at_once, self._live[job])
        self.running += 1
        self._note_peak()
        if self.running > self.most_at_once:
            self.most_at_once, self.most_at = self.running, at

    def _end_attempt(self, event: AttemptEnded, at: Instant) -> None:
        self._live[event.job] -= 1
        self.running -= 1
        self._freed.add(event.job)
        run = self._open[event.run]
        if run.claimed_at is not None:
            self._job(event.job).busy += at - run.claimed_at
            run.claimed_at = None

    def _end(self, event: RunEnded) -> None:
        run, job = self._open.pop(event.run), self._job(event.job)
        if run.attempt or event.outcome not in ("skipped", "missed"):
            job.outcomes[event.outcome] = job.outcomes.get(event.outcome, 0) + 1
        else:
            counts = job.skipped if event.outcome == "skipped" else job.missed
            counts[event.reason] = counts.get(event.reason, 0) + 1

    def _pass_to(self, at: Instant) -> None:
        """Fill in the minutes up to `at`: what ran at their beginning ran in them.

        A run that ends as a minute begins does not run in it.
        """
        minute, passed = divmod(at - self._base, MINUTE)
        if minute == self._minute:
            return
        peaks = self._peaks
        until = minute + (passed > 0)
        peaks[self._minute + 1 : until] = [self.running] * (
            min(until, len(peaks)) - min(self._minute + 1, len(peaks))
        )
        self._minute = minute

    def _note_peak(self) -> None:
        if self._minute < len(self._peaks):
            self._peaks[self._minute] = max(self._peaks[self._minute], self.running)

    def _job(self, job: str) -> JobForecast:
        found = self._jobs.get(job)
        if found is None:
            found = self._jobs[job] = JobForecast(job=job, habit=self._habit(job))
        return found

    # -- what it came to -------------------------------------------------------------------------

    def close(self) -> None:
        """Count what is still under way up to the end."""
        self._pass_to(self.end - 1)
        for run in self._open.values():
            if run.claimed_at is not None:
                self._job(run.job).busy += max(self.end - run.claimed_at, 0)

    @property
    def open(self) -> int:
        """How many runs are open."""
        return len(self._open)

    @property
    def jobs(self) -> tuple[JobForecast, ...]:
        """The forecasts of all jobs."""
        return tuple(self._jobs.values())

    def busiest(self) -> tuple[Load, ...]:
        """Return the busiest minutes in which anything starts, the busiest first."""
        order = sorted(
            (minute for minute, starts in enumerate(self._starts) if starts),
            key=lambda minute: (-self._starts[minute], -self._peaks[minute], minute),
        )
        return tuple(self._load(minute, 1) for minute in order[:BUSIEST])

    def hours(self) -> tuple[Load, ...]:
        """Return the load of each hour from the start on."""
        return tuple(
            self._load(minute, MINUTES_PER_HOUR)
            for minute in range(0, len(self._starts), MINUTES_PER_HOUR)
        )

    def _load(self, minute: int, minutes: int) -> Load:
        return Load(
            at=self._base + minute * MINUTE,
            starts=sum(self._starts[minute : minute + minutes]),
            running=max(self._peaks[minute : minute + minutes]),
        )


def _add(counts: dict[str, int], event: InstantDecided) -> None:
    counts[event.reason] = counts.get(event.reason, 0) + event.count
