"""Intervals, single instants, and the union of several schedules."""

from collections.abc import Sequence

from cronterm.clock import Duration, Instant
from cronterm.schedule.base import Schedule


class Interval:
    """`anchor` + n · `interval` for n ≥ 1, in elapsed time."""

    def __init__(self, anchor: Instant, interval: Duration) -> None:
        self._anchor = anchor
        self._interval = interval

    def next_after(self, t: Instant) -> Instant | None:
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


class Once:
    """One instant."""

    def __init__(self, at: Instant) -> None:
        self._at = at

    def next_after(self, t: Instant) -> Instant | None:
        """Return the instant if it is later than `t`."""
        return self._at if self._at > t else None

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the instant if it is not later than `t`."""
        return self._at if self._at <= t else None

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return 1 if the instant lies in (`after`, `until`], else 0."""
        return int(after < self._at <= until)


WALK_LIMIT = 100_000  # instants; a longer walk would stall the engine


class Union:
    """Due whenever any of its parts is; none of them is never. Equal instants are one."""

    def __init__(self, parts: Sequence[Schedule]) -> None:
        self._parts = tuple(parts)

    def next_after(self, t: Instant) -> Instant | None:
        """Return the earliest of the parts' next instants."""
        found = [at for part in self._parts if (at := part.next_after(t)) is not None]
        return min(found, default=None)

    def latest_at_or_before(self, t: Instant) -> Instant | None:
        """Return the latest of the parts' last instants."""
        found = [at for part in self._parts if (at := part.latest_at_or_before(t)) is not None]
        return max(found, default=None)

    def count_between(self, after: Instant, until: Instant) -> int:
        """Return how many instants lie in (`after`, `until`].

        Beyond 100,000 an instant that two parts share counts twice.
        """
        if len(self._parts) == 1:
            return self._parts[0].count_between(after, until)
        counts = [part.count_between(after, until) for part in self._parts]
        if sum(map(bool, counts)) <= 1 or sum(counts) > WALK_LIMIT:
            return sum(counts)
        count = 0
        at = self.next_after(after)
        while at is not None and at <= until:
            count += 1
            at = self.next_after(at)
        return count
