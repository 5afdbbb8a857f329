"""Cron schedules: stepping, days and daylight saving, as Debian's cron(8) treats them.

A schedule that names its minute and hour (*fixed*) runs once where the clock is set: at the first
instant after a gap, at the first of two equal wall times. One with `*` in minute or hour
(*wildcard*) follows the wall clock: not in a gap, twice in an overlap. Several fixed times of one
gap are one instant (Debian would start each). A gap of three hours or more is a correction of the
zone, not a season: what lies in it is not made up for.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple

from cronterm.clock import SECOND, Instant
from cronterm.errors import BadInput
from cronterm.schedule.base import CronSpec
from cronterm.schedule.fields import Fields, read_fields
from cronterm.schedule.zone import (
    DAY_S,
    EPOCH_ORDINAL,
    FIRST_ORDINAL,
    LAST_ORDINAL,
    Stretch,
    Zone,
    zone,
)

LONGEST_SEASON_S = 3 * 3600
GREGORIAN_YEARS = 400  # weekdays and leap years repeat: what is not in these years never comes


class TimesOfDay:
    """The seconds of a day at which a schedule fires, as three sorted sets."""

    def __init__(self, fields: Fields) -> None:
        self._hours, self._minutes, self._seconds = fields.hours, fields.minutes, fields.seconds
        self._per_hour = len(self._minutes) * len(self._seconds)
        self.count = len(self._hours) * self._per_hour

    def rank(self, second: int) -> int:
        """Return how many times of the day are at or before `second`."""
        hour, rest = divmod(second, 3600)
        minute, second = divmod(rest, 60)
        hours = bisect_left(self._hours, hour)
        before = hours * self._per_hour
        if hours == len(self._hours) or self._hours[hours] != hour:
            return before
        minutes = bisect_left(self._minutes, minute)
        before += minutes * len(self._seconds)
        if minutes == len(self._minutes) or self._minutes[minutes] != minute:
            return before
        return before + bisect_right(self._seconds, second)

    def at(self, index: int) -> int:
        """Return the time of day of an index, counted from 0."""
        hour, rest = divmod(index, self._per_hour)
        minute, second = divmod(rest, len(self._seconds))
        return self._hours[hour] * 3600 + self._minutes[minute] * 60 + self._seconds[second]

    @cached_property
    def mask(self) -> int:
        """One bit for each second of the day, the first lowest."""
        minute = sum(1 << second for second in self._seconds)
        hour = sum(minute << 60 * at for at in self._minutes)
        return sum(hour << 3600 * at for at in self._hours)


class Run(NamedTuple):
    """Times of day, from index `first` to before `last`, as instants: `base` + time (UTC s)."""

    base: int
    first: int
    last: int


class CronSchedule:
    """A cron expression in a zone. Immutable but for its caches; see `Schedule` for the answers."""

    def __init__(self, fields: Fields, of_zone: Zone) -> None:
        self._fields = fields
        self._zone = of_zone
        self._times = TimesOfDay(fields)
        self._month_days = lru_cache(64)(self._days_of_month)
        self._odd_runs = lru_cache(8)(self._runs_of_stretches)
        self._near = (0, 0, 0)
        """(from, to, ordinal) in UTC seconds of the regular day that was looked at last."""

    def fires_ever(self) -> bool:
        """Tell whether any day of the calendar matches; costs a few milliseconds when none does."""
        years = self._fields.years
        span = years if years is not None else range(2000, 2000 + GREGORIAN_YEARS)
        return any(self._month_days(year, month) for year in span for month in self._fields.months)

    def next_after(self, t: Instant) -> Instant | None:
        """Return the first due instant strictly later than `t`, or None when none is left."""
        after = t // SECOND  # instants are whole seconds: later than t is later than its floor
        start, end, ordinal = self._near
        if not start <= after < end:
            ordinal = self._zone.ordinal_at(after)
            if self._is_odd(ordinal - 1):  # what fell into a gap at midnight comes a day later
                ordinal -= 1
        day: int | None = ordinal
        while (day := self._day_from(day, 1)) is not None:
            found = self._first_after(day, after)
            if found is not None:
                if self._is_odd(day) and self._matches(day + 1):  # days may be interleaved
                    other = self._first_after(day + 1, after)
                    found = found if other is None else min(found, other)
                return found * SECOND
            day += 1
        return None

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the last due instant not later than `t`, or None when there was none."""
        until = t // SECOND
        ordinal = self._zone.ordinal_at(until)
        day: int | None = ordinal + 1 if self._is_odd(ordinal + 1) else ordinal
        while (day := self._day_from(day, -1)) is not None:
            found = self._last_until(day, until)
            if found is not None:
                if self._is_odd(day) and self._matches(day - 1):
                    other = self._last_until(day - 1, until)
                    found = found if other is None else max(found, other)
                return found * SECOND
            day -= 1
        return None

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many due instants lie in (`after`, `until`]. Costs a step a matching day."""
        if until <= after:
            return 0
        first, last = after // SECOND, until // SECOND
        count = 0
        for run in self._runs_between(first, last):
            low, high = self._times.rank(first - run.base), self._times.rank(last - run.base)
            count += max(min(high, run.last) - max(low, run.first), 0)
        return count

    # -- for unions and forecasts ----------------------------------------------------------------

    fraction = 0
    """Microseconds that each instant is past a whole second."""

    def on_seconds(self) -> tuple["CronSchedule", ...]:
        """Return the parts whose instants share a fraction of a second: itself."""
        return (self,)

    def mask(self, start: int) -> int:
        """Return one bit for each of the 86,400 UTC seconds from `start`, the first lowest."""
        found = 0
        for run in self._runs_between(start - 1, start + DAY_S - 1):
            low, high = self._times.at(run.first), self._times.at(run.last - 1)
            bits = (self._times.mask >> low) & ((1 << high - low + 1) - 1)
            shift = run.base + low - start
            found |= bits << shift if shift >= 0 else bits >> -shift
        return found & ((1 << DAY_S) - 1)

    def moved_to(self, at: Instant) -> tuple[datetime, datetime] | None:
        """Return the first and the last wall time of a gap that `at` stands in for, or None."""
        landing, fraction = divmod(at, SECOND)
        if fraction:
            return None
        ordinal = self._zone.ordinal_at(landing)
        walls = [
            datetime.combine(date.fromordinal(day), time()) + timedelta(seconds=second)
            for day in (ordinal - 1, ordinal)
            if self._is_odd(day) and self._matches(day)
            for stretch in self._zone.stretches(day)
            if stretch.at == landing and self._makes_up(stretch)
            for first, last in [self._indices(stretch)]
            if first < last
            for second in (self._times.at(first), self._times.at(last - 1))
        ]
        return (walls[0], walls[-1]) if walls else None

    # -- days ------------------------------------------------------------------------------------

    def _is_odd(self, ordinal: int) -> bool:
        in_calendar = FIRST_ORDINAL <= ordinal <= LAST_ORDINAL
        return in_calendar and self._zone.offset_of_day(ordinal) is None

    def _matches(self, ordinal: int) -> bool:
        day = date.fromordinal(ordinal)
        return day.month in self._fields.months and day.day in self._month_days(day.year, day.month)

    def _day_from(self, ordinal: int | None, step: int) -> int | None:
        """Return the nearest matching day at or beyond `ordinal` in a direction, or None."""
        if ordinal is None or not FIRST_ORDINAL <= ordinal <= LAST_ORDINAL:
            return None
        start = date.fromordinal(ordinal)
        year, month, day = start.year, start.month, start.day
        months = self._fields.months
        for _ in range(GREGORIAN_YEARS * 12):
            if month in months:
                days = self._month_days(year, month)
                if step > 0:
                    index = bisect_left(days, day)
                    found = days[index] if index < len(days) else 0
                else:
                    index = bisect_right(days, day) - 1
                    found = days[index] if index >= 0 else 0
                if found:
                    return date(year, month, found).toordinal()
            month += step
            if not 1 <= month <= 12:
                year, month = year + step, 1 if step > 0 else 12
                year = self._next_year(year, step)
                if not 1 <= year <= 9999:
                    return None
            day = 1 if step > 0 else 31
        return None

    def _next_year(self, year: int, step: int) -> int:
        """Return the nearest year at or beyond `year` that the year field has, or one outside."""
        years = self._fields.years
        if years is None or year in years:
            return year
        if step > 0:
            index = bisect_left(years, year)
            return years[index] if index < len(years) else 10_000
        index = bisect_left(years, year) - 1
        return years[index] if index >= 0 else 0

    def _days_of_month(self, year: int, month: int) -> tuple[int, ...]:
        """Return the days of a month that match, in order."""
        fields = self._fields
        if fields.years is not None and year not in fields.years:
            return ()
        first, length = monthrange(year, month)
        first = (first + 1) % 7  # weekday of the first, from Sunday
        by_day = {day for day in fields.days if day <= length}
        if fields.last_day:
            by_day.add(length)
        if fields.last_workday:
            by_day.add(_nearest_workday(length, first, length))
        by_day |= {length + 1 - day for day in fields.end_days if day <= length}
        for day in fields.nearest_workdays:
            if day <= length:
                by_day.add(_nearest_workday(day, first, length))
        by_weekday = {
            day for day in range(1, length + 1) if (first + day - 1) % 7 in fields.weekdays
        }
        for weekday in fields.last_weekdays:
            by_weekday.add(length - (first + length - 1 - weekday) % 7)
        for weekday, nth in fields.nth_weekdays:
            day = 1 + (weekday - first) % 7 + 7 * (nth - 1)
            if day <= length:
                by_weekday.add(day)
        joined = by_day & by_weekday if fields.days_match == "and" else by_day | by_weekday
        return tuple(sorted(joined))

    # -- times of a day --------------------------------------------------------------------------

    def _first_after(self, ordinal: int, after: int) -> int | None:
        for run in self._runs(ordinal):
            index = max(self._times.rank(after - run.base), run.first)
            if index < run.last:
                return run.base + self._times.at(index)
        return None

    def _last_until(self, ordinal: int, until: int) -> int | None:
        for run in reversed(self._runs(ordinal)):
            index = min(self._times.rank(until - run.base), run.last) - 1
            if index >= run.first:
                return run.base + self._times.at(index)
        return None

    def _runs_between(self, first: int, last: int) -> Iterator[Run]:
        """Yield the runs of all days that may have an instant in (`first`, `last`]."""
        end = self._zone.ordinal_at(last) + 1
        day: int | None = self._zone.ordinal_at(first) - 1
        while (day := self._day_from(day, 1)) is not None and day <= end:
            yield from self._runs(day)
            day += 1

    def _runs(self, ordinal: int) -> tuple[Run, ...]:
        """Return what fires on a matching local day, in the order of time."""
        offset = self._zone.offset_of_day(ordinal)
        if offset is None:
            return self._odd_runs(ordinal)
        midnight = (ordinal - EPOCH_ORDINAL) * DAY_S - offset
        self._near = (midnight, midnight + DAY_S, ordinal)
        return (Run(midnight, 0, self._times.count),)

    def _runs_of_stretches(self, ordinal: int) -> tuple[Run, ...]:
        found = []
        for stretch in self._zone.stretches(ordinal):
            first, last = self._indices(stretch)
            if first == last:
                continue
            if stretch.gap:
                if self._makes_up(stretch) and not self._fires_otherwise(stretch.at, ordinal):
                    found.append(Run(stretch.at - self._times.at(first), first, first + 1))
            elif self._fields.is_wildcard or not stretch.is_repeated:
                found.append(Run(stretch.at - stretch.low, first, last))
        return tuple(found)

    def _indices(self, stretch: Stretch) -> tuple[int, int]:
        return self._times.rank(stretch.low - 1), self._times.rank(stretch.high - 1)

    def _makes_up(self, stretch: Stretch) -> bool:
        """Tell whether what a stretch would have had comes at the first instant after it."""
        return 0 < stretch.gap < LONGEST_SEASON_S and not self._fields.is_wildcard

    def _fires_otherwise(self, at: int, ordinal: int) -> bool:
        """Tell whether the end of a gap, `at`, is due without the part of the gap in a day."""
        day = self._zone.ordinal_at(at)
        second = at + self._zone.offset_at(at) - (day - EPOCH_ORDINAL) * DAY_S
        # Of a gap over midnight the next day makes up for both parts.
        unless = self._times.rank(second - 1) if day == ordinal else 0
        return self._matches(day) and self._times.rank(second) > unless


def _nearest_workday(day: int, first: int, length: int) -> int:
    """Return the Monday to Friday nearest to `day` in the same month (Quartz's W)."""
    weekday = (first + day - 1) % 7
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 0:
        return day + 1 if day < length else day - 2
    return day


@lru_cache(20_000)
def cron_schedule(spec: CronSpec) -> CronSchedule:
    """Return the one schedule of a spec: jobs with the same expression and zone share it.

    Raises `BadInput` for what cannot be read and for what can never fire.
    """
    schedule = CronSchedule(read_fields(spec.expression, spec.day_match), zone(spec.timezone))
    if not schedule.fires_ever():
        raise BadInput(f"{spec.expression!r} never fires", "no such day exists")
    return schedule
