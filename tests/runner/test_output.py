"""Output that finds no place on the disk."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cronterm.runner.output import MEMORY, OUT, RECORD, Segment, Sink


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_tail_that_cannot_be_turned_closes_nothing_of_others(tmp_path: Path) -> None:
    sink = Sink(tmp_path, "1-1", 4 * MEMORY)
    (tmp_path / "1-1.tail1.log").mkdir()  # no file can be made there
    while not sink.is_failing:
        sink.take(OUT, 0, b"x" * MEMORY)
    other = os.open(os.devnull, os.O_RDONLY)  # takes a number that was let go
    sink.close()

    os.fstat(other)
    os.close(other)


def test_what_found_no_place_leaves_neither_bytes_nor_records(tmp_path: Path) -> None:
    segment = Segment(tmp_path / "1-1")
    segment.write([(0, 0, OUT, 0, b"kept")])
    with room_for(RECORD.size + 10), pytest.raises(OSError, match="too large"):
        segment.write([(4 + n, 0, OUT, 0, b"x") for n in range(3)])
    segment.close()

    assert (tmp_path / "1-1.log").read_bytes() == b"kept"
    assert (tmp_path / "1-1.idx").stat().st_size == RECORD.size
