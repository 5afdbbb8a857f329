"""The agenda: what comes, one start a line, the soonest first."""

from dataclasses import replace

from rich.cells import cell_len

from cronterm.clock import MINUTE, Instant, aware
from cronterm.tui.agenda import Entry
from cronterm.tui.picture import Picture
from cronterm.tui.widgets.paint import Part, fit, fit_name, hidden_rows
from cronterm.tui.widgets.panels import Panel
from cronterm.tui.words import day_moment, duration, schedule_words

WIDE = 100
NARROW = 72
TIME = 20
SHORT_TIME = 14
IN = 8
EXPECTED = 15
NOTE = 12  # at the least, where names are long


def is_same(one: Entry, other: Entry) -> bool:
    """Tell whether both are the same start, whatever is to be expected of it."""
    return (one.at, one.job) == (other.at, other.job)


class AgendaBox(Panel, can_focus=True):
    """The coming starts, with a cursor."""

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(picture, id=id)
        self.entries: list[Entry] = []
        self.total = 0
        self.span = ""
        """How much time the agenda is of."""
        self.cursor = 0
        self._held: Entry | None = None
        """A start of whose job something was done: it stays in view until the cursor goes on."""
        self._top = 0

    def show(self, entries: list[Entry]) -> None:
        """Take new starts; the cursor stays on its start, at the top it stays at the top."""
        here, held = self.entries[self.cursor : self.cursor + 1], self._held
        if held is not None and not any(is_same(each, held) for each in entries):
            place = sum(each.at < held.at for each in entries)
            entries = [*entries[:place], self._left_over(held), *entries[place:]]
        self.entries = entries
        places = [n for n, each in enumerate(entries) if here and is_same(each, here[0])]
        is_kept = places and (self.cursor or held is not None)
        self.cursor = places[0] if is_kept else 0

    def _left_over(self, held: Entry) -> Entry:
        """Return a start that does not come any more, with the reason."""
        view = self.picture.snapshot.jobs.get(held.job)
        is_paused = view is not None and self.picture.paused(view)
        note = "paused" if is_paused else "over" if held.at <= self.now else "not due any more"
        return replace(held, note=note, role="paused")

    def is_old(self, now: Instant) -> bool:
        """Tell whether the first start that was to come is over."""
        held = self._held
        comes = (each.at for each in self.entries if held is None or not is_same(each, held))
        return next(comes, now + 1) <= now

    def take(self) -> str | None:
        """Return the job under the cursor, for something that is done to it: it stays there."""
        self._held = self.entries[self.cursor] if self.entries else None
        return self._held.job if self._held is not None else None

    def move(self, by: int) -> None:
        """Move the cursor by starts."""
        self._held = None
        self.cursor = max(0, min(self.cursor + by, len(self.entries) - 1))

    @property
    def wanted(self) -> int:
        """How many lines it fills, its edges with them."""
        return max(len(self.entries), 1) + 1 + self.outer_size.height - self.size.height

    def titles(self) -> tuple[str, str]:
        """Return the title, and of how many these are."""
        if not self.entries and self.picture.gone is not None:
            return "Agenda", ""
        here = min(self.cursor + 1, len(self.entries))
        return "Agenda", f"{here} of {self.total:,} {self.span}".rstrip()

    def _keep_in_view(self) -> None:
        room = max(self.size.height - 1, 1)
        self._top = max(0, min(self.cursor - room // 2, len(self.entries) - room))

    @property
    def hidden(self) -> str:
        """How many starts are hidden above and below, with those that are not read."""
        self._keep_in_view()
        count = max(self.total, len(self.entries))
        return hidden_rows(self._top, count, self.size.height - 1, self.glyphs)

    def line_role(self, y: int) -> str:
        """Return the selection's background under the cursor."""
        is_here = self.has_focus and self.entries and y == 1 + self.cursor - self._top
        return "selection" if is_here else "background"

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the head and the rows around the cursor."""
        schedule = min(width // 5, 36) if width >= WIDE else 0
        expected = EXPECTED if width >= WIDE else 9
        time = TIME if width >= NARROW else SHORT_TIME
        longest = max((cell_len(entry.job) for entry in self.entries), default=8)
        spare = width - 2 - time - IN - schedule - expected - NOTE
        name = min(longest + 2, max(spare, 16), 32)
        head = f"  {fit('TIME', time)}{fit('IN', IN)}{fit('JOB', name)}"
        head += fit("SCHEDULE", schedule) + fit("EXPECTED", expected) + "NOTE"
        lines: list[list[Part]] = [[(head, "muted+bold")]]
        if not self.entries:
            nothing = self.picture.or_not_known("nothing is due in this stretch of time")
            return [*lines, [(f"  {nothing}", "faint")]]
        self._keep_in_view()
        for number in range(self._top, min(self._top + height - 1, len(self.entries))):
            entry = self.entries[number]
            is_here = number == self.cursor and self.has_focus
            is_soon = entry.at - self.now < MINUTE and self.picture.gone is None
            view = self.picture.snapshot.jobs.get(entry.job)
            words = schedule_words(view.job) if view is not None and schedule else ""
            mark = self.glyphs.cursor if is_here else " "
            second = "text" if is_here else "muted"
            soon = "accent+bold" if is_soon else second
            rest = max(width - 2 - time - IN - name - schedule - expected, 1)
            lines.append(
                [
                    (f"{mark} ", "accent"),
                    (fit(self._moment(entry, time), time), "text"),
                    (fit(self.picture.countdown(entry.at, self.now), IN), soon),
                    (fit_name(entry.job, name - 1) + " ", "text+bold" if is_here else "text"),
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
