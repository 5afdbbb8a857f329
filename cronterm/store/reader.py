"""Answers questions from the file, read-only: for the engine, and without one."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.decision import Decision, Decisions
from cronterm.model.memory import Memory
from cronterm.model.query import (
    Alerts,
    AttemptRow,
    Calls,
    Counts,
    ListAlerts,
    ListCalls,
    ListMissed,
    ListNotices,
    ListRuns,
    Missed,
    Notices,
    PageRuns,
    ReadDecisions,
    ReadRun,
    ReadStats,
    ReadTimeline,
    ReadTrends,
    RunDetail,
    RunPage,
    Runs,
)
from cronterm.model.rollup import Rollup
from cronterm.model.stats import Categories, FileEvents, Stats, Trends, make_stats
from cronterm.model.system import StoreView
from cronterm.model.timeline import Past
from cronterm.store import files, schema
from cronterm.store.about import read_about
from cronterm.store.alerts import list_alerts, list_missed
from cronterm.store.api import read_calls
from cronterm.store.base import NewerSchema
from cronterm.store.listing import list_rows, page_runs
from cronterm.store.memory import read_memory
from cronterm.store.notices import list_notices
from cronterm.store.output import read_output
from cronterm.store.rows import END_COLUMNS, RUN_COLUMNS, attempt_end, run_row
from cronterm.store.signals import last_instant, read_counts, signal_decisions
from cronterm.store.stats import read_stats, read_trends
from cronterm.store.timeline import read_begun, read_quarters


class SqliteReader:
    """A `Reader`. Each question opens the file and closes it: nothing is held in between.

    (A reader that closes after the writer leaves its log behind, and one that stays open keeps the
    log from starting over.)
    """

    def __init__(self, directory: Path) -> None:
        self._path = directory / files.DATABASE

    def list_runs(self, query: ListRuns, *, now: Instant | None = None) -> Runs:
        """Return matching runs and decisions up to `now`, oldest first."""
        with self._open() as connection:
            return Runs(tuple(list_rows(connection, query, now)) if connection else ())

    def read_run(self, query: ReadRun) -> RunDetail:
        """Return one run; raises `CrontermError` when there is none."""
        with self._open() as connection:
            detail = _read_run(connection, query.run) if connection else None
        if detail is None:
            raise CrontermError(f"there is no run {query.run}", "`cronterm history` lists them")
        return detail

    def decisions(self, query: ReadDecisions) -> Decisions:
        """Return the newest decisions about a job, oldest first."""
        with self._open() as connection:
            return Decisions(_all_decisions(connection, query) if connection else ())

    def counts(self) -> Counts:
        """Return how often what happened, over all time."""
        with self._open() as connection:
            return read_counts(connection) if connection else Counts(runs={}, files={})

    def list_alerts(self, query: ListAlerts) -> Alerts:
        """Return the newest alerts, oldest first."""
        with self._open() as connection:
            return list_alerts(connection, query) if connection else Alerts(())

    def page_runs(self, query: PageRuns) -> RunPage:
        """Return one page of runs, the newest first."""
        with self._open() as connection:
            return page_runs(connection, query) if connection else RunPage((), 0)

    def list_calls(self, query: ListCalls) -> Calls:
        """Return the newest calls, oldest first."""
        with self._open() as connection:
            return Calls(read_calls(connection, query.limit) if connection else ())

    def list_notices(self, query: ListNotices) -> Notices:
        """Return what became of the notices about an alert, oldest first."""
        with self._open() as connection:
            return list_notices(connection, query) if connection else Notices(())

    def list_missed(self, query: ListMissed) -> Missed:
        """Return the inbox, oldest first."""
        with self._open() as connection:
            return list_missed(connection, query) if connection else Missed(())

    def begun(self, query: ReadTimeline) -> Past:
        """Return what began in slots of time."""
        with self._open() as connection:
            return read_begun(connection, query) if connection else Past(read_from=query.since)

    def quarters(self, job: str, since: Instant) -> list[tuple[Instant, int, int]]:
        """Return (quarter of an hour, runs that began in it, failed ones) of a job, in order."""
        with self._open() as connection:
            return read_quarters(connection, job, since) if connection else []

    def about(self) -> StoreView:
        """Return what the history is as a file, output files left out."""
        with self._open() as connection:
            if connection is None:
                return StoreView(path=str(self._path))
            return read_about(connection, self._path)

    def output_blob(self, run: int, attempt: int) -> bytes | None:
        """Return the output that was kept with an attempt, or None when it is in a file."""
        with self._open() as connection:
            return read_output(connection, run, attempt) if connection else None

    def stats(self, query: ReadStats, *, now: Instant) -> Stats:
        """Return what the history says in figures, the resources left out."""
        with self._open() as connection:
            if connection is None:
                return make_stats((), Categories(0, 0, 0), FileEvents())
            return read_stats(connection, query, now=now)

    def trends(self, query: ReadTrends, *, now: Instant) -> Trends:
        """Return how runs went over a range of time."""
        with self._open() as connection:
            if connection is None:
                return Trends(since=now, until=now, step=1, total=Rollup())
            return read_trends(connection, query, now=now)

    def memory(self) -> Memory:
        """Return what the last engine left behind; empty when there is no history yet."""
        with self._open() as connection:
            return read_memory(connection) if connection else Memory()

    def store_id(self) -> str:
        """Return the id of the store, empty when there is none yet."""
        with self._open() as connection:
            if connection is None:
                return ""
            return str(connection.execute("SELECT store FROM meta").fetchone()[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        """Give a connection for one question, None when there is no history yet."""
        if not self._path.exists():
            yield None
            return
        try:
            connection = self._connect()
            try:
                connection.execute("PRAGMA trusted_schema = OFF")
                self._check_version(connection)
                connection.execute("BEGIN")  # one moment for all statements of the answer
                yield connection
            finally:
                connection.close()
        except (sqlite3.DatabaseError, schema.Damaged) as error:
            raise CrontermError(f"{self._path} cannot be read: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        log = self._path.with_name(f"{self._path.name}-wal")
        if os.access(self._path.parent, os.W_OK) or log.exists():
            return files.connect(self._path, mode="ro")
        # Without an index beside it, and no right to make one, only this flag opens the file.
        return files.connect(self._path, mode="ro&immutable=1")

    def _check_version(self, connection: sqlite3.Connection) -> None:
        version = schema.version_of(connection)
        if version > schema.SCHEMA_VERSION:
            raise NewerSchema(
                f"{self._path} was written by a newer cronterm (schema {version})",
                "use that version",
            )
        if version < schema.SCHEMA_VERSION:
            raise CrontermError(
                f"{self._path} was written by an older cronterm (schema {version})",
                "start the engine once, it brings the history up to date",
            )


def open_reader(directory: Path) -> SqliteReader:
    """Return a reader of the history in a state directory; there need not be one yet."""
    return SqliteReader(directory)


def _read_run(connection: sqlite3.Connection, run: int) -> RunDetail | None:
    found = connection.execute(
        f"SELECT {RUN_COLUMNS}, definitions.json FROM runs"
        " JOIN job_state ON job_state.key = runs.job"
        " LEFT JOIN definitions ON definitions.id = runs.definition WHERE run = ?",
        (run,),
    ).fetchone()
    if found is None:
        return None
    *row, json = found
    attempts = connection.execute(
        f"SELECT attempt, claimed_at_us, started_at_us, pid, {END_COLUMNS} FROM attempts"
        " WHERE run = ? ORDER BY attempt",
        (run,),
    )
    definition = json.decode() if json else ""
    return RunDetail(run_row(tuple(row)), tuple(map(_attempt_row, attempts)), definition)


def _attempt_row(row: tuple[Any, ...]) -> AttemptRow:
    attempt, claimed_at, started_at, pid, *end = row
    return AttemptRow(
        attempt=attempt,
        claimed_at=claimed_at,
        started_at=started_at,
        pid=pid,
        end=None if end[0] is None else attempt_end(tuple(end)),
    )


def _all_decisions(connection: sqlite3.Connection, query: ReadDecisions) -> tuple[Decision, ...]:
    """Return the newest decisions about instants and events, oldest first."""
    found = [*_decisions(connection, query), *signal_decisions(connection, query)]
    found.sort(key=lambda each: each.until or each.due_at)
    return tuple(found[-query.limit :])


MOST_BETWEEN = 200  # instants caught up within a range that is told of


def _decisions(connection: sqlite3.Connection, query: ReadDecisions) -> tuple[Decision, ...]:
    # The kept outcome of a decision is null while its run is in `runs`. A range that covers an
    # instant began before it: only the points of what was caught up since stand between.
    key = "(SELECT key FROM job_state WHERE job = :job)"
    wanted = f"SELECT * FROM decisions WHERE job = {key}"
    if query.at is not None:
        wanted = (
            f"{wanted} AND due_at_us BETWEEN :at AND :until UNION ALL"
            f" SELECT * FROM ({wanted} AND due_at_us < :at ORDER BY due_at_us DESC"
            f" LIMIT {MOST_BETWEEN}) WHERE until_us >= :at"
        )
    rows = connection.execute(
        "SELECT :job, wanted.due_at_us, until_us, count, decided_at_us, wanted.run,"
        " ifnull(wanted.outcome, runs.outcome), ifnull(wanted.reason, runs.reason),"
        " ifnull(wanted.message, runs.message), runs.exit_code, runs.attempt, wanted.cause"
        f" FROM ({wanted}) AS wanted LEFT JOIN runs ON runs.run = wanted.run"
        " ORDER BY wanted.due_at_us DESC, is_range DESC LIMIT :limit",
        {"job": query.job, "at": query.at, "until": last_instant(query), "limit": query.limit},
    ).fetchall()
    return tuple(
        Decision(
            job=job,
            due_at=due_at,
            until=until if count > 1 else None,
            count=count,
            decided_at=decided_at,
            run=run,
            outcome=outcome,
            reason=reason or "",
            message=message or "",
            cause=cause,
            exit_code=exit_code,
            attempt=attempt or 0,
        )
        for (
            job,
            due_at,
            until,
            count,
            decided_at,
            run,
            outcome,
            reason,
            message,
            exit_code,
            attempt,
            cause,
        ) in reversed(rows)
    )
