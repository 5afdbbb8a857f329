"""Every key, from the one table; signs and their meaning."""

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cronterm.tui.keymap import groups
from cronterm.tui.look import Glyphs

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


class HelpScreen(ModalScreen[None]):
    """Help over the dashboard."""

    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", show=False)]  # noqa: RUF012

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Give the text in a scrolling box."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc close"
            yield Static(self._text())

    def _text(self) -> Text:
        text = Text()
        for group, keys in groups().items():
            text.append(f"{group}\n", "bold")
            for key in keys:
                where = "" if "all" in key.where else f"  ({', '.join(key.where)})"
                text.append(f"  {key.shown:<10}", "bold")
                text.append(f"{key.text}{where}\n")
            text.append("\n")
        text.append("Rows\n", "bold")
        text.append("  j k ↓ ↑   row     g G  first, last     ^d ^u  page     tab  next pane\n\n")
        text.append("Signs\n", "bold")
        signs = [f"{self._glyphs.states[state]} {word}" for state, word in SIGNS]
        text.append("  " + "   ".join(signs[:5]) + "\n  " + "   ".join(signs[5:]) + "\n\n")
        text.append("Chart\n", "bold")
        text.append(f"  one cell is one run, height is duration, {self._glyphs.failed} failed\n\n")
        text.append("From the shell\n", "bold")
        text.append("  cronterm status, history, logs -f, next, why JOB, run JOB, down --help\n")
        return text
