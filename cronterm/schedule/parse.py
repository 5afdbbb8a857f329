"""Reads the words of a schedule: a text, a mapping, or a list of them."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from cronterm.clock import SECOND, Duration, Instant, instant
from cronterm.errors import BadInput
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    GridSpec,
    InSpec,
    ManualSpec,
    RebootSpec,
    ScheduleSpec,
    StartupSpec,
)
from cronterm.schedule.cron import cron_schedule
from cronterm.schedule.duration import format_duration, parse_duration
from cronterm.schedule.fields import ALIASES, normalise
from cronterm.schedule.guess import meant
from cronterm.schedule.on_calendar import HINT, parse_on_calendar
from cronterm.schedule.words import shown
from cronterm.schedule.zone import check_zone, zone

SHORTEST = SECOND  # of an interval, and of the delay of @in: 0 would be over when it begins
MOST_PARTS = 100  # schedules of one job
LONGEST_TEXT = 2000

_STAMP = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*([Zz]|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
_PHRASE = re.compile(r"every\s+(\d{0,9})\s*(second|minute|hour|day|week)s?", re.ASCII)
_PERIOD = re.compile(r"p((?:\d+[wd])*)(?:t((?:\d+[hms])+))?", re.ASCII)  # ISO 8601
_OTHER_WORDS = {
    "@once": 'write the moment: "@at 2026-12-01T02:00"',
    "@minutely": 'write "* * * * *"',
    "@every_minute": 'write "* * * * *"',
    "@triggered": "leave the schedule out",
    "@never": "write @manual",
    "@annual": "write @yearly",
}


class BadSchedule(BadInput):
    """A schedule that cannot be read. `path` leads to the part of it that is wrong."""

    def __init__(self, message: str, hint: str = "", path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message, hint)
        self.path = path


class Parsed(msgspec.Struct, frozen=True):
    """What was written, as data and as text for people."""

    specs: tuple[ScheduleSpec, ...]
    text: str


def parse(words: object, *, timezone: str, job_id: str) -> Parsed:
    """Read a schedule. `timezone` is the job's; `job_id` seeds `H` and `~`.

    Raises `BadSchedule` and nothing else, whatever `words` is.
    """
    if not isinstance(words, list | tuple):
        spec, text = _parse_one(words, timezone, job_id, ())
        return Parsed((spec,), text)
    if not words:
        raise BadSchedule("the list of schedules is empty", "leave it out, or write @manual")
    if len(words) > MOST_PARTS:
        raise BadSchedule(f"a job has at most {MOST_PARTS} schedules")
    parts = [_parse_one(part, timezone, job_id, (n,)) for n, part in enumerate(words)]
    return Parsed(tuple(spec for spec, _ in parts), "; ".join(text for _, text in parts))


def _parse_one(
    words: object, timezone: str, job_id: str, path: tuple[str | int, ...]
) -> tuple[ScheduleSpec, str]:
    try:
        if isinstance(words, str):
            return parse_text(words, timezone, job_id), " ".join(words.split())
        if isinstance(words, Mapping):
            return _parse_mapping(words, timezone, job_id)
    except BadSchedule as error:
        raise BadSchedule(error.message, error.hint, (*path, *error.path)) from None
    except BadInput as error:
        raise BadSchedule(error.message, error.hint, path) from None
    raise BadSchedule("a schedule is a text", 'write it in quotes: "*/5 * * * *"', path)


def parse_text(text: str, timezone: str, job_id: str) -> ScheduleSpec:
    """Read one schedule text. Raises `BadInput`."""
    words = text.split()
    if not words:
        raise BadInput("the schedule is empty", "leave it out, or write @manual")
    if len(text) > LONGEST_TEXT:
        raise BadInput(f"a schedule has at most {LONGEST_TEXT} characters")
    first = words[0].lower()
    if first in _SINGLE and len(words) == 1:
        return _SINGLE[first]
    if first in _WITH_REST:
        return _WITH_REST[first](text.strip()[len(first) :].strip(), timezone)
    if _STAMP.fullmatch(text.strip()):
        return AtSpec(parse_moment(text, timezone))
    if first.startswith(("cron_tz=", "tz=")):
        raise BadInput("a time zone does not stand in the expression", "set timezone beside it")
    if first.startswith("@") and (first not in ALIASES or len(words) > 1):
        hint = _OTHER_WORDS.get(first, "@hourly @daily @weekly @every 5m @at … @manual")
        raise BadInput(f"unknown schedule {shown(text)}", hint)
    if hint := _words_hint(text):
        raise BadInput(f"{shown(text)} is not a cron expression", hint)
    return _cron(text, timezone, "or", job_id)


def _words_hint(text: str) -> str:
    """Return what words like `every 5 minutes`, `daily at 2:30` or `P1D` mean, else ""."""
    plain = text.strip().lower()
    if phrase := _PHRASE.fullmatch(plain):
        return f'write "@every {phrase[1] or 1}{phrase[2][0]}"'
    if (period := _PERIOD.fullmatch(plain)) and len(plain) > 2:
        return f'write "@every {period[1]}{period[2] or ""}"'
    if guessed := meant(plain):
        return f'write "{guessed}"'
    is_plain = plain.split()[0] == "every"
    return 'like "@every 5m", "*/15 * * * 1-5", "30 2 * * *" or "@daily"' if is_plain else ""


def _cron(text: str, timezone: str, day_match: Literal["or", "and"], job_id: str) -> CronSpec:
    spec = CronSpec(normalise(text, job_id), timezone, day_match)
    cron_schedule(spec)  # reads it, and refuses what never fires
    return spec


def _every(words: object, origin: Literal["start", "clock", "finish"] = "start") -> EverySpec:
    return EverySpec(_not_too_short("an interval", words), origin)


def _in(words: object) -> InSpec:
    return InSpec(_not_too_short("a delay", words))


def _not_too_short(what: str, words: object) -> Duration:
    duration = parse_duration(words)
    if duration < SHORTEST:
        raise BadInput(f"{what} of {format_duration(duration)} is too short", "1s is the shortest")
    return duration


_SINGLE: dict[str, ScheduleSpec] = {
    "@reboot": RebootSpec(),
    "@startup": StartupSpec(),
    "@manual": ManualSpec(),
}
_WITH_REST: dict[str, Callable[[str, str], ScheduleSpec]] = {
    "@every": lambda rest, timezone: _every(rest),
    "@at": lambda rest, timezone: AtSpec(parse_moment(rest, timezone)),
    "@in": lambda rest, timezone: _in(rest),
}


def parse_moment(words: object, timezone: str) -> Instant:
    """Read an RFC 3339 time; without an offset it is a wall time of `timezone`.

    A wall time that does not exist is the first instant after the gap, one that exists twice the
    first of both. Raises `BadInput`.
    """
    hint = "write it like 2026-12-01T02:00:00+01:00, or without an offset for the job's zone"
    found = _STAMP.fullmatch(words.strip()) if isinstance(words, str) else None
    if found is None:
        raise BadInput(f"{shown(words)} is not a time", hint)
    year, month, day, hour, minute, second, parts = (int(part or 0) for part in found.groups()[:7])
    if parts:
        raise BadInput(f"{shown(words)} has a fraction of a second", "whole seconds only")
    try:
        wall = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        if not 1970 <= year <= 9000:
            raise ValueError("year is out of range")
        if found[8]:
            text = found[8].upper().replace("Z", "+00:00")
            return instant(datetime.fromisoformat(wall.isoformat()[:19] + text))
    except ValueError as error:
        raise BadInput(f"{shown(words)} is not a time: {error}", hint) from None
    of_zone = zone(timezone)
    ordinal = wall.toordinal()
    of_day = hour * 3600 + minute * 60 + second
    return of_zone.first_instant(ordinal, of_day) * SECOND


_KINDS: dict[str, tuple[str, ...]] = {
    "cron": ("cron", "timezone", "day_match"),
    "every": ("every", "from", "anchor", "timezone"),
    "at": ("at", "timezone"),
    "in": ("in",),
    "on_calendar": ("on_calendar", "timezone"),
}


def _parse_mapping(
    words: Mapping[Any, Any], timezone: str, job_id: str
) -> tuple[ScheduleSpec, str]:
    kinds = [kind for kind in _KINDS if kind in words]
    if len(kinds) != 1:
        raise BadSchedule(f"a schedule mapping has exactly one of {', '.join(_KINDS)}")
    kind = kinds[0]
    for key in words:
        if key not in _KINDS[kind]:
            allowed = ", ".join(_KINDS[kind])
            name = key if isinstance(key, str) else shown(key)
            raise BadSchedule(f"unknown key {shown(key)}", f"with {kind}: {allowed}", (name,))
    try:
        return _of_kind(kind, words, timezone, job_id)
    except BadSchedule:
        raise
    except BadInput as error:
        raise BadSchedule(error.message, error.hint, (kind,)) from None


def _of_kind(
    kind: str, words: Mapping[Any, Any], timezone: str, job_id: str
) -> tuple[ScheduleSpec, str]:
    value = words[kind]
    match kind:
        case "cron":
            of_zone = _checked("timezone", words.get("timezone", timezone), check_zone)
            day_match = _choice(words, "day_match", ("or", "and"), "or")
            if not isinstance(value, str):
                raise BadInput("cron is a text", 'write it in quotes: "*/5 * * * *"')
            if value.lstrip().startswith("@") and value.strip().lower() not in ALIASES:
                raise BadInput(
                    f"{shown(value)} is not a cron expression",
                    "write every, at or in instead of cron, or the text without a mapping",
                )
            spec: ScheduleSpec = _cron(value, of_zone, day_match, job_id)
            also = f" {of_zone}" if "timezone" in words else ""
            also += " day_match and" if day_match == "and" else ""
            return spec, " ".join(value.split()) + also
        case "every":
            return _every_mapping(words, timezone)
        case "on_calendar":
            if not isinstance(value, str):
                raise BadInput("on_calendar is a text", HINT)
            of_zone = _checked("timezone", words.get("timezone", timezone), check_zone)
            spec = parse_on_calendar(value, of_zone, may_name_zone="timezone" not in words)
            also = f" {of_zone}" if "timezone" in words else ""
            return spec, f"on_calendar {' '.join(value.split())}{also}"
        case "at":
            of_zone = _checked("timezone", words.get("timezone", timezone), check_zone)
            return AtSpec(parse_moment(value, of_zone)), f"@at {value}"
        case _:
            spec = _in(value)
            return spec, f"@in {format_duration(spec.delay)}"


def _every_mapping(words: Mapping[Any, Any], timezone: str) -> tuple[ScheduleSpec, str]:
    origin = _choice(words, "from", ("start", "clock", "finish"), "start")
    every = _every(words["every"], origin)
    text = f"@every {format_duration(every.interval)}"
    if "anchor" not in words:
        if "timezone" in words:
            raise BadSchedule("a timezone matters to an anchor only", "", ("timezone",))
        return every, text if origin == "start" else f"{text} from {origin}"
    if "from" in words:
        raise BadSchedule("an interval has an anchor or a from", "leave one of them out", ("from",))
    of_zone = _checked("timezone", words.get("timezone", timezone), check_zone)
    try:
        anchor = parse_moment(words["anchor"], of_zone)
    except BadInput as error:
        raise BadSchedule(error.message, error.hint, ("anchor",)) from None
    return GridSpec(every.interval, anchor), f"{text} from {words['anchor']}"


def _checked(key: str, value: object, check: Callable[[object], str]) -> str:
    try:
        return check(value)
    except BadInput as error:
        raise BadSchedule(error.message, error.hint, (key,)) from None


def _choice(words: Mapping[Any, Any], key: str, choices: tuple[str, ...], default: str) -> Any:
    value = words.get(key, default)
    if not isinstance(value, str) or value not in choices:
        raise BadSchedule(f"{shown(value)} is not one of {', '.join(choices)}", "", (key,))
    return value
