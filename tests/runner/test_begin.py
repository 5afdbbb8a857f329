"""What is told of the beginning of an attempt."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cronterm.runner.attempt import Attempt
from cronterm.runner.begin import Beginning
from cronterm.runner.output import OUT
from cronterm.runner.start import StartError, StartSpec, Surroundings, start_all

ASKED: dict[str, Any] = {
    "run": 1,
    "attempt": 1,
    "timeout_us": 5_000_000,
    "max_size": 1_000,
    "stop_signal": "SIGTERM",
    "grace_us": 0,
}


@pytest.fixture
def surroundings() -> Iterator[Surroundings]:
    """Give what a process is made in; this one has its own limits after it."""
    files, place = resource.getrlimit(resource.RLIMIT_NOFILE), Path.cwd()
    yield Surroundings()
    resource.setrlimit(resource.RLIMIT_NOFILE, files)
    os.chdir(place)


def spec_of(*argv: str, stdin: str | None = None) -> StartSpec:
    """Return what makes a process of some words."""
    return StartSpec(list(argv), {"CRONTERM_MARK": "m-1"}, "/", stdin, 0o022)


def begin(
    asked: dict[str, Any], spec: StartSpec, output: Path, surroundings: Surroundings
) -> Attempt:
    """Begin one attempt."""
    beginning = Beginning(asked, spec, output)
    start_all([beginning.start], surroundings)
    return beginning.attempt()


def test_its_time_counts_from_before_its_process(
    tmp_path: Path, surroundings: Surroundings
) -> None:
    attempt = begin(ASKED, spec_of("/bin/date", "+%s%N"), tmp_path, surroundings)
    os.waitpid(attempt.pid, 0)
    told = os.read(next(pipe for pipe, stream in attempt.pipes.items() if stream == OUT), 100)
    for pipe in attempt.pipes:
        os.close(pipe)

    assert attempt.started_at <= int(told) // 1000
    assert attempt.deadline == attempt.started + 5.0


@pytest.mark.parametrize(
    ("asked", "spec", "reason"),
    [
        ({}, spec_of("/nowhere"), "127: not found"),
        ({}, spec_of("/bin/true", stdin="\ud800"), "surrogates not allowed"),
        (
            {"rules": {"stdout_match": "(", "output_reject": "", "stderr_empty": False}},
            spec_of("/bin/true"),
            "a pattern of success",
        ),
    ],
)
def test_what_does_not_begin_leaves_nothing_open(
    asked: dict[str, Any], spec: StartSpec, reason: str, tmp_path: Path, surroundings: Surroundings
) -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208  # numbers, not paths
    with pytest.raises(StartError, match=reason):
        begin(ASKED | asked, spec, tmp_path, surroundings)

    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


@pytest.mark.usefixtures("surroundings")  # it puts back what this one changes
def test_where_oom_score_adj_cannot_be_written_jobs_start_all_the_same(tmp_path: Path) -> None:
    attempt = begin(ASKED, spec_of("/bin/true"), tmp_path, Surroundings(oom="/nowhere"))
    for pipe in attempt.pipes:
        os.close(pipe)

    assert os.waitpid(attempt.pid, 0)[1] == 0
