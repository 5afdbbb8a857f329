"""Which columns the job table has room for."""

from collections.abc import Sequence
from dataclasses import dataclass

from cronterm.tui.widgets.paint import fit

WORDS = 18  # cells of the schedule in words
MOST_HOST = 12  # cells of a machine's name


@dataclass(frozen=True)
class Columns:
    """Which columns there is room for, and how wide."""

    name: int
    schedule: int
    words: bool
    last: bool
    average: bool
    p95: bool
    trend: int
    ok: bool
    errors: bool


def columns_for(width: int) -> Columns:
    """Choose columns by the inner width; the order never changes, only what is there."""
    errors = width >= 92
    words = width >= 124
    average = width >= 114
    last = width >= 60
    schedule = 0 if width < 56 else (15 if words else 17) if width >= 76 else 14
    trend = 12 if width < 90 or words else 19
    trend = trend if width >= 70 else 0
    fixed = 14 + (schedule + 2 if schedule else 0) + (10 if last else 0) + 9
    p95 = width >= 132
    fixed += (
        (9 if p95 else 0)
        + (9 if average else 0)
        + (trend + 2 if trend else 0)
        + (12 if errors else 0)
    )
    room = width - fixed - (WORDS + 2 if words else 0)
    return Columns(
        name=max(min(room, 30), 8),
        schedule=schedule,
        words=words,
        last=last,
        average=average,
        p95=p95,
        trend=trend,
        ok=errors,
        errors=errors,
    )


def behind_host(host: str, name: str, hosts: Sequence[str]) -> str:
    """Return a job's name in the column that begins with its machine, where there are several."""
    if not hosts:
        return name
    cells = min(max(map(len, hosts)), MOST_HOST)
    return f"{fit(host, cells)}  {name}"
