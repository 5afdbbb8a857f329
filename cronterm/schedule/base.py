"""What every schedule answers, and the plain text forms that jobs carry.

A *spec* is data: frozen, comparable, serialisable; it says what was written. A `Schedule` is
built from specs by `cronterm.schedule.parse.build` and answers questions about instants.
Nothing here asks for the time.
"""

import sys
from typing import Literal, Protocol, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant


class CronSpec(msgspec.Struct, frozen=True, gc=False, tag="cron"):
    """A cron expression with `H`, `~` and aliases resolved, read in `timezone`."""

    expression: str
    timezone: str
    day_match: Literal["or", "and"] = "or"

    def __post_init__(self) -> None:
        """Share the zone: 10,000 jobs have the same."""
        msgspec.structs.force_setattr(self, "timezone", sys.intern(self.timezone))


class EverySpec(msgspec.Struct, frozen=True, tag="every"):
    """An interval of elapsed time, not of wall time."""

    interval: Duration
    origin: Literal["start", "clock", "finish"] = "start"
    """`start`: grid from the anchor; `clock`: grid from 1970; `finish`: after the last end."""


class GridSpec(msgspec.Struct, frozen=True, tag="grid"):
    """`anchor` + n · `interval` of elapsed time for n ≥ 0, the anchor a stated instant."""

    interval: Duration
    anchor: Instant


class OnCalendarSpec(msgspec.Struct, frozen=True, tag="on_calendar"):
    """A calendar expression of systemd, its zone taken out of it."""

    expression: str
    timezone: str


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
    CronSpec
    | EverySpec
    | GridSpec
    | OnCalendarSpec
    | AtSpec
    | InSpec
    | RebootSpec
    | StartupSpec
    | ManualSpec
)

Moment: TypeAlias = Instant | str
"""An instant, or a wall time (`2026-12-18T18:00:00`) of whichever zone it is read in."""


class CalendarSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """Stretches of time that a job keeps out of or keeps to, as wall times of the job's zone.

    A moment is in a calendar when any of its parts has it. `start` and `until` limit the parts;
    alone they are the calendar.
    """

    dates: tuple[str, ...] = ()
    """Whole days: `2026-12-25`."""
    days: tuple[int, ...] = ()
    """Days of the month, 1 to 31; -1 is the last one, -2 the one before."""
    weekdays: tuple[int, ...] = ()
    """From Monday, 0."""
    windows: tuple[tuple[int, int], ...] = ()
    """Stretches [from, to) in seconds of the week, from Monday 00:00."""
    start: Moment | None = None
    until: Moment | None = None
    """The first moment that is not in it any more."""
    spans: tuple[tuple[Moment, Moment], ...] = ()
    """Stretches [from, to): the events of `ics`."""
    ics: tuple[str, ...] = ()
    """The files that `spans` were read from."""


class Coming(Protocol):
    """What a forecast needs of a schedule. All instants are microseconds UTC. Raises nothing."""

    def next_after(self, t: Instant) -> Instant | None:
        """Return the first due instant strictly later than `t`, or None if there is none."""


class Schedule(Coming, Protocol):
    """Pure time arithmetic. All instants are microseconds UTC. Raises nothing."""

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the last due instant not later than `t`, or None if there is none."""

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many due instants lie in (`after`, `until`], without walking each."""
