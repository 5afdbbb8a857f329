"""The lines that somebody looks for: by words, by stream."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from cronterm.errors import CrontermError
from cronterm.execute.extent import Extent
from cronterm.model.lines import OutputLine, counts_case
from cronterm.runner.output import ERR, OUT

STREAMS = {"out": OUT, "err": ERR}
MOST_LETTERS = 1_000  # of all words: each becomes a part of a pattern
COLOUR = rb"(?:\x1b\[[0-9;:]*m)*"

Finder: TypeAlias = Callable[[bytes], Callable[[int], int]]
"""Takes bytes, returns what tells where the words are next from a place on, or -1."""


class Matches:
    """The lines that a question wants: those with all its words, of its stream."""

    def __init__(self, words: tuple[str, ...], stream: str) -> None:
        """Raise `CrontermError` for words that are too long to look for."""
        if sum(map(len, words)) > MOST_LETTERS:
            raise CrontermError(f"more than {MOST_LETTERS:,} letters cannot be looked for")
        self._finders = [finder(word) for word in sorted(words, key=len, reverse=True) if word]
        self._stream = STREAMS.get(stream)
        self.is_all = not self._finders and self._stream is None

    def lines(self, extent: Extent, start: int, end: int) -> Iterator[OutputLine]:
        """Yield those of a batch of whole lines."""
        content = extent.read(start, end)
        if self.is_all:
            yield from extent.lines(start, end, content)
            return
        for low, high in self._parts(extent, start, end, content):
            part = content[low - start : high - start]
            for line in extent.lines(low, high, part):
                if self._holds(line, part[line.offset - low :][: line.size]):
                    yield line

    def _holds(self, line: OutputLine, content: bytes) -> bool:
        is_ours = self._stream is None or STREAMS.get(line.stream) == self._stream
        return is_ours and all(find(content)(0) >= 0 for find in self._finders)

    def _parts(
        self, extent: Extent, start: int, end: int, content: bytes
    ) -> Iterator[tuple[int, int]]:
        """Yield where there may be lines that pass: begins and ends of lines."""
        if not self._finders:
            yield from self._of_stream(extent, start, end)
            return
        find = self._finders[0](content)
        hit = find(0)
        while hit >= 0:
            low = content.rfind(b"\n", 0, hit) + 1
            high = content.find(b"\n", hit) + 1 or len(content)
            yield start + low, start + high
            hit = find(high) if high < len(content) else -1

    def _of_stream(self, extent: Extent, start: int, end: int) -> Iterator[tuple[int, int]]:
        records = extent.records(start, end)
        stops = [*(record[0] for record in records[1:]), end]
        begun: int | None = None  # pieces of one stream in a row are one part: a line may span them
        for record, stop in zip(records, stops, strict=True):
            if record[2] != self._stream:
                if begun is not None:
                    yield begun, record[0]
                begun = None
            elif begun is None and stop > start:
                begun = max(record[0], start)
        if begun is not None:
            yield begun, end

    def count(self, extent: Extent, start: int, end: int) -> int:
        """Return how many begin in a batch, by line breaks."""
        content = extent.read(start, end)
        if len(self._finders) == 1 and self._stream is None:
            return sum(1 for _ in self._parts(extent, start, end, content))
        if self._finders:
            return sum(1 for _ in self.lines(extent, start, end))
        parts = [(start, end)] if self.is_all else self._of_stream(extent, start, end)
        return sum(content.count(b"\n", low - start, high - start) for low, high in parts)


def finder(words: str) -> Finder:
    """Return what finds words, with colours between their letters or not."""
    exact = counts_case(words)
    plain = words.encode() if exact else words.lower().encode()
    loose = re.compile(COLOUR.join(_letter(letter, exact) for letter in words))

    def find(content: bytes) -> Callable[[int], int]:
        if b"\x1b" not in content and (exact or plain.isascii()):
            return partial((content if exact else content.lower()).find, plain)

        def search(start: int) -> int:
            found = loose.search(content, start)
            return found.start() if found else -1

        return search

    return find


def _letter(letter: str, exact: bool) -> bytes:
    forms = {letter} if exact else {letter, letter.lower(), letter.upper()}
    return b"(?:" + b"|".join(re.escape(form.encode()) for form in sorted(forms)) + b")"
