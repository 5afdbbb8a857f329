"""Every key, from the one table; signs and their meaning."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cronterm.sanitize import sanitize_line
from cronterm.tui.key_names import read_key
from cronterm.tui.keymap import STAYING, Key, bindings, groups, moving
from cronterm.tui.look import Glyphs, spelt
from cronterm.tui.places import QUESTIONS, Where
from cronterm.tui.themes import roles_of
from cronterm.tui.widgets.frames import Thorough
from cronterm.tui.widgets.paint import key_of

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
"""Where these groups are when there are three columns; the others come below the shortest one."""
COLUMN = 37
CHOSEN = "*"
"""Marks a key that the person chose."""
PANES = ("tab S-tab", "next, previous pane")


def columns(found: Mapping[str, Sequence[Key]], count: int = 3) -> list[list[str]]:
    """Return the names of groups in 3 columns or more, all of them."""
    fixed = COLUMNS if count == len(COLUMNS) else ((),) * count
    placed: list[list[str]] = [list(names) for names in fixed]
    for name in found:
        if not any(name in names for names in fixed):
            heights = [sum(len(found[each]) + 2 for each in names) for names in placed]
            placed[heights.index(min(heights))].append(name)
    return placed


class HelpBox(VerticalScroll, inherit_bindings=False):
    """A box that scrolls by the same keys as every table."""

    BINDINGS = moving("lines", "pages", 10_000)  # Textual reads it from the class

    def action_lines(self, by: int) -> None:
        """Scroll by lines once it is laid out, from where the key before this one went."""
        self.call_after_refresh(self.scroll_relative, y=by, animate=False, immediate=True)

    def action_pages(self, by: int) -> None:
        """Scroll by pages."""
        self.action_lines(by * max(self.size.height - 1, 1))


class HelpScreen(Thorough, ModalScreen[None]):
    """Help over what is open."""

    BINDINGS = bindings("help")  # Textual reads it from the class
    HORIZONTAL_BREAKPOINTS = [(0, "-w80"), (100, "-w100"), (160, "-w160")]  # noqa: RUF012

    def __init__(
        self,
        way: str,
        glyphs: Glyphs,
        keys: Sequence[Key],
        moves: Sequence[Key],
        where: Where | None = None,
    ) -> None:
        """`way` is the command that asks this engine; the keys of the page `where` come first."""
        super().__init__()
        self._way = sanitize_line(way)
        self._glyphs = glyphs
        self._found = groups([*moves, *keys])
        self._here = [key for key in keys if where in key.where and key.group != "Views"]
        self._has_chosen = any(key.is_chosen for key in (*moves, *keys))

    def action_close(self) -> None:
        """Close it."""
        self.dismiss()

    def action_help(self) -> None:
        """Close it by the key that opened it."""
        self.dismiss()

    def compose(self) -> ComposeResult:
        """Give the keys in columns and the signs, in a scrolling box."""
        with HelpBox(id="help") as box:
            box.border_title = "Help"
            down, up, close = (key_of(self.app, id) for id in ("down", "up", "close"))
            scroll = spelt(f"{down} {up}", self._glyphs)
            box.border_subtitle = f"{scroll} scroll · {close} close"
            count = max(self.app.size.width // COLUMN, len(COLUMNS))
            if self._here:
                yield Static(Text("On this page", "bold"))
                with Horizontal(id="help-here"):
                    long = -(-len(self._here) // min(count, max(self.app.size.width // COLUMN, 1)))
                    for first in range(0, len(self._here), long):
                        rows = [self._row(key) for key in self._here[first : first + long]]
                        yield Static(self._listed({"": rows}), classes="help-column")
            with Horizontal(id="help-keys"):
                for names in columns(self._found, count):
                    yield Static(self._column(names), classes="help-column")
            yield Static(self._signs())

    def _column(self, names: Sequence[str]) -> Text:
        rows = {name: [self._row(key) for key in self._found[name]] for name in names}
        if "Move" in rows:
            rows["Move"].append(PANES)
        return self._listed(rows)

    def _listed(self, rows: Mapping[str, Sequence[tuple[str, str]]]) -> Text:
        """Return keys and words below the names of their groups."""
        width = max(len(keys) for pairs in rows.values() for keys, _ in pairs)
        roles = roles_of(self.app)
        text = Text()
        for name, pairs in rows.items():
            text.append(f"{name}\n" if name else "", "bold")
            for keys, words in pairs:
                text.append(f" {keys:<{width}}  ", f"bold {roles['accent']}")
                text.append(f"{words}\n", roles["text"])
            text.append("\n")
        return text

    def _row(self, key: Key) -> tuple[str, str]:
        chosen = CHOSEN if key.is_chosen else ""
        question = key.where[0] if len(key.where) == 1 and key.where[0] in QUESTIONS else ""
        text = f"{question}: {key.text}" if question else key.text
        return f"{spelt(key.shown, self._glyphs)}{chosen}", text

    def _about_keys(self) -> str:
        settings, edit = key_of(self.app, "settings"), key_of(self.app, "edit_keys")
        stay = " and ".join(dict.fromkeys(map(read_key, STAYING.values())))
        chosen = f"{CHOSEN} are chosen by you; " if self._has_chosen else ""
        return f"{chosen}{settings} then {edit} chooses others; {stay} stay beside what is chosen"

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
            ("Keys", self._about_keys()),
            ("Shell", f"{self._way} status, history, logs -f, next, why JOB, run JOB, down --help"),
        ):
            text.append(f"{name:<8}", "bold")
            text.append(f"{words}\n", roles["muted"])
        return text
