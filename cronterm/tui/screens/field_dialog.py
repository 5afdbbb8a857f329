"""A box with fields: one key does what is typed, one leaves it."""

from typing import TypeVar, cast

from rich.text import Text
from textual import on
from textual.widgets import Input, Static

from cronterm.tui.home import Home
from cronterm.tui.keymap import bindings
from cronterm.tui.screens.dialogs import Dialog
from cronterm.tui.themes import roles_of

Given = TypeVar("Given")


class FieldDialog(Dialog[Given]):
    """Subclasses give the fields and what is done with them; what leaves it gives nothing."""

    BINDINGS = bindings("params")  # Textual reads it from the class

    @property
    def home(self) -> Home:
        """The app, as this program knows it."""
        return cast(Home, self.app)

    def tell_keys(self, done: str, *, has_more: bool = True) -> None:
        """Say which keys there are: what is `done`, the next field where there is one, and out."""
        roles = roles_of(self.app)
        text = Text()
        go_on = [("tab", "next")] if has_more else []
        ways = [(self.home.key("run_it"), done), *go_on, (self.home.key("leave"), "Cancel")]
        for key, word in ways:
            text.append(f"{key} ", f"bold {roles['accent']}")
            text.append(f"{word}   ", roles["muted"])
        self.query_one("#dialog-buttons", Static).update(text)

    @on(Input.Submitted)
    def _go_on(self) -> None:
        """Go on to the next field; in the last one, do what is typed."""
        if self.focused is self.focus_chain[-1]:
            self.action_run()
        else:
            self.focus_next()

    def action_run(self) -> None:
        """Do what is typed."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Go, and do nothing."""
        self.dismiss()
