"""Tests for tables in every form."""

import csv
import io
import json
from typing import Any

import pytest
import yaml

from cronterm.cli.sheet import FORMS, Sheet, print_sheet
from tests.cli.desk import Desk


def printed(capsys: pytest.CaptureFixture[str], desk: Desk, form: str, sheet: Sheet) -> str:
    """Return what a sheet is in a form."""
    print_sheet(desk.asked(form=form), sheet)
    return capsys.readouterr().out


def sheet(**changes: Any) -> Sheet:
    """Return a sheet of one row."""
    given: dict[str, Any] = {
        "content": [{"job": "a", "last": {"code": 3}}],
        "records": [{"job": "a", "last": {"code": 3}}],
        "head": ("JOB", "CODE"),
        "rows": [("a", "3")],
        "only_wide": frozenset({"CODE"}),
    }
    return Sheet(**given | changes)


@pytest.mark.parametrize(
    "words", [("status",), ("ls",), ("history",), ("next",), ("show", "backup")]
)
@pytest.mark.parametrize("form", FORMS)
def test_every_table_has_every_form(desk: Desk, words: tuple[str, ...], form: str) -> None:
    desk.run("run", "backup")
    done = desk.run(*words, "-o", form)

    assert done.exit_code == 0
    assert "backup" in done.stdout


def test_json_by_o_is_what_json_is(desk: Desk) -> None:
    assert desk.run("status", "-o", "json").stdout == desk.run("status", "--json").stdout


def test_yaml_says_what_json_says(desk: Desk) -> None:
    said = yaml.safe_load(desk.run("status", "-o", "yaml").stdout)

    assert said == json.loads(desk.run("status", "--json").stdout)


def test_wide_has_columns_that_a_table_has_not(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    assert printed(capsys, desk, "table", sheet()) == "JOB\na\n"
    assert printed(capsys, desk, "wide", sheet()) == "JOB  CODE\na    3\n"


def test_csv_is_flat(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    records = [{"job": "a", "last": None}, {"job": "b", "last": {"code": 3, "ok": False}}]
    text = printed(capsys, desk, "csv", sheet(records=records))

    assert text == "job,last_code,last_ok\na,,\nb,3,false\n"


def test_csv_runs_nothing_in_a_spreadsheet_and_nothing_in_a_terminal(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    records = [{"job": '=cmd|"/C calc"!A1', "text": "a\x1b[2J\nb", "number": -3}]
    text = printed(capsys, desk, "csv", sheet(records=records))

    assert next(csv.DictReader(io.StringIO(text))) == {
        "job": '\'=cmd|"/C calc"!A1',
        "text": "a b",
        "number": "-3",
    }


def test_yaml_cannot_steer_a_terminal(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, desk, "yaml", sheet(content={"a": "\x1b]0;t\x07\u202e\x9b2J"}))

    assert text.isprintable() or set(text) <= set(map(chr, range(32, 127))) | {"\n"}


def test_nothing_to_show_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    empty = sheet(content=[], records=[], rows=[], empty="no jobs", is_lines=True)

    assert printed(capsys, desk, "table", empty) == "no jobs\n"
    assert printed(capsys, desk, "json", empty) == ""
