"""Builds what answers from what was written."""

from collections.abc import Sequence

from cronterm.clock import Instant
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    InSpec,
    Schedule,
    ScheduleSpec,
)
from cronterm.schedule.cron import cron_schedule
from cronterm.schedule.simple import Interval, Once
from cronterm.schedule.union import Part, Union

NEVER: Schedule = Union(())


def build(
    specs: Sequence[ScheduleSpec], *, first_seen_at: Instant, last_end_at: Instant | None
) -> Schedule:
    """Return the schedule of a job.

    `first_seen_at` anchors intervals and `@in`; `last_end_at` (None before the first end) is what
    `from: finish` counts from. `@reboot`, `@startup` and `@manual` have no instants.
    """
    parts = [
        part for spec in specs if (part := _build_one(spec, first_seen_at, last_end_at)) is not None
    ]
    if len(parts) == 1:
        return parts[0]
    return Union(parts) if parts else NEVER


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
        case AtSpec(at=at):
            return Once(at)
        case InSpec(delay=delay):
            return Once(first_seen_at + delay)
        case _:
            return None
