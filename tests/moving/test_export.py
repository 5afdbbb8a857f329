"""Tests for saying jobs as a crontab or as JSON."""

import json
from pathlib import Path

import pytest

from cronterm.config.load import load_text
from cronterm.errors import BadInput
from cronterm.moving.base import Told
from cronterm.moving.crontab import read_crontab
from cronterm.moving.export import crontab_lines, export_jobs
from cronterm.moving.fit import fit
from cronterm.moving.write import new_file
from tests.moving.here import ME


def lines(words: str) -> tuple[list[str], Told]:
    """Return the lines of a job below its title, and what was said of it."""
    text = f"defaults: {{working_dir: '~', overlap: allow}}\njobs:\n  x: {{{words}}}\n"
    loaded = load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")
    assert loaded.problems == ()
    told = Told()
    written = crontab_lines(loaded.jobs[0], "UTC", told)
    assert written[0] == "# x"
    return written[1:], told


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("schedule: '30 2 * jul mon-wed', command: a b", "30 2 * jul mon-wed a b"),
        ("schedule: '@daily', command: x", "0 0 * * * x"),
        ("schedule: '@reboot', command: x", "@reboot x"),
        ("schedule: '0 5 4 * * *', command: x", "5 4 * * * x"),
        ("schedule: '5 4 ? * *', command: x", "5 4 * * * x"),
        ("schedule: '0 0 * * *', command: date +%F", r"0 0 * * * date +\%F"),
        ("schedule: '0 0 * * *', command: [ls, 'a b']", "0 0 * * * ls 'a b'"),
        (
            "schedule: '0 0 * * *', command: \"echo 'a'\", shell: /bin/bash",
            """0 0 * * * /bin/bash -c 'echo '"'"'a'"'"''""",
        ),
        (
            "schedule: '0 0 * * *', command: x, env: {A: b c, SHELL: /bin/sh}",
            "0 0 * * * export A='b c'; x",
        ),
        (
            "schedule: '0 0 * * *', command: x, working_dir: /srv/a",
            "0 0 * * * cd /srv/a || exit 1; x",
        ),
        ('schedule: "0 0 * * *", command: cat, stdin: "a\\n5%\\n"', r"0 0 * * * cat%a%5\%"),
    ],
)
def test_a_job_is_a_line_of_a_crontab(words: str, line: str) -> None:
    written, told = lines(words)

    assert (written, told) == ([line], Told())


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("command: x", "cron has no jobs without a time"),
        ("schedule: '@every 5m', command: x", "cron has no intervals"),
        ("schedule: '@in 5m', command: x", "cron has no single moments"),
        ("schedule: '@startup', command: x", "cron has no starts of an engine"),
        ("schedule: {on_calendar: daily}, command: x", "cron has no calendar expressions"),
        (
            "schedule: '*/5 * * * * *', command: x",
            "*/5 * * * * *: cron has five plain fields, and either day field counts",
        ),
        (
            "schedule: {cron: '0 8 1-7 * 1', day_match: and}, command: x",
            "0 8 1-7 * 1: cron has five plain fields, and either day field counts",
        ),
        ("schedule: '@daily', python: 'a:b'", "it is no command"),
        ('schedule: "@daily", command: "a\\nb"', "it has several lines; put it into a script"),
        (
            "schedule: '@daily', command: 'a \\%'",
            "a backslash before % or a line end has no place in a crontab",
        ),
    ],
)
def test_what_cron_cannot_say_is_left_out_and_told(words: str, reason: str) -> None:
    (line,), told = lines(words)

    assert line.startswith("# not exported: ")
    assert told.left_out == [reason]


def test_a_command_may_be_too_long_for_cron() -> None:
    _, told = lines(f"schedule: '@daily', command: {'x' * 999}")

    assert told.left_out == ["cron has commands of 998 bytes at most; put it into a script"]


def test_each_word_that_is_lost_is_told() -> None:
    _, told = lines(
        "schedule: '@daily', command: cat, overlap: queue, catch_up: latest, timeout: 5m,"
        " env_file: .env, enabled: false, stdin: a, history: {keep_runs: 5}, retry: 2"
    )

    assert told.losses == [
        "env_file is lost: cron has no such thing",
        "timeout is lost: cron has no such thing",
        "retry is lost: cron has no such thing",
        "overlap: queue is lost: cron starts it again while it runs",
        "catch_up: latest is lost: cron makes nothing up",
        "its stdin gets a line end",
        "is not enabled: commented out",
    ]


def test_a_zone_of_its_own_is_for_cronie() -> None:
    written, told = lines("schedule: '30 2 * * *', timezone: Asia/Tokyo, command: x")

    assert written == ["CRON_TZ=Asia/Tokyo", "30 2 * * * x", "CRON_TZ=UTC"]
    assert told.losses == ["CRON_TZ is cronie's: Debian's cron ignores it"]


def test_a_description_is_a_comment() -> None:
    text = "jobs: {x: {description: what it is, schedule: '@daily', command: x}}\n"
    job = load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC").jobs[0]

    assert crontab_lines(job, "UTC", Told())[0] == "# x: what it is"


TAB = r"""
SHELL=/bin/bash
A="b c"
30 2 * * 1-5 /opt/backup --all
*/5 1,2 1-7 jan,jul sun cat; date +\%F%one%two
@reboot warm
"""


def imported(text: str) -> str:
    """Return the jobs file of a crontab."""
    return new_file(fit([read_crontab(text, "tab", ME)], ME.timezone))


def test_a_crontab_comes_back_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "jobs.yaml"
    path.write_text(imported(TAB), encoding="utf-8")

    exported = export_jobs("crontab", path, ME.timezone)

    assert exported.losses == exported.left_out == ()
    again = read_crontab(exported.text, "tab", ME)
    assert [(job.words["schedule"], job.words.get("stdin")) for job in again.jobs] == [
        ("30 2 * * 1-5", None),
        ("*/5 1,2 1-7 jan,jul sun", "one\ntwo\n"),
        ("@reboot", None),
    ]
    assert again.jobs[1].words["command"] == (
        "export A='b c' SHELL=/bin/bash; /bin/bash -c 'cat; date +%F'"
    )


def test_json_is_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text("# comment\njobs: {a: {command: ä}, b: {command: [x]}}\n", encoding="utf-8")

    exported = export_jobs("json", path, "UTC")

    assert json.loads(exported.text) == {"jobs": {"a": {"command": "ä"}, "b": {"command": ["x"]}}}
    assert load_text(exported.text, path=path, local_timezone="UTC").problems == ()


def test_json_holds_what_all_files_say(tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text(
        "include: [more/*.yaml]\njobs: {a: {command: x}}\n", encoding="utf-8"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.yaml").write_text("jobs: {b: {python: 'b.py:run'}}\n", encoding="utf-8")

    exported = export_jobs("json", tmp_path / "jobs.yaml", "UTC")

    assert json.loads(exported.text)["jobs"] == {
        "b": {"python": "b.py:run", "working_dir": f"{tmp_path}/more"},
        "a": {"command": "x"},
    }
    assert exported.losses == (("b", f"its paths count from the place of {tmp_path}/more/b.yaml"),)


def test_a_broken_file_is_not_exported(tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs: {a: {comand: x}}\n", encoding="utf-8")

    with pytest.raises(BadInput, match="comand"):
        export_jobs("crontab", path, "UTC")
