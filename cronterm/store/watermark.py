"""A small file beside the database that still knows, after its loss, what was decided last.

Format: 32-byte records. The first is the header: magic, store id, last event number, next run. The
others are a slot per job: 12 bytes of sha256(job id), 4 bytes store id, last decided instant in µs,
and the number of the event that moved it. All is written after the commit and before any start,
with one `pwrite` each into preallocated space: it survives each death of the process and a full
disk.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from cronterm.clock import Instant

MAGIC = b"CRTWM\x00\x00\x01"
RECORD = 32
GROW = 256 * RECORD

_HEADER = struct.Struct("<8s8sqq")
_SLOT = struct.Struct("<12s4sqq")


class Mark(NamedTuple):
    """The last decided instant of a job, by which store and with which event."""

    decided: Instant
    store: str
    n: int


class Watermark:
    """Holds the file open. Raises OSError where the file system does."""

    def __init__(self, path: Path) -> None:
        self.store = ""
        self.n = 0
        self.next_run = 1
        self._marks: dict[bytes, Mark] = {}
        self._places: dict[bytes, int] = {}
        self._free = RECORD
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        os.fchmod(self._file, 0o600)
        self._size = os.fstat(self._file).st_size
        self._load(os.pread(self._file, self._size, 0))

    def _load(self, content: bytes) -> None:
        if len(content) < RECORD or not content.startswith(MAGIC):
            os.ftruncate(self._file, 0)
            self._size = 0
            self._make_room(1)
            return
        _, store, self.n, self.next_run = _HEADER.unpack_from(content)
        self.store = store.decode("ascii", "replace")
        for place in range(RECORD, len(content) - RECORD + 1, RECORD):
            key, tag, decided, n = _SLOT.unpack_from(content, place)
            if any(key):
                self._places[key] = place
                self._marks[key] = Mark(decided, tag.hex(), n)
                self._free = place + RECORD

    def mark(self, job: str) -> Mark | None:
        """Return what is known of `job`."""
        return self._marks.get(_key(job))

    def reserve(self, jobs: Iterable[str]) -> None:
        """Give each of `jobs` its slot, so that later writes need no space."""
        for job in jobs:
            key = _key(job)
            if key not in self._places:
                self._make_room(self._free // RECORD + 1)
                self._places[key] = self._free
                self._free += RECORD

    def write(self, store: str, n: int, next_run: int, decided: Mapping[str, Instant]) -> None:
        """Remember the last decided instant of each job in `decided`, and the header."""
        self.reserve(decided)
        tag = bytes.fromhex(store)
        for job, last in decided.items():
            key = _key(job)
            os.pwrite(self._file, _SLOT.pack(key, tag, last, n), self._places[key])
            self._marks[key] = Mark(last, store, n)
        os.pwrite(self._file, _HEADER.pack(MAGIC, store.encode("ascii"), n, next_run), 0)
        self.store, self.n, self.next_run = store, n, next_run

    def close(self) -> None:
        """Flush to the disk and close."""
        os.fdatasync(self._file)
        os.close(self._file)

    def _make_room(self, records: int) -> None:
        needed = records * RECORD
        if needed > self._size:
            size = -(-needed // GROW) * GROW
            os.posix_fallocate(self._file, 0, size)
            self._size = size


def _key(job: str) -> bytes:
    return hashlib.sha256(job.encode()).digest()[:12]
