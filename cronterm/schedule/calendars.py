"""Calendars: stretches of time that a job keeps out of (`exclude`) or keeps to (`only`).

They are read in the job's zone. An answer always says until when it surely holds, so that whoever
asks goes from stretch to stretch and never from instant to instant.
"""

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from cronterm.clock import DAY, SECOND, Instant
from cronterm.schedule.base import CalendarSpec, Moment, Schedule
from cronterm.schedule.calendar_words import words_of
from cronterm.schedule.zone import DAY_S, EPOCH_ORDINAL, Zone, zone

WEEK_S = 7 * DAY_S
MOST_STRETCHES = 1000  # that a search goes through: a tenth of a second
FAR = 366 * DAY  # where a year has nothing, nobody waits for more

Spell = tuple[bool, int | None]
"""Whether a second is in it, and the first second of which that is not sure; None is never."""


class Wall(NamedTuple):
    """What the clock on the wall shows at a UTC second."""

    second: int
    ordinal: int
    of_day: int
    change: int | None
    """When this stretch of the day ends, on a day on which the clock is set."""


class Calendar:
    """A calendar in a zone, in whole UTC seconds."""

    def __init__(self, spec: CalendarSpec, of_zone: Zone) -> None:
        self._zone = of_zone
        whole_days = [(day * DAY_S, (day + 1) * DAY_S) for day in spec.weekdays]
        self._week = _joined([*spec.windows, *whole_days])
        self._days = frozenset(spec.days)
        self._spans = _joined(
            [
                *((self._second(start), self._second(end)) for start, end in spec.spans),
                *map(self._whole_day, spec.dates),
            ]
        )
        self._start = None if spec.start is None else self._second(spec.start)
        self._until = None if spec.until is None else self._second(spec.until)
        is_bare = not (self._week or self._days or self._spans)
        self._is_whole = is_bare or self._week == [(0, WEEK_S)] or set(range(1, 32)) <= self._days

    def at(self, second: int) -> Spell:
        """Tell whether a second is in the calendar, and until when that surely holds."""
        if self._start is not None and second < self._start:
            return False, self._start
        if self._until is not None and second >= self._until:
            return False, None
        inside, end = self._parts_at(second)
        if self._until is not None:
            end = self._until if end is None else min(end, self._until)
        return inside, end

    def _parts_at(self, second: int) -> Spell:
        if self._is_whole:
            return True, None
        spells = [self._in_spans(second)] if self._spans else []
        if self._week or self._days:
            wall = self._wall(second)
            if self._week:
                spells.append(self._in_week(wall))
            if self._days:
                spells.append(self._in_days(wall))
        return _either(spells)

    def _in_spans(self, second: int) -> Spell:
        index = bisect_right(self._spans, second, key=lambda span: span[0])
        if index and second < self._spans[index - 1][1]:
            return True, self._spans[index - 1][1]
        return False, self._spans[index][0] if index < len(self._spans) else None

    def _in_week(self, wall: Wall) -> Spell:
        monday = wall.ordinal - (wall.ordinal - 1) % 7  # day 1 was a Monday
        of_week = (wall.ordinal - monday) * DAY_S + wall.of_day
        index = bisect_right(self._week, of_week, key=lambda window: window[0])
        if index and of_week < self._week[index - 1][1]:
            inside, end = True, self._week[index - 1][1]
        else:
            later = self._week[index][0] if index < len(self._week) else self._week[0][0] + WEEK_S
            inside, end = False, later
        days, of_day = divmod(end, DAY_S)
        return inside, self._sure(wall, monday + days, of_day)

    def _in_days(self, wall: Wall) -> Spell:
        day = date.fromordinal(wall.ordinal)
        from_end = day.day - monthrange(day.year, day.month)[1] - 1
        inside = day.day in self._days or from_end in self._days
        return inside, self._sure(wall, wall.ordinal + 1, 0)

    # -- wall times ------------------------------------------------------------------------------

    def _wall(self, second: int) -> Wall:
        ordinal = self._zone.ordinal_at(second)
        midnight = (ordinal - EPOCH_ORDINAL) * DAY_S
        offset = self._zone.offset_of_day(ordinal)
        if offset is not None:
            return Wall(second, ordinal, second + offset - midnight, None)
        of_day = second + self._zone.offset_at(second) - midnight
        ends = (
            each.at + each.high - each.low
            for each in self._zone.stretches(ordinal)
            if not each.gap and each.at <= second
        )
        change = next((end for end in ends if second < end), second + 1)
        return Wall(second, ordinal, of_day, change)

    def _sure(self, wall: Wall, ordinal: int, of_day: int) -> int:
        """Return when the clock shows a later wall time, or is set before that."""
        if wall.change is None:
            return self._zone.first_instant(ordinal, of_day)
        away = (ordinal - wall.ordinal) * DAY_S + of_day - wall.of_day
        return min(wall.second + away, wall.change)

    def _second(self, moment: Moment) -> int:
        if isinstance(moment, int):
            return moment // SECOND
        wall = datetime.fromisoformat(moment)
        of_day = wall.hour * 3600 + wall.minute * 60 + wall.second
        return self._zone.first_instant(wall.toordinal(), of_day)

    def _whole_day(self, day: str) -> tuple[int, int]:
        ordinal = date.fromisoformat(day).toordinal()
        return self._zone.first_instant(ordinal, 0), self._zone.first_instant(ordinal + 1, 0)


def _either(spells: Sequence[Spell]) -> Spell:
    """Lay spells over each other: inside where any of them is."""
    ends = [end for inside, end in spells if inside]
    if ends:
        return True, None if None in ends else max(end for end in ends if end is not None)
    return False, min((end for _, end in spells if end is not None), default=None)


def _joined(stretches: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return stretches [from, to) in order, those that meet made one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        elif start < end:
            found.append((start, end))
    return found


class Calendars:
    """The calendars of a jobs file; each is worked out once in each zone."""

    def __init__(self, specs: Mapping[str, CalendarSpec]) -> None:
        self.specs = specs
        self._known: dict[tuple[str, str], Calendar] = {}

    def sieve(
        self,
        exclude: Sequence[str | CalendarSpec],
        only: Sequence[str | CalendarSpec],
        *,
        timezone: str,
    ) -> "Sieve | None":
        """Return what lets instants through, or None where nothing is kept back."""
        if not exclude and not only:
            return None
        return Sieve(self._named(exclude, timezone, "by"), self._named(only, timezone, "in"))

    def _named(
        self, uses: Sequence[str | CalendarSpec], timezone: str, how: str
    ) -> list[tuple[str, Calendar]]:
        """Return the calendars with what is told of each: `in nights`, `on Mon-Fri`."""
        found = []
        for use in uses:
            if isinstance(use, CalendarSpec):
                found.append((words_of(use), Calendar(use, zone(timezone))))
                continue
            known = self._known.get((use, timezone))
            if known is None:
                known = Calendar(self.specs[use], zone(timezone))
                self._known[use, timezone] = known
            found.append((f"{how} {use}", known))
        return found


class Stretch(NamedTuple):
    """Due instants in a row that are let through, or kept back for the same reason."""

    why: str
    """What keeps them back, for people; empty when they are let through."""
    first: Instant
    last: Instant


class Sieve:
    """What calendars let through: outside of all of `exclude`, inside of any of `only`."""

    def __init__(
        self, exclude: Sequence[tuple[str, Calendar]], only: Sequence[tuple[str, Calendar]]
    ) -> None:
        self._exclude = exclude
        self._only = only

    def at(self, t: Instant) -> tuple[str, Instant | None]:
        """Return what keeps an instant back ("" is nothing), and until when that surely holds."""
        second = t // SECOND
        ends: list[int | None] = []
        for name, calendar in self._exclude:
            inside, end = calendar.at(second)
            if inside:
                return f"excluded {name}", _instant(end)
            ends.append(end)
        if self._only:
            inside, end = _either([calendar.at(second) for _, calendar in self._only])
            if not inside:
                return f"only {' or '.join(name for name, _ in self._only)}", _instant(end)
            ends.append(end)
        return "", _instant(min((end for end in ends if end is not None), default=None))

    def stretches(self, schedule: Schedule, low: Instant, high: Instant) -> Iterator[Stretch]:
        """Yield the instants of a schedule in (`low`, `high`], in order."""
        found: Stretch | None = None
        at = schedule.next_after(low)
        while at is not None and at <= high:
            why, end = self.at(at)
            last = schedule.latest_at_or_before(high if end is None else min(end - 1, high))
            assert last is not None
            if found is not None and found.why == why:
                found = Stretch(why, found.first, last)
            else:
                if found is not None:
                    yield found
                found = Stretch(why, at, last)
            at = schedule.next_after(last)
        if found is not None:
            yield found


def _instant(second: int | None) -> Instant | None:
    return None if second is None else second * SECOND


class Sifted:
    """The instants of a schedule that a sieve lets through, for forecasts.

    A search that comes through a thousand stretches, or a year, without one finds none.
    """

    def __init__(self, schedule: Schedule, sieve: Sieve) -> None:
        self._schedule = schedule
        self._sieve = sieve
        self._searched: tuple[Instant, Instant, Instant | None] = (0, 0, None)
        """(from, to, found): nothing after `from` is let through before `to`, then `found` is."""

    def next_after(self, t: Instant) -> Instant | None:
        """Return the first instant strictly later than `t` that is let through, or None."""
        start, end, known = self._searched
        low = t
        if start <= t < end:
            if known is not None or end - t > FAR:
                return known
            low = end
        else:
            start = t
        found, end = self._search(low)
        self._searched = (start, end, found)
        return found

    def _search(self, low: Instant) -> tuple[Instant | None, Instant]:
        """Return what is let through after `low`, if anything, and how far that is known."""
        for _ in range(MOST_STRETCHES):
            at = self._schedule.next_after(low)
            if at is None:
                return None, low
            why, until = self._sieve.at(at)
            if not why:
                return at, at
            if until is None:
                return None, max(at, low + 2 * FAR)
            low = until - 1
        return None, low


class Bounded:
    """A schedule between two instants, both of which count."""

    def __init__(self, schedule: Schedule, first: Instant | None, last: Instant | None) -> None:
        self._schedule = schedule
        self._first = first
        self._last = last

    def next_after(self, t: Instant) -> Instant | None:
        """Return the first instant within the bounds strictly later than `t`, or None."""
        at = self._schedule.next_after(t if self._first is None else max(t, self._first - 1))
        return None if at is None or (self._last is not None and at > self._last) else at

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the last instant within the bounds not later than `t`, or None."""
        at = self._schedule.latest_at_or_before(t if self._last is None else min(t, self._last))
        return None if at is None or (self._first is not None and at < self._first) else at

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many instants within the bounds lie in (`after`, `until`]."""
        low = after if self._first is None else max(after, self._first - 1)
        high = until if self._last is None else min(until, self._last)
        return self._schedule.count_between(low, high) if low < high else 0
