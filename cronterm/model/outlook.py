"""What comes of one job, and at which hours of the week it runs."""

import msgspec

from cronterm.clock import DAY, Duration, Instant

HOURS = 168
"""Of a week."""
AHEAD: Duration = 28 * DAY
"""How far the instants of a week are counted."""
BEHIND: Duration = 84 * DAY
"""How far its runs are."""


class Ahead(msgspec.Struct, frozen=True):
    """An instant to come, or a row of them that is kept back."""

    at: Instant
    mark: str = ""
    """What the setting of the clock does to it, for people."""
    held: str = ""
    """Why it will start nothing; empty when it will."""
    until: Instant | None = None
    """The last of the row."""
    count: int = 1
    """How many are in the row."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of the week go from Monday 00:00 in `timezone`; all `HOURS` of them are there."""

    timezone: str
    coming: tuple[Ahead, ...] = ()
    """The soonest first: so many as were asked for, and what is held back between them."""
    changes: tuple[Ahead, ...] = ()
    """The first instants of a year that the setting of the clock touches, two at most."""
    due: tuple[int, ...] = (0,) * HOURS
    """Instants of the coming time `AHEAD` by hour of the week."""
    runs: tuple[int, ...] = (0,) * HOURS
    """Runs that began within `BEHIND` by hour of the week."""
    failed: tuple[int, ...] = (0,) * HOURS
    """Those of them that failed."""
    runs_since: Instant | None = None
    """When the first of them began; there may be more before."""
