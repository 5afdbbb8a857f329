"""Runs a run again, its command, environment and params to be changed for this once."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Label, Static, TextArea

from cronterm.config.once import BadWord, with_words, words_once
from cronterm.model.command import RerunEdited, RerunRun
from cronterm.model.job import Job
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize, sanitize_line
from cronterm.tui.screens.run_dialog import RunDialog
from cronterm.tui.typed import as_text, as_value
from cronterm.tui.widgets.text_line import TextLine

LONG = ("command", "stdin", "env")
"""Words that may take several lines."""
HINTS = {"timeout": "none; like 5m", "args": "[1, two]", "kwargs": "depth=2"}


class WordField(Vertical):
    """A word of the job: its value as it is typed into the form."""

    def __init__(self, word: str, value: Any) -> None:
        super().__init__(id=f"w-{word}", classes="param")
        self.word = word
        self._value = value
        self._shown = "" if value is None else sanitize(as_text(word, value))

    def compose(self) -> ComposeResult:
        """Give the name and the widget, and the line below."""
        with Horizontal(classes="field"):
            yield Label(self.word)
            if self.word in LONG:
                area = TextArea(self._shown, soft_wrap=True, tab_behavior="focus", id="word")
                area.cursor_blink = False  # nothing moves but clocks and charts
                yield area
            else:
                yield TextLine(self._shown, id="word", placeholder=HINTS.get(self.word, ""))
        yield Static("", classes="note")

    def on_mount(self) -> None:
        """Say nothing as long as nothing is wrong."""
        self.say("")

    @property
    def _typed(self) -> str:
        widget = self.query_one("#word")
        return widget.text if isinstance(widget, TextArea) else self.query_one(Input).value

    @property
    def is_changed(self) -> bool:
        """Something else is typed than was there."""
        return self._typed != self._shown

    @property
    def value(self) -> Any:
        """What the word is now; None where nothing is typed."""
        if not self.is_changed:
            return self._value
        typed = self._typed if self.word == "stdin" else self._typed.strip()
        return as_value(self.word, typed) if typed else None

    def say(self, problem: str) -> None:
        """Say what is wrong with it, or that nothing is."""
        note = self.query_one(".note", Static)
        note.update(Text(sanitize_line(f"✗ {problem}" if problem else "")))
        note.display = bool(problem)

    def focus_value(self) -> None:
        """Bring the keys here."""
        self.query_one("#word").focus()


class AgainDialog(RunDialog):
    """Asks for a run as it was, or for one that differs in what was typed."""

    def __init__(self, row: RunRow, definition: Job, doubts: Sequence[str]) -> None:
        told = [f"Run {row.run} of {row.job} again; changes are for this once."]
        super().__init__(row.job, definition.params, [*told, *doubts], row.params)
        self._row = row
        self._definition = definition
        self._words = [WordField(word, value) for word, value in words_once(definition).items()]

    def fields(self) -> Sequence[Widget]:
        """Return the fields in their order, what runs first."""
        return [*self._words[:1], *super().fields(), *self._words[1:]]

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _changed(self) -> None:
        self._read_words()

    def _read_words(self) -> dict[str, Any] | None:
        """Return the words that differ; None where they cannot be taken: the field says why."""
        words = {field.word: field.value for field in self._words if field.is_changed}
        bad, problem = "", ""
        try:
            with_words(self._definition, words)
        except BadWord as error:
            bad, problem = error.word, error.about + (f" ({error.hint})" if error.hint else "")
        for field in self._words:
            field.say(problem if bad in (field.word, "") else "")
        return None if problem else words

    def command(self) -> RerunRun | RerunEdited | None:
        """Return what is asked for: where nothing is changed, the run as it was."""
        assert self._row.run is not None
        words, params = self._read_words(), self.chosen()
        if words is None:
            self.app.bell()
            return None
        if not words and params == self._row.params:
            return RerunRun(run=self._row.run)
        return RerunEdited(run=self._row.run, words=words, params=params)
