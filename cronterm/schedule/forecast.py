"""The coming instants of a schedule, with the marks that daylight saving leaves on them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from cronterm.clock import DAY, HOUR, Instant, aware
from cronterm.schedule.base import (
    Coming,
    CronSpec,
    EverySpec,
    GridSpec,
    OnCalendarSpec,
    ScheduleSpec,
)
from cronterm.schedule.cron import CronSchedule, cron_schedule
from cronterm.schedule.on_calendar import on_calendar_schedule

MOST = 500  # SEMANTICS 1: beyond it one says "every second"


class Upcoming(msgspec.Struct, frozen=True):
    """One coming instant. `mark` says what daylight saving does to it, or is empty."""

    at: Instant
    local: datetime
    mark: str = ""


def upcoming(
    schedule: Coming,
    specs: Sequence[ScheduleSpec],
    *,
    timezone: str,
    after: Instant,
    limit: int,
) -> list[Upcoming]:
    """Return up to `limit` (at most 500) instants strictly later than `after`, soonest first."""
    found: list[Upcoming] = []
    zones = {spec.timezone for spec in specs if isinstance(spec, CronSpec | OnCalendarSpec)}
    info = ZoneInfo(zones.pop() if len(zones) == 1 else timezone)
    crons = [cron_schedule(spec) for spec in specs if isinstance(spec, CronSpec)]
    crons += [on_calendar_schedule(spec) for spec in specs if isinstance(spec, OnCalendarSpec)]
    intervals = [spec.interval for spec in specs if isinstance(spec, EverySpec | GridSpec)]
    is_interval = any(interval >= HOUR for interval in intervals)
    at = schedule.next_after(after)
    while at is not None and len(found) < min(limit, MOST):
        found.append(Upcoming(at, aware(at).astimezone(info), _mark(at, info, crons, is_interval)))
        at = schedule.next_after(at)
    return found


def _mark(at: Instant, info: ZoneInfo, crons: Sequence[CronSchedule], is_interval: bool) -> str:
    for cron in crons:
        if moved := cron.moved_to(at):
            first, last = map(_time, moved)
            return f"{first} does not exist" if first == last else f"{first} to {last} do not exist"
    local = aware(at).astimezone(info)
    if _is_ambiguous(local):
        return f"{'second' if local.fold else 'first'} of two {_time(local)}"
    day_before = aware(at - DAY).astimezone(info).utcoffset()
    is_moved = is_interval and day_before != local.utcoffset()
    if is_moved and not any(cron.count_between(at - 1, at) for cron in crons):
        return "the clock was set: intervals move against it"
    return ""


def _time(wall: datetime) -> str:
    return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"


def _is_ambiguous(local: datetime) -> bool:
    other = local.replace(fold=1 - local.fold)
    return other.utcoffset() != local.utcoffset() and _exists(other)


def _exists(local: datetime) -> bool:
    there = local.astimezone(UTC).astimezone(local.tzinfo)
    return there.replace(tzinfo=None, fold=0) == local.replace(tzinfo=None, fold=0)


def first_dst_marks(
    schedule: Coming, specs: Sequence[ScheduleSpec], *, timezone: str, after: Instant
) -> list[Upcoming]:
    """Return the marked instants of the coming year, at most two (for a form's warning)."""
    until = after + 366 * DAY
    marked: list[Upcoming] = []
    for spec in specs:
        if not isinstance(spec, CronSpec | OnCalendarSpec):
            continue
        for change in _changes(ZoneInfo(spec.timezone), after, until):
            near = upcoming(schedule, specs, timezone=timezone, after=change - 2 * HOUR, limit=10)
            marked += [each for each in near if each.mark and each not in marked]
    return sorted(marked, key=lambda each: each.at)[:2]


def _changes(info: ZoneInfo, after: Instant, until: Instant) -> list[Instant]:
    found = []
    moment = aware(after)
    while moment < aware(until):
        later = moment + timedelta(days=1)
        if moment.astimezone(info).utcoffset() != later.astimezone(info).utcoffset():
            low, high = moment, later
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                same = middle.astimezone(info).utcoffset() == moment.astimezone(info).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(after + (high - aware(after)) // timedelta(microseconds=1))
        moment = later
    return found
