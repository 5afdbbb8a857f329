"""Events in the order an engine tells them, for the tests of the store."""

from typing import Any

from cronterm.clock import MINUTE, SECOND, Instant
from cronterm.model.event import (
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    InstantDecided,
    JobAdded,
    RunEnded,
    RunQueued,
)
from cronterm.model.job import Job, Shell, definition_hash, schedule_hash
from cronterm.model.run import AttemptEnd, Cause, Outcome, Reason
from cronterm.schedule.base import CronSpec

NOON: Instant = 1_767_268_800 * SECOND
"""2026-01-01T12:00Z."""


def job(name: str = "backup", **words: Any) -> Job:
    """Return a small job."""
    given: dict[str, Any] = {
        "source": "/srv/jobs.yaml",
        "directory": "/srv",
        "working_dir": "/srv",
        "schedule": (CronSpec("* * * * *", "UTC"),),
        "action": Shell("true"),
    }
    return Job(id=name, **(given | words))


def added(name: str = "backup", *, at: Instant = NOON, **words: Any) -> JobAdded:
    """The job is in the file and counts from `at`."""
    return JobAdded(at=at, job=job(name, **words), counts_from=at, first_seen_at=at)


def queued(
    run: int, name: str = "backup", *, due_at: Instant | None = None, at: Instant | None = None
) -> RunQueued:
    """A run of the instant `due_at`, by default `run` minutes after noon."""
    due_at = NOON + run * MINUTE if due_at is None else due_at
    return RunQueued(
        at=due_at if at is None else at,
        run=run,
        job=name,
        cause=Cause("scheduled", due_at, "", due_at),
        ready_at=due_at,
        attempts=2,
        schedule_hash=schedule_hash(job(name)),
    )


def claimed(
    run: int, name: str = "backup", *, attempt: int = 1, definition: str = ""
) -> AttemptClaimed:
    """An attempt of `run` will be started by runner r1."""
    return AttemptClaimed(
        at=NOON + run * MINUTE,
        run=run,
        job=name,
        attempt=attempt,
        runner="r1",
        definition=definition or definition_hash(job(name)),
    )


def started(run: int, name: str = "backup", *, attempt: int = 1) -> AttemptStarted:
    """It started a second after it was due."""
    at = NOON + run * MINUTE + SECOND
    return AttemptStarted(at=at, run=run, job=name, attempt=attempt, pid=4000, started_at=at)


def end(run: int, code: int = 0, **words: Any) -> AttemptEnd:
    """The end of an attempt, three seconds after it was due."""
    given: dict[str, Any] = {
        "ended_at": NOON + run * MINUTE + 3 * SECOND,
        "exit_code": code,
        "cpu_us": 700,
        "max_rss_bytes": 9_000_000,
        "output_bytes": 12,
    }
    return AttemptEnd(**(given | words))


def attempt_ended(
    run: int, name: str = "backup", *, attempt: int = 1, code: int = 0, **words: Any
) -> AttemptEnded:
    """The runner told its end."""
    fact = end(run, code, **words)
    return AttemptEnded(at=fact.ended_at, run=run, job=name, attempt=attempt, end=fact)


def run_ended(
    run: int, name: str = "backup", *, outcome: Outcome = "succeeded", reason: Reason = ""
) -> RunEnded:
    """The run is final."""
    at = NOON + run * MINUTE + 4 * SECOND
    return RunEnded(at=at, run=run, job=name, outcome=outcome, reason=reason)


def whole_run(run: int, name: str = "backup", *, code: int = 0) -> list[AnyEvent]:
    """A run from its instant to its end."""
    outcome: Outcome = "failed" if code else "succeeded"
    reason: Reason = "exit" if code else ""
    return [
        queued(run, name),
        claimed(run, name),
        started(run, name),
        attempt_ended(run, name, code=code),
        run_ended(run, name, outcome=outcome, reason=reason),
    ]


def never_started(run: int, name: str = "backup") -> list[AnyEvent]:
    """A run whose command could not be started."""
    return [
        queued(run, name),
        claimed(run, name),
        attempt_ended(run, name, exit_code=None, start_error="127: not found"),
        run_ended(run, name, outcome="failed", reason="start_error"),
    ]


def decided(
    name: str = "backup",
    *,
    due_at: Instant,
    until: Instant | None = None,
    count: int = 1,
    outcome: Outcome = "skipped",
    reason: Reason = "paused",
    schedule: str = "s1",
) -> InstantDecided:
    """Instants that start nothing."""
    return InstantDecided(
        at=due_at if until is None else until,
        job=name,
        due_at=due_at,
        until=until,
        count=count,
        outcome=outcome,
        reason=reason,
        schedule_hash=schedule,
    )
