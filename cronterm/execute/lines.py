"""Lines of an attempt's output: read from any place in both directions, searched, counted."""

from pathlib import Path

from cronterm.execute.extent import Extent, Region, regions_of
from cronterm.execute.matches import Matches
from cronterm.execute.stretch import Stretch, read_stretches
from cronterm.model.lines import CountLines, LineCount, OutputLine, OutputLines, ReadLines

SCAN = 1 << 20  # searched at once: it holds the interpreter for a millisecond
PAGE = 64 << 10  # read at once where every line is wanted
ANSWER_BYTES = 512 << 10  # of text in one answer


def read_lines(
    directory: Path, query: ReadLines, *, blob: bytes | None, complete: bool
) -> OutputLines:
    """Return lines of an attempt from the files, or from what the store keeps of it."""

    def read(stretches: list[Stretch]) -> OutputLines:
        return _Reading(stretches, query).answer(complete=complete)

    found = read_stretches(directory, f"{query.run}-{query.attempt}", blob, read)
    return OutputLines(lines=(), reached=query.offset or 0) if found is None else found


def count_lines(directory: Path, query: CountLines, *, blob: bytes | None) -> LineCount:
    """Return how many lines begin in a part of an attempt's output."""

    def count(stretches: list[Stretch]) -> LineCount:
        return _count(stretches, query)

    found = read_stretches(directory, f"{query.run}-{query.attempt}", blob, count)
    return LineCount(lines=0, reached=query.start) if found is None else found


class _Reading:
    """One answer in the making."""

    def __init__(self, stretches: list[Stretch], query: ReadLines) -> None:
        self._regions = regions_of(stretches)
        self._query = query
        self._matches = Matches(query.words, query.stream)
        self._end = stretches[-1].end if stretches else 0
        self._lines: list[OutputLine] = []
        self._room = query.max_bytes
        self._text = ANSWER_BYTES
        self._batch = PAGE if self._matches.is_all else SCAN

    def answer(self, *, complete: bool) -> OutputLines:
        start = self._start()
        reached = (
            self._older(min(start, self._end)) if self._query.backwards else self._newer(start)
        )
        if self._query.backwards:
            self._lines.reverse()
        return OutputLines(
            lines=tuple(self._lines),
            reached=reached,
            end_offset=self._end,
            complete=complete,
            dropped=sum(end - first for first, end, extent in self._regions if extent is None),
        )

    def _start(self) -> int:
        """Return the place that is asked for, moved to where a line begins."""
        query = self._query
        if query.since is not None:
            return _place_of(self._regions, query.since, self._end)
        if query.offset is None:
            return self._end if query.backwards else 0
        for first, end, extent in self._regions:
            if extent is not None and first < query.offset < end:
                return extent.line_start(query.offset)
        return query.offset

    @property
    def _is_full(self) -> bool:
        return len(self._lines) >= self._query.limit or self._room <= 0 or self._text <= 0

    def _newer(self, place: int) -> int:
        for first, end, extent in self._regions:
            if extent is None and place <= first and not self._is_full:
                self._take_gap(first, end)
                place = end
            while extent is not None and place < end:
                place = max(place, first)
                if self._is_full:
                    return place
                place = self._take(extent, place, extent.batch_end(place, self._batch))
        return place

    def _take(self, extent: Extent, start: int, end: int) -> int:
        """Add the lines of a batch that pass; return behind the last one that was looked at."""
        self._room -= end - start
        for line in self._matches.lines(extent, start, end):
            self._lines.append(line)
            self._text -= len(line.text)
            if len(self._lines) >= self._query.limit or self._text <= 0:
                return line.offset + line.size
        return end

    def _older(self, place: int) -> int:
        for first, end, extent in reversed(self._regions):
            if extent is None and first < place and not self._is_full:
                self._take_gap(first, end)
                place = first
            while extent is not None and first < place:
                if self._is_full:
                    return place
                begin = extent.line_start(max(place - self._batch, first))
                place = self._take_back(extent, begin, place)
        return place

    def _take_back(self, extent: Extent, start: int, end: int) -> int:
        """Add the lines of a batch that pass, the last first; return the first place seen."""
        self._room -= end - start
        for line in reversed(list(self._matches.lines(extent, start, end))):
            self._lines.append(line)
            self._text -= len(line.text)
            if len(self._lines) >= self._query.limit or self._text <= 0:
                return line.offset
        return start

    def _take_gap(self, start: int, end: int) -> None:
        """Add what stands for dropped output, where all lines are asked for."""
        if self._matches.is_all:
            at = _instant_at(self._regions, end)
            self._lines.append(OutputLine(start, end - start, at, "gap", True, b""))


def _instant_at(regions: list[Region], place: int) -> int:
    """Return when what begins at a place came; behind all there is, when the last of it came."""
    extents = [extent for _, _, extent in regions if extent is not None]
    for extent in extents:
        if extent.first == place:
            return extent.stretches[0].record(0)[1]
    return extents[-1].records(extents[-1].end - 1, extents[-1].end)[-1][1] if extents else 0


def _place_of(regions: list[Region], since: int, end: int) -> int:
    """Return where the lines of an instant or later begin."""
    extents = [extent for _, _, extent in regions if extent is not None]
    for extent, stretch in ((each, part) for each in extents for part in each.stretches):
        if stretch.record(stretch.records - 1)[1] >= since:
            number = stretch.number_before(since)
            record = stretch.record(number)
            if record[1] < since and number + 1 < stretch.records:
                record = stretch.record(number + 1)
            return extent.line_start(record[0])
    return end


def _count(stretches: list[Stretch], query: CountLines) -> LineCount:
    matches = Matches(query.words, query.stream)
    last = stretches[-1].end if stretches else 0
    until = last if query.end is None else min(query.end, last)
    place, found, room = query.start, 0, query.max_bytes
    for first, end, extent in regions_of(stretches):
        found += matches.is_all and extent is None and query.start <= first < until
        place = max(place, first)
        while extent is not None and place < min(end, until):
            if room <= 0:
                return LineCount(lines=found, reached=place, end_offset=last)
            stop = min(extent.batch_end(place, SCAN), until)
            found += matches.count(extent, place, stop)
            room -= stop - place
            place = stop
    return LineCount(lines=found, reached=max(until, query.start), end_offset=last)
