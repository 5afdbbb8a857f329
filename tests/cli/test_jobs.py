"""Tests for `ls` and `show`."""

import json

import msgspec
import pytest

from cronterm.cli.jobs import is_selected
from cronterm.clock import MINUTE, SECOND
from cronterm.model.event import JobAdded
from cronterm.model.job import Retry
from cronterm.model.snapshot import PastRun
from tests.cli.desk import Desk
from tests.remote.fake_control import START, job

TAGGED = job("tagged", tags=("db", "slow"), group="backups", owner="dba")


def add(desk: Desk, **words: object) -> None:
    """Add a job that says more than the others."""
    definition = msgspec.structs.replace(TAGGED, **words)
    desk.client.control.tell(
        JobAdded(at=START, job=definition, counts_from=START, first_seen_at=START)
    )


@pytest.mark.parametrize(
    ("selector", "is_in"),
    [
        ("", True),
        ("db", True),
        ("db,slow", True),
        ("db,!slow", False),
        ("!nightly", True),
        ("tag=db", True),
        ("group=backups", True),
        ("group!=backups", False),
        ("owner=ops", False),
        ("id=tagged", True),
    ],
)
def test_a_selector_names_tags_group_and_owner(selector: str, *, is_in: bool) -> None:
    assert is_selected(TAGGED, selector) == is_in


def test_ls_lists_jobs_one_object_a_line(desk: Desk) -> None:
    add(desk)
    lines = [json.loads(line) for line in desk.run("ls", "--json").stdout.splitlines()]

    assert [line["id"] for line in lines] == ["backup", "talker", "tagged"]
    assert lines[2] | {"tags": ["db", "slow"], "owner": "dba", "command": "true"} == lines[2]


def test_ls_says_who_paused_a_job_and_why_only_where_one_is(desk: Desk) -> None:
    assert "PAUSED" not in desk.run("ls").stdout
    desk.run("pause", "backup", "--reason", "disk swap")

    head, backup, talker = desk.run("ls").stdout.splitlines()
    assert head.endswith("  PAUSED")
    assert backup.endswith("  paused by me: disk swap")
    assert "paused" not in talker
    one, two = map(json.loads, desk.run("ls", "--json").stdout.splitlines())
    assert (one["paused"], two["paused"]) == ("paused by me: disk swap", "")


def test_ls_narrows_by_selector_and_by_state(desk: Desk) -> None:
    add(desk)
    desk.client.control.exit_code = 3
    desk.run("run", "backup")

    assert [*ids(desk, "-l", "db")] == ["tagged"]
    assert [*ids(desk, "--state", "failing")] == ["backup"]
    assert [*ids(desk, "--state", "failing,idle", "-l", "!db")] == ["backup", "talker"]
    assert desk.run("ls", "-l", "nosuch").stdout == "no such jobs\n"


def ids(desk: Desk, *words: str) -> list[str]:
    """Return the jobs that `ls` lists."""
    done = desk.run("ls", "--json", *words)
    return [json.loads(line)["id"] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("words", [("--state", "sleeping"), ("-l", "colour=red")])
def test_ls_refuses_what_it_does_not_know(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.run("ls", *words).exit_code == 2


def test_ls_and_show_know_no_other_job(desk: Desk) -> None:
    for command in ("ls", "show"):
        done = desk.run(command, "backpu")

        assert done.exit_code == 1
        assert "did you mean backup?" in done.stderr


@pytest.mark.parametrize("name", ["show", "get", "describe"])
def test_show_tells_what_is_in_force_and_what_is_a_default(desk: Desk, name: str) -> None:
    add(desk, timeout=90 * MINUTE, retry=Retry(attempts=2))
    desk.run("run", "tagged")
    lines = desk.run(name, "tagged").stdout.splitlines()

    assert any("✓ succeeded" in line for line in lines)
    assert [line.split() for line in lines if line.startswith(("timeout", "overlap"))] == [
        ["timeout", "the", "file", "1h30m"],
        ["overlap", "built", "in", "skip"],
    ]
    assert any(line.startswith("retry") and "attempts: 2, delay: 10s" in line for line in lines)


def test_what_a_job_usually_takes_is_told_beside_a_timeout_that_is_too_short(desk: Desk) -> None:
    add(desk, timeout=MINUTE)
    view = desk.client.control.view.jobs["tagged"]
    view.recent += [PastRun(n, 0, "succeeded", "", 0, 58 * SECOND, attempt=1) for n in range(3)]

    words = "timeout 1m00s, usually takes 58.0s"
    assert f"  {words}" in desk.run("show", "tagged").stdout.splitlines()
    assert f"! {words}" in desk.run("explain", "tagged").stdout.splitlines()
    assert f"! timeouts: tagged: {words}" in desk.run("doctor").stdout


def test_show_tells_the_line_of_each_value(lonely: Desk) -> None:
    text = "defaults: {timeout: 5m}\njobs:\n  a:\n    command: date\n"
    lonely.instance.jobs_file.write_text(text, encoding="utf-8")
    lonely.answers_from_disk = True
    shown = json.loads(lonely.run("show", "a", "--json").stdout)
    places = {each["word"]: each["place"] for each in shown["written"]}

    assert places["command"] == "job jobs.yaml:4"
    assert places["timeout"] == "defaults jobs.yaml:1"
    assert places["overlap"] == "built in"


def test_show_as_json_has_the_definition(desk: Desk) -> None:
    add(desk, timeout=90 * MINUTE)
    shown = json.loads(desk.run("show", "tagged", "--json").stdout)

    assert shown["definition"]["timeout"] == "1h30m"
    assert shown["definition"]["action"]["command"] == "true"
    assert shown["file"] == "/etc/jobs.yaml"


def test_without_an_engine_jobs_are_listed_all_the_same(lonely: Desk) -> None:
    assert lonely.run("ls").exit_code == 0
    assert lonely.run("show", "backup").exit_code == 0
    assert len(lonely.asked_offline) == 2
