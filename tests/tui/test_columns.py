"""Tests for the columns of the job table."""

from cronterm.model.event import JobAdded, Numbered
from cronterm.model.snapshot import Snapshot, fold
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.columns import behind_host, columns_for
from tests.remote.fake_control import START, job


def test_a_name_stands_behind_its_machine_where_there_are_several() -> None:
    assert behind_host("", "backup", ()) == "backup"
    assert behind_host("db1", "backup", ("db1", "web-10")) == "db1     backup"
    assert behind_host("a-very-long-name", "x", ("a-very-long-name",)) == "a-very-long…  x"


def test_a_job_of_a_machine_that_is_gone_is_gone() -> None:
    picture = Picture()
    snapshot = Snapshot(n=1, hosts=("a", "b"), gone={"b": "no route"})
    for host in ("a", "b"):
        added = job(f"{host}:backup")
        event = JobAdded(at=START, job=added, counts_from=START, first_seen_at=START)
        fold(snapshot, Numbered(snapshot.n + 1, event))
    picture.take(snapshot, START)

    states = [picture.state(view, START) for view in picture.snapshot.jobs.values()]
    assert states == ["never", "gone"]


def test_the_name_always_has_room() -> None:
    assert all(columns_for(width).name >= 8 for width in range(20, 200))
