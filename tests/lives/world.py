"""Where a life happens: attempts that run whoever looks, and conditions that hold or do not."""

import random
from dataclasses import dataclass
from typing import Any

from cronterm.clock import HOUR, MINUTE, SECOND, Duration, Instant
from cronterm.core.base import Checked, Effects, Ended, Input, NeverStarted, Started
from cronterm.model.effect import CheckCondition, StartAttempt, StopAttempt
from cronterm.model.memory import Memory
from cronterm.model.run import REPORTED, AttemptEnd

USUAL: tuple[Duration, ...] = (SECOND, 5 * SECOND, 40 * SECOND, 4 * MINUTE, 25 * MINUTE, 2 * HOUR)


@dataclass
class Attempt:
    """One that runs, or whose end nobody has recorded."""

    end: AttemptEnd
    """How and when it ends if nobody stops it."""
    definition_grace: Duration


class World:
    """Attempts and conditions. Ends are told again and again until they are recorded."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._usual: dict[str, Duration] = {}
        self.attempts: dict[tuple[int, int], Attempt] = {}
        self.answers: dict[int, tuple[Instant, bool]] = {}
        """When each condition that is looked at is answered, and how."""

    # -- what an engine asks for -----------------------------------------------------------------

    def perform(self, effects: Effects, now: Instant) -> None:
        """Stop, start and look."""
        for stop in effects.stops:
            self._stop(stop, now)
        for start in effects.starts:
            key = (start.run, start.attempt)
            assert key not in self.attempts, f"attempt {key} is started twice"
            self.attempts[key] = Attempt(self._fate(start, now), start.job.stop_grace_period)
        for check in effects.checks:
            self._look(check, now)
        for run in effects.forgotten:
            self.answers.pop(run, None)

    def _fate(self, start: StartAttempt, now: Instant) -> AttemptEnd:
        dice, job = self._dice, start.job
        usual = self._usual.setdefault(job.id, dice.choice(USUAL))
        took = round(usual * dice.choice([0.01, 0.5, 1, 1, 1, 1.7]))
        how: dict[str, Any] = {"exit_code": 0}
        roll = dice.random()
        if roll < 0.25:
            how = {"exit_code": dice.choice([1, 1, 2, 3, 75, 77])}
        elif roll < 0.28:
            how = {"signal": 11}
        elif roll < 0.31:
            took, how = 0, {"start_error": "no such file"}
        elif roll < 0.35 and job.success.stdout_match:
            how |= {"broken_rule": "stdout_match"}
        if job.timeout is not None and took >= job.timeout:
            took, how = job.timeout, {"signal": 15, "stopped_for": "timeout"}
        return AttemptEnd(ended_at=now + took, duration_us=took, output_bytes=took // 100, **how)

    def _stop(self, stop: StopAttempt, now: Instant) -> None:
        attempt = self.attempts.get((stop.run, stop.attempt))
        if attempt is not None:
            at = now + round(stop.grace_us * self._dice.choice([0, 0, 0.3, 1]))
            if at < attempt.end.ended_at:
                attempt.end = AttemptEnd(ended_at=at, signal=15, stopped_for=stop.why)

    def _look(self, check: CheckCondition, now: Instant) -> None:
        at = now + self._dice.choice([0, SECOND // 100, SECOND, 12 * SECOND])
        self.answers[check.run] = at, self._dice.random() < 0.6

    # -- what it tells ---------------------------------------------------------------------------

    def next_at(self) -> Instant | None:
        """Return when an attempt ends or an answer comes, or None."""
        ends = (attempt.end.ended_at for attempt in self.attempts.values())
        return min([*ends, *(at for at, _ in self.answers.values())], default=None)

    def told(self, now: Instant) -> list[Input]:
        """Return what an engine hears by `now`; ends stay until they are `acknowledged`."""
        ended: list[Input] = [
            Ended(run, attempt, each.end)
            for (run, attempt), each in self.attempts.items()
            if each.end.ended_at <= now
        ]
        answered = [run for run, (at, _) in self.answers.items() if at <= now]
        checked = [
            Checked(run, passed, "" if passed else "it does not hold")
            for run, (_, passed) in ((run, self.answers.pop(run)) for run in answered)
        ]
        return [*ended, *checked]

    def acknowledge(self, given: tuple[Input, ...]) -> None:
        """Forget the ends that are recorded."""
        for each in given:
            if isinstance(each, Ended):
                self.attempts.pop((each.run, each.attempt), None)

    # -- disasters -------------------------------------------------------------------------------

    def take_over(self, memory: Memory, now: Instant) -> list[Input]:
        """Return what a new engine finds out about the attempts that its store knows."""
        found: list[Input] = []
        self.answers.clear()
        for run in memory.runs:
            if run.state not in ("running", "stopping") or run.runner == REPORTED:
                continue
            attempt = self.attempts.get((run.run, run.attempt))
            if attempt is None:
                found.append(NeverStarted(run.run, run.attempt))
                continue
            if not attempt.end.start_error:
                found.append(Started(run.run, run.attempt, 4711, now))
            if attempt.end.ended_at <= now:
                found.append(Ended(run.run, run.attempt, attempt.end))
        return found

    def lose(self, why: Any, now: Instant) -> None:
        """Have all that still runs end without anybody who saw how."""
        for attempt in self.attempts.values():
            if attempt.end.ended_at > now:
                attempt.end = AttemptEnd(ended_at=now, lost=why)

    def settle(self, now: Instant) -> None:
        """Have everything that runs end soon."""
        for attempt in self.attempts.values():
            if attempt.end.ended_at > now + MINUTE:
                attempt.end = AttemptEnd(ended_at=now + MINUTE, exit_code=0)
