"""What is asked for begins in order, a few at a time, and each once."""

import os
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cronterm.runner.cgroup import Cgroups
from cronterm.runner.journal import AttemptId, Journal, read_journal
from cronterm.runner.place import Place
from cronterm.runner.starting import MORE_MOST_S, TOGETHER, Begun, Starting

MANY = 2 * TOGETHER + 1


class Bench:
    """Starts in a directory, and what became of them."""

    def __init__(self, directory: Path) -> None:
        self.journal = Journal(directory / "journal")
        self.path = directory / "journal"
        self.known: set[AttemptId] = set()
        self.begun: list[Begun] = []
        place = Place(directory, directory, "abcd1234", "boot", 1.0, Cgroups(None))
        self.starting = Starting(place, self.journal, is_new=lambda each: each not in self.known)

    def ask(self, run: int, *argv: str, **words: Any) -> None:
        """Ask for an attempt."""
        asked = {
            "run": run,
            "attempt": 1,
            "argv": list(argv) or ["/bin/true"],
            "env": {},
            "cwd": "/",
            "stdin": None,
            "timeout_us": None,
            "stop_signal": "SIGTERM",
            "grace_us": 0,
            "max_size": 1000,
        }
        self.starting.ask(asked | words)

    def begin_all(self) -> list[int]:
        """Have all begin; return the runs in the order in which they did."""
        while self.starting:
            self.starting.begin_some(self._take)
        return [begun.id[0] for begun in self.begun]

    def _take(self, begun: Begun) -> None:
        self.begun.append(begun)
        self.known.add(begun.id)
        if begun.attempt is not None:
            assert self.journal.entries[begun.id].pid == begun.attempt.pid
            os.waitpid(begun.attempt.pid, 0)
            for pipe in begun.attempt.pipes:
                os.close(pipe)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Give starts; they change this process's directory and limits, which are put back."""
    files, place = resource.getrlimit(resource.RLIMIT_NOFILE), Path.cwd()
    it = Bench(tmp_path)
    yield it
    it.journal.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, files)
    os.chdir(place)


def test_more_that_was_announced_is_waited_for_and_not_for_ever(bench: Bench) -> None:
    assert bench.starting.expects_s == 0
    bench.starting.expect()
    assert bench.starting.expects_s > 0
    bench.ask(1)
    assert bench.starting.expects_s == 0
    bench.starting.expect()
    bench.begin_all()
    until = time.monotonic() + 10 * MORE_MOST_S
    while bench.starting.expects_s:
        assert time.monotonic() < until


def test_many_begin_in_order(bench: Bench) -> None:
    for run in range(MANY):
        bench.ask(run)
    assert bench.begin_all() == list(range(MANY))
    assert all(begun.attempt for begun in bench.begun)
    assert sorted(read_journal(bench.path)) == [(run, 1) for run in range(MANY)]


def test_what_is_asked_for_twice_begins_once(bench: Bench) -> None:
    for run in (1, 2, 1, 2, 3, 1):
        bench.ask(run)
    assert bench.begin_all() == [1, 2, 3]
    bench.ask(2)
    assert bench.begin_all() == [1, 2, 3]


def test_what_cannot_begin_tells_why_and_the_others_do(bench: Bench) -> None:
    bench.ask(1, "/nowhere")
    bench.ask(2)
    bench.ask(3, "no-such-program")
    bench.begin_all()
    errors = {begun.id[0]: begun.error for begun in bench.begun}
    assert errors == {1: "/nowhere: 127: not found", 2: "", 3: "no-such-program: 127: not found"}


def test_what_the_journal_does_not_take_does_not_begin(bench: Bench) -> None:
    bench.ask(1)
    bench.ask(2)
    os.close(bench.journal._file)
    bench.journal._file = os.open(bench.path, os.O_RDONLY)
    assert bench.begin_all() == [1, 2]
    assert {begun.error for begun in bench.begun} == {"the journal: Bad file descriptor"}


def test_a_start_can_be_withdrawn_until_it_begins(bench: Bench) -> None:
    bench.ask(1)
    bench.ask(2)
    assert bench.starting.withdraw((1, 1))
    assert not bench.starting.withdraw((1, 1))
    assert bench.begin_all() == [2]


def test_the_next_engine_asks_anew(bench: Bench, tmp_path: Path) -> None:
    bench.ask(1)
    bench.starting.serve({"WHO": "me"}, 0o077)
    bench.ask(2, "/bin/sh", "-c", 'umask > "$WHO"', cwd=str(tmp_path))
    assert bench.begin_all() == [2]
    assert (tmp_path / "me").read_text() == "0077\n"


def test_a_program_is_looked_for_in_its_own_path_from_its_own_directory(
    bench: Bench, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "here"
    program.write_text("#!/bin/sh\n: > found\n")
    program.chmod(0o700)
    bench.ask(1, "here", env={"PATH": "bin:/usr/bin:/bin"}, cwd=str(tmp_path))
    bench.begin_all()
    assert bench.begun[0].error == ""
    assert (tmp_path / "found").exists()
