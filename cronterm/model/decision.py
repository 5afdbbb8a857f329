"""What was decided about the instants and the events of a job, as `why` reads it."""

import msgspec

from cronterm.clock import Instant
from cronterm.model.run import CauseKind, Outcome, Reason


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about an instant or a range; `run` where one was started or queued."""

    job: str
    due_at: Instant
    until: Instant | None = None
    count: int = 1
    decided_at: Instant
    run: int | None = None
    outcome: Outcome | None = None
    """Of the decision, or of its run once ended; None while the run is open."""
    reason: Reason = ""
    message: str = ""
    cause: CauseKind = "scheduled"
    by: str = ""
    """What happened, where an event was decided about; `due_at` is when it came."""
    exit_code: int | None = None
    """Of the last attempt of its run."""
    attempt: int = 0
    """The last attempt of its run, 0 where none began."""


class Decisions(msgspec.Struct, frozen=True):
    """Oldest first; `sentences` say for people what is so now and what was decided."""

    decisions: tuple[Decision, ...]
    sentences: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    """Those of them that say what was decided, one a decision."""
