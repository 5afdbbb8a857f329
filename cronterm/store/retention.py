"""Keeps the history within each job's bounds, a slice at a time."""

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from cronterm.clock import HOUR, Instant
from cronterm.model.job import Keep
from cronterm.model.run import FAILED, Outcome
from cronterm.store.alerts import prune_alerts
from cronterm.store.base import AttemptId, PrunedRuns
from cronterm.store.entries import Entry, load_entries, write_entries
from cronterm.store.notices import prune_notices
from cronterm.store.rollups import prune_rollups
from cronterm.store.signals import prune_signals

GUARD = 48 * HOUR
"""Decisions this far behind what a job counts from stay, whatever its `Keep` says: the clock may be
set back, and they are what keeps an instant from starting twice."""

VACUUM_PAGES = 512  # a slice must stay short: 2 MiB


class Slice(NamedTuple):
    """One job's part of the work."""

    entry: Entry
    keep: Keep
    before: Instant
    """What ended before it is too old."""


class DoomedRun(NamedTuple):
    """A run that goes, with what must be undone for it."""

    run: int
    attempt: int
    due_at: Instant | None
    started_at: Instant | None
    ended_at: Instant
    definition: int | None
    outcome: Outcome
    reason: str
    message: str


def prune_history(
    connection: sqlite3.Connection, keep: Mapping[str, Keep], *, now: Instant, limit: int
) -> PrunedRuns:
    """Remove at most `limit` runs and as many decisions beyond their job's `Keep`.

    Runs in the caller's transaction. Open runs stay.
    """
    slices = []
    for job, entry in load_entries(connection).items():
        bounds = keep.get(job, Keep())
        slices.append(Slice(entry, bounds, now - bounds.age))
    runs = 0
    attempts: list[AttemptId] = []
    for each in slices:
        if runs >= limit:
            break
        doomed = _doomed_runs(connection, each, limit - runs)
        if doomed:
            attempts += _remove_runs(connection, each.entry, doomed)
            runs += len(doomed)
    prune_alerts(connection, now - Keep().age, limit)
    prune_rollups(connection, now)
    prune_notices(connection, now - Keep().age, limit)
    decisions = _prune_decisions(connection, {each.entry.key: each for each in slices}, limit)
    prune_signals(connection, {each.entry.key: (each.keep.runs, each.before) for each in slices})
    return PrunedRuns(runs, decisions, tuple(attempts))


def give_back_space(connection: sqlite3.Connection) -> None:
    """Shorten the file by some of its free pages, in a transaction of its own."""
    # Not execute(): the pragma returns rows without columns, and that stops after the first page.
    connection.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")


def _doomed_runs(connection: sqlite3.Connection, job: Slice, limit: int) -> list[DoomedRun]:
    excess = job.entry.kept_runs - job.keep.runs
    if excess <= 0 and not _has_old_runs(connection, job):
        return []
    ended = connection.execute(
        "SELECT run, attempt, due_at_us, started_at_us, ended_at_us, definition, outcome, reason,"
        " message FROM runs WHERE job = ? AND outcome IS NOT NULL ORDER BY run LIMIT ?",
        (job.entry.key, limit),
    )
    runs = map(DoomedRun._make, ended)
    return [run for n, run in enumerate(runs) if n < excess or run.ended_at < job.before]


def _has_old_runs(connection: sqlite3.Connection, job: Slice) -> bool:
    oldest = connection.execute(
        "SELECT ended_at_us FROM runs WHERE job = ? AND outcome IS NOT NULL ORDER BY run LIMIT 1",
        (job.entry.key,),
    ).fetchone()
    return oldest is not None and oldest[0] < job.before


def _remove_runs(
    connection: sqlite3.Connection, entry: Entry, runs: list[DoomedRun]
) -> list[AttemptId]:
    attempts: list[AttemptId] = []
    for run in runs:
        _subtract(entry, run)
        attempts += [(run.run, attempt) for attempt in range(1, run.attempt + 1)]
    entry.totals.failed_in_a_row = min(entry.totals.failed_in_a_row, entry.totals.failed)
    write_entries(connection, [entry])
    # A decision outlives its run for a while and from now on carries the outcome itself.
    connection.executemany(
        "UPDATE decisions SET outcome = ?, reason = ?, message = ?"
        " WHERE job = ? AND due_at_us = ? AND is_range = 0 AND run = ?",
        [
            (run.outcome, run.reason, run.message, entry.key, run.due_at, run.run)
            for run in runs
            if run.due_at is not None
        ],
    )
    numbers = [(run.run,) for run in runs]
    connection.executemany("DELETE FROM outputs WHERE run = ?", numbers)
    connection.executemany("DELETE FROM attempts WHERE run = ?", numbers)
    connection.executemany("DELETE FROM runs WHERE run = ?", numbers)
    for definition in {run.definition for run in runs if run.definition is not None}:
        _forget_definition(connection, entry.key, definition)
    return attempts


def _subtract(entry: Entry, run: DoomedRun) -> None:
    """Undo what `count` did for a run."""
    entry.kept_runs -= 1
    if run.outcome in ("skipped", "missed") and run.started_at is None:
        return
    totals = entry.totals
    totals.runs -= 1
    totals.succeeded -= run.outcome == "succeeded"
    totals.failed -= run.outcome in FAILED
    if run.started_at is not None:
        totals.durations -= 1
        totals.duration_sum -= run.ended_at - run.started_at


def _forget_definition(connection: sqlite3.Connection, job: int, definition: int) -> None:
    """Forget a definition that neither a run nor its job needs any more."""
    connection.execute(
        "DELETE FROM definitions WHERE id = :definition"
        " AND hash <> (SELECT definition_hash FROM job_state WHERE key = :job)"
        " AND NOT EXISTS (SELECT 1 FROM runs WHERE job = :job AND definition = :definition)",
        {"definition": definition, "job": job},
    )


def _prune_decisions(connection: sqlite3.Connection, jobs: Mapping[int, Slice], limit: int) -> int:
    counts = connection.execute(
        "SELECT job, sum(run IS NULL) FROM decisions WHERE outcome IS NOT NULL GROUP BY job"
    ).fetchall()
    removed = 0
    for key, count in counts:
        job = jobs[key]
        guarded = job.entry.counts_from - GUARD
        oldest = connection.execute(
            "SELECT due_at_us, is_range, ifnull(until_us, due_at_us), decided_at_us, run"
            " FROM decisions WHERE job = ? AND outcome IS NOT NULL AND due_at_us <= ?"
            " ORDER BY run IS NOT NULL, due_at_us LIMIT ?",
            (key, guarded, limit - removed),
        ).fetchall()
        excess = count - job.keep.runs  # of those without a run, which come first
        doomed = [
            (key, due_at, is_range)
            for number, (due_at, is_range, until, decided_at, run) in enumerate(oldest)
            if until <= guarded and (run is not None or number < excess or decided_at < job.before)
        ]
        connection.executemany(
            "DELETE FROM decisions WHERE job = ? AND due_at_us = ? AND is_range = ?", doomed
        )
        removed += len(doomed)
        if removed >= limit:
            break
    return removed
