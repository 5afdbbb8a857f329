"""Reads YAML and JSON of other systems by the rules of PyYAML: theirs are not as strict."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from cronterm.errors import BadInput
from cronterm.moving.base import Unreadable


@dataclass(frozen=True)
class Document:
    """One document of a text."""

    line: int
    """Its first, from 1."""
    content: Any
    node: yaml.Node

    def lines(self, key: str) -> list[int]:
        """Return the line of each item of the list below `key`, from 1."""
        pairs = self.node.value if isinstance(self.node, yaml.MappingNode) else []
        items = next((value for name, value in pairs if name.value == key), None)
        if not isinstance(items, yaml.SequenceNode):
            return []
        return [item.start_mark.line + 1 for item in items.value]


def documents(text: str, name: str) -> list[Document]:
    """Return each document. Raises `BadInput` with the line."""
    found = []
    try:
        for node in yaml.compose_all(text, Loader=yaml.SafeLoader):
            loader = yaml.SafeLoader("")
            try:
                content = loader.construct_document(node)
            finally:
                loader.dispose()
            if content is not None:
                found.append(Document(node.start_mark.line + 1, content, node))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadInput(f"{name}:{line}: {error.problem or 'is no YAML'}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"{name}: is no YAML: {str(error).splitlines()[0]}") from None
    return found


def needed(given: dict[str, Any], key: str) -> Any:
    """Return a value that must be there. Raises `Unreadable`."""
    value = given.get(key)
    if value in (None, "", [], {}):
        raise Unreadable(f"it has no {key}")
    return value


def chosen(words: dict[str, str], given: dict[str, Any], key: str, usual: str) -> str:
    """Return what a value among a few is called here. Raises `Unreadable`."""
    value = str(given.get(key, usual))
    if value not in words:
        raise Unreadable(f"{key} is {value!r}", f"it can be {', '.join(words)}")
    return words[value]


def as_map(value: Any) -> dict[str, Any]:
    """Return a mapping, an empty one for anything else."""
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list, one of a single value for anything else but nothing."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def seconds(value: Any) -> str:
    """Return a number of seconds as a duration; a text stays."""
    return f"{value:g}s" if isinstance(value, int | float) else str(value)


def left_out(given: dict[str, Any], known: Iterable[str], where: str = "") -> list[str]:
    """Return a remark for each word of `given` that nobody read."""
    names = sorted(set(given) - set(known))
    return [f"{where}{name} is not kept" for name in names]
