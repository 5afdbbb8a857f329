"""What is to be known of the field that has the keys, whole: in the field itself it may be cut."""

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from cronterm.config.words import WORDS
from cronterm.sanitize import sanitize
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.word_row import PLAIN, SectionHead, WordRow

NAME = "letters, digits, . _ -, at most 64, beginning with a letter or digit"


class HintLine(Static):
    """Stands below the fields and follows the focus by itself."""

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._tell)

    def _tell(self, field: Widget | None) -> None:
        word, about = hint_of(field)
        self.update(Text.assemble((sanitize(word), "bold"), "  " if word else "", sanitize(about)))
        self.display = bool(about)
        if field is not None:  # a longer hint leaves the fields less room
            self.call_after_refresh(field.scroll_visible, animate=False)


def hint_of(field: Widget | None) -> tuple[str, str]:
    """Return the word of a field and what it takes; of a title, which words are below it."""
    if isinstance(field, SectionHead):
        return "", ", ".join(field.words)
    ancestors = field.ancestors if field is not None else ()
    row = next((each for each in ancestors if isinstance(each, WordRow)), None)
    if row is None or (isinstance(field, ChoiceLine) and row.word not in PLAIN):
        return "", ""  # the line below such a choice says it
    about = NAME if row.word == "name" else WORDS.get(row.word, "")
    return row.word, "; ".join(filter(None, (about, "" if row.typed else row.given)))
