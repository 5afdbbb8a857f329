"""Tests for runs added up by time."""

import sqlite3
from pathlib import Path

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.model.query import ReadStats, ReadTrends
from cronterm.model.rollup import EndedRun, Rollup, add_run
from cronterm.model.stats import Trends
from cronterm.model.trigger import Signal
from cronterm.store.reader import open_reader
from cronterm.store.rollups import fill_rollups, rollup_of
from cronterm.store.sqlite import open_store
from tests.store.facts import NOON
from tests.store.test_stats import History


def rows(directory: Path) -> list[tuple[object, ...]]:
    """Return all rollups."""
    connection = sqlite3.connect(directory / "history.db")
    found = connection.execute("SELECT * FROM rollups ORDER BY span, minute, job").fetchall()
    connection.close()
    return found


def mixed(history: History) -> None:
    """Let runs of every kind pass."""
    history.run("stopped", name="b", days_ago=1)
    history.run(took_s=3)
    history.run("failed", attempts=2)
    history.run(took_s=40, cause="signal")
    history.run("timed_out", name="b", took_s=50)
    history.run(name="b", cause="manual")
    history.run("failed", attempts=0)


def test_a_migration_adds_up_what_the_recorder_would_have(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        mixed(History(store, tmp_path))
        recorded = rows(tmp_path)
        connection = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
        connection.execute("DELETE FROM rollups")
        fill_rollups(connection)
        connection.close()
        filled = rows(tmp_path)

    by_place = {row[:3]: rollup_of(row[3:]) for row in recorded}
    for row in filled:
        assert rollup_of(row[3:]) == by_place[row[:3]]
    assert {row[:3] for row in filled} >= {(0, 0, 0), (0, 0, 1), (0, 0, 2)}


def test_figures_outlive_the_runs(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        history = History(store, tmp_path)
        mixed(history)
        pruned = store.prune({}, now=NOON + 500 * DAY, limit=1000)
        found = open_reader(tmp_path).stats(ReadStats(), now=NOON + 500 * DAY)
        history.run()
        again = open_reader(tmp_path).stats(ReadStats(), now=NOON + 500 * DAY)

    assert pruned.runs == 7
    assert found.total_runs == {"a": 4, "b": 3}
    assert again.total_runs == {"a": 5, "b": 3}


def test_a_range_holds_what_ended_in_it_and_is_compared_with_the_one_before(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path, now=NOON) as store:
        history = History(store, tmp_path)
        for days_ago in (40, 8, 3, 1, 1, 0):
            history.run(days_ago=days_ago)
        reader, now = open_reader(tmp_path), NOON + HOUR

        def runs(query: ReadTrends) -> tuple[int, int]:
            trends = reader.trends(query, now=now)
            assert sum(point.runs for _, point in trends.points) == trends.total.runs
            return trends.total.runs, -1 if trends.before is None else trends.before.runs

        assert runs(ReadTrends(range="24h")) == (1, 2)
        assert runs(ReadTrends(range="7d")) == (4, 1)
        assert runs(ReadTrends(range="30d")) == (5, 1)
        assert runs(ReadTrends(range="all")) == (6, -1)
        assert runs(ReadTrends(range="7d", job="b")) == (0, 0)
        assert runs(ReadTrends(range="7d", job="gone")) == (0, -1)
        assert reader.stats(ReadStats(range="7d"), now=now).total_runs == {"a": 4}
        now += HOUR
        assert runs(ReadTrends(range="1h")) == (0, 1)


def test_changes_of_files_are_counted_where_they_happened(tmp_path: Path) -> None:
    signal = Signal(kind="file", trigger="file /x", text="", counts={"created": 2, "moved": 1})
    with open_store(tmp_path, now=NOON) as store:
        history = History(store, tmp_path)
        history.run(cause="signal", signal=signal)
        history.run(cause="signal", signal=signal, name="b")
    trends = open_reader(tmp_path).trends(ReadTrends(range="24h"), now=NOON + MINUTE)

    assert (trends.total.created, trends.total.moved) == (4, 2)


def test_without_a_history_there_is_no_course(tmp_path: Path) -> None:
    empty = open_reader(tmp_path).trends(ReadTrends(), now=NOON)

    assert empty == Trends(since=NOON, until=NOON, step=1, total=Rollup())


def test_a_percentile_is_near() -> None:
    lengths = [SECOND * n // 10 for n in range(1, 1001)]
    rollup = Rollup()
    for rank, length in enumerate(lengths, 1):
        run = EndedRun(
            outcome="succeeded",
            reason="",
            cause="scheduled",
            started_at=0,
            ended_at=length,
            attempt=1,
            was_failing=False,
        )
        add_run([rollup], run, rank)

    for ratio in (0.1, 0.5, 0.95, 0.99):
        exact = lengths[round(ratio * 1000) - 1]
        assert abs((rollup.percentile(ratio) or 0) - exact) < 0.05 * exact
    assert abs((rollup.trend_s or 0) - 0.1) < 1e-9
