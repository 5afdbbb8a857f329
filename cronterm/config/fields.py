"""Reads values out of nodes; what is wrong is noted with its place and reading goes on."""

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import yaml

from cronterm.clock import Duration
from cronterm.config.reader import Node, is_ambiguous, plain_key, problem_at, scalar
from cronterm.config.words import CALLED, NOT_BUILT
from cronterm.errors import BadInput
from cronterm.model.problem import Problem
from cronterm.schedule.duration import parse_duration

T = TypeVar("T")

SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
SIZES |= {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
LONGEST_ARGUMENT = 128 << 10  # bytes: the kernel's MAX_ARG_STRLEN

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Bad(Exception):
    """A value that was noted as a problem; its word keeps its default."""


class Reading:
    """The problems of one file, and how to read each kind of value."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def note(self, node: Node, path: str, message: str, hint: str = "") -> None:
        """Note a problem at a node."""
        self.problems.append(problem_at(node, self.file, message, hint, path))

    def bad(self, node: Node, path: str, message: str, hint: str = "") -> Bad:
        """Note a problem and return what to raise."""
        self.note(node, path, message, hint)
        return Bad()

    def read(self, node: Node, path: str, how: Callable[[Node, str], T], default: T) -> T:
        """Read a value, or note what is wrong and return `default`."""
        try:
            return how(node, path)
        except Bad:
            return default

    # -- shapes ----------------------------------------------------------------------------------

    def mapping(self, node: Node, path: str) -> dict[str, tuple[Node, Node]]:
        """Return {key: (key node, value node)}."""
        if not isinstance(node, yaml.MappingNode):
            raise self.bad(node, path, f"{_what(node)} where a mapping is expected")
        return {plain_key(key): (key, value) for key, value in node.value}

    def words(self, node: Node, path: str, allowed: Iterable[str]) -> dict[str, tuple[Node, Node]]:
        """Return a mapping of known keys; others are noted and left out. `x-` is free."""
        known = set(allowed)
        found = self.mapping(node, path)
        for word in [word for word in found if word not in known]:
            key, _ = found.pop(word)
            if not word.startswith("x-"):
                self._unknown(key, f"{path}.{word}".lstrip("."), word, known)
        return found

    def _unknown(self, key: Node, path: str, word: str, known: set[str]) -> None:
        if word in NOT_BUILT:
            self.note(key, path, f"{word!r} is not built yet in this version")
        elif word in CALLED and CALLED[word].split()[0].rstrip(":") in known:
            self.note(key, path, f"unknown key {word!r}", f"it is called {CALLED[word]} here")
        else:
            near = difflib.get_close_matches(word, sorted(known), 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            self.note(key, path, f"unknown key {_short(word)!r}", hint)

    def items(self, node: Node, path: str) -> list[Node]:
        """Return the items of a list."""
        if not isinstance(node, yaml.SequenceNode):
            raise self.bad(node, path, f"{_what(node)} where a list is expected")
        items: list[Node] = node.value
        return items

    # -- scalars ---------------------------------------------------------------------------------

    def text(self, node: Node, path: str) -> str:
        """Return a text; a number or truth value must be quoted to be one."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.bad(node, path, f"{_what(node)} where a text is expected")
        value = scalar(node)
        if not isinstance(value, str):
            raise self.bad(
                node, path, f"{node.value or 'nothing'} is not a text", "put it in quotes"
            )
        if "\0" in value:
            raise self.bad(node, path, "a text cannot contain NUL")
        return value

    def line(self, node: Node, path: str) -> str:
        """Return a text of one line."""
        value = self.text(node, path)
        if "\n" in value.strip():
            raise self.bad(node, path, "must be one line")
        return value.strip()

    def loose_text(self, node: Node, path: str) -> str:
        """Return a text, a number as it is written: for environment values."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.bad(node, path, f"{_what(node)} where a text is expected")
        value = scalar(node)
        if value is None or isinstance(value, bool) or is_ambiguous(node):
            shown = node.value or "nothing"
            raise self.bad(node, path, f"{shown} may be read two ways", "put it in quotes")
        written = str(node.value)
        if "\0" in written:
            raise self.bad(node, path, "a text cannot contain NUL")
        if len(written.encode("utf-8", "surrogatepass")) >= LONGEST_ARGUMENT:
            raise self.bad(node, path, "is longer than the kernel takes (128 KiB)")
        return written

    def integer(self, low: int, high: int) -> Callable[[Node, str], int]:
        """Return a reader of whole numbers from `low` to `high`."""

        def read(node: Node, path: str) -> int:
            value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
            if isinstance(value, bool) or not isinstance(value, int):
                hint = "write it without a leading zero" if is_ambiguous(node) else ""
                raise self.bad(node, path, f"{_shown(node)} is not a whole number", hint)
            if not low <= value <= high:
                raise self.bad(node, path, f"{value} is not between {low} and {high}")
            return value

        return read

    def number(self, low: float, high: float) -> Callable[[Node, str], float]:
        """Return a reader of numbers from `low` to `high`."""

        def read(node: Node, path: str) -> float:
            value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise self.bad(node, path, f"{_shown(node)} is not a number")
            if not low <= value <= high:
                raise self.bad(node, path, f"{value:g} is not between {low:g} and {high:g}")
            return float(value)

        return read

    def truth(self, node: Node, path: str) -> bool:
        """Return true or false."""
        value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(value, bool):
            raise self.bad(
                node, path, f"{_shown(node)} is not true or false", "write true or false"
            )
        return value

    def duration(self, node: Node, path: str) -> Duration:
        """Return a duration in microseconds; a bare number is seconds."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.bad(node, path, f"{_what(node)} where a duration is expected")
        try:
            return parse_duration(scalar(node))
        except BadInput as error:
            raise self.bad(node, path, error.message, error.hint) from None

    def some_duration(self, node: Node, path: str) -> Duration:
        """Return a duration longer than nothing."""
        duration = self.duration(node, path)
        if not duration:
            raise self.bad(node, path, "must be longer than 0s")
        return duration

    def size(self, node: Node, path: str) -> int:
        """Return a size in bytes: `10MB`, `2GiB`, bare is bytes."""
        written = node.value if isinstance(node, yaml.ScalarNode) else ""
        found = _SIZE.fullmatch(str(written).strip())
        if found is None or found[2].lower() not in SIZES:
            raise self.bad(
                node, path, f"{_shown(node)} is not a size", "write it like 10MB or 2GiB"
            )
        return int(float(found[1]) * SIZES[found[2].lower()])

    def choice(self, *choices: str) -> Callable[[Node, str], Any]:
        """Return a reader of one of some words."""

        def read(node: Node, path: str) -> str:
            value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
            if isinstance(value, str) and value in choices:
                return value
            near = difflib.get_close_matches(str(value), choices, 1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise self.bad(node, path, f"{_shown(node)} is not one of {', '.join(choices)}", hint)

        return read

    # -- lists -----------------------------------------------------------------------------------

    def list_of(self, how: Callable[[Node, str], T]) -> Callable[[Node, str], tuple[T, ...]]:
        """Return a reader of lists."""

        def read(node: Node, path: str) -> tuple[T, ...]:
            items = self.items(node, path)
            return tuple(how(item, f"{path}.{n}") for n, item in enumerate(items))

        return read

    def one_or_list(self, how: Callable[[Node, str], T]) -> Callable[[Node, str], tuple[T, ...]]:
        """Return a reader of one value or a list of them."""

        def read(node: Node, path: str) -> tuple[T, ...]:
            if isinstance(node, yaml.SequenceNode):
                return self.list_of(how)(node, path)
            return (how(node, path),)

        return read

    def environment(self, node: Node, path: str) -> dict[str, str]:
        """Return variables from a mapping or a list of NAME=value."""
        found: dict[str, str] = {}
        if isinstance(node, yaml.SequenceNode):
            for number, item in enumerate(node.value):
                name, equals, value = self.text(item, f"{path}.{number}").partition("=")
                if not equals:
                    raise self.bad(item, f"{path}.{number}", f"{_short(name)!r} is not NAME=value")
                self._check_name(item, f"{path}.{number}", name)
                found[name] = value
            return found
        for name, (key, value_node) in self.mapping(node, path).items():
            self._check_name(key, f"{path}.{name}", name)
            found[name] = self.loose_text(value_node, f"{path}.{name}")
        return found

    def _check_name(self, node: Node, path: str, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise self.bad(node, path, f"{_short(name)!r} is not the name of a variable")
        if name.startswith("CRONTERM_"):
            raise self.bad(node, path, f"{_short(name)} is set by cronterm itself")


def _what(node: Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return _shown(node)


def _shown(node: Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return _what(node)
    return repr(_short(node.value)) if node.value else "nothing"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
