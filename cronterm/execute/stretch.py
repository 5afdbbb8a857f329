"""Consecutive bytes of an attempt's output with their index: a pair of files, or a small blob."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO, FileIO
from pathlib import Path
from typing import TypeVar

from cronterm.runner.output import RECORD, unpack_blob

T = TypeVar("T")

SUFFIXES = ("", ".tail0", ".tail1")

READS = 3  # a tail begins anew after megabytes: hardly twice while one page is read

Record = tuple[int, int, int, int]
"""offset, µs, stream, flags."""


class Rotated(Exception):
    """The runner began a file anew while it was read: what was asked for is gone."""


@dataclass(frozen=True)
class Stretch:
    """Open only while `read_stretches` reads."""

    log: BytesIO | FileIO
    idx: BytesIO | FileIO
    records: int
    first: int
    """Offset of the first byte."""
    end: int

    def record(self, number: int) -> Record:
        """Return a record. Raises `Rotated`."""
        return self.records_between(number, number + 1)[0]

    def records_between(self, start: int, end: int) -> list[Record]:
        """Return the records numbered from `start` up to `end`. Raises `Rotated`."""
        self.idx.seek(start * RECORD.size)
        content = self.idx.read((end - start) * RECORD.size)
        if len(content) < (end - start) * RECORD.size:
            raise Rotated
        return [(o, a, s, f) for o, a, s, f in RECORD.iter_unpack(content)]

    def bytes_between(self, start: int, end: int) -> bytes:
        """Return the bytes at absolute offsets. Raises `Rotated`."""
        self.log.seek(start - self.first)
        content = self.log.read(end - start)
        if len(content) < end - start:
            raise Rotated
        return content

    def number_at(self, offset: int) -> int:
        """Return the number of the record that holds a byte, the first one for those before it."""
        return self._last(lambda record: record[0] <= offset)

    def number_before(self, at: int) -> int:
        """Return the number of the last record that came before an instant, else the first."""
        return self._last(lambda record: record[1] < at)

    def _last(self, holds: Callable[[Record], bool]) -> int:
        low, high = 0, self.records
        while high - low > 1:
            middle = (low + high) // 2
            if holds(self.record(middle)):
                low = middle
            else:
                high = middle
        return low


def read_stretches(
    directory: Path, name: str, blob: bytes | None, read: Callable[[list[Stretch]], T]
) -> T | None:
    """Return what `read` makes of an attempt's stretches, in their order, open while it reads.

    `blob` is what the store keeps of a small one. None: the files were begun anew each time.
    """
    for _ in range(READS):
        with suppress(Rotated), _opened(directory, name, blob) as stretches:
            return read(stretches)
    return None


@contextmanager
def _opened(directory: Path, name: str, blob: bytes | None) -> Iterator[list[Stretch]]:
    with ExitStack() as files:
        if blob:
            index, log = unpack_blob(blob)
            count = len(index) // RECORD.size
            yield [Stretch(BytesIO(log), BytesIO(index), count, 0, len(log))] if count else []
            return
        found = [_open(directory / f"{name}{suffix}", files) for suffix in SUFFIXES]
        yield sorted((each for each in found if each is not None), key=lambda each: each.first)


def _open(base: Path, files: ExitStack) -> Stretch | None:
    try:
        # Unbuffered: a viewer hops about, and reading ahead would cost more than the system call.
        log = files.enter_context(FileIO(f"{base}.log"))
        idx = files.enter_context(FileIO(f"{base}.idx"))
    except OSError:
        return None
    size = log.seek(0, 2)
    records = idx.seek(0, 2) // RECORD.size
    if not records:
        return None
    stretch = Stretch(log, idx, records, 0, 0)
    try:
        first = stretch.record(0)[0]
    except Rotated:
        return None
    return Stretch(log, idx, records, first, first + size)
