"""One engine, and commands: what a person types first."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import House, process_words, wait_until
from tests.journeys.terminal import terminal

JOBS = """\
jobs:
  talker:
    schedule: "@manual"
    tags: [loud]
    command: echo "hello at $(date +%s)"
  sleeper:
    schedule: "@manual"
    command: sleep 1000
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One engine for all of these."""
    it = House(tmp_path_factory.mktemp("house"), JOBS)
    it.start()
    assert it.run("run", "talker", "--wait").returncode == 0
    assert it.run("run", "talker", "--wait").returncode == 0
    yield it
    it.run("kill", "--all")
    it.stop()


def has_started(house: House, job: str) -> bool:
    """Tell whether a run of a job has a process."""
    live = house.door().snapshot().jobs[job].live.values()
    return any(run.pid is not None for run in live)


def test_what_is_killed_ends_at_once(house: House) -> None:
    house.run("run", "sleeper")
    wait_until(lambda: has_started(house, "sleeper"), "it runs")
    done = house.run_alone("kill", "sleeper")

    assert done.returncode == 0, done.stderr
    wait_until(lambda: house.history("sleeper")[-1]["outcome"] == "stopped", "it ends")
    assert house.history("sleeper")[-1]["signal"] == 9


def test_a_dumb_terminal_gets_a_line_for_each_change(house: House) -> None:
    with open(house.directory / "plain", "wb") as told:
        main, other = pty.openpty()
        process = subprocess.Popen(
            house.command("status", "--watch", "talker"),
            env=os.environ | {"TERM": "dumb"},
            stdin=other,
            stdout=other,
            stderr=told,
        )
    os.close(other)
    seen = b""

    def says(words: bytes) -> bool:
        nonlocal seen
        if select.select([main], [], [], 0.2)[0]:
            seen += os.read(main, 65536)
        return words in seen

    wait_until(lambda: says(b"talker: succeeded"), "how it is now")
    seen = b""
    house.run("pause", "talker", "--reason", "noise")
    wait_until(lambda: says(b"noise\r\n"), "it tells the change")
    house.run("resume", "talker")
    wait_until(lambda: says(b"talker: succeeded"), "it tells the next change")
    process.send_signal(signal.SIGINT)

    assert process.wait(20) == 130
    os.close(main)
    assert seen.count(b"\r\n") == 2
    assert b"\x1b" not in seen


def test_a_watched_table_is_drawn_on_a_terminal_without_scrolling(house: House) -> None:
    main, other = pty.openpty()
    process = subprocess.Popen(
        house.command("status", "-w"), stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    seen = b""

    def is_drawn() -> bool:
        nonlocal seen
        seen += os.read(main, 4096)
        return b"\x1b[J" in seen

    wait_until(is_drawn, "the table is drawn")
    process.send_signal(signal.SIGINT)
    process.wait(10)
    os.close(main)

    assert seen.startswith(b"\x1b[H")
    assert b"sleeper" in seen


def test_signals_dump_the_state_and_read_the_file_again(house: House, tmp_path: Path) -> None:
    assert house.engine is not None
    house.engine.send_signal(signal.SIGUSR1)

    wait_until(lambda: "state: job job=talker" in house.log(), "the state is in the log")
    text = house.jobs_file.read_text(encoding="utf-8")
    house.jobs_file.write_text(text + '  third: {command: "true"}\n', encoding="utf-8")
    house.engine.send_signal(signal.SIGUSR2)
    wait_until(lambda: "third" in house.status()["jobs"], "the third job is there")


def test_an_engine_in_the_background_is_there_until_it_is_ended(tmp_path: Path) -> None:
    house = House(tmp_path, JOBS)
    begun = house.run_alone("up", "-d", "--json")
    again = house.run_alone("up", "-d")
    ended = house.run_alone("down")

    assert json.loads(begun.stdout)["pid"] > 0
    assert (again.returncode, ended.returncode) == (75, 0)
    house.jobs_file.write_text("jobs: {a: {}}", encoding="utf-8")
    assert house.run_alone("up", "-d", "--state-dir", str(tmp_path / "other")).returncode == 65


def test_a_job_is_added_edited_renamed_and_removed_while_its_engine_runs(
    house: House, tmp_path: Path
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/echo one/echo two/' $1\n", encoding="utf-8")
    editor.chmod(0o700)
    added = house.run("add", "fourth", "--tag", "new", "--", "echo one")
    again = house.run("add", "fourth", "--", "true")
    edited = house.run_alone("edit", "fourth", VISUAL=str(editor))
    ran = house.run_alone("run", "fourth", "--follow")
    renamed = house.run("rename", "fourth", "fifth")

    assert [each.returncode for each in (added, again, edited, renamed)] == [0, 1, 0, 0]
    assert ran.stdout == "two\n"
    assert [row["outcome"] for row in house.history("fifth")] == ["succeeded"]
    assert house.run("rm", "fifth").returncode == 0
    assert "fifth" not in house.jobs_file.read_text(encoding="utf-8")


SSH = '#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\necho "Welcome to $2"\nexec sh -c "$3"\n'


@pytest.fixture
def far(tmp_path: Path) -> dict[str, str]:
    """The environment in which ssh leads back to this machine."""
    ssh = tmp_path / "ssh"
    ssh.write_text(SSH, encoding="utf-8")
    ssh.chmod(0o700)
    return {"CRONTERM_SSH": str(ssh), "CRONTERM_REMOTE": f"{sys.executable} -m cronterm"}


def test_commands_reach_an_engine_over_ssh(house: House, far: dict[str, str]) -> None:
    status = json.loads(house.run_alone("-H", "there", "status", "--json", **far).stdout)
    ran = house.run_alone("-H", "there", "run", "talker", "--follow", **far)
    two = house.run_alone("-H", "one,two", "ls", **far).stdout.splitlines()

    assert "talker" in status["jobs"]
    assert ran.stdout.startswith("hello at ")
    assert {line.split()[0] for line in two[1:]} == {"one", "two"}
    assert house.run_alone("-H", "there", "logs", "talker", **far).stdout == ran.stdout


def test_the_end_of_ssh_is_the_end_of_a_followed_log(house: House, far: dict[str, str]) -> None:
    house.run("run", "sleeper")
    following = subprocess.Popen(
        house.command("-H", "there", "logs", "sleeper", "-f"),
        env=os.environ | far,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    bridges: list[int] = []

    def has_bridge() -> bool:
        ours = str(house.state_dir).encode()
        found = [(pid, words) for pid, words, _ in process_words() if ours in words]
        bridges[:] = [pid for pid, words in found if b"\0bridge\0" in words]
        return bool(bridges)

    wait_until(has_bridge, "the bridge is there")
    for pid in bridges:
        os.kill(pid, signal.SIGKILL)
    _, told = following.communicate(timeout=20)
    house.run("kill", "sleeper")

    assert following.returncode == 69
    assert b"Traceback" not in told


def test_a_command_that_runs_elsewhere_is_in_the_history(house: House) -> None:
    words = ("--job", "mirror", "--create", "--")
    done = house.run_alone("exec", *words, "sh", "-c", "echo copied; exit 3")

    assert (done.returncode, done.stdout) == (3, "copied\n")
    assert house.history("mirror")[-1]["exit_code"] == 3
    assert house.run("logs", "mirror").stdout == "copied\n"
    assert "monitor: true" in house.jobs_file.read_text(encoding="utf-8")


def test_a_screen_on_another_machine_opens_and_closes(house: House, far: dict[str, str]) -> None:
    command = house.command("attach", "-H", "there", "--read-only")
    with terminal(command, env=far) as seen:
        seen.wait_for("talker")
        assert b"read-only" in seen.written
        seen.press("t")
        seen.wait_for("only looks")
        seen.press("q")
        seen.wait_ended()

        assert seen.process.returncode == 0
