"""Tests for `init`, `completion` and `motd`."""

import json
import stat
from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from cronterm.cli.program import program
from cronterm.config.load import load
from cronterm.model.command import PauseJob
from tests.cli.desk import Desk, at_once


@pytest.mark.parametrize("words", [(), ("--empty",)])
def test_init_writes_a_file_that_loads(
    lonely: Desk, tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = tmp_path / "new" / "jobs.yaml"
    done = lonely.run("init", str(path), *words)

    loaded = load(path, local_timezone="UTC")
    assert done.exit_code == 0
    assert loaded.problems == ()
    assert bool(loaded.jobs) == (words == ())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_init_overwrites_nothing(desk: Desk) -> None:
    before = desk.instance.jobs_file.read_text(encoding="utf-8")
    done = desk.run("init")

    assert done.exit_code == 1
    assert "is there already" in done.stderr
    assert desk.instance.jobs_file.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_what_the_shell_reads(lonely: Desk, shell: str) -> None:
    done = lonely.run("completion", shell)

    assert done.exit_code == 0
    assert f"{shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("typed", "begun", "offered"),
    [
        ([], "expl", ["explain"]),
        (["show"], "tal", ["talker"]),
        (["history", "--status"], "fa", ["failed"]),
        (["run"], "nosuch", []),
    ],
)
def test_a_shell_completes_commands_words_and_jobs(
    desk: Desk, typed: list[str], begun: str, offered: list[str]
) -> None:
    place = ["-f", str(desk.instance.jobs_file), "--state-dir", str(desk.instance.state_dir)]
    shell = BashComplete(program, {"obj": desk.asked()}, "cronterm", "_CRONTERM_COMPLETE")
    found = shell.get_completions([*place, *typed], begun)

    assert [each.value for each in found] == offered


def test_motd_names_what_fails_and_what_comes(desk: Desk) -> None:
    desk.client.control.exit_code = 3
    desk.run("run", "backup")
    at_once(desk.client.control.send(PauseJob(job="talker")))
    lines = desk.run("motd").stdout.splitlines()

    assert lines[0] == "cronterm: 2 jobs, 0 running, 1 failing, 1 paused"
    assert lines[1].startswith("  ✗ backup: failed: exit 3, ")
    assert json.loads(desk.run("motd", "--json").stdout)["failing"] == ["backup"]


def test_motd_without_an_engine_is_a_line_and_no_failure(lonely: Desk, tmp_path: Path) -> None:
    done = lonely.run("motd")

    assert done.exit_code == 0
    assert done.stdout.startswith("cronterm: no engine runs")


def test_motd_says_nothing_where_nobody_uses_it(lonely: Desk, tmp_path: Path) -> None:
    done = lonely.run("-f", str(tmp_path / "no.yaml"), "--state-dir", str(tmp_path / "no"), "motd")

    assert (done.exit_code, done.stdout) == (0, "")
