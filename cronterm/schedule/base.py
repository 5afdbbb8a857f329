"""What every schedule answers, and the plain text forms that jobs carry.

A *spec* is data: frozen, comparable, serialisable; it says what was written. A `Schedule` is
built from specs by `cronterm.schedule.parse.build` and answers questions about instants.
Nothing here asks for the time.
"""

from typing import Literal, Protocol, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant


class CronSpec(msgspec.Struct, frozen=True, tag="cron"):
    """A cron expression with `H`, `~` and aliases resolved, read in `timezone`."""

    expression: str
    timezone: str
    day_match: Literal["or", "and"] = "or"


class EverySpec(msgspec.Struct, frozen=True, tag="every"):
    """An interval of elapsed time, not of wall time."""

    interval: Duration
    origin: Literal["start", "clock", "finish"] = "start"
    """`start`: grid from the anchor; `clock`: grid from 1970; `finish`: after the last end."""


class AtSpec(msgspec.Struct, frozen=True, tag="at"):
    """One instant."""

    at: Instant


class InSpec(msgspec.Struct, frozen=True, tag="in"):
    """Once, `delay` after the job was first seen."""

    delay: Duration


class RebootSpec(msgspec.Struct, frozen=True, tag="reboot"):
    """Once per boot of the machine."""


class StartupSpec(msgspec.Struct, frozen=True, tag="startup"):
    """Each time an engine starts, not on reload."""


class ManualSpec(msgspec.Struct, frozen=True, tag="manual"):
    """Never by itself."""


ScheduleSpec: TypeAlias = (
    CronSpec | EverySpec | AtSpec | InSpec | RebootSpec | StartupSpec | ManualSpec
)


class Schedule(Protocol):
    """Pure time arithmetic. All instants are microseconds UTC. Raises nothing."""

    def next_after(self, t: Instant) -> Instant | None:
        """Return the first due instant strictly later than `t`, or None if there is none."""

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the last due instant not later than `t`, or None if there is none."""

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many due instants lie in (`after`, `until`], without walking each."""
