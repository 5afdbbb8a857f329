"""Where the lines of an attempt's output begin and end.

A line ends with its line break, where the other stream cuts in, or in the middle of a flood: at a
multiple of `BLOCK` with no line break in the block before it. So each place can be found from any
side without reading far, and a file of a gigabyte without a single line break has lines too.
"""

from collections.abc import Iterator
from typing import TypeAlias

from cronterm.execute.stretch import Record, Stretch
from cronterm.model.lines import SHOWN_BYTES, LineStream, OutputLine
from cronterm.runner.output import ERR

BLOCK = 256 << 10


class Extent:
    """Stretches without a gap between them."""

    def __init__(self, stretches: list[Stretch]) -> None:
        self.stretches = stretches
        self.first = stretches[0].first
        self.end = stretches[-1].end

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes at absolute offsets. Raises `Rotated`."""
        parts = [
            each.bytes_between(max(start, each.first), min(end, each.end))
            for each in self.stretches
            if each.first < end and start < each.end
        ]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def records(self, start: int, end: int) -> list[Record]:
        """Return the records of these bytes, the first one from before them if it holds them."""
        found: list[Record] = []
        for each in self.stretches:
            if each.first < end and start < each.end:
                low, high = each.number_at(start), each.number_at(end - 1) + 1
                found += each.records_between(low, high)
        return found

    def is_flood(self, place: int) -> bool:
        """Tell whether a line ends at this multiple of `BLOCK` only for its length."""
        return place - BLOCK >= self.first and b"\n" not in self.read(place - BLOCK, place)

    def line_start(self, place: int) -> int:
        """Return where the line begins that holds this byte, or ends before it."""
        edge = max(place // BLOCK * BLOCK, self.first)
        begin = edge + self.read(edge, place).rfind(b"\n") + 1 if edge < place else edge
        if begin == edge and not self._is_after_break(edge) and not self.is_flood(edge):
            low = max(edge - BLOCK, self.first)
            begin = low + self.read(low, edge).rfind(b"\n") + 1
        return self._cut_in(begin, place) if begin < place else begin

    def _is_after_break(self, place: int) -> bool:
        return place == self.first or self.read(place - 1, place) == b"\n"

    def _cut_in(self, begin: int, place: int) -> int:
        """Return where the other stream cut in last, at or before a place in a line."""
        records = self.records(begin, min(place + 1, self.end))
        for record, before in zip(reversed(records[1:]), reversed(records[:-1]), strict=True):
            if record[2] != before[2] and begin < record[0] <= place:
                return record[0]
        return begin

    def batch_end(self, start: int, size: int) -> int:
        """Return where whole lines end that begin at `start`, about `size` bytes further."""
        if start + size >= self.end:
            return self.end
        end = self.line_start(start + size)
        while end <= start:
            size += BLOCK
            end = self.line_start(min(start + size, self.end))
            if start + size >= self.end:
                return self.end
        return end

    def lines(self, start: int, end: int, content: bytes) -> Iterator[OutputLine]:
        """Yield the lines between two places where lines begin; `content` is what is there."""
        records = self.records(start, end)
        number, last = 0, len(records) - 1
        begin, is_after_break = start, False
        while begin < end:
            stop = start + content.find(b"\n", begin - start) + 1
            stop = end if stop == start else stop
            for edge in range((begin // BLOCK + 1) * BLOCK, stop, BLOCK):
                if not (is_after_break and begin > edge - BLOCK) and self.is_flood(edge):
                    stop = edge
                    break
            while number < last and records[number + 1][0] <= begin:
                number += 1
            record = records[number]
            for other in records[number + 1 :]:
                if other[0] >= stop or other[2] != record[2]:
                    stop = min(stop, other[0])
                    break
            line = _line(begin, content[begin - start : stop - start], record)
            yield line
            begin, is_after_break = stop, line.is_whole


Region: TypeAlias = tuple[int, int, Extent | None]
"""First offset, end, and what is there; None is a gap: the size limit dropped it."""


def regions_of(stretches: list[Stretch]) -> list[Region]:
    """Return what there is, in order and without a space between."""
    groups: list[list[Stretch]] = []
    for stretch in stretches:
        if groups and groups[-1][-1].end == stretch.first:
            groups[-1].append(stretch)
        elif stretch.first < stretch.end:
            groups.append([stretch])
    found: list[Region] = []
    place = 0
    for group in groups:
        extent = Extent(group)
        if place < extent.first:
            found.append((place, extent.first, None))
        found.append((extent.first, extent.end, extent))
        place = extent.end
    end = stretches[-1].end if stretches else 0
    return [*found, (place, end, None)] if place < end else found


def _line(offset: int, content: bytes, record: Record) -> OutputLine:
    text = content[:SHOWN_BYTES].removesuffix(b"\n")
    stream: LineStream = "err" if record[2] == ERR else "out"
    return OutputLine(offset, len(content), record[1], stream, content.endswith(b"\n"), text)
