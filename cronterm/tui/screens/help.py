"""Every key, from the one table; signs and their meaning."""

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cronterm.tui.keymap import Key, groups
from cronterm.tui.look import Glyphs, roles_of

SIGNS = (
    ("succeeded", "ok"),
    ("failed", "failed"),
    ("running", "running"),
    ("paused", "paused"),
    ("late", "late, missed"),
    ("long", "too long"),
    ("retrying", "retrying"),
    ("never", "never ran, queued"),
    ("disabled", "disabled, skipped"),
    ("stopped", "stopped"),
)
COLUMNS = (("Jobs", "Find"), ("Logs",), ("Move", "App"))
ROWS = (
    ("j k ↓ ↑", "row"),
    ("g G", "first, last"),
    ("^d ^u", "half page, page"),
    ("tab S-tab", "next, previous pane"),
)


class HelpScreen(ModalScreen[None]):
    """Help over what is open."""

    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", show=False)]  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-w80"), (100, "-w100")]  # noqa: RUF012

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Give the keys in columns and the signs, in a scrolling box."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "↑↓ scroll · esc close"
            with Horizontal(id="help-keys"):
                for names in COLUMNS:
                    yield Static(self._column(names), classes="help-column")
            yield Static(self._signs())

    def _column(self, names: tuple[str, ...]) -> Text:
        found = groups()
        text = Text()
        for name in names:
            text.append(f"{name}\n", "bold")
            if name == "Move":
                for keys, words in ROWS:
                    self._put(text, keys, words)
            for key in found[name]:
                self._put(text, key.shown, _words(key))
            text.append("\n")
        return text

    def _put(self, text: Text, keys: str, words: str) -> None:
        roles = roles_of(self.app)
        text.append(f" {keys:<9} ", f"bold {roles['accent']}")
        text.append(f"{words}\n", roles["text"])

    def _signs(self) -> Text:
        roles = roles_of(self.app)
        text = Text()
        signs = [f"{self._glyphs.states[state]} {word}" for state, word in SIGNS]
        for name, words in (
            ("Signs", "   ".join(signs)),
            ("Chart", f"one cell is one run, height is duration, {self._glyphs.failed} failed"),
            ("Filter", "word   !word   #tag   is:failing is:running is:paused is:ok   /pattern/"),
            ("Mouse", "click rows and titles, wheel scrolls; hold shift to select text"),
            ("Shell", "cronterm status, history, logs -f, next, why JOB, run JOB, down --help"),
        ):
            text.append(f"{name:<8}", "bold")
            text.append(f"{words}\n", roles["muted"])
        return text


def _words(key: Key) -> str:
    """Return what a key does, and where, if that is one place only."""
    is_everywhere = "all" in key.where or len(key.where) > 1 or key.where == ("jobs",)
    return key.text if is_everywhere else f"{key.text} ({key.where[0]})"
