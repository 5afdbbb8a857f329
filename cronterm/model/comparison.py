"""What was different in a run: lines that differ in numbers, times or ids alone are the same."""

import difflib
import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from cronterm.sanitize import sanitize_line

_Kind: TypeAlias = Literal["replace", "delete", "insert", "equal"]

CONTEXT_LINES = 3
HALF = 5_000
"""Lines: of an output with more than twice as many the first and the last are compared."""
LONGEST_LINE_BYTES = 64 << 10  # of a longer line the rest counts nothing
SAME = "numbers, times and ids alone are no difference"
PLACES = ("line", "source")
"""Words of a definition that say where it stands, not what it is."""

# Longer forms first: what is left of a time must not count as numbers.
_VARYING = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?"
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? (?:\d{1,2} )?[A-Z][a-z]{2} +\d{1,2})"
    r"|(?P<id>\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b0x[0-9a-f]+\b"
    r"|\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}\b)"
    r"|(?P<number>\d+(?:[.,]\d+)*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Changed:
    """A line of the comparison of outputs: both have ` `, one has `-` or `+`, `@` is a place."""

    sign: Literal[" ", "-", "+", "@"]
    text: str


class Printed:
    """What a run printed, taken in piece by piece: all lines, or the first and the last ones."""

    def __init__(self, data: bytes = b"") -> None:
        self.count = 0
        """Lines, those that were not kept too."""
        self._head: list[str] = []
        self._tail: deque[str] = deque(maxlen=HALF)
        self._open = b""
        self.take(data)

    def take(self, data: bytes) -> None:
        """Take in what follows."""
        *whole, self._open = (self._open + data).split(b"\n")
        for line in whole:
            self._keep(line)
        self._open = self._open[: LONGEST_LINE_BYTES + 1]

    def finish(self) -> None:
        """Take in a last line that has no end."""
        if self._open:
            self._keep(self._open)
        self._open = b""

    def _keep(self, line: bytes) -> None:
        text = line[:LONGEST_LINE_BYTES].removesuffix(b"\r").decode("utf-8", "replace")
        (self._head if self.count < HALF else self._tail).append(text)
        self.count += 1

    @property
    def left_out(self) -> int:
        """How many lines between the first and the last ones were not kept."""
        return self.count - len(self._head) - len(self._tail)

    @property
    def lines(self) -> list[str]:
        """The lines; one stands for those that were not kept."""
        gap = [f"… {self.left_out:,} lines"] if self.left_out else []
        return [*self._head, *gap, *self._tail]

    def keys(self, *, is_exact: bool) -> list[str]:
        """Return for each of the lines what is compared of it."""
        lines = self.lines if is_exact else [normalised(sanitize_line(each)) for each in self.lines]
        if self.left_out:
            lines[HALF] = "\n"  # as no line is
        return lines

    def number(self, place: int) -> int:
        """Return which line of the whole output the one at a place is; the first is 1."""
        return place + 1 + (max(self.left_out - 1, 0) if place > HALF else 0)

    def note(self, run: int | None) -> str:
        """Say which lines are not compared; nothing where all are."""
        if not self.left_out:
            return ""
        last = HALF + self.left_out
        return f"lines {HALF + 1:,} to {last:,} of the {self.count:,} of run {run} are not compared"


def normalised(line: str) -> str:
    """Return a line with what changes from run to run replaced by its kind."""
    return _VARYING.sub(lambda found: f"<{found.lastgroup}>", line)


def changed_lines(old: Printed, new: Printed, *, is_exact: bool = False) -> Iterator[Changed]:
    """Yield what differs between two outputs, in its context; nothing where they are the same.

    Colours are no difference, nor are numbers, times and ids alone, unless it `is_exact`.
    """
    one, other = old.lines, new.lines
    matcher = _Matcher(old.keys(is_exact=is_exact), new.keys(is_exact=is_exact))
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        first, last = group[0], group[-1]
        before = _span(old, first[1], last[2])
        yield Changed("@", f"@ -{before} +{_span(new, first[3], last[4])} @@")
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (Changed(" ", line) for line in other[c:d])
                continue
            yield from (Changed("-", line) for line in one[a:b])
            yield from (Changed("+", line) for line in other[c:d])


def _span(printed: Printed, begin: int, end: int) -> str:
    """Return `first,count` of lines in the whole output, as `diff -u` writes it."""
    if begin == end:
        return f"{printed.number(begin) - 1},0"
    first = printed.number(begin)
    return f"{first},{printed.number(end - 1) - first + 1}"


class _Matcher(difflib.SequenceMatcher[str]):
    """Finds what two outputs have in common, also where most lines are the same but for numbers."""

    def __init__(self, one: list[str], other: list[str]) -> None:
        super().__init__(None, one, other)
        self._one, self._other = one, other

    def get_opcodes(self) -> list[tuple[_Kind, int, int, int, int]]:
        """Return what becomes of which lines."""
        found: list[tuple[_Kind, int, int, int, int]] = []
        for kind, a, b, c, d in super().get_opcodes():
            if kind != "replace":
                found.append((kind, a, b, c, d))
                continue
            # Lines that are there again and again anchor nothing: here the third is the third.
            one, other = _counted(self._one[a:b]), _counted(self._other[c:d])
            for inner, e, f, g, h in difflib.SequenceMatcher(None, one, other).get_opcodes():
                found.append((inner, a + e, a + f, c + g, c + h))
        return found


def _counted(lines: Sequence[str]) -> list[tuple[str, int]]:
    """Return each line with how many like it were before."""
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        found.append((line, seen[line]))
        seen[line] += 1
    return found


def changed_words(old: str, new: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield each word of two definitions (JSON texts) that differs, with its two values."""
    before, after = (json.loads(text) if text else {} for text in (old, new))
    if not (before and after):
        return
    for word in dict.fromkeys((*before, *after)):
        if word not in PLACES and before.get(word) != after.get(word):
            yield word, [before.get(word), after.get(word)]
