"""The lines that a person marked, in their order, and the one that was gone to last."""

from cronterm.clock import Instant
from cronterm.tui.log_source import Line


class Marks:
    """Marks lines with the moment it was done."""

    def __init__(self) -> None:
        self._marks: dict[tuple[int, int], tuple[Line, Instant]] = {}
        self._here: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self._marks)

    def toggle(self, line: Line, now: Instant) -> bool:
        """Mark a line, or not any more; tell which."""
        if self._marks.pop(line.key, None) is not None:
            return False
        self._marks[line.key] = (line, now)
        self._here = line.key
        return True

    def at(self, line: Line) -> Instant | None:
        """Return when a line was marked; None for others."""
        marked = self._marks.get(line.key)
        return None if marked is None else marked[1]

    def step(self, by: int) -> Line | None:
        """Return the mark after the one that was gone to last, or before it, round and round."""
        if not self._marks:
            return None
        lines = sorted((line for line, _ in self._marks.values()), key=_order)
        keys = [line.key for line in lines]
        if self._here in keys:
            place = (keys.index(self._here) + by) % len(keys)
        else:
            place = 0 if by > 0 else -1
        self._here = keys[place]
        return lines[place]


def _order(line: Line) -> tuple[Instant, int, int]:
    return line.at, *line.key
