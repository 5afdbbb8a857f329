"""Tests for the kinds of source, and where they lie."""

from pathlib import Path

import pytest

from cronterm.errors import BadInput, CrontermError
from cronterm.moving.base import Found
from cronterm.moving.places import LARGEST, SPOOLS, own_crontab, read_text, spool_user, surroundings
from cronterm.moving.sources import KINDS, Wish, read_sources
from tests.moving.here import ME, ROOT

CRON_D = "MAILTO=\n* * * * * root x\n"


def ids(found: list[Found]) -> list[str]:
    """Return the ids of all jobs."""
    return [job.id for each in found for job in each.jobs]


def put(directory: Path, **texts: str) -> Path:
    """Write files, `_` in their names for a dot; return the directory."""
    for name, text in texts.items():
        (directory / name.replace("_", ".")).write_text(text, encoding="utf-8")
    return directory


def test_every_kind_reads_its_form(tmp_path: Path) -> None:
    put(
        tmp_path,
        crontab="* * * * * a\n",
        cron_d=CRON_D,
        anacrontab="1 5 b c\n",
        systemd="[Timer]\nOnCalendar=daily\n[Service]\nExecStart=/bin/d\n",
        yacron="jobs: [{name: e, command: e, schedule: '@daily'}]\n",
        ofelia="[job-local f]\nschedule=@daily\ncommand=f\n",
        k8s="kind: CronJob\nmetadata: {name: g}\nspec: {schedule: '@daily', jobTemplate: "
        "{spec: {template: {spec: {containers: [{image: g}]}}}}}\n",
        seed='{"job_id": "h", "schedule": "@daily", "task": '
        '{"type": "execute_command", "command": "h"}}',
    )

    found = {kind: ids(read_sources(Wish(kind, (str(tmp_path / kind),)), ROOT)) for kind in KINDS}

    assert found == {
        "crontab": ["a"],
        "cron.d": ["x"],
        "anacrontab": ["b"],
        "systemd": ["systemd"],
        "yacron": ["e"],
        "ofelia": ["f"],
        "k8s": ["g"],
        "seed": ["h"],
    }


def test_a_directory_gives_the_files_that_its_scheduler_would_read(tmp_path: Path) -> None:
    put(tmp_path, a_json="{}", b_yaml="jobs: []", php=CRON_D)
    (tmp_path / "deep").mkdir()

    def names(kind: str) -> list[str]:
        return [each.name for each in read_sources(Wish(kind, (str(tmp_path),)), ROOT)]

    assert names("seed") == [str(tmp_path / "a.json")]
    assert names("yacron") == [str(tmp_path / "b.yaml")]
    assert names("cron.d") == [str(tmp_path / "php"), "names"]


def test_files_that_cron_leaves_aside_are_told(tmp_path: Path) -> None:
    put(tmp_path, php_bak=CRON_D, _placeholder="")

    (found,) = read_sources(Wish("cron.d", (str(tmp_path),)), ROOT)

    assert found.notes == (f"{tmp_path}/php.bak is left aside: Debian's cron reads no such name",)


def test_standard_input_is_a_source() -> None:
    found = read_sources(Wish("crontab", ("-",), stdin=lambda: "* * * * * a\n"), ME)

    assert (ids(found), found[0].name) == (["a"], "stdin")


def test_a_crontab_of_somebody_else_runs_as_them() -> None:
    wish = Wish("crontab", ("-",), user="www-data", stdin=lambda: "* * * * * a\n")

    assert read_sources(wish, ROOT)[0].jobs[0].words["user"] == "www-data"


def test_a_file_of_the_spool_is_its_users() -> None:
    assert spool_user(SPOOLS[0] / "alice") == "alice"
    assert spool_user(Path("/srv/alice")) == ""
    assert spool_user(None) == ""


def test_a_user_column_may_be_said_or_denied() -> None:
    wish = Wish("cron.d", ("-",), has_users=False, stdin=lambda: "* * * * * root x\n")

    assert read_sources(wish, ROOT)[0].jobs[0].words["command"] == "root x"


def test_without_a_file_there_must_be_a_usual_place() -> None:
    with pytest.raises(CrontermError, match="there is nothing of k8s in anywhere"):
        read_sources(Wish("k8s"), ME)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_text(tmp_path / "none")
    (tmp_path / "big").write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(BadInput, match="larger than 8 MiB"):
        read_text(tmp_path / "big")


# -- one's own crontab ---------------------------------------------------------------------------


def crontab_program(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program of that name first on the path."""
    program = directory / "crontab"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


def test_ones_own_crontab_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crontab_program(tmp_path, monkeypatch, 'echo "0 1 * * * said $*"')

    (found,) = read_sources(Wish("crontab"), ME)

    assert (found.name, found.jobs[0].words["command"]) == ("crontab -l", "said -l")
    assert own_crontab("you").text == "0 1 * * * said -l -u you\n"


def test_a_crontab_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crontab_program(tmp_path, monkeypatch, "echo 'no crontab for me' >&2; exit 1")

    with pytest.raises(CrontermError, match="crontab -l: no crontab for me"):
        own_crontab()


def test_without_cron_there_is_no_crontab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(CrontermError, match="cron is not installed"):
        own_crontab("nobody-of-that-name")


def test_the_surroundings_are_this_machine() -> None:
    here = surroundings()

    assert "root" in here.users
    assert here.user
