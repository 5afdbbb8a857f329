"""The union of several schedules, counted without a walk along the dense ones."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

from cronterm.clock import SECOND, Instant
from cronterm.schedule.base import Schedule
from cronterm.schedule.zone import DAY_S

WALK_LIMIT = 1000  # instants, a few milliseconds; masks cost some 20 µs a day and part


class Part(Schedule, Protocol):
    """A schedule that can be laid over others."""

    @property
    def fraction(self) -> int | None:
        """Microseconds that each instant is past a whole second; None if they differ."""

    def on_seconds(self) -> Sequence["Part"]:
        """Return schedules of one fraction each that make up this one, if there are any."""

    def mask(self, start: int) -> int:
        """Return one bit for each of the 86,400 UTC seconds from `start`, the first lowest."""


class Union:
    """Due whenever any of its parts is; none of them is never. Equal instants are one."""

    def __init__(self, parts: Sequence[Part]) -> None:
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

        Exact but for intervals finer than a millisecond: when all parts but the densest have more
        than 1,000 instants, what such an interval shares with another part counts twice.
        """
        counts = [(part.count_between(after, until), part) for part in self._parts]
        counts = sorted((each for each in counts if each[0]), key=lambda each: each[0])
        sparse = counts[:-1]
        if sum(count for count, _ in sparse) > WALK_LIMIT:
            return sum(_count(fraction, of, after, until) for fraction, of in self._groups)
        walked = {at for count, part in sparse for at in _walk(part, after, count)}
        return sum(
            count + sum(not part.count_between(at - 1, at) for at in walked)
            for count, part in counts[-1:]
        )

    @cached_property
    def _groups(self) -> list[tuple[int | None, list[Part]]]:
        """Parts that may share instants, by the fraction of a second that these have."""
        groups: dict[int | None, list[Part]] = defaultdict(list)
        for part in self._parts:
            for piece in part.on_seconds():
                groups[piece.fraction].append(piece)
        return list(groups.items())


def _walk(part: Part, after: Instant, count: int) -> list[Instant]:
    found = []
    at: Instant | None = after
    for _ in range(count):
        assert at is not None
        at = part.next_after(at)
        assert at is not None
        found.append(at)
    return found


def _count(fraction: int | None, parts: list[Part], after: Instant, until: Instant) -> int:
    if fraction is None or len(parts) == 1:
        return sum(part.count_between(after, until) for part in parts)
    first, end = ((edge - fraction) // SECOND + 1 for edge in (after, until))
    count = 0
    for start in range(first, end, DAY_S):
        joined = 0
        for part in parts:
            joined |= part.mask(start)
        count += (joined & ((1 << min(DAY_S, end - start)) - 1)).bit_count()
    return count
