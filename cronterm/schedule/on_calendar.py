"""Calendar expressions of systemd.time(7): text to sets. Days and daylight saving are cron's.

`Mon..Fri *-*-* 08..18:00/30:00`: weekdays, date and time, of which each may be left out. `*` and
`0/30` in hour or minute follow the wall clock through daylight saving as `*` and `*/30` of cron do.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from cronterm.errors import BadInput
from cronterm.schedule.base import OnCalendarSpec
from cronterm.schedule.cron import CronSchedule
from cronterm.schedule.fields import Fields
from cronterm.schedule.words import shown
from cronterm.schedule.zone import check_zone, zone

LONGEST = 500  # characters

SHORTHANDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "quarterly": "*-01,04,07,10-01 00:00:00",
    "semiannually": "*-01,07-01 00:00:00",
    "yearly": "*-01-01 00:00:00",
    "annually": "*-01-01 00:00:00",
}

HINT = 'systemd.time(7): "Mon..Fri *-*-* 08..18:00/30:00"'

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_WEEKDAYS = {name[:length]: n for n, name in enumerate(_DAYS) for length in (3, len(name))}
_ITEM = re.compile(r"(\d{1,4})(?:\.\.(\d{1,4}))?(?:/(\d{1,4}))?", re.ASCII)
_DATE = re.compile(r"(?:(?P<year>[^-~]+)-)?(?P<month>[^-~]+)(?P<sign>[-~])(?P<day>[^-~]+)")
_CRON = re.compile(r"[\d*/,-]+", re.ASCII)


def parse_on_calendar(text: str, timezone: str, *, may_name_zone: bool = True) -> OnCalendarSpec:
    """Read an expression; a zone at its end replaces `timezone`. Raises `BadInput`."""
    words = text.split()
    if not words:
        raise BadInput("the calendar expression is empty", HINT)
    if len(text) > LONGEST:
        raise BadInput(f"a calendar expression has at most {LONGEST} characters")
    if len(words) > 1 and _may_be_zone(words[-1]):
        if not may_name_zone:
            raise BadInput(f"the time zone stands twice: {shown(words[-1])} and timezone")
        timezone = check_zone(words.pop())
    if len(words) >= 5 and all(_CRON.fullmatch(word) for word in words):
        raise BadInput(f"{shown(text)} is a cron expression", "write it under cron")
    expression = SHORTHANDS.get(words[0].lower(), words[0]) if len(words) == 1 else " ".join(words)
    spec = OnCalendarSpec(expression, timezone)
    on_calendar_schedule(spec)  # reads it, and refuses what never fires
    return spec


def _may_be_zone(word: str) -> bool:
    return word[:1].isalpha() and word[:3].lower() not in _WEEKDAYS


@lru_cache(20_000)
def on_calendar_schedule(spec: OnCalendarSpec) -> CronSchedule:
    """Return the one schedule of a spec. Raises `BadInput`, also for what never fires."""
    schedule = CronSchedule(read_on_calendar(spec.expression), zone(spec.timezone))
    if not schedule.fires_ever():
        raise BadInput(f"{shown(spec.expression)} never fires", "no such day exists")
    return schedule


def read_on_calendar(expression: str) -> Fields:
    """Return the sets of an expression without shorthand and zone. Raises `BadInput`."""
    words = expression.split()
    weekdays = _weekdays(words.pop(0)) if words[0][:1].isalpha() else tuple(range(7))
    if len(words) == 2 and ":" in words[0]:
        raise BadInput(f"{shown(expression)}: the date stands before the time", HINT)
    date = words.pop(0) if words and ":" not in words[0] else "*-*-*"
    time = words.pop(0) if words else "00:00:00"
    if words:
        raise BadInput(f"{shown(expression)} is not a calendar expression", HINT)
    years, months, days, end_days = _date(date)
    hour, minute, second = _time(time)
    return Fields(
        seconds=_values("second", second, 0, 59),
        minutes=_values("minute", minute, 0, 59),
        hours=_values("hour", hour, 0, 23),
        days=days,
        months=months,
        weekdays=weekdays,
        years=years,
        is_wildcard=any(part == "*" or part.startswith(("0/", "00/")) for part in (hour, minute)),
        days_match="and",
        end_days=end_days,
    )


def _weekdays(word: str) -> tuple[int, ...]:
    found: set[int] = set()
    for item in word.split(","):
        first, *rest = item.lower().replace("..", "-").split("-")
        last = rest[0] if rest else first
        if len(rest) > 1 or first not in _WEEKDAYS or last not in _WEEKDAYS:
            raise BadInput(f"{shown(item)} is not a weekday", "Mon, Mon..Fri or Sat,Sun")
        low, high = ((_WEEKDAYS[each] - 1) % 7 for each in (first, last))  # Monday is the first
        if low > high:
            raise BadInput(f"{shown(item)} runs backwards", "the week begins on Monday")
        found |= {(day + 1) % 7 for day in range(low, high + 1)}
    return tuple(sorted(found))


def _date(
    word: str,
) -> tuple[tuple[int, ...] | None, tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return years, months, days and days counted from the end."""
    parts = _DATE.fullmatch(word)
    if parts is None:
        raise BadInput(f"{shown(word)} is not a date", "*-*-01, 12-24 or 2026-12-24")
    year = parts["year"] or "*"
    years = None if year == "*" else _values("year", year, 1970, 2199)
    months = _values("month", parts["month"], 1, 12)
    if parts["sign"] == "-":
        return years, months, _values("day", parts["day"], 1, 31), ()
    if parts["day"] == "*":
        raise BadInput("~* counts no day from the end", "~01 is the last day of the month")
    return years, months, (), _end_days(parts["day"])


def _end_days(word: str) -> tuple[int, ...]:
    found: set[int] = set()
    for first, last, step in _items("day", word, 1, 31):
        high = first if last is None else max(first, last)
        low = min(first, last) if last is not None else (1 if step else first)
        found |= set(range(high, low - 1, -(step or 1)))
    return tuple(sorted(found))


def _time(word: str) -> tuple[str, str, str]:
    parts = word.split(":")
    if not 2 <= len(parts) <= 3:
        raise BadInput(f"{shown(word)} is not a time", "08:00 or 08:00:30")
    hour, minute, second = [*parts, "00"][:3]
    return hour, minute, second


def _values(what: str, word: str, low: int, high: int) -> tuple[int, ...]:
    if word == "*":
        return tuple(range(low, high + 1))
    found: set[int] = set()
    for first, last, step in _items(what, word, low, high):
        if last is not None and last < first:
            raise BadInput(f"{what} {first}..{last} runs backwards", "the smaller first")
        end = last if last is not None else (high if step else first)
        found |= set(range(first, end + 1, step or 1))
    return tuple(sorted(found))


def _items(
    what: str, word: str, low: int, high: int
) -> Iterable[tuple[int, int | None, int | None]]:
    """Yield (first, last, step) of each item of a list; what is not written is None."""
    for item in word.split(","):
        found = _ITEM.fullmatch(item)
        if found is None:
            raise BadInput(f"{what} {shown(item)} is not understood", _item_hint(item, low))
        first, last, step = (None if part is None else int(part) for part in found.groups())
        assert first is not None
        for value in (first, last):
            if value is not None and not low <= value <= high:
                raise BadInput(f"{what} {value} is out of range", f"{low} to {high}")
        if step == 0:
            raise BadInput(f"{what} {shown(item)}: a step of 0 leads nowhere")
        yield first, last, step


def _item_hint(item: str, low: int) -> str:
    if item.startswith("*/"):
        return f"write {low}{item[1:]}"
    if "-" in item:
        return f"write {item.replace('-', '..')}"
    if "." in item and ".." not in item:
        return "whole numbers only"
    return "a number, 8..18, 0/15, a list of them, or *"
