"""How a job stands that something else runs, as healthchecks would say it."""

from typing import Literal, TypeAlias

from cronterm.clock import Instant
from cronterm.model.snapshot import JobView, Snapshot

Standing: TypeAlias = Literal["new", "up", "late", "down", "paused"]


def standing(view: JobView, snapshot: Snapshot, now: Instant) -> Standing:
    """Return how a monitor stands at `now`.

    late: a report is due and may still come; down: it did not, or it was of a failure, or a run
    takes longer than its max_runtime; new: nothing was ever reported.
    """
    if view.pause is not None or snapshot.all_paused is not None or not view.job.enabled:
        return "paused"
    bad = ("failure", "missed", "long")
    if any(a.job == view.job.id and a.kind in bad for a in snapshot.alerts.values()):
        return "down"
    if view.next_at is not None and view.next_at < now:
        return "late"
    return "up" if view.live or view.last is not None else "new"
