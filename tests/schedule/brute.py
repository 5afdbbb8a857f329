"""An oracle that shares nothing with the code it judges: walk every real minute, look at zoneinfo.

The rule is SEMANTICS 2: wildcard schedules fire at each real minute whose wall time matches; fixed
ones at the first of two equal wall times, and at the first instant after a gap when a wall time in
the gap matches. Only plain fields, minutes as the finest step.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def values(field: str, low: int, high: int) -> set[int]:
    """Read one plain field: `*`, numbers, ranges, steps, lists."""
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        start, _, end = span.partition("-")
        first, last = (low, high) if span == "*" else (int(start), int(end or start))
        found |= set(range(first, last + 1, int(step or 1)))
    return found


class Brute:
    """A five-field expression in a zone."""

    def __init__(self, expression: str, zone: str) -> None:
        words = expression.split()
        self.zone = ZoneInfo(zone)
        self.sets = [values(word, *span) for word, span in zip(words, RANGES, strict=True)]
        self.is_wildcard = words[0].startswith("*") or words[1].startswith("*")
        self.is_and = words[2].startswith("*") or words[4].startswith("*")

    def matches(self, wall: datetime) -> bool:
        """Tell whether a wall time matches, whether it exists or not."""
        minute, hour, day, month, weekday = self.sets
        if not (wall.minute in minute and wall.hour in hour and wall.month in month):
            return False
        by_day, by_weekday = wall.day in day, wall.isoweekday() % 7 in weekday
        return by_day and by_weekday if self.is_and else by_day or by_weekday

    def instants(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the due instants in (start, end], both aware UTC and whole minutes."""
        for at, wall, is_repeated, gap in minutes(self.zone, start, end):
            if self.is_wildcard:
                if self.matches(wall):
                    yield at
            elif any(map(self.matches, gap)) or (self.matches(wall) and not is_repeated):
                yield at


Minute = tuple[datetime, datetime, bool, tuple[datetime, ...]]
"""When it is, what a clock on the wall shows, whether it showed that before, what it left out."""


@lru_cache(maxsize=4)  # many expressions are judged about one moment
def minutes(zone: ZoneInfo, start: datetime, end: datetime) -> Sequence[Minute]:
    """Return the real minutes in (start, end]."""
    before = highest = start.astimezone(zone).replace(tzinfo=None)
    found = []
    at = start
    while at < end:
        at += MINUTE
        wall = at.astimezone(zone).replace(tzinfo=None)
        jump = wall - before
        is_gap = MINUTE < jump < timedelta(hours=3)
        gap = tuple(before + MINUTE * n for n in range(1, jump // MINUTE)) if is_gap else ()
        found.append((at, wall, wall <= highest, gap))
        before, highest = wall, max(wall, highest)
    return found


@cache
def transitions(zone: str, years: range) -> Sequence[datetime]:
    """Return the hours (aware UTC) before which the offset of `zone` changes.

    None changes it twice in six hours.
    """
    info = ZoneInfo(zone)
    at, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (years.start, years.stop))
    found = []
    while at < end:
        hours = [at + timedelta(hours=n) for n in range(7)]
        at = hours[-1]
        if at.astimezone(info).utcoffset() != hours[0].astimezone(info).utcoffset():
            offsets = [hour.astimezone(info).utcoffset() for hour in hours]
            found += [hours[n] for n in range(1, 7) if offsets[n] != offsets[n - 1]]
    return found
