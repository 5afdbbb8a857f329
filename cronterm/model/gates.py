"""What may hold a run back: upstream jobs, facts from outside, and places in a pool."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant

Need: TypeAlias = Literal["success", "failure", "complete"]
Gate: TypeAlias = Literal["dependency", "condition", "pool"]


class DiskFree(msgspec.Struct, frozen=True):
    """So much of the file system that holds `path` must be free: `above` bytes, or a ratio."""

    path: str
    above: int = 0
    ratio: float = 0.0


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What must be so when a run starts; all that is given. Facts from outside the core."""

    command: str | tuple[str, ...] | None = None
    """Ends with 0: text goes to the job's shell, a list runs as it is."""
    load_below: float | None = None
    """The machine's load average of one minute."""
    disk_free: DiskFree | None = None
    on_ac: bool | None = None
    """True: not on battery. False: on battery."""
    path_exists: tuple[str, ...] = ()
    """Absolute paths, all of which must be there."""
    wait: Duration = 0
    """How long it is checked again and again before the run is skipped."""


class Hold(msgspec.Struct, frozen=True):
    """What a queued run waits for."""

    gate: Gate
    message: str
    """For people: `extract is still running (run 57)`."""
    until: Instant | None = None
    """When it gives up; None is never."""


class Result(msgspec.Struct, frozen=True):
    """How the newest run of a job that ran at all has ended, for those that depend on it."""

    run: int
    outcome: str
    ended_at: Instant
    n: int
    """Orders ends and starts: larger is later, whatever the clock says."""


FAILURES = ("failed", "timed_out", "lost")


def has_result(outcome: str, reason: str, attempt: int) -> bool:
    """Tell whether a run's end is one that other jobs may depend on: something ran to it."""
    if not attempt or outcome in ("missed", "replaced"):
        return False
    return outcome != "skipped" or reason == "exit_code"


def meets(need: Need, outcome: str) -> bool:
    """Tell whether the outcome of a run that ran is what a dependent job needs."""
    match need:
        case "success":
            return outcome == "succeeded"
        case "failure":
            return outcome in FAILURES
        case _:
            return True
