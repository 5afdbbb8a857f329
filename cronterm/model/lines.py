"""Lines of what an attempt printed, as a viewer asks for them: some of them, wherever they are."""

from typing import Literal

import msgspec

from cronterm.clock import Instant
from cronterm.model.question import Query

SHOWN_BYTES = 8192  # of a line: the rest of a longer one is counted, not sent

LineStream = Literal["out", "err", "gap"]
"""Where a line came from; `gap` stands for what the size limit dropped."""


class ReadLines(Query, frozen=True, kw_only=True):
    """Lines of an attempt's output from a place on, or before it. Answer: `OutputLines`.

    It may have fewer lines than `limit`, even none: go on from `reached`.
    """

    run: int
    attempt: int
    offset: int | None = None
    """Lines that begin here or later; backwards, before it. None is the beginning; then the end."""
    since: Instant | None = None
    """In place of `offset`: where lines of this instant or later begin."""
    backwards: bool = False
    words: tuple[str, ...] = ()
    """Only lines that hold each of them; capitals count in those that have any."""
    stream: Literal["", "out", "err"] = ""
    """Only lines of this one."""
    limit: int = 500
    max_bytes: int = 1 << 20
    """How much is looked at, about; not how much is returned."""


class CountLines(Query, frozen=True, kw_only=True):
    """How many lines begin in [start, end), by line breaks. Answer: `LineCount`."""

    run: int
    attempt: int
    start: int = 0
    end: int | None = None
    """None is what there is."""
    words: tuple[str, ...] = ()
    stream: Literal["", "out", "err"] = ""
    max_bytes: int = 1 << 20
    """How much is looked at, about; it may have to go on from `reached`."""


class OutputLine(msgspec.Struct, frozen=True, array_like=True):
    """A line: an array on the wire, new fields go last."""

    offset: int
    size: int
    """Bytes with the line break; those of a gap were dropped."""
    at: Instant
    """When its first bytes came."""
    stream: LineStream
    is_whole: bool
    """A line break ends it."""
    text: bytes
    """Without the line break, at most `SHOWN_BYTES`."""


class OutputLines(msgspec.Struct, frozen=True, kw_only=True):
    """Lines in the order of the file."""

    lines: tuple[OutputLine, ...]
    reached: int
    """Up to where it was looked: a question that goes on from here misses nothing."""
    end_offset: int = 0
    """What there is by now."""
    complete: bool = False
    """The attempt has ended: `end_offset` is final."""
    dropped: int = 0
    """Bytes that the size limit dropped of all there was."""


class LineCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many lines begin in a part of the output."""

    lines: int
    reached: int
    """Up to where it was counted."""
    end_offset: int = 0


def counts_case(words: str) -> bool:
    """Tell whether a search is for exact letters: capitals count where there are any."""
    return words != words.lower()
