"""The commands about the jobs file itself."""

import json
from pathlib import Path

import pytest

from cronterm.config.schema import jobs_schema
from tests.cli.desk import Desk

TEXT = """\
settings: {timezone: Europe/Berlin, history: {keep_days: 7}}
defaults: {tags: [x], env: {A: "1"}, timeout: 5m}
include: [conf/*.yaml]
jobs:
    a: {command: x, tags: [z], schedule: "@daily"}
"""


@pytest.fixture
def files(lonely: Desk, tmp_path: Path) -> Desk:
    """A jobs file that includes another."""
    tmp_path.chmod(0o755)
    lonely.instance.jobs_file.write_text(TEXT)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "b.yaml").write_text("jobs: {b: {command: y1, timeout: 1m}}\n")
    return lonely


def test_the_schema_is_printed_whole_and_in_parts(lonely: Desk) -> None:
    assert json.loads(lonely.run("schema").stdout) == jobs_schema()
    assert json.loads(lonely.run("schema", "timeout").stdout)["examples"]
    assert lonely.run("schema", "frob").exit_code == 1


def test_files_are_formatted_with_what_they_include(files: Desk, tmp_path: Path) -> None:
    before = files.instance.jobs_file.read_text()
    check = files.run("fmt", "--check")

    assert (check.exit_code, files.instance.jobs_file.read_text()) == (1, before)
    assert check.stdout == f"{files.instance.jobs_file}: would change\n"
    done = files.run("fmt")
    assert (done.exit_code, done.stdout) == (0, f"{files.instance.jobs_file}: formatted\n")
    assert files.instance.jobs_file.read_text().startswith("include: [conf/*.yaml]\nsettings:")
    assert (tmp_path / "jobs.yaml~1").read_text() == before
    assert json.loads(files.run("fmt", "--check", "--json").stdout) == {
        "changed": [],
        "refused": [],
    }


def test_what_cannot_be_formatted_is_told_and_left(files: Desk, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("jobs: [")
    done = files.run("fmt", str(bad), str(files.instance.jobs_file))

    assert done.exit_code == 65
    assert f"{bad}: the file has to be mended first" in done.stderr
    assert "jobs.yaml: formatted" in done.stdout
    assert bad.read_text() == "jobs: ["
    assert files.run("fmt", str(tmp_path / "no.yaml")).exit_code == 65


def test_every_value_is_told_with_its_place(files: Desk) -> None:
    lines = files.run("config", "--resolved", "a").stdout.splitlines()
    told = {tuple(line.split("  ")[1].split(": ", 1)): line.split("  ")[-1] for line in lines[1:]}

    assert lines[0] == "a  jobs.yaml:5"
    assert told["tags", "[z]"].strip() == "job jobs.yaml:5"
    assert told["tags", "[x]"].strip() == "defaults jobs.yaml:2"
    assert told["timeout", "5m"].strip() == "defaults jobs.yaml:2"
    assert told["timezone", "Europe/Berlin"].strip() == "settings jobs.yaml:1"
    assert told["history", "{keep_days: 7}"].strip() == "settings jobs.yaml:1"
    assert told["overlap", "skip"].strip() == "built in"
    assert told["stop_grace_period", "10s"].strip() == "built in"


def test_settings_are_told_with_their_places_as_well(files: Desk) -> None:
    lines = files.run("config", "--resolved").stdout.splitlines()
    told = json.loads(files.run("config", "--resolved", "--json").stdout)["settings"]

    assert lines[0] == "settings"
    assert lines[1].split() == ["timezone:", "Europe/Berlin", "settings", "jobs.yaml:1"]
    assert {"word": "max_running", "value": "1000", "from": "built in"}.items() <= told[1].items()
    assert not [line for line in lines if "limits" in line or "null" in line]


def test_an_included_job_has_its_own_place_and_the_defaults_above(files: Desk) -> None:
    told = json.loads(files.run("config", "--resolved", "--json").stdout)["jobs"]
    values = {each["word"]: each for each in told["b"]["values"]}

    assert sorted(told) == ["a", "b"]
    assert told["b"]["file"].endswith("conf/b.yaml")
    assert (values["timeout"]["value"], values["timeout"]["from"]) == ("1m", "job")
    assert values["tags"]["file"].endswith("/jobs.yaml")
    assert values["overlap"] == {
        "word": "overlap",
        "value": "skip",
        "from": "built in",
        "file": None,
        "line": None,
    }


def test_config_prints_the_file_and_refuses_what_is_not_there(files: Desk) -> None:
    assert files.run("config").exit_code == 0
    assert json.loads(files.run("config", "--json").stdout)["text"]
    near = files.run("config", "--resolved", "bb")
    assert (near.exit_code, "did you mean b?" in near.stderr) == (1, True)
    files.instance.jobs_file.write_text("jobs: [")
    assert files.run("config", "--resolved").exit_code == 65
