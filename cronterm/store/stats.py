"""Counts the kept history for `stats`: ended runs that started something, job by job."""

import sqlite3
from collections import Counter, defaultdict
from datetime import timedelta

from cronterm.clock import DAY, Instant, aware
from cronterm.model.stats import Categories, FileEvents, JobFigures, Stats, make_stats
from cronterm.model.trigger import FILE_EVENTS
from cronterm.store.signals import read_counts

ERROR_DAYS = 14
NEWEST = 100  # runs that a trend is read from

_FAILED = "outcome IN ('failed', 'timed_out', 'lost')"
_STARTED = "outcome IS NOT NULL AND started_at_us IS NOT NULL"


def read_stats(connection: sqlite3.Connection, *, job: str, now: Instant) -> Stats:
    """Return the ten groups but the resources, of `job` or of every job where it is empty."""
    keys = dict(
        connection.execute(
            "SELECT key, job FROM job_state WHERE :job IN ('', job) ORDER BY job", {"job": job}
        ).fetchall()
    )
    changes = _changes(connection, keys)
    errors, days = _errors(connection, keys, now)
    figures = tuple(
        JobFigures(
            job=keys[row[0]],
            runs=row[1],
            succeeded=row[2],
            failed=row[3],
            restarts=row[4],
            last_day=row[5],
            first_at=row[6],
            last_at=row[7],
            duration_min=row[8],
            duration_max=row[9],
            duration_mean=row[10],
            duration_square_mean=row[11],
            breakdowns=changes.get(row[0], (0, 0))[0],
            recoveries=changes.get(row[0], (0, 0))[1],
            errors=errors.get(row[0], {}),
            errors_by_day=days.get(row[0], {}),
            newest=_newest(connection, row[0]),
        )
        for row in _sums(connection, keys, now)
    )
    return make_stats(figures, _categories(connection, keys), _file_events(connection, job))


def _sums(
    connection: sqlite3.Connection, keys: dict[int, str], now: Instant
) -> list[tuple[int, ...]]:
    found = connection.execute(
        "SELECT job, count(*), sum(outcome = 'succeeded'), sum(" + _FAILED + "),"
        " sum(max(attempt - 1, 0)), sum(started_at_us > ?), min(started_at_us),"
        " max(started_at_us), min(ended_at_us - started_at_us), max(ended_at_us - started_at_us),"
        " avg(ended_at_us - started_at_us),"
        " avg((ended_at_us - started_at_us) / 1e6 * ((ended_at_us - started_at_us) / 1e6))"
        f" FROM runs WHERE {_STARTED} GROUP BY job",
        (now - DAY,),
    )
    return sorted((row for row in found if row[0] in keys), key=lambda row: keys[row[0]])


def _changes(connection: sqlite3.Connection, keys: dict[int, str]) -> dict[int, tuple[int, int]]:
    """Return by job how often it began to fail, and how often it was well again."""
    found = connection.execute(
        "SELECT job, sum(is_bad AND NOT before), sum(before AND NOT is_bad) FROM"
        f" (SELECT job, {_FAILED} AS is_bad,"
        f" lag({_FAILED}, 1, 0) OVER (PARTITION BY job ORDER BY run) AS before"
        f" FROM runs WHERE {_STARTED} AND (outcome = 'succeeded' OR {_FAILED})) GROUP BY job"
    )
    return {job: (begun, over) for job, begun, over in found if job in keys}


def _errors(
    connection: sqlite3.Connection, keys: dict[int, str], now: Instant
) -> tuple[dict[int, dict[str, int]], dict[int, dict[str, int]]]:
    """Return by job how often it failed for each reason, and on each of the last days."""
    reasons: dict[int, dict[str, int]] = defaultdict(dict)
    found = connection.execute(
        "SELECT job, CASE outcome WHEN 'failed' THEN reason ELSE outcome END AS why, count(*)"
        f" FROM runs INDEXED BY runs_not_succeeded WHERE outcome <> 'succeeded' AND {_FAILED}"
        " GROUP BY job, why ORDER BY job, why"
    )
    for job, why, count in found:
        if job in keys:
            reasons[job][why] = count
    first = now // DAY * DAY - (ERROR_DAYS - 1) * DAY
    names = [f"{aware(first) + timedelta(days=n):%Y-%m-%d}" for n in range(ERROR_DAYS)]
    days: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(names, 0))
    recent = connection.execute(
        "SELECT job, (ended_at_us - ?) / ?, count(*)"
        f" FROM runs INDEXED BY runs_not_succeeded WHERE outcome <> 'succeeded' AND {_FAILED}"
        " AND ended_at_us >= ? GROUP BY 1, 2",
        (first, DAY, first),
    )
    for job, day, count in recent:
        if job in keys and day < ERROR_DAYS:
            days[job][names[day]] = count
    return dict(reasons), dict(days)


def _newest(connection: sqlite3.Connection, key: int) -> tuple[int, ...]:
    found = connection.execute(
        f"SELECT ended_at_us - started_at_us FROM runs WHERE job = ? AND {_STARTED}"
        " ORDER BY run DESC LIMIT ?",
        (key, NEWEST),
    ).fetchall()
    return tuple(duration for (duration,) in reversed(found))


def _categories(connection: sqlite3.Connection, keys: dict[int, str]) -> Categories:
    found = connection.execute("SELECT job, cause, count(*) FROM runs GROUP BY job, cause")
    counts: dict[str, int] = defaultdict(int)
    for job, cause, count in found:
        if job in keys:
            counts[cause] += count
    time_based = counts["scheduled"] + counts["catch_up"]
    return Categories(time_based, counts["signal"], counts["manual"] + counts["upstream"])


def _file_events(connection: sqlite3.Connection, job: str) -> FileEvents:
    """Return how often what happened to files, over all time."""
    files = read_counts(connection).files
    chosen = [files.get(job, {})] if job else files.values()
    totals: Counter[str] = Counter()
    for counts in chosen:
        totals.update(counts)
    return FileEvents(**{kind: totals[kind] for kind in FILE_EVENTS})
