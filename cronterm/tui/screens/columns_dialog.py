"""The question which columns the job table has."""

from collections.abc import Sequence

from rich.text import Text
from textual import events

from cronterm.tui.screens.dialogs import Ask, Choice
from cronterm.tui.themes import palette_of
from cronterm.tui.widgets.columns import COLUMNS

FITTING = "fitting"
"""The answer that leaves it to the room there is."""


class AskColumns(Ask):
    """Answers with the keys of the columns that are on, joined by spaces, or with `FITTING`."""

    def __init__(self, shown: Sequence[str]) -> None:
        choices = [Choice("", column.what, column.key) for column in COLUMNS]
        super().__init__("Columns", [], choices, is_list=True)
        self._on = set(shown)

    def _buttons(self) -> Text:
        style = palette_of(self.app).style
        text = Text()
        for number, choice in enumerate(self._choices):
            mark = "x" if choice.answer in self._on else " "
            role = "chip+bold" if number == self._chosen else "text"
            text.append(f" [{mark}] {choice.word:<32}\n", style(role, "raised"))
        for key, word in (("space", "on or off"), ("⏎", "show"), ("f", "what fits"), ("esc", "")):
            text.append(f"{key} ", style("accent", "raised"))
            text.append(f"{word}  ", style("muted", "raised"))
        return text

    def action_press(self) -> None:
        """Show those that are on; with none on, what fits."""
        keys = [choice.answer for choice in self._choices if choice.answer in self._on]
        self.dismiss(" ".join(keys) or FITTING)

    def on_key(self, event: events.Key) -> None:
        """Switch the highlighted one, or leave all to the room. (`Ask.on_key` is called too.)"""
        if event.key == "space":
            event.stop()
            self._on ^= {self._choices[self._chosen].answer}
            self.action_move(0)
        elif event.key == "f":
            event.stop()
            self.dismiss(FITTING)
