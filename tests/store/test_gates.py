"""What the history remembers of chains and gates."""

from pathlib import Path

import msgspec

from cronterm.clock import SECOND
from cronterm.model.event import RunEnded, RunHeld, RunQueued
from cronterm.model.gates import Hold, Result
from cronterm.model.memory import KnownJob
from cronterm.model.query import ListRuns
from cronterm.model.run import Cause, OpenRun
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.core.test_gate_promises import World
from tests.store.facts import NOON, added, attempt_ended, claimed, end, started

AFTER = Cause("upstream", by="backup", run=1)


def follower(run: int = 2) -> RunQueued:
    """A run of `report` that the end of run 1 of `backup` started."""
    return RunQueued(at=NOON, run=run, job="report", cause=AFTER, ready_at=NOON, attempts=1)


def job_of(store: SqliteStore, name: str) -> KnownJob:
    """Return what the store knows of a job."""
    return next(each for each in store.memory(now=NOON).jobs if each.id == name)


def run_of(store: SqliteStore, run: int) -> OpenRun:
    """Return what the store knows of an open run."""
    return next(each for each in store.memory(now=NOON).runs if each.run == run)


def test_a_chain_names_the_run_that_started_each_run(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), added("report"), follower()])

    assert run_of(store, 2).cause == AFTER
    (row,) = open_reader(tmp_path).list_runs(ListRuns()).rows
    assert (row.cause, row.by, row.upstream_run) == ("upstream", "backup", 1)


def test_a_hold_is_remembered_until_the_run_starts(store: SqliteStore) -> None:
    hold = Hold("condition", "the load is 7", NOON + SECOND)
    store.record([added("report"), follower(), RunHeld(at=NOON, run=2, job="report", hold=hold)])
    assert run_of(store, 2).hold == hold

    store.record([claimed(2, "report")])
    assert run_of(store, 2).hold is None


def test_a_hold_that_is_over_is_forgotten(store: SqliteStore) -> None:
    hold = Hold("pool", "full")
    store.record([added("report"), follower(), RunHeld(at=NOON, run=2, job="report", hold=hold)])
    store.record([RunHeld(at=NOON, run=2, job="report", hold=None)])

    assert run_of(store, 2).hold is None


def test_what_a_run_comes_after_is_remembered(store: SqliteStore) -> None:
    run = msgspec.structs.replace(follower(), after={1: "success", 7: "complete"})
    store.record([added("report"), run])

    assert run_of(store, 2).after == {1: "success", 7: "complete"}


def test_ends_and_starts_are_ordered_by_their_events(store: SqliteStore) -> None:
    queued = RunQueued(
        at=NOON, run=1, job="backup", cause=Cause("manual"), ready_at=NOON, attempts=1
    )
    over = RunEnded(at=NOON, run=1, job="backup", outcome="succeeded", reason="")
    store.record([added(), added("report"), queued, claimed(1), started(1)])
    store.record([attempt_ended(1), over, follower()])

    assert job_of(store, "backup").result == Result(1, "succeeded", end(1).ended_at, 7)
    assert job_of(store, "backup").started_n == 4
    assert job_of(store, "report").started_n == 8


def test_a_run_that_never_ran_leaves_no_result(store: SqliteStore) -> None:
    over = RunEnded(at=NOON, run=2, job="report", outcome="skipped", reason="dependency")
    store.record([added("report"), follower(), over])

    assert job_of(store, "report").result is None


def test_the_store_remembers_what_the_core_needs_in_a_random_life(tmp_path: Path) -> None:
    world = World(4)
    for _ in range(150):
        world.live()
    expected = world.it.remembering.memory()
    with open_store(tmp_path, now=NOON) as store:
        store.record(world.it.remembering.events)
        memory = store.memory(now=NOON)

    told = {each.id: (each.result, each.started_n) for each in memory.jobs}
    assert told == {each.id: (each.result, each.started_n) for each in expected.jobs}
    assert {each.run: (each.cause, each.after, each.hold) for each in memory.runs} == {
        each.run: (each.cause, each.after, each.hold) for each in expected.runs
    }
