"""Moments as people name them."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from cronterm.clock import Instant, aware, local_zone
from cronterm.errors import BadInput
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.parse import parse_moment
from cronterm.schedule.words import shown

_STAMP = re.compile(r"\d{4}-")
_CLOCK = re.compile(r"(?:(yesterday|today|tomorrow)\s*)?(\d{1,2}):(\d\d)(?::(\d\d))?")
_DAYS = {"yesterday": -1, "tomorrow": 1}
_SPELLED = re.compile(r"(?<=\d)\s*(w|d|h|m)(?:eek|ay|our|in|inute)s?\b", re.IGNORECASE)
_PAST_HINT = "write it like 01:24, yesterday 01:24 or 2026-12-01T02:00:00+01:00"
_HINT = "write it like 08:00, tomorrow 08:00 or 2026-12-01T02:00:00+01:00"
_END_HINT = "write it like 90m, 3d, 08:00 or tomorrow 08:00"
_PLACE_HINT = "write it like 03:00, tomorrow 08:00, 90m (ahead) or -90m (back)"


def past_moment(word: str, now: Instant) -> Instant:
    """Return the moment of `2h` (so long before `now`) or of a time. Raises `BadInput`."""
    if _STAMP.match(word) or ":" in word:
        return newest_moment(word, now)
    return now - parse_duration(word)


def newest_moment(word: str, now: Instant) -> Instant:
    """Return the moment of `01:24` (the last one), `yesterday 01:24` or of a time.

    By the clock of this machine. Raises `BadInput`.
    """
    zone = local_zone()
    found = _CLOCK.fullmatch(word.strip().lower())
    try:
        if found is None or found[1] == "tomorrow":
            return parse_moment(word, zone)
        at = _at_clock(found, now, zone)
        return _at_clock(found, now, zone, days=-1) if found[1] is None and at > now else at
    except BadInput as error:
        raise BadInput(error.message, _PAST_HINT) from None


def coming_moment(word: str, now: Instant, timezone: str | None = None) -> Instant:
    """Return the moment of `08:00` (the next one), `tomorrow 08:00`, `tomorrow` or of a time.

    By the clock of `timezone`, without one of this machine. Raises `BadInput`.
    """
    of_zone = timezone or local_zone()
    text = word.strip().lower()
    found = _CLOCK.fullmatch("tomorrow 00:00" if text == "tomorrow" else text)
    try:
        if found is None or found[1] == "yesterday":
            return parse_moment(word, of_zone)
        at = _at_clock(found, now, of_zone)
        return _at_clock(found, now, of_zone, days=1) if found[1] is None and at <= now else at
    except BadInput as error:
        raise BadInput(error.message, _HINT) from None


def _at_clock(found: re.Match[str], now: Instant, zone: str, *, days: int = 0) -> Instant:
    """Return the moment of a time of day, so many days from today. Raises `BadInput`."""
    day, hour, minute, second = found.groups()
    date = aware(now).astimezone(ZoneInfo(zone)).date() + timedelta(days=_DAYS.get(day, days))
    return parse_moment(f"{date}T{int(hour):02}:{minute}:{second or '00'}", zone)


def end_of_hold(word: str, now: Instant) -> Instant:
    """Return when something that begins `now` ends: after `2h`, or at what `coming_moment` reads.

    Raises `BadInput`, also where that is over.
    """
    at = _moment_or_length(word, now, _END_HINT)
    if at <= now:
        raise BadInput(f"{shown(word)} is over", _END_HINT)
    return at


def place_in_time(word: str, now: Instant) -> Instant:
    """Return the moment of `90m` (so long after `now`), `-90m` (before it) or of a time.

    Raises `BadInput`.
    """
    text = word.strip()
    try:
        if text.startswith("-"):
            return now - parse_duration(text[1:])
    except BadInput:
        raise BadInput(f"{shown(word)} is no length and no time", _PLACE_HINT) from None
    return _moment_or_length(text, now, _PLACE_HINT)


def _moment_or_length(word: str, now: Instant, hint: str) -> Instant:
    """Return what `coming_moment` reads, or when a length from `now` is over, like `2 hours`."""
    try:
        return coming_moment(word, now)
    except BadInput:
        try:
            return now + parse_duration(_SPELLED.sub(r"\1", word.lower()))
        except BadInput:
            raise BadInput(f"{shown(word)} is no length and no time", hint) from None
