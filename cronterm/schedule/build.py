"""Builds what answers from what was written."""

from collections.abc import Sequence

from cronterm.clock import Instant
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    GridSpec,
    InSpec,
    OnCalendarSpec,
    Schedule,
    ScheduleSpec,
)
from cronterm.schedule.calendars import Bounded
from cronterm.schedule.cron import cron_schedule
from cronterm.schedule.on_calendar import on_calendar_schedule
from cronterm.schedule.simple import Interval, Once
from cronterm.schedule.union import Part, Union

NEVER: Schedule = Union(())


def build(
    specs: Sequence[ScheduleSpec],
    *,
    first_seen_at: Instant,
    last_end_at: Instant | None,
    not_before: Instant | None = None,
    not_after: Instant | None = None,
) -> Schedule:
    """Return the schedule of a job.

    `first_seen_at` anchors intervals and `@in`; `last_end_at` (None before the first end) is what
    `from: finish` counts from. `@reboot`, `@startup` and `@manual` have no instants. Nothing is due
    before `not_before` and after `not_after`.
    """
    parts = [
        part for spec in specs if (part := _build_one(spec, first_seen_at, last_end_at)) is not None
    ]
    whole: Schedule = parts[0] if len(parts) == 1 else Union(parts) if parts else NEVER
    if not_before is None and not_after is None:
        return whole
    return Bounded(whole, not_before, not_after)


def _build_one(
    spec: ScheduleSpec, first_seen_at: Instant, last_end_at: Instant | None
) -> Part | None:
    match spec:
        case CronSpec():
            return cron_schedule(spec)
        case EverySpec(interval=interval, origin="start"):
            return Interval(first_seen_at, interval)
        case EverySpec(interval=interval, origin="clock"):
            return Interval(0, interval)
        case EverySpec(interval=interval):
            return Once((first_seen_at if last_end_at is None else last_end_at) + interval)
        case GridSpec(interval=interval, anchor=anchor):
            return Interval(anchor - interval, interval)
        case OnCalendarSpec():
            return on_calendar_schedule(spec)
        case AtSpec(at=at):
            return Once(at)
        case InSpec(delay=delay):
            return Once(first_seen_at + delay)
        case _:
            return None
