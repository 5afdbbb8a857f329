"""What comes of one job, and the hours of the week at which it is due and at which it ran."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec

from cronterm.clock import HOUR, Duration, Instant, aware
from cronterm.engine.prospect import MOST_HELD, coming_of, is_decided, schedule_of
from cronterm.model.job import zone_of
from cronterm.model.outlook import AHEAD, HOURS, Ahead, Outlook
from cronterm.model.snapshot import JobView
from cronterm.schedule.base import Schedule
from cronterm.schedule.calendars import FAR, Calendars
from cronterm.schedule.forecast import Upcoming, first_dst_marks, upcoming

SKIPPED = "skipped by a person"

HourOf = Callable[[Instant], int]
"""Returns the hour of the week of an instant."""


def make_outlook(
    view: JobView,
    calendars: Calendars,
    begun: Sequence[tuple[Instant, int, int]],
    *,
    now: Instant,
    limit: int,
) -> Outlook:
    """Return what comes of a job after `now`; `begun` is (quarter of an hour, runs, failed)."""
    zone = zone_of(view.job)
    hour_of = _hours(zone)
    runs, failed = [0] * HOURS, [0] * HOURS
    for at, count, failures in begun:
        runs[hour_of(at)] += count
        failed[hour_of(at)] += failures
    told = Outlook(
        timezone=zone,
        runs=tuple(runs),
        failed=tuple(failed),
        runs_since=begun[0][0] if begun else None,
    )
    if not view.job.enabled or view.is_used_up or not view.job.schedule:
        return told
    schedule = schedule_of(view)
    specs = view.job.schedule
    changes = first_dst_marks(schedule, specs, timezone=zone, after=now)
    return msgspec.structs.replace(
        told,
        coming=tuple(_coming(view, schedule, calendars, now, limit)),
        changes=tuple(Ahead(each.at, each.mark) for each in changes),
        due=_due(view, schedule, calendars, now, hour_of),
    )


def _hours(zone: str) -> HourOf:
    info = ZoneInfo(zone)
    known: dict[Instant, int] = {}

    def hour_of(at: Instant) -> int:
        quarter = at // (HOUR // 4)
        if quarter not in known:
            local = aware(at).astimezone(info)
            known[quarter] = local.weekday() * 24 + local.hour
        return known[quarter]

    return hour_of


def _coming(
    view: JobView, schedule: Schedule, calendars: Calendars, now: Instant, limit: int
) -> list[Ahead]:
    """Return `limit` instants that start something, and between them those that do not."""
    job = view.job
    left = limit if job.max_runs is None else min(limit, job.max_runs - view.timed_runs)
    let_through = upcoming(
        coming_of(view, schedule, calendars),
        job.schedule,
        timezone=job.timezone,
        after=now,
        limit=left + len(view.decided),
    )
    found = list(_first(view, let_through, left))
    if job.exclude or job.only:
        until = found[-1].at if found else now + FAR
        found += islice(_held(view, schedule, calendars, now, until), MOST_HELD)
    return sorted(found, key=lambda each: each.at)


def _first(view: JobView, instants: Sequence[Upcoming], left: int) -> Iterator[Ahead]:
    """Yield instants up to the last of so many that start something."""
    for each in instants:
        if not left:
            return
        is_skipped = is_decided(view, each.at)
        left -= not is_skipped
        yield Ahead(each.at, each.mark, SKIPPED if is_skipped else "")


def _held(
    view: JobView, schedule: Schedule, calendars: Calendars, low: Instant, high: Instant
) -> Iterator[Ahead]:
    """Yield the rows of instants in (`low`, `high`] that calendars keep back."""
    job = view.job
    sieve = calendars.sieve(job.exclude, job.only, timezone=job.timezone)
    assert sieve is not None
    for each in sieve.stretches(schedule, low, high):
        if each.why:
            count = schedule.count_between(each.first - 1, each.last)
            yield Ahead(each.first, held=each.why, until=each.last, count=count)


def _due(
    view: JobView, schedule: Schedule, calendars: Calendars, now: Instant, hour_of: HourOf
) -> tuple[int, ...]:
    """Count the instants that calendars let through, by hour of the week."""
    job = view.job
    sieve = calendars.sieve(job.exclude, job.only, timezone=job.timezone)
    spans = [(now, now + AHEAD)]
    if sieve is not None:
        stretches = sieve.stretches(schedule, now, now + AHEAD)
        spans = [(each.first - 1, each.last) for each in stretches if not each.why]
    counts = [0] * HOURS
    step = HOUR if _has_whole_hours(now, zone_of(view.job)) else HOUR // 4
    for low, high in spans:
        for after, until in _cut(low, high, step):
            counts[hour_of(until)] += schedule.count_between(after, until)
    return tuple(counts)


def _has_whole_hours(now: Instant, zone: str) -> bool:
    """Tell whether the hours of a zone begin with those of UTC."""
    info = ZoneInfo(zone)
    ends = (aware(at).astimezone(info) for at in (now, now + AHEAD))
    return not any(end.utcoffset() % timedelta(hours=1) for end in ends)  # type: ignore[operator]  # aware


def _cut(low: Instant, high: Instant, step: Duration) -> Iterator[tuple[Instant, Instant]]:
    """Cut (low, high] where a new `step` begins."""
    while low < high:
        until = min((low + 1) // step * step + step - 1, high)
        yield low, until
        low = until
