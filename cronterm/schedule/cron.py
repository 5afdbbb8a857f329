"""Cron schedules: stepping, days and daylight saving, as Debian's cron(8) treats them.

A schedule that names its minute and hour (*fixed*) runs once where the clock is set: at the first
instant after a gap, at the first of two equal wall times. One with `*` in minute or hour
(*wildcard*) follows the wall clock: not in a gap, twice in an overlap. Several fixed times of one
gap are one instant (Debian would start each). A gap of three hours or more is a correction of the
zone, not a season: what lies in it is not made up for.
"""

from bisect import bisect_left, bisect_right
from calendar import monthrange
from datetime import date
from functools import lru_cache

from cronterm.clock import SECOND, Instant
from cronterm.errors import BadInput
from cronterm.schedule.base import CronSpec
from cronterm.schedule.fields import Fields, read_fields
from cronterm.schedule.zone import DAY_S, EPOCH_ORDINAL, FIRST_ORDINAL, LAST_ORDINAL, Zone, zone

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


class CronSchedule:
    """A cron expression in a zone. Immutable but for its caches; see `Schedule` for the answers."""

    def __init__(self, fields: Fields, of_zone: Zone) -> None:
        self._fields = fields
        self._zone = of_zone
        self._times = TimesOfDay(fields)
        self._month_days = lru_cache(64)(self._days_of_month)
        self._odd_days = lru_cache(8)(self._odd_instants)
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
                return found * SECOND
            day += 1
        return None

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the last due instant not later than `t`, or None when there was none."""
        until = t // SECOND
        day: int | None = self._zone.ordinal_at(until)
        while (day := self._day_from(day, -1)) is not None:
            found = self._last_until(day, until)
            if found is not None:
                return found * SECOND
            day -= 1
        return None

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many due instants lie in (`after`, `until`]. Costs a step a matching day."""
        if until <= after:
            return 0
        first, last = after // SECOND, until // SECOND
        start = self._zone.ordinal_at(first) - 1
        end = self._zone.ordinal_at(last)
        count, seen = 0, first
        day: int | None = start
        while (day := self._day_from(day, 1)) is not None and day <= end:
            offset = self._zone.offset_of_day(day)
            if offset is None:
                odd = [at for at in self._odd_days(day) if seen < at <= last]
                count += len(odd)
                seen = max(odd, default=seen)
            else:
                midnight = (day - EPOCH_ORDINAL) * DAY_S - offset
                high = min(last - midnight, DAY_S - 1)
                low = min(max(seen - midnight, -1), DAY_S - 1)
                if high > low:
                    count += self._times.rank(high) - (self._times.rank(low) if low >= 0 else 0)
            day += 1
        return count

    # -- days ------------------------------------------------------------------------------------

    def _is_odd(self, ordinal: int) -> bool:
        return ordinal >= FIRST_ORDINAL and self._zone.offset_of_day(ordinal) is None

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
        offset = self._zone.offset_of_day(ordinal)
        if offset is None:
            return next((at for at in self._odd_days(ordinal) if at > after), None)
        midnight = (ordinal - EPOCH_ORDINAL) * DAY_S - offset
        self._near = (midnight, midnight + DAY_S, ordinal)
        index = self._times.rank(after - midnight) if after >= midnight else 0
        return midnight + self._times.at(index) if index < self._times.count else None

    def _last_until(self, ordinal: int, until: int) -> int | None:
        offset = self._zone.offset_of_day(ordinal)
        if offset is None:
            return next((at for at in reversed(self._odd_days(ordinal)) if at <= until), None)
        midnight = (ordinal - EPOCH_ORDINAL) * DAY_S - offset
        if until < midnight:
            return None
        index = self._times.rank(min(until - midnight, DAY_S - 1)) - 1
        return midnight + self._times.at(index) if index >= 0 else None

    def _odd_instants(self, ordinal: int) -> tuple[int, ...]:
        """Return the instants of a local day on which the offset changes, sorted (UTC seconds)."""
        found: set[int] = set()
        for index in range(self._times.count):
            second = self._times.at(index)
            instants = self._zone.instants(ordinal, second)
            if self._fields.is_wildcard:
                found.update(instants)
            elif instants:
                found.add(instants[0])
            else:
                at, gap = self._zone.after_gap(ordinal, second)
                if gap < LONGEST_SEASON_S:
                    found.add(at)
        return tuple(sorted(found))


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
