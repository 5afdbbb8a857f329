"""Checks of the node tree itself: tags, double keys, aliases within bounds; merge keys laid out."""

from typing import Any

import yaml

from cronterm.config.reader import (
    BOM,
    DEEPEST,
    MOST_PROBLEMS,
    MOST_VALUES,
    Node,
    Room,
    problem_at,
    short,
)
from cronterm.model.problem import Problem

LARGEST_ALIAS = 1_000  # values: defaults of a job with room to spare, no bomb
MERGE = "<<"
TOO_LARGE = f"has more than {MOST_VALUES:,} values with its aliases written out"


def check_tree(root: Node, text: str, file: str, room: Room | None = None) -> list[Problem]:
    """Return what is wrong with the tree itself: tags, double keys, aliases that grow.

    Ends after `MOST_PROBLEMS`: a file of rubbish has millions. What aliases stand for takes `room`.
    """
    text = text.removeprefix(BOM)
    problems: list[Problem] = []
    anchors: dict[int, Node] = {}
    waiting: list[Node] = [root]
    values = 0
    while waiting and len(problems) < MOST_PROBLEMS:
        node = waiting.pop()
        values += 1
        if values > MOST_VALUES or (len(node.value) > MOST_VALUES and not _is_scalar(node)):
            problems.append(problem_at(root, file, TOO_LARGE))
            break
        begin = node.start_mark.index
        # A node's text begins with its tag or anchor: nothing unquoted begins with these.
        sign = text[begin : begin + 1]
        if sign in ("&", "!") and sign:
            if begin in anchors:  # an alias carries the marks of its anchor
                continue
            anchors[begin] = node
            if sign == "!" or _has_tag(text, begin):
                hint = "leave it out, or quote the text"
                problems.append(problem_at(node, file, "tags are not allowed", hint))
        if _is_scalar(node):
            continue
        if isinstance(node, yaml.MappingNode):
            problems += _check_keys(node, file)
            waiting += [part for pair in reversed(node.value) for part in reversed(pair)]
        else:
            waiting += reversed(node.value)
    if anchors and not problems:
        problems += _Aliases(file).check(root, room or Room())
    return problems


def _is_scalar(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode)


def _has_tag(text: str, begin: int) -> bool:
    """Tell whether a tag follows the anchor that begins here."""
    words = text[begin : begin + 200].split(None, 1)
    return len(words) > 1 and words[1].startswith("!")


def _check_keys(node: yaml.MappingNode, file: str) -> list[Problem]:
    found: list[Problem] = []
    first: dict[str, Node] = {}
    for key, value in node.value:
        if len(found) >= MOST_PROBLEMS:
            break
        if not isinstance(key, yaml.ScalarNode):
            found.append(problem_at(key, file, "a key is a text"))
        elif key.value in first:
            line = first[key.value].start_mark.line + 1
            message = f"{short(key.value)!r} stands twice, first in line {line}"
            found.append(problem_at(key, file, message))
        else:
            first[key.value] = key
            if is_merge(key) and not _may_merge(value):
                message = "<< takes a mapping, or a list of mappings"
                found.append(problem_at(key, file, message, "write <<: *name"))
    return found


def is_merge(key: Any) -> bool:
    """Tell whether a key is YAML's merge key."""
    return bool(key.value == MERGE and not key.style)


def _may_merge(value: Node) -> bool:
    if isinstance(value, yaml.SequenceNode):
        return all(isinstance(each, yaml.MappingNode) for each in value.value)
    return isinstance(value, yaml.MappingNode)


class _Aliases:
    """Measures what the tree is with each alias written out.

    An alias stands behind its anchor: depth first, the anchor is measured before, or not closed.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._measured: dict[int, tuple[int, int] | None] = {}
        self._problems: list[Problem] = []

    def check(self, root: Node, room: Room) -> list[Problem]:
        """Return the aliases that are too large or stand inside their own anchor."""
        room.taken, _ = self._measure(root)
        if not self._problems and room.is_full:
            self._note(root, f"{room.message}, with its aliases written out")
        return self._problems

    def _measure(self, node: Node) -> tuple[int, int]:
        """Return (values, depth) below and with a node."""
        if isinstance(node, yaml.ScalarNode) or len(self._problems) >= MOST_PROBLEMS:
            return 1, 1
        if id(node) in self._measured:
            return self._again(node)
        self._measured[id(node)] = None
        values, depth = 1, 0
        for part in node.value:
            for each in part if isinstance(part, tuple) else (part,):
                below, levels = self._measure(each)
                values, depth = values + below, max(depth, levels)
        self._measured[id(node)] = values, depth + 1
        if depth + 1 > DEEPEST:
            self._note(node, "is nested too deeply with its aliases written out")
            self._measured[id(node)] = values, 1
        return values, depth + 1

    def _again(self, node: Node) -> tuple[int, int]:
        measured = self._measured[id(node)]
        if measured is None:
            self._note(node, "stands inside itself", "an alias cannot be part of its own anchor")
            return 1, 1
        if measured[0] > LARGEST_ALIAS:
            message = f"is repeated by an alias and has more than {LARGEST_ALIAS:,} values"
            self._note(node, message, "use defaults, or write it again")
            self._measured[id(node)] = 1, 1  # told once
        return measured

    def _note(self, node: Node, message: str, hint: str = "") -> None:
        self._problems.append(problem_at(node, self._file, message, hint))


def lay_out_merges(root: Node) -> None:
    """Replace each `<<` by the pairs that it merges; a mapping's own keys win, then the first.

    `root` has passed `check_tree`. Nothing happens to a file without merge keys.
    """
    done: set[int] = set()

    def lay_out(node: Node) -> None:
        if isinstance(node, yaml.ScalarNode) or id(node) in done:
            return
        done.add(id(node))
        for part in node.value:
            for each in part if isinstance(part, tuple) else (part,):
                lay_out(each)
        if isinstance(node, yaml.MappingNode) and any(is_merge(key) for key, _ in node.value):
            node.value = _merged(node)

    lay_out(root)


def _merged(node: yaml.MappingNode) -> list[tuple[Node, Node]]:
    pairs = [(key, value) for key, value in node.value if not is_merge(key)]
    known = {key.value for key, _ in pairs}
    for key, value in node.value:
        if not is_merge(key):
            continue
        for mapping in value.value if isinstance(value, yaml.SequenceNode) else (value,):
            for pair in mapping.value:
                if pair[0].value not in known:
                    known.add(pair[0].value)
                    pairs.append(pair)
    return pairs
