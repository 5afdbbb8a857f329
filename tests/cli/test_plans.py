"""Tests for `next` and `validate`."""

import json
from pathlib import Path

import pytest

from tests.cli.desk import Desk

BERLIN = ("next", "--expr", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2027-03-27T12:00")


def test_next_of_an_expression_is_a_list_of_instants_with_their_offset(desk: Desk) -> None:
    done = desk.run(*BERLIN, "-n", "2", "--json")

    assert json.loads(done.stdout) == ["2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"]


def test_next_is_strictly_after_its_start(desk: Desk) -> None:
    words = ("--expr", "0 * * * *", "--tz", "UTC", "--from", "2027-01-15T08:00:00Z", "-n", "1")

    assert json.loads(desk.run("next", *words, "--json").stdout) == ["2027-01-15T09:00:00+00:00"]


def test_next_for_people_has_words_and_marks(desk: Desk) -> None:
    done = desk.run(*BERLIN, "-n", "2")

    lines = done.stdout.splitlines()
    assert lines[0].startswith("30 2 * * *: ")
    assert "Sun 2027-03-28 03:00:00 +0200" in lines[1]
    assert "!" in lines[1]


def test_next_of_jobs_is_an_object_of_lists(desk: Desk) -> None:
    reply = json.loads(desk.run("next", "backup", "--tz", "Asia/Kathmandu", "--json").stdout)

    assert reply == {"backup": ["2027-01-15T13:45:01+05:45"]}


def test_next_of_jobs_for_people_names_them(desk: Desk) -> None:
    lines = desk.run("next", "--from", "2027-01-15T08:00:00Z").stdout.splitlines()

    assert lines == [
        "Fri 2027-01-15 08:00:01 +0000   in 1s  backup",
        "Fri 2027-01-15 08:00:01 +0000   in 1s  talker",
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--expr", "61 * * * *"), 65),
        (("--expr", "* * * * *", "--tz", "Mars/Olympus"), 65),
        (("--expr", "* * * * *", "--from", "later"), 65),
        (("--expr", "* * * * *", "backup"), 2),
        (("-n", "0"), 2),
    ],
)
def test_next_refuses_what_it_cannot_read(desk: Desk, words: tuple[str, ...], code: int) -> None:
    done = desk.run("next", *words)

    assert done.exit_code == code
    assert done.stdout == ""


def test_validate_counts_the_jobs_of_a_good_file(lonely: Desk) -> None:
    done = lonely.run("validate")

    assert done.exit_code == 0
    assert done.stdout == f"{lonely.instance.jobs_file}: ok, 1 job\n"
    assert json.loads(lonely.run("validate", "--json").stdout) == {
        "ok": True,
        "jobs": 1,
        "problems": [],
    }


def test_validate_tells_every_problem_with_its_place(lonely: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("jobs:\n  a:\n    comand: x\n  b:\n    command: y\n    schedule: '61 * * * *'\n")
    people = lonely.run("validate", str(bad))
    told = json.loads(lonely.run("validate", str(bad), "--json").stdout)

    assert people.exit_code == 65
    assert f"{bad}:3:5: " in people.stdout
    assert f"{bad}:6:15: " in people.stdout
    assert told["ok"] is False
    assert {problem["line"] for problem in told["problems"]} >= {3, 6}
    assert all(
        set(problem) == {"file", "line", "column", "path", "message", "hint"}
        for problem in told["problems"]
    )


def test_validate_of_a_missing_file_is_a_bad_file(lonely: Desk, tmp_path: Path) -> None:
    assert lonely.run("validate", str(tmp_path / "no.yaml")).exit_code == 65


def test_json_for_a_terminal_of_few_letters_is_ascii(lonely: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("jobs:\n  a:\n    cömmand\u0085: x\n", encoding="utf-8")
    narrow = lonely.run("validate", str(bad), "--json", charset="latin-1")
    wide = lonely.run("validate", str(bad), "--json")

    assert narrow.stdout_bytes.isascii()
    assert json.loads(narrow.stdout_bytes) == json.loads(wide.stdout_bytes)
    assert "\u0085" not in wide.stdout
