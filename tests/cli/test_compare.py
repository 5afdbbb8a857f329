"""Tests for `diff`."""

import json

import pytest

from cronterm.clock import SECOND
from cronterm.model.comparison import normalised
from cronterm.model.run import AttemptEnd
from tests.cli.desk import Desk
from tests.remote.fake_control import START

BACKUP = b"begin 2026-11-21 02:30:00\ncopied 17 files in 3.2 s\ndone 7f3c9a1\n"


def run(desk: Desk, output: bytes, *, code: int = 0) -> None:
    """Let a job run once, and print."""
    control = desk.client.control
    control.leaves_open = True
    desk.run("run", "backup")
    number = len(control.received)
    control.say(number, output)
    control.end(number, AttemptEnd(ended_at=START + SECOND, exit_code=code))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("took 3 s", "took 12.5 s"),
        ("2026-11-21T02:30:00Z start", "2026-11-22T02:30:01.25Z start"),
        ("at 02:30", "at 14:31:07"),
        ("Sat Nov 21", "Sun Nov 22"),
        ("commit 7f3c9a1e", "commit 00aa11bb"),
        ("id 3f2b1c4d-1111-2222-3333-444455556666", "id 00000000-aaaa-bbbb-cccc-dddddddddddd"),
        ("at 0xdeadbeef", "at 0x1"),
    ],
)
def test_lines_that_differ_in_numbers_times_and_ids_are_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("added", "facade"), ("took 3 s", "took 3 ms")])
def test_words_are_not_ids(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_two_runs_that_say_the_same_are_the_same(desk: Desk) -> None:
    run(desk, BACKUP)
    run(desk, BACKUP.replace(b"17", b"18").replace(b"02:30", b"02:31"))
    done = desk.run("diff", "1", "2")

    assert done.exit_code == 0
    assert "the outputs are the same" in done.stdout
    assert desk.run("diff", "1", "2", "--exact").exit_code == 1


def test_a_line_that_is_new_is_shown_between_its_neighbours(desk: Desk) -> None:
    run(desk, BACKUP)
    run(desk, BACKUP.replace(b"done", b"warning: disk is slow\ndone"))
    done = desk.run("diff", "backup")

    assert done.exit_code == 1
    assert done.stdout.splitlines()[-3:] == [
        " copied 17 files in 3.2 s",
        "+warning: disk is slow",
        " done 7f3c9a1",
    ]


def test_one_run_is_compared_to_the_last_good_one_before_it(desk: Desk) -> None:
    run(desk, BACKUP)
    run(desk, b"no", code=3)
    run(desk, b"no", code=3)
    told = json.loads(desk.run("diff", "3", "--json").stdout)

    assert [each["run_id"] for each in told["runs"]] == [1, 3]
    assert told["facts"]["outcome"] == ["succeeded", "failed"]
    assert told["same"] is False


def test_output_cannot_steer_the_terminal(desk: Desk) -> None:
    run(desk, b"a\n")
    run(desk, b"\x1b]0;t\x07b\x9b2J\n")

    assert "\x1b" not in desk.run("diff", "2").stdout


@pytest.mark.parametrize("words", [("404",), ("nosuch",), ("backup",), ("1",)])
def test_what_cannot_be_compared_is_said(desk: Desk, words: tuple[str, ...]) -> None:
    if words == ("1",):
        run(desk, BACKUP)
    done = desk.run("diff", *words)

    assert done.exit_code == 1
    assert done.stdout == ""


def test_without_an_engine_the_history_is_compared(lonely: Desk) -> None:
    assert lonely.run("diff", "1").exit_code == 1
    assert lonely.asked_offline
