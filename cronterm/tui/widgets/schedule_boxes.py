"""The boxes of a job's schedule: what comes, the hours of its week, what is to be known of it."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import wrap
from zoneinfo import ZoneInfo

from cronterm.clock import MINUTE, Instant, aware
from cronterm.model.outlook import AHEAD, Ahead, Outlook
from cronterm.sanitize import sanitize_line
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit, width_of
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.widgets.rows import RowsBox
from cronterm.tui.widgets.scrolled import Scrolled
from cronterm.tui.widgets.spark import joined

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LABEL = 5
GAP = 3
WHEN = 25
HERE = 10
IN = 8
INDENT = 4


class ComingBox(RowsBox[Ahead], inherit_bindings=False):
    """What comes of a job, and between it what starts nothing; the page has the keys."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.zone = "UTC"

    def key_of(self, row: Ahead) -> Instant:
        """Return the instant."""
        return row.at

    @property
    def has_other_clock(self) -> bool:
        """The clock on this machine shows another time."""
        return any(self._there(row).utcoffset() != _here(row).utcoffset() for row in self.rows)

    def _there(self, row: Ahead) -> datetime:
        return aware(row.at).astimezone(ZoneInfo(self.zone))

    def _until(self, row: Ahead) -> str:
        last = aware(row.until or row.at).astimezone(ZoneInfo(self.zone))
        is_same_day = last.date() == self._there(row).date()
        return f"to {last:%H:%M}" if is_same_day else f"to {last:%a %H:%M}"

    def titles(self) -> tuple[str, str]:
        """Return how many come, and where the cursor is."""
        count = sum(not row.held for row in self.rows)
        held = sum(row.count for row in self.rows if row.held)
        is_known = self.rows or self.picture.gone is None
        title = (f"Next {count}" if is_known else "Next") + (f" · {held} kept back" if held else "")
        return title, self.position if self.rows else ""

    def head(self, width: int) -> str:
        """Return the names of the columns."""
        here = fit("HERE", HERE) if self.has_other_clock else ""
        return f"{fit(f'WHEN, {self.zone}', WHEN)}{here}{fit('IN', IN)}NOTE"

    def line(self, row: Ahead, width: int, *, is_here: bool) -> list[Part]:
        """Return an instant; what starts nothing is grey and says why."""
        local, left = self._there(row), row.at - self.now
        text = "muted" if row.held else "text+bold" if is_here else "text"
        is_soon = left < MINUTE and self.picture.gone is None
        soon = "accent+bold" if is_soon and not row.held else text
        here = f"{_here(row):%a %H:%M}" if self.has_other_clock else ""
        many = f" ×{row.count:,} {self._until(row)}" if row.count > 1 else ""
        held = row.held.removeprefix("excluded ")
        note, role = f"{self.glyphs.states['skipped']} {held}{many}", "warn"
        if not row.held:
            note, role = (f"{self.glyphs.states['late']} {row.mark}" if row.mark else "", "accent")
        parts = [
            (fit(f"{local:%a %Y-%m-%d %H:%M:%S}", WHEN), text),
            (fit(here, HERE) if here else "", "muted"),
            (fit(self.picture.countdown(row.at, self.now), IN), soon),
        ]
        return [*parts, (fit(sanitize_line(note), max(width - width_of(parts), 1)), role)]


def _here(row: Ahead) -> datetime:
    return aware(row.at).astimezone()


class WeekBox(Panel):
    """The hours of the week: at the left when the job is due, at the right when it ran."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.outlook: Outlook | None = None

    def titles(self) -> tuple[str, str]:
        """Return what is counted."""
        told = self.outlook
        if told is None:
            return "Week", ""
        count = sum(told.runs)
        since = told.runs_since
        first = f" since {aware(since).astimezone():%d %b}" if since is not None else ""
        many = f"{count:,} run{'s' * (count != 1)}{first}"
        return "Week", f"due in {AHEAD // (7 * 24 * 60 * MINUTE)} weeks · {many}"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the hours, then a line a day."""
        told = self.outlook
        if told is None:
            return [[(f"  {self.picture.or_not_known('reading…')}", "faint")]]
        cell = 2 if width >= LABEL + GAP + 4 * 24 else 1
        hours = "".join(f"{hour:02}".ljust(6 * cell) for hour in (0, 6, 12, 18))[:-4]
        gap = (" " * GAP, "faint")
        head = [(" " * LABEL, "faint"), (f"{hours} due", "muted"), gap, (f"{hours} ran", "muted")]
        lines: list[list[Part]] = [head]
        today = aware(self.now).astimezone(ZoneInfo(told.timezone)).weekday()
        for number, day in enumerate(DAYS):
            hours_of = slice(number * 24, number * 24 + 24)
            label = (f" {day} ", "accent+bold" if number == today else "muted")
            due = self._cells(told.due, told.due[hours_of], (), "gauge", cell)
            ran = self._cells(told.runs, told.runs[hours_of], told.failed[hours_of], "ok", cell)
            lines.append([label, *due, gap, *ran])
        return lines

    def _cells(
        self, all_of: Sequence[int], day: Sequence[int], failed: Sequence[int], role: str, cell: int
    ) -> list[Part]:
        """Return a cell an hour: as high as much happens, `×` where something failed."""
        most, last = max([*all_of, 1]), len(self.glyphs.spark) - 1
        parts: list[Part] = []
        for hour, count in enumerate(day):
            sign, colour = ("." if self.glyphs.is_ascii else "·"), "line"
            if count:
                sign, colour = self.glyphs.spark[-(-count * last // most)], role
            if failed and failed[hour]:
                sign, colour = self.glyphs.failed, "fail"
            parts.append((sign * cell, colour))
        return joined(parts)


class NotesBox(Scrolled):
    """What is to be known of a schedule, a sentence each."""

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.notes: Sequence[tuple[str, str]] = ()
        """(sentence, role)."""

    def lines(self, width: int) -> list[list[Part]]:
        """Return the sentences, wrapped; the first line of each stands out."""
        found: list[list[Part]] = []
        for sentence, role in self.notes:
            for number, text in enumerate(wrap(sanitize_line(sentence), max(width - INDENT, 8))):
                mark = "  " if number else f"{self.glyphs.separator} "
                found.append([(f" {mark}", role), (text, "text" if role == "accent" else role)])
        return found
