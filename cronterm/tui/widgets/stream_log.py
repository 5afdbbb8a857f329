"""The log stream: a window on a ring of lines that follows until someone scrolls up."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from cronterm.clock import SECOND, Instant
from cronterm.tui.keymap import moving
from cronterm.tui.look import ROLES
from cronterm.tui.picture import Picture
from cronterm.tui.stream import LogLine
from cronterm.tui.widgets.paint import Painted, Part, fit, fit_name
from cronterm.tui.words import clock

PACE_READINGS = 6  # one a second


class StreamLog(Painted, can_focus=True):
    """Draws the newest lines of the picture's log that pass its filter."""

    BINDINGS = moving("scroll_by", "scroll_page", 1_000_000)  # Textual reads it from the class

    def __init__(self, picture: Picture, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.picture = picture
        self.filter = ""
        self.is_following = True
        self._above = 0
        """Lines below the window while it does not follow."""
        self._seen = 0
        self._pace: deque[tuple[Instant, int]] = deque(maxlen=PACE_READINGS)

    def update(self, now: Instant) -> None:
        """Draw what came."""
        if not self._pace or now - self._pace[-1][0] >= SECOND:
            self._pace.append((now, self.picture.stream.total))
        if not self.is_following:
            self._above += self.picture.stream.total - self._seen
        self._seen = self.picture.stream.total
        self.repaint()

    @property
    def title(self) -> str:
        """What the pane's upper edge says: where it is the only one, that it stands still too."""
        still = "" if self.is_following or self.has_lower_edge else f" · {self.status}"
        return f"Log · {self.filter or 'all jobs'}{still}"

    @property
    def status(self) -> str:
        """What the pane's lower edge says."""
        if not self.is_following:
            return f"paused, {self._above} below · {self.key('follow')} follows"
        (first, before), (last, total) = self._pace[0], self._pace[-1]
        pace = round((total - before) * SECOND / max(last - first, SECOND))
        return f"following · {pace} line{'s' * (pace != 1)}/s" if pace else "following"

    def _lines(self) -> Sequence[LogLine]:
        log = self.picture.stream.lines
        if not self.filter:
            return log
        words = self.filter.casefold()
        return [
            line for line in log if words in line.text.casefold() or words in line.job.casefold()
        ]

    def _window(self, height: int) -> list[LogLine]:
        lines = self._lines()
        self._above = 0 if self.is_following else min(self._above, max(len(lines) - height, 0))
        newest = reversed(lines)
        shown = list(islice(newest, self._above, self._above + height))
        return shown[::-1]

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the window's lines: time, glyph, job, text."""
        window = self._window(height)
        name = max(min(max((len(line.job) for line in window), default=0), 20, width // 4), 6)
        lines = [self._line(line, name, width) for line in window]
        if not lines:
            nothing = f"no line has {self.filter!r}" if self.filter else "nothing has happened yet"
            lines.append([(f" {nothing}", "faint")])
        return lines

    def _line(self, line: LogLine, name: int, width: int) -> list[Part]:
        glyph = self.glyphs.states.get(line.state, " ")
        room = max(width - name - 14, 1)
        return [
            (f" {clock(line.at)} ", "faint"),
            (f"{glyph} ", ROLES.get(line.state, "muted")),
            (fit_name(line.job, name) + "  ", "accent"),
            (fit(line.text, room), line.role),
        ]

    def action_scroll_by(self, by: int) -> None:
        """Scroll; at the end it follows again."""
        self._above = max(self._above - by, 0)
        self.is_following = self._above == 0 and by > 0
        self.repaint()

    def action_scroll_page(self, by: int) -> None:
        """Scroll by pages."""
        self.action_scroll_by(by * max(self.size.height - 1, 1))

    def toggle_follow(self) -> None:
        """Follow, or stand still."""
        self.is_following = not self.is_following
        self._above = 0
        self.repaint()

    def on_mouse_scroll_down(self) -> None:
        """Scroll down."""
        self.action_scroll_by(3)

    def on_mouse_scroll_up(self) -> None:
        """Scroll up."""
        self.action_scroll_by(-3)
