"""Tests for the figures of the kept history."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.clock import DAY, MINUTE, SECOND
from cronterm.model.event import AttemptClaimed, AttemptEnded, AttemptStarted, RunEnded, RunQueued
from cronterm.model.query import ReadStats
from cronterm.model.run import AttemptEnd, Cause, CauseKind, Outcome, Reason
from cronterm.model.stats import (
    Analysis,
    Categories,
    Durations,
    Errors,
    FileEvents,
    Recoveries,
    Stats,
)
from cronterm.model.trigger import Signal
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added


class History:
    """A history that is written run by run."""

    def __init__(self, store: SqliteStore, directory: Path) -> None:
        self._store = store
        self._directory = directory
        self._run = 0
        store.record([added(name, at=NOON - 40 * DAY) for name in "ab"])

    def run(
        self,
        outcome: Outcome = "succeeded",
        *,
        name: str = "a",
        took_s: int = 1,
        cause: CauseKind = "scheduled",
        attempts: int = 1,
        days_ago: int = 0,
        signal: Signal | None = None,
    ) -> None:
        """Let a run pass; without attempts, one that never started."""
        self._run += 1
        run, at = self._run, NOON + self._run * MINUTE - days_ago * DAY
        due_at = at if cause == "scheduled" else None
        why = Cause(cause, due_at, signal=signal)
        self._store.record(
            [RunQueued(at=at, run=run, job=name, cause=why, ready_at=at, attempts=3)]
        )
        for attempt in range(1, attempts + 1):
            claimed = AttemptClaimed(at=at, run=run, job=name, attempt=attempt, runner="r")
            started = AttemptStarted(
                at=at, run=run, job=name, attempt=attempt, pid=1, started_at=at
            )
            end = AttemptEnd(ended_at=at + took_s * SECOND, exit_code=0)
            ended = AttemptEnded(at=at, run=run, job=name, attempt=attempt, end=end)
            self._store.record([claimed, started, ended])
        failed_for: Reason = "exit" if attempts else "start_error"
        why_ended: Reason = failed_for if outcome == "failed" else ""
        last = RunEnded(at=at, run=run, job=name, outcome=outcome, reason=why_ended)
        self._store.record([last])

    def stats(self, name: str = "") -> Stats:
        """Return the figures an hour after noon."""
        return open_reader(self._directory).stats(ReadStats(job=name), now=NOON + 60 * MINUTE)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """A history of the jobs a and b."""
    with open_store(tmp_path, now=NOON) as store:
        yield History(store, tmp_path)


def test_an_empty_history_has_empty_groups(tmp_path: Path) -> None:
    empty = open_reader(tmp_path).stats(ReadStats(), now=NOON)

    assert empty.total_runs == {}
    assert empty.categories == Categories(0, 0, 0)


def test_runs_and_durations_are_counted_by_job(history: History) -> None:
    for took_s in (1, 2, 3):
        history.run(took_s=took_s)
    history.run("failed", name="b", took_s=10)
    made = history.stats()

    assert made.total_runs == {"a": 3, "b": 1}
    assert made.results["a"].success_ratio == 1
    assert made.results["b"].failed == 1
    assert made.durations["a"] == Durations(2.0, 1.0, 3.0, 2.0, 3.0, 3.0)
    assert made.analysis["a"] == Analysis(0.816497, 1.0)
    assert made.frequency["a"].last_24h == 3
    assert made.frequency["a"].average_interval_s == 60.0


def test_a_range_tells_what_jobs_took_in_the_range_before(history: History, tmp_path: Path) -> None:
    for days_ago, took_s in ((14, 90), (13, 3), (7, 1), (6, 6), (0, 4)):
        history.run(took_s=took_s, days_ago=days_ago)
    history.run(name="b")
    week = open_reader(tmp_path).stats(ReadStats(range="7d"), now=NOON + 60 * MINUTE)

    assert (week.durations["a"].average_s, week.durations["a"].average_before_s) == (5.0, 2.0)
    assert week.durations["b"].average_before_s is None
    assert history.stats().durations["a"].average_before_s is None


def test_one_job_can_be_asked_for(history: History) -> None:
    history.run()
    history.run("failed", name="b", cause="manual")
    made = history.stats("b")

    assert made.total_runs == {"b": 1}
    assert made.categories == Categories(0, 0, 1)


def test_errors_have_their_reasons_and_their_days(history: History) -> None:
    history.run("failed", days_ago=30)
    history.run("failed", days_ago=1)
    history.run("timed_out")
    history.run("failed")
    history.run("stopped")
    errors = history.stats().errors["a"]

    assert errors.total == 4
    assert errors.types == {"exit": 3, "timed_out": 1}
    assert len(errors.by_day) == 14
    assert list(errors.by_day.values())[-2:] == [1, 2]
    assert list(errors.by_day)[-1] == "2026-01-01"


def test_who_wants_no_days_reads_none(history: History, tmp_path: Path) -> None:
    history.run("failed")
    now = NOON + 60 * MINUTE
    short = open_reader(tmp_path).stats(ReadStats(days=False), now=now)

    assert short.errors["a"] == Errors(1, {"exit": 1}, {})
    assert short.frequency["a"].last_24h == 0
    assert short.total_runs == history.stats().total_runs


def test_restarts_and_recoveries_are_told_apart(history: History) -> None:
    outcomes: tuple[Outcome, ...] = (
        *("failed", "failed", "succeeded", "succeeded", "stopped", "lost", "succeeded"),
    )
    for outcome in outcomes:
        history.run(outcome)
    history.run("failed", attempts=3)

    assert history.stats().recoveries["a"] == Recoveries(
        restarts=2, recoveries=2, recovery_ratio=0.6667
    )


def test_runs_are_counted_by_what_started_them_and_files_by_what_happened(
    history: History,
) -> None:
    signal = Signal(kind="file", trigger="file /x", text="", counts={"created": 2, "modified": 1})
    history.run()
    history.run(cause="signal", signal=signal)
    history.run(cause="signal", name="b", signal=signal)
    history.run(cause="manual")
    history.run(cause="upstream")
    whole, of_b = history.stats(), history.stats("b")

    assert whole.categories == Categories(time_based=1, event_based=2, by_hand=2)
    assert whole.file_events == FileEvents(created=4, modified=2)
    assert of_b.file_events == FileEvents(created=2, modified=1)


def test_what_never_started_is_no_run(history: History) -> None:
    history.run(attempts=0, outcome="skipped")

    assert history.stats().total_runs == {}


def test_what_could_not_be_started_has_failed_and_took_no_time(
    history: History, tmp_path: Path
) -> None:
    history.run(took_s=4, days_ago=7)
    history.run("failed", attempts=0, days_ago=7)
    history.run(took_s=2)
    history.run("failed", attempts=0)
    history.run("lost", attempts=0)
    history.run(took_s=4)
    history.run("failed", attempts=0, name="b", cause="manual")
    made = history.stats()

    assert made.total_runs == {"a": 6, "b": 1}
    assert made.results["a"].failed == 3
    assert made.errors["a"].types == {"start_error": 2, "lost": 1}
    assert made.recoveries["a"].recovery_ratio == 1
    assert made.categories == Categories(time_based=6, event_based=0, by_hand=1)
    assert made.frequency["a"].last_24h == 4
    assert (made.durations["a"].average_s, made.durations["a"].min_s) == (3.333333, 2.0)
    assert made.analysis["a"] == Analysis(0.942809, 0.0)
    assert made.durations["b"] == Durations()
    week = open_reader(tmp_path).stats(ReadStats(range="7d"), now=NOON + 60 * MINUTE)
    assert (week.durations["a"].average_s, week.durations["a"].average_before_s) == (3.0, 4.0)
    assert week.frequency["a"].average_interval_s == 60.0


def test_what_was_stopped_or_missed_before_it_started_is_no_run(history: History) -> None:
    history.run("stopped", attempts=0)
    history.run("missed", attempts=0)

    assert history.stats().total_runs == {}
