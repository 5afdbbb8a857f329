"""Every key, from the one table; signs and their meaning."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cronterm.tui.keymap import Key, groups
from cronterm.tui.look import Glyphs
from cronterm.tui.themes import roles_of

SIGNS = (
    ("succeeded", "ok"),
    ("failed", "failed"),
    ("running", "running"),
    ("paused", "paused"),
    ("late", "late, missed"),
    ("long", "too long"),
    ("retrying", "retrying"),
    ("never", "never, queued"),
    ("disabled", "off, skipped"),
    ("stopped", "stopped"),
)
COLUMNS = (("Jobs", "Find"), ("Move", "Views", "Logs", "App"), ("In a job", "In a log"))
"""Where these groups are; the others come below the shortest column."""
PANES = ("tab S-tab", "next, previous pane")


def columns(found: Mapping[str, Sequence[Key]]) -> list[list[str]]:
    """Return the names of groups by column, all of them."""
    placed = [list(names) for names in COLUMNS]
    for name in found:
        if not any(name in names for names in COLUMNS):
            heights = [sum(len(found[each]) + 2 for each in names) for names in placed]
            placed[heights.index(min(heights))].append(name)
    return placed


class HelpScreen(ModalScreen[None]):
    """Help over what is open."""

    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", show=False)]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-w80"), (100, "-w100")]  # noqa: RUF012

    def __init__(self, glyphs: Glyphs, keys: Sequence[Key], moves: Sequence[Key]) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._found = groups([*moves, *keys])

    def compose(self) -> ComposeResult:
        """Give the keys in columns and the signs, in a scrolling box."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "↑↓ scroll · esc close"
            with Horizontal(id="help-keys"):
                for names in columns(self._found):
                    yield Static(self._column(names), classes="help-column")
            yield Static(self._signs())

    def _column(self, names: Sequence[str]) -> Text:
        rows = {name: [(key.shown, key.text) for key in self._found[name]] for name in names}
        if "Move" in rows:
            rows["Move"].append(PANES)
        width = max(len(keys) for pairs in rows.values() for keys, _ in pairs)
        roles = roles_of(self.app)
        text = Text()
        for name, pairs in rows.items():
            text.append(f"{name}\n", "bold")
            for keys, words in pairs:
                text.append(f" {keys:<{width}}  ", f"bold {roles['accent']}")
                text.append(f"{words}\n", roles["text"])
            text.append("\n")
        return text

    def _signs(self) -> Text:
        roles = roles_of(self.app)
        text = Text()
        signs = [f"{self._glyphs.states[state]} {word}" for state, word in SIGNS]
        for name, words in (
            ("Signs", "  ".join(signs)),
            ("Chart", f"one cell is one run, height is duration, {self._glyphs.failed} failed"),
            (
                "Filter",
                "word !word #tag is:failing is:ok last:<1h next:<10m took:>5m group: owner: /re/",
            ),
            (
                "Mouse",
                "click rows and titles, wheel scrolls, drag copies; shift: the terminal selects",
            ),
            ("Shell", "cronterm status, history, logs -f, next, why JOB, run JOB, down --help"),
        ):
            text.append(f"{name:<8}", "bold")
            text.append(f"{words}\n", roles["muted"])
        return text
