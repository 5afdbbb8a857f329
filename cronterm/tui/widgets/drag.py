"""What the mouse marks: cells from one place to another, as text flows."""

from dataclasses import dataclass

from textual.strip import Strip

FEWEST_CELLS = 2  # nearer to its begin it is a click of a hand that is not still


@dataclass(frozen=True)
class Drag:
    """From one cell to another, as (x, y), both marked; either may be the first."""

    start: tuple[int, int]
    end: tuple[int, int]

    @property
    def is_far(self) -> bool:
        """It is no click any more."""
        (x, y), (to_x, to_y) = self.start, self.end
        return abs(x - to_x) + abs(y - to_y) >= FEWEST_CELLS

    def cells(self, y: int, width: int) -> tuple[int, int]:
        """Return the first cell that is marked in line `y`, and the one after the last."""
        first, last = sorted((self.start, self.end), key=lambda place: place[::-1])
        if not first[1] <= y <= last[1]:
            return 0, 0
        begin = max(first[0], 0) if y == first[1] else 0
        return begin, max(min(last[0] + 1, width), begin) if y == last[1] else width

    def text_of(self, lines: list[Strip]) -> str:
        """Return what is marked, without the blanks that fill lines."""
        marked = []
        for y in range(min(self.start[1], self.end[1]), max(self.start[1], self.end[1]) + 1):
            if 0 <= y < len(lines):
                begin, end = self.cells(y, lines[y].cell_length)
                marked.append(lines[y].crop(begin, end).text.rstrip())
        return "\n".join(marked).strip("\n")
