"""The one meaning of a median and of a percentile."""

from collections.abc import Sequence
from math import ceil

from cronterm.clock import Duration


def rank_of(ratio: float, count: int) -> int:
    """Return which of `count` ordered values is the least that `ratio` of them do not exceed.

    The first is 1. It is always one of the values, never between two.
    """
    exact = round(ratio * count, 9)  # 0.07 of 100 is the seventh
    return min(max(ceil(exact), 1), count)


def quantile(lengths: Sequence[Duration], ratio: float) -> Duration:
    """Return the least of the durations, in any order, that `ratio` of them do not exceed."""
    return sorted(lengths)[rank_of(ratio, len(lengths)) - 1]
