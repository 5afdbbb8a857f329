"""Tests for `doctor`."""

import json
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

from cronterm.cli.doctor import (
    Finding,
    look_at_clock,
    look_at_descriptors,
    look_at_disk,
    look_at_file,
    look_at_state,
    look_at_watches,
    look_at_zones,
)
from tests.cli.desk import Desk


def worst(found: Iterator[Finding]) -> str:
    """Return the worst verdict."""
    return max((each.verdict for each in found), key=("ok", "note", "bad").index)


def test_a_good_file_is_good(lonely: Desk) -> None:
    lonely.instance.jobs_file.chmod(0o600)

    assert worst(look_at_file(lonely.instance.jobs_file)) == "ok"


def test_a_file_that_is_missing_broken_or_open_to_all_is_bad(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"

    assert worst(look_at_file(path)) == "bad"
    path.write_text("jobs: {a: {}}", encoding="utf-8")
    path.chmod(0o600)
    assert worst(look_at_file(path)) == "bad"
    path.write_text('jobs: {a: {command: "true"}}', encoding="utf-8")
    path.chmod(0o666)
    assert worst(look_at_file(path)) == "bad"


def test_what_jobs_run_and_is_not_there_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text(
        "jobs:\n"
        "  a: {command: /no/where --all}\n"
        "  b: {command: [no-such-program, x]}\n"
        "  c: {command: exit 3}\n"
        "  d: {command: /no/where, enabled: false}\n"
        "  e: {command: /no/where, user: nobody}\n"
        "  f: {command: [sh, -c, /no/where]}\n",
        encoding="utf-8",
    )
    path.chmod(0o600)
    found = [each for each in look_at_file(path) if each.name == "programs"]

    assert [(each.verdict, each.message) for each in found] == [
        ("note", "a: /no/where does not exist"),
        ("note", "b: no-such-program is not found in PATH"),
    ]
    assert [each.hint for each in found] == [
        "its runs will fail",
        "its runs will fail unless the engine's PATH has it",
    ]


def test_a_state_directory_is_private(tmp_path: Path) -> None:
    assert worst(look_at_state(tmp_path / "not yet")) == "ok"
    (tmp_path / "state").mkdir(mode=0o700)
    assert worst(look_at_state(tmp_path / "state")) != "bad"
    (tmp_path / "state").chmod(0o755)
    assert worst(look_at_state(tmp_path / "state")) == "bad"


def test_the_machine_is_looked_at_without_a_failure(tmp_path: Path) -> None:
    for found in (
        look_at_clock(),
        look_at_zones(),
        look_at_disk(tmp_path / "no"),
        look_at_watches(),
    ):
        assert [*found]


def test_an_engine_that_may_not_open_enough_for_all_it_may_run_is_noted() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (1000, 1000))
        assert [*look_at_descriptors(process.pid, 450)] == []
        (found,) = look_at_descriptors(process.pid, 1000)
        process.kill()
    assert found.message == "max_running 1000 takes 2100 open files, 1000 are allowed"
    assert found.hint.endswith("say max_running: 450")
    assert [*look_at_descriptors(process.pid, 1000)] == []


def test_doctor_reports_each_look_for_people_and_as_json(desk: Desk) -> None:
    desk.instance.jobs_file.chmod(0o600)
    people, told = desk.run("doctor"), desk.run("doctor", "--json")

    names = {each["name"] for each in json.loads(told.stdout)}
    assert {"jobs file", "engine", "clock", "disk", "logout"} <= names
    assert "engine: pid 4242" in people.stdout


def test_doctor_tells_of_an_engine_of_this_file_with_its_state_elsewhere(desk: Desk) -> None:
    done = desk.run("doctor", bare=True)

    assert "! engine: none runs here; one of this file has its state in" in done.stdout
    assert f"--state-dir {desk.instance.state_dir}`" in done.stdout


def test_doctor_without_an_engine_says_so_and_what_is_bad_is_its_exit_status(lonely: Desk) -> None:
    lonely.instance.jobs_file.chmod(0o666)
    done = lonely.run("doctor", "-q")

    assert done.exit_code == 1
    assert "! engine: none runs" in done.stdout
    assert "others may write commands into it" in done.stdout
    assert "✓" not in done.stdout
