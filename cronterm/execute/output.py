"""Reads what an attempt wrote, while it runs and after: from its files or from its small blob.

Only what is asked for is read: a file of a gigabyte opens at its end.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from cronterm.execute.stretch import SUFFIXES, Stretch, read_stretches
from cronterm.model.effect import ReportedLine
from cronterm.model.query import OutputChunk, OutputPart
from cronterm.runner.output import RECORD


def read_output(
    directory: Path,
    *,
    run: int,
    attempt: int,
    blob: bytes | None,
    offset: int | None,
    max_bytes: int,
    complete: bool,
) -> OutputPart:
    """Return up to `max_bytes` of an attempt's output, from `offset` on or from the end back.

    Offsets count dropped bytes. `blob` is what the store keeps of small output.
    """
    empty = OutputPart(run=run, attempt=attempt, chunks=(), complete=complete)

    def part(stretches: list[Stretch]) -> OutputPart:
        return _part(stretches, empty, offset, max_bytes) if stretches else empty

    found = read_stretches(directory, f"{run}-{attempt}", blob, part)
    return empty if found is None else found


def _part(
    stretches: list[Stretch], empty: OutputPart, offset: int | None, max_bytes: int
) -> OutputPart:
    end = stretches[-1].end
    start = _last_bytes(stretches, max_bytes) if offset is None else offset
    chunks: list[OutputChunk] = []
    room = max_bytes
    dropped: tuple[int, int] | None = None
    before = 0
    for stretch in stretches:
        if stretch.first > before and start <= stretch.first:
            dropped = (before, stretch.first)
        before = stretch.end
        if stretch.end <= start or room <= 0:
            continue
        for chunk in _chunks(stretch, max(start, stretch.first), room):
            chunks.append(chunk)
            room -= len(chunk.data)
    first = chunks[0].offset if chunks else min(start, end)
    after = chunks[-1].offset + len(chunks[-1].data) if chunks else min(start, end)
    if room > 0 and dropped is not None and dropped[1] == end:
        after = end
    return msgspec.structs.replace(
        empty,
        chunks=tuple(chunks),
        first_offset=first,
        next_offset=after,
        end_offset=end,
        dropped=dropped,
    )


def _last_bytes(stretches: list[Stretch], most: int) -> int:
    """Return from where the last `most` bytes begin; behind a head alone there is nothing."""
    last = stretches[-1]
    if last.first == last.end and len(stretches) > 1:
        last = stretches[-2]
    return max(last.end - most, stretches[0].first)


def _chunks(stretch: Stretch, start: int, room: int) -> Iterator[OutputChunk]:
    """Yield chunks from `start` on, at most `room` bytes; the first and last may be cut."""
    low = stretch.number_at(start)
    end = min(start + room, stretch.end)
    step = 4096  # records read at a time
    while low < stretch.records:
        batch = stretch.records_between(low, min(low + step, stretch.records))
        for index, (offset, at, stream, _) in enumerate(batch):
            is_last = low + index + 1 == stretch.records
            if index + 1 < len(batch):
                stop = batch[index + 1][0]
            else:
                stop = stretch.end if is_last else stretch.record(low + index + 1)[0]
            begin, stop = max(offset, start), min(stop, end)
            if begin < stop:
                content = stretch.bytes_between(begin, stop)
                yield OutputChunk(begin, at, "out" if stream == 1 else "err", content)
            if stop >= end:
                return
        low += len(batch)


def append_output(directory: Path, line: ReportedLine) -> int | None:
    """Append to the output of a reported attempt; return the offset, None where it is full.

    Raises OSError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    base = directory / f"{line.run}-{line.attempt}"
    with _private(base.with_name(f"{base.name}.log")) as log:
        offset = os.fstat(log.fileno()).st_size
        if offset + len(line.data) > line.most:
            return None
        log.write(line.data)
    with _private(base.with_name(f"{base.name}.idx")) as idx:
        idx.write(RECORD.pack(offset, line.at, 1, 0))
    return offset


def _private(path: Path) -> BinaryIO:
    """Open a file to append to it that nobody else may read."""
    descriptor = os.open(
        path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
    )
    return os.fdopen(descriptor, "ab")


def remove_output(directory: Path, run: int, attempt: int) -> None:
    """Remove the files of an attempt, those that exist."""
    for suffix in SUFFIXES:
        for kind in ("log", "idx"):
            Path(directory, f"{run}-{attempt}{suffix}.{kind}").unlink(missing_ok=True)
