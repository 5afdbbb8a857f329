"""When cron would start a line: crontab(5) and cron(8) read a second time, day by day.

It shares nothing with the schedules that jobs get, so that the two can be compared. Slow and
plain on purpose.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronterm.clock import Instant, aware, instant
from cronterm.errors import BadInput

LONGEST_SEARCH = 366 * 60  # days: 50 times a 29th of February need 200 years, some of them do

NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@every_minute": "* * * * *",
}
_LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CrontabTime:
    """Five fields in a zone. Raises `BadInput` for what crontab(5) does not have."""

    def __init__(self, expression: str, timezone: str) -> None:
        words = NICKNAMES.get(expression.lower(), expression).split()
        if len(words) != 5:
            raise BadInput(f"{expression!r} has no five fields")
        self._minutes, self._hours, self._days, self._months, weekdays = (
            _field(word, place) for place, word in enumerate(words)
        )
        self._weekdays = {day % 7 for day in weekdays}
        self._is_wild = words[0].startswith("*") or words[1].startswith("*")
        self._is_either = not (words[2].startswith("*") or words[4].startswith("*"))
        self._info = ZoneInfo(timezone)

    def instants(self, after: Instant, limit: int) -> list[Instant]:
        """Return the first `limit` instants later than `after`, fewer where they are rare."""
        found: list[Instant] = []
        day = aware(after).astimezone(self._info).date() - timedelta(days=1)
        for _ in range(LONGEST_SEARCH):
            # Where the clock is set at midnight, instants of a day come in that of another.
            if len(found) > limit and found[limit] < instant(self._midnight(day)):
                break
            if self._has(day):
                found += [at for at in self._of_day(day) if at > after]
                found = sorted(set(found))
            day += timedelta(days=1)
        return found[:limit]

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day - timedelta(days=1), time(), self._info)

    def _has(self, day: date) -> bool:
        if day.month not in self._months:
            return False
        in_month, in_week = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        return (in_month or in_week) if self._is_either else (in_month and in_week)

    def _of_day(self, day: date) -> Iterator[Instant]:
        for hour in sorted(self._hours):
            for minute in sorted(self._minutes):
                yield from self._at(datetime.combine(day, time(hour, minute)))

    def _at(self, wall: datetime) -> Iterator[Instant]:
        """Yield when a wall time comes: once, never or twice, as cron(8) has it."""
        first, second = (wall.replace(tzinfo=self._info, fold=fold) for fold in (0, 1))
        if first.utcoffset() == second.utcoffset():
            yield instant(first)
        elif first.astimezone(UTC).astimezone(self._info).replace(tzinfo=None) == wall:
            yield instant(first)
            if self._is_wild:
                yield instant(second)
        elif not self._is_wild:
            yield _change_between(second.astimezone(UTC), first.astimezone(UTC), self._info)


def _change_between(low: datetime, high: datetime, info: ZoneInfo) -> Instant:
    """Return the instant between two at which the clock was set."""
    before = low.astimezone(info).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(info).utcoffset() == before:
            low = middle
        else:
            high = middle
    return instant(high.replace(microsecond=0))


def _field(word: str, place: int) -> set[int]:
    low, high = _LIMITS[place]
    found: set[int] = set()
    for item in word.lower().split(","):
        span, slash, step_text = item.partition("/")
        if span == "*":
            first, last = low, high if place != 4 else 6
        else:
            start, dash, end = span.partition("-")
            first = _number(start, place)
            last = _number(end, place) if dash else first
            if slash and not dash:
                raise BadInput(f"{item!r} has a step without a range")
        step = _digits(step_text) if slash else 1
        if not low <= first <= last <= high or step < 1:
            raise BadInput(f"{item!r} is out of range")
        found |= set(range(first, last + 1, step))
    return found


def _number(text: str, place: int) -> int:
    names = {3: _MONTHS, 4: _DAYS}.get(place, ())
    if text in names:
        return names.index(text) + (1 if place == 3 else 0)
    return _digits(text)


def _digits(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadInput(f"{text!r} is not a number")
    return int(text)
