"""The fields of a cron expression: text to sets. The only module that imports croniter.

croniter says what a field's values are; what it reads otherwise than crontab(5) is turned into
words it reads rightly, or refused, before it sees them.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from croniter import croniter
from croniter.croniter import CroniterError

from cronterm.errors import BadInput

FIELDS = ("second", "minute", "hour", "day of month", "month", "weekday", "year")
RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (1970, 2099))
SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR = range(7)

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}

_NAME = r"(?:\d{1,4}|[a-z]{3})"
_ITEM = re.compile(rf"(\*|{_NAME})(?:-({_NAME}))?(?:/(\d{{1,4}}))?", re.ASCII)
_HASHED = re.compile(r"h(?:\((\d{1,4})-(\d{1,4})\))?(?:/(\d{1,4}))?", re.ASCII)
_PICK = re.compile(r"(\d{1,4})~(\d{1,4})", re.ASCII)
_LAST_WEEKDAY = re.compile(rf"(?:({_NAME})l|l({_NAME}))", re.ASCII)
_NTH_WEEKDAY = re.compile(rf"({_NAME})#([1-5])", re.ASCII)
_NEAREST = re.compile(r"(\d{1,2})w", re.ASCII)
_YEARS = re.compile(r"[12]\d{3}(?:[-,/]\d{1,4})*", re.ASCII)
_WEEKDAYS = dict(zip(("sun", "mon", "tue", "wed", "thu", "fri", "sat"), range(7), strict=True))

LONGEST = 1000  # characters; a list of every second is shorter


class Fields(msgspec.Struct, frozen=True):
    """Sets of a cron expression, sorted. Weekdays count from Sunday, 0."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    years: tuple[int, ...] | None
    is_wildcard: bool
    """Minute or hour starts with `*`: follows the wall clock through daylight saving."""
    days_match: Literal["or", "and"]
    """How day of month and weekday join: both restricted, cron takes either."""
    last_day: bool = False
    last_workday: bool = False
    nearest_workdays: tuple[int, ...] = ()
    """Days of month whose nearest Monday to Friday is meant (`15W`)."""
    last_weekdays: tuple[int, ...] = ()
    nth_weekdays: tuple[tuple[int, int], ...] = ()
    end_days: tuple[int, ...] = ()
    """Days counted from the end of the month, the last one 1 (systemd's `~`)."""


def normalise(text: str, job_id: str) -> str:
    """Return `text` with aliases, `?`, `H` and `~` resolved for this job, in lower case."""
    words = ALIASES.get(text.strip().lower(), text.strip().lower()).split()
    if len(words) not in (5, 6, 7):
        hint = "minute hour day month weekday, with seconds before and a year behind if wanted"
        raise BadInput(f"a cron expression has 5, 6 or 7 fields, not {len(words)}", hint)
    if len(text) > LONGEST:
        raise BadInput(f"a cron expression has at most {LONGEST} characters", "use several")
    if len(words) == 6 and _YEARS.fullmatch(words[-1]):
        raise BadInput("a year needs all seven fields", f"write 0 {' '.join(words)}")
    first = MINUTE if len(words) == 5 else SECOND
    resolved = []
    for field, word in enumerate(words, first):
        items = [_resolve(item, field, job_id) for item in word.split(",")]
        resolved.append(",".join(items))
    return " ".join(resolved)


def _resolve(item: str, field: int, job_id: str) -> str:
    low, high = RANGES[field]
    if item == "?" and field in (DAY, WEEKDAY):
        return "*"
    if picked := _PICK.fullmatch(item):
        start, end = int(picked[1]), int(picked[2])
        if not low <= start <= end <= high:
            raise _bad(field, item, f"{low} to {high}, the smaller first")
        return str(_spread(job_id, field, start, end))
    if hashed := _HASHED.fullmatch(item):
        # A month of 28 days is the longest that every month has.
        end = {DAY: 28, WEEKDAY: 6}.get(field, high)
        start, stop = (int(hashed[1]), int(hashed[2])) if hashed[1] else (low, end)
        if not low <= start <= stop <= high or field == YEAR:
            raise _bad(field, item, f"H ranges over {low} to {high}")
        if hashed[3] is None:
            return str(_spread(job_id, field, start, stop))
        step = int(hashed[3])
        if not 1 <= step <= stop - start + 1:
            raise _bad(field, item, f"the step is 1 to {stop - start + 1}")
        return f"{_spread(job_id, field, start, start + step - 1)}-{stop}/{step}"
    return item


def _spread(job_id: str, field: int, low: int, high: int) -> int:
    """Pick a value that stays the same for a job as long as its id does."""
    digest = hashlib.sha256(f"{job_id}\0{field}".encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def _bad(field: int, item: str, hint: str) -> BadInput:
    shown = item if len(item) <= 40 else item[:37] + "..."
    return BadInput(f"{FIELDS[field]} {shown!r} is not understood", hint)


@lru_cache(20_000)
def read_fields(expression: str, day_match: Literal["or", "and"]) -> Fields:
    """Return the sets of a normalised expression. Raises `BadInput`."""
    words = expression.split()
    words = words if len(words) > 5 else ["0", *words]
    words = words if len(words) > 6 else [*words, "*"]
    day, day_special = _split_special(words[DAY], DAY)
    weekday, weekday_special = _split_special(words[WEEKDAY], WEEKDAY)
    for field, other in ((DAY, WEEKDAY), (WEEKDAY, DAY)):
        special = day_special if field == DAY else weekday_special
        if special and words[other] != "*":
            raise BadInput(
                f"{special[0].upper()!r} cannot be joined with a {FIELDS[other]}",
                f"put * in the {FIELDS[other]} field, or use two schedules",
            )
    plain = [*words]
    plain[DAY], plain[WEEKDAY] = day or "1", weekday or "1"
    for field, word in enumerate(plain):
        plain[field] = ",".join(_plain(item, field) for item in word.split(","))
    sets = _expand(plain)
    star_day, star_weekday = words[DAY].startswith("*"), words[WEEKDAY].startswith("*")
    return Fields(
        seconds=sets[SECOND],
        minutes=sets[MINUTE],
        hours=sets[HOUR],
        days=sets[DAY] if day else (),
        months=sets[MONTH],
        weekdays=sets[WEEKDAY] if weekday else (),
        years=None if words[YEAR] == "*" else sets[YEAR],
        is_wildcard=words[MINUTE].startswith("*") or words[HOUR].startswith("*"),
        days_match="and" if star_day or star_weekday else day_match,
        last_day="l" in day_special,
        last_workday="lw" in day_special,
        nearest_workdays=tuple(
            int(found[1]) for item in day_special if (found := _NEAREST.fullmatch(item))
        ),
        last_weekdays=tuple(
            _weekday(found[1] or found[2])
            for item in weekday_special
            if (found := _LAST_WEEKDAY.fullmatch(item))
        ),
        nth_weekdays=tuple(
            (_weekday(found[1]), int(found[2]))
            for item in weekday_special
            if (found := _NTH_WEEKDAY.fullmatch(item))
        ),
    )


def _split_special(word: str, field: int) -> tuple[str, list[str]]:
    """Part a day field into what croniter reads and what it reads wrongly."""
    plain, special = [], []
    for item in word.split(","):
        if _is_special(item, field):
            special.append(item)
        else:
            plain.append(item)
    for item in special:
        if (near := _NEAREST.fullmatch(item)) and not 1 <= int(near[1]) <= 31:
            raise _bad(DAY, item, "1W to 31W")
    return ",".join(plain), special


def _is_special(item: str, field: int) -> bool:
    if field == DAY:
        return item in ("l", "lw") or _NEAREST.fullmatch(item) is not None
    return bool(_LAST_WEEKDAY.fullmatch(item) or _NTH_WEEKDAY.fullmatch(item))


def _weekday(name: str) -> int:
    day = int(name) if name.isdigit() else _WEEKDAYS.get(name, 8)
    if day > 7:
        raise _bad(WEEKDAY, name, "0 to 7, or sun to sat")
    return day % 7


def _plain(item: str, field: int) -> str:
    """Check one item against crontab(5) and write what croniter reads otherwise another way."""
    low, high = RANGES[field]
    found = _ITEM.fullmatch(item)
    if found is None:
        hints = {
            "r": "random schedules are not offered: H spreads jobs and stays the same",
            "@": "an @alias stands alone",
        }
        names = " or names" if field in (MONTH, WEEKDAY) else ""
        raise _bad(field, item, hints.get(item[:1], f"{low} to {high}{names}, lists, ranges, */n"))
    start, end, step = found.groups()
    if step is not None and not 1 <= int(step) <= high:
        raise _bad(field, item, f"the step is 1 to {high}")
    for value in (start, end or start):
        if value.isdigit() and not low <= int(value) <= high:
            raise BadInput(f"{FIELDS[field]} {value} is out of range", f"{low} to {high}")
    if start == "*":
        if end is not None:
            raise _bad(field, item, f"{low} to {high}")
        return item
    if step is not None and end is None:
        first = int(start) if start.isdigit() else low
        if first + int(step) > high:
            raise _bad(field, item, f"the step leads beyond {high}: {start} alone says the same")
        raise _bad(field, item, f"say where it ends: {start}-{high}/{step}")
    if end is None or start == end:
        return start  # croniter reads X-X as the whole field
    if start.isdigit() and end.isdigit() and int(start) > int(end):
        raise _bad(field, item, f"the smaller first: {start}-{high},{low}-{end}")
    return item


def _expand(words: list[str]) -> list[tuple[int, ...]]:
    try:
        expanded, _ = croniter.expand(" ".join(words), second_at_beginning=True)
    except (CroniterError, ValueError, KeyError, IndexError) as error:
        text = str(error).split("]", 1)[-1].strip() or "is not understood"
        raise BadInput(f"the cron expression {text}", "see crontab(5)") from None
    minute, hour, day, month, weekday, second, *rest = expanded
    year = rest[0] if rest else ["*"]
    ordered = (second, minute, hour, day, month, weekday, year)
    return [_values(values, field) for field, values in enumerate(ordered)]


def _values(values: Sequence[int | str], field: int) -> tuple[int, ...]:
    low, high = RANGES[field]
    if values == ["*"]:
        return tuple(range(low, 7 if field == WEEKDAY else high + 1))
    return tuple(sorted(int(value) for value in values))
