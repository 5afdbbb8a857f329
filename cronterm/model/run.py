"""A run: one firing of a job; an attempt: one try of a run."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.gates import Hold, Need
from cronterm.model.job import Job
from cronterm.model.success import BrokenRule
from cronterm.model.trigger import Signal

REPORTED = "reported"
"""The runner of attempts that run elsewhere and are reported by pings."""

CauseKind: TypeAlias = Literal["scheduled", "catch_up", "manual", "signal", "upstream"]
RunState: TypeAlias = Literal["queued", "running", "retrying", "stopping", "ended"]
Outcome: TypeAlias = Literal[
    "succeeded",
    "failed",
    "timed_out",
    "stopped",
    "replaced",
    "skipped",
    "missed",
    "lost",
]
FAILED: tuple[Outcome, ...] = ("failed", "timed_out", "lost")
"""What counts as a failure wherever failures are counted or filtered."""


def success_ratio(succeeded: int, failures: int) -> float | None:
    """Return how many of the judged runs succeeded, 0 to 1: what every `ok %` shows.

    Judged are those that succeeded or failed in any way. What was stopped by hand, replaced or
    skipped tells neither. None where none was judged.
    """
    judged = succeeded + failures
    return succeeded / judged if judged else None


Reason: TypeAlias = Literal[
    "",
    "exit",
    "signal",
    "start_error",
    "stdout_match",
    "output_reject",
    "stderr_empty",
    "max_output",
    "min_duration",
    "overlap",
    "queue_full",
    "paused",
    "disabled",
    "removed",
    "exit_code",
    "downtime",
    "start_deadline",
    "coalesced",
    "calendar",
    "not_before",
    "not_after",
    "max_runs",
    "no_ping",
    "runner_died",
    "no_end",
    "reboot",
    "user",
    "shutdown",
    "dependency",
    "condition",
    "cooldown",
    "suspended",
]


class Repeat(msgspec.Struct, frozen=True):
    """That a run by hand repeats another one, or tries what is not saved."""

    run: int | None
    """Whose definition it has; None: that of the jobs file."""
    edited: tuple[str, ...] = ()
    """Words of that definition that differ, for this run alone."""

    @property
    def text(self) -> str:
        """In words."""
        edited = f", edited: {', '.join(self.edited)}" if self.edited else ""
        return (f"again {self.run}" if self.run is not None else "test run") + edited


class Cause(msgspec.Struct, frozen=True):
    """Why a run is. `due_at` is its instant where it has one; `by` names who asked."""

    kind: CauseKind
    due_at: Instant | None = None
    """The decided instant (scheduled, catch_up). A manual run has none."""
    by: str = ""
    scheduled_at: Instant | None = None
    """What CRONTERM_SCHEDULED_AT tells the job: `due_at`, or what `--scheduled-at` said."""
    params: dict[str, str] = {}
    """What was chosen for a run by hand; what was not has the job's default."""
    run: int | None = None
    """The run whose end started this one (upstream); `by` names its job."""
    signal: Signal | None = None
    """The event that started it; its text is `by`."""
    rid: str = ""
    """How a reported run is told from others that are open, by who reports it."""
    client: str = ""
    """What is known of who reported it, a JSON object."""
    repeat: Repeat | None = None

    @property
    def text(self) -> str:
        """What started it, in words: `by hand by ann`, `after extract 22`, `scheduled`."""
        match self.kind:
            case "manual":
                again = f" ({self.repeat.text})" if self.repeat is not None else ""
                return f"by hand{f' by {self.by}' if self.by else ''}{again}"
            case "upstream":
                return f"after {self.by} {self.run}"
            case "signal":
                return self.by
            case kind:
                return kind.replace("_", " ")


class AttemptEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended, as the runner saw it. Exactly one of code, signal, error tells."""

    ended_at: Instant
    exit_code: int | None = None
    signal: int | None = None
    start_error: str = ""
    """Why it could not be started at all."""
    stopped_for: Literal["", "timeout", "user", "replaced", "shutdown"] = ""
    """The stop rule that was applied to it before it ended."""
    lost: Literal["", "runner_died", "reboot"] = ""
    cpu_us: int | None = None
    max_rss_bytes: int | None = None
    """None where the kernel's figure is the runner's own (vfork carries it over)."""
    output_bytes: int = 0
    """All that was written, dropped bytes included."""
    left_processes: int = 0
    """Background children that outlived a normal exit and were left alone."""
    survivors: tuple[int, ...] = ()
    """Pids that could not be ended."""
    duration_us: Duration | None = None
    """From start to exit, by a clock that nobody sets; None where no runner saw both."""
    broken_rule: BrokenRule = ""
    """The first rule of `success` that its output broke."""
    broken_by: str = ""
    """The line that broke it, or why the rule could not be applied; at most 200 characters."""


class OpenRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run without an end, as the store gives it back after a restart."""

    run: int
    job: str
    cause: Cause
    state: RunState
    """`queued`, `running` (an attempt is claimed) or `retrying`."""
    queued_at: Instant
    ready_at: Instant
    """Not started before: due instant plus jitter, or the end of a retry's delay."""
    attempt: int = 0
    """The last attempt that was claimed; 0 before the first."""
    runner: str = ""
    """The runner that holds the attempt."""
    definition: Job | None = None
    """Bound when the first attempt is claimed; of a run that repeats another, from the start."""
    started: bool = False
    """The runner has told that the attempt started."""
    last_end: AttemptEnd | None = None
    """The end of the previous attempt, while retrying."""
    after: dict[int, Need] = {}
    """Runs that must end so before this one comes (`run --with-deps`)."""
    hold: Hold | None = None
    started_at: Instant | None = None
    """Start of the first attempt."""


class RunRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the history: a run, or a decision that started nothing (`run` is None)."""

    run: int | None
    job: str
    cause: CauseKind
    by: str = ""
    """Who asked; of an upstream cause, the job whose end started it."""
    upstream_run: int | None = None
    scheduled_at: Instant | None = None
    scheduled_until: Instant | None = None
    """The last instant, when the row stands for a range of decisions."""
    count: int = 1
    """How many instants the row stands for."""
    queued_at: Instant
    started_at: Instant | None = None
    """Start of the first attempt."""
    ended_at: Instant | None = None
    outcome: Outcome | None = None
    reason: Reason = ""
    message: str = ""
    """What a person should know beyond the reason: a start error, survivors."""
    exit_code: int | None = None
    signal: int | None = None
    attempt: int = 0
    attempts: int = 1
    cpu_us: int | None = None
    max_rss_bytes: int | None = None
    output_bytes: int = 0
    params: dict[str, str] = {}
    """What was chosen for a run by hand."""
    client: str = ""
    """What is known of who reported it, a JSON object."""
    repeat: Repeat | None = None
