"""The rules that need no state: overlap, outcome, retry, jitter."""

import hashlib
import random
import signal
from collections.abc import Sequence
from typing import Literal, TypeAlias

from cronterm.clock import HOUR, MINUTE, Duration, Instant
from cronterm.core.success import broken_rule
from cronterm.model.job import Job, PythonCall
from cronterm.model.run import AttemptEnd, Outcome, Reason, RunState
from cronterm.schedule.base import Schedule

Admission: TypeAlias = Literal["start", "queue", "replace", "skip", "queue_full"]

STOPPED: dict[str, tuple[Outcome, Reason]] = {
    "timeout": ("timed_out", ""),
    "user": ("stopped", "user"),
    "shutdown": ("stopped", "shutdown"),
    "replaced": ("replaced", ""),
}

START_ERROR_CODES = {126: "the command is not executable", 127: "the command was not found"}
PYTHON_CODES = {127: "the function could not be loaded"}


def admit(job: Job, others: Sequence[RunState]) -> Admission:
    """Decide what a new run of `job` may do beside its other open runs (SEMANTICS 5)."""
    instances = job.instances
    if instances is None or len(others) < instances:
        return "start"
    match job.overlap:
        case "queue":
            return "queue" if len(others) - instances < job.queue_limit else "queue_full"
        case "replace":
            return "replace"
        case _:
            return "skip"


def judge(end: AttemptEnd, job: Job) -> tuple[Outcome, Reason, str]:
    """Return outcome, reason and what a person should know (SEMANTICS 8, in its order)."""
    survivors = " ".join(map(str, end.survivors))
    message = f"could not be ended: pid {survivors}" if survivors else ""
    if end.lost:
        return "lost", end.lost, "the machine restarted" if end.lost == "reboot" else message
    if end.start_error:
        return "failed", "start_error", end.start_error
    if end.stopped_for:
        return *STOPPED[end.stopped_for], message
    if end.signal is not None:
        return "failed", "signal", signal_name(end.signal)
    if end.exit_code in job.skip_exit_codes:
        return "skipped", "exit_code", message
    if end.exit_code not in job.success_exit_codes:
        codes = PYTHON_CODES if isinstance(job.action, PythonCall) else START_ERROR_CODES
        return "failed", "exit", codes.get(end.exit_code or 0, message)
    broken = broken_rule(end, job.success)
    return ("failed", *broken) if broken is not None else ("succeeded", "", message)


def signal_name(number: int) -> str:
    """Return `SIGSEGV` for 11; the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def may_retry(end: AttemptEnd, outcome: Outcome, job: Job, attempt: int) -> bool:
    """Tell whether a run whose attempt ended so is tried again (SEMANTICS 6)."""
    retry = job.retry
    if attempt > retry.attempts:
        return False
    match outcome:
        case "failed":
            is_listed = retry.exit_codes is None or end.exit_code in retry.exit_codes
            return "failure" in retry.on and is_listed
        case "timed_out":
            return "timeout" in retry.on
        case "lost":
            return "lost" in retry.on
        case _:
            return False


def retry_delay(job: Job, attempt: int, seed: str) -> Duration:
    """Return the delay after attempt `attempt` (from 1): min(max, delay·backoff^(n-1)) ± jitter."""
    retry = job.retry
    delay = retry.delay_after(attempt)
    spread = random.Random(f"{seed}-{attempt}").uniform(-1, 1) * retry.jitter
    return max(round(delay * (1 + spread)), 0)


def tolerance_of(job: Job, schedule: Schedule, at: Instant) -> Duration:
    """Return how long after `at`, when it is due, a start of `job` may come and not be late.

    By default a tenth of the time to the next instant, between a minute and an hour.
    """
    if job.tolerance is not None:
        return job.tolerance
    after = schedule.next_after(at)
    if after is None:
        before = schedule.latest_at_or_before(at - 1)
        after = at if before is None else 2 * at - before
    return min(max((after - at) // 10, MINUTE), HOUR)


def jitter_of(job: Job, due_at: Instant, seed: str) -> Duration:
    """Return an offset within the job's jitter: its own, or with `random` one of this instant."""
    if not job.jitter:
        return 0
    of_what = f"{seed}-{job.id}-{due_at}" if job.jitter_mode == "random" else job.id
    digest = hashlib.sha256(of_what.encode()).digest()
    return int.from_bytes(digest[:8], "big") % job.jitter
