"""Reads what a screen shows of each job without asking: its newest ends and its totals."""

import sqlite3
from collections.abc import Sequence

from cronterm.model.snapshot import RECENT_RUNS, PastRun, Totals
from cronterm.store.entries import load_entries
from cronterm.store.signals import past_signals


def read_views(
    connection: sqlite3.Connection, jobs: Sequence[str]
) -> dict[str, tuple[list[PastRun], Totals]]:
    """Return for each of `jobs` up to RECENT_RUNS ends, oldest first, and its totals.

    Two index seeks a job. A job without history gets an empty list.
    """
    entries = load_entries(connection)
    views: dict[str, tuple[list[PastRun], Totals]] = {}
    for job in jobs:
        entry = entries.get(job)
        views[job] = (_recent(connection, entry.key), entry.totals) if entry else ([], Totals())
    return views


def _recent(connection: sqlite3.Connection, job: int) -> list[PastRun]:
    past = [
        PastRun(
            run=run,
            ended_at=ended_at,
            outcome=outcome,
            reason=reason,
            started_at=started_at,
            duration=None if started_at is None else ended_at - started_at,
            exit_code=exit_code,
            signal=signal,
            attempt=attempt,
        )
        for run, ended_at, outcome, reason, started_at, exit_code, signal, attempt in (
            connection.execute(
                "SELECT run, ended_at_us, outcome, reason, started_at_us, exit_code, signal,"
                " attempt FROM runs WHERE job = ? AND outcome IS NOT NULL"
                " ORDER BY run DESC LIMIT ?",
                (job, RECENT_RUNS),
            )
        )
    ]
    decided = [
        PastRun(None, decided_at, outcome, reason)
        for decided_at, outcome, reason in connection.execute(
            "SELECT decided_at_us, outcome, reason FROM decisions"
            " WHERE job = ? AND outcome IS NOT NULL AND run IS NULL"
            " ORDER BY due_at_us DESC LIMIT ?",
            (job, RECENT_RUNS),
        )
    ]
    past += decided + past_signals(connection, job, RECENT_RUNS)
    past.sort(key=lambda each: each.ended_at)
    return past[-RECENT_RUNS:]
