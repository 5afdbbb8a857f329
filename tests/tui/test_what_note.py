"""What the form says of a command and of a directory before they are run."""

from pathlib import Path

import pytest

from cronterm.model.job import Job, Shell
from cronterm.tui.what_note import what_note

BASH = ("/bin/bash", "-c")


def made(directory: Path, **words: object) -> Job:
    """Return a job that runs in a directory."""
    given = {"action": Shell("x"), "working_dir": str(directory), "env": {"PATH": str(directory)}}
    return Job(id="a", source="", directory="", schedule_text="", **(given | words))  # type: ignore[arg-type]


def note(command: str, job: Job | None) -> str:
    """Return what is said of a command."""
    return what_note("command", job, {"command": command})


@pytest.mark.parametrize(
    "command",
    [
        "exit 3",
        "cd /srv && make",
        "test -f x && y",
        "[ -f x ] || exit 0",
        ": > flag",
        "for i in 1 2; do echo; done",
        "! grep x y",
        "FOO=1 nosuch",
        '"$TOOL" --all',
        "(cd x; y)",
        "clean() { rm x; }",
        "> out",
        "# a comment",
        "'goes on\nhere' x",
        "ulimit -n 9",
    ],
)
def test_what_the_shell_itself_knows_is_not_looked_for(tmp_path: Path, command: str) -> None:
    assert note(command, made(tmp_path)) == ""


def test_a_program_is_looked_for_where_the_job_would_find_it(tmp_path: Path) -> None:
    tool, text = tmp_path / "tool", tmp_path / "text"
    tool.touch(0o755)
    text.touch(0o644)
    job = made(tmp_path)

    for command in ("tool x", "tool|wc", "tool>out", "tool; rest", f"{tool} x", "./tool"):
        assert note(command, job) == f"✓ {tool} found, executable"
    assert note("nosuch x", job) == "! nosuch is not found in PATH"
    assert note("./nosuch", job) == f"! {tmp_path}/nosuch does not exist"
    assert note("./text", job) == f"! {text} is not executable"
    assert note("./nosuch", None) == ""
    assert note("nosuch x", made(tmp_path, env={}, env_files=("e",))) == ""


def test_some_words_are_only_of_some_shells(tmp_path: Path) -> None:
    assert note("pushd x", made(tmp_path)) == "! pushd is not found in PATH"
    assert note("pushd x", made(tmp_path, action=Shell("pushd x", BASH))) == ""


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    words = {"working_dir": "gone"}

    assert what_note("working_dir", made(tmp_path), words) == ""
    assert what_note("working_dir", made(gone), {}) == ""
    assert what_note("working_dir", made(gone), words) == (
        f"! {gone} does not exist: runs fail until it does"
    )
