"""A job with all its values, and where each was written."""

from typing import Literal, TypeAlias

import msgspec

Origin: TypeAlias = Literal["job", "defaults", "settings", "built in"]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value as it is written, and its place; `file` is empty for what is built in."""

    word: str
    text: str
    origin: Origin
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it comes from, for people."""
        at = f" {self.file}:{self.line}" if self.file else ""
        return self.origin + at


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A job with all its values."""

    job: str
    file: str
    line: int
    values: tuple[Value, ...]
    """In the order of the language; words that add up stand once for each place."""
    hidden: tuple[Value, ...] = ()
    """What defaults and settings say of words that it has itself: in force once it has not."""
