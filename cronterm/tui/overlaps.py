"""Which jobs have starts that fall on the run before, within the time that is shown."""

from collections.abc import Sequence

from rich.cells import cell_len

from cronterm.clock import Instant
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.model.timeline import Timeline
from cronterm.tui.axis import Axis

KEPT_BACK = ("overlap", "queue_full")
NAMED = 2


def overlapped(view: JobView, since: Instant, until: Instant) -> bool:
    """Tell whether runs of a job overlapped then, or were skipped for it; of its newest sixty."""
    busy_until: Instant = 0
    for past in sorted(view.recent, key=lambda past: past.started_at or past.ended_at):
        began = past.started_at or past.ended_at
        is_shown = since <= began < until
        if is_shown and past.outcome == "skipped" and past.reason in KEPT_BACK:
            return True
        if past.started_at is not None:
            if is_shown and began < busy_until:
                return True
            busy_until = max(busy_until, past.ended_at)
    return False


def jobs_with_overlaps(snapshot: Snapshot, timeline: Timeline, axis: Axis) -> list[str]:
    """Return the jobs whose runs overlap or did, of those whose lanes were read."""
    return sorted(
        job
        for job, lane in timeline.lanes.items()
        if (view := snapshot.jobs.get(job)) is not None
        and (lane.overlaps or overlapped(view, axis.since, axis.until))
    )


def note_of(jobs: Sequence[str], room: int) -> str:
    """Return `overlaps: backup, sync`, or how many jobs have them; nothing where none has."""
    if not jobs:
        return ""
    named = f"overlaps: {', '.join(jobs)}"
    if len(jobs) <= NAMED and cell_len(named) <= room:
        return named
    return f"overlaps: {len(jobs)} job{'s' * (len(jobs) != 1)}"
