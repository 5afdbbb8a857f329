"""Two runs beside each other: how they ended, their definitions, what they printed."""

import json
from typing import Any

from cronterm.clock import Instant
from cronterm.model.comparison import SAME, Changed
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.tui.keymap import CURSOR
from cronterm.tui.look import ROLES
from cronterm.tui.widgets.paint import Part, fit
from cronterm.tui.widgets.scrolled import Scrolled
from cronterm.tui.words import day_moment, duration, row_text

LINE_ROLES = {"-": "ok", "+": "fail", "@": "faint", " ": "muted"}
"""The good run is green, the other one red."""


class CompareBox(Scrolled):
    """What differs, scrolled by lines."""

    BINDINGS = CURSOR  # Textual reads it from the class

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.now: Instant = 0
        self.rows: tuple[RunRow, RunRow] | None = None
        """The good one, and the one it is compared to."""
        self.words: dict[str, list[Any]] = {}
        """Words of the definition that differ."""
        self.notes: list[str] = []
        """What is not compared."""
        self.output: list[Changed] = []
        """Safe to show."""
        self.trouble = ""
        """Why there is nothing to compare."""

    @property
    def position(self) -> str:
        """How many lines differ."""
        count = sum(each.sign in "+-" for each in self.output)
        return f"{count} line{'s' * (count != 1)} differ{'s' * (count == 1)}" if self.rows else ""

    def lines(self, width: int) -> list[list[Part]]:
        """Return both ends, the words and the lines of output that differ."""
        if self.rows is None:
            return [[(f"  {self.trouble or 'reading…'}", "warn" if self.trouble else "faint")]]
        good, other = self.rows
        lines = [self._headline("-", good), self._headline("+", other), []]
        for word, (before, after) in self.words.items():
            text = fit(f"{_short(before)} → {_short(after)}", max(width - 20, 1))
            lines.append([("  now ", "muted"), (fit(word, 14), "accent"), (text, "text")])
        if self.words:
            lines.append([])
        lines += [[(f"  {note}", "warn")] for note in self.notes]
        if not self.output:
            return [*lines, [(f"  the outputs are the same; {SAME}", "faint")]]
        lines.append([(f"  {SAME}", "faint")])
        for each in self.output:
            role = LINE_ROLES[each.sign]
            gap = "" if each.sign == "@" else " "
            lines.append([(f"  {each.sign}{gap}", f"{role}+bold"), (each.text, role)])
        return lines

    def _headline(self, sign: str, row: RunRow) -> list[Part]:
        outcome = row.outcome or "running"
        took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
        when = day_moment(row.started_at or row.queued_at, self.now)
        return [
            (f"  {sign} ", f"{LINE_ROLES[sign]}+bold"),
            (f"run {row.run}  ", "text+bold"),
            (f"{self.glyphs.states[outcome]} {row_text(row)}", ROLES[outcome]),
            (f"  {when}  took {duration(took)}", "muted"),
        ]


def _short(value: Any) -> str:
    text = sanitize_line(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= 80 else text[:79] + "…"
