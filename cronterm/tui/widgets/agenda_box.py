"""The agenda: what comes, one start a line, the soonest first."""

from cronterm.clock import MINUTE, aware
from cronterm.tui.agenda import Entry
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.words import countdown, day_moment, duration, schedule_words

WIDE = 100
NARROW = 72
TIME = 20
SHORT_TIME = 14
IN = 8
EXPECTED = 15


class AgendaBox(Panel, can_focus=True):
    """The coming starts, with a cursor."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.entries: list[Entry] = []
        self.total = 0
        self.span = ""
        """How much time the agenda is of."""
        self.cursor = 0
        self._top = 0

    def titles(self) -> tuple[str, str]:
        """Return the title, and of how many these are."""
        here = min(self.cursor + 1, len(self.entries))
        return "Agenda", f"{here} of {self.total:,} {self.span}".rstrip()

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        is_here = self.has_focus and self.entries and y == 1 + self.cursor - self._top
        return "selection" if is_here else "background"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head and the rows around the cursor."""
        name = min(max(width // 5, 16), 32)
        schedule = min(width // 5, 36) if width >= WIDE else 0
        expected = EXPECTED if width >= WIDE else 9
        time = TIME if width >= NARROW else SHORT_TIME
        head = f"  {fit('TIME', time)}{fit('IN', IN)}{fit('JOB', name)}"
        head += fit("SCHEDULE", schedule) + fit("EXPECTED", expected) + "NOTE"
        lines: list[list[Part]] = [[(head, "muted+bold")]]
        if not self.entries:
            return [*lines, [("  nothing is due in this stretch of time", "faint")]]
        room = max(height - 1, 1)
        self._top = max(0, min(self.cursor - room // 2, len(self.entries) - room))
        for number in range(self._top, min(self._top + room, len(self.entries))):
            entry = self.entries[number]
            is_here = number == self.cursor and self.has_focus
            left = entry.at - self.now
            view = self.picture.snapshot.jobs.get(entry.job)
            words = schedule_words(view.job) if view is not None and schedule else ""
            mark = self.glyphs.cursor if is_here else " "
            second = "text" if is_here else "muted"
            rest = max(width - 2 - time - IN - name - schedule - expected, 1)
            lines.append(
                [
                    (f"{mark} ", "accent"),
                    (fit(self._moment(entry, time), time), "text"),
                    (fit(countdown(left), IN), "accent+bold" if left < MINUTE else second),
                    (fit(entry.job, name - 1) + " ", "text+bold" if is_here else "text"),
                    (fit(words, schedule - 1) + " " if schedule else "", second),
                    (fit(duration(entry.expected), expected), second),
                    (fit(entry.note, rest), entry.role),
                ]
            )
        return lines

    def _moment(self, entry: Entry, room: int) -> str:
        """Return when a start comes: where there is little room the weekday and the time."""
        if room == TIME:
            return day_moment(entry.at, self.now)
        return f"{aware(entry.at).astimezone():%a %H:%M:%S}"
