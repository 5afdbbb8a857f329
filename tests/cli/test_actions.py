"""Tests for `actions`."""

import json
from pathlib import Path

import pytest

from tests.cli.desk import Desk

TASKS = 'def sample(arg1, arg2):\n    """Say both."""\n'


def test_the_callables_beside_the_jobs_file_are_listed(lonely: Desk) -> None:
    Path("calls.py").write_text(TASKS, encoding="utf-8")

    assert lonely.run("actions", "calls").stdout.splitlines() == [
        "CALL          ARGUMENTS     WHAT IT DOES",
        "calls:sample  (arg1, arg2)  Say both.",
    ]
    (found,) = json.loads(lonely.run("actions", "calls.py", "-o", "json").stdout)
    assert (found["call"], found["line"]) == ("calls.py:sample", 1)


def test_what_is_listed_can_be_added(lonely: Desk) -> None:
    Path("calls.py").write_text(TASKS, encoding="utf-8")
    done = lonely.run("add", "new", "--python", "calls.py:sample", "--args", "[1, 2]", "--in", "1h")

    assert done.exit_code == 0
    assert "python: calls.py:sample, args: [1, 2]}" in Path("jobs.yaml").read_text()


@pytest.mark.parametrize("text", ["import nosuch_module", "raise SystemExit(3)", "def ("])
def test_a_module_that_cannot_be_loaded_is_said(lonely: Desk, text: str) -> None:
    Path("calls.py").write_text(text, encoding="utf-8")
    done = lonely.run("actions", "calls.py")

    assert done.exit_code == 1
    assert "calls.py cannot be loaded" in done.stderr


def test_a_module_without_any_is_said(lonely: Desk) -> None:
    Path("calls.py").write_text("RATE = 3\n", encoding="utf-8")

    assert lonely.run("actions", "calls.py").stdout == "calls.py has nothing to call\n"


def test_modules_of_other_machines_are_not_looked_at(lonely: Desk) -> None:
    assert lonely.run("actions", "calls.py", "-H", "db1").exit_code == 2
