"""Durations as people write them: `90s`, `5m`, `1h30m`, `2d`, `1w`, `250ms`; bare is seconds."""

import math
import re

from cronterm.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration
from cronterm.errors import BadInput
from cronterm.schedule.words import shown

UNITS = {"w": 7 * DAY, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": MILLISECOND}
LONGEST = 100 * 365 * DAY  # anything beyond is a slip of the pen

_PART = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)(ms|[wdhms])", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_BARE = re.compile(r"\d{1,15}(?:\.\d{1,6})?", re.ASCII)

HINT = "write it like 90s, 5m, 1h30m, 2d or 1w"


def parse_duration(words: object) -> Duration:
    """Return a duration in microseconds, 0 to 100 years. Raises `BadInput`."""
    duration: float
    if isinstance(words, bool) or not isinstance(words, str | int | float):
        raise BadInput(f"{shown(words)} is not a duration", HINT)
    if isinstance(words, str):
        text = words.strip().replace(" ", "")
        if _BARE.fullmatch(text):
            duration = float(text) * SECOND
        elif _WHOLE.fullmatch(text):
            duration = sum(float(number) * UNITS[unit] for number, unit in _PART.findall(text))
        else:
            raise BadInput(f"{shown(words)} is not a duration", HINT)
    else:
        duration = float(words) * SECOND if abs(words) < LONGEST else math.inf
    if not 0 <= duration <= LONGEST:
        raise BadInput(f"{shown(words)} is not between 0 and 100 years", HINT)
    return round(duration)


def format_duration(duration: Duration) -> str:
    """Return the shortest text that `parse_duration` reads back: `1h30m`, `250ms`, `0s`."""
    parts = []
    rest = duration
    for unit, size in UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    if rest:  # finer than a millisecond: only a fraction of a second says it
        return f"{duration / SECOND:.6f}".rstrip("0") + "s"
    return "".join(parts) or "0s"
