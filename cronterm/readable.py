"""Durations, clocks and commands as people read them, the same on every face."""

import re
from zoneinfo import ZoneInfo

from cronterm.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant, aware

_WORD = re.compile(r"(?:'[^']*'|[^\s'])+")
_COMMAND = re.compile(r"`cronterm (?=[a-z])")
UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"))


def short(duration: Duration) -> str:
    """Return `<1ms`, `621ms`, `1.2s`, `4m12s`, `3h05m`, `2d04h`, rounded to the last place shown.

    Half a place is rounded up. What is below a millisecond is not shown as one, nor as nothing.
    """
    if 0 < duration < MILLISECOND:
        return "<1ms"
    if (whole := _rounded(duration, MILLISECOND)) < SECOND:
        return f"{whole // MILLISECOND}ms"
    if (whole := _rounded(duration, SECOND // 10)) < MINUTE:
        return f"{whole / SECOND:.1f}s"
    if (whole := _rounded(duration, SECOND)) < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE // SECOND:02}s"
    if (whole := _rounded(duration, MINUTE)) < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02}m"
    whole = _rounded(duration, HOUR)
    return f"{whole // DAY}d{whole % DAY // HOUR:02}h"


def _rounded(duration: Duration, place: Duration) -> Duration:
    return (duration + place // 2) // place * place


def against_timeout(timeout: Duration, usual: Duration, p95: Duration) -> str:
    """Return `timeout 10m00s, usually takes 9m50s (p95 11m02s)`."""
    words, most = short(usual), short(p95)
    beyond = f" (p95 {most})" if most != words else ""
    return f"timeout {short(timeout)}, usually takes {words}{beyond}"


def ahead(left: Duration) -> str:
    """Return `now`, `8s` (rounded up), `12m`, `1h 02m`, `32h`, `2d`: how long until then."""
    if left < 0:
        return "now"
    if left < MINUTE:
        return f"{-(-left // SECOND)}s"
    if left < HOUR:
        return f"{left // MINUTE}m"
    if left < 3 * HOUR:
        return f"{left // HOUR}h {left % HOUR // MINUTE:02}m"
    return f"{left // HOUR}h" if left < 2 * DAY else f"{left // DAY}d"


def rough(duration: Duration) -> str:
    """Return `now`, `4s`, `12m`, `3h`, `2d`."""
    for size, unit in UNITS:
        if duration >= size:
            return f"{duration // size}{unit}"
    return "now"


def ago(passed: Duration) -> str:
    """Return `just now`, `4s ago`, `12m ago`."""
    return "just now" if passed < SECOND else f"{rough(passed)} ago"


def span(length: Duration) -> str:
    """Return `4s`, `12m`, `3h`, at least a second: how long something goes on."""
    return rough(max(length, SECOND))


def clock_in(at: Instant, zone: str, here: str = "") -> str:
    """Return what the clock shows in a zone, `Mon 00:00 in Europe/Berlin`.

    Nothing where the one `here` shows the same: that of a zone, or of this machine.
    """
    mine = aware(at).astimezone(ZoneInfo(here) if here else None)
    there = aware(at).astimezone(ZoneInfo(zone))
    if there.utcoffset() == mine.utcoffset():
        return ""
    day = "" if there.date() == mine.date() else f"{there:%a} "
    return f"{day}{there:%H:%M} in {zone}"


def shell_lines(command: str, room: int) -> list[str]:
    """Return a command in lines of `room` letters that a shell reads as one.

    It is broken between its words, a path that is longer at its slashes; what is quoted is not.
    """
    lines = [""]
    for word in _WORD.findall(command):
        if lines[-1] and len(lines[-1]) + len(word) + 3 > room:
            lines[-1] += " \\"
            lines.append("")
        gap = " " if lines[-1] else ""
        rest = word
        while len(rest) >= room and "'" not in rest:
            cut = rest.rfind("/", 1, room - 1) + 1
            if not cut:
                break
            lines[-1] = f"{rest[:cut]}\\"
            lines.append("")
            rest = rest[cut:]
        lines[-1] += gap + rest
    return lines


def commands_by(way: str, text: str) -> str:
    """Return a sentence whose commands (`cronterm why`) begin with `way`: they are not for here."""
    return _COMMAND.sub(lambda _: f"`{way} ", text)
