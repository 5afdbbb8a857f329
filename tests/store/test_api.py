"""Tests for what came over the API: monitors, calls, pages of runs, and who reported."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.model.audit import AuditRow, Call
from cronterm.model.event import MonitorDefined, MonitorDropped
from cronterm.model.monitors import MonitorDefinition
from cronterm.model.query import ListCalls, ListRuns, PageRuns, ReadRun, RunPage
from cronterm.store.api import KEPT_CALLS, SLACK
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added, queued, whole_run

CALL = Call("127.0.0.1", "ci", "POST", "RunJob backup", 200)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty history."""
    with open_store(tmp_path, now=NOON) as opened:
        yield opened


def monitor(name: str, schedule: str = "@daily") -> MonitorDefinition:
    """Return a definition."""
    return MonitorDefinition(job=name, schedule=schedule, tolerance=MINUTE, by="api:ci")


def test_monitors_are_remembered_changed_and_forgotten(store: SqliteStore) -> None:
    for definition in (monitor("b"), monitor("a"), monitor("b", "@hourly"), monitor("c")):
        store.record([MonitorDefined(at=NOON, definition=definition)])
    store.record([MonitorDropped(at=NOON, job="c")])

    assert store.memory(now=NOON).monitors == (monitor("a"), monitor("b", "@hourly"))


def row(call: Call = CALL, *, at: int = NOON, count: int = 1) -> AuditRow:
    """Return calls of one moment."""
    return AuditRow(call=call, first_at=at, last_at=at, count=count)


def test_equal_calls_of_an_hour_are_one_row(store: SqliteStore, tmp_path: Path) -> None:
    other = msgspec.structs.replace(CALL, status=409)
    store.record_calls([row(), row(other, at=NOON + SECOND)])
    store.record_calls([row(at=NOON + MINUTE, count=4), row(at=NOON + HOUR)])
    calls = open_reader(tmp_path).list_calls(ListCalls()).rows

    assert calls == (
        row(other, at=NOON + SECOND),
        AuditRow(call=CALL, first_at=NOON, last_at=NOON + MINUTE, count=5),
        row(at=NOON + HOUR),
    )
    assert open_reader(tmp_path).list_calls(ListCalls(limit=1)).rows == calls[-1:]


def test_the_newest_calls_are_kept(store: SqliteStore, tmp_path: Path) -> None:
    many = [row(msgspec.structs.replace(CALL, what=str(n))) for n in range(KEPT_CALLS + SLACK + 1)]
    store.record_calls(many)
    kept = open_reader(tmp_path).list_calls(ListCalls(limit=KEPT_CALLS * 2)).rows

    assert len(kept) == KEPT_CALLS
    assert kept[-1] == many[-1]


def test_calls_between_events_disturb_nothing(store: SqliteStore) -> None:
    store.record([added(), queued(1)])
    store.record_calls([row()])
    store.record(whole_run(2))

    assert [run.run for run in store.memory(now=NOON).runs] == [1]


def test_runs_come_in_pages_newest_first(store: SqliteStore, tmp_path: Path) -> None:
    store.record([added(), added("other")])
    for run in range(1, 6):
        store.record(whole_run(run))
    store.record([queued(6, "other")])
    reader = open_reader(tmp_path)
    first = reader.page_runs(PageRuns(page=1, per_page=4))
    second = reader.page_runs(PageRuns(page=2, per_page=4))
    of_job = reader.page_runs(PageRuns(job="other"))

    assert ([row.run for row in first.rows], first.total) == ([6, 5, 4, 3], 6)
    assert [row.run for row in second.rows] == [2, 1]
    assert ([row.run for row in of_job.rows], of_job.total) == ([6], 1)
    assert reader.page_runs(PageRuns(job="nosuch")) == RunPage((), 0)
    assert reader.page_runs(PageRuns(page=9)) == RunPage((), 6)


def test_who_reported_a_run_is_kept_with_it(store: SqliteStore, tmp_path: Path) -> None:
    event = queued(1)
    cause = msgspec.structs.replace(event.cause, client='{"ip":"::1"}')
    store.record([added(), msgspec.structs.replace(event, cause=cause)])
    reader = open_reader(tmp_path)

    assert reader.list_runs(ListRuns()).rows[0].client == '{"ip":"::1"}'
    assert reader.read_run(ReadRun(run=1)).row.client == '{"ip":"::1"}'


def test_without_a_history_there_are_no_calls_and_no_pages(tmp_path: Path) -> None:
    reader = open_reader(tmp_path / "nowhere")

    assert reader.list_calls(ListCalls()).rows == ()
    assert reader.page_runs(PageRuns()) == RunPage((), 0)
