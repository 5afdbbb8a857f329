"""What the core asks the executor to do; performed only after its record is committed."""

from typing import Literal

import msgspec

from cronterm.clock import Instant
from cronterm.model.job import Job
from cronterm.model.run import Cause


class StartAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """Start this attempt now. The id of an attempt is (run, attempt) within a store."""

    run: int
    attempt: int
    attempts: int
    job: Job
    cause: Cause
    queued_at: Instant


class CheckCondition(msgspec.Struct, frozen=True, kw_only=True):
    """Look whether the condition of `job` holds now; `Checked` answers, always and soon."""

    run: int
    job: Job
    cause: Cause
    queued_at: Instant


class ReportedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Text that was reported of a run, to be kept as its output."""

    run: int
    job: str
    attempt: int
    at: Instant
    data: bytes
    most: int
    """The file does not grow beyond it, in bytes."""


class StopAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """End this attempt's whole process tree: signal, grace, SIGKILL."""

    run: int
    attempt: int
    why: Literal["user", "replaced", "shutdown"]
    signal: str
    """A signal name; SIGKILL leaves no grace."""
    grace_us: int
