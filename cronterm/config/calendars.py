"""Calendars, and the words of a job that go by them or limit how often and how long it runs."""

import difflib
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import yaml

from cronterm.clock import Instant, aware
from cronterm.config.fields import Bad, Reading
from cronterm.config.ics import Spans, read_ics
from cronterm.config.reader import Node, Refused, read_file, scalar, short
from cronterm.errors import BadInput
from cronterm.schedule.base import CalendarSpec, Moment
from cronterm.schedule.parse import parse_moment
from cronterm.schedule.zone import DAY_S

MOST_RUNS = 1_000_000_000

WORDS = ("dates", "days", "weekdays", "windows", "from", "until", "ics")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAYS = {name: n % 7 for n, name in enumerate((*_DAYS, *_LONG))}
_CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2}))?"
_WINDOW = re.compile(rf"(?:(\S+)\s+)?{_CLOCK}\s*-\s*{_CLOCK}", re.ASCII)
_OFFSET = re.compile(r":\d{2}(?:\.\d+)?\s*(?:[Zz]|[+-]\d{2}:?\d{2})$", re.ASCII)


def read_calendars(r: Reading, node: Node, directory: Path) -> dict[str, CalendarSpec]:
    """Return the calendars by name; one that is wrong is noted and empty."""
    found: dict[str, CalendarSpec] = {}
    for name, (key, value) in r.mapping(node, "calendars").items():
        if name.startswith("x-"):
            continue
        path = f"calendars.{short(name)}"
        if not _NAME.fullmatch(name):
            rule = "letters, digits, . _ -, beginning with a letter or digit"
            r.note(key, path, f"{short(name)!r} cannot name a calendar", rule)
            continue
        found[name] = r.read(
            value, path, lambda node, path: read_calendar(r, node, path, directory), CalendarSpec()
        )
    return found


def read_calendar(r: Reading, node: Node, path: str, directory: Path) -> CalendarSpec:
    """Return one calendar. Raises `Bad` after noting what is wrong."""
    unknown = r.unknown_keys
    found = r.words(node, path, WORDS)
    values: dict[str, Any] = {}
    readers: dict[str, Callable[[Node, str], Any]] = {
        "dates": r.one_or_list(lambda node, path: _date(r, node, path)),
        "days": r.one_or_list(lambda node, path: _day(r, node, path)),
        "weekdays": r.one_or_list(lambda node, path: _weekdays(r, node, path, r.text(node, path))),
        "windows": r.one_or_list(lambda node, path: read_window(r, node, path)),
        "from": lambda node, path: _moment(r, node, path),
        "until": lambda node, path: _moment(r, node, path),
        "ics": r.one_or_list(lambda node, path: _ics(r, node, path, directory)),
    }
    for word, (_, value) in found.items():
        values[word] = readers[word](value, f"{path}.{word}")
    if not any(values.get(word) not in (None, ()) for word in WORDS):
        if r.unknown_keys == unknown:
            r.note(node, path, "the calendar is empty", f"give it {', '.join(WORDS)}")
        raise Bad
    start, until = values.get("from"), values.get("until")
    if type(start) is type(until) and start is not None and start >= until:
        raise r.bad(node, path, "from is not before until")
    ics = values.get("ics", ())
    return CalendarSpec(
        dates=tuple(sorted(set(values.get("dates", ())))),
        days=tuple(sorted(set(values.get("days", ())))),
        weekdays=tuple(sorted({day for days in values.get("weekdays", ()) for day in days})),
        windows=tuple(sorted({each for part in values.get("windows", ()) for each in part})),
        start=start,
        until=until,
        spans=tuple(span for _, spans in ics for span in spans),
        ics=tuple(name for name, _ in ics),
    )


def _date(r: Reading, node: Node, path: str) -> str:
    text = r.line(node, path)
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            parse_moment(text, "UTC")
            return text
    except BadInput as error:
        raise r.bad(node, path, error.message, error.hint) from None
    raise r.bad(node, path, f"{short(text)!r} is not a date", "write it like 2026-12-25")


def _day(r: Reading, node: Node, path: str) -> int:
    written = scalar(node)
    if written in ("L", "l"):
        return -1
    if isinstance(written, str) and written[:3].lower() in _WEEKDAYS:
        message = f"{short(written)!r} is not a day of the month"
        raise r.bad(node, path, message, f"weekdays: {short(written)}")
    day: int = r.integer(-31, 31)(node, path)
    if day == 0:
        raise r.bad(node, path, "there is no day 0", "1 to 31; L or -1 is the last, -2 before it")
    return day


def _weekdays(r: Reading, node: Node, path: str, text: str) -> tuple[int, ...]:
    """Return the days of `mon`, `mon-fri` or `sat,sun`, from Monday, 0."""
    found: list[int] = []
    for item in text.strip().split(","):
        first, dash, last = item.strip().lower().partition("-")
        ends = [_WEEKDAYS.get(each) for each in ((first, last) if dash else (first, first))]
        if ends[0] is None or ends[1] is None:
            hint = "mon, mon-fri, or sat,sun"
            raise r.bad(node, path, f"{short(item)!r} is not a weekday", hint)
        found += [day % 7 for day in range(ends[0], ends[0] + (ends[1] - ends[0]) % 7 + 1)]
    return tuple(found)


def read_window(r: Reading, node: Node, path: str) -> tuple[tuple[int, int], ...]:
    """Return the stretches of the week that `mon-fri 22:00-06:00` means."""
    text = r.line(node, path)
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise r.bad(node, path, f"{short(text)!r} is not a window", '"Sun 02:00-04:00"')
    days = _weekdays(r, node, path, found[1]) if found[1] else range(7)
    numbers = [int(part or 0) for part in found.groups()[1:]]
    start, end = (h * 3600 + m * 60 + s for h, m, s in (numbers[:3], numbers[3:]))
    if start >= DAY_S or end > DAY_S or any(n > 59 for n in (*numbers[1:3], *numbers[4:])):
        raise r.bad(node, path, f"{short(text)!r} has times that no clock shows", "00:00 to 24:00")
    if start == end:
        raise r.bad(node, path, "the window has no length", "a whole day is 00:00-24:00")
    length = (end - start) % DAY_S or DAY_S
    return tuple(part for day in days for part in _of_week(day * DAY_S + start, length))


def _of_week(start: int, length: int) -> list[tuple[int, int]]:
    week, end = 7 * DAY_S, start + length
    return [(start, end)] if end <= week else [(start, week), (0, end - week)]


def _moment(r: Reading, node: Node, path: str) -> Moment:
    text = r.line(node, path)
    try:
        at = parse_moment(text, "UTC")
    except BadInput as error:
        raise r.bad(node, path, error.message, error.hint) from None
    return at if _OFFSET.search(text) else aware(at).replace(tzinfo=None).isoformat()


def _ics(r: Reading, node: Node, path: str, directory: Path) -> tuple[str, Spans]:
    name = r.line(node, path)
    try:
        place = Path(os.path.normpath(directory / Path(name).expanduser()))
    except RuntimeError:
        raise r.bad(node, path, f"{short(name)!r} has no home directory") from None
    text = r.texts[str(place)] = r.stand_ins.get(str(place), "")
    try:
        if not text:
            file = read_file(place, os.geteuid())
            text = r.texts[str(place)] = file.text
            if file.may_others_write and os.geteuid() == 0:
                hint = "chmod go-w the file and its directory, and own them"
                raise r.bad(node, path, f"others may change {short(name)}", hint)
        return str(place), read_ics(text)
    except Refused as refused:
        raise r.bad(node, path, f"{short(name)} {refused.problem.message}") from None
    except BadInput as error:
        raise r.bad(node, path, f"{short(name)}, {error.message}", error.hint) from None


# -- words of a job ------------------------------------------------------------------------------


def calendar_readers(
    r: Reading, names: Collection[str], directory: Path
) -> dict[str, Callable[[Node, str], Any]]:
    """Return how the words of a job that say when it keeps still are read."""

    def use(node: Node, path: str) -> str | CalendarSpec:
        return _use(r, node, path, names, directory)

    return {
        "exclude": r.one_or_list(use),
        "only": r.one_or_list(use),
        "not_before": lambda node, path: node,  # read once the zone is known
        "not_after": lambda node, path: node,
        "max_runs": r.integer(1, MOST_RUNS),
        "jitter_mode": r.choice("stable", "random"),
        "auto_pause": lambda node, path: _auto_pause(r, node, path),
    }


def _use(
    r: Reading, node: Node, path: str, names: Collection[str], directory: Path
) -> str | CalendarSpec:
    if isinstance(node, yaml.MappingNode):
        return read_calendar(r, node, path, directory)
    name = r.line(node, path)
    if name not in names:
        near = difflib.get_close_matches(name, list(names), 1)
        known = f"known: {', '.join(sorted(names))}" if names else "write it under calendars"
        hint = f"did you mean {near[0]}?" if near else known
        raise r.bad(node, path, f"there is no calendar {short(name)!r}", hint)
    return name


def warn_of_idle(r: Reading, own: Collection[str], key: Node, path: str) -> None:
    """Note words of a job without a schedule that pick among the instants of one."""
    for word in ("exclude", "only", "not_before", "not_after"):
        if word in own:
            message = f"{word} picks among the times of a schedule, and there is none"
            hint = "what else starts this job starts it at any time"
            r.warn(key, f"{path}.{word}", message, hint)


def _auto_pause(r: Reading, node: Node, path: str) -> int:
    unknown = r.unknown_keys
    found = r.words(node, path, ["after_failures"])
    if "after_failures" not in found:
        if r.unknown_keys > unknown:
            raise Bad
        raise r.bad(node, path, "after_failures is missing", "{after_failures: 5}")
    return r.integer(1, MOST_RUNS)(found["after_failures"][1], f"{path}.after_failures")


def read_limits(r: Reading, values: dict[str, Any], path: str, timezone: str) -> dict[str, Any]:
    """Return `not_before` and `not_after`, their wall times in the job's zone."""
    found: dict[str, Instant] = {}
    for word in ("not_before", "not_after"):
        node = values.get(word)
        if node is None:
            continue
        try:
            found[word] = parse_moment(scalar(node), timezone)
        except BadInput as error:
            r.note(node, f"{path}.{word}", error.message, error.hint)
    first, last = found.get("not_before"), found.get("not_after")
    if first is not None and last is not None and first > last:
        message = "not_before is later than not_after"
        r.note(values["not_after"], f"{path}.not_after", message, "nothing would ever be due")
    return found
