"""Tests for `stop` and `kill`."""

import msgspec
import pytest

from cronterm.model.command import Answer, RunJob, StopRun
from cronterm.model.identity import Param
from tests.cli.desk import Desk


def sent(desk: Desk) -> list[StopRun]:
    """Return what was sent to end runs, ids apart."""
    return [c for c, _ in desk.client.control.received if isinstance(c, StopRun)]


def test_stop_takes_several_runs_and_jobs(desk: Desk) -> None:
    assert desk.run("stop", "7", "backup").exit_code == 0
    assert sent(desk) == [StopRun(run=7), StopRun(job="backup")]


def test_kill_does_not_wait(desk: Desk) -> None:
    assert desk.run("kill", "backup").exit_code == 0
    assert desk.run("kill", "backup", "-s", "quit").exit_code == 0
    assert sent(desk) == [
        StopRun(job="backup", signal="SIGKILL"),
        StopRun(job="backup", signal="SIGQUIT"),
    ]


def test_all_is_every_open_run(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    desk.run("run", "backup")
    desk.run("run", "talker")

    assert desk.run("stop", "--all").exit_code == 0
    assert sent(desk) == [StopRun(run=1), StopRun(run=2)]


def test_all_does_not_mind_what_ended_by_itself_meanwhile(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    desk.run("run", "backup")
    gone = Answer(ok=False, message="run 1 is not open", kind="unknown_run")
    desk.client.control.refusal = gone

    assert desk.run("stop", "--all").exit_code == 0
    assert desk.run("stop", "1").exit_code == 1


def test_all_of_nothing_says_so(desk: Desk) -> None:
    done = desk.run("kill", "--all")

    assert (done.exit_code, done.stdout) == (0, "no run is open\n")
    assert sent(desk) == []


@pytest.mark.parametrize("words", [(), ("backup", "--all")])
def test_what_to_end_is_named_once(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run("stop", *words).exit_code == 2


def test_one_that_is_refused_does_not_keep_the_others(desk: Desk) -> None:
    done = desk.run("stop", "nosuch", "backup")

    assert done.exit_code == 1
    assert "there is no job nosuch" in done.stderr
    assert sent(desk)[-1] == StopRun(job="backup")


@pytest.mark.parametrize("command", ["stop", "kill"])
def test_without_an_engine_nothing_can_be_ended(lonely: Desk, command: str) -> None:
    assert lonely.run(command, "backup").exit_code == 69


def test_a_dry_run_tells_and_starts_nothing(desk: Desk) -> None:
    desk.client.control.leaves_open = True
    desk.run("run", "backup")
    done = desk.run("run", "backup", "--dry-run")

    assert done.exit_code == 0
    assert "would run backup in /:\n  true\n" in done.stdout
    assert "overlap: skip decides" in done.stdout
    assert sum(isinstance(each, RunJob) for each, _ in desk.client.control.received) == 1
    assert desk.run("run", "backup", "--dry-run", "-p", "no=1").exit_code == 1

    view = desk.client.control.view.jobs["backup"]
    view.job = msgspec.structs.replace(view.job, params={"count": Param("int")})
    assert "needs a value" in desk.run("run", "backup", "--dry-run").stderr
    assert "not a whole number" in desk.run("run", "backup", "--dry-run", "-p", "count=x").stderr
    assert "PARAM_COUNT=3" in desk.run("run", "backup", "--dry-run", "-p", "count=3").stdout
