"""One line to type in."""

from typing import Any

from textual.widgets import Input


class TextLine(Input):
    """A field that is selected when it is come to only as long as nothing was typed in it.

    What a field was filled with is replaced by typing; what a person typed is never lost so.
    """

    def __init__(self, value: str = "", **words: Any) -> None:
        super().__init__(value, **words)
        self.cursor_blink = False  # nothing moves but clocks and charts
        self._given = value

    def give(self, value: str) -> None:
        """Fill it with what nobody typed here."""
        self.value = self._given = value

    def on_focus(self) -> None:
        """Choose, before the field itself is told, whether its text is selected."""
        self.select_on_focus = self.value == self._given
