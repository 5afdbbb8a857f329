"""A param in a form: its name, what it may be, and below it what it is for or what is wrong."""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from cronterm.model.identity import Param
from cronterm.model.params import BadParam, read_param
from cronterm.sanitize import sanitize_line
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.text_line import TextLine

TYPES = {"string": "", "int": "a whole number", "number": "a number", "bool": ""}
TRUTHS = ("true", "false")


class ParamField(Vertical):
    """Takes one value. A default fills it in; what is left as it is was not chosen."""

    class Changed(Message):
        """Another value is there."""

    def __init__(self, name: str, param: Param, given: str | None = None) -> None:
        """`given` is a value that was chosen before."""
        super().__init__(id=f"p-{name}", classes="param")
        self.param_name = name
        self._param = param
        self._given = given
        self._begin = param.default if given is None else given
        self._shown = ""
        """What the widget held at first."""

    @property
    def is_needed(self) -> bool:
        """There is no default: a value has to be chosen."""
        return self._param.default is None

    def compose(self) -> ComposeResult:
        """Give the name and the widget, and the line below."""
        with Horizontal(classes="field"):
            yield Label(Text(self.param_name + (" *" if self.is_needed else "")))
            yield self._widget()
        yield Static("", classes="note")

    def _widget(self) -> Widget:
        param, begin = self._param, self._begin
        if param.type == "bool" and begin is not None and not param.choices:
            return ChoiceLine(TRUTHS, id="param")
        if param.choices or param.type == "bool":
            options = [(Text(sanitize_line(word)), word) for word in param.choices or TRUTHS]
            value = begin if begin in (param.choices or TRUTHS) else Select.NULL
            return Select(
                options,
                prompt="choose",
                allow_blank=value is Select.NULL,
                value=value,
                compact=True,
                id="param",
            )
        return TextLine(sanitize_line(begin or ""), id="param")

    def on_mount(self) -> None:
        """Fill in the value it begins with, and say what the param is for."""
        widget = self.query_one("#param")
        if isinstance(widget, ChoiceLine):
            widget.set_value(self._begin or "false")
        self._shown = self._typed
        self._note("")

    @property
    def _typed(self) -> str:
        """What the widget holds; nothing where nothing is chosen yet."""
        widget = self.query_one("#param")
        if isinstance(widget, Select):
            return "" if widget.value is Select.NULL else str(widget.value)
        return widget.value if isinstance(widget, Input | ChoiceLine) else ""

    def focus_value(self) -> None:
        """Bring the keys here."""
        self.query_one("#param").focus()

    def read(self) -> str | None:
        """Return the value, None where it is left as it was. Raises `BadParam`."""
        typed = self._typed
        if typed == self._shown and self._begin is not None:
            return self._given
        if not typed and self.is_needed:
            raise BadParam("needs a value")
        return read_param(self._param, typed)

    def check(self, *, is_early: bool = False) -> bool:
        """Say what is wrong, if something is; `is_early`: what is not there may still come."""
        try:
            self.read()
        except BadParam as error:
            is_coming = is_early and not self._typed
            self._note("" if is_coming else str(error))
            return False
        self._note("")
        return True

    def _note(self, problem: str) -> None:
        param, note = self._param, self.query_one(".note", Static)
        shown = "" if param.default is None else param.default or "nothing"
        default = f"default {shown}" if shown else ""
        about = [param.description, TYPES[param.type], default]
        text = f"✗ {problem}" if problem else " · ".join(filter(None, about))
        note.set_class(not problem, "about")
        note.update(Text(sanitize_line(text)))
        note.display = bool(text)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(ChoiceLine.Chosen)
    def _changed(self) -> None:
        self.check(is_early=True)
        self.post_message(self.Changed())
