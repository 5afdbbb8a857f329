"""For how long, and why: where none of the offered lengths will do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Label, Static

from cronterm.clock import Instant
from cronterm.errors import BadInput
from cronterm.model.snapshot import Pause
from cronterm.sanitize import sanitize_line
from cronterm.schedule.moments import end_of_hold
from cronterm.tui.home import Home
from cronterm.tui.questions import LENGTHS, OTHER
from cronterm.tui.screens.field_dialog import FieldDialog
from cronterm.tui.widgets.text_line import TextLine
from cronterm.tui.words import day_moment


@dataclass(frozen=True)
class Hold:
    """Until when, None for until it is ended by hand; and why."""

    until: Instant | None
    reason: str = ""


class HoldDialog(FieldDialog[Hold]):
    """Asks for them."""

    AUTO_FOCUS = "#hold-until"

    def __init__(self, title: str, *, is_pause: bool, was: Pause | None = None) -> None:
        """A pause may have no end, and has a reason; what it `was` is changed."""
        super().__init__()
        self._title = title
        self._is_pause = is_pause
        self._was = was
        self._end = ""
        """That of what it was, as it stands in its field."""

    def compose(self) -> ComposeResult:
        """Give a box with the fields."""
        if self._was is not None and self._was.until is not None:
            self._end = day_moment(self._was.until, self.home.now())
        with Vertical(id="dialog") as box:
            box.border_title = sanitize_line(self._title)
            with VerticalScroll(id="dialog-scroll", can_focus=False):
                with Horizontal(classes="field"):
                    yield Label("for, or until")
                    yield TextLine(sanitize_line(self._end), id="hold-until")
                yield Static("", classes="note")
                if self._is_pause:
                    with Horizontal(classes="field"):
                        yield Label("reason")
                        reason = self._was.reason if self._was else ""
                        yield TextLine(sanitize_line(reason), id="hold-reason")
                    yield Static("told with the pause wherever it is shown", classes="note about")
            yield Static("", id="dialog-buttons")

    def on_mount(self) -> None:
        """Say what may be typed, and which keys there are."""
        done = "Change" if self._was else "Pause" if self._is_pause else "Mute"
        self.tell_keys(done, has_more=self._is_pause)
        self._check()

    def _read(self) -> Instant | None:
        """Return the end, None where nothing is typed. Raises `BadInput`."""
        typed = self.query_one("#hold-until", Input).value.strip()
        if self._was is not None and typed == self._end:
            return self._was.until
        return end_of_hold(typed, self.home.now()) if typed else None

    @on(Input.Changed, "#hold-until")
    def _check(self) -> None:
        """Tell when it ends, or what is wrong."""
        note = self.query(".note").first(Static)
        try:
            until = self._read()
        except BadInput as error:
            note.set_class(False, "about")
            note.update(Text(sanitize_line(f"✗ {error}")))
            return
        note.set_class(True, "about")
        if until is not None:
            note.update(f"until {day_moment(until, self.home.now())}")
        else:
            nothing = " · nothing: until resumed" if self._is_pause else ""
            note.update(f"90m, 3d, 08:00, tomorrow 08:00{nothing}")

    def action_run(self) -> None:
        """Give what is typed, unless something is wrong."""
        try:
            until = self._read()
        except BadInput:
            until, is_wrong = None, True
        else:
            is_wrong = until is None and not self._is_pause
        if is_wrong:
            self.app.bell()
            self.query_one("#hold-until").focus()
            return
        reason = self.query_one("#hold-reason", Input).value.strip() if self._is_pause else ""
        self.dismiss(Hold(until, reason))


def hold_for(
    app: App[Any], answer: str, then: Callable[[Hold], None], *, title: str, is_pause: bool
) -> None:
    """Go on with the hold that an answer means, or that is typed where the answer is OTHER."""
    if answer == OTHER:
        dialog = HoldDialog(title, is_pause=is_pause)
        app.push_screen(dialog, lambda hold: then(hold) if hold else None)
    else:
        length = LENGTHS.get(answer)
        now = cast(Home, app).now()
        then(Hold(now + length[1] if length is not None else None))
