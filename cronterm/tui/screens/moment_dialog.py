"""Which moment to go to."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label, Static

from cronterm.clock import Instant
from cronterm.errors import BadInput
from cronterm.sanitize import sanitize_line
from cronterm.schedule.moments import place_in_time
from cronterm.tui.screens.field_dialog import FieldDialog
from cronterm.tui.widgets.text_line import TextLine
from cronterm.tui.words import day_moment

FORMS = "03:00, tomorrow 08:00, 2026-12-01T02:00, 90m, -90m"


class MomentDialog(FieldDialog[Instant]):
    """Asks for it."""

    AUTO_FOCUS = "#moment"

    def compose(self) -> ComposeResult:
        """Give a box with the field."""
        with Vertical(id="dialog") as box:
            box.border_title = "Go to a time"
            with VerticalScroll(id="dialog-scroll", can_focus=False):
                with Horizontal(classes="field"):
                    yield Label("time")
                    yield TextLine(id="moment")
                yield Static("", classes="note")
            yield Static("", id="dialog-buttons")

    def on_mount(self) -> None:
        """Say what may be typed, and which keys there are."""
        self.tell_keys("Go", has_more=False)
        self._check()

    def _read(self) -> Instant | None:
        """Return the moment, None where nothing is typed. Raises `BadInput`."""
        typed = self.query_one(Input).value.strip()
        return place_in_time(typed, self.home.now()) if typed else None

    @on(Input.Changed)
    def _check(self) -> None:
        """Tell which moment it is, or what is wrong."""
        note = self.query_one(".note", Static)
        try:
            at = self._read()
        except BadInput as error:
            note.set_class(False, "about")
            note.update(Text(sanitize_line(f"✗ {error}")))
            return
        note.set_class(True, "about")
        note.update(FORMS if at is None else day_moment(at, self.home.now()))

    def action_run(self) -> None:
        """Give the moment, unless something is wrong."""
        try:
            at = self._read()
        except BadInput:
            at = None
        if at is None:
            self.app.bell()
        else:
            self.dismiss(at)
