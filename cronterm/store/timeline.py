"""Counts what began in slots of time."""

import sqlite3

from cronterm.clock import MINUTE, Instant
from cronterm.model.query import ReadTimeline
from cronterm.model.timeline import Begun

MOST_RUNS = 30_000  # of one answer, the newest: some 50 ms
MOST_MISSED = 2_000
QUARTER = 15 * MINUTE  # in which every zone's hours begin
WORST = ("", "stopped", "skipped", "replaced", "succeeded", "missed", "timed_out", "lost", "failed")


def read_begun(
    connection: sqlite3.Connection, query: ReadTimeline
) -> tuple[dict[str, list[Begun]], Instant]:
    """Return what began by job, in the order of time, and from when on all of it is there."""
    bounds = {
        "since": query.since,
        "until": query.since + query.slot * query.slots,
        "slot": query.slot,
        "most": MOST_RUNS,
    }
    rows = connection.execute(
        "SELECT job_state.job, (queued_at_us - :since) / :slot, ifnull(outcome, 'running'),"
        " count(*), max((ifnull(ended_at_us, :until) - :since) / :slot), min(queued_at_us)"
        " FROM (SELECT job, queued_at_us, ended_at_us, outcome FROM runs INDEXED BY runs_by_time"
        "  WHERE queued_at_us >= :since AND queued_at_us < :until AND started_at_us IS NOT NULL"
        "  ORDER BY queued_at_us DESC LIMIT :most) AS run"
        " JOIN job_state ON job_state.key = run.job GROUP BY 1, 2, 3",
        bounds,
    ).fetchall()
    is_cut = sum(count for *_, count, _, _ in rows) == MOST_RUNS
    read_from = min((row[5] for row in rows), default=query.since) if is_cut else query.since
    cells: dict[tuple[str, int], Begun] = {}
    for job, slot, outcome, count, last, _ in rows:
        _add(cells, job, Begun(slot, count, outcome, min(last, query.slots - 1)))
    missed = connection.execute(
        "SELECT job_state.job, (due_at_us - :since) / :slot, count"
        " FROM decisions INDEXED BY decisions_by_time"
        " JOIN job_state ON job_state.key = decisions.job"
        " WHERE decided_at_us >= :since AND outcome = 'missed' AND decisions.run IS NULL"
        f" AND due_at_us >= :since AND due_at_us < :until LIMIT {MOST_MISSED}",
        bounds,
    )
    for job, slot, _ in missed:
        _add(cells, job, Begun(slot, 0, "missed", slot))
    found: dict[str, list[Begun]] = {}
    for job, slot in sorted(cells):
        found.setdefault(job, []).append(cells[job, slot])
    return found, read_from


def read_quarters(
    connection: sqlite3.Connection, job: str, since: Instant
) -> list[tuple[Instant, int, int]]:
    """Return (quarter of an hour, runs that began in it, those that failed) of a job, in order."""
    return connection.execute(
        f"SELECT started_at_us / {QUARTER} * {QUARTER}, count(*),"
        " sum(ifnull(outcome IN ('failed', 'timed_out', 'lost'), 0))"
        " FROM (SELECT started_at_us, outcome FROM runs INDEXED BY runs_of_job"
        "  WHERE job = (SELECT key FROM job_state WHERE job = ?) AND started_at_us >= ?"
        f"  ORDER BY run DESC LIMIT {MOST_RUNS}) GROUP BY 1 ORDER BY 1",
        (job, since),
    ).fetchall()


def _add(cells: dict[tuple[str, int], Begun], job: str, begun: Begun) -> None:
    """Lay what began over what is known of its slot already."""
    known = cells.get((job, begun.slot))
    if known is not None:
        worst = max(known.worst, begun.worst, key=_gravity)
        last = max(known.last_slot, begun.last_slot)
        begun = Begun(begun.slot, known.runs + begun.runs, worst, last)
    cells[job, begun.slot] = begun


def _gravity(outcome: str) -> int:
    return WORST.index(outcome) if outcome in WORST else len(WORST)
