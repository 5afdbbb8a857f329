"""Text for people: times, ages, durations, tables."""

import re
from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap

import click

from cronterm.clock import SECOND, Duration, Instant, aware, instant
from cronterm.model.run import RunRow
from cronterm.model.snapshot import PastRun
from cronterm.readable import ahead, short
from cronterm.sanitize import sanitize_line

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z")

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
    "paused": "yellow",
    "up": "green",
    "late": "yellow",
    "down": "red",
}
PREFIXES = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")

GAP = "  "
NARROWEST, LEGIBLE = 10, 24
"""Columns: what is cut further says nothing; and of what says why, too little."""

MOST_BELOW = 4
"""Lines below a row."""

Cell = str | tuple[str, str | None]
"""A text, or a text and its colour."""


def local(at: Instant) -> datetime:
    """Return an instant in this machine's zone."""
    return aware(at).astimezone()


def show_time(at: Instant | None) -> str:
    """Return `2026-11-21 14:32:07`, empty for None."""
    return "" if at is None else f"{local(at):%Y-%m-%d %H:%M:%S}"


def local_times(text: str) -> str:
    """Return a sentence of the engine, its times (`2026-11-22T02:30:00Z`) as `show_time`."""

    def shown(stamp: re.Match[str]) -> str:
        try:
            return show_time(instant(datetime.fromisoformat(stamp[0])))
        except ValueError:
            return stamp[0]

    return _STAMP.sub(shown, text)


def show_due(at: Instant | None, now: Instant, *, is_wide: bool) -> str:
    """Return `14:32:07` today, `Sun 02:00` within six days, else the date; all of it if wide."""
    if at is None or is_wide:
        return show_time(at)
    then, today = local(at), local(now).date()
    if then.date() == today:
        return f"{then:%H:%M:%S}"
    return f"{then:%a %H:%M}" if 0 < (then.date() - today).days <= 6 else f"{then:%Y-%m-%d}"


def show_duration(duration: Duration | None) -> str:
    """Return `621ms`, `1.2s`, `4m12s`, `3h05m`, `2d04h`; empty for None."""
    return "" if duration is None else short(duration)


def show_size(size: int | None) -> str:
    """Return `17`, `4.2k`, `1.5M`, `2.0G` of bytes; empty for None."""
    if size is None:
        return ""
    if size < 1000:
        return str(size)
    power = min((len(str(size)) - 1) // 3, 4)
    return f"{size / 1000**power:.1f}{' kMGT'[power]}"


def show_until(duration: Duration) -> str:
    """Return `in 4s`, `now`."""
    return "now" if duration < SECOND else f"in {ahead(duration)}"


def name_end(end: PastRun | RunRow) -> str:
    """Return `failed: exit 3`, `skipped: queue_full`, `timed_out`, in the names of JSON."""
    if end.reason == "exit":
        return f"{end.outcome}: exit {end.exit_code}"
    if end.reason == "signal":
        return f"{end.outcome}: signal {end.signal}"
    return f"{end.outcome}: {end.reason}" if end.reason else f"{end.outcome}"


def describe_end(end: PastRun | RunRow) -> str:
    """Return `failed: exit 3`, `skipped: queue full`, `timed out`, in words for people."""
    return name_end(end).replace("_", " ")


def prefix_color(job: str) -> str:
    """Return the colour of a job's name; always the same one."""
    return PREFIXES[sum(job.encode()) % len(PREFIXES)]


def table(
    head: Sequence[str], rows: Sequence[Sequence[Cell]], *, colors: bool, room: int | None = None
) -> list[str]:
    """Return aligned lines, the first one of `head`; all of them is safe to print.

    In a `room` of so many columns what is too wide is cut. A last column that is the widest goes
    below each row where too little of it would be left, in a few lines.
    """
    cells = [[_cell(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(text) for text, _ in column) for column in zip(*cells, strict=True)]
    is_below = room is not None and _goes_below(widths, room)
    across = widths[:-1] if is_below else widths
    if room is not None:
        across = _fitted(across, room)
    lines = []
    for place, row in enumerate(cells):
        parts = [
            (_cut(text, width).ljust(width), color)
            for (text, color), width in zip(row, across, strict=False)
        ]
        parts[-1] = parts[-1][0].rstrip(), parts[-1][1]
        lines.append(GAP.join(_styled(part, colors=colors) for part in parts))
        if is_below and place and room is not None and row[-1][0]:
            below = wrap(row[-1][0], max(room - len(GAP), 1)) or [""]
            if len(below) > MOST_BELOW:
                below[MOST_BELOW - 1 :] = [_cut(" ".join(below[MOST_BELOW - 1 :]), room - len(GAP))]
            lines += (GAP + _styled((text, row[-1][1]), colors=colors) for text in below)
    return lines if colors else [line.rstrip() for line in lines]


def _styled(part: tuple[str, str | None], *, colors: bool) -> str:
    return click.style(part[0], fg=part[1]) if colors else part[0]


def _goes_below(widths: Sequence[int], room: int) -> bool:
    left = room - sum(widths[:-1]) - len(GAP) * (len(widths) - 1)
    is_widest = widths[-1] >= max(widths[1:-1], default=widths[-1] + 1)
    return is_widest and left < min(widths[-1], max(LEGIBLE, widths[-1] // 2))


def _fitted(widths: Sequence[int], room: int) -> list[int]:
    """Return widths that are `room` together: the widest give way, not the first, by a letter."""
    fitted = list(widths)
    for _ in range(sum(widths) + len(GAP) * (len(widths) - 1) - room):
        widest = max(range(1, len(fitted)), key=fitted.__getitem__, default=0)
        if not widest or fitted[widest] <= NARROWEST:
            break
        fitted[widest] -= 1
    return fitted


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _cell(cell: Cell) -> tuple[str, str | None]:
    text, color = (cell, None) if isinstance(cell, str) else cell
    return sanitize_line(text), color
