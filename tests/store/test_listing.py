"""Every filter of the history finds what a look at each row finds."""

import sqlite3
from itertools import product
from pathlib import Path

import msgspec
import pytest

from cronterm.clock import MINUTE
from cronterm.model.query import ListRuns
from cronterm.model.run import CauseKind, Outcome, RunRow
from cronterm.store import schema
from cronterm.store.entries import Entry, insert_entry
from cronterm.store.listing import list_rows
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import open_store
from tests.store.facts import NOON
from tests.store.test_stats import History

OUTCOMES: tuple[tuple[Outcome, ...], ...] = (
    *((), ("succeeded",), ("failed",), ("failed", "timed_out", "lost"), ("succeeded", "failed")),
)
CAUSES: tuple[tuple[CauseKind, ...], ...] = ((), ("manual",), ("manual", "scheduled"))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with every end and cause."""
    place = tmp_path_factory.mktemp("history")
    ends: tuple[Outcome, ...] = ("succeeded", "failed", "timed_out", "succeeded", "lost")
    with open_store(place, now=NOON) as store:
        history = History(store, place)
        for number in range(60):
            cause: CauseKind = "manual" if number % 3 == 0 else "scheduled"
            history.run(ends[number % 5], name="ab"[number % 2], cause=cause)
    return place


def matches(row: RunRow, query: ListRuns) -> bool:
    """Tell whether a row is asked for."""
    return (
        query.job in ("", row.job)
        and (not query.outcomes or row.outcome in query.outcomes)
        and (not query.causes or row.cause in query.causes)
        and (query.since is None or row.queued_at >= query.since)
        and (query.until is None or row.queued_at < query.until)
        and (query.before_run is None or (row.run or 0) < query.before_run)
        and (query.after_run is None or (row.run or 0) > query.after_run)
    )


@pytest.mark.parametrize("job", ["", "a"])
@pytest.mark.parametrize(("outcomes", "causes"), list(product(OUTCOMES, CAUSES)))
def test_a_filter_finds_what_matches(
    directory: Path, job: str, outcomes: tuple[Outcome, ...], causes: tuple[CauseKind, ...]
) -> None:
    reader = open_reader(directory)
    everything = reader.list_runs(ListRuns(decisions=False)).rows
    assert len(everything) == 60

    places: tuple[dict[str, int], ...] = (
        {},
        {"before_run": 45},
        {"after_run": 25},
        {"before_run": 45, "after_run": 25},
    )
    early, late = (None, NOON + 20 * MINUTE), (None, NOON + 50 * MINUTE)
    for since, until, place, limit in product(early, late, places, (None, 4)):
        query = ListRuns(
            job=job,
            outcomes=outcomes,
            causes=causes,
            decisions=False,
            since=since,
            until=until,
            limit=limit,
            **place,
        )
        expected = [row for row in everything if matches(row, query)]
        wanted = expected[:limit] if query.is_forward else expected[-limit if limit else 0 :]
        assert list(reader.list_runs(query).rows) == wanted


@pytest.mark.parametrize(
    "query",
    [
        ListRuns(limit=500),
        ListRuns(limit=500, before_run=30),
        ListRuns(limit=500, after_run=0),
        ListRuns(decisions=False, since=NOON, before_run=30, limit=500),
        ListRuns(decisions=False, until=NOON + MINUTE, limit=500),
        ListRuns(job="a", limit=50),
        ListRuns(job="a", causes=("manual",), limit=50),
        ListRuns(job="a", since=NOON, limit=50),
        ListRuns(job="a", outcomes=("failed",), limit=50),
        ListRuns(outcomes=("lost",), limit=500),
        ListRuns(causes=("manual",), limit=500),
        ListRuns(outcomes=("failed",), since=NOON, limit=500),
        ListRuns(causes=("manual",), since=NOON, limit=500),
    ],
    ids=str,
)
def test_no_filter_sorts_what_it_finds(directory: Path, query: ListRuns) -> None:
    plans: list[str] = []
    connection = sqlite3.connect(directory / "history.db")
    connection.set_trace_callback(plans.append)
    list_rows(connection, query)
    connection.set_trace_callback(None)
    for statement in plans:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        for *_, step in steps:
            assert "TEMP B-TREE" not in step, statement
    connection.close()


@pytest.mark.parametrize(
    "query",
    [
        ListRuns(since=NOON + 39_000 * MINUTE, after_run=0),
        ListRuns(until=NOON + 1000 * MINUTE),
        ListRuns(until=NOON + 1000 * MINUTE, before_run=40_000),
    ],
    ids=str,
)
def test_a_time_among_many_runs_is_found_without_reading_them(query: ListRuns) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, schema.migrations())
    insert_entry(connection, "a", Entry(key=1))
    connection.execute(
        "WITH RECURSIVE n(run) AS (SELECT 1 UNION ALL SELECT run + 1 FROM n WHERE run < 40000)"
        " INSERT INTO runs (run, job, cause, asked_by, queued_at_us, ready_at_us, attempts,"
        " attempt, outcome, reason, message, output_bytes) SELECT run, 1, 'scheduled', '',"
        f" {NOON} + run * {MINUTE}, 0, 1, 1, 'failed', '', '', 0 FROM n"
    )
    wanted = msgspec.structs.replace(query, decisions=False, limit=10)
    steps = [0]

    def count() -> None:
        steps[0] += 100

    connection.set_progress_handler(count, 100)
    assert len(list_rows(connection, wanted)) == 10
    connection.set_progress_handler(None, 0)
    connection.close()
    assert steps[0] < 20_000  # of SQLite's machine; more than 100,000 where it looks at each run
