"""Schedules in words, and what about them may surprise. Importing this costs 80 ms."""

import re
from collections.abc import Sequence
from functools import lru_cache

from cron_descriptor import FormatError, MissingFieldError, Options, WrongArgumentError
from cron_descriptor import get_description as describe_cron

from cronterm.clock import DAY, aware
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    GridSpec,
    InSpec,
    OnCalendarSpec,
    RebootSpec,
    ScheduleSpec,
    StartupSpec,
)
from cronterm.schedule.duration import UNITS, format_duration
from cronterm.schedule.fields import DAY as DAY_FIELD
from cronterm.schedule.fields import FIELDS, HOUR, MINUTE, MONTH, RANGES, SECOND, WEEKDAY

_UNIT_WORDS = {"w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")
_FALLS = {
    SECOND: ("at seconds", "minute"),
    MINUTE: ("at minutes", "hour"),
    HOUR: ("at hours", "day"),
    DAY_FIELD: ("on days", "month"),
    MONTH: ("in months", "year"),
}
"""How the values of a field are told, and what it begins anew with."""
MOST_NAMED = 5  # values of a field; of more it is told how they go on
_ORIGINS = {"start": "", "clock": " by the clock", "finish": " after the last end"}


def describe(specs: Sequence[ScheduleSpec]) -> str:
    """Return the schedule in words, on a 24 h clock: `daily at 02:30`."""
    return "; ".join(_describe_one(spec) for spec in specs) or "by hand"


@lru_cache(4096)
def _describe_one(spec: ScheduleSpec) -> str:
    match spec:
        case CronSpec():
            return _cron(spec)
        case EverySpec():
            return f"every {_interval(spec.interval)}{_ORIGINS[spec.origin]}"
        case GridSpec(interval=interval, anchor=anchor):
            return f"every {_interval(interval)} from {aware(anchor):%Y-%m-%d %H:%M:%S} UTC on"
        case OnCalendarSpec(expression=expression):
            return f"when the calendar says {expression}"
        case AtSpec(at=at):
            return f"once on {aware(at):%Y-%m-%d at %H:%M:%S} UTC"
        case InSpec(delay=delay):
            return f"once, {format_duration(delay)} after it was first seen"
        case RebootSpec():
            return "at boot"
        case StartupSpec():
            return "when the engine starts"
        case _:
            return "by hand"


def _interval(interval: int) -> str:
    for unit, word in _UNIT_WORDS.items():
        count, rest = divmod(interval, UNITS[unit])
        if count and not rest:
            return word if count == 1 else f"{count} {word}s"
    return format_duration(interval)


def _cron(spec: CronSpec) -> str:
    if daily := _DAILY.fullmatch(spec.expression):
        return f"daily at {int(daily[2]):02}:{int(daily[1]):02}"
    options = Options()
    options.use_24hour_time_format = True
    try:
        text: str = describe_cron(_for_descriptor(spec.expression), options)
    except (FormatError, MissingFieldError, WrongArgumentError, ValueError, IndexError):
        return spec.expression  # it is valid; this library just has no words for it
    return _stepped(text[:1].lower() + text[1:], spec.expression)


def _stepped(text: str, expression: str) -> str:
    """Say where the steps of a field fall that begin anew before they are even."""
    for field, step in _uneven_steps(expression):
        falls, whole = _FALLS[field]
        low, high = RANGES[field]
        *others, last = (str(value) for value in range(low, high + 1, step))
        every = f"every {step} {falls.split()[1]}"
        named = f"{falls} {', '.join(others)} and {last}" if others else f"{falls} {last}"
        begun = f"{every} of each {whole}, from {low} on"
        text = text.replace(every, named if len(others) < MOST_NAMED else begun, 1)
    return text


def _uneven_steps(expression: str) -> list[tuple[int, int]]:
    """Return the fields whose steps do not divide them, with the step."""
    words = expression.split()
    words = words if len(words) > 5 else ["0", *words]
    found = []
    for field in _FALLS:
        low, high = RANGES[field]
        step = re.fullmatch(r"\*/(\d+)", words[field])
        if step and (field == DAY_FIELD or (high - low + 1) % int(step[1])):
            found.append((field, int(step[1])))
    return found


def _for_descriptor(expression: str) -> str:
    """Write weekdays the way the descriptor library reads them: `5l`, not `l5`; upper case."""
    return re.sub(r"\bl(\d|[a-z]{3})\b", r"\1l", expression).upper()


def warnings(specs: Sequence[ScheduleSpec]) -> tuple[str, ...]:
    """Return what is legal but may not be what was meant."""
    found: list[str] = []
    for spec in specs:
        match spec:
            case CronSpec():
                found += _cron_warnings(spec)
            case EverySpec(interval=interval) | GridSpec(interval=interval) if not interval % DAY:
                found.append(
                    "an interval of whole days moves against the wall clock when daylight saving"
                    " begins or ends"
                )
    return tuple(found)


def _cron_warnings(spec: CronSpec) -> list[str]:
    words = spec.expression.split()
    words = words if len(words) > 5 else ["0", *words]
    found = []
    day, weekday = words[DAY_FIELD], words[WEEKDAY]
    if not day.startswith("*") and not weekday.startswith("*") and spec.day_match == "or":
        found.append(
            "day of month and weekday are both set: cron runs when either matches"
            " (day_match: and needs both)"
        )
    elif (day.startswith("*/") and weekday != "*") or (weekday.startswith("*/") and day != "*"):
        found.append("a day field that starts with * needs the other day field to match as well")
    for field, step in _uneven_steps(spec.expression):
        if field != DAY_FIELD:
            span = RANGES[field][1] - RANGES[field][0] + 1
            found.append(
                f"*/{step} in {FIELDS[field]} does not divide {span}: the last step is shorter"
            )
    return found
