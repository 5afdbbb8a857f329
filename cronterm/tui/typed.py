"""Words of a job as they are typed into a field, and as they stand in jobs.yaml."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from cronterm.config.notation import inline
from cronterm.config.reader import Refused, compose, plain
from cronterm.config.shapes import JOB_SHAPES

LISTS_OF_TEXT = ("tags", "exclude", "only", "env_file", "notify")
"""Words that are a text or a list of them: commas part what is typed."""
PAIRS = ("env", "kwargs")
"""Mappings that are typed like in a shell."""
TEXTS = ("stdin", "working_dir", "umask", "renamed_from")
"""Whatever is typed, it is the text."""

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def as_text(word: str, value: Any) -> str:
    """Return the value of a word as it is typed."""
    is_list = isinstance(value, list) and (len(value) > 1 or word == "tags")
    if word in LISTS_OF_TEXT and is_list and all(map(_is_simple, value)):
        return ", ".join(value)
    is_pairs = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if word in PAIRS and is_pairs:
        return " ".join(f"{key}={shlex.quote(item)}" for key, item in value.items())
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float) or value is None:
        return json.dumps(value)
    return inline(value, is_in_flow=True)


def _is_simple(item: Any) -> bool:
    return isinstance(item, str) and bool(item) and not set(item) & set(",[]{}")


def as_value(word: str, typed: str) -> Any:
    """Return what is typed as the value it means; what means nothing is the text as it is."""
    kinds = set(_kinds(JOB_SHAPES[word]))
    if word in TEXTS:
        return typed
    if typed.startswith(("[", "{")) and kinds & {"array", "object"}:
        return literal(typed)
    if kinds & {"integer", "number"} and _NUMBER.fullmatch(typed):
        return literal(typed)
    if "boolean" in kinds and typed in ("true", "false"):
        return typed == "true"
    if word in LISTS_OF_TEXT and ("," in typed or word == "tags"):
        return [item.strip() for item in typed.split(",") if item.strip()]
    if word in PAIRS:
        value = pairs(typed)
        return typed if isinstance(value, list) and word != "env" else value
    if "string" in kinds:
        return typed
    if "array" in kinds and not (word == "depends_on" and ":" in typed):
        return literal(f"[{typed}]")
    return literal(f"{{{typed}}}") if "object" in kinds else typed


def _kinds(shape: Mapping[str, Any]) -> Iterator[str]:
    """Yield the kinds of JSON values that a shape allows."""
    for each in shape.get("anyOf", [shape]):
        if each is not shape:
            yield from _kinds(each)
            continue
        kind = shape.get("type", "string")
        yield from kind if isinstance(kind, list) else (kind,)
        if True in shape.get("enum", ()):
            yield "boolean"


def pairs(typed: str) -> Any:
    """Return what `A=1 B='of two'` says, the list where something has no value.

    A text that says nothing such is itself.
    """
    try:
        words = shlex.split(typed)
    except ValueError:
        return typed
    if not all("=" in word for word in words):
        return words  # a list of NAME=value, and what is none is told
    return dict(word.partition("=")[::2] for word in words)


def literal(typed: str) -> Any:
    """Return what a text means in a jobs file; one that cannot be read there is itself."""
    try:
        return read_yaml(typed)
    except Refused:
        return typed


def read_yaml(text: str) -> Any:
    """Return what a text says by the rules of jobs files. Raises `Refused`."""
    root = compose(text, "what is typed")
    return None if root is None else plain(root)
