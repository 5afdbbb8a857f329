"""Why a job ran or did not, in the sentences of the engine."""

from collections.abc import Sequence
from textwrap import wrap

from cronterm.sanitize import sanitize_line
from cronterm.tui.widgets.paint import Part
from cronterm.tui.widgets.scrolled import Scrolled

INDENT = 4


class WhyBox(Scrolled):
    """What is so now and what was decided; below it, why the run under the cursor was."""

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.sentences: Sequence[str] = ()
        self.about = ""
        """What the second part is about: `run 57`."""
        self.details: Sequence[str] = ()
        self.is_read = False
        self.empty = "reading…"
        """What is said without a sentence."""

    def clear(self) -> None:
        """Show no sentence: what there is to tell is being read."""
        self.sentences, self.details, self.is_read = (), (), False

    def lines(self, width: int) -> list[list[Part]]:
        """Return the sentences, wrapped; the first line of each stands out."""
        if not self.sentences:
            return [[(f"  {self.empty}", "faint")]]
        lines = self._wrapped(self.sentences, width)
        if self.details:
            lines += [[], [(f"  {self.about}", "muted+bold")], *self._wrapped(self.details, width)]
        return lines

    def _wrapped(self, sentences: Sequence[str], width: int) -> list[list[Part]]:
        room = max(width - 2 * INDENT, 8)
        lines: list[list[Part]] = []
        for sentence in sentences:
            for number, text in enumerate(wrap(sanitize_line(sentence), room)):
                mark = "  " if number else f"{self.glyphs.separator} "
                lines.append([(f"  {mark}", "accent"), (text, "text")])
        return lines
