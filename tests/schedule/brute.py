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
        before, *walls = wall_times(self.zone, start, end)
        highest = before  # of all wall times so far: a wall time at or below it is repeated
        at = start
        for wall in walls:
            at += MINUTE
            jump = wall - before
            if self.is_wildcard:
                if self.matches(wall):
                    yield at
            else:
                is_repeated = wall <= highest
                in_gap = (before + MINUTE * n for n in range(1, jump // MINUTE))
                skipped = MINUTE < jump < timedelta(hours=3) and any(map(self.matches, in_gap))
                if skipped or (self.matches(wall) and not is_repeated):
                    yield at
            before, highest = wall, max(wall, highest)


@lru_cache(maxsize=4)  # many expressions are judged about one moment
def wall_times(zone: ZoneInfo, start: datetime, end: datetime) -> Sequence[datetime]:
    """Return what a clock on the wall shows at each minute from `start` to `end`."""
    minutes = -((start - end) // MINUTE)
    times = (start + MINUTE * n for n in range(minutes + 1))
    return [at.astimezone(zone).replace(tzinfo=None) for at in times]


@cache
def transitions(zone: str, years: range) -> Sequence[datetime]:
    """Return the hours (aware UTC) before which the offset of `zone` changes."""
    info = ZoneInfo(zone)
    at = datetime(years.start, 1, 1, tzinfo=UTC)
    end = datetime(years.stop, 1, 1, tzinfo=UTC)
    found = []
    while at < end:
        later = at + timedelta(hours=1)
        if at.astimezone(info).utcoffset() != later.astimezone(info).utcoffset():
            found.append(later)
        at = later
    return found
