"""Tests for `keys`."""

import json
import os
from pathlib import Path

from tests.cli.desk import Desk


def choose(text: str) -> Path:
    """Write this person's screen.yaml."""
    file = Path(os.environ["HOME"], ".config/cronterm/screen.yaml")
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_keys_are_listed_by_what_they_are_chosen_by(lonely: Desk) -> None:
    head, *lines = lonely.run("keys", "stop").stdout.splitlines()

    assert head.split() == ["GROUP", "ID", "KEYS", "WITHOUT", "WHAT"]
    assert [line.split()[:3] for line in lines] == [
        ["Jobs", "stop", "x"],
        ["In", "a", "log"],
        ["Questions", "yes", "y"],  # in the stop question
        ["Questions", "kill_now", "k"],
        ["Questions", "stop_and_pause", "p"],
        ["Questions", "stop_engine", "s"],
    ]
    assert lonely.run("keys", "nosuch").stdout == "no key is like that\n"


def test_what_is_chosen_is_listed_beside_what_it_was(lonely: Desk) -> None:
    choose("keys: {trigger: F5, back: [Q, ^o]}\n")
    found = [json.loads(line) for line in lonely.run("keys", "--json").stdout.splitlines()]
    by_id = {each["id"]: each for each in found}

    assert by_id["trigger"]["keys"] == ["F5"]
    assert by_id["trigger"]["default"] == ["t"]
    assert "the trigger question" in by_id["trigger"]["places"]
    assert by_id["back"]["keys"] == ["Q", "^o", "esc"]
    (line,) = lonely.run("keys", "trigger", "now").stdout.splitlines()[1:]
    assert line.split()[1:4] == ["trigger", "F5", "t"]


def test_a_choice_that_the_screen_refuses_is_refused_with_its_line(lonely: Desk) -> None:
    file = choose("keys:\n  trigger: p\n")
    done = lonely.run("keys")

    assert done.exit_code == 65
    assert f"{file}:2:12: keys.trigger: p is pause as well (in jobs)" in done.stderr
    assert "choose another key for trigger" in done.stderr


def test_keys_are_no_matter_of_a_host(desk: Desk) -> None:
    assert desk.run("keys", "-H", "far").exit_code == 2
