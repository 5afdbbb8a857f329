"""A window on the lines of some sources, merged by time: it grows at both ends, and forgets."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import msgspec

from cronterm.clock import Instant
from cronterm.control import Output
from cronterm.model.lines import SHOWN_BYTES
from cronterm.tui.log_source import BEGIN, END, PAGE_LINES, Line, Source, Wish

KEPT_LINES = 3_000  # around what is in view; the rest is read again when it is wanted
KEPT_CHARACTERS = 2 << 20
LIVE_LINES = 500  # kept while it follows what comes
FLOOD_BYTES = 256 << 10  # a line of this length is over even if no line break came
NEAR_BYTES = 256 << 10
HELD_BYTES = 2 << 20  # told live ahead of what could be read


class Window:
    """Lines in a row, and for each source up to where they were read at both ends.

    What is before `top[n]` and from `bottom[n]` on is not in the window.
    """

    def __init__(self, sources: Sequence[Source], wish: Wish = Wish()) -> None:  # noqa: B008  frozen
        self.sources = list(sources)
        self.wish = wish
        self.lines: list[Line] = []
        self.top = [END + 1 for _ in self.sources]
        self.bottom = [END + 1 for _ in self.sources]
        self._at_start = [False for _ in self.sources]
        self._at_end = [True for _ in self.sources]
        self._open: dict[tuple[int, str], Line] = {}
        self._held: deque[Output] = deque()
        self._held_bytes = 0
        self.is_cut = False
        """A flood left a part of itself out: what is before the lines is only in the file."""

    @property
    def has_older(self) -> bool:
        """There may be lines before it."""
        return not all(self._at_start)

    @property
    def has_newer(self) -> bool:
        """There are lines behind it, or some were told that it does not have."""
        return not all(self._at_end)

    @property
    def looked(self) -> float:
        """How far down its open end is, 0 to 1, by bytes."""
        sizes = [max(source.end_offset, 1) for source in self.sources]
        for number in range(len(sizes)):
            for place in (self.top[number], self.bottom[number]):
                if 0 < place < END:
                    return min((sum(sizes[:number]) + place) / sum(sizes), 1.0)
        return 0.0

    def move(self, places: Sequence[int]) -> None:
        """Put the window, empty, between what is before and from these places on."""
        self.lines = []
        self._open.clear()
        self.top, self.bottom = list(places), list(places)
        self._at_start = [place <= BEGIN for place in places]
        self._at_end = [place > END for place in places]

    def renew(self, sources: Sequence[Source]) -> None:
        """Take what is known of the sources by now: some ended, some are new."""
        for number, source in enumerate(sources):
            if number >= len(self.sources):
                self.top.append(BEGIN)
                self.bottom.append(BEGIN)
                self._at_start.append(True)
                self._at_end.append(False)
                continue
            source.dropped = self.sources[number].dropped
            if source.has_ended and not self.sources[number].has_ended:
                self._at_end[number] = False
        self.sources = list(sources)

    def look_again(self) -> None:
        """Take it that there is something newer of each source that goes on."""
        for number, source in enumerate(self.sources):
            if not source.has_ended and self.bottom[number] < END:
                self._at_end[number] = False

    def move_to_end(self) -> None:
        """Put it behind all lines."""
        self.move([END + 1] * len(self.sources))

    def move_to_start(self) -> None:
        """Put it before all lines."""
        self.move([BEGIN] * len(self.sources))

    def anew(self) -> "Window":
        """Return another window on the same lines, with what is told live and not shown yet."""
        window = Window(self.sources, self.wish)
        window._held, window._held_bytes = self._held, self._held_bytes
        return window

    def places(self, index: int) -> list[int]:
        """Return the places of all sources before the line with this number."""
        places = list(self.bottom)
        for line in reversed(self.lines[index:]):
            places[line.source] = line.place
        return places

    async def places_of(self, line: Line) -> list[int]:
        """Return the places of all sources before any line of theirs. Raises `CrontermError`."""
        at, _ = self.sources[line.source].moment(line)
        return [
            line.place if source.number == line.source else await source.place_at(at)
            for source in self.sources
        ]

    def index_of(self, line: Line) -> int | None:
        """Return where a line is in the window."""
        for index, known in enumerate(self.lines):
            if known.key == line.key:
                return index
        return None

    # -- growing ---------------------------------------------------------------------------------

    async def older(self, wanted: int = PAGE_LINES) -> int:
        """Put lines before the first one; return how many came. Raises `CrontermError`.

        None came and `has_older`: it was looked far for lines that are wanted, and it goes on.
        """
        ready: dict[int, list[Line]] = {number: [] for number in range(len(self.sources))}
        reached, over = list(self.top), list(self._at_start)
        found: list[Line] = []
        while len(found) < wanted:
            number = self._latest(ready, reached, over)
            if number is None:
                break
            if not ready[number]:
                page = await self.sources[number].older(reached[number], self.wish, wanted)
                reached[number], over[number] = page.reached, page.is_over
                ready[number] = page.lines
                if page.end is not None:
                    self._end_at(number, page.end)
                if not page.lines and not page.is_over:
                    break
                continue
            found.append(ready[number].pop())
        for number, left in ready.items():
            self.top[number] = left[-1].after if left else reached[number]
            self._at_start[number] = over[number] and not left
        self.lines[:0] = reversed(found)
        return len(found)

    def _latest(
        self, ready: dict[int, list[Line]], reached: list[int], over: list[bool]
    ) -> int | None:
        """Return the source that has, or may have, the newest line before the window."""
        best: tuple[tuple[Instant, int], int] | None = None
        for source in self.sources:
            number = source.number
            if ready[number]:
                moment = source.moment(ready[number][-1])
            elif over[number]:
                continue
            else:
                moment = (source.ended_at, number)
            if best is None or moment > best[0]:
                best = (moment, number)
        return None if best is None else best[1]

    def _end_at(self, number: int, place: int) -> None:
        """Note where a source ended that goes on, when it was read from its end."""
        if self.bottom[number] > END:
            self.bottom[number] = place
            self._at_end[number] = self.sources[number].end_offset <= place

    async def newer(self, wanted: int = PAGE_LINES) -> int:
        """Put lines behind the last one; return how many came. Raises `CrontermError`."""
        ready: dict[int, list[Line]] = {number: [] for number in range(len(self.sources))}
        reached, over = list(self.bottom), list(self._at_end)
        found: list[Line] = []
        while len(found) < wanted:
            number = self._earliest(ready, over)
            if number is None:
                break
            if not ready[number]:
                page = await self.sources[number].newer(reached[number], self.wish, wanted)
                reached[number], over[number] = page.reached, page.is_over
                ready[number] = page.lines
                if not page.lines and not page.is_over:
                    break
                continue
            found.append(ready[number].pop(0))
        for number, left in ready.items():
            self.bottom[number] = left[0].place if left else reached[number]
            self._at_end[number] = over[number] and not left
        for line in found:
            self._put(line)
        return len(found)

    def _earliest(self, ready: dict[int, list[Line]], over: list[bool]) -> int | None:
        best: tuple[tuple[Instant, int], int] | None = None
        for source in self.sources:
            number = source.number
            if ready[number]:
                moment = source.moment(ready[number][0])
            elif over[number]:
                continue
            else:
                moment = (source.begun_at, number)
            if best is None or moment < best[0]:
                best = (moment, number)
        return None if best is None else best[1]

    def _put(self, line: Line) -> None:
        """Append a line; one that goes on with an unfinished one takes its place."""
        place = (line.source, line.stream)
        begun = self._open.pop(place, None)
        if begun is not None and line.place in (begun.place, begun.after):
            if self.lines and self.lines[-1].key == begun.key:
                del self.lines[-1]
            line = line if line.place == begun.place else _joined(begun, line)
        if not line.is_whole and line.after - line.place < FLOOD_BYTES:
            self._open[place] = line
        if self.wish.passes(line):
            self.lines.append(line)

    # -- live ------------------------------------------------------------------------------------

    def take(self, output: Output) -> bool:
        """Keep what came live until it is absorbed; tell whether it is of one of the sources."""
        source = next((each for each in self.sources if each.owns(output)), None)
        if source is None:
            return False
        after = output.offset + len(output.data)
        source.end_offset = max(source.end_offset, after)
        self._held.append(output)
        self._held_bytes += len(output.data)
        while self._held_bytes > HELD_BYTES:
            self._held_bytes -= len(self._held.popleft().data)
        return True

    def absorb(self, *, forgets: bool) -> bool:
        """Append what came live where nothing is missing before it; tell whether lines came.

        With `forgets` a flood leaves only its last lines in the window. What does not follow on
        is kept: there is something newer to be read before it.
        """
        held, self._held, self._held_bytes = self._held, deque(), 0
        count = len(self.lines)
        if forgets and sum(each.data.count(b"\n") for each in held) > LIVE_LINES:
            held = _joined_outputs(held)
        for output in held:
            self._absorb(output, forgets=forgets)
        return len(self.lines) != count

    def _absorb(self, output: Output, *, forgets: bool) -> None:
        source = next(each for each in self.sources if each.owns(output))
        number = source.number
        bottom, after = self.bottom[number], output.offset + len(output.data)
        if after <= bottom and (bottom < END or source.has_ended):
            return
        if bottom < output.offset or bottom >= END:
            self._at_end[number] = self._at_end[number] and bottom >= END
            if forgets or output.offset - bottom < NEAR_BYTES:
                self._keep(output)  # more than that is in the file when somebody comes there
            return
        if self.has_newer:
            self._at_end[number] = False
            return
        lines = source.lines_of(_from(output, bottom), LIVE_LINES)
        if lines and lines[0].place > bottom:
            if not forgets:
                self._at_end[number] = False
                return
            self.move([*self.bottom[:number], lines[0].place, *self.bottom[number + 1 :]])
            self._at_end = [True for _ in self.sources]
            self.is_cut = True
        for line in lines:
            self._put(line)
        self.bottom[number] = after

    def _keep(self, output: Output) -> None:
        self._held.append(output)
        self._held_bytes += len(output.data)

    # -- forgetting ------------------------------------------------------------------------------

    def trim_top(self, kept: int) -> int:
        """Forget lines before the last `kept`; return how many."""
        gone = max(len(self.lines) - kept, 0)
        for line in self.lines[:gone]:
            self.top[line.source] = line.after
            self._at_start[line.source] = False
        del self.lines[:gone]
        return gone

    def trim_bottom(self, kept: int) -> None:
        """Forget lines behind the first `kept`."""
        for line in reversed(self.lines[kept:]):
            self.bottom[line.source] = line.place
            self._at_end[line.source] = False
            self._open.pop((line.source, line.stream), None)
        del self.lines[kept:]

    @property
    def most(self) -> int:
        """How many lines it should keep: fewer where they are long."""
        characters = sum(len(line.text) for line in self.lines)
        if characters <= KEPT_CHARACTERS:
            return KEPT_LINES
        return max(KEPT_LINES * KEPT_CHARACTERS // characters, 200)


def _joined(begun: Line, line: Line) -> Line:
    text = begun.text + line.text
    hidden = begun.hidden + line.hidden + max(len(text) - SHOWN_BYTES, 0)
    return replace(
        begun, text=text[:SHOWN_BYTES], after=line.after, is_whole=line.is_whole, hidden=hidden
    )


def _joined_outputs(outputs: Iterable[Output]) -> deque[Output]:
    """Return the outputs with those that follow one another as one."""
    groups: list[list[Output]] = []
    for output in outputs:
        last = groups[-1][-1] if groups else None
        if last is not None and _follows(output, last):
            groups[-1].append(output)
        else:
            groups.append([output])
    return deque(
        msgspec.structs.replace(
            group[0], at=group[-1].at, data=b"".join(each.data for each in group)
        )
        for group in groups
    )


def _follows(output: Output, before: Output) -> bool:
    is_same = (output.run, output.attempt, output.stream) == (
        before.run,
        before.attempt,
        before.stream,
    )
    return is_same and output.offset == before.offset + len(before.data)


def _from(output: Output, place: int) -> Output:
    """Return what of live output comes from a place on."""
    if place <= output.offset:
        return output
    return msgspec.structs.replace(output, offset=place, data=output.data[place - output.offset :])
