"""Small questions: the consequence is spelled out, the harmless answer has the focus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.geometry import Region
from textual.screen import ModalScreen
from textual.widgets import Static

from cronterm.sanitize import sanitize
from cronterm.tui.key_names import READ
from cronterm.tui.keymap import STAYING, bind, bindings, in_place
from cronterm.tui.places import Where
from cronterm.tui.themes import palette_of, roles_of
from cronterm.tui.widgets.frames import Thorough
from cronterm.tui.widgets.paint import key_of, names_of


@dataclass(frozen=True)
class Choice:
    """An answer: the id of its key, its word, what is returned; a grave one is drawn in red."""

    key: str
    word: str
    answer: str
    is_grave: bool = False


Given = TypeVar("Given")

WIDTH = 66  # cells within the box of a question
NARROW = 18  # cells of an answer: in a list of shorter ones nothing is wider
CANCEL = Choice("no", "Cancel", "")


class Dialog(Thorough, ModalScreen[Given]):
    """A box over what is open: what scrolls in it leaves room for the answers below."""

    VERTICAL_BREAKPOINTS = [(0, "-h12"), (13, "-h24")]  # noqa: RUF012

    def on_resize(self) -> None:
        """Keep the answers in view where the room is short."""
        self.call_after_refresh(self._share_height)

    @property
    def scrolled(self) -> VerticalScroll:
        """The part that scrolls."""
        return self.query("#dialog > VerticalScroll").first(VerticalScroll)

    def _share_height(self) -> None:
        around = self.query_one("#dialog").outer_size.height - self.scrolled.outer_size.height
        self.scrolled.styles.max_height = max(self.size.height - around, 1)


class Ask(Dialog[str]):
    """A question with answers; what closes it gives the empty one.

    The choice at `chosen` has the focus; enter gives what is highlighted, a key gives its own.
    With a `number`, only the empty answer is given until that number is typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("question"),
        bind("page_down", "page(1)"),
        bind("page_up", "page(-1)"),
    ]
    is_list = False

    def __init__(
        self,
        title: str,
        lines: Sequence[str],
        choices: Sequence[Choice],
        *,
        where: Where = "question",
        number: int | None = None,
        chosen: int = 0,
    ) -> None:
        """`where` is the place whose keys those of its choices are."""
        super().__init__()
        known = {key.id for key in in_place(where)}
        assert all(choice.key in known for choice in choices if choice.key), where
        self._title = title
        self._text = [sanitize(line) for line in lines]
        self._choices = list(choices)
        self._number = number
        self._typed = ""
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Give a box with the text and the answers."""
        with Vertical(id="dialog") as box:
            box.border_title = self._title
            box.set_class(any(choice.is_grave for choice in self._choices), "grave")
            box.set_class(self.is_list, "list")
            longest = max(len(choice.word) for choice in self._choices)
            box.set_class(bool(self._text) or longest > NARROW, "wide")
            with VerticalScroll(id="dialog-scroll", can_focus=False):
                if self._text:
                    yield Static(self._lines(), id="dialog-text")
                if self.is_list:
                    yield Static(self._buttons(), id="dialog-buttons")
            if not self.is_list:
                yield Static(self._buttons(), id="dialog-buttons")

    def _share_height(self) -> None:
        """A list scrolls as a whole, to what is chosen."""
        super()._share_height()
        if self.is_list:
            above = self.scrolled.virtual_size.height - len(self._choices) - 1
            row = Region(0, max(above, 0) + self._chosen, 1, 2)
            # Only in the new height there is somewhere to scroll to.
            self.call_after_refresh(self.scrolled.scroll_to_region, row, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll a text that is longer than the room."""
        lines = max(self.scrolled.size.height - 1, 1)
        self.scrolled.scroll_relative(y=by * lines, animate=False)

    def _lines(self) -> Text:
        """Return the text: its first line stands out, those with a sign have it in colour."""
        roles = roles_of(self.app)
        text = Text("\n").join(
            Text(line, roles["text"] if number == 0 else roles["muted"])
            for number, line in enumerate(self._text)
        )
        text.highlight_regex(r"(?m)^[✗!] ", f"bold {roles['warn']}")
        text.highlight_regex(r"(?m)^\+.*$", roles["ok"])
        text.highlight_regex(r"(?m)^-.*$", roles["fail"])
        if self._number is not None:
            text.append(f"\n\nType {self._number} to go on: ", roles["text"])
            text.append(f"{self._typed}_", f"bold {roles['accent']}")
        return text

    def _buttons(self) -> Text:
        style = palette_of(self.app).style
        text = Text()
        wide = max(len(choice.word) for choice in self._choices) if self.is_list else 0
        for number, choice in enumerate(self._choices):
            away = "fail+bold" if choice.is_grave else "text"
            role = "chip+bold" if number == self._chosen else away
            mark = ">" if number == self._chosen else " "
            key = f"{self._read_key(choice):<{int(self.is_list)}}"
            button = f"{mark}{key}  {choice.word:<{wide}}  "
            text.append(button, style(role, "head"))
            text.append("\n" if self.is_list else "   ")
        none = next((choice.word for choice in self._choices if not choice.answer), CANCEL.word)
        leaving = f"{READ[STAYING['close']]} {none.strip().lower()}"
        is_beyond = not self.is_list and len(text) + len(leaving) > WIDTH
        text.append(f"\n{leaving}" if is_beyond else leaving, roles_of(self.app)["faint"])
        return text

    def _read_key(self, choice: Choice) -> str:
        return key_of(self.app, choice.key) if choice.key else ""

    def action_move(self, by: int) -> None:
        """Highlight another answer."""
        self._chosen = (self._chosen + by) % len(self._choices)
        self.query_one("#dialog-buttons", Static).update(self._buttons())
        if self.is_list:
            self._share_height()

    def action_press(self) -> None:
        """Give the highlighted answer."""
        self.give(self._choices[self._chosen].answer)

    def action_close(self) -> None:
        """Give the empty answer."""
        self.give("")

    def give(self, answer: str) -> None:
        """Give an answer, unless the number is still to be typed."""
        if answer and self._number is not None and self._typed != str(self._number):
            self.app.bell()
            return
        self.dismiss(answer)

    def on_key(self, event: events.Key) -> None:
        """Take a letter as its answer, a digit as part of the number."""
        if self._number is not None and (
            event.key == "backspace" or (event.character or "").isdigit()
        ):
            is_back = event.key == "backspace"
            self._typed = self._typed[:-1] if is_back else (self._typed + event.key)[:9]
            self.query_one("#dialog-text", Static).update(self._lines())
            event.stop()
            return
        for choice in self._choices:
            if choice.key and event.key in names_of(self.app, choice.key):
                event.stop()
                self.give(choice.answer)
                return


class AskList(Ask, inherit_bindings=False):
    """A question whose answers are a list to choose from."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("down", "move(1)"),
        bind("up", "move(-1)"),
        *bindings("list"),
    ]
    is_list = True
