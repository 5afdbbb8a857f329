"""Intervals and single instants."""

from functools import lru_cache
from math import gcd

from cronterm.clock import SECOND, Duration, Instant
from cronterm.schedule.zone import DAY_S

MOST_PIECES = 1000  # of an interval in milliseconds; a finer one stays whole


class Interval:
    """`anchor` + n · `interval` for n ≥ 1, in elapsed time."""

    def __init__(self, anchor: Instant, interval: Duration) -> None:
        self._anchor = anchor
        self._interval = interval
        self.fraction = None if interval % SECOND else anchor % SECOND
        """Microseconds that each instant is past a whole second; None if they differ."""

    def next_after(self, t: Instant) -> Instant:
        """Return the first instant of the grid strictly later than `t`."""
        steps = max((t - self._anchor) // self._interval + 1, 1)
        return self._anchor + steps * self._interval

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the last instant of the grid not later than `t`, or None before the first."""
        steps = (t - self._anchor) // self._interval
        return self._anchor + steps * self._interval if steps >= 1 else None

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many instants of the grid lie in (`after`, `until`]."""
        high = max((until - self._anchor) // self._interval, 0)
        return max(high - max((after - self._anchor) // self._interval, 0), 0)

    def on_seconds(self) -> tuple["Interval", ...]:
        """Return parts whose instants share a fraction of a second: 1.5 s is 3 s and 3 s."""
        pieces = SECOND // gcd(self._interval, SECOND)
        if not 1 < pieces <= MOST_PIECES:
            return (self,)
        whole = pieces * self._interval
        starts = (self._anchor + n * self._interval for n in range(1, pieces + 1))
        return tuple(Interval(start - whole, whole) for start in starts)

    def mask(self, start: int) -> int:
        """Return one bit for each of the 86,400 UTC seconds from `start`, the first lowest."""
        assert self.fraction is not None
        first = self.next_after(start * SECOND + self.fraction - 1) // SECOND - start
        if first >= DAY_S:
            return 0
        return (_comb(self._interval // SECOND) << first) & ((1 << DAY_S) - 1)


@lru_cache(64)
def _comb(step: int) -> int:
    """Return a day of bits of which each `step`th is set, from the lowest on."""
    bits, length = 1, step
    while length < DAY_S:
        bits |= bits << length
        length *= 2
    return bits


class Once:
    """One instant."""

    def __init__(self, at: Instant) -> None:
        self._at = at
        self.fraction = at % SECOND
        """Microseconds that the instant is past a whole second."""

    def next_after(self, t: Instant) -> Instant | None:
        """Return the instant if it is later than `t`."""
        return self._at if self._at > t else None

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the instant if it is not later than `t`."""
        return self._at if self._at <= t else None

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return 1 if the instant lies in (`after`, `until`], else 0."""
        return int(after < self._at <= until)

    def on_seconds(self) -> tuple["Once", ...]:
        """Return the parts whose instants share a fraction of a second: itself."""
        return (self,)

    def mask(self, start: int) -> int:
        """Return one bit for each of the 86,400 UTC seconds from `start`, the first lowest."""
        second = self._at // SECOND - start
        return 1 << second if 0 <= second < DAY_S else 0
