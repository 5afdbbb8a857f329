"""Lists the history: runs, and between them the decisions that started nothing."""

import sqlite3
from typing import Any

import msgspec

from cronterm.clock import Instant
from cronterm.model.query import ListRuns, PageRuns, RunPage
from cronterm.model.run import RunRow
from cronterm.store.rows import RUN_COLUMNS, decision_row, run_row
from cronterm.store.signals import list_signals

EVERYTHING = -1  # SQLite's LIMIT


def list_rows(
    connection: sqlite3.Connection, query: ListRuns, now: Instant | None = None
) -> list[RunRow]:
    """Return the `limit` rows that are wanted, oldest first, by the time they were recorded.

    What a person has skipped that is to come after `now` is left out: it may be lifted.
    """
    key: int | None = None
    if query.job:
        found = connection.execute("SELECT key FROM job_state WHERE job = ?", (query.job,))
        row = found.fetchone()
        if row is None:
            return []
        key = row[0]
    rows = _runs(connection, query, key)
    if query.decisions:
        rows += _decisions(connection, query, key, now)
        rows += list_signals(connection, query, key)
        rows.sort(key=lambda each: (each.queued_at, each.run is None, each.run))
    return _cut(query, rows)


def page_runs(connection: sqlite3.Connection, query: PageRuns) -> RunPage:
    """Return one page of runs, the newest first, and how many there are in all."""
    where = ""
    values: tuple[str, ...] = ()
    if query.job:
        where = "WHERE runs.job = (SELECT key FROM job_state WHERE job = ?)"
        values = (query.job,)
    total = connection.execute(f"SELECT count(*) FROM runs {where}", values).fetchone()[0]
    found = connection.execute(
        f"SELECT {RUN_COLUMNS} FROM runs JOIN job_state ON job_state.key = runs.job"
        f" WHERE run IN (SELECT run FROM runs {where} ORDER BY run DESC LIMIT ? OFFSET ?)"
        " ORDER BY run DESC",
        (*values, query.per_page, (query.page - 1) * query.per_page),
    )
    return RunPage(tuple(map(run_row, found)), total)


def _runs(connection: sqlite3.Connection, query: ListRuns, key: int | None) -> list[RunRow]:
    """Return matching runs, oldest first; what seldom happens is found by its own index."""
    is_rare = bool(query.outcomes) and "succeeded" not in query.outcomes
    rows: list[RunRow] = []
    if key is not None:
        index = "runs_of_job_not_succeeded" if is_rare else "runs_of_job"
        rows = _walk(connection, query, key, index)
    elif is_rare:
        for outcome in query.outcomes:
            one = msgspec.structs.replace(query, outcomes=(outcome,))
            rows += _walk(connection, one, key, "runs_of_outcome")
    elif query.causes:
        for cause in query.causes:
            one = msgspec.structs.replace(query, causes=(cause,))
            rows += _walk(connection, one, key, "runs_of_cause")
    elif query.since is not None and query.until is not None:
        rows = _walk(connection, query, key, "runs_by_time")
    else:
        rows = _walk(connection, query, key, "")
    rows.sort(key=lambda row: row.run or 0)
    return _cut(query, rows)


def _cut(query: ListRuns, rows: list[RunRow]) -> list[RunRow]:
    """Return as many of the rows, oldest first, as are wanted: of the end that is asked for."""
    if query.limit is None:
        return rows
    return rows[: query.limit] if query.is_forward else rows[max(len(rows) - query.limit, 0) :]


def _walk(
    connection: sqlite3.Connection, query: ListRuns, key: int | None, index: str
) -> list[RunRow]:
    """Return the matching runs that are wanted in the order of an index."""
    conditions = ["1"]
    values: list[Any] = []
    if key is not None:
        conditions.append("runs.job = ?")
        values.append(key)
    for column, words in (("outcome", query.outcomes), ("cause", query.causes)):
        if words:
            conditions.append(f"{column} IN ({_marks(len(words))})")
            values += words
    if index.endswith(("_outcome", "_not_succeeded")):
        conditions.append("outcome <> 'succeeded'")
    for sign, at in ((">=", query.since), ("<", query.until)):
        if at is not None:
            conditions.append(f"queued_at_us {sign} ?")
            values.append(at)
    is_by_time = index == "runs_by_time"
    edges, numbers = _edges(query, by_time=not is_by_time)
    columns = ["queued_at_us", "run"] if is_by_time else ["run"]
    order = ", ".join(f"{column}{_way(query)}" for column in columns)
    found = connection.execute(
        f"SELECT {RUN_COLUMNS} FROM runs{f' INDEXED BY {index}' if index else ''}"
        " JOIN job_state ON job_state.key = runs.job"
        f" WHERE {' AND '.join([*conditions, *edges])} ORDER BY {order} LIMIT ?",
        (*values, *numbers, _limit(query)),
    )
    return [run_row(row) for row in found]


def _edges(query: ListRuns, *, by_time: bool) -> tuple[list[str], list[int]]:
    """Return conditions, and their values, that all wanted runs meet by their numbers.

    One condition an end: of two SQLite seeks by the first and passes over what the other excludes.
    """
    lows = [] if query.after_run is None else [("?", query.after_run + 1)]
    highs = [] if query.before_run is None else [("?", query.before_run - 1)]
    if by_time and query.since is not None:
        lows.append((_FIRST_SINCE, query.since))
    if by_time and query.until is not None:
        highs.append((_LAST_UNTIL, query.until))
    conditions = []
    for sign, function, ends in ((">=", "max", lows), ("<=", "min", highs)):
        if ends:
            told = ", ".join(end for end, _ in ends)
            conditions.append(f"run {sign} {f'{function}({told})' if len(ends) > 1 else told}")
    return conditions, [number for _, number in lows + highs]


_FIRST_SINCE = (
    "(SELECT min(run) FROM"
    " (SELECT run FROM runs WHERE queued_at_us >= ? ORDER BY queued_at_us LIMIT 5000))"
)
"""No run with a lower number is so young; several are looked at, for a clock may be set back.

Without it a job, or an end, that has not been of late is looked for in all of the history.
"""
_LAST_UNTIL = (
    "(SELECT max(run) FROM"
    " (SELECT run FROM runs WHERE queued_at_us < ? ORDER BY queued_at_us DESC LIMIT 5000))"
)
"""No run with a higher number is so old, as far as that."""


def _way(query: ListRuns) -> str:
    return "" if query.is_forward else " DESC"


def _decisions(
    connection: sqlite3.Connection, query: ListRuns, key: int | None, now: Instant | None
) -> list[RunRow]:
    conditions = ["decisions.outcome IS NOT NULL", "decisions.run IS NULL"]
    values: list[Any] = []
    if now is not None:
        conditions.append("(decisions.reason <> 'user' OR due_at_us <= ?)")
        values.append(now)
    if key is not None:
        conditions.append("decisions.job = ?")
        values.append(key)
    if query.outcomes:
        conditions.append(f"decisions.outcome IN ({_marks(len(query.outcomes))})")
        values += query.outcomes
    if query.causes:
        conditions.append(f"cause IN ({_marks(len(query.causes))})")
        values += query.causes
    if query.since is not None:
        conditions.append("decided_at_us >= ?")
        values.append(query.since)
    if query.until is not None:
        conditions.append("decided_at_us < ?")
        values.append(query.until)
    if query.before_run is not None:
        conditions.append(
            "decided_at_us < ifnull((SELECT queued_at_us FROM runs WHERE run = ?), 0)"
        )
        values.append(query.before_run)
    if query.after_run is not None:
        conditions.append(
            "decided_at_us > ifnull((SELECT queued_at_us FROM runs WHERE run = ?), 0)"
        )
        values.append(query.after_run)
    order = "decided_at_us" if key is None else "due_at_us"
    found = connection.execute(
        "SELECT job_state.job, cause, due_at_us, until_us, count, decided_at_us,"
        " decisions.outcome, decisions.reason, decisions.message"
        " FROM decisions JOIN job_state ON job_state.key = decisions.job"
        f" WHERE {' AND '.join(conditions)} ORDER BY {order}{_way(query)} LIMIT ?",
        (*values, _limit(query)),
    )
    return [decision_row(row) for row in found]


def _limit(query: ListRuns) -> int:
    return EVERYTHING if query.limit is None else query.limit


def _marks(count: int) -> str:
    return ", ".join("?" * count)
