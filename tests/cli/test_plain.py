"""Tests for `status --plain`: what is said, and that nothing is said twice."""

import pytest

from cronterm.cli.plain import Speaker, when
from cronterm.clock import DAY
from cronterm.model.snapshot import JobView, Snapshot
from tests.cli.desk import Desk, at_once
from tests.remote.fake_control import START, FakeControl


def test_plain_is_a_line_for_the_engine_and_one_for_each_job(desk: Desk) -> None:
    desk.client.control.exit_code = 3
    desk.run("run", "backup")
    desk.run("run", "backup")
    desk.run("pause", "talker", "--reason", "noise\x1b[2J")
    done = desk.run("status", "--plain")

    assert done.stdout.splitlines() == [
        "engine running, pid 4242, version 9.9",
        "2 jobs in jobs.yaml",
        "backup: failed: exit 3 after 1.0s, 2 failed in a row",
        "talker: paused by me: noise",
    ]
    assert desk.run("status", "--plain", "talker").stdout.count("\n") == 3


@pytest.mark.parametrize("words", [("--json",), ("-o", "csv"), ("--check",)])
def test_plain_is_a_form_of_its_own(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run("status", "--plain", *words).exit_code == 2


def snapshot() -> Snapshot:
    """Return what a small engine shows."""
    return at_once(FakeControl().snapshot())


def speaker(said: dict[str, str], troubles: list[str]) -> Speaker:
    """Return one that says of each job what is in `said`."""

    def of_job(view: JobView, of: Snapshot) -> tuple[str, str]:
        return said[view.job.id], "next 12:00"

    return Speaker(of_job, lambda of: [f"engine {of.engine.pid}"], lambda of: list(troubles))


def test_only_what_differs_is_said_again() -> None:
    said, troubles = {"backup": "idle", "talker": ""}, ["a bad file"]
    it = speaker(said, troubles)
    first = list(it.take(snapshot()))
    again = list(it.take(snapshot()))
    said["talker"] = "running"
    troubles.clear()
    then = list(it.take(snapshot()))
    empty = snapshot()
    del empty.jobs["backup"]

    assert first == ["engine 4242", "a bad file", "backup: idle, next 12:00"]
    assert again == []
    assert then == ["settled: a bad file", "talker: running, next 12:00"]
    assert list(it.take(empty)) == ["backup: removed"]


def test_an_engine_that_is_gone_is_said_once_and_named_when_it_is_back() -> None:
    it = speaker({"backup": "idle", "talker": "idle"}, [])
    list(it.take(snapshot()))

    assert list(it.lose("it ended")) == ["it ended"]
    assert list(it.lose("it ended")) == []
    assert list(it.take(snapshot())) == ["engine 4242"]


def test_a_day_is_said_where_it_is_not_today() -> None:
    assert when(START, START) == "08:00:00"
    assert when(START + DAY, START) == "2027-01-16 08:00:00"
