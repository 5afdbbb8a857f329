"""Counts what began, or failed to, in slots of time."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from cronterm.clock import MINUTE, Instant
from cronterm.model.query import ReadTimeline
from cronterm.model.run import FAILED, Outcome
from cronterm.model.timeline import Begun, Past
from cronterm.store.rows import WAS_RUN

MOST_RUNS = 30_000  # of one answer, the newest: some 30 ms
MOST_MISSED = 2_000
QUARTER = 15 * MINUTE  # in which every zone's hours begin
WORST = ("", "stopped", "skipped", "replaced", "succeeded", "missed", "timed_out", "lost", "failed")
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_KINDS = " ".join(f"WHEN '{name}' THEN {kind}" for kind, name in enumerate(OUTCOMES))
_CELL = (
    "((job * :slots + min(max((ifnull(ended_at_us, :until) - :since) / :slot, 0), :slots - 1))"
    f" * {len(OUTCOMES) + 1} + CASE outcome {_KINDS} ELSE {len(OUTCOMES)} END)"
)
"""A number for job, last slot and outcome. (To count like numbers here takes half of the time that
SQLite takes to sort and group the rows.)"""


def read_begun(connection: sqlite3.Connection, query: ReadTimeline) -> Past:
    """Return what began: cells of the jobs that have lanes, of the others how much it was."""
    bounds: dict[str, Any] = {
        "since": query.since,
        "until": query.since + query.slot * query.slots,
        "slot": query.slot,
        "slots": query.slots,
        "most": MOST_RUNS,
        "lanes": msgspec.json.encode(query.jobs).decode() if query.jobs else None,
        "within": None if query.within is None else msgspec.json.encode(query.within).decode(),
    }
    codes, first = connection.execute(
        f"SELECT group_concat((iif({_among('job', 'lanes', bounds)}, {_CELL}, 0) * :slots"
        f" + (queued_at_us - :since) / :slot) * 2 + {_among('job', 'within', bounds)}),"
        " min(queued_at_us)"
        " FROM (SELECT job, queued_at_us, ended_at_us, outcome FROM runs INDEXED BY runs_by_time"
        f"  WHERE queued_at_us >= :since AND queued_at_us < :until AND {WAS_RUN}"
        "  ORDER BY queued_at_us DESC LIMIT :most)",
        bounds,
    ).fetchone()
    counts = Counter(codes.split(",") if codes else ())
    found = connection.execute(
        f"SELECT key, job FROM job_state WHERE {_among('key', 'lanes', bounds)}", bounds
    )
    names = dict(found.fetchall())
    cells: dict[tuple[str, int], Begun] = {}
    load: Counter[int] = Counter()
    for code, count in counts.items():
        rest, is_within = divmod(int(code), 2)
        cell, slot = divmod(rest, query.slots)
        if cell:
            rest, kind = divmod(cell, len(OUTCOMES) + 1)
            key, last = divmod(rest, query.slots)
            outcome = OUTCOMES[kind] if kind < len(OUTCOMES) else "running"
            _add(cells, names[key], Begun(slot, count, outcome, last))
        if is_within:
            load[slot] += count
    missed = connection.execute(
        "SELECT job, (due_at_us - :since) / :slot FROM decisions INDEXED BY decisions_by_time"
        " WHERE decided_at_us >= :since AND outcome = 'missed' AND decisions.run IS NULL"
        f" AND due_at_us >= :since AND due_at_us < :until LIMIT {MOST_MISSED}",
        bounds,
    )
    for key, slot in missed:
        if key in names:
            _add(cells, names[key], Begun(slot, 0, "missed", slot))
    lanes: dict[str, list[Begun]] = {}
    for job, slot in sorted(cells):
        lanes.setdefault(job, []).append(cells[job, slot])
    is_cut = counts.total() == MOST_RUNS
    return Past(lanes=lanes, load=load, read_from=first if is_cut else query.since)


def _among(key: str, names: str, bounds: Mapping[str, Any]) -> str:
    """Return what is true of the keys of the jobs that a bound lists, of all where it is None."""
    if bounds[names] is None:
        return "true"
    return (
        f"({key} IN (SELECT key FROM job_state"
        f" WHERE job IN (SELECT value FROM json_each(:{names}))))"
    )


def read_quarters(
    connection: sqlite3.Connection, job: str, since: Instant
) -> list[tuple[Instant, int, int]]:
    """Return (quarter of an hour, runs that began in it, those that failed) of a job, in order."""
    return connection.execute(
        f"SELECT began_at_us / {QUARTER} * {QUARTER}, count(*), sum(ifnull(outcome IN {FAILED}, 0))"
        " FROM (SELECT ifnull(started_at_us, ended_at_us) AS began_at_us, outcome"
        "  FROM runs INDEXED BY runs_of_job"
        "  WHERE job = (SELECT key FROM job_state WHERE job = ?) AND began_at_us >= ?"
        f"  AND {WAS_RUN} ORDER BY run DESC LIMIT {MOST_RUNS}) GROUP BY 1 ORDER BY 1",
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
