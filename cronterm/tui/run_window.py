"""The part of a long list of runs around its cursor: pages are read ahead, far ones let go."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cronterm.model.run import RunRow

PAGE = 500
AHEAD = 400
"""Rows on each side of the cursor that are there before it comes."""
MOST = 8 * PAGE
"""More rows are not kept: a million of them would cost a gigabyte."""


@dataclass(slots=True)
class RunWindow:
    """Consecutive runs, the newest first. The cursor counts from the first of them.

    It may be up to a page outside: what it comes to is being read.
    """

    rows: list[RunRow] = field(default_factory=list)
    cursor: int = 0
    has_newer: bool = False
    """There are newer runs than the first row, or may be."""
    has_older: bool = True
    above: int | None = 0
    """How many there are; None where nobody counted."""
    below: int | None = None

    @classmethod
    def at_end(cls) -> "RunWindow":
        """Return one with the cursor on the oldest run, which is not read yet."""
        return cls(cursor=-1, has_newer=True, has_older=False, above=None, below=0)

    # -- the cursor ------------------------------------------------------------------------------

    @property
    def row(self) -> RunRow | None:
        """The run under the cursor; None where there is none, or it is not read yet."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    @property
    def unread_above(self) -> int:
        """Rows above the first that the cursor may be on."""
        return PAGE if self.has_newer else 0

    @property
    def unread_below(self) -> int:
        """Rows below the last that the cursor may be on."""
        return PAGE if self.has_older else 0

    def step(self, by: int) -> None:
        """Move the cursor."""
        last = len(self.rows) - 1 + self.unread_below
        self.cursor = max(-self.unread_above, min(self.cursor + by, last))

    @property
    def position(self) -> str:
        """Where the cursor is: `7/500+`, or counted from the oldest run."""
        count = len(self.rows)
        if self.above is not None:
            here = min(self.above + self.cursor + 1, self.above + count)
            return f"{here}/{self.above + count}{'+' if self.has_older else ''}"
        left = (self.below or 0) + count - 1 - self.cursor
        return f"{left} before the oldest" if left > 0 else "the oldest"

    # -- reading ---------------------------------------------------------------------------------

    @property
    def wants_older(self) -> bool:
        """Rows below the last are to be read."""
        return self.has_older and self.cursor + AHEAD >= len(self.rows)

    @property
    def wants_newer(self) -> bool:
        """Rows above the first are to be read."""
        return self.has_newer and self.cursor < AHEAD

    @property
    def before(self) -> int | None:
        """The run before which the next older page ends; None where nothing is read."""
        return self.rows[-1].run if self.rows else None

    @property
    def after(self) -> int:
        """The run after which the next newer page begins."""
        return (self.rows[0].run or 0) if self.rows else 0

    def add_older(self, page: Sequence[RunRow]) -> None:
        """Take a page, the newest first, that follows below."""
        self.rows += page
        self.has_older = len(page) >= PAGE
        if not self.has_older:
            self.below = 0
        elif self.below is not None:
            self.below = max(self.below - len(page), 0)
        spare = min(len(self.rows) - MOST, self.cursor - AHEAD - PAGE)
        if spare > 0:
            del self.rows[:spare]
            self.cursor -= spare
            self.has_newer = True
            self.above = None if self.above is None else self.above + spare
        self.step(0)

    def add_newer(self, page: Sequence[RunRow]) -> None:
        """Take a page, the newest first, that goes before the first row."""
        self.rows[:0] = page
        self.cursor += len(page)
        self.has_newer = len(page) >= PAGE
        if not self.has_newer:
            self.above = 0
        elif self.above is not None:
            self.above = max(self.above - len(page), 0)
        spare = min(len(self.rows) - MOST, len(self.rows) - self.cursor - AHEAD - PAGE)
        if spare > 0:
            del self.rows[-spare:]
            self.has_older = True
            self.below = None if self.below is None else self.below + spare
        self.step(0)

    # -- what happens meanwhile ------------------------------------------------------------------

    @property
    def stale_before(self) -> int | None:
        """The run before which rows may have changed that are in view; None is the newest."""
        if not self.has_newer or not self.rows:
            return None
        return self.rows[min(max(self.cursor - AHEAD, 0), len(self.rows) - 1)].run

    def renew(self, page: Sequence[RunRow]) -> None:
        """Take what `stale_before` asked for, the newest first; the cursor stays on its run.

        At the first row it stays there: then it is on the newest run.
        """
        if not page:
            return
        if self.has_newer:
            known = {row.run: row for row in page}
            self.rows = [known.get(row.run, row) for row in self.rows]
            return
        here, renewed = self.row, {row.run for row in page}
        # Not by their numbers: those of several machines are not in the order of the list.
        place = max((n for n, row in enumerate(self.rows, 1) if row.run in renewed), default=0)
        kept = self.rows[place:]
        if len(kept) == len(self.rows) and len(page) >= PAGE and self.cursor > 0:
            self.has_newer, self.above = True, None  # more came than a page has: not consecutive
            return
        if len(kept) == len(self.rows) and len(page) >= PAGE:
            kept, self.has_older = [], True
        self.rows = [*page, *kept]
        if self.cursor > 0 and here is not None:
            numbers = [row.run for row in self.rows]
            self.cursor = numbers.index(here.run) if here.run in numbers else self.cursor
        self.step(0)
