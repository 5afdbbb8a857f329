"""What was decided about events is kept, listed, counted and goes with its time."""

import sqlite3
from pathlib import Path
from typing import Any

from cronterm.clock import DAY, MINUTE, SECOND, Instant
from cronterm.model.event import (
    AnyEvent,
    JobRemoved,
    RunEnded,
    RunQueued,
    SignalDecided,
    TriggersResumed,
    TriggerSuspended,
)
from cronterm.model.job import Keep
from cronterm.model.query import Counts, ListRuns, ReadDecisions
from cronterm.model.run import Cause, Reason
from cronterm.model.trigger import Signal
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import open_store
from tests.store.facts import NOON, added, whole_run


def signal(text: str = "created /in/a", **words: Any) -> Signal:
    """Return an event; its values need not be text."""
    values = {"PATH": b"/in/\xff"}
    given = {"trigger": "file /in", "values": values, "counts": {"created": 1}} | words
    return Signal(kind="file", text=text, **given)


def skipped(at: Instant, reason: Reason = "overlap", **words: Any) -> SignalDecided:
    """An event that started nothing."""
    return SignalDecided(
        at=at, job="backup", signal=signal(**words), outcome="skipped", reason=reason
    )


def run_on_event(run: int, at: Instant, *, is_over: bool = True) -> list[AnyEvent]:
    """A run that an event started; without a process, for these tests."""
    cause = Cause("signal", by="created /in/a", signal=signal())
    queued = RunQueued(at=at, run=run, job="backup", cause=cause, ready_at=at, attempts=1)
    ended = RunEnded(at=at + SECOND, run=run, job="backup", outcome="succeeded", reason="")
    return [queued, ended] if is_over else [queued]


def test_an_open_run_remembers_its_event(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *run_on_event(1, NOON, is_over=False)])

    with open_store(tmp_path, now=NOON) as store:
        memory = store.memory(now=NOON)
    assert [run.cause.signal for run in memory.runs] == [signal()]
    assert memory.jobs[0].last_signal_at == NOON


def test_of_the_event_of_an_ended_run_only_its_line_is_kept(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *run_on_event(1, NOON)])
    connection = sqlite3.connect(tmp_path / "history.db")
    kept = connection.execute("SELECT run, text, signal FROM signals").fetchall()
    connection.close()

    assert kept == [(1, "created /in/a", None)]


def test_events_that_start_nothing_are_lines_of_the_history(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *run_on_event(1, NOON), skipped(NOON + MINUTE)])
        rows = open_reader(tmp_path).list_runs(ListRuns(job="backup")).rows
        only_bad = open_reader(tmp_path).list_runs(ListRuns(outcomes=("skipped",))).rows

    assert [(row.run, row.cause, row.by, row.reason) for row in rows] == [
        (1, "signal", "created /in/a", ""),
        (None, "signal", "created /in/a", "overlap"),
    ]
    assert [row.run for row in only_bad] == [None]


def test_equal_decisions_in_a_row_are_one_line(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        for minute in range(1, 4):
            store.record([skipped(NOON + minute * MINUTE, "paused", text=f"created /in/{minute}")])
        store.record([skipped(NOON + 4 * MINUTE, "cooldown")])
        rows = open_reader(tmp_path).list_runs(ListRuns()).rows

    assert [(row.reason, row.count, row.by) for row in rows] == [
        ("paused", 3, "created /in/3"),
        ("cooldown", 1, "created /in/a"),
    ]


def test_why_tells_instants_and_events_in_order(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *whole_run(1), *run_on_event(2, NOON + 90 * SECOND)])
        store.record([skipped(NOON + 100 * SECOND), *whole_run(3)])
        decisions = open_reader(tmp_path).decisions(ReadDecisions(job="backup")).decisions
        newest = open_reader(tmp_path).decisions(ReadDecisions(job="backup", limit=1)).decisions

    assert [(each.cause, each.run, each.outcome) for each in decisions] == [
        ("scheduled", 1, "succeeded"),
        ("signal", 2, "succeeded"),
        ("signal", None, "skipped"),
        ("scheduled", 3, "succeeded"),
    ]
    assert [each.run for each in newest] == [3]


def test_the_views_show_what_events_started_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *whole_run(1), skipped(NOON + 2 * MINUTE)])
        recent, totals = store.views(["backup"])["backup"]

    assert [past.reason for past in recent] == ["", "overlap"]
    assert totals.runs == 1


def test_what_happened_is_counted_over_all_time(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *whole_run(1), *run_on_event(2, NOON + 90 * SECOND)])
        store.record([skipped(NOON + 2 * MINUTE, counts={"created": 2, "moved": 1})])
        store.prune({"backup": Keep(runs=0, age=0)}, now=NOON + 99 * DAY, limit=100)
        counts = open_reader(tmp_path).counts()

    assert counts == Counts(
        runs={"backup": {"scheduled": 1, "signal": 1}},
        files={"backup": {"created": 3, "moved": 1}},
    )


def test_without_a_history_nothing_has_happened(tmp_path: Path) -> None:
    assert open_reader(tmp_path).counts() == Counts(runs={}, files={})


def test_old_events_go_but_for_the_newest_start(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *run_on_event(1, NOON), *run_on_event(2, NOON + MINUTE)])
        store.record([skipped(NOON + 2 * MINUTE)])
        store.prune({"backup": Keep(runs=1, age=DAY)}, now=NOON + 99 * DAY, limit=100)
        decisions = open_reader(tmp_path).decisions(ReadDecisions(job="backup")).decisions

        assert [each.run for each in decisions] == [2]
        assert store.memory(now=NOON).jobs[0].last_signal_at == NOON + MINUTE


def test_more_events_than_are_kept_go_oldest_first(tmp_path: Path) -> None:
    reasons: list[Reason] = ["overlap", "cooldown"] * 5
    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        store.record([skipped(NOON + n * SECOND, reason) for n, reason in enumerate(reasons)])
        store.prune({"backup": Keep(runs=3)}, now=NOON + MINUTE, limit=100)
        rows = open_reader(tmp_path).list_runs(ListRuns()).rows

    assert [row.queued_at for row in rows] == [NOON + n * SECOND for n in (7, 8, 9)]


def test_a_suspended_trigger_is_remembered_until_it_is_resumed(tmp_path: Path) -> None:
    suspended = TriggerSuspended(at=NOON, job="backup", trigger="file /in")
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), suspended])
        assert store.memory(now=NOON).jobs[0].suspended == {"file /in": NOON}
        store.record([TriggersResumed(at=NOON, job="backup", by="ann")])
        assert store.memory(now=NOON).jobs[0].suspended == {}
        store.record([suspended, JobRemoved(at=NOON, job="backup")])

        assert store.memory(now=NOON).jobs[0].suspended == {}
