"""Small questions: the consequence is spelled out, the harmless answer has the focus."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from cronterm.sanitize import sanitize


@dataclass(frozen=True)
class Choice:
    """An answer: its key, its word, what is returned."""

    key: str
    word: str
    answer: str


CANCEL = Choice("n", "Cancel", "")


class Ask(ModalScreen[str]):
    """A question with answers; `esc`, `q` and `n` give the empty one.

    The first choice has the focus; enter gives what is highlighted, a key gives its own.
    """

    BINDINGS = [  # noqa: RUF012  # Textual reads it from the class
        Binding("escape,q", "answer('')", show=False),
        Binding("left,shift+tab,up", "move(-1)", show=False),
        Binding("right,tab,down", "move(1)", show=False),
        Binding("enter", "press", show=False),
    ]

    def __init__(self, title: str, lines: Sequence[str], choices: Sequence[Choice]) -> None:
        super().__init__()
        self._title = title
        self._text = [sanitize(line) for line in lines]
        self._choices = list(choices)
        self._chosen = 0

    def compose(self) -> ComposeResult:
        """Give a box with the text and the answers."""
        with Vertical(id="dialog") as box:
            box.border_title = self._title
            yield Static(Text("\n".join(self._text)), id="dialog-text")
            yield Static(self._buttons(), id="dialog-buttons")

    def _buttons(self) -> Text:
        text = Text()
        for number, choice in enumerate(self._choices):
            is_here = number == self._chosen
            label = f" {choice.key}  {choice.word} "
            text.append(f"[{label}]" if is_here else f" {label} ", "reverse" if is_here else "")
            text.append("  ")
        return text

    def action_move(self, by: int) -> None:
        """Highlight another answer."""
        self._chosen = (self._chosen + by) % len(self._choices)
        self.query_one("#dialog-buttons", Static).update(self._buttons())

    def action_press(self) -> None:
        """Give the highlighted answer."""
        self.dismiss(self._choices[self._chosen].answer)

    def action_answer(self, answer: str) -> None:
        """Give an answer."""
        self.dismiss(answer)

    def key_matches(self, key: str) -> Choice | None:
        """Return the answer of a key."""
        return next((choice for choice in self._choices if choice.key == key), None)

    def on_key(self, event: object) -> None:
        """Take a letter as its answer."""
        key = getattr(event, "character", None)
        choice = self.key_matches(key) if key else None
        if choice is not None:
            getattr(event, "stop", lambda: None)()
            self.dismiss(choice.answer)
