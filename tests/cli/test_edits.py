"""Tests for the commands that change the jobs file: by an engine, and by hand without one."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cronterm.cli.edits import words_of
from cronterm.config.load import load
from cronterm.errors import BadInput
from cronterm.model.command import AddJob, DeleteJob, EditJob, MoveJob, RenameJob
from tests.cli.desk import Desk

OPTIONS: dict[str, Any] = {
    **dict.fromkeys(("tz", "every", "moment", "delay", "timeout", "retries", "description")),
    **dict.fromkeys(("group", "owner", "user", "working_dir", "overlap", "catch_up", "jitter")),
    **dict.fromkeys(("python", "args", "kwargs")),
    "schedules": (),
    "env": (),
    "tags": (),
    "disabled": False,
}


def words(*command: str, **options: Any) -> dict[str, Any]:
    """Return the words of a job."""
    return words_of(command or ("true",), **OPTIONS | options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {}),
        ({"schedules": ("@daily",)}, {"schedule": "@daily"}),
        ({"every": "10m"}, {"schedule": "@every 10m"}),
        ({"moment": "2027-01-01T00:00Z"}, {"schedule": "@at 2027-01-01T00:00Z"}),
        (
            {"schedules": ("* * * * *",), "delay": "30m"},  # seed 001
            {"schedule": ["* * * * *", "@in 30m"]},
        ),
        ({"env": ("A=1=2", "B=")}, {"env": {"A": "1=2", "B": ""}}),
        ({"retries": 3, "timeout": "1h"}, {"retry": 3, "timeout": "1h"}),
        ({"disabled": True, "tags": ("x",)}, {"enabled": False, "tags": ["x"]}),
    ],
)
def test_options_become_words(options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert words(**options) == {"command": "true", **expected}


def test_a_function_stands_in_place_of_a_command() -> None:
    given = {"python": "tasks.py:sample", "args": '[1, "two"]', "kwargs": '{"verbose": true}'}

    assert words_of((), **OPTIONS | given) == {
        "python": "tasks.py:sample",
        "args": [1, "two"],
        "kwargs": {"verbose": True},
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ((), 2),
        (("--python", "t:f", "--", "true"), 2),
        (("--args", "[1]", "--", "true"), 2),
        (("--python", "t:f", "--args", "1"), 65),
        (("--python", "t:f", "--kwargs", "[1]"), 65),
        (("--python", "t:f", "--args", "[1"), 65),
        (("--python", "nothing"), 1),
    ],
)
def test_a_function_that_cannot_be_called_so_is_refused(
    lonely: Desk, given: tuple[str, ...], code: int
) -> None:
    assert lonely.run("add", "new", *given).exit_code == code


@pytest.mark.parametrize(
    "options", [{"schedules": ("61 * * * *",)}, {"every": "soon"}, {"tz": "Mars"}, {"timeout": "x"}]
)
def test_what_cannot_be_read_is_refused_before_anything_is_touched(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        words(**options)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("echo hi | cat",), "echo hi | cat"),
        (("echo", "hi"), "echo hi"),
        (("echo", "hi there"), ["echo", "hi there"]),
        (("echo", "$HOME"), ["echo", "$HOME"]),
    ],
)
def test_one_word_is_a_line_and_several_are_kept(
    command: tuple[str, ...], expected: object
) -> None:
    assert words(*command)["command"] == expected


def test_a_python_file_that_cannot_be_executed_is_run_by_python(tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.touch(0o600)

    assert words(str(script))["command"] == f"{sys.executable} {script}"
    assert words(str(script), "a b")["command"] == [sys.executable, str(script), "a b"]
    script.chmod(0o700)
    assert words(str(script))["command"] == str(script)


# -- with an engine ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "command"),
    [
        (("add", "x", "--", "true"), AddJob(job="x", words={"command": "true"})),
        (("rm", "backup", "--dry-run"), DeleteJob(job="backup", dry_run=True)),
        (("enable", "backup"), EditJob(job="backup", words={"enabled": True})),
        (("disable", "backup"), EditJob(job="backup", words={"enabled": False})),
        (("rename", "backup", "b"), RenameJob(job="backup", new="b")),
        (("mv", "backup", "--to", "b.yaml"), MoveJob(job="backup", to="b.yaml")),
    ],
)
def test_an_engine_is_asked_to_make_the_change(
    desk: Desk, given: tuple[str, ...], command: object
) -> None:
    desk.client.control.view.jobs["x"] = desk.client.control.view.jobs["backup"]
    desk.client.control.edits_as = "+new\n"
    done = desk.run(*given)

    assert [each for each, _ in desk.client.control.received] == [command]
    assert done.stdout.startswith("+new\n")
    assert json.loads(desk.run("--json", *given).stdout)["diff"] == "+new\n"


def test_add_without_a_command_is_a_usage_error(desk: Desk) -> None:
    assert desk.run("add", "x", "--every", "5m").exit_code == 2


# -- without one ---------------------------------------------------------------------------------


@pytest.fixture
def alone(lonely: Desk) -> Desk:
    """A desk without an engine, with a file of two jobs."""
    text = 'jobs:\n  a:  # first\n    command: "true"\n  b: {command: x, depends_on: [a]}\n'
    lonely.instance.jobs_file.write_text(text, encoding="utf-8")
    lonely.instance.jobs_file.chmod(0o600)
    return lonely


def jobs(desk: Desk) -> list[str]:
    """Return the jobs of the file."""
    loaded = load(desk.instance.jobs_file, local_timezone="UTC")
    assert loaded.problems == ()
    return [job.id for job in loaded.jobs]


def test_without_an_engine_the_file_is_changed(alone: Desk) -> None:
    done = alone.run("add", "c", "--every", "5m", "--", "date", "-u")

    assert done.exit_code == 0
    assert "+  c:\n" in done.stdout
    assert done.stdout.endswith("added c\n")
    assert jobs(alone) == ["a", "b", "c"]


def test_the_first_job_makes_the_file(alone: Desk) -> None:
    alone.instance.jobs_file.unlink()

    assert alone.run("add", "c", "--", "true").exit_code == 0
    assert jobs(alone) == ["c"]


def test_a_dry_run_changes_nothing(alone: Desk) -> None:
    before = alone.instance.jobs_file.read_text(encoding="utf-8")
    for given in (("add", "c", "--dry-run", "--", "x"), ("rename", "a", "z", "--dry-run")):
        done = alone.run(*given)

        assert done.exit_code == 0
        assert "would have " in done.stdout
    assert alone.instance.jobs_file.read_text(encoding="utf-8") == before


def test_what_would_break_the_file_is_refused(alone: Desk) -> None:
    before = alone.instance.jobs_file.read_text(encoding="utf-8")
    gone, taken = alone.run("rm", "a", "-y"), alone.run("add", "a", "--", "x")

    assert (gone.exit_code, taken.exit_code) == (1, 1)
    assert "there is no job 'a'" in gone.stderr
    assert "there is a job a already" in taken.stderr
    assert alone.instance.jobs_file.read_text(encoding="utf-8") == before


def test_an_edit_beside_a_mistake_says_that_it_is_not_in_force(alone: Desk) -> None:
    with alone.instance.jobs_file.open("a", encoding="utf-8") as file:
        file.write("  c: {command: x, timeout: 8 bananas}\n")
    done = alone.run("disable", "a")

    assert done.exit_code == 0
    assert "disabled a, but not in force: jobs.yaml:6:28: '8 bananas'" in done.stdout


def test_rename_enable_disable_and_rm(alone: Desk) -> None:
    for given in (("rename", "a", "z"), ("disable", "z", "b"), ("enable", "b"), ("rm", "b")):
        assert alone.run(*given).exit_code == 0
    text = alone.instance.jobs_file.read_text(encoding="utf-8")

    assert jobs(alone) == ["z"]
    assert "  z:  # first\n" in text
    assert "enabled: false" in text
    assert alone.run("disable", "z").stdout == "z is disabled already\n"


# -- edit ----------------------------------------------------------------------------------------


def editor(directory: Path, script: str) -> str:
    """Return an editor that does what `script` says to the file $1."""
    path = directory / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("sed -i 's/true/date/' $1", 0, "changed a"),
        ("true", 0, "nothing changed"),
        ("sed -i 's/command/comand/' $1", 65, "did you mean command?"),
        ("sed -i 's/a:/z:/' $1", 65, "`cronterm rename` keeps its history"),
        ("exit 3", 1, "ended with 3"),
    ],
)
def test_edit_saves_what_an_editor_made_if_it_is_right(
    alone: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, code: int, said: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("VISUAL", editor(tmp_path, script))
    alone.answers_from_disk = True
    done = alone.run("edit", "a")

    assert done.exit_code == code
    assert said in done.stdout + done.stderr
    text = alone.instance.jobs_file.read_text(encoding="utf-8")
    assert ("date" in text) == ("date" in script)
