"""Keeps what was decided about events, and how often what happened."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from cronterm.clock import Instant
from cronterm.model.decision import Decision
from cronterm.model.event import RunQueued, SignalDecided
from cronterm.model.query import (
    Counts,
    ListRuns,
    ReadDecisions,
)
from cronterm.model.run import CauseKind, RunRow
from cronterm.model.snapshot import PastRun
from cronterm.model.trigger import FILE_EVENTS, FileEvent, Signal
from cronterm.store.rollups import RollupRecorder

EVERYTHING = -1  # SQLite's LIMIT
CAUSES: tuple[CauseKind, ...] = get_args(CauseKind)


class SignalRecorder:
    """The part of a `Recorder` that knows events; counts are written once a batch."""

    def __init__(self, connection: sqlite3.Connection, rollups: RollupRecorder) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._rollups = rollups
        self._counts: Counter[tuple[int, str]] = Counter()

    def begin(self) -> None:
        """Forget what the batch before gathered."""
        self._counts.clear()

    def finish(self) -> None:
        """Write the counts of this batch."""
        if self._counts:
            self._connection.executemany(
                "INSERT INTO counts (job, what, count) VALUES (?, ?, ?)"
                " ON CONFLICT (job, what) DO UPDATE SET count = count + excluded.count",
                [(job, what, count) for (job, what), count in self._counts.items()],
            )

    def queue(self, job: int, event: RunQueued) -> None:
        """Count a run by its cause, and keep the event that started it."""
        self._counts[job, event.cause.kind] += 1
        signal = event.cause.signal
        if signal is None:
            return
        self._count_files(job, event.at, signal)
        self._execute(
            "INSERT INTO signals (job, at_us, until_us, count, trigger, text, run, signal, reason,"
            " message) VALUES (?, ?, ?, 1, ?, ?, ?, ?, '', '')",
            (
                job,
                event.at,
                event.at,
                signal.trigger,
                signal.text,
                event.run,
                msgspec.json.encode(signal),
            ),
        )

    def end(self, run: int) -> None:
        """Keep of the event only its line: an ended run is told of it no more."""
        self._execute("UPDATE signals SET signal = NULL WHERE run = ?", (run,))

    def decide(self, job: int, event: SignalDecided) -> None:
        """Write an event that starts nothing, into the row before it where that is of its kind."""
        signal = event.signal
        self._count_files(job, event.at, signal)
        newest = self._execute(
            "SELECT id, trigger, outcome, reason, message FROM signals"
            " WHERE job = ? ORDER BY id DESC LIMIT 1",
            (job,),
        ).fetchone()
        kind = (signal.trigger, event.outcome, event.reason, event.message)
        if newest is not None and newest[1:] == kind:
            self._execute(
                "UPDATE signals SET until_us = max(until_us, ?), count = count + 1, text = ?"
                " WHERE id = ?",
                (event.at, signal.text, newest[0]),
            )
            return
        self._execute(
            "INSERT INTO signals (job, at_us, until_us, count, trigger, text, outcome, reason,"
            " message) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)",
            (
                job,
                event.at,
                event.at,
                signal.trigger,
                signal.text,
                event.outcome,
                event.reason,
                event.message,
            ),
        )

    def _count_files(self, job: int, at: Instant, signal: Signal) -> None:
        for what, count in signal.counts.items():
            self._counts[job, what] += count
        if signal.counts:
            self._rollups.count_files(job, at, signal.counts)


def suspend(connection: sqlite3.Connection, job: int, trigger: str, at: Instant) -> None:
    """Remember that a trigger is suspended."""
    connection.execute(
        "INSERT OR REPLACE INTO suspensions (job, trigger, at_us) VALUES (?, ?, ?)",
        (job, trigger, at),
    )


def forget_suspensions(connection: sqlite3.Connection, job: int) -> None:
    """Forget that triggers of a job were suspended."""
    connection.execute("DELETE FROM suspensions WHERE job = ?", (job,))


def read_signal(connection: sqlite3.Connection, run: int) -> Signal | None:
    """Return the event that started a run, or None."""
    row = connection.execute("SELECT signal FROM signals WHERE run = ?", (run,)).fetchone()
    return None if row is None or row[0] is None else msgspec.json.decode(row[0], type=Signal)


def signal_memory(
    connection: sqlite3.Connection,
) -> tuple[dict[str, Instant], dict[str, dict[str, Instant]]]:
    """Return by job when an event started a run the last time, and what is suspended."""
    latest = connection.execute(
        "SELECT job_state.job, max(at_us) FROM signals"
        " JOIN job_state ON job_state.key = signals.job WHERE run IS NOT NULL"
        " GROUP BY signals.job"
    ).fetchall()
    suspended: dict[str, dict[str, Instant]] = defaultdict(dict)
    for job, trigger, at in connection.execute(
        "SELECT job_state.job, trigger, at_us FROM suspensions"
        " JOIN job_state ON job_state.key = suspensions.job"
    ):
        suspended[job][trigger] = at
    return dict(latest), dict(suspended)


def list_signals(connection: sqlite3.Connection, query: ListRuns, key: int | None) -> list[RunRow]:
    """Return events that started nothing and match, as lines of the history."""
    conditions: list[str] = ["run IS NULL"]
    values: list[Any] = []
    if key is not None:
        conditions.append("signals.job = ?")
        values.append(key)
    if query.outcomes:
        conditions.append(f"outcome IN ({', '.join('?' * len(query.outcomes))})")
        values += query.outcomes
    if query.since is not None:
        conditions.append("until_us >= ?")
        values.append(query.since)
    if query.until is not None:
        conditions.append("until_us < ?")
        values.append(query.until)
    if query.before_run is not None:
        conditions.append("until_us < ifnull((SELECT queued_at_us FROM runs WHERE run = ?), 0)")
        values.append(query.before_run)
    if query.after_run is not None:
        conditions.append("until_us > ifnull((SELECT queued_at_us FROM runs WHERE run = ?), 0)")
        values.append(query.after_run)
    way = "" if query.is_forward else " DESC"
    found = connection.execute(
        "SELECT job_state.job, at_us, until_us, count, text, outcome, reason, message FROM signals"
        f" JOIN job_state ON job_state.key = signals.job WHERE {' AND '.join(conditions)}"
        f" ORDER BY id{way} LIMIT ?",
        (*values, EVERYTHING if query.limit is None else query.limit),
    )
    return [
        RunRow(
            run=None,
            job=job,
            cause="signal",
            by=text,
            scheduled_until=until if count > 1 else None,
            count=count,
            queued_at=until if count > 1 else at,
            outcome=outcome,
            reason=reason,
            message=message,
        )
        for job, at, until, count, text, outcome, reason, message in found
    ]


def last_instant(query: ReadDecisions) -> Instant | None:
    """Return the last instant that a question about decisions is about."""
    if query.at is None or query.until is None:
        return query.at
    return max(query.until - 1, query.at)


def signal_decisions(connection: sqlite3.Connection, query: ReadDecisions) -> list[Decision]:
    """Return what was decided about the newest events of a job, oldest first."""
    rows = connection.execute(
        "SELECT at_us, until_us, signals.count, text, signals.run,"
        " ifnull(signals.outcome, runs.outcome), ifnull(runs.reason, signals.reason),"
        " ifnull(runs.message, signals.message)"
        " FROM signals JOIN job_state ON job_state.key = signals.job"
        " LEFT JOIN runs ON runs.run = signals.run"
        " WHERE job_state.job = :job AND (:at IS NULL OR (at_us <= :until AND :at <= until_us))"
        " ORDER BY signals.id DESC LIMIT :limit",
        {"job": query.job, "at": query.at, "until": last_instant(query), "limit": query.limit},
    ).fetchall()
    return [
        Decision(
            job=query.job,
            due_at=at,
            until=until if count > 1 else None,
            count=count,
            decided_at=until,
            run=run,
            outcome=outcome,
            reason=reason,
            message=message,
            cause="signal",
            by=text,
        )
        for at, until, count, text, run, outcome, reason, message in reversed(rows)
    ]


def past_signals(connection: sqlite3.Connection, job: int, limit: int) -> list[PastRun]:
    """Return the newest events of a job that started nothing."""
    return [
        PastRun(None, until, outcome, reason)
        for until, outcome, reason in connection.execute(
            "SELECT until_us, outcome, reason FROM signals WHERE job = ? AND run IS NULL"
            " ORDER BY id DESC LIMIT ?",
            (job, limit),
        )
    ]


def prune_signals(connection: sqlite3.Connection, bounds: Mapping[int, tuple[int, Instant]]) -> int:
    """Remove what lies beyond each job's (rows, oldest); the newest start of a job stays.

    Rows of runs that are gone keep only their line.
    """
    removed = 0
    counts = connection.execute("SELECT job, count(*) FROM signals GROUP BY job").fetchall()
    for job, count in counts:
        rows, oldest = bounds.get(job, (0, 0))
        removed += connection.execute(
            "DELETE FROM signals WHERE id IN"
            " (SELECT id FROM signals WHERE job = :job ORDER BY id LIMIT max(:surplus, 0))"
            " AND id <> ifnull((SELECT max(id) FROM signals WHERE job = :job"
            " AND run IS NOT NULL), 0)"
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = signals.run)",
            {"job": job, "surplus": count - rows},
        ).rowcount
        removed += connection.execute(
            "DELETE FROM signals WHERE job = :job AND until_us < :oldest"
            " AND id <> ifnull((SELECT max(id) FROM signals WHERE job = :job"
            " AND run IS NOT NULL), 0)"
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.run = signals.run)",
            {"job": job, "oldest": oldest},
        ).rowcount
    return removed


def read_counts(connection: sqlite3.Connection) -> Counts:
    """Return how often what happened."""
    runs: dict[str, dict[CauseKind, int]] = {}
    files: dict[str, dict[FileEvent, int]] = {}
    for job, what, count in connection.execute(
        "SELECT job_state.job, what, count FROM counts"
        " JOIN job_state ON job_state.key = counts.job ORDER BY job_state.job, what"
    ):
        if what in CAUSES:
            runs.setdefault(job, {})[what] = count
        elif what in FILE_EVENTS:
            files.setdefault(job, {})[what] = count
    return Counts(runs=runs, files=files)
