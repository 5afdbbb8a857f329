"""History stays within its bounds and at-most-once does not suffer."""

from pathlib import Path
from random import Random

import pytest

from cronterm.clock import DAY, HOUR, MINUTE
from cronterm.model.event import JobChanged
from cronterm.model.job import Keep
from cronterm.model.query import ListRuns, ReadDecisions
from cronterm.store.base import InstantTaken, PrunedRuns
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore
from tests.store.facts import NOON, added, claimed, decided, job, queued, whole_run

SOON = NOON + HOUR


def runs(directory: Path) -> list[int | None]:
    """Return the numbers of the runs that are left."""
    return [row.run for row in open_reader(directory).list_runs(ListRuns(decisions=False)).rows]


def decisions(directory: Path) -> list[int]:
    """Return the minutes after noon of the decisions that are left."""
    found = open_reader(directory).decisions(ReadDecisions(job="backup", limit=1000)).decisions
    return [(each.due_at - NOON) // MINUTE for each in found]


def test_within_its_bounds_nothing_goes(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), *whole_run(1), *whole_run(2)])

    assert store.prune({"backup": Keep(runs=2)}, now=SOON, limit=10) == PrunedRuns()
    assert runs(tmp_path) == [1, 2]


def test_the_newest_runs_stay(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added()])
    for run in range(1, 8):
        store.record(whole_run(run), outputs={(run, 1): b"x"})

    pruned = store.prune({"backup": Keep(runs=2)}, now=SOON, limit=3)
    assert pruned == PrunedRuns(3, 0, ((1, 1), (2, 1), (3, 1)))
    assert runs(tmp_path) == [4, 5, 6, 7]
    pruned = store.prune({"backup": Keep(runs=2)}, now=SOON, limit=3)
    assert (pruned.runs, runs(tmp_path)) == (2, [6, 7])
    assert open_reader(tmp_path).output_blob(5, 1) is None
    assert open_reader(tmp_path).output_blob(6, 1) == b"x"


def test_what_is_too_old_goes(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), *whole_run(1), *whole_run(2), *whole_run(600)])

    store.prune({"backup": Keep(age=HOUR)}, now=NOON + 600 * MINUTE, limit=10)
    assert runs(tmp_path) == [600]


def test_a_job_that_left_the_file_has_the_default_bounds(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.record([added(), *whole_run(1)])

    assert store.prune({}, now=NOON + 89 * DAY, limit=10).runs == 0
    assert store.prune({}, now=NOON + 91 * DAY, limit=10).runs == 1


def test_open_runs_stay(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), queued(1), claimed(1), *whole_run(2), *whole_run(3)])

    store.prune({"backup": Keep(runs=1)}, now=SOON, limit=10)
    assert runs(tmp_path) == [1, 3]
    assert [run.run for run in store.memory(now=SOON).runs] == [1]


def test_totals_are_those_of_what_is_kept(store: SqliteStore) -> None:
    store.record([added()])
    for run in range(1, 8):
        store.record(whole_run(run, code=run > 3))
    store.prune({"backup": Keep(runs=2)}, now=SOON, limit=100)
    store.record(whole_run(8))

    recent, totals = store.views(["backup"])["backup"]
    assert [past.run for past in recent] == [6, 7, 8]
    assert (totals.runs, totals.succeeded, totals.failed, totals.failed_in_a_row) == (3, 1, 2, 0)
    assert totals.average == recent[0].duration


def test_an_instant_stays_decided_after_its_run_is_gone(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), *whole_run(1), *whole_run(2)])
    store.prune({"backup": Keep(runs=1)}, now=SOON, limit=10)

    found = open_reader(tmp_path).decisions(ReadDecisions(job="backup")).decisions
    assert [each.outcome for each in found] == ["succeeded", "succeeded"]
    assert [row.run for row in open_reader(tmp_path).list_runs(ListRuns()).rows] == [2]
    with pytest.raises(InstantTaken):
        store.record([queued(3, due_at=NOON + MINUTE)])


def test_decisions_go_when_no_clock_can_bring_them_back(store: SqliteStore, tmp_path: Path) -> None:
    late = 3 * DAY // MINUTE
    store.record([added(), *whole_run(1), decided(due_at=NOON + 2 * MINUTE, reason="overlap")])
    store.record([*whole_run(late), decided(due_at=NOON + (late + 1) * MINUTE, reason="overlap")])

    pruned = store.prune({"backup": Keep(runs=1)}, now=NOON + 4 * DAY, limit=10)
    assert (pruned.runs, pruned.decisions) == (1, 2)
    assert decisions(tmp_path) == [late, late + 1]


def test_definitions_that_nothing_needs_are_forgotten(store: SqliteStore) -> None:
    store.record([added(), *whole_run(1)])
    store.record([JobChanged(at=NOON, job=job(description="new")), *whole_run(2)])
    store.prune({"backup": Keep(runs=1)}, now=SOON, limit=10)

    kept = store._connection.execute("SELECT count(*) FROM definitions").fetchone()[0]
    assert kept == 2, "run 2 is bound to the first, the job has the second"
    store.prune({"backup": Keep(runs=0)}, now=SOON, limit=10)
    kept = store._connection.execute("SELECT count(*) FROM definitions").fetchone()[0]
    assert kept == 1


def test_space_goes_back_to_the_disk(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added()])
    noise = Random(1).randbytes(50_000)
    for run in range(1, 100):
        store.record(whole_run(run), outputs={(run, 1): noise})
    pages = "PRAGMA page_count"
    before = store._connection.execute(pages).fetchone()[0]
    while store.prune({"backup": Keep(runs=1)}, now=SOON, limit=50).runs:
        pass

    assert store._connection.execute(pages).fetchone()[0] < before / 2
