"""The line that a filter is typed in."""

from collections.abc import Callable

from textual.message import Message
from textual.widgets import Input

from cronterm.tui.filter_doubt import Doubt
from cronterm.tui.widgets.bars import KeyBar

Judge = Callable[[str], Doubt | None]


class FilterLine(Input):
    """Says in the key bar what is wrong with what is typed, and is not left with that."""

    class Refused(Message):
        """Enter was pressed, and something is wrong."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, hint: str, purpose: str, judge: Judge, *, id: str = "search") -> None:
        """`hint` has the words that can be typed, `judge` tells what is wrong with them."""
        super().__init__(id=id, placeholder=hint)
        self.purpose = purpose
        self.judge: Judge | None = judge

    @property
    def is_open(self) -> bool:
        """Tell whether it is typed in."""
        return self.has_class("shown")

    def open_with(self, words: str) -> None:
        """Show it with what was typed before."""
        self.value = words
        self.set_class(True, "shown")
        self.focus()
        self.screen.query_one(KeyBar).type_in(self.purpose)
        self._doubt()

    def close(self) -> None:
        """Hide it."""
        self.set_class(False, "shown")

    def on_input_changed(self) -> None:
        """Say at once what is wrong."""
        if self.is_open:
            self._doubt()

    async def action_submit(self) -> None:
        """Take what was typed, or say what is wrong with it."""
        doubt = self._doubt()
        if doubt is not None and doubt.is_wrong:
            self.post_message(self.Refused(doubt.text))
        else:
            await super().action_submit()

    def _doubt(self) -> Doubt | None:
        doubt = self.judge(self.value) if self.judge is not None else None
        self.screen.query_one(KeyBar).doubt = doubt.text if doubt is not None else ""
        return doubt
