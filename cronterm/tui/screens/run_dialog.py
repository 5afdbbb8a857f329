"""A run by hand with params: a field each, checked as `cronterm run --param` does."""

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cronterm.model.identity import Param
from cronterm.sanitize import sanitize, sanitize_line
from cronterm.tui.themes import roles_of
from cronterm.tui.widgets.param_field import ParamField


class RunDialog(ModalScreen[dict[str, str] | None]):
    """Gives the chosen params by name, None where nothing is to run."""

    BINDINGS = [  # noqa: RUF012  # Textual reads it from the class
        Binding("ctrl+s,f2", "run", show=False),
        Binding("escape", "dismiss(None)", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    AUTO_FOCUS = "#param"

    def __init__(self, job: str, params: Mapping[str, Param], doubts: Sequence[str]) -> None:
        super().__init__()
        self._job = job
        self._params = dict(params)
        self._doubts = [sanitize(line) for line in doubts]

    def compose(self) -> ComposeResult:
        """Give a box with the fields."""
        with Vertical(id="dialog") as box:
            box.border_title = sanitize_line(f"Run {self._job}")
            if self._doubts:
                yield Static(self._lines(), id="dialog-text")
            with VerticalScroll(id="params", can_focus=False):
                for name, param in self._params.items():
                    yield ParamField(name, param)
            yield Static("", id="dialog-buttons")

    def _lines(self) -> Text:
        text = Text("\n".join(self._doubts), roles_of(self.app)["muted"])
        text.highlight_regex(r"(?m)^[✗!] ", f"bold {roles_of(self.app)['warn']}")
        return text

    def on_mount(self) -> None:
        """Say which keys there are."""
        roles = roles_of(self.app)
        text = Text()
        for key, word in (("^s", "Run"), ("tab", "next"), ("esc", "Cancel")):
            text.append(f"{key} ", f"bold {roles['accent']}")
            text.append(f"{word}   ", roles["muted"])
        self.query_one("#dialog-buttons", Static).update(text)

    @on(Input.Submitted)
    def action_run(self) -> None:
        """Give what was chosen, unless something is wrong with it."""
        fields = [*self.query(ParamField)]
        bad = [field for field in fields if not field.check()]
        if bad:
            self.app.bell()
            bad[0].focus_value()
            return
        chosen = {field.param_name: field.read() for field in fields}
        self.dismiss({name: value for name, value in chosen.items() if value is not None})
