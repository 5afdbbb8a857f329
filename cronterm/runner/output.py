"""What a job writes: two streams merged by line, bounded while it runs, head and tail kept.

`<run>-<attempt>.log` holds the bytes as they came, `.idx` a fixed record for each piece of one
stream that arrived together: offset, microseconds, stream, flags. Over the limit the head stays in
`.log` and the tail goes on in two segments that take turns, `.tail0` and `.tail1`; offsets go on
counting what was dropped. Where only the head is kept, one empty record says where the end was.
"""

import os
import struct
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

RECORD = struct.Struct("<QqII")
"""offset, µs since 1970, stream (1 out, 2 err), flags."""

PARTIAL = 1  # flag: the piece does not end with a line break
OUT, ERR = 1, 2

MEMORY = 64 << 10  # bytes an attempt may keep in memory
LINE = 64 << 10  # a longer line is passed on in pieces

PACK_LEVEL, PACK_WINDOW, PACK_MEMORY = 1, 13, 6
"""For zlib. Its own defaults pack no smaller, but take 256 KiB from the system and clear it: a
short output costs 60 µs with them, 5 with these."""

Piece = tuple[int, int, int, int, bytes]
"""offset, µs, stream, flags, bytes."""


def pack_pieces(pieces: list[Piece]) -> bytes:
    """Return small output as one packed blob: number of records, records, bytes."""
    records = b"".join(RECORD.pack(*piece[:4]) for piece in pieces)
    body = b"".join(piece[4] for piece in pieces)
    packing = zlib.compressobj(PACK_LEVEL, zlib.DEFLATED, PACK_WINDOW, PACK_MEMORY)
    return packing.compress(struct.pack("<I", len(pieces)) + records + body) + packing.flush()


def unpack_blob(blob: bytes) -> tuple[bytes, bytes]:
    """Return (index, log) of a packed blob."""
    whole = zlib.decompress(blob)
    (count,) = struct.unpack_from("<I", whole)
    end = 4 + count * RECORD.size
    return whole[4:end], whole[end:]


class LineMerger:
    """Turns reads of two streams into pieces that end with a line break where they can."""

    def __init__(self) -> None:
        self._rest = {OUT: b"", ERR: b""}

    def feed(self, stream: int, read: bytes) -> tuple[bytes, int]:
        """Return what can be passed on, and its flags; the rest of a line waits."""
        whole = self._rest[stream] + read if self._rest[stream] else read
        end = whole.rfind(b"\n") + 1
        if not end and len(whole) >= LINE:
            self._rest[stream] = b""
            return whole, PARTIAL
        if len(whole) - end >= LINE:
            self._rest[stream] = b""
            return whole, PARTIAL
        self._rest[stream] = whole[end:]
        return whole[:end], 0

    def flush(self) -> Iterator[tuple[int, bytes]]:
        """Yield the unfinished line of each stream."""
        for stream, rest in self._rest.items():
            if rest:
                self._rest[stream] = b""
                yield stream, rest

    @property
    def is_holding(self) -> bool:
        """An unfinished line waits."""
        return any(self._rest.values())


class Segment:
    """A pair of files: bytes and index."""

    def __init__(self, base: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._log = os.open(f"{base}.log", flags, 0o600)
        try:
            self._idx = os.open(f"{base}.idx", flags, 0o600)
        except OSError:
            os.close(self._log)
            raise
        self.size = 0
        self._records = 0

    def write(self, pieces: list[Piece]) -> None:
        """Append pieces. Raises OSError; what was written of them is cut off again."""
        body = b"".join(piece[4] for piece in pieces)
        records = b"".join(RECORD.pack(*piece[:4]) for piece in pieces)
        try:
            _write_all(self._log, body)
            _write_all(self._idx, records)
        except OSError:
            os.ftruncate(self._log, self.size)
            os.ftruncate(self._idx, self._records * RECORD.size)
            raise
        self.size += len(body)
        self._records += len(pieces)

    def close(self) -> None:
        """Close both files. On a network disk that may fail, too: it has told what it could."""
        for file in (self._log, self._idx):
            with suppress(OSError):
                os.close(file)


def _write_all(file: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(file, view) :]


class Sink:
    """Takes the output of one attempt: memory first, then files within the limit."""

    def __init__(self, directory: Path, name: str, limit: int, keep: str = "head_tail") -> None:
        self._directory = directory
        self._name = name
        head = {"head": limit, "tail": 0}.get(keep, limit // 2)
        self._head = head
        self._turn = max((limit - head) // 2, 1)
        self._keeps_tail = keep != "head"
        self._pieces: list[Piece] = []
        self._in_memory = 0
        self._segment: Segment | None = None
        self._tail: Segment | None = None
        self._tails = 0
        self.bytes = 0
        """All that was taken, dropped or not."""
        self.since: int | None = None
        """µs of the oldest piece in memory."""
        self.is_failing = False
        self._last_at = 0

    @property
    def in_memory(self) -> int:
        """Bytes that are not in a file yet."""
        return self._in_memory

    def take(self, stream: int, at: int, content: bytes, flags: int = 0) -> Piece:
        """Take one piece and return it with its offset."""
        piece = (self.bytes, at, stream, flags, content)
        self._last_at = at
        self.bytes += len(content)
        self._pieces.append(piece)
        self._in_memory += len(content)
        if self.since is None:
            self.since = at
        if self._in_memory > MEMORY:
            self.spill()
        return piece

    def spill(self) -> None:
        """Write what is in memory into files; a disk that is full loses it, nothing else."""
        pieces, self._pieces = self._pieces, []
        self._in_memory, self.since = 0, None
        if self.is_failing or not pieces:
            return
        try:
            self._write(pieces)
        except OSError:
            self.is_failing = True

    def _write(self, pieces: list[Piece]) -> None:
        if self._segment is None:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._segment = Segment(self._directory / self._name)
        if self._tail is None:
            room = self._head - self._segment.size
            head, pieces = _split(pieces, room)
            if head:
                self._segment.write(head)
        if pieces and self._keeps_tail:
            self._write_tail(pieces)

    def _write_tail(self, pieces: list[Piece]) -> None:
        waiting = deque(pieces)
        while waiting:
            if self._tail is None or self._tail.size >= self._turn:
                if self._tail is not None:
                    self._tail.close()
                    self._tail = None  # closed again, its numbers would be other files'
                base = self._directory / f"{self._name}.tail{self._tails % 2}"
                self._tail = Segment(base)
                self._tails += 1
            part, rest = _split(list(waiting), self._turn - self._tail.size)
            self._tail.write(part)
            waiting = deque(rest)

    def close(self) -> bytes:
        """End the output; return it packed if it is small, else empty: it is in the files."""
        if self._segment is None and not self.is_failing:
            return pack_pieces(self._pieces) if self._pieces else b""
        self.spill()
        self._mark_end()
        for segment in (self._segment, self._tail):
            if segment is not None:
                segment.close()
        return b""

    def _mark_end(self) -> None:
        """Say how much was written where the end of it was dropped."""
        segment = self._segment
        if self._keeps_tail or segment is None or segment.size == self.bytes or self.is_failing:
            return
        try:
            self._tail = Segment(self._directory / f"{self._name}.tail0")
            self._tail.write([(self.bytes, self._last_at, OUT, 0, b"")])
        except OSError:
            self.is_failing = True


def _split(pieces: list[Piece], room: int) -> tuple[list[Piece], list[Piece]]:
    """Part pieces so that the first part has at most `room` bytes; one piece may be cut."""
    first: list[Piece] = []
    for index, piece in enumerate(pieces):
        offset, at, stream, flags, content = piece
        if len(content) <= room:
            first.append(piece)
            room -= len(content)
            continue
        if room > 0:
            first.append((offset, at, stream, PARTIAL, content[:room]))
            piece = (offset + room, at, stream, flags, content[room:])
        return first, [piece, *pieces[index + 1 :]]
    return first, []
