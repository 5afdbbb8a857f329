"""The rules by which people are told."""

from typing import Literal, TypeAlias, get_args

import msgspec

from cronterm.clock import Duration

NoticeEvent: TypeAlias = Literal[
    "start",
    "success",
    "failure",
    "timeout",
    "killed",
    "retry",
    "missed",
    "late",
    "long",
    "suspicious",
    "recovery",
    "skipped",
    "paused",
    "changed",
]
NOTICE_EVENTS: tuple[NoticeEvent, ...] = get_args(NoticeEvent)
OUTPUT_LINES = 10


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of what, and how often."""

    to: tuple[str, ...]
    """Names of notifiers."""
    on: tuple[NoticeEvent, ...] = ("failure", "timeout", "missed", "recovery")
    after: int = 1
    """Not before the Nth failed run in a row, or the Nth missed instant."""
    repeat: Duration | None = None
    """Told again after so long while it goes on."""
    quiet: tuple[tuple[int, int], ...] = ()
    """Stretches of the local week in seconds from Monday: what comes in one waits for its end."""
    output: int = OUTPUT_LINES
    """How many of the last lines of the run's output go with it."""
