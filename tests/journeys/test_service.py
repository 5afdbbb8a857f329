"""The engine as a service: what it tells a service manager, and its log of each day."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.house import PATIENCE_S, house, wait_until

ENV = "jobs: {look: {command: '! env | grep -E \"NOTIFY|WATCHDOG\"'}}\n"


@contextlib.contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    """Give a service manager's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE_S)
        sock.bind("\0" + address[1:] if address.startswith("@") else address)
        yield sock


@pytest.mark.parametrize("is_abstract", [False, True])
def test_a_service_manager_hears_of_ready_of_life_and_of_the_end(
    tmp_path: Path, is_abstract: bool
) -> None:
    address = f"@cronterm-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with manager(address) as sock, house(tmp_path, ENV) as home:
        engine = home.launch(NOTIFY_SOCKET=address, WATCHDOG_USEC="200000", WATCHDOG_PID="")
        first = sock.recv(4096).decode().splitlines()
        assert first[:2] == ["READY=1", f"MAINPID={engine.pid}"]
        assert first[2].startswith("STATUS=1 jobs, 0 runs")
        assert home.answers()  # ready means that the door is open
        for _ in range(3):
            assert sock.recv(4096).startswith(b"WATCHDOG=1\nSTATUS=")

        assert home.run("run", "look", "--wait").returncode == 0  # its jobs do not hear of it
        engine.send_signal(signal.SIGTERM)
        told = b""
        while not told.startswith(b"STOPPING=1"):
            told = sock.recv(4096)
        assert engine.wait(PATIENCE_S) == 0


def test_an_engine_that_hangs_says_nothing(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with manager(address) as sock, house(tmp_path, ENV) as home:
        engine = home.launch(NOTIFY_SOCKET=address, WATCHDOG_USEC="100000")
        while not sock.recv(4096).startswith(b"WATCHDOG=1"):
            pass
        engine.send_signal(signal.SIGSTOP)
        sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while sock.recv(4096):  # what it had said before
                pass
        sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            sock.recv(4096)
        engine.send_signal(signal.SIGCONT)


def test_nobody_who_listens_is_no_reason_to_fail(tmp_path: Path) -> None:
    with house(tmp_path, ENV) as home:
        home.start(NOTIFY_SOCKET=str(tmp_path / "nobody"), WATCHDOG_USEC="60000000")

        assert home.stop() == 0
        assert "the service manager cannot be told" in home.log()


def test_a_log_file_takes_the_place_of_stderr(tmp_path: Path) -> None:
    log = tmp_path / "cronterm.log"
    with house(tmp_path, ENV) as home:
        home.start()
        assert home.stop() == 0
        before = home.log()
        home.launch("--log-file", str(log))
        wait_until(home.answers, "the engine answers")
        assert home.stop() == 0

        assert home.log() == before
        assert "engine started" in log.read_text(encoding="utf-8")
        assert log.stat().st_mode & 0o777 == 0o600
