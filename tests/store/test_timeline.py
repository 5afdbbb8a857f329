"""What began is counted by slots of time, and an instant is skipped ahead of its time."""

from pathlib import Path
from typing import Any

import msgspec

from cronterm.clock import HOUR, MINUTE
from cronterm.model.event import CountingMoved
from cronterm.model.query import ReadDecisions, ReadTimeline
from cronterm.model.timeline import Begun, Past
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore
from tests.store.facts import (
    NOON,
    added,
    claimed,
    decided,
    never_started,
    queued,
    run_ended,
    started,
    whole_run,
)

QUERY = ReadTimeline(since=NOON, slot=5 * MINUTE, slots=4)


def test_the_worst_of_what_began_in_a_slot_is_told(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), *whole_run(1), *whole_run(2, code=3), *whole_run(6)])
    store.record([queued(11), claimed(11), started(11), queued(12)])
    store.record([added("report"), *whole_run(13, "report")])

    past = open_reader(tmp_path).begun(QUERY)
    assert past.lanes == {
        "backup": [
            Begun(0, 2, "failed", 0),
            Begun(1, 1, "succeeded", 1),
            Begun(2, 1, "running", 3),
        ],
        "report": [Begun(2, 1, "succeeded", 2)],
    }
    assert past.load == {0: 2, 1: 1, 2: 2}
    assert past.read_from == NOON


def test_what_could_not_be_started_has_a_failed_cell(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), *never_started(1), *whole_run(16)])
    stopped = run_ended(17, outcome="stopped", reason="user")
    store.record([queued(17), stopped])
    reader = open_reader(tmp_path)

    past = reader.begun(QUERY)
    assert past.lanes == {"backup": [Begun(0, 1, "failed", 0), Begun(3, 1, "succeeded", 3)]}
    assert past.load == {0: 1, 3: 1}
    assert reader.quarters("backup", NOON) == [(NOON, 1, 1), (NOON + 15 * MINUTE, 1, 0)]


def test_cells_are_of_the_lanes_and_the_load_is_of_all_or_of_those_within(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.record([added(), *whole_run(1), *whole_run(6), added("report")])
    store.record([*whole_run(2, "report"), added("sync"), *whole_run(3, "sync")])
    reader = open_reader(tmp_path)

    def read(**words: Any) -> Past:
        return reader.begun(msgspec.structs.replace(QUERY, **words))

    lane = {"backup": [Begun(0, 1, "succeeded", 0), Begun(1, 1, "succeeded", 1)]}
    assert read(jobs=("backup",)) == Past(lanes=lane, load={0: 3, 1: 1}, read_from=NOON)
    assert read(jobs=("",)) == Past(load={0: 3, 1: 1}, read_from=NOON)
    found = read(jobs=("backup", "gone"), within=("backup", "sync"))
    assert found == Past(lanes=lane, load={0: 2, 1: 1}, read_from=NOON)
    assert read(jobs=("backup",), within=()) == Past(lanes=lane, read_from=NOON)


def test_what_was_missed_is_told_where_nothing_began(store: SqliteStore, tmp_path: Path) -> None:
    missed = decided(due_at=NOON + 6 * MINUTE, outcome="missed", reason="start_deadline")
    store.record([added(), *whole_run(1), missed, decided(due_at=NOON + 12 * MINUTE)])

    past = open_reader(tmp_path).begun(QUERY)
    assert past.lanes == {"backup": [Begun(0, 1, "succeeded", 0), Begun(1, 0, "missed", 1)]}
    assert past.load == {0: 1}


def test_without_a_history_nothing_began(tmp_path: Path) -> None:
    assert open_reader(tmp_path).begun(QUERY) == Past(read_from=NOON)


def test_a_skip_ahead_is_kept_and_counting_goes_on(store: SqliteStore, tmp_path: Path) -> None:
    due_at = NOON + HOUR
    skip = decided(due_at=due_at, reason="user")
    span = (due_at - 1, due_at)
    moved = CountingMoved(at=NOON, job="backup", counts_from=NOON, decided=(span,))
    store.record([added(), skip, moved])
    store.record(whole_run(1))

    (known,) = store.memory(now=NOON).jobs
    assert (known.counts_from, known.decided) == (NOON + MINUTE, (span,))
    decisions = open_reader(tmp_path).decisions(ReadDecisions(job="backup")).decisions
    assert [(each.due_at, each.reason) for each in decisions] == [
        (NOON + MINUTE, ""),
        (due_at, "user"),
    ]


def test_the_quarters_in_which_a_job_began_are_counted(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), *whole_run(1), *whole_run(2, code=3), *whole_run(16)])
    store.record([added("report"), *whole_run(17, "report")])
    reader = open_reader(tmp_path)

    quarter = 15 * MINUTE
    assert reader.quarters("backup", NOON) == [(NOON, 2, 1), (NOON + quarter, 1, 0)]
    assert reader.quarters("backup", NOON + 2 * MINUTE + 1) == [
        (NOON, 1, 1),
        (NOON + quarter, 1, 0),
    ]
    assert reader.quarters("gone", NOON) == []
