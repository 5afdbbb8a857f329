"""Durations as people read them, the same on every face."""

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration

UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))


def short(duration: Duration) -> str:
    """Return `621ms`, `1.2s` (rounded), `4m12s`, `3h05m`, `2d04h` (cut off)."""
    if duration < SECOND:
        return f"{duration // 1000}ms"
    if duration < MINUTE - SECOND // 20:
        return f"{duration / SECOND:.1f}s"
    if duration < MINUTE:
        return "1m00s"
    if duration < HOUR:
        return f"{duration // MINUTE}m{duration % MINUTE // SECOND:02}s"
    if duration < DAY:
        return f"{duration // HOUR}h{duration % HOUR // MINUTE:02}m"
    return f"{duration // DAY}d{duration % DAY // HOUR:02}h"


def rough(duration: Duration) -> str:
    """Return `now`, `4s`, `12m`, `3h`, `2d`."""
    for size, unit in UNITS:
        if duration >= size:
            return f"{duration // size}{unit}"
    return "now"
