"""YAML text to nodes with line and column; everything that YAML may mean twice is refused."""

import gc
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cronterm.model.problem import Problem

LARGEST_FILE = 32 << 20
DEEPEST = 50
MOST_BRACKETS = 500  # open at once, before the parser is tried: it recurses

Node = yaml.Node

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
HAS_LIBYAML = _BASE is not yaml.SafeLoader

_BOOL = re.compile(r"true|false")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(
    r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
)
_TAG = "tag:yaml.org,2002:"
_KNOWN_TAGS = {_TAG + kind for kind in ("str", "int", "float", "bool", "null", "map", "seq")}
_AMBIGUOUS = re.compile(
    r"(?i:yes|no|on|off|y|n)|0[0-9]+|0[xob][0-9a-f]+|[0-9]+(?::[0-9]{1,2})+|TRUE|True|FALSE|False"
)


class Loader(_BASE):  # type: ignore[misc]  # chosen at run time
    """YAML 1.2's core words only: `no` is a text, `1:30` is a text, `0755` is a text."""

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:
        """Return the tag of a node."""
        if kind is not yaml.ScalarNode:
            return _TAG + ("map" if kind is yaml.MappingNode else "seq")
        if not implicit[0] or value is None:
            return _TAG + "str"
        if value in ("", "~", "null"):
            return _TAG + "null"
        if _BOOL.fullmatch(value):
            return _TAG + "bool"
        if value[0] in "-+.0123456789":
            if _INT.fullmatch(value):
                return _TAG + "int"
            if _FLOAT.fullmatch(value):
                return _TAG + "float"
        return _TAG + "str"

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Do nothing: there are no path resolvers."""

    def ascend_resolver(self) -> None:
        """Do nothing: there are no path resolvers."""


class Refused(Exception):
    """The file as a whole cannot be used; carries its one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_file(path: Path) -> tuple[str, str]:
    """Return (text, sha256). Raises `Refused`: missing, not a file, too large, not UTF-8."""

    def refuse(message: str, hint: str = "") -> Refused:
        return Refused(Problem(file=str(path), message=message, hint=hint))

    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror}") from None
    about = os.fstat(file)
    if not stat.S_ISREG(about.st_mode):
        os.close(file)
        raise refuse("is not a regular file")
    with os.fdopen(file, "rb") as opened:
        if about.st_size > LARGEST_FILE:
            raise refuse(f"is larger than {LARGEST_FILE >> 20} MiB", "put jobs into several files")
        raw = opened.read(LARGEST_FILE + 1)
    digest = hashlib.sha256(raw).hexdigest()
    try:
        return raw.decode("utf-8-sig"), digest
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise Refused(
            Problem(file=str(path), line=line, column=column, message="is not UTF-8")
        ) from None


def writable_by_others(path: Path) -> bool:
    """Tell whether somebody else may change the file or its directory's names (cron(8)'s rule)."""
    try:
        about, place = path.stat(), path.parent.stat()
    except OSError:
        return False
    is_foreign = about.st_uid not in (0, os.geteuid())
    is_sticky = bool(place.st_mode & stat.S_ISVTX)
    is_open_place = bool(place.st_mode & stat.S_IWOTH) and not is_sticky
    return is_foreign or bool(about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)) or is_open_place


def compose(text: str, file: str) -> Node | None:
    """Return the root node, None for an empty text. Raises `Refused` for what is not YAML."""
    _check_brackets(text, file)
    gc_was_on = gc.isenabled()
    gc.disable()  # half the time of a large file goes into collecting nodes that stay
    try:
        root: Node | None = yaml.compose(text, Loader)
    except yaml.MarkedYAMLError as error:
        raise Refused(_explained(error, text, file)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = getattr(error, "reason", None) or "it is nested too deeply"
        raise Refused(Problem(file=file, message=f"is not YAML: {reason}")) from None
    finally:
        if gc_was_on:
            gc.enable()
    return root


def _check_brackets(text: str, file: str) -> None:
    """Refuse what would make the parser recurse for seconds."""
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        depth += line.count("[") + line.count("{") - line.count("]") - line.count("}")
        indent = len(line) - len(line.lstrip(" "))
        dashes = line.lstrip(" ")[: 2 * DEEPEST + 2].count("- ")
        if max(depth, line.count("["), line.count("{")) > MOST_BRACKETS or indent > 2000:
            raise Refused(Problem(file=file, line=number, column=1, message="is nested too deeply"))
        if dashes > DEEPEST:
            raise Refused(Problem(file=file, line=number, column=1, message="is nested too deeply"))


def _explained(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    message = (error.problem or "is not understood").replace("\n", " ")
    if mark is None:
        return Problem(file=file, message=f"is not YAML: {message}")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    hint = ""
    if re.search(r":\s+[*@%]", line) or "alias" in message:
        hint = 'put the value in quotes: "*/5 * * * *"'
    elif "\t" in line[: len(line) - len(line.lstrip())]:
        hint = "indent with spaces, not with tabs"
    elif re.search(r":\s+[^\"'\s][^\"']*: ", line):
        hint = "a text with `: ` in it needs quotes"
    return Problem(
        file=file,
        line=mark.line + 1,
        column=mark.column + 1,
        message=f"is not YAML: {message}",
        hint=hint,
    )


def check_tree(root: Node, file: str) -> list[Problem]:
    """Return what is wrong with the tree itself: tags, aliases, merges, double keys, depth."""
    problems: list[Problem] = []
    seen: set[int] = set()
    waiting: list[tuple[Node, int]] = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        if id(node) in seen:
            message = "aliases are not built yet in this version"
            problems.append(problem_at(node, file, message, "write the value again"))
            continue
        seen.add(id(node))
        if node.tag not in _KNOWN_TAGS:
            problems.append(problem_at(node, file, f"tag {node.tag!r} is not allowed", ""))
        if depth > DEEPEST:
            problems.append(problem_at(node, file, "is nested too deeply", ""))
            return problems
        if isinstance(node, yaml.MappingNode):
            problems += _check_keys(node, file)
            waiting += [(value, depth + 1) for _, value in reversed(node.value)]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(value, depth + 1) for value in reversed(node.value)]
    return problems


def _check_keys(node: yaml.MappingNode, file: str) -> Iterator[Problem]:
    first: dict[str, Node] = {}
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            yield problem_at(key, file, "a key is a text", "")
            continue
        if key.value == "<<" and not key.style:
            message = "merge keys are not built yet in this version"
            yield problem_at(key, file, message, "write the keys out, or use defaults")
        elif key.value in first:
            line = first[key.value].start_mark.line + 1
            yield problem_at(key, file, f"{key.value!r} stands twice, first in line {line}", "")
        else:
            first[key.value] = key


def problem_at(node: Node, file: str, message: str, hint: str, path: str = "") -> Problem:
    """Return a problem at the place of a node."""
    mark = node.start_mark
    return Problem(
        file=file, line=mark.line + 1, column=mark.column + 1, path=path, message=message, hint=hint
    )


def plain(node: Node) -> Any:
    """Return the value of a node."""
    if isinstance(node, yaml.MappingNode):
        return {plain_key(key): plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [plain(value) for value in node.value]
    return scalar(node)


def plain_key(node: Node) -> str:
    """Return a key as it is written."""
    return str(node.value)


def scalar(node: Node) -> Any:
    """Return the value of a scalar node: text, int, float, bool or None."""
    kind, value = node.tag.removeprefix(_TAG), node.value
    match kind:
        case "int":
            # Python refuses to convert more than 4,300 digits; such a number is a text to us.
            return int(value) if len(value) < 1000 else value
        case "float":
            return float(value)
        case "bool":
            return value == "true"
        case "null":
            return None
        case _:
            return value


def is_ambiguous(node: Node) -> bool:
    """Tell whether other YAML readers take this unquoted text for a number or a truth value."""
    return (
        isinstance(node, yaml.ScalarNode)
        and not node.style
        and _AMBIGUOUS.fullmatch(node.value) is not None
    )
