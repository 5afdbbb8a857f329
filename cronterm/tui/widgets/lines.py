"""Lines that are thrown away as soon as others are drawn in their place."""

from collections.abc import Iterable, Sequence

from textual.strip import Strip


class Line(Strip):
    """A line that does not hold itself.

    Textual's keeps that it is what is left of it when nothing is cut off: each line of each frame
    was garbage that only a search finds, and the search held up a key now and then.
    """

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        """Return what is between the cuts."""
        within = [cut for cut in cuts if cut <= self.cell_length]
        return [self] if within == [self.cell_length] else super().divide(within)


class Lines:
    """The lines of a widget as they were drawn last; one that stays is the same object."""

    def __init__(self) -> None:
        self._drawn: dict[int, tuple[Strip, Line]] = {}

    def of(self, strips: Sequence[Strip], top: int, height: int) -> list[Strip]:
        """Return the lines from `top` on that `strips` are, of a widget so high."""
        if len(self._drawn) > height:
            self._drawn.clear()
        return [self._line(strip, y) for y, strip in enumerate(strips, top)]

    def _line(self, strip: Strip, y: int) -> Line:
        drawn = self._drawn.get(y)
        if drawn is None or drawn[0] is not strip:
            drawn = self._drawn[y] = (strip, Line(strip, strip.cell_length))
        return drawn[1]
