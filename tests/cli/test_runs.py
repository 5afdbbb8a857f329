"""Tests for `run` and `stop`."""

import json
from typing import Any

import pytest

from cronterm.model.command import RunJob, StopRun
from cronterm.model.run import AttemptEnd
from tests.cli.desk import Desk
from tests.remote.fake_control import START


def sent(desk: Desk) -> list[Any]:
    """Return the commands that came."""
    return [command for command, _ in desk.client.control.received]


def test_run_starts_a_job_and_does_not_wait(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    done = desk.run("run", "backup")

    assert done.exit_code == 0
    assert done.stdout == "run 1 of backup queued\n"


def test_run_passes_its_options_on(desk: Desk) -> None:
    desk.run("run", "backup", "--force", "--scheduled-at", "2027-01-15T08:00:00Z")

    assert sent(desk) == [RunJob(job="backup", force=True, scheduled_at=START)]


def test_run_json_tells_the_run(desk: Desk) -> None:
    answer = json.loads(desk.run("run", "backup", "--json").stdout)

    assert (answer["ok"], answer["run_id"]) == (True, 1)


def test_a_refused_run_exits_with_1_and_says_why(desk: Desk) -> None:
    done = desk.run("run", "bakcup", "--wait")

    assert done.exit_code == 1
    assert done.stderr == "cronterm: there is no job bakcup (did you mean backup?)\n"


@pytest.mark.parametrize("code", [0, 3, 255])
def test_run_wait_exits_with_the_code_of_the_job(desk: Desk, code: int) -> None:
    desk.client.control.exit_code = code

    assert desk.run("run", "backup", "--wait").exit_code == code


@pytest.mark.parametrize(
    ("end", "status", "said"),
    [
        (AttemptEnd(ended_at=START, signal=9), 137, "failed: signal 9"),
        (AttemptEnd(ended_at=START, signal=15, stopped_for="timeout"), 124, "timed out"),
    ],
)
def test_run_wait_tells_signals_and_timeouts(
    desk: Desk, end: AttemptEnd, status: int, said: str
) -> None:
    control = desk.client.control
    control.end_as = end
    done = desk.run("run", "backup", "--wait")

    assert done.exit_code == status
    assert done.stderr == f"run 1 of backup {said}\n"


def test_run_follow_prints_the_bytes_of_the_job(desk: Desk) -> None:
    done = desk.run("run", "talker", "--follow")

    assert done.exit_code == 0
    assert done.stdout_bytes == b"hello\n"


def test_run_follow_prints_what_the_stream_dropped(desk: Desk) -> None:
    desk.client.drops_output = True

    assert desk.run("run", "talker", "--follow").stdout_bytes == b"hello\n"


def test_run_wait_notices_an_end_that_the_stream_dropped(desk: Desk) -> None:
    control = desk.client.control
    control.exit_code = 7
    control.is_mute = True

    assert desk.run("run", "backup", "--wait").exit_code == 7


def test_run_wait_says_that_the_engine_left(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    done = desk.run("run", "backup", "--wait")

    assert done.exit_code == 69
    assert "left before run 1 ended" in done.stderr


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("7",), StopRun(run=7)),
        (("backup",), StopRun(job="backup")),
        (("backup", "-s", "int"), StopRun(job="backup", signal="SIGINT")),
        (("backup", "-s", "SIGKILL"), StopRun(job="backup", signal="SIGKILL")),
        (("backup", "-s", "2"), StopRun(job="backup", signal="SIGINT")),
    ],
)
def test_stop_names_a_run_or_a_job_and_a_signal(
    desk: Desk, words: tuple[str, ...], command: StopRun
) -> None:
    done = desk.run("stop", *words)

    assert done.exit_code == 0
    assert sent(desk) == [command]


def test_a_signal_that_is_none_is_a_usage_error(desk: Desk) -> None:
    assert desk.run("stop", "backup", "-s", "LOUD").exit_code == 2
    assert sent(desk) == []
