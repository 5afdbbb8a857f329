"""The question which columns the job table has."""

from collections.abc import Sequence

from rich.text import Text
from textual import events

from cronterm.tui.screens.dialogs import AskList, Choice
from cronterm.tui.themes import palette_of
from cronterm.tui.widgets.columns import COLUMNS
from cronterm.tui.widgets.paint import key_of, names_of

FITTING = "fitting"
"""The answer that leaves it to the room there is."""


class AskColumns(AskList):
    """Answers with the keys of the columns that are on, joined by spaces, or with `FITTING`."""

    def __init__(self, shown: Sequence[str]) -> None:
        choices = [Choice("", column.what, column.key) for column in COLUMNS]
        super().__init__("Columns", [], choices, where="columns")
        self._on = set(shown)

    def _buttons(self) -> Text:
        style = palette_of(self.app).style
        text = Text()
        for number, choice in enumerate(self._choices):
            mark = "x" if choice.answer in self._on else " "
            role = "chip+bold" if number == self._chosen else "text"
            text.append(f" [{mark}] {choice.word:<32}\n", style(role, "raised"))
        words = (("column_on", "on or off"), ("answer", "show"), ("columns_fit", "what fits"))
        for id, word in (*words, ("close", "")):
            text.append(f"{key_of(self.app, id)} ", style("accent", "raised"))
            text.append(f"{word}  ", style("muted", "raised"))
        return text

    def action_press(self) -> None:
        """Show those that are on; with none on, what fits."""
        keys = [choice.answer for choice in self._choices if choice.answer in self._on]
        self.dismiss(" ".join(keys) or FITTING)

    def on_key(self, event: events.Key) -> None:
        """Switch the highlighted one, or leave all to the room. (`Ask.on_key` is called too.)"""
        if event.key in names_of(self.app, "column_on"):
            event.stop()
            self._on ^= {self._choices[self._chosen].answer}
            self.action_move(0)
        elif event.key in names_of(self.app, "columns_fit"):
            event.stop()
            self.dismiss(FITTING)
