"""What was different in a run: lines that differ in numbers, times or ids alone are the same."""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

CONTEXT_LINES = 3
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


def normalised(line: str) -> str:
    """Return a line with what changes from run to run replaced by its kind."""
    return _VARYING.sub(lambda found: f"<{found.lastgroup}>", line)


def changed_lines(
    old: Sequence[str], new: Sequence[str], *, is_exact: bool = False
) -> Iterator[Changed]:
    """Yield what differs between two outputs, in its context; nothing where they are the same."""
    one, other = [*old], [*new]
    if not is_exact:
        one, other = [*map(normalised, old)], [*map(normalised, new)]
    matcher = difflib.SequenceMatcher(None, one, other)
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        first, last = group[0], group[-1]
        yield Changed(
            "@",
            f"@ -{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]} @@",
        )
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (Changed(" ", line) for line in new[c:d])
                continue
            yield from (Changed("-", line) for line in old[a:b])
            yield from (Changed("+", line) for line in new[c:d])


def changed_words(old: str, new: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield each word of two definitions (JSON texts) that differs, with its two values."""
    before, after = (json.loads(text) if text else {} for text in (old, new))
    if not (before and after):
        return
    for word in dict.fromkeys((*before, *after)):
        if word not in PLACES and before.get(word) != after.get(word):
            yield word, [before.get(word), after.get(word)]
