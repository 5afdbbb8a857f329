"""A word of the job in a form: its name, its value, and below it what is wrong or to be known."""

from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static, TextArea

from cronterm.config.shapes import JOB_SHAPES
from cronterm.config.words import WORDS
from cronterm.sanitize import sanitize
from cronterm.tui.given import Given
from cronterm.tui.keymap import bind
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.paint import Painted, Part, fit
from cronterm.tui.widgets.text_line import TextLine

LONG = ("command", "stdin")
"""Words whose value may have several lines."""
TITLE = 17  # cells of a section's title
COUNT = 8
UNSET = "–"
"""The choice of a word that is not there."""
PLAIN = {
    "overlap": ("skip", "queue", "replace", "allow"),
    "catch_up": ("skip", "latest", "all"),
}
"""Their first one is built in, and they say what they are."""


class WordRow(Vertical):
    """One word. Its field is `f-WORD`, what stands below it is `n-WORD`."""

    def __init__(self, word: str, label: str = "", hint: str = "") -> None:
        super().__init__(classes="row")
        self.word = word
        self._label = label or word
        self._hint = hint
        self._choices = choices_of(word)
        self.shown = ""
        """What the field held when it was filled."""
        self._told = ""
        self.is_written = False
        """The word is in the file: it stays there, be it the default."""
        self.given = ""
        """What is in force while nothing is typed, and who gives it."""

    def compose(self) -> ComposeResult:
        """Give the label and the field, and the line below."""
        with Horizontal(classes="field"):
            yield Label(self._label)
            yield self._widget()
        below = Static("", id=f"n-{self.word}", classes="note")
        below.display = False
        yield below

    def _widget(self) -> Widget:
        if self._choices:
            return ChoiceLine(self._choices, id=f"f-{self.word}")
        hint = self._hint or WORDS.get(self.word, "")
        if self.word in LONG:
            area = TextArea(id=f"f-{self.word}", soft_wrap=True, tab_behavior="focus")
            area.cursor_blink = False
            area.placeholder = hint
            return area
        return TextLine(id=f"f-{self.word}", placeholder=hint)

    @property
    def field(self) -> Widget:
        """The widget that holds the value."""
        return self.query_one(f"#f-{self.word}")

    def put(self, text: str) -> None:
        """Put text into the field, made safe."""
        field, safe = self.field, sanitize(text)
        if isinstance(field, ChoiceLine):
            field.set_value(safe)
        elif isinstance(field, TextArea):
            field.text = safe
        elif isinstance(field, TextLine):
            field.give(safe)
        self.is_written = True
        self.shown = self.typed

    def give(self, given: Given) -> None:
        """Show what is in force while nothing is typed; it is not written."""
        field = self.field
        self.given = given.told
        if isinstance(field, ChoiceLine):
            if self.word in PLAIN and not self.is_written:
                field.set_default(given.text)
        elif isinstance(field, Input | TextArea):
            field.placeholder = given.told

    @property
    def typed(self) -> str:
        """What the field holds; a choice that is the default holds nothing."""
        field = self.field
        if isinstance(field, ChoiceLine):
            is_nothing = field.value == UNSET or (field.is_default and not self.is_written)
            return "" if is_nothing else field.value
        if isinstance(field, TextArea):
            return field.text.strip() if "\n" not in field.text.strip() else field.text
        return field.value.strip() if isinstance(field, Input) else ""

    def say(self, problem: str, note: str, *, warn: str) -> None:
        """Say what is wrong with it, else what is to be known; lines with `!` are in `warn`."""
        given = "" if self.typed else self.given
        abouts = ("" if self.word in PLAIN else WORDS.get(self.word, ""), given)
        about = "; ".join(filter(None, abouts)) if self._choices else ""
        is_about = bool(about) and not (problem or note)
        told = f"✗ {problem}" if problem else about if is_about else note
        if told == self._told:
            return
        self._told = told
        below = self.query_one(f"#n-{self.word}", Static)
        below.set_class(is_about, "about")
        below.set_class(not (problem or is_about), "good")
        shown = Text(sanitize(told))
        shown.highlight_regex(r"(?m)^! .*$", warn)
        below.update(shown)
        below.display = bool(told)


def choices_of(word: str) -> tuple[str, ...]:
    """Return what a word may be, where that is a few words; the first is that it is not there."""
    if word in PLAIN:
        return PLAIN[word]
    shape = JOB_SHAPES.get(word, {})
    if shape.get("type") == "boolean":
        return (UNSET, "true", "false")
    known = ["true" if value is True else str(value) for value in shape.get("enum", ())]
    return (UNSET, *known) if known else ()


class SectionHead(Painted, can_focus=True):
    """The title of a section; enter, space or a click unfold it."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("unfold", "fold")]

    class Toggled(Message):
        """It was folded or unfolded."""

        def __init__(self, head: "SectionHead") -> None:
            super().__init__()
            self.head = head

    def __init__(self, title: str, words: tuple[str, ...], *, classes: str = "") -> None:
        super().__init__(classes=classes)
        self.words = words
        self.is_open = False
        self.marked: tuple[int, bool] = (0, False)
        """How many of its words are there, and whether any is wrong."""
        self._title = title

    def action_fold(self) -> None:
        """Fold or unfold."""
        self.is_open = not self.is_open
        self.repaint()
        self.post_message(self.Toggled(self))

    def on_click(self, event: events.Click) -> None:
        """Fold or unfold."""
        self.action_fold()

    def on_focus(self) -> None:
        """Show that keys go here."""
        self.repaint()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.repaint()

    def mark(self, count: int, *, is_bad: bool) -> None:
        """Say how many of its words are there, and whether one is wrong."""
        if (count, is_bad) != self.marked:
            self.marked = count, is_bad
            self.repaint()

    def paint(self, width: int, height: int) -> list[list[Part]]:
        """Return the title, and which words are below it."""
        count, is_bad = self.marked
        sign = "✗" if is_bad else "-" if self.is_open else "+"
        counted = f"{count} set" if count else ""
        told = ", ".join(self.words) if not self.is_open else ""
        return [
            [
                (f"{sign} ", "fail" if is_bad else "accent"),
                (self._title, "chip+bold" if self.has_focus else "text+bold"),
                (" " * (TITLE - len(self._title)), "text"),
                (fit(counted, COUNT), "accent"),
                (fit(told, max(width - 2 - TITLE - COUNT, 1)), "faint"),
            ]
        ]
