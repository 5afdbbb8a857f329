"""What comes, with what is to be expected of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from cronterm.clock import Duration, Instant
from cronterm.model.foresight import Foresight, short_timeout
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.tui.words import duration


@dataclass(frozen=True)
class Entry:
    """A start that comes."""

    at: Instant
    job: str
    expected: Duration | None
    """How long it will take, as far as its past tells."""
    note: str = ""
    role: str = "muted"


def foresee(snapshot: Snapshot, coming: Iterable[tuple[Instant, str]], now: Instant) -> list[Entry]:
    """Return what comes, in the order of `coming`, with the overlaps that are to be expected."""
    known: dict[str, Foresight] = {}
    notes: dict[str, tuple[str, str]] = {}
    entries = []
    for at, job in coming:
        view = snapshot.jobs.get(job)
        if view is None:
            continue
        if job not in known:
            known[job], notes[job] = Foresight(view, now), _note(view)
        length, left = known[job].length, known[job].overlap(at)
        if left:
            entries.append(Entry(at, job, length, _overlap_note(view, left), "warn"))
            continue
        entries.append(Entry(at, job, length, *notes[job]))
    return entries


def _note(view: JobView) -> tuple[str, str]:
    """Return what is to be feared of every start of a job, and its role."""
    if row := view.totals.failed_in_a_row:
        return "failing" if row == 1 else f"failing, {row} in a row", "fail"
    if short := short_timeout(view):
        return f"may time out after {duration(short.timeout)}", "warn"
    return "", "muted"


def _overlap_note(view: JobView, left: Duration) -> str:
    """Return what becomes of a start while the run before it goes on."""
    match view.job.overlap:
        case "skip":
            return "overlaps: skipped"
        case "queue":
            return f"overlaps: waits {duration(left)}"
        case "replace":
            return "overlaps: ends the one before"
        case _:
            return "beside the run before"
