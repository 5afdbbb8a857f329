"""Processes that are made together."""

import os
import signal
from pathlib import Path
from time import time_ns

import pytest

from cronterm.runner.spawn import BUSY_SPAWNERS, Spawn, make_all

NOTHING = os.devnull
MANY = 5 * BUSY_SPAWNERS


@pytest.fixture
def descriptors(tmp_path: Path) -> tuple[int, int, int]:
    """Give what a process has for 0, 1 and 2: its output goes into the file `out`."""
    out = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
    return os.open(NOTHING, os.O_RDONLY | os.O_CLOEXEC), out, out


def wait_all(spawns: list[Spawn]) -> list[int]:
    """Return the exit codes."""
    return [os.waitstatus_to_exitcode(os.waitpid(spawn.pid, 0)[1]) for spawn in spawns]


def test_each_of_many_is_made_once(descriptors: tuple[int, int, int], tmp_path: Path) -> None:
    words = ["sh", "-c", 'echo "$0 $N"']
    spawns = [
        Spawn("/bin/sh", [*words, f"é{number}"], {"N": str(number)}, descriptors)
        for number in range(MANY)
    ]
    before = time_ns() // 1000
    make_all(spawns)
    after = time_ns() // 1000

    assert wait_all(spawns) == [0] * MANY
    assert len({spawn.pid for spawn in spawns}) == MANY
    assert all(before <= spawn.began.wall_us <= after for spawn in spawns)
    assert sorted((tmp_path / "out").read_text().splitlines()) == sorted(
        f"é{number} {number}" for number in range(MANY)
    )


def test_one_that_cannot_be_made_tells_why_and_the_others_are(
    descriptors: tuple[int, int, int],
) -> None:
    spawns = [
        Spawn(["/bin/true", "/nowhere/true"][number % 2], ["true"], {}, descriptors)
        for number in range(MANY)
    ]
    make_all(spawns)

    assert [(bool(spawn.pid), spawn.failure) for spawn in spawns] == [(True, 0), (False, 2)] * (
        MANY // 2
    )
    assert wait_all(spawns[::2]) == [0] * (MANY // 2)


def test_it_has_a_session_and_the_usual_signals(
    descriptors: tuple[int, int, int], tmp_path: Path
) -> None:
    ignored = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    words = ["sh", "-c", "cut -d' ' -f6 /proc/self/stat; exec grep ^Sig /proc/self/status"]
    spawn = Spawn("/bin/sh", words, {"PATH": "/usr/bin:/bin"}, descriptors)
    try:
        make_all([spawn])
    finally:
        signal.signal(signal.SIGUSR1, ignored)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    assert wait_all([spawn]) == [0]

    session, *lines = (tmp_path / "out").read_text().splitlines()
    signals = dict(line.split(":\t") for line in lines if line.startswith("Sig"))
    assert int(session) == spawn.pid
    assert int(signals["SigBlk"], 16) == 0
    assert not int(signals["SigIgn"], 16) & 1 << signal.SIGUSR1 - 1


def test_a_text_with_a_nul_is_refused(descriptors: tuple[int, int, int]) -> None:
    for program, argv, env in (
        ("/bin/tr\0ue", ["true"], {}),
        ("/bin/true", ["tr\0ue"], {}),
        ("/bin/true", ["true"], {"A": "\0"}),
    ):
        with pytest.raises(ValueError, match="null byte"):
            Spawn(program, argv, env, descriptors)
