"""Keeps the history within each job's bounds, a slice at a time."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cronterm.clock import HOUR, Instant
from cronterm.model.job import Keep
from cronterm.store.base import AttemptId, PrunedRuns
from cronterm.store.entries import Entry, load_entries, write_entries

GUARD = 48 * HOUR
"""Decisions this far behind what a job counts from stay, whatever its `Keep` says: the clock may be
set back, and they are what keeps an instant from starting twice."""

VACUUM_PAGES = 2048  # a slice must stay short: 8 MiB


class Slice(NamedTuple):
    """One job's part of the work."""

    entry: Entry
    keep: Keep
    before: Instant
    """What ended before it is too old."""


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
        doomed = list(_doomed_runs(connection, each, limit - runs))
        if doomed:
            attempts += _remove_runs(connection, each.entry, doomed)
            runs += len(doomed)
    decisions = _prune_decisions(connection, {each.entry.key: each for each in slices}, limit)
    if runs:
        _forget_definitions(connection)
    return PrunedRuns(runs, decisions, tuple(attempts))


def give_back_space(connection: sqlite3.Connection) -> None:
    """Shorten the file by some of its free pages, in a transaction of its own."""
    # Not execute(): the pragma returns rows without columns, and that stops after the first page.
    connection.executescript(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")


def _doomed_runs(connection: sqlite3.Connection, job: Slice, limit: int) -> Iterator[int]:
    excess = job.entry.kept_runs - job.keep.runs
    if excess <= 0 and not _has_old_runs(connection, job):
        return
    ended = connection.execute(
        "SELECT run, ended_at_us FROM runs WHERE job = ? AND outcome IS NOT NULL"
        " ORDER BY run LIMIT ?",
        (job.entry.key, limit),
    ).fetchall()
    for number, (run, ended_at) in enumerate(ended):
        if number < excess or ended_at < job.before:
            yield run


def _has_old_runs(connection: sqlite3.Connection, job: Slice) -> bool:
    oldest = connection.execute(
        "SELECT ended_at_us FROM runs WHERE job = ? AND outcome IS NOT NULL ORDER BY run LIMIT 1",
        (job.entry.key,),
    ).fetchone()
    return oldest is not None and oldest[0] < job.before


def _remove_runs(connection: sqlite3.Connection, entry: Entry, runs: list[int]) -> list[AttemptId]:
    attempts: list[AttemptId] = []
    for run in runs:
        attempts += connection.execute("SELECT run, attempt FROM attempts WHERE run = ?", (run,))
        _remove_run(connection, entry, run)
    totals = entry.totals
    totals.failed_in_a_row = min(totals.failed_in_a_row, totals.failed)
    write_entries(connection, [entry])
    return attempts


def _remove_run(connection: sqlite3.Connection, entry: Entry, run: int) -> None:
    due_at, started_at, ended_at, outcome, reason, message = connection.execute(
        "SELECT due_at_us, started_at_us, ended_at_us, outcome, reason, message FROM runs"
        " WHERE run = ?",
        (run,),
    ).fetchone()
    # The decision outlives its run for a while and from now on carries the outcome itself.
    connection.execute(
        "UPDATE decisions SET outcome = ?, reason = ?, message = ?"
        " WHERE job = ? AND due_at_us = ? AND is_range = 0 AND run = ?",
        (outcome, reason, message, entry.key, due_at, run),
    )
    connection.execute("DELETE FROM outputs WHERE run = ?", (run,))
    connection.execute("DELETE FROM attempts WHERE run = ?", (run,))
    connection.execute("DELETE FROM runs WHERE run = ?", (run,))
    entry.kept_runs -= 1
    if outcome in ("skipped", "missed") and started_at is None:
        return
    totals = entry.totals
    totals.runs -= 1
    totals.succeeded -= outcome == "succeeded"
    totals.failed -= outcome in ("failed", "timed_out", "lost")
    if started_at is not None:
        totals.durations -= 1
        totals.duration_sum -= ended_at - started_at


def _prune_decisions(connection: sqlite3.Connection, jobs: Mapping[int, Slice], limit: int) -> int:
    counts = connection.execute(
        "SELECT job, count(*) FROM decisions WHERE outcome IS NOT NULL GROUP BY job"
    ).fetchall()
    removed = 0
    for key, count in counts:
        job = jobs[key]
        guarded = job.entry.counts_from - GUARD
        oldest = connection.execute(
            "SELECT due_at_us, is_range, ifnull(until_us, due_at_us), decided_at_us, run"
            " FROM decisions WHERE job = ? AND outcome IS NOT NULL ORDER BY due_at_us LIMIT ?",
            (key, limit - removed),
        ).fetchall()
        excess = count - job.keep.runs
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


def _forget_definitions(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM definitions WHERE id NOT IN"
        " (SELECT definition FROM runs WHERE definition IS NOT NULL)"
        " AND NOT EXISTS (SELECT 1 FROM job_state WHERE key = definitions.job"
        " AND definition_hash = definitions.hash)"
    )
