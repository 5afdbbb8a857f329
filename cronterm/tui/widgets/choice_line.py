"""A field that is one of a few words, all of them in sight."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.message import Message

from cronterm.tui.keymap import bind
from cronterm.tui.widgets.paint import Painted, Part


class ChoiceLine(Painted, can_focus=True):
    """Words in a line; left, right and space choose. One is the default, at first the first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("last_word", "choose(-1)"),
        bind("next_word", "choose(1)"),
    ]

    class Chosen(Message):
        """Another word is chosen."""

    def __init__(self, words: Sequence[str], *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self._words = list(words)
        self._here = 0
        self._default = 0

    @property
    def value(self) -> str:
        """The chosen word."""
        return self._words[self._here]

    @property
    def is_default(self) -> bool:
        """The default is chosen: it need not be written."""
        return self._here == self._default

    def set_default(self, word: str) -> None:
        """Make a word the default; it is chosen unless another one was."""
        was_chosen, here = self.is_default, self._here
        self.set_value(word)
        self._default = self._here
        self._here = self._here if was_chosen else here
        self.repaint()

    def set_value(self, word: str) -> None:
        """Choose a word; one that is not known becomes one more choice."""
        if word not in self._words:
            self._words.append(word)
        self._here = self._words.index(word)
        self.repaint()

    def action_choose(self, by: int) -> None:
        """Choose the next word, or the one before."""
        self._here = (self._here + by) % len(self._words)
        self.repaint()
        self.post_message(self.Chosen())

    def on_click(self, event: events.Click) -> None:
        """Choose the word that was clicked."""
        place = 0
        for number, word in enumerate(self._words):
            place += len(word) + 3
            if event.x < place:
                self._here = number
                self.repaint()
                self.post_message(self.Chosen())
                return

    def on_focus(self) -> None:
        """Show that keys go here."""
        self.repaint()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.repaint()

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the words; brackets stand around the chosen one, in colour while it has keys."""
        parts: list[Part] = []
        for number, word in enumerate(self._words):
            is_here = number == self._here
            role = ("chip+bold" if self.has_focus else "text+bold") if is_here else "muted"
            parts += [(f"[{word}]" if is_here else f" {word} ", role), (" ", "text")]
        return [parts]
