"""Renamed jobs and chosen values, in the database."""

from pathlib import Path

import msgspec

from cronterm.clock import MINUTE
from cronterm.model.event import JobChanged, JobPaused, JobRenamed, RunQueued
from cronterm.model.fold import fold
from cronterm.model.job import Job, definition_hash
from cronterm.model.query import ListRuns, ReadDecisions, ReadRun
from cronterm.model.run import Cause, Repeat
from cronterm.model.snapshot import Snapshot
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added, claimed, job, queued, whole_run


def test_a_renamed_job_keeps_all_that_is_known_of_it(tmp_path: Path) -> None:
    snapshot = Snapshot()
    with open_store(tmp_path, now=NOON) as store:
        events = [
            added("first"),
            added("old"),
            added("third"),
            *whole_run(1, "old"),
            queued(2, "old"),
            claimed(2, "old"),
            JobPaused(at=NOON, job="old", by="ann", reason="x"),
            JobRenamed(at=NOON + 5 * MINUTE, job="new", old="old"),
            JobChanged(at=NOON + 5 * MINUTE, job=job("new")),
        ]
        for numbered in store.record(events):
            fold(snapshot, numbered)
        _check(store, tmp_path)
        assert [each.run for each in store.views(["new"])["new"][0]] == [1]
        store.record([queued(3, "new"), added("old", at=NOON + 9 * MINUTE)])

    with open_store(tmp_path, now=NOON) as store:
        assert store.notices == ()
        assert [known.id for known in store.memory(now=NOON).jobs] == [
            "first",
            "new",
            "old",
            "third",
        ]

    assert list(snapshot.jobs) == ["first", "new", "third"]
    view = snapshot.jobs["new"]
    assert (view.job.id, view.totals.runs, list(view.live)) == ("new", 1, [2])
    assert (view.live[2].job, view.pause and view.pause.by) == ("new", "ann")


def _check(store: SqliteStore, directory: Path) -> None:
    memory = store.memory(now=NOON)
    known = {each.id: each for each in memory.jobs}
    assert set(known) == {"first", "new", "third"}
    assert known["new"].pause is not None
    assert known["new"].counts_from == NOON + 2 * MINUTE
    assert [(run.run, run.job) for run in memory.runs] == [(2, "new")]
    reader = open_reader(directory)
    assert [row.run for row in reader.list_runs(ListRuns(job="new")).rows] == [1, 2]
    assert reader.list_runs(ListRuns(job="old")).rows == ()
    assert len(reader.decisions(ReadDecisions(job="new", limit=9)).decisions) == 2


def test_chosen_values_come_back_with_the_run(tmp_path: Path) -> None:
    cause = Cause("manual", by="ann", params={"target": "prod", "note": 'a "b" é'})
    with open_store(tmp_path, now=NOON) as store:
        store.record(
            [
                added(),
                RunQueued(at=NOON, run=1, job="backup", cause=cause, ready_at=NOON, attempts=1),
                queued(2),
            ]
        )
        assert [run.cause.params for run in store.memory(now=NOON).runs] == [cause.params, {}]
        rows = open_reader(tmp_path).list_runs(ListRuns()).rows
        assert [row.params for row in rows] == [cause.params, {}]


def test_a_run_that_repeats_another_is_bound_before_it_starts(tmp_path: Path) -> None:
    own = job("backup", env={"STAGE": "test"})
    cause = Cause("manual", by="ann", repeat=Repeat(1, ("env",)))
    again = RunQueued(
        at=NOON, run=2, job="backup", cause=cause, ready_at=NOON, attempts=1, definition=own
    )
    with open_store(tmp_path, now=NOON) as store:
        store.record([added("backup"), *whole_run(1), again])

    with open_store(tmp_path, now=NOON) as store:
        (waiting,) = store.memory(now=NOON).runs
        assert (waiting.definition, waiting.cause.repeat) == (own, cause.repeat)
        store.record([claimed(2, definition=definition_hash(own))])
        detail = open_reader(tmp_path).read_run(ReadRun(run=2))
        assert msgspec.json.decode(detail.definition, type=Job) == own
        assert detail.row.repeat == Repeat(1, ("env",))
