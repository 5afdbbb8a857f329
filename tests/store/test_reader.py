"""Questions to the history, answered read-only."""

from pathlib import Path

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.errors import CrontermError
from cronterm.model.decision import Decision
from cronterm.model.event import JobChanged, RetryScheduled, RunQueued
from cronterm.model.job import Job
from cronterm.model.query import (
    AttemptRow,
    ListRuns,
    ReadDecisions,
    ReadRun,
)
from cronterm.model.run import Cause, RunRow
from cronterm.store.reader import SqliteReader, open_reader
from cronterm.store.sqlite import SqliteStore
from tests.store.facts import (
    NOON,
    added,
    attempt_ended,
    claimed,
    decided,
    end,
    job,
    queued,
    run_ended,
    started,
    whole_run,
)

Seen = list[tuple[int | None, str]]


@pytest.fixture
def reader(store: SqliteStore, tmp_path: Path) -> SqliteReader:
    """A reader beside the open store."""
    return open_reader(tmp_path)


def seen(reader: SqliteReader, **words: object) -> Seen:
    """Return (run, outcome or empty) of the listed rows."""
    rows = reader.list_runs(msgspec.convert(words | {"type": "ListRuns"}, ListRuns)).rows
    return [(row.run, row.outcome or "") for row in rows]


def test_before_the_first_engine_there_is_nothing(tmp_path: Path) -> None:
    with open_reader(tmp_path) as reader:
        assert reader.list_runs(ListRuns()).rows == ()
        assert reader.decisions(ReadDecisions(job="backup")).decisions == ()
        assert reader.output_blob(1, 1) is None
        with pytest.raises(CrontermError, match="there is no run 7"):
            reader.read_run(ReadRun(run=7))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_history_is_said_to_be_unreadable(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_text("jobs:\n" * 1000)

    with pytest.raises(CrontermError, match=r"history\.db cannot be read"):
        open_reader(tmp_path).list_runs(ListRuns())


def test_a_line_has_the_first_start_the_last_values_and_the_sums(
    store: SqliteStore, reader: SqliteReader
) -> None:
    later = NOON + HOUR
    store.record([added(), queued(1), claimed(1), started(1), attempt_ended(1, code=3)])
    store.record([RetryScheduled(at=NOON, run=1, job="backup", attempt=2, ready_at=later)])
    store.record([claimed(1, attempt=2), started(1, attempt=2)])
    store.record(
        [attempt_ended(1, attempt=2, ended_at=later, max_rss_bytes=None), run_ended(1)],
    )

    assert reader.list_runs(ListRuns()).rows == (
        RunRow(
            run=1,
            job="backup",
            cause="scheduled",
            scheduled_at=NOON + MINUTE,
            queued_at=NOON + MINUTE,
            started_at=NOON + MINUTE + SECOND,
            ended_at=later,
            outcome="succeeded",
            exit_code=0,
            attempt=2,
            attempts=2,
            cpu_us=1400,
            max_rss_bytes=None,
            output_bytes=24,
        ),
    )


def test_what_a_person_has_skipped_is_listed_from_its_time_on(
    store: SqliteStore, reader: SqliteReader
) -> None:
    due_at = NOON + HOUR
    store.record([added(), decided(due_at=due_at, reason="user")])

    query = ListRuns(job="backup")
    assert reader.list_runs(query, now=due_at - 1).rows == ()
    (row,) = reader.list_runs(query, now=due_at).rows
    assert row.scheduled_at == due_at


def test_an_open_run_has_no_end_yet(store: SqliteStore, reader: SqliteReader) -> None:
    store.record([added(), queued(1), claimed(1), attempt_ended(1, code=3)])

    (row,) = reader.list_runs(ListRuns()).rows
    assert (row.ended_at, row.outcome) == (None, None)


def test_a_manual_run_has_no_instant_unless_it_was_given_one(
    store: SqliteStore, reader: SqliteReader
) -> None:
    words = {"at": NOON, "job": "backup", "ready_at": NOON, "attempts": 1}
    store.record(
        [
            RunQueued(run=1, cause=Cause("manual", by="ann"), **words),  # type: ignore[arg-type]
            RunQueued(run=2, cause=Cause("manual", None, "ann", 5), **words),  # type: ignore[arg-type]
        ]
    )

    rows = reader.list_runs(ListRuns()).rows
    assert [(row.by, row.scheduled_at) for row in rows] == [("ann", None), ("ann", 5)]
    assert reader.decisions(ReadDecisions(job="backup")).decisions == ()


def test_a_run_is_read_with_its_attempts_and_its_definition(
    store: SqliteStore, reader: SqliteReader
) -> None:
    store.record([added(), queued(1), claimed(1), started(1)])
    store.record([JobChanged(at=NOON, job=job(description="new")), attempt_ended(1)])

    detail = reader.read_run(ReadRun(run=1))
    assert detail.attempts == (
        AttemptRow(
            attempt=1,
            claimed_at=NOON + MINUTE,
            started_at=NOON + MINUTE + SECOND,
            pid=4000,
            end=end(1),
        ),
    )
    assert msgspec.json.decode(detail.definition, type=Job) == job()


def test_an_unfinished_attempt_has_no_end(store: SqliteStore, reader: SqliteReader) -> None:
    store.record([added(), queued(1), claimed(1)])

    assert reader.read_run(ReadRun(run=1)).attempts[0].end is None


# -- lists ---------------------------------------------------------------------------------------


@pytest.fixture
def told(store: SqliteStore) -> None:
    """Two jobs: runs 1 to 6, every third failed, with decisions between them."""
    store.record([added(), added("web")])
    for run in range(1, 7):
        store.record(whole_run(run, "backup" if run < 4 else "web", code=run % 3 == 0))
    between = NOON + 3 * MINUTE + 30 * SECOND
    store.record([decided(due_at=between, reason="overlap")])
    store.record([decided("web", due_at=NOON + 7 * MINUTE, outcome="missed", reason="downtime")])


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, [1, 2, 3, None, 4, 5, 6, None]),
        ({"decisions": False}, [1, 2, 3, 4, 5, 6]),
        ({"limit": 4}, [4, 5, 6, None]),
        ({"limit": 4, "decisions": False}, [3, 4, 5, 6]),
        ({"limit": 0}, []),
        ({"job": "backup"}, [1, 2, 3, None]),
        ({"job": "web", "limit": 2}, [6, None]),
        ({"job": "nobody"}, []),
        ({"outcomes": ["failed"]}, [3, 6]),
        ({"outcomes": ["failed"], "job": "web"}, [6]),
        ({"outcomes": ["succeeded", "failed"]}, [1, 2, 3, 4, 5, 6]),
        ({"outcomes": ["skipped", "missed"]}, [None, None]),
        ({"outcomes": ["missed"], "job": "backup"}, []),
        ({"before_run": 5}, [1, 2, 3, None, 4]),
        ({"before_run": 5, "limit": 2}, [None, 4]),
        ({"before_run": 3, "job": "backup"}, [1, 2]),
        ({"since": NOON + 3 * MINUTE}, [3, None, 4, 5, 6, None]),
        ({"since": NOON + 3 * MINUTE, "job": "backup"}, [3, None]),
        ({"since": NOON + 3 * MINUTE, "limit": 3}, [5, 6, None]),
        ({"since": NOON + 4 * MINUTE, "outcomes": ["failed"]}, [6]),
    ],
)
def test_lists_come_oldest_first_and_as_asked(
    reader: SqliteReader, words: dict[str, object], expected: list[int | None]
) -> None:
    assert expected == [run for run, _ in seen(reader, **words)]


def test_a_range_is_one_line_with_its_count(store: SqliteStore, reader: SqliteReader) -> None:
    store.record([added()])
    for minute in (1, 2, 3):
        at = NOON + minute * MINUTE
        store.record([decided(due_at=at, until=at)])

    (row,) = reader.list_runs(ListRuns()).rows
    assert (row.run, row.count, row.reason) == (None, 3, "paused")
    assert (row.scheduled_at, row.scheduled_until) == (NOON + MINUTE, NOON + 3 * MINUTE)


# -- decisions -----------------------------------------------------------------------------------


def minutes(reader: SqliteReader, at: int | None = None) -> list[tuple[int, int, str]]:
    """Return (first minute, how many instants, reason) of each decision."""
    found = reader.decisions(ReadDecisions(job="backup", at=at)).decisions
    return [((each.due_at - NOON) // MINUTE, each.count, each.reason) for each in found]


def paused(minute: int, *, count: int = 1, reason: str = "paused", schedule: str = "s1"):  # type: ignore[no-untyped-def]
    """`count` instants from `minute` on were held back."""
    first = NOON + minute * MINUTE
    until = first + (count - 1) * MINUTE
    return decided(due_at=first, until=until, count=count, reason=reason, schedule=schedule)  # type: ignore[arg-type]


def test_a_range_grows_while_nothing_else_is_decided(
    store: SqliteStore, reader: SqliteReader
) -> None:
    store.record([added(), paused(1, count=5), paused(6), paused(7)])
    store.record([paused(8, reason="disabled"), paused(9, reason="disabled", schedule="s2")])
    store.record([queued(10), paused(11), paused(12)])

    assert minutes(reader) == [
        (1, 7, "paused"),
        (8, 1, "disabled"),
        (9, 1, "disabled"),
        (10, 1, ""),
        (11, 2, "paused"),
    ]


def test_overlap_skips_stay_single(store: SqliteStore, reader: SqliteReader) -> None:
    store.record([added()])
    store.record([decided(due_at=NOON + n * MINUTE, reason="overlap") for n in (1, 2)])

    assert minutes(reader) == [(1, 1, "overlap"), (2, 1, "overlap")]


def test_what_covers_an_instant_is_found_inside_ranges_too(
    store: SqliteStore, reader: SqliteReader
) -> None:
    store.record([added(), paused(1, count=5), queued(6)])

    assert minutes(reader, at=NOON + 3 * MINUTE) == [(1, 5, "paused")]
    assert minutes(reader, at=NOON + 6 * MINUTE) == [(6, 1, "")]
    assert minutes(reader, at=NOON + 7 * MINUTE) == []


def test_a_decision_that_started_a_run_tells_its_outcome(
    store: SqliteStore, reader: SqliteReader
) -> None:
    store.record([added(), queued(1)])
    at = NOON + MINUTE
    open_decision = Decision(job="backup", due_at=at, decided_at=at, run=1)
    assert reader.decisions(ReadDecisions(job="backup")).decisions == (open_decision,)

    store.record([run_ended(1, outcome="failed", reason="exit")])
    (decision,) = reader.decisions(ReadDecisions(job="backup")).decisions
    assert (decision.outcome, decision.reason) == ("failed", "exit")


def test_the_newest_decisions_come_oldest_first(store: SqliteStore, reader: SqliteReader) -> None:
    store.record([added(), *(queued(run) for run in range(1, 6))])

    found = reader.decisions(ReadDecisions(job="backup", limit=2)).decisions
    assert [each.run for each in found] == [4, 5]


# -- output --------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", [b"hi\n", b"line\n" * 5000, bytes(range(256)) * 4])
def test_output_comes_back_as_it_was(
    store: SqliteStore, reader: SqliteReader, output: bytes
) -> None:
    store.record([added(), *whole_run(1)], outputs={(1, 1): output})
    store.record([attempt_ended(1)], outputs={(1, 1): b"told again"})

    assert reader.output_blob(1, 1) == output
    assert reader.output_blob(1, 2) is None


def test_decisions_and_runs_of_a_stretch_of_time_are_found(
    store: SqliteStore, reader: SqliteReader
) -> None:
    store.record([added(), *whole_run(1), *whole_run(2), *whole_run(3)])
    begin, last = NOON + 10 * MINUTE, NOON + 20 * MINUTE
    store.record([decided(due_at=begin, until=last, count=11, outcome="missed")])

    def found(at: int, until: int | None) -> list[int]:
        query = ReadDecisions(job="backup", at=at, until=until)
        return [(each.due_at - NOON) // MINUTE for each in reader.decisions(query).decisions]

    assert found(NOON, NOON + 3 * MINUTE) == [1, 2]
    assert found(NOON + 3 * MINUTE, NOON + 3 * MINUTE + 1) == [3]
    assert found(NOON + 15 * MINUTE, NOON + 16 * MINUTE) == found(last, None) == [10]
    assert found(last + 1, NOON + 90 * MINUTE) == []
    query = ListRuns(job="backup", since=NOON + 2 * MINUTE, until=NOON + 3 * MINUTE)
    assert [row.run for row in reader.list_runs(query).rows] == [2]
