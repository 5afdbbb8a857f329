"""Text for people: times, ages, durations, tables."""

from collections.abc import Sequence
from datetime import datetime

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration, Instant, aware
from cronterm.sanitize import sanitize_line

GLYPHS = {
    "succeeded": "✓",
    "failed": "✗",
    "timed_out": "✗",
    "lost": "✗",
    "missed": "!",
    "skipped": "–",
    "stopped": "■",
    "replaced": "↻",
}
COLORS = {
    "succeeded": "green",
    "failed": "red",
    "timed_out": "red",
    "lost": "red",
    "missed": "yellow",
    "running": "blue",
}


def local(at: Instant) -> datetime:
    """Return an instant in this machine's zone."""
    return aware(at).astimezone()


def show_time(at: Instant | None) -> str:
    """Return `2026-11-21 14:32:07`, empty for None."""
    return "" if at is None else f"{local(at):%Y-%m-%d %H:%M:%S}"


def show_duration(duration: Duration | None) -> str:
    """Return `621ms`, `1.2s`, `4m12s`, `3h05m`, `2d04h`; empty for None."""
    if duration is None:
        return ""
    if duration < SECOND:
        return f"{duration // 1000}ms"
    if duration < MINUTE:
        return f"{duration / SECOND:.1f}s"
    if duration < HOUR:
        return f"{duration // MINUTE}m{duration % MINUTE // SECOND:02}s"
    if duration < DAY:
        return f"{duration // HOUR}h{duration % HOUR // MINUTE:02}m"
    return f"{duration // DAY}d{duration % DAY // HOUR:02}h"


def show_age(duration: Duration) -> str:
    """Return `now`, `4s`, `12m`, `3h`, `2d`."""
    for size, unit in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")):
        if duration >= size:
            return f"{duration // size}{unit}"
    return "now"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return aligned lines; everything in them is made safe to print."""
    cells = [list(head), *([sanitize_line(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
