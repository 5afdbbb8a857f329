"""Short texts for cells: countdowns, ages, durations."""

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration, Instant, aware


def countdown(left: Duration) -> str:
    """Return `8s`, `1m`, `1h 02m`, `3h`, `2d`: seconds only where they matter."""
    if left < 0:
        return "now"
    if left < MINUTE:
        return f"{-(-left // SECOND)}s"
    if left < HOUR:
        return f"{left // MINUTE}m"
    if left < 3 * HOUR:
        return f"{left // HOUR}h {left % HOUR // MINUTE:02}m"
    if left < 2 * DAY:
        return f"{left // HOUR}h"
    return f"{left // DAY}d"


def elapsed_clock(passed: Duration) -> str:
    """Return `0:07`, `4:12`, `1:04:12`."""
    seconds = max(passed, 0) // SECOND
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02}"
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"


def age(passed: Duration) -> str:
    """Return `now`, `4s`, `12m`, `3h`, `2d`."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")):
        if passed >= size:
            return f"{passed // size}{unit}"
    return "now"


def duration(length: Duration | None) -> str:
    """Return `621ms`, `1.2s`, `4m12s`, `3h05m`, `2d04h`; a dot for None."""
    if length is None:
        return "·"
    if length < SECOND:
        return f"{length // 1000}ms"
    if length < MINUTE:
        return f"{length / SECOND:.1f}s"
    if length < HOUR:
        return f"{length // MINUTE}m{length % MINUTE // SECOND:02}s"
    if length < DAY:
        return f"{length // HOUR}h{length % HOUR // MINUTE:02}m"
    return f"{length // DAY}d{length % DAY // HOUR:02}h"


def clock(at: Instant) -> str:
    """Return `14:32:07` in this machine's zone."""
    return f"{aware(at).astimezone():%H:%M:%S}"


def moment(at: Instant) -> str:
    """Return `2026-11-21 14:32:07` in this machine's zone."""
    return f"{aware(at).astimezone():%Y-%m-%d %H:%M:%S}"


def day_moment(at: Instant, now: Instant) -> str:
    """Return `today 12:00:00`, `yesterday 23:14:05` or the date."""
    here, today = aware(at).astimezone(), aware(now).astimezone()
    days = (today.date() - here.date()).days
    if days in (0, 1):
        return f"{('today', 'yesterday')[days]} {here:%H:%M:%S}"
    return f"{here:%Y-%m-%d %H:%M}"


def percent(ratio: float | None) -> str:
    """Return `97%`, a dot for None."""
    return "·" if ratio is None else f"{ratio:.0%}"
