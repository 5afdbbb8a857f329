"""JSON text to the same nodes as YAML's, with line and column; strictly what RFC 8259 allows."""

import json
import re
from typing import Any

import yaml

from cronterm.config.reader import (
    BOM,
    DEEPEST,
    LONGEST_MESSAGE,
    Node,
    Refused,
    Room,
    short,
)
from cronterm.model.problem import Problem

_TAG = "tag:yaml.org,2002:"
_SPACE = re.compile(r"[ \t\n\r]*")
_TEXT = re.compile(  # possessive: no memory is kept for a way back
    r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?(?![0-9A-Za-z.+-])")
_WORDS = {"true": "bool", "false": "bool", "null": "null"}
_WORD = re.compile(r"true\b|false\b|null\b")
_SCALAR: Any = yaml.ScalarNode
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Mark:
    """A place, smaller than PyYAML's: a large file has hundreds of thousands."""

    __slots__ = ("column", "index", "line")

    def __init__(self, index: int, line: int, column: int) -> None:
        self.index = index
        self.line = line
        self.column = column


def compose_json(text: str, file: str, room: Room | None = None) -> Node | None:
    """Return the root node, None for an empty text. Raises `Refused` for what is not JSON."""
    text = text.removeprefix(BOM)
    if not text.strip(" \t\r\n"):
        return None
    return _Composer(text, file, room or Room()).compose()


class _Composer:
    def __init__(self, text: str, file: str, room: Room) -> None:
        self._text = text
        self._file = file
        self._at = 0
        self._room = room
        self._marked = self._line = self._line_start = 0

    def compose(self) -> Node:
        """Return the one value of the text."""
        node = self._value(1)
        if self._next():
            raise self._refused("one value is expected, and here another begins")
        return node

    def _next(self) -> str:
        """Return the character after white space, empty at the end."""
        sign = self._text[self._at : self._at + 1]
        if sign and sign not in " \t\n\r":
            return sign
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        return self._text[self._at : self._at + 1]

    def _mark(self) -> _Mark:
        """Return the place where reading is now; it only moves on."""
        lines = self._text.count("\n", self._marked, self._at)
        if lines:
            self._line += lines
            self._line_start = self._text.rfind("\n", self._marked, self._at) + 1
        self._marked = self._at
        return _Mark(self._at, self._line, self._at - self._line_start)

    def _refused(self, message: str, hint: str = "") -> Refused:
        mark = self._mark()
        message = short(f"is not JSON: {message}", LONGEST_MESSAGE)
        line, column = mark.line + 1, mark.column + 1
        problem = Problem(file=self._file, line=line, column=column, message=message, hint=hint)
        return Refused(problem)

    def _value(self, depth: int) -> Node:
        sign = self._next()
        self._room.taken += 1
        if depth > DEEPEST:
            raise self._refused("it is nested too deeply")
        if self._room.is_full:
            raise self._refused(f"it {self._room.message}")
        if sign == "{":
            return self._mapping(depth)
        if sign == "[":
            return self._list(depth)
        return self._scalar(sign)

    def _mapping(self, depth: int) -> Node:
        begin = self._mark()
        pairs: list[tuple[Node, Node]] = []
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return self._collection(yaml.MappingNode, "map", pairs, begin)
        while True:
            if self._next() != '"':
                raise self._refused("a key in double quotes is expected", _hint(self._rest()))
            key = self._value(depth + 1)
            if self._next() != ":":
                raise self._refused("a : is expected after a key")
            self._at += 1
            pairs.append((key, self._value(depth + 1)))
            if self._ends("}", begin):
                return self._collection(yaml.MappingNode, "map", pairs, begin)

    def _list(self, depth: int) -> Node:
        begin = self._mark()
        items: list[Node] = []
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return self._collection(yaml.SequenceNode, "seq", items, begin)
        while True:
            items.append(self._value(depth + 1))
            if self._ends("]", begin):
                return self._collection(yaml.SequenceNode, "seq", items, begin)

    def _ends(self, close: str, begin: _Mark) -> bool:
        """Take a comma, or what closes; tell whether it closed."""
        sign = self._next()
        if sign not in (",", close) or not sign:
            hint = f"what is open begins in line {begin.line + 1}"
            raise self._refused(f"a comma or {close} is expected", hint)
        self._at += 1
        if sign == "," and self._next() == close:
            raise self._refused(f"after a comma another value is expected, not {close}")
        return sign == close

    def _collection(self, kind: Any, tag: str, parts: list[Any], begin: _Mark) -> Node:
        node: Node = kind(_TAG + tag, parts, begin, begin, True)
        return node

    def _scalar(self, sign: str) -> Node:
        begin, style = self._mark(), None
        if sign == '"':
            tag, value, style = "str", self._string(), '"'
        elif found := _NUMBER.match(self._text, self._at):
            tag, value = "float" if found[1] or found[2] else "int", found[0]
            self._at = found.end()
        elif found := _WORD.match(self._text, self._at):
            tag, value = _WORDS[found[0]], found[0]
            self._at = found.end()
        elif not sign:
            raise self._refused("the text ends too early")
        else:
            raise self._refused(f"{short(self._rest(), 20)!r} is no value", _hint(self._rest()))
        node: Node = _SCALAR(_TAG + tag, value, begin, begin, style)
        return node

    def _string(self) -> str:
        found = _TEXT.match(self._text, self._at)
        if found is None:
            raise self._refused(
                "this text does not end, or has a line break or an escape that JSON has not",
                'a line break is written \\n, a backslash \\\\, a quote \\"',
            )
        text = found[0][1:-1]
        if "\\" in text:
            text = json.loads(found[0])
        if _SURROGATE.search(text):
            raise self._refused("half of a surrogate pair")
        self._at = found.end()
        return text

    def _rest(self) -> str:
        return self._text[self._at : self._at + 40].split("\n", 1)[0].split(",", 1)[0].strip()


def _hint(rest: str) -> str:
    if rest.startswith(("//", "#", "/*")):
        return "JSON has no comments: write YAML, or drop it"
    if rest.startswith("'"):
        return "JSON has double quotes only"
    return "a text stands in double quotes" if rest[:1].isalpha() else ""
