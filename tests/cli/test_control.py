"""Tests for `pause`, `resume` and `down`."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from cronterm.cli.render import show_time
from cronterm.clock import HOUR, SystemClock
from cronterm.model.command import Answer, PauseJob, ResumeJob, ShutDown, SkipNext
from cronterm.model.snapshot import Pause
from tests.cli.desk import Desk, open_desk
from tests.remote.fake_control import START


def sent(desk: Desk) -> list[Any]:
    """Return the commands that came."""
    return [command for command, _ in desk.client.control.received]


def test_pause_holds_jobs_back_until_a_time_with_a_reason(desk: Desk) -> None:
    done = desk.run(
        "pause", "backup", "talker", "--until", "2027-01-15T08:00:00Z", "--reason", "a move"
    )

    until = show_time(START)
    assert done.stdout == f"paused backup until {until}\npaused talker until {until}\n"
    assert sent(desk) == [
        PauseJob(job="backup", until=START, reason="a move"),
        PauseJob(job="talker", until=START, reason="a move"),
    ]


def test_a_pause_that_is_changed_says_what_it_was(desk: Desk) -> None:
    desk.run("pause", "backup", "--reason", "a move")
    done = desk.run("pause", "backup", "--until", "2027-01-15T08:00:00Z")

    until, was = f"until {show_time(START)}", "it was until resumed: a move"
    assert done.stdout == f"changed the pause of backup {until}, the reason stays ({was})\n"


def test_a_pause_that_is_changed_keeps_its_reason_unless_it_gets_another(desk: Desk) -> None:
    desk.run("pause", "backup", "--reason", "a move")
    desk.run("pause", "backup", "talker", "--until", "2027-01-15T08:00:00Z")
    desk.run("pause", "backup", "--reason", "no disk")
    done = desk.run("pause", "backup", "--reason", "")
    desk.client.control.view.all_paused = Pause("ann", START, reason="a flood")
    desk.run("pause", "--all", "--until", "2027-01-15T08:00:00Z")

    assert "stays" not in done.stdout
    assert sent(desk) == [
        PauseJob(job="backup", reason="a move"),
        PauseJob(job="backup", until=START, reason="a move"),
        PauseJob(job="talker", until=START),
        PauseJob(job="backup", reason="no disk"),
        PauseJob(job="backup"),
        PauseJob(until=START, reason="a flood"),
    ]


def test_pause_for_a_duration_counts_from_now(desk: Desk) -> None:
    before = SystemClock().now().utc
    desk.run("pause", "--all", "--for", "2h")
    after = SystemClock().now().utc

    (command,) = sent(desk)
    assert command.job == ""
    assert before + 2 * HOUR <= command.until <= after + 2 * HOUR


def test_one_refusal_does_not_keep_the_others_from_their_pause(desk: Desk) -> None:
    done = desk.run("pause", "nosuch", "backup")

    assert done.exit_code == 1
    assert done.stdout == "paused backup\n"
    assert "there is no job nosuch" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("pause",), 2),
        (("pause", "backup", "--all"), 2),
        (("resume",), 2),
        (("pause", "backup", "--for", "1h", "--until", "2027-01-15"), 2),
        (("pause", "backup", "--for", "soon"), 65),
        (("pause", "backup", "--until", "soon"), 65),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_is_sent(
    desk: Desk, words: tuple[str, ...], code: int
) -> None:
    assert desk.run(*words).exit_code == code
    assert sent(desk) == []


def test_skip_is_asked_for_each_job(desk: Desk) -> None:
    done = desk.run("skip", "backup", "talker", "--reason", "a move")

    assert done.exit_code == 0
    assert sent(desk) == [
        SkipNext(job="backup", reason="a move"),
        SkipNext(job="talker", reason="a move"),
    ]
    assert desk.run("skip", "backup", "--undo").exit_code == 0
    assert sent(desk)[-1] == SkipNext(job="backup", undo=True)
    assert desk.run("skip", "backup", "--lift").exit_code == 0
    assert sent(desk)[-1] == SkipNext(job="backup", undo=True)
    assert desk.run("skip").exit_code == 2


def test_what_the_engine_says_has_the_times_of_this_machine_but_as_json(desk: Desk) -> None:
    stamp = "2027-01-15T08:00:00.250000Z"
    desk.client.control.refusal = Answer(ok=True, message=f"skipped backup at {stamp}")
    assert desk.run("skip", "backup").stdout == f"skipped backup at {show_time(START)}\n"
    assert stamp in desk.run("skip", "backup", "--json").stdout
    again = f"`cronterm skip backup --again` skips that of {stamp} too"
    refused = Answer(ok=False, message=f"the run due {stamp} is skipped already", hint=again)
    desk.client.control.refusal = refused
    done = desk.run("skip", "backup")

    assert "Z" not in done.stderr
    assert done.stderr.count(show_time(START)) == 2
    odd = Answer(ok=True, message="for 2027-99-15T08:00:00Z")
    desk.client.control.refusal = odd
    assert desk.run("skip", "backup").stdout == f"{odd.message}\n"


def test_a_further_skip_names_the_instant_that_is_due_next(desk: Desk) -> None:
    desk.client.control.view.jobs["backup"].next_at = START

    assert desk.run("skip", "backup", "--again").exit_code == 0
    assert sent(desk) == [SkipNext(job="backup", due_at=START)]
    assert desk.run("skip", "backup", "--again", "--undo").exit_code == 2


def test_resume_ends_a_pause_and_may_catch_up(desk: Desk) -> None:
    desk.run("resume", "backup", "--catch-up")

    assert sent(desk) == [ResumeJob(job="backup", catch_up=True)]


def test_answers_are_json_where_that_is_asked_for(desk: Desk) -> None:
    answer = json.loads(desk.run("pause", "backup", "--json").stdout)

    assert answer == {"ok": True, "n": 4, "run_id": None, "message": "paused backup"}


def test_down_returns_once_the_engine_has_left(tmp_path: Path) -> None:
    with open_desk(tmp_path, running=False) as desk:
        leaving = threading.Event()
        held = threading.Event()

        def be_the_engine() -> None:
            with desk.instance.acquire_lock():
                held.set()
                leaving.wait(20)

        engine = threading.Thread(target=be_the_engine)
        engine.start()
        held.wait(20)
        desk.client.on_send = lambda: threading.Timer(0.05, leaving.set).start()
        done = desk.run("down", "--now", "--stop-runs")
        engine.join()

        assert done.exit_code == 0
        assert done.stdout == "stopping\n"
        assert sent(desk) == [ShutDown(now=True, stop_runs=True)]
        assert not desk.instance.is_held()


def test_down_without_an_engine_is_no_engine(lonely: Desk) -> None:
    assert lonely.run("down").exit_code == 69
