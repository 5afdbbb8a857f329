"""Two engines as those of two other machines: one table, one log, the right one acted on."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys.house import PATIENCE_S, House, house, process_words, wait_until

SSH = """\
#!/bin/sh
while [ "$1" != "--" ]; do shift; done
export CRONTERM_FILE={directory}/$2/jobs.yaml CRONTERM_STATE_DIR={directory}/$2/state
exec sh -c "$3"
"""
JOBS = """
jobs:
  tick: {{schedule: {{every: 1s}}, command: echo {host}}}
  here: {{command: touch touched}}
"""
HOSTS = ("one", "two")


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, House]]:
    """Two engines that run."""
    directory = tmp_path_factory.mktemp("hosts")
    with ExitStack() as stack:
        made = {}
        for host in HOSTS:
            (directory / host).mkdir()
            made[host] = stack.enter_context(house(directory / host, JOBS.format(host=host)))
            made[host].start()
        yield made


@pytest.fixture
def far(tmp_path: Path, houses: dict[str, House]) -> dict[str, str]:
    """The environment in which ssh leads to them."""
    ssh = tmp_path / "ssh"
    directory = houses["one"].directory.parent
    ssh.write_text(SSH.format(directory=directory), encoding="utf-8")
    ssh.chmod(0o700)
    return {"CRONTERM_SSH": str(ssh), "CRONTERM_REMOTE": f"{sys.executable} -m cronterm"}


def asked(far: dict[str, str], *words: str) -> subprocess.Popen[str]:
    """Begin a command on both machines."""
    return subprocess.Popen(
        [sys.executable, "-m", "cronterm", *words],
        env=os.environ | far | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bridges(to: House) -> list[int]:
    """Return the far ends of what is connected with an engine."""
    needle = str(to.state_dir).encode()
    return [pid for pid, words, _ in process_words() if needle in words and b"\0bridge\0" in words]


def test_two_machines_are_one_table_and_the_right_one_is_triggered(
    houses: dict[str, House], far: dict[str, str]
) -> None:
    table, _ = asked(far, "ls", "-H", "one,two").communicate(timeout=20)
    ran = asked(far, "run", "here", "--wait", "-H", "two")
    ran.communicate(timeout=20)

    listed = [line.split()[:2] for line in table.splitlines()[1:]]
    assert listed == [[host, job] for host in HOSTS for job in ("tick", "here")]
    assert ran.returncode == 0
    assert [(each.directory / "touched").exists() for each in houses.values()] == [False, True]


def test_the_end_of_one_ssh_leaves_the_other_followed(
    houses: dict[str, House], far: dict[str, str]
) -> None:
    following = asked(far, "logs", "tick", "-f", "-H", "one,two")
    assert following.stdout is not None
    lines = map(str.split, following.stdout)
    limit = threading.Timer(PATIENCE_S, following.kill)
    limit.start()
    try:
        seen: set[str] = set()
        while seen < {"one", "two"}:
            seen.add(next(lines)[1])
        wait_until(lambda: bool(bridges(houses["two"])), "the bridge is there")
        for pid in bridges(houses["two"]):
            os.kill(pid, signal.SIGKILL)
        assert following.stderr is not None
        told = (line for line in following.stderr if not line.startswith("– "))  # of runs
        assert next(told).startswith("two: gone: ")
        left = [next(lines)[1] for _ in range(4)]
        assert "one" in left[-2:]  # what two had told before may come first
    finally:
        limit.cancel()
        following.kill()
        following.communicate()
