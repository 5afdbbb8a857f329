"""Reads values out of nodes; what is wrong is noted with its place and reading goes on."""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Set
from typing import Any, TypeAlias, TypeVar

import yaml

from cronterm.clock import Duration
from cronterm.config.crontab_line import crontab_hint
from cronterm.config.reader import (
    MOST_PROBLEMS,
    Node,
    is_ambiguous,
    plain_key,
    problem_at,
    scalar,
    short,
)
from cronterm.config.words import CALLED, CALLED_VALUES, home_of
from cronterm.errors import BadInput
from cronterm.model.problem import Problem
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.zone import check_zone

T = TypeVar("T")

Values: TypeAlias = dict[str, Any]
"""What was read, by word."""

SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
SIZES |= {"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
LONGEST_ARGUMENT = 128 << 10  # bytes: the kernel's MAX_ARG_STRLEN
LIKENESS = 0.65  # of 1; with less, a word of many is always near
LONGEST_HINT = 250
LARGEST_SIZE = 10**15
LARGEST_NUMBER = 1 << 63  # what every reader of JSON takes for a whole number

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([a-z]*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Bad(Exception):
    """A value that was noted as a problem; its word keeps its default."""


class Enough(Exception):
    """So many problems are noted that reading on helps nobody."""


class Reading:
    """The problems of one file, and how to read each kind of value."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.unknown_keys = 0
        self.texts: dict[str, str] = {}
        """Of each further file that was read, by its path; empty for one that could not be."""
        self.stand_ins: Mapping[str, str] = {}
        """Texts in place of such files, whatever the disk has."""

    def note(self, node: Node, path: str, message: str, hint: str = "") -> None:
        """Note a problem at a node. Raises `Enough` at the last one that is told."""
        self.problems.append(problem_at(node, self.file, message, hint, path))
        if len(self.problems) >= MOST_PROBLEMS:
            raise Enough

    def warn(self, node: Node, path: str, message: str, hint: str = "") -> None:
        """Note what a person should know although the file can be used."""
        if len(self.warnings) < MOST_PROBLEMS:
            self.warnings.append(problem_at(node, self.file, message, hint, path))

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

    def read_all(self, parts: Iterable[tuple[Node, str, Callable[[Node, str], T]]]) -> list[T]:
        """Read every part, so that all that is wrong is noted. Raises `Bad` if anything was."""
        values: list[T] = []
        is_bad = False
        for node, path, how in parts:
            try:
                values.append(how(node, path))
            except Bad:
                is_bad = True
        if is_bad:
            raise Bad
        return values

    def read_words(
        self,
        found: Mapping[str, tuple[Node, Node]],
        path: str,
        how: Mapping[str, Callable[[Node, str], Any]],
    ) -> Values:
        """Read what was found under each word. Raises `Bad` once all that is wrong is noted."""
        values = self.read_all(
            (node, f"{path}.{word}", how[word]) for word, (_, node) in found.items()
        )
        return dict(zip(found, values, strict=True))

    # -- shapes ----------------------------------------------------------------------------------

    def mapping(self, node: Node, path: str) -> dict[str, tuple[Node, Node]]:
        """Return {key: (key node, value node)}."""
        if not isinstance(node, yaml.MappingNode):
            hint = crontab_hint(node.value)
            raise self.bad(node, path, f"{noun_of(node)} where a mapping is expected", hint)
        return {plain_key(key): (key, value) for key, value in node.value}

    def words(
        self, node: Node, path: str, allowed: Iterable[str], later: Set[str] = frozenset()
    ) -> dict[str, tuple[Node, Node]]:
        """Return a mapping of known keys; others are noted and left out. `x-` is free.

        Words of `later` are told to be not built yet.
        """
        known = set(allowed)
        found = self.mapping(node, path)
        for word in [word for word in found if word not in known]:
            key, _ = found.pop(word)
            if not word.startswith("x-"):
                self.unknown_keys += 1
                message, hint = _unknown(word, known, later)
                self.note(key, f"{path}.{word}".lstrip("."), message, hint)
        return found

    def items(self, node: Node, path: str) -> list[Node]:
        """Return the items of a list."""
        if not isinstance(node, yaml.SequenceNode):
            is_one = isinstance(node, yaml.ScalarNode) and scalar(node) not in (None, "")
            hint = f"write [{node.value}]" if is_one else ""
            raise self.bad(node, path, f"{noun_of(node)} where a list is expected", short(hint))
        items: list[Node] = node.value
        return items

    # -- scalars ---------------------------------------------------------------------------------

    def text(self, node: Node, path: str) -> str:
        """Return a text; a number or truth value must be quoted to be one."""
        if not isinstance(node, yaml.ScalarNode):
            raise self.bad(node, path, f"{noun_of(node)} where a text is expected")
        value = scalar(node)
        if not isinstance(value, str):
            what = "nothing" if value is None else short(node.value)
            raise self.bad(node, path, f"{what} is not a text", "put it in quotes")
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
            raise self.bad(node, path, f"{noun_of(node)} where a text is expected")
        value = scalar(node)
        if value is None or isinstance(value, bool) or is_ambiguous(node):
            what = short(node.value) or "nothing"
            raise self.bad(node, path, f"{what} may be read two ways", "put it in quotes")
        return self.checked(node, path, str(node.value))

    def checked(self, node: Node, path: str, text: str, hint: str = "") -> str:
        """Return `text` if a process can be given it as an argument or a variable."""
        if "\0" in text:
            raise self.bad(node, path, "a text cannot contain NUL")
        if size_of(text) >= LONGEST_ARGUMENT:
            raise self.bad(node, path, "is longer than the kernel takes (128 KiB)", hint)
        return text

    def command(self, node: Node, path: str) -> str | tuple[str, ...]:
        """Return a text for a shell, or the words of a program and its arguments."""
        if isinstance(node, yaml.SequenceNode):
            words = self.list_of(self.loose_text)(node, path)
            if not words or not words[0]:
                raise self.bad(node, path, "the command is empty")
            return words
        text = self.text(node, path)
        if not text.strip():
            raise self.bad(node, path, "the command is empty")
        return self.checked(node, path, text, "put it into a script")

    def json_value(self, node: Node, path: str) -> Any:
        """Return any value that JSON carries: what a Python function is called with."""
        if isinstance(node, yaml.MappingNode):
            found = self.mapping(node, path)
            return {k: self.json_value(v, f"{path}.{k}") for k, (_, v) in found.items()}
        if isinstance(node, yaml.SequenceNode):
            return [self.json_value(item, f"{path}.{n}") for n, item in enumerate(node.value)]
        value = scalar(node)
        is_number = node.tag.endswith((":int", ":float"))
        is_whole = isinstance(value, int) and abs(value) < LARGEST_NUMBER
        if is_number and not (is_whole or (isinstance(value, float) and math.isfinite(value))):
            raise self.bad(node, path, f"{_shown(node)} is too large", "put it in quotes")
        return value

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
        if not isinstance(node, yaml.ScalarNode) or scalar(node) is None:
            raise self.bad(node, path, f"{noun_of(node)} where a duration is expected")
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
        size = int(float(found[1]) * SIZES[found[2].lower()])
        if size > LARGEST_SIZE:
            raise self.bad(node, path, f"{_shown(node)} is more than 1 PB")
        return size

    def zone(self, node: Node, path: str) -> str:
        """Return the name of a time zone."""
        try:
            return check_zone(self.text(node, path))
        except BadInput as error:
            raise self.bad(node, path, error.message, error.hint) from None

    def choice(self, *choices: str) -> Callable[[Node, str], Any]:
        """Return a reader of one of some words."""

        def read(node: Node, path: str) -> str:
            value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
            if isinstance(value, str) and value in choices:
                return value
            written = short(str(value)).lower()
            near = difflib.get_close_matches(CALLED_VALUES.get(written, written), choices, 1)
            hint = f"did you mean {near[0]}?" if near else ""
            raise self.bad(node, path, f"{_shown(node)} is not one of {', '.join(choices)}", hint)

        return read

    # -- lists -----------------------------------------------------------------------------------

    def list_of(self, how: Callable[[Node, str], T]) -> Callable[[Node, str], tuple[T, ...]]:
        """Return a reader of lists."""

        def read(node: Node, path: str) -> tuple[T, ...]:
            items = self.items(node, path)
            return tuple(self.read_all((item, f"{path}.{n}", how) for n, item in enumerate(items)))

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
                place = f"{path}.{number}"
                name, equals, value = self.text(item, place).partition("=")
                if not equals:
                    raise self.bad(item, place, f"{short(name)!r} is not NAME=value")
                self.check_name(item, place, name)
                found[name] = self.checked(item, place, value)
            return found
        for name, (key, value_node) in self.mapping(node, path).items():
            self.check_name(key, f"{path}.{name}", name)
            found[name] = self.loose_text(value_node, f"{path}.{name}")
        return found

    def check_name(self, node: Node, path: str, name: str) -> None:
        """Raise `Bad` for what cannot name a variable of a job."""
        if not _NAME.fullmatch(name):
            raise self.bad(node, path, f"{short(name)!r} is not the name of a variable")
        if name.startswith("CRONTERM_"):
            raise self.bad(node, path, f"{short(name)} is set by cronterm itself")


def size_of(text: str) -> int:
    """Return the bytes of a text as a process gets it, its closing NUL left out."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _unknown(word: str, known: set[str], later: Set[str]) -> tuple[str, str]:
    """Return (message, hint) for a key that is not known."""
    if word in later:
        return f"{word!r} is not built yet in this version", ""
    ours, note = CALLED.get(word, ("", ""))
    if ours in later:
        return f"{word!r} is called {ours}, which is not built yet in this version", ""
    message = f"unknown key {short(word)!r}"
    if ours in known:
        return message, f"it is called {ours} here" + (f": {note}" if note else "")
    if home := home_of(word):
        return message, f"it belongs {home}"
    near = difflib.get_close_matches(short(word), sorted(known), 1, LIKENESS)
    if near:
        return message, f"did you mean {near[0]}?"
    return message, f"known: {short(', '.join(sorted(known)), LONGEST_HINT)}"


def noun_of(node: Node) -> str:
    """Return what a node is, for a message: a mapping, a list, or what is written."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return _shown(node)


def _shown(node: Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        return noun_of(node)
    return repr(short(node.value)) if node.value else "nothing"
