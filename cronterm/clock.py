"""The only room that asks for the time.

Instants are integer microseconds since 1970-01-01T00:00Z, durations integer microseconds:
one representation from the schedule to the database, without rounding and without time zones.
Faces turn them into text with `rfc3339` and `aware`.
"""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00Z."""

Duration: TypeAlias = int
"""Microseconds."""

MILLISECOND: Duration = 1_000
SECOND: Duration = 1_000_000
MINUTE: Duration = 60 * SECOND
HOUR: Duration = 60 * MINUTE
DAY: Duration = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Now(msgspec.Struct, frozen=True):
    """One reading of both clocks.

    Due instants compare `utc`, delays compare `elapsed` (CLOCK_BOOTTIME, which counts suspend).
    """

    utc: Instant
    elapsed: Duration


class Clock(Protocol):
    """Tells the time; tests pass a virtual one."""

    def now(self) -> Now:
        """Return both readings, taken together."""


class SystemClock:
    """The machine's clocks."""

    def now(self) -> Now:
        """Return wall time and time since boot, both in microseconds."""
        return Now(utc=time.time_ns() // 1_000, elapsed=elapsed())


def elapsed() -> Duration:
    """Return microseconds since boot, suspend included where the kernel can tell."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(clock) // 1_000


def boot_id() -> str:
    """Return what tells one boot from another: the kernel's id and the start of PID 1.

    A restarted container keeps the kernel's id, but its PID 1 is a new one.
    """
    kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    try:
        stat = Path("/proc/1/stat").read_text(encoding="utf-8", errors="replace")
        started = stat.rpartition(")")[2].split()[19]
    except OSError:  # hidepid=2: another user's PID 1 cannot be seen
        started = "?"
    return f"{kernel}-{started}"


def aware(t: Instant) -> datetime:
    """Return `t` as an aware UTC datetime; raises OverflowError past year 9999."""
    return _EPOCH + timedelta(microseconds=t)


def instant(moment: datetime) -> Instant:
    """Return an aware datetime as microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def rfc3339(t: Instant) -> str:
    """Return `t` as RFC 3339 in UTC with `Z`, with a fraction only where there is one."""
    text = aware(t).replace(tzinfo=None).isoformat()
    return text + "Z"


def local_zone() -> str:
    """Return the name of this machine's time zone, UTC where it cannot be told."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named and Path("/usr/share/zoneinfo", named).is_file():
        return named
    target = os.path.realpath("/etc/localtime")
    _, found, name = target.partition("/zoneinfo/")
    if not found or not Path(target).is_file():
        return "UTC"
    return "UTC" if name in ("Etc/UTC", "UCT", "Zulu", "Etc/UCT", "Universal") else name
