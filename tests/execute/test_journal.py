"""The journal where the disk has room for half a line only."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cronterm.runner.journal import LARGEST, Journal, read_journal


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_line_that_was_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.starting([((1, 1), "m-1")], boot="b")
    with (
        room_for((tmp_path / "journal").stat().st_size + 10),
        pytest.raises(OSError, match="No space"),
    ):
        journal.starting([((2, 1), "m-2"), ((4, 1), "m-4")], boot="b")
    journal.starting([((3, 1), "m-3")], boot="b")
    journal.close()

    assert sorted(read_journal(tmp_path / "journal")) == [(1, 1), (3, 1)]
    assert sorted(journal.entries) == [(1, 1), (3, 1)]


def test_a_disk_without_room_for_a_smaller_journal_keeps_the_large_one(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.starting([((1, 1), "m-1")], boot="b")
    (tmp_path / "journal.new").mkdir()  # no file can be made there
    for run in range(2, 4):
        journal.ended((run, 1), {"exit_code": 0}, b"x" * LARGEST)
        journal.acknowledged((run, 1))
    (tmp_path / "journal.new").rmdir()
    size = (tmp_path / "journal").stat().st_size
    journal.ended((4, 1), {"exit_code": 0}, b"x" * LARGEST)
    journal.acknowledged((4, 1))
    journal.close()

    assert size > 2 * LARGEST
    assert (tmp_path / "journal").stat().st_size < 1000
    assert sorted(read_journal(tmp_path / "journal")) == sorted(journal.entries) == [(1, 1)]
