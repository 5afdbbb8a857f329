"""One form for jobs files: order of words, indentation by two, no stray space; comments stay.

Text is only moved, never written anew: what is no white space is the same before and after, and the
file says the same. What cannot be formatted so is refused.
"""

import json
import re
from collections import Counter
from typing import Any

import yaml

from cronterm.config.edit import is_same
from cronterm.config.json_edit import json_content
from cronterm.config.notation import EditRefused
from cronterm.config.reader import BOM, collector_off
from cronterm.config.shapes import JOB_SHAPES, SETTINGS_SHAPES, TOP_SHAPES
from cronterm.config.source import NAMES, Node, Source
from cronterm.config.tree import MERGE
from cronterm.config.words import LATER_SETTINGS, LATER_TOP

STEP = 2

_HEADER = re.compile(r"(?:&\S+\s+)?[|>]([-+]?)([1-9]?)")


def format_text(text: str, *, is_json: bool = False) -> str:
    """Return the text in its form. Raises `EditRefused` where that could damage it."""
    if is_json:
        return _format_json(text)
    is_dos = "\r\n" in text
    with collector_off():
        source = Source(text.replace("\r\n", "\n"))
        new = source.bom + _Formatter(source).formatted()
        if not _says_the_same(source, new):
            raise EditRefused("the format would change more than white space", "format by hand")
    return new.replace("\n", "\r\n") if is_dos else new


def _says_the_same(old: Source, new: str) -> bool:
    try:
        read = Source(new)
    except EditRefused:
        return False
    ids = [name for name, _, _ in old.entries()], [name for name, _, _ in read.entries()]
    is_moved_only = Counter("".join(old.text.split())) == Counter("".join(read.text.split()))
    return is_moved_only and ids[0] == ids[1] and is_same(old.content(), read.content())


def _format_json(text: str) -> str:
    content = json_content(text)
    if isinstance(content, dict):
        content = _ordered(content, _TOP_ORDER)
        jobs = content.get("jobs")
        if isinstance(jobs, dict):
            content["jobs"] = {name: _ordered(job, _JOB_ORDER) for name, job in jobs.items()}
    bom = BOM if text.startswith(BOM) else ""
    new = bom + json.dumps(content, ensure_ascii=False, indent=STEP, allow_nan=False) + "\n"
    if not is_same(json_content(new), json_content(text)):
        raise EditRefused("the format would change more than white space", "format by hand")
    return new


def _ordered(words: Any, order: dict[str, int]) -> Any:
    if not isinstance(words, dict):
        return words
    return {word: words[word] for word in sorted(words, key=lambda word: _rank(word, order))}


def _ranks(*words: str) -> dict[str, int]:
    return {word: rank for rank, word in enumerate(dict.fromkeys(words))}


def _rank(word: str, order: dict[str, int]) -> int:
    if word.startswith("x-"):
        return order.get("x-", len(order) + 1)
    return order.get(word, len(order))


_TOP_ORDER = _ranks(
    *(word for word in TOP_SHAPES if word != "jobs"), *sorted(LATER_TOP), "x-", "jobs"
)
_JOB_ORDER = _ranks(MERGE, *NAMES, *JOB_SHAPES)
_SETTINGS_ORDER = _ranks(*SETTINGS_SHAPES, *sorted(LATER_SETTINGS))


class _Formatter:
    """Lays out one text."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._lines = source.text.split("\n")
        self._may_order = not self._has_anchors()
        self._next = 0
        """The first line that is not laid out yet."""

    def formatted(self) -> str:
        """Return the whole text."""
        root = self._source.root
        if root is None or root.flow_style or not root.value:
            return self._stripped()
        first = root.value[0][0].start_mark.line
        head, lead = self._head(self._lines[:first])
        lines = [*head, *self._mapping(root, 0, lead, _TOP_ORDER, len(self._lines))]
        return _joined([*lines, *self._comments(self._lines[self._next :], 0)])

    def _stripped(self) -> str:
        return _joined([line.rstrip() for line in self._lines])

    def _has_anchors(self) -> bool:
        """Tell whether there are anchors: then nothing may come before another."""
        waiting = [self._source.root] if self._source.root is not None else []
        while waiting:
            node = waiting.pop()
            if self._text[node.start_mark.index : node.start_mark.index + 1] == "&":
                return True
            if not isinstance(node, yaml.ScalarNode):
                for part in node.value:
                    waiting += part if isinstance(part, tuple) else (part,)
        return False

    # -- lines between entries -------------------------------------------------------------------

    def _head(self, lines: list[str]) -> tuple[list[str], list[str]]:
        """Return what stays at the top of the file, and what belongs to the first word."""
        marks = [n for n, line in enumerate(lines) if not line.strip() or line.startswith("---")]
        cut = marks[-1] + 1 if marks else 0
        return self._comments(lines[:cut], 0), lines[cut:]

    def _comments(self, lines: list[str], indent: int) -> list[str]:
        """Return comment and blank lines at a new place, never two blank ones."""
        found: list[str] = []
        for line in map(str.strip, lines):
            if line and not line.startswith("#") and line != "---":
                raise EditRefused(f"{line[:40]!r} stands where only comments can be kept")
            if line or not found or found[-1]:
                found.append(" " * indent + line if line and line != "---" else line)
        return found

    def _lead(self, lines: list[str], indent: int) -> list[str]:
        """Return the comments above the first entry, where no blank line is wanted."""
        found = self._comments(lines, indent)
        return found[1:] if found[:1] == [""] else found

    def _split(self, lines: list[str], column: int) -> tuple[list[str], list[str]]:
        """Return the comments that stand deeper than `column` at the beginning, and the rest."""
        cut = 0
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            if len(line) - len(line.lstrip()) <= column:
                break
            cut = number + 1
        return lines[:cut], lines[cut:]

    def _end_line(self, pair: tuple[Node, Node]) -> int:
        """Return the line where a pair ends."""
        key, value = pair
        end = key.end_mark.index if self._is_alias(pair) else self._source.end(value)
        return self._line(max(key.end_mark.index, end))

    def _is_alias(self, pair: tuple[Node, Node]) -> bool:
        key, value = pair
        return bool(value.start_mark.index < key.end_mark.index)

    # -- mappings --------------------------------------------------------------------------------

    def _mapping(
        self, node: Node, indent: int, lead: list[str], order: dict[str, int] | None, until: int
    ) -> list[str]:
        """Return the lines of a block mapping; `lead` are those above its first key.

        What comes after it begins at line `until`; the comments before that may be its own.
        """
        chunks: list[tuple[str, list[str]]] = []
        column, above = node.start_mark.column, self._lead(lead, indent)
        if self._text[node.start_mark.index] == "&":
            column = node.value[0][0].start_mark.column
        for number, pair in enumerate(node.value):
            is_last = number + 1 == len(node.value)
            end = until if is_last else node.value[number + 1][0].start_mark.line
            lines = self._pair(pair, indent, self._below(pair, order), end)
            tail, following = self._split(self._lines[self._next : end], column)
            self._next = self._next + len(tail) if is_last else end
            lines += self._comments(tail, indent + STEP)
            chunks.append((pair[0].value, [*above, *lines]))
            above = self._comments(following, indent)
        if order is not None and self._may_order:
            chunks.sort(key=lambda chunk: _rank(chunk[0], order))
        lines = [line for _, lines in chunks for line in lines]
        return lines[1:] if lines[0] == "" else lines

    def _below(self, pair: tuple[Node, Node], order: dict[str, int] | None) -> Any:
        """Return the order of the words in a value: a mapping of orders for jobs."""
        if order is _TOP_ORDER:
            word = pair[0].value
            orders = {"settings": _SETTINGS_ORDER, "defaults": _JOB_ORDER, "jobs": _JOBS}
            return orders.get(word)
        return _JOB_ORDER if order is _JOBS else None

    def _pair(self, pair: tuple[Node, Node], indent: int, order: Any, until: int) -> list[str]:
        key, value = pair
        self._next = self._end_line(pair) + 1
        begin = self._source.line_start(key.start_mark.index)
        if self._text[begin : key.start_mark.index].strip(" -"):
            raise EditRefused("a key is written with ? before it", self._by_hand(key))
        name = self._text[key.start_mark.index : key.end_mark.index]
        if "\n" in name:
            raise EditRefused("a key has several lines", self._by_hand(key))
        colon = self._source.after_colon(key)
        rest = self._text[colon : self._source.line_end(colon)].rstrip()
        head = " " * indent + name + ":"
        if self._is_alias(pair) or not self._text[colon : self._source.end(value)].strip():
            return [head + _spaced(rest)]
        if isinstance(value, yaml.ScalarNode) and value.style in ("|", ">"):
            return [head + _spaced(rest), *self._block(value, key.start_mark.column, indent)]
        if isinstance(value, yaml.ScalarNode) or value.flow_style:
            return self._inline(head, value, colon, indent)
        first = value.value[0][0] if isinstance(value, yaml.MappingNode) else value.value[0]
        lead = self._lines[key.start_mark.line + 1 : self._first_line(value, first)]
        if isinstance(value, yaml.MappingNode):
            below = self._mapping(value, indent + STEP, lead, order, until)
        else:
            below = self._sequence(value, indent + STEP, lead, order, until)
        return [head + _spaced(rest), *below]

    def _first_line(self, value: Node, first: Node) -> int:
        if isinstance(value, yaml.MappingNode):
            return int(first.start_mark.line)
        return self._line(self._dash(value, first))

    def _by_hand(self, node: Node) -> str:
        return f"format line {node.start_mark.line + 1} by hand"

    # -- values ----------------------------------------------------------------------------------

    def _inline(self, head: str, value: Node, colon: int, indent: int) -> list[str]:
        """Return a value that begins on the line of its key, moved there if need be."""
        start, end = value.start_mark.index, self._source.end(value)
        if not self._text[start:end].strip():  # nothing: what follows stays where it is
            return [head + _spaced(self._text[colon : self._source.line_end(colon)].rstrip())]
        if self._text[colon:start].strip():
            raise EditRefused("a comment stands between key and value", self._by_hand(value))
        rest = self._text[end : self._source.line_end(end)].rstrip()
        first, *more = self._text[start:end].split("\n")
        lines = [f"{head} {first.rstrip()}", *self._moved(more, indent + STEP)]
        lines[-1] += rest
        return lines

    def _moved(self, lines: list[str], indent: int) -> list[str]:
        """Return the further lines of a value, the nearest to the margin at `indent`."""
        full = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        shift = indent - min(full, default=0)
        moved = (" " * (len(line) - len(line.lstrip()) + shift) + line.strip() for line in lines)
        return [line.rstrip() for line in moved]

    def _block(self, value: Node, column: int, indent: int) -> list[str]:
        """Return the lines of a text in a block."""
        end = self._source.end(value)
        header = _HEADER.match(self._text, value.start_mark.index)
        lines = self._text[value.start_mark.index : end].split("\n")[1:]
        full = [line for line in lines if line.strip()]
        if header is None or not full:
            raise EditRefused("a block without a text", self._by_hand(value))
        digit = int(header[2]) if header[2] else 0
        base = column + digit if digit else len(full[0]) - len(full[0].lstrip(" "))
        margin = " " * (indent + (digit or STEP))
        return [margin + line[base:] if len(line) > base else "" for line in lines]

    # -- lists -----------------------------------------------------------------------------------

    def _sequence(
        self, node: Node, indent: int, lead: list[str], order: dict[str, int] | None, until: int
    ) -> list[str]:
        """Return the lines of a block list, as `_mapping` does."""
        lines = self._lead(lead, indent)
        below = _JOB_ORDER if order is _JOBS else None
        for number, item in enumerate(node.value):
            dash, is_last = self._dash(node, item), number + 1 == len(node.value)
            end = until if is_last else self._line(self._dash(node, node.value[number + 1]))
            self._next = self._line(max(dash, self._source.end(item))) + 1
            lines += self._item(item, dash, indent, below, end)
            tail, rest = self._split(self._lines[self._next : end], self._column(dash))
            self._next = self._next + len(tail) if is_last else end
            lines += self._comments(tail, indent + STEP)
            lines += [] if is_last else self._comments(rest, indent)
        return lines

    def _line(self, index: int) -> int:
        return self._text.count("\n", 0, index)

    def _item(
        self, item: Node, dash: int, indent: int, order: dict[str, int] | None, until: int
    ) -> list[str]:
        head = " " * indent + "-"
        if isinstance(item, yaml.MappingNode) and not item.flow_style:
            first = item.value[0][0].start_mark
            if self._text[dash + 1 : first.index].strip(" "):
                raise EditRefused("a list cannot be formatted", self._by_hand(item))
            lines = self._mapping(item, indent + STEP, [], order, until)
            return [head + lines[0][indent + 1 :], *lines[1:]]
        if isinstance(item, yaml.SequenceNode) and not item.flow_style:
            raise EditRefused("a list in a list cannot be formatted", self._by_hand(item))
        if isinstance(item, yaml.ScalarNode) and item.style in ("|", ">"):
            rest = self._text[dash + 1 : self._source.line_end(dash)].rstrip()
            return [head + _spaced(rest), *self._block(item, self._column(dash), indent)]
        return self._inline(head, item, dash + 1, indent)

    def _column(self, index: int) -> int:
        return index - self._source.line_start(index)

    def _dash(self, node: Node, item: Node) -> int:
        """Return the place of the dash before an item."""
        dash = self._text.rfind("-", node.start_mark.index, item.start_mark.index)
        is_dash = dash >= 0 and not self._text[dash + 1 : item.start_mark.index].strip()
        if not is_dash or self._text[self._source.line_start(dash) : dash].strip():
            raise EditRefused("a list cannot be formatted", self._by_hand(item))
        return dash


_JOBS: dict[str, int] = {"": 0}
"""The order of the jobs: as they are; those of each job's words lie below it."""


def _spaced(rest: str) -> str:
    """Return what follows a colon or a dash: one space, but comments where they are."""
    bare = rest.lstrip()
    return rest if bare.startswith("#") else f" {bare}" if bare else ""


def _joined(lines: list[str]) -> str:
    """Return lines as a text that ends with one line end, blank lines at its ends left out."""
    text = "\n".join(line.rstrip() if not line.strip() else line for line in lines)
    text = text.strip("\n")
    return text + "\n" if text else ""
