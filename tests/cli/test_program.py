"""Tests for the program as a whole: options, files, mistakes, exit codes, what it loads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cronterm.cli.base import HeadlessOptions
from cronterm.cli.program import ALIASES, COMMANDS
from cronterm.instance import Instance
from tests.cli.desk import Desk


def cronterm(*words: str, **env: str) -> list[str]:
    """Return the argv of a real process."""
    return [sys.executable, "-m", "cronterm", *words]


def test_a_file_opens_the_screen_on_it(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("./other.yaml", bare=True)

    assert done.exit_code == 0
    assert [each.jobs_file for each in desk.screens] == [tmp_path / "other.yaml"]


def test_no_word_at_all_opens_the_screen_on_the_usual_file(desk: Desk, tmp_path: Path) -> None:
    desk.run(bare=True)

    assert [each.jobs_file for each in desk.screens] == [tmp_path / "jobs.yaml"]


@pytest.mark.parametrize(
    "words", [("--headless", "--log-format", "json"), ("up", "--log-format=json")]
)
def test_headless_and_up_run_the_engine_here(desk: Desk, words: tuple[str, ...]) -> None:
    desk.run(*words)

    assert desk.headless == [HeadlessOptions(log_format="json")]


@pytest.mark.parametrize(
    "words",
    [
        ("--headless", "--log-level", "DEBUG"),
        ("up", "--log-level", "debug"),
        ("--log-level", "Debug", "up"),
        ("--log-level", "error", "up", "--log-level", "debug"),
    ],
)
def test_how_much_is_logged_may_stand_before_and_after_in_any_letters(
    desk: Desk, words: tuple[str, ...]
) -> None:
    desk.run(*words)

    assert desk.headless == [HeadlessOptions(log_level="debug")]


def test_options_may_stand_before_and_after_the_command(desk: Desk) -> None:
    place = ["--state-dir", str(desk.instance.state_dir), "-f", str(desk.instance.jobs_file)]
    before = desk.run("--json", "status")
    after = desk.run("status", "--json", *place, bare=True)

    assert before.exit_code == after.exit_code == 0
    assert json.loads(before.stdout) == json.loads(after.stdout)


def test_a_misspelt_command_is_a_usage_error_with_what_is_near(desk: Desk) -> None:
    done = desk.run("statsu")

    assert done.exit_code == 2
    assert "Did you mean 'stats' or 'status'?" in done.stderr


def test_the_version_is_told(desk: Desk) -> None:
    assert desk.run("--version").stdout == "cronterm 9.9\n"


@pytest.mark.parametrize("command", [*COMMANDS])
def test_every_command_has_help_with_an_example(desk: Desk, command: str) -> None:
    done = desk.run(command, "--help")

    assert done.exit_code == 0
    assert "--state-dir" in done.stdout
    assert "Example:" in done.stdout or command == "up"


@pytest.mark.parametrize("words", [("status",), ("run", "a"), ("down",), ("logs", "-f")])
def test_without_an_engine_those_that_run_are_named(lonely: Desk, words: tuple[str, ...]) -> None:
    other = Instance(Path("/srv/other.yaml"), Path(os.environ["HOME"], ".local/state/cronterm/o"))
    with other.acquire_lock():
        done = lonely.run(*words)

    assert done.exit_code == 69
    assert done.stdout == ""
    assert f"no engine runs for {lonely.instance.jobs_file}" in done.stderr
    assert "cronterm -f /srv/other.yaml" in done.stderr


def test_without_an_engine_and_without_a_file_nothing_is_asked(
    tmp_path: Path, lonely: Desk
) -> None:
    done = lonely.run(
        "-f", str(tmp_path / "no.yaml"), "--state-dir", str(tmp_path / "no"), "history"
    )

    assert done.exit_code == 69
    assert "does not exist" in done.stderr
    assert lonely.asked_offline == []


def test_without_an_engine_questions_go_to_file_and_history(lonely: Desk) -> None:
    done = lonely.run("history")

    assert done.exit_code == 0
    assert len(lonely.asked_offline) == 1


def test_a_state_directory_of_another_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("-f", str(tmp_path / "other.yaml"), "status")

    assert done.exit_code == 75
    assert "belongs to" in done.stderr


def test_errors_cannot_steer_the_terminal(desk: Desk) -> None:
    done = desk.run("why", "\x1b]0;title\x07\x1b[31mno\x9b2Jsuch")

    assert done.exit_code == 1
    assert "\x1b" not in done.stderr
    assert "\x9b" not in done.stderr


def test_a_terminal_that_knows_few_letters_gets_a_replacement(desk: Desk) -> None:
    desk.run("run", "backup")
    done = desk.run("status", charset="latin-1")

    assert done.exit_code == 0
    assert b"? succeeded" in done.stdout_bytes


def test_a_reader_that_leaves_ends_the_program_quietly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        cronterm("next", "--expr", "* * * * *", "-n", "500"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    stderr = process.stderr.read()
    process.stderr.close()
    process.wait(30)

    assert stderr == b""


LOADED = """
import sys
from cronterm.main import main
try:
    main()
except SystemExit as left:
    heavy = {"textual", "rich", "yaml", "starlette", "uvicorn", "sqlite3", "watchdog", "psutil"}
    print(left.code, sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("words", [("--version",), ("status",), ("run", "a"), ("stop", "1")])
def test_small_commands_load_nothing_heavy(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert done.stdout.splitlines()[-1] == ("0 []" if words == ("--version",) else "69 []")


def test_closed_descriptors_do_no_harm(tmp_path: Path) -> None:
    words = " ".join(cronterm("status"))
    done = subprocess.run(["/bin/sh", "-c", f"{words} <&- >&- 2>&-"], check=False, cwd=tmp_path)

    assert done.returncode == 69


@pytest.mark.parametrize("alias", [*ALIASES])
def test_every_alias_is_a_command(desk: Desk, alias: str) -> None:
    if ALIASES[alias] in COMMANDS:
        assert "Usage: cronterm" in desk.run(alias, "--help").stdout


def test_start_and_trigger_run_a_job(desk: Desk) -> None:
    assert desk.run("start", "backup").stdout == "run 1 of backup queued\n"
    assert desk.run("trigger", "backup", "-q").stdout == ""


def test_up_in_the_background_tells_the_pid_and_the_log(lonely: Desk) -> None:
    done = lonely.run("up", "-d", "--log-level", "debug")

    assert lonely.daemons == [HeadlessOptions(log_level="debug")]
    assert done.stdout == f"the engine runs, pid 4242; its log is {lonely.instance.log_file}\n"


def test_the_help_lists_every_command_once_and_no_other(desk: Desk) -> None:
    sections = desk.run("--help").stdout.partition("\nLook:\n")[2].splitlines()
    listed = [line.split()[0] for line in sections if line[:2] == "  " and line[2:3].isalpha()]

    assert sorted(listed) == sorted(COMMANDS)


def test_the_help_of_a_command_begins_with_its_own_options(desk: Desk) -> None:
    text = desk.run("history", "--help").stdout

    assert text.index("--status") < text.index("--state-dir")
