"""The clocks of the runner, which stamps what it sees."""

import time
from typing import NamedTuple


def now_us() -> int:
    """Return wall time in microseconds."""
    return time.time_ns() // 1_000


def since_boot() -> float:
    """Return the seconds since the machine started, suspend included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Moment(NamedTuple):
    """One moment on three clocks."""

    wall_us: int
    monotonic: float
    booted: float
    """As `since_boot` tells it."""

    @classmethod
    def now(cls) -> "Moment":
        """Read the clocks."""
        return cls(now_us(), time.monotonic(), since_boot())
