"""A job in its file: its part as it is written, and all its values with their places."""

from collections.abc import Sequence
from pathlib import PurePath

from cronterm.model.resolved import Origin, Value
from cronterm.sanitize import sanitize_line
from cronterm.tui.widgets.paint import Part, fit
from cronterm.tui.widgets.scrolled import Scrolled

ORIGIN_ROLES: dict[Origin, str] = {
    "job": "muted",
    "defaults": "accent",
    "settings": "accent",
    "built in": "faint",
}


class ConfigBox(Scrolled):
    """The job's part of the file, as it is written."""

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.text = ""
        self.first_line = 1
        self.trouble = ""
        """Why there is none."""

    def show(self, text: str, first_line: int = 1, trouble: str = "") -> None:
        """Take another text, or why there is none."""
        self.text, self.first_line, self.trouble = text, first_line, trouble

    def lines(self, width: int) -> list[list[Part]]:
        """Return the numbered lines."""
        if not self.text:
            return [_absence(self.trouble)]
        lines: list[list[Part]] = []
        for number, text in enumerate(self.text.splitlines(), self.first_line):
            shown = fit(sanitize_line(text), max(width - 8, 1))
            lines.append([(f"{number:>6}  ", "faint"), *yaml_parts(shown)])
        return lines


def yaml_parts(line: str) -> list[Part]:
    """Return a line of YAML in its colours."""
    key, colon, rest = line.partition(":")
    word = key.strip().removeprefix("- ")
    if line.lstrip().startswith("#"):
        return [(line, "faint")]
    if not colon or not word.replace("_", "").replace("-", "").isalnum():
        return [(line, "text")]
    value, mark, comment = rest.partition(" #")
    role = "ok" if value.strip().startswith(('"', "'")) else "text"
    return [(key + colon, "accent"), (value, role), (mark + comment, "faint")]


def _absence(trouble: str) -> list[Part]:
    return [(f"  {sanitize_line(trouble) or 'reading…'}", "warn" if trouble else "faint")]


class ValuesBox(Scrolled):
    """All values of a job; at the right, where each comes from."""

    def __init__(self, *, id: str) -> None:  # Textual's word
        super().__init__(id=id)
        self.values: Sequence[Value] = ()
        self.home = ""
        """The directory that places are told from."""
        self.trouble = ""
        """Why there are none."""

    def show(self, values: Sequence[Value], jobs_file: str, trouble: str) -> None:
        """Take new values, or why there are none."""
        self.values, self.trouble = values, trouble
        self.home = str(PurePath(jobs_file).parent)

    @property
    def counts(self) -> str:
        """How many are written somewhere, and how many are not."""
        written = sum(value.origin != "built in" for value in self.values)
        return f"{written} written · {len(self.values) - written} built in" if self.values else ""

    def lines(self, width: int) -> list[list[Part]]:
        """Return a line a value."""
        if not self.values:
            return [_absence(self.trouble)]
        place = min(max(len(self._place(value)) for value in self.values), width // 2)
        word = max(len(value.word) for value in self.values) + 1
        lines: list[list[Part]] = []
        for value in self.values:
            role = ORIGIN_ROLES[value.origin]
            is_written = value.origin != "built in"
            room = max(width - place - word - 3, 1)
            text = fit(sanitize_line(value.text), room) + " "
            parts = [
                (f" {fit(value.word, word)}", "accent" if is_written else "faint"),
                (text, "text" if is_written else "muted"),
                (fit(self._place(value), place), role),
            ]
            lines.append(parts)
        return lines

    def _place(self, value: Value) -> str:
        place = value.place.replace(f" {self.home}/", " ") if self.home else value.place
        return sanitize_line(place.removeprefix("job ")) if value.file else value.origin
