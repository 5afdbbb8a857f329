"""How a job stands that something else runs, and whether people hear of trouble."""

from collections import Counter
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


def unreached(snapshot: Snapshot) -> list[str]:
    """Say which notifiers of the file do not take what they should, and why.

    What was given up stays told until the notifier takes something.
    """
    waiting = Counter(notice.notifier for notice in snapshot.notices.values())
    told = []
    for name in snapshot.settings.notifiers:
        view = snapshot.notifiers.get(name)
        if view is not None and view.error:
            many = f"{waiting[name]} waiting" if waiting[name] else "given up"
            told.append(f"alerts do not reach {name}: {view.error} ({many})")
    return told


def suspended_triggers(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return (job, trigger) for each trigger that is suspended."""
    return [(job, name) for job, view in snapshot.jobs.items() for name in view.suspended]
