"""What a process takes is read from the kernel; one that is gone takes nothing."""

import os
import subprocess
import sys

import pytest

from cronterm.watch.processes import (
    count_children,
    find_started_with,
    inotify_use,
    read_process,
    words_of,
)

WORD = f"a-word-of-{os.getpid()}"


@pytest.fixture
def sleeper() -> object:
    """A process that was started with a word that no other has."""
    words = [sys.executable, "-c", "input()", WORD]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        yield process
        assert process.stdin is not None
        process.stdin.write(b"\n")


def test_a_process_is_found_and_read(sleeper: "subprocess.Popen[bytes]") -> None:
    assert find_started_with(WORD) == [sleeper.pid]
    assert words_of(sleeper.pid)[-1] == WORD
    view = read_process(sleeper.pid)
    assert view is not None
    assert view.rss_bytes > 1 << 20
    assert view.files >= 3
    assert count_children(os.getpid()) >= 1


def test_this_process_began_in_the_past() -> None:
    view = read_process(os.getpid())
    assert view is not None
    assert view.started_at > 1_600_000_000_000_000
    assert view.cpu_us > 0
    assert inotify_use(os.getpid())[0] >= 0


def test_a_process_that_is_gone_takes_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    assert read_process(process.pid) is None
    assert words_of(process.pid) == []
    assert count_children(process.pid) == 0
    assert inotify_use(process.pid) == (0, 0)
    assert find_started_with(f"{WORD}-never") == []
