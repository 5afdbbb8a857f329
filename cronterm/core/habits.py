"""What a job's attempts usually take, and how the next ones are drawn from that."""

import math
import random
from collections.abc import Mapping, Sequence

from cronterm.clock import MILLISECOND, Duration
from cronterm.core.simulation import Fate
from cronterm.model.effect import StartAttempt
from cronterm.model.forecast import Habit
from cronterm.model.quantile import quantile
from cronterm.model.run import RunRow

ENDS = ("succeeded", "failed", "timed_out", "replaced")
"""Outcomes of runs whose duration tells something: no person cut them short."""

TRIED = ("succeeded", "failed")

Z95 = 1.6449  # standard deviations below which 95 % of a normal distribution lie


def habit_of(rows: Sequence[RunRow], *, by_tries: bool = False) -> Habit | None:
    """Return what past runs of a job tell, or None where none does.

    Durations are of whole runs, from the first start to the last end. `by_tries`, where tries are
    to fail and be repeated: of runs that were tried once, if there are any, since the others have
    the delays of their retries in them. One that was replaced would have gone on: it counts as one
    of the longest. Failures count the tries that are known to have failed, those included that
    could not be started: where tries are to fail, a job of which none could takes no time.
    """
    ended = [row for row in rows if row.outcome in ENDS and row.started_at is not None]
    unstarted = [row for row in rows if row.outcome == "failed" and row.started_at is None]
    if not ended and not (by_tries and unstarted):
        return None
    counted = [row for row in ended if row.attempt == 1] if by_tries else ended
    counted = counted or ended
    longest = max(map(_duration, counted), default=0)
    durations = [longest if row.outcome == "replaced" else _duration(row) for row in counted] or [0]
    ended += unstarted
    tries = sum(max(row.attempt, 1) for row in ended)
    failed = sum(
        max(row.attempt, 1) - (row.outcome == "succeeded") for row in ended if row.outcome in TRIED
    )
    return Habit(
        median=quantile(durations, 0.5),
        p95=quantile(durations, 0.95),
        longest=longest,
        shortest=min(durations),
        failures=failed / tries,
        runs=len(ended),
    )


def _duration(row: RunRow) -> Duration:
    """Return what a run took by the wall clock, which may have been set back meanwhile."""
    assert row.started_at is not None
    return max((row.ended_at or 0) - row.started_at, 0)


def assume(duration: Duration) -> Habit:
    """Return the habit of a job that has not run yet: always `duration`, never a failure."""
    return Habit(median=duration, p95=duration, longest=duration, shortest=duration)


class Habits:
    """Draws how attempts go. The same seed and order of starts give the same fates.

    Durations lie between the shortest and the longest seen, log-normal through median and p95: a
    job that always timed out does so again. With `failures` tries fail as often as they did.
    """

    def __init__(
        self, known: Mapping[str, Habit], *, assumed: Duration, seed: int, failures: bool
    ) -> None:
        self._known = known
        self._assumed = assume(assumed)
        self._failures = failures
        self._seed = seed
        self._dice: dict[str, random.Random] = {}

    def of(self, job: str) -> Habit:
        """Return the habit of a job, or what is assumed of it."""
        return self._known.get(job, self._assumed)

    def predict(self, start: StartAttempt) -> Fate:
        """Draw how an attempt goes."""
        job = start.job
        habit = self.of(job.id)
        dice = self._dice.get(job.id)
        if dice is None:
            dice = self._dice[job.id] = random.Random(f"{self._seed}-{job.id}")
        duration = _draw(habit, dice)
        if not habit.runs:
            duration = max(duration, job.success.min_duration)
        has_failed = self._failures and dice.random() < habit.failures
        return Fate(duration, has_failed)


def _draw(habit: Habit, dice: random.Random) -> Duration:
    median, p95 = max(habit.median, MILLISECOND), max(habit.p95, MILLISECOND)
    if p95 <= median:
        return habit.median
    spread = math.log(p95 / median) / Z95
    drawn = median * math.exp(dice.gauss(0, spread))
    return max(min(round(drawn), habit.longest), habit.shortest)
