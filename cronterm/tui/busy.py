"""Minutes at which many jobs start, and quieter ones beside them."""

from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from cronterm.clock import HOUR, MINUTE, Instant, aware
from cronterm.model.job import Job
from cronterm.model.snapshot import JobView
from cronterm.schedule.base import CronSpec, OnCalendarSpec
from cronterm.schedule.build import build

BUSY = 3
"""So many other jobs in its minute are worth a word."""
MOST_JOBS = 2_000
CALENDAR = (CronSpec, OnCalendarSpec)
"""Schedules whose minutes are known: intervals count from whenever they were first seen."""


def busy_note(job: Job, views: Iterable[JobView], now: Instant) -> str:
    """Return which other jobs start with the next run of `job`, below it a quieter minute; or "".

    It may take a second where there are many jobs.
    """
    first = next((_next(job, now) for spec in job.schedule if isinstance(spec, CronSpec)), None)
    if first is None or job.jitter:
        return ""
    zone = next(spec.timezone for spec in job.schedule if isinstance(spec, CronSpec))
    local = aware(first).astimezone(ZoneInfo(zone))
    begin = first - first % MINUTE - local.minute * MINUTE
    others = [view.job for view in views if _may_start(view, begin) and view.job.id != job.id]
    counts = starts_by_minute(others[:MOST_JOBS], begin)
    busy = counts[local.minute]
    if busy < BUSY:
        return ""
    note = f"! {busy} other jobs start at {local:%H:%M}"
    quiet = min(range(60), key=lambda minute: (counts[minute], abs(minute - local.minute)))
    if counts[quiet] == busy:
        return note
    left, at, written = counts[quiet], f"{local:%H}:{quiet:02}", _written(job, quiet)
    those = f"{left or 'no'} other job{'s' * (left > 1)}"
    where = f"{written} ({at}, {those})" if written else f"{at} ({those})"
    return f"{note}\n  {'quieter' if left else 'quiet'}: {where}"


def _written(job: Job, minute: int) -> str:
    """Return the schedule with another minute; "" unless it has just one to replace."""
    first, *rest = job.schedule_text.split()
    return f"{minute} {' '.join(rest)}" if first.isdigit() and len(rest) == 4 else ""


def _may_start(view: JobView, begin: Instant) -> bool:
    is_soon = view.next_at is not None and view.next_at < begin + HOUR
    return is_soon and view.job.enabled and not view.job.is_monitor and not view.job.jitter


def _next(job: Job, after: Instant) -> Instant | None:
    specs = tuple(spec for spec in job.schedule if isinstance(spec, CALENDAR))
    schedule = build(
        specs,
        first_seen_at=after,
        last_end_at=None,
        not_before=job.not_before,
        not_after=job.not_after,
    )
    return schedule.next_after(after) if specs else None


def starts_by_minute(jobs: Iterable[Job], begin: Instant) -> Counter[int]:
    """Return how many of `jobs` start in each minute of the hour that begins at `begin`."""
    counts: Counter[int] = Counter()
    for job in jobs:
        minute = -1
        while (at := _next(job, begin + (minute + 1) * MINUTE - 1)) is not None:
            minute = (at - begin) // MINUTE
            if minute >= HOUR // MINUTE:
                break
            counts[minute] += 1
    return counts
