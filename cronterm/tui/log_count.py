"""How many lines there are, and before a place: counted in slices, each part once."""

from bisect import bisect_right

from cronterm.control import Control
from cronterm.model.lines import CountLines, LineCount
from cronterm.tui.log_source import BEGIN, END, Source, Wish

SLICE_BYTES = 16 << 20


class Count:
    """Counts the lines of sources, one after the other, that a wish wants."""

    def __init__(self, control: Control, wish: Wish) -> None:
        self._control = control
        self._wish = wish
        self._known: dict[int, list[tuple[int, int]]] = {}
        """By source: (offset, lines before it), growing."""

    @property
    def covered(self) -> int:
        """Bytes of output that were counted."""
        return sum(known[-1][0] for known in self._known.values())

    async def before(self, sources: list[Source], number: int, place: int) -> int:
        """Return how many lines of all these sources are before a place. Raises `CrontermError`."""
        found = 0
        for source in sources[:number]:
            found += await self._of(source, END + 1)
        return found + await self._of(sources[number], place)

    async def all(self, sources: list[Source]) -> int:
        """Return how many there are. Raises `CrontermError`."""
        return await self.before(sources, len(sources) - 1, END + 1) if sources else 0

    async def _of(self, source: Source, place: int) -> int:
        ends = 0
        if self._wish.is_all:
            ends += source.attempt.started_at is not None and place > BEGIN
            ends += source.has_ended and place > END
        if place <= 0:
            return ends
        return ends + await self._printed(source, None if place >= END else place)

    async def _printed(self, source: Source, until: int | None) -> int:
        known = self._known.setdefault(source.number, [(0, 0)])
        index = len(known) if until is None else bisect_right(known, (until, END))
        start, lines = known[index - 1]
        while until is None or start < until:
            query = CountLines(
                run=source.run,
                attempt=source.attempt.attempt,
                start=start,
                end=until,
                words=self._wish.words,
                stream=self._wish.stream,
                max_bytes=SLICE_BYTES,
            )
            reply = await self._control.query(query)
            assert isinstance(reply, LineCount)
            if reply.reached <= start:
                break
            start, lines = reply.reached, lines + reply.lines
            if known[index - 1][0] < start:
                known.insert(index, (start, lines))
                index += 1
            if until is None and start >= reply.end_offset:
                break
        return lines
