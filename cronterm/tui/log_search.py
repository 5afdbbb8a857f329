"""Looks for words in the lines of sources, forwards and backwards, a slice at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cronterm.tui.log_source import Line, Source, Wish
from cronterm.tui.log_window import Window


@dataclass(frozen=True)
class Found:
    """A line that has the words, and whether it was found only by going on from the other end."""

    line: Line
    is_around: bool


class Search:
    """A search for words among the lines that a wish wants."""

    def __init__(
        self, sources: Sequence[Source], wish: Wish, words: str, tell: Callable[[], object]
    ) -> None:
        self._tell = tell
        self._window = Window(sources, replace(wish, words=(*wish.words, words)))

    @property
    def looked(self) -> float:
        """How far down it looks, 0 to 1, by bytes."""
        return self._window.looked

    async def find(self, places: Sequence[int], *, backwards: bool) -> Found | None:
        """Return the nearest line from these places on, else from the other end.

        It may be cancelled between two slices. Raises `CrontermError`.
        """
        self._window.move(places)
        line = await self._next(backwards=backwards)
        is_around = line is None and not self._is_whole(places, backwards=backwards)
        if is_around:
            if backwards:
                self._window.move_to_end()
            else:
                self._window.move_to_start()
            line = await self._next(backwards=backwards)
        return None if line is None else Found(line, is_around)

    def _is_whole(self, places: Sequence[int], *, backwards: bool) -> bool:
        """Tell whether all lines are on the side of these places where it looks."""
        sources = self._window.sources
        ends = [source.end_offset if backwards else 0 for source in sources]
        pairs = zip(places, ends, strict=True)
        return all(place >= end if backwards else place <= end for place, end in pairs)

    async def _next(self, *, backwards: bool) -> Line | None:
        window = self._window
        while window.has_older if backwards else window.has_newer:
            before = [*window.top, *window.bottom]
            found = await (window.older(1) if backwards else window.newer(1))
            if found:
                return window.lines[0 if backwards else -1]
            if [*window.top, *window.bottom] == before:
                return None  # what is left is not in the file yet
            self._tell()
        return None
