"""What comes, with what is to be expected of it."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from cronterm.clock import Duration, Instant
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.tui.words import duration

LEARN_FROM = 3  # runs


@dataclass(frozen=True)
class Entry:
    """A start that comes."""

    at: Instant
    job: str
    expected: Duration | None
    """How long it will take, as far as its past tells."""
    note: str = ""
    role: str = "muted"


def expected_length(view: JobView) -> Duration | None:
    """Return what a run usually takes; None where too little is known."""
    known = [past.duration for past in view.recent if past.duration and past.started_at]
    return round(statistics.median(known)) if len(known) >= LEARN_FROM else view.totals.average


def foresee(snapshot: Snapshot, coming: Iterable[tuple[Instant, str]], now: Instant) -> list[Entry]:
    """Return what comes, in the order of `coming`, with the overlaps that are to be expected."""
    busy: dict[str, Instant] = {}
    lengths: dict[str, Duration | None] = {}
    entries = []
    for at, job in coming:
        view = snapshot.jobs.get(job)
        if view is None:
            continue
        if job not in lengths:
            lengths[job] = expected_length(view)
            busy[job] = _busy_until(view, lengths[job], now)
        length = lengths[job]
        until = busy[job]
        if until > at:
            note, is_started = _overlap(view, until - at)
            if is_started:
                busy[job] = _after(view, until, at) + (length or 0)
            entries.append(Entry(at, job, length, note, "warn"))
            continue
        busy[job] = at + (length or 0)
        row = view.totals.failed_in_a_row
        note = "failing" if row == 1 else f"failing, {row} in a row" if row else ""
        entries.append(Entry(at, job, length, note, "fail" if row else "muted"))
    return entries


def _busy_until(view: JobView, length: Duration | None, now: Instant) -> Instant:
    """Return until when what runs will go on; it goes on now even if it is overdue."""
    ends = [
        max((run.started_at or now) + (length or 0), now)
        for run in view.live.values()
        if not run.is_reported
    ]
    return max(ends, default=0)


def _overlap(view: JobView, by: Duration) -> tuple[str, bool]:
    """Return what becomes of a start while the run before it goes on, and whether it runs."""
    match view.job.overlap:
        case "skip":
            return "overlaps: skipped", False
        case "queue":
            return f"overlaps: waits {duration(by)}", True
        case "replace":
            return "overlaps: ends the one before", True
        case _:
            return "beside the run before", True


def _after(view: JobView, until: Instant, at: Instant) -> Instant:
    """Return when a start that overlaps begins."""
    return until if view.job.overlap == "queue" else at
