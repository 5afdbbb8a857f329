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
_CLOCK = re.compile(r"(?:(today|tomorrow)\s*)?(\d{1,2}):(\d\d)(?::(\d\d))?")
_HINT = "write it like 08:00, tomorrow 08:00 or 2026-12-01T02:00:00+01:00"
_END_HINT = "write it like 90m, 3d, 08:00 or tomorrow 08:00"
_PLACE_HINT = "write it like 03:00, tomorrow 08:00, 90m (ahead) or -90m (back)"


def past_moment(word: str, now: Instant) -> Instant:
    """Return the moment of `2h` (so long before `now`) or of a time. Raises `BadInput`."""
    if _STAMP.match(word):
        return parse_moment(word, local_zone())
    return now - parse_duration(word)


def coming_moment(word: str, now: Instant, timezone: str | None = None) -> Instant:
    """Return the moment of `08:00` (the next one), `tomorrow 08:00`, `tomorrow` or of a time.

    By the clock of `timezone`, without one of this machine. Raises `BadInput`.
    """
    of_zone = timezone or local_zone()
    text = word.strip().lower()
    found = _CLOCK.fullmatch("tomorrow 00:00" if text == "tomorrow" else text)
    try:
        if found is None:
            return parse_moment(word, of_zone)
        day, hour, minute, second = found.groups()
        clock = f"{int(hour):02}:{minute}:{second or '00'}"
        today = aware(now).astimezone(ZoneInfo(of_zone)).date()
        date = today + timedelta(days=day == "tomorrow")
        at = parse_moment(f"{date}T{clock}", of_zone)
        if day is None and at <= now:
            at = parse_moment(f"{today + timedelta(days=1)}T{clock}", of_zone)
    except BadInput as error:
        raise BadInput(error.message, _HINT) from None
    return at


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
    """Return what `coming_moment` reads, or when a length from `now` is over."""
    try:
        return coming_moment(word, now)
    except BadInput:
        try:
            return now + parse_duration(word)
        except BadInput:
            raise BadInput(f"{shown(word)} is no length and no time", hint) from None
