"""What the jobs of the table are sorted by."""

from collections.abc import Callable
from typing import Literal

from cronterm.model.snapshot import JobView

SortKey = Literal["next", "name", "last", "duration", "errors", "state"]
SORTS: tuple[SortKey, ...] = ("next", "name", "last", "duration", "errors", "state")

DESCENDING: tuple[SortKey, ...] = ("duration", "errors")
"""Of these the greatest comes first; of the others the least."""

NEVER_AT = 1 << 62

Order = Callable[[JobView], tuple[object, ...]]


def order_by(key: SortKey, state: Callable[[JobView], str]) -> Order:
    """Return what sorts jobs; `state` gives the state that a job's row shows."""
    if key == "state":
        return lambda view: (SEVERITY.get(state(view), 9), view.job.id)
    return ORDERS[key]


def _by_next(view: JobView) -> tuple[object, ...]:
    if view.live:
        return (0, min(run.queued_at for run in view.live.values()), view.job.id)
    return (1, view.next_at or NEVER_AT, view.job.id)


def _by_last(view: JobView) -> tuple[object, ...]:
    last = view.last
    return (-last.ended_at if last else 0, view.job.id)


def _by_duration(view: JobView) -> tuple[object, ...]:
    last = view.last
    return (-(last.duration or 0) if last else 0, view.job.id)


ORDERS: dict[SortKey, Order] = {
    "next": _by_next,
    "name": lambda view: (view.job.id.casefold(),),
    "last": _by_last,
    "duration": _by_duration,
    "errors": lambda view: (-view.totals.failed, view.job.id),
}
SEVERITY = {
    "failed": 0,
    "timed_out": 0,
    "lost": 0,
    "late": 1,
    "missed": 1,
    "retrying": 2,
    "stopping": 3,
    "running": 3,
    "queued": 4,
    "succeeded": 5,
}
