"""What every channel is given, and what it raises."""

from collections.abc import Callable

import msgspec

from cronterm.clock import Instant
from cronterm.model.notifier import Private
from cronterm.model.rule import NoticeEvent
from cronterm.sanitize import sanitize_line

HIDDEN = "•••"
LONGEST_ERROR = 300
SHORTEST_HIDDEN = 4  # characters; what is shorter would hide half of every sentence


class NotSent(Exception):
    """It was not sent, or nobody can tell whether it was."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What is told, as text of this program and of jobs: safe to show, without markup."""

    id: str
    """The same for each try."""
    event: NoticeEvent | str
    title: str
    """One line."""
    text: str
    """Lines below it."""
    output: str = ""
    """The end of what the run printed."""
    jobs: tuple[str, ...] = ()
    """Empty where it is about cronterm itself."""
    message: str = ""
    run: int | None = None
    count: int = 1
    happened_at: Instant
    host: str = ""

    @property
    def job(self) -> str:
        """The one job, or several joined."""
        return ", ".join(self.jobs)

    @property
    def whole(self) -> str:
        """Text and output."""
        return f"{self.text}\n\n{self.output}" if self.output else self.text

    @property
    def is_good(self) -> bool:
        """It is no bad news."""
        return self.event in ("start", "success", "recovery", "changed", "test")


class Revealed:
    """Gives the values of what is private, and keeps them out of what is said."""

    def __init__(self, reveal: Callable[[Private], str]) -> None:
        self._reveal = reveal
        self._values: set[str] = set()

    def __call__(self, private: Private) -> str:
        """Return a value; it may take as long as a command. Raises `CrontermError`."""
        value = self._reveal(private)
        self._values.add(value)
        return value

    def hide(self, *values: str) -> None:
        """Keep further values out of what is said."""
        self._values.update(values)

    def concealed(self, text: str) -> str:
        """Return one short line without any of the values."""
        for value in sorted(self._values, key=len, reverse=True):
            if len(value) >= SHORTEST_HIDDEN:
                text = text.replace(value, HIDDEN)
        line = sanitize_line(" ".join(text.split()))
        return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"
