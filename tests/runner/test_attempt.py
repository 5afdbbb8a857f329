"""What an attempt tells live of its output, and what it keeps."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from cronterm.runner.attempt import LIVE_BYTES, LIVE_LINES, Attempt, last_lines
from cronterm.runner.moment import now_us
from cronterm.runner.output import OUT, Sink, unpack_blob


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[tuple[Attempt, int]]:
    """An attempt without a process, and the end of the pipe that it would write to."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield (
        Attempt(
            run=1,
            number=1,
            mark="m-1",
            stop_signal="SIGTERM",
            grace_s=1.0,
            pid=0,
            sink=Sink(tmp_path, "1-1", 10_000_000),
            pipes={read: OUT},
            started_at=0,
            started=0.0,
            deadline=None,
        ),
        write,
    )
    os.close(read)
    os.close(write)


def write_all(attempt: Attempt, write: int, content: bytes) -> None:
    (pipe,) = attempt.pipes
    for start in range(0, len(content), 32 << 10):
        os.write(write, content[start : start + (32 << 10)])
        assert not attempt.read(pipe, 64 << 10)


def test_a_flood_of_lines_is_told_in_part_and_kept_whole(
    attempt: tuple[Attempt, int], tmp_path: Path
) -> None:
    it, write = attempt
    flood = b"y\n" * 100_000

    write_all(it, write, flood)
    told = it.take_live()
    it.sink.close()

    assert sum(piece[4].count(b"\n") for piece in told) <= LIVE_LINES
    offset, _, _, _, last = told[-1]
    assert offset + len(last) == len(flood)
    assert (tmp_path / "1-1.log").read_bytes() == flood


def test_a_flood_of_bytes_is_told_in_part(attempt: tuple[Attempt, int]) -> None:
    it, write = attempt

    write_all(it, write, (b"x" * 999 + b"\n") * 1_000)

    assert LIVE_BYTES // 2 < sum(len(piece[4]) for piece in it.take_live()) <= LIVE_BYTES


def test_what_a_screen_can_follow_is_told_whole(attempt: tuple[Attempt, int]) -> None:
    it, write = attempt
    lines = b"".join(b"line %d\n" % number for number in range(1_000))

    write_all(it, write, lines)
    told = it.take_live()

    assert b"".join(piece[4] for piece in told) == lines
    assert told[0][0] == 0
    assert it.take_live() == []
    _, kept = unpack_blob(it.sink.close())
    assert kept == lines


def test_the_last_lines_of_a_piece_begin_at_a_line() -> None:
    content = b"".join(b"%d\n" % number for number in range(LIVE_LINES + 3))

    offset, at, stream, flags, kept = last_lines((100, 7, OUT, 0, content))

    assert kept.startswith(b"3\n")
    assert kept.count(b"\n") == LIVE_LINES
    assert (offset, at, stream, flags) == (100 + len(b"0\n1\n2\n"), 7, OUT, 0)


@pytest.mark.parametrize("moved_s", [-3600, 0, 3600])
def test_a_clock_that_is_set_meanwhile_makes_no_run_longer_or_shorter(
    attempt: tuple[Attempt, int], moved_s: int
) -> None:
    it, _ = attempt
    it.started_at = now_us() - moved_s * 1_000_000
    it.reaped(0, resource.getrusage(resource.RUSAGE_SELF))

    assert 0 <= it.ended_at - it.started_at < 1_000_000
