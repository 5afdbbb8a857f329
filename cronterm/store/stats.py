"""Answers for `stats` and the Stats view, read from rollups: few rows, however many runs."""

import sqlite3
from datetime import timedelta
from typing import NamedTuple, get_args

from cronterm.clock import DAY, HOUR, MINUTE, Duration, Instant, aware
from cronterm.model.query import Range, ReadStats, ReadTrends
from cronterm.model.rollup import Rollup
from cronterm.model.run import CauseKind
from cronterm.model.stats import Categories, FileEvents, JobFigures, Stats, Trends, make_stats
from cronterm.store.rollups import (
    ADDED_UP,
    ALL_JOBS,
    ALL_TIME,
    NAMES,
    added_up,
    read_rollup,
    rollup_of,
)

ERROR_DAYS = 14

CAUSES: tuple[CauseKind, ...] = get_args(CauseKind)
"""Their columns together are all runs; that of `runs` is of those that have a duration."""

OF_A_JOB = added_up(
    {
        *("runs", "succeeded", "failed", "timed_out", "lost", "reasons"),
        *CAUSES,
        *("restarts", "breakdowns", "recoveries", "first_at", "last_at"),
        *("duration_sum", "duration_min", "duration_max", "lengths"),
        *("square_sum", "rank_sum", "first_rank"),
    }
)
"""What is told job by job: thousands of rows are sorted by their job, with all that is wanted."""


class Reach(NamedTuple):
    """Which rows a range is made of: `rows` of `span`; `step` is a point of its chart."""

    span: Duration
    rows: int
    step: Duration


REACHES: dict[Range, Reach] = {
    "1h": Reach(5 * MINUTE, 12, 5 * MINUTE),
    "24h": Reach(HOUR, 24, HOUR),
    "7d": Reach(DAY, 7, HOUR),
    "30d": Reach(DAY, 30, DAY),
    "all": Reach(ALL_TIME, 1, DAY),
}


def read_stats(connection: sqlite3.Connection, query: ReadStats, *, now: Instant) -> Stats:
    """Return the ten groups but the resources, of one job or of every job."""
    keys = dict(
        connection.execute(
            "SELECT job, key FROM job_state WHERE :job IN ('', job) ORDER BY job",
            {"job": query.job},
        ).fetchall()
    )
    if not keys:
        return make_stats((), Categories(0, 0, 0), FileEvents())
    key = keys[query.job] if query.job else ALL_JOBS
    reach = REACHES[query.range]
    since = _since(reach, now) if reach.span else 0
    totals = _by_job(connection, reach.span, since, key)
    last_day: dict[int, int] = {}
    names: list[str] = []
    days: dict[int, list[int]] = {}
    if query.days:
        last_day = _last_day(connection, key, now)
        names, days = _failures_by_day(connection, key, now)
    before = _averages_before(connection, reach, now, key) if reach.span else {}
    figures = tuple(
        JobFigures(
            job=job,
            total=totals[number],
            last_day=last_day.get(number, 0),
            errors_by_day=dict(zip(names, days[number], strict=True)) if number in days else {},
            average_before=before.get(number),
        )
        for job, number in keys.items()
        if number in totals and totals[number].runs
    )
    whole = _total(connection, key, reach, now)
    return make_stats(figures, _categories(whole), _file_events(whole))


def read_trends(connection: sqlite3.Connection, query: ReadTrends, *, now: Instant) -> Trends:
    """Return the course of a range, of one job or of all, and the range before it."""
    key: int | None = ALL_JOBS
    if query.job:
        found = connection.execute("SELECT key FROM job_state WHERE job = ?", (query.job,))
        key = next((row[0] for row in found), None)
    reach = REACHES[query.range]
    if key is None:
        return Trends(since=now, until=now, step=reach.step, total=Rollup())
    if not reach.span:
        points = _points(connection, key, reach.step, _first_day(connection, now), now)
        total = _total(connection, key, reach, now)
        since = points[0][0] if points else now
        return Trends(since=since, until=now, step=reach.step, points=points, total=total)
    since, length = _since(reach, now), reach.span * reach.rows
    points = _points(connection, key, reach.step, since, now)
    return Trends(
        since=since,
        until=now,
        step=reach.step,
        points=points,
        total=_total(connection, key, reach, now),
        before=_sum(connection, key, reach.span, since - length, since - 1),
        before_length=length,
    )


def _total(connection: sqlite3.Connection, key: int, reach: Reach, now: Instant) -> Rollup:
    """Return what happened within a range."""
    if not reach.span:
        return read_rollup(connection, (ALL_TIME, 0, key)) or Rollup()
    return _sum(connection, key, reach.span, _since(reach, now), now)


def _since(reach: Reach, now: Instant) -> Instant:
    """Return where the range begins: what has begun of the newest row counts as one."""
    return now // reach.span * reach.span - (reach.rows - 1) * reach.span


def _first_day(connection: sqlite3.Connection, now: Instant) -> Instant:
    found = connection.execute("SELECT min(minute) FROM rollups WHERE span = ?", (DAY // MINUTE,))
    first = found.fetchone()[0]
    return now if first is None else first * MINUTE


def _by_job(
    connection: sqlite3.Connection, span: Duration, since: Instant, key: int
) -> dict[int, Rollup]:
    rows = connection.execute(
        f"SELECT job, {OF_A_JOB} FROM rollups WHERE span = :span AND minute >= :since"
        " AND job <> 0 AND :key IN (0, job) GROUP BY job",
        {"span": span // MINUTE, "since": since // MINUTE, "key": key},
    )
    return {job: rollup_of(row) for job, *row in rows}


def _averages_before(
    connection: sqlite3.Connection, reach: Reach, now: Instant, key: int
) -> dict[int, Duration]:
    """Return the mean duration of each job in the range before."""
    until = _since(reach, now)
    rows = connection.execute(
        "SELECT job, sum(duration_sum) / sum(runs) FROM rollups"
        " WHERE span = ? AND minute >= ? AND minute < ? AND job <> 0 AND ? IN (0, job)"
        " AND runs > 0 GROUP BY job",
        (
            reach.span // MINUTE,
            (until - reach.span * reach.rows) // MINUTE,
            until // MINUTE,
            key,
        ),
    )
    return dict(rows.fetchall())


def _points(
    connection: sqlite3.Connection, key: int, step: Duration, since: Instant, until: Instant
) -> tuple[tuple[Instant, Rollup], ...]:
    columns = ", ".join(f"rollups.{name}" for name in NAMES)
    rows = connection.execute(
        f"SELECT rollups.minute, {columns} FROM ({_MINUTES}) AS at CROSS JOIN rollups"
        " ON span = :step AND rollups.minute = at.minute AND job = :key ORDER BY rollups.minute",
        _bounds(step, since, until) | {"key": key},
    )
    return tuple((minute * MINUTE, rollup_of(row)) for minute, *row in rows)


def _sum(
    connection: sqlite3.Connection, key: int, span: Duration, since: Instant, until: Instant
) -> Rollup:
    row = connection.execute(
        f"SELECT {ADDED_UP} FROM ({_MINUTES}) AS at CROSS JOIN rollups"
        " ON span = :step AND rollups.minute = at.minute AND job = :key HAVING count(*) > 0",
        _bounds(span, since, until) | {"key": key},
    ).fetchone()
    return Rollup() if row is None else rollup_of(row)


_MINUTES = (
    "WITH RECURSIVE each(minute) AS (SELECT :since UNION ALL"
    " SELECT minute + :step FROM each WHERE minute + :step <= :until) SELECT minute FROM each"
)
"""Every row's beginning: rows of one job are looked up one by one, between those of all others."""


def _bounds(step: Duration, since: Instant, until: Instant) -> dict[str, int]:
    return {
        "step": step // MINUTE,
        "since": since // step * step // MINUTE,
        "until": until // MINUTE,
    }


def _last_day(connection: sqlite3.Connection, key: int, now: Instant) -> dict[int, int]:
    rows = connection.execute(
        f"SELECT job, sum({' + '.join(CAUSES)}) FROM rollups"
        " WHERE span = ? AND minute >= ? AND job <> 0 AND ? IN (0, job) GROUP BY job",
        (HOUR // MINUTE, _since(REACHES["24h"], now) // MINUTE, key),
    )
    return dict(rows.fetchall())


def _failures_by_day(
    connection: sqlite3.Connection, key: int, now: Instant
) -> tuple[list[str], dict[int, list[int]]]:
    """Return the names of the last days, and how often each job failed on each of them."""
    first = now // DAY * DAY - (ERROR_DAYS - 1) * DAY
    names = [f"{aware(first) + timedelta(days=n):%Y-%m-%d}" for n in range(ERROR_DAYS)]
    rows = connection.execute(
        "SELECT job, minute, failed + timed_out + lost FROM rollups"
        " WHERE span = ? AND minute >= ? AND job <> 0 AND ? IN (0, job)"
        " AND failed + timed_out + lost > 0",
        (DAY // MINUTE, first // MINUTE, key),
    )
    days: dict[int, list[int]] = {}
    for job, minute, count in rows:
        day = (minute * MINUTE - first) // DAY
        if day < ERROR_DAYS:
            days.setdefault(job, [0] * ERROR_DAYS)[day] = count
    return names, days


def _categories(total: Rollup) -> Categories:
    return Categories(total.scheduled + total.catch_up, total.signal, total.manual + total.upstream)


def _file_events(total: Rollup) -> FileEvents:
    return FileEvents(
        created=total.created, modified=total.modified, deleted=total.deleted, moved=total.moved
    )
