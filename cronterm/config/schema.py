"""The jobs file as JSON Schema: editors complete and check its words while they are typed.

It is made from the words of `words.py` and their shapes in `shapes.py`: each word has one there.
"""

from collections.abc import Mapping

from cronterm.config.job import ACTION_WORDS
from cronterm.config.kinds import Kinds
from cronterm.config.shapes import (
    ID,
    JOB_SHAPES,
    NOTHING,
    SETTINGS_SHAPES,
    TOP_SHAPES,
    Shape,
    either,
    mapping,
    told,
)
from cronterm.config.words import LATER_JOB, SETTINGS, TOP, WORDS
from cronterm.errors import CrontermError

DRAFT = "http://json-schema.org/draft-07/schema#"  # what the YAML language server speaks
FOREIGN = "an action that another package brings"
NEVER_EMPTY = ("version", "include")


def jobs_schema() -> Shape:
    """Return the schema of a jobs file."""
    words = _described(WORDS, JOB_SHAPES)
    job = words | {kind: told(FOREIGN, {}) for kind in Kinds((*WORDS, *LATER_JOB)).names()}
    defaults = {word: shape for word, shape in words.items() if word not in ACTION_WORDS}
    return {
        "$schema": DRAFT,
        "title": "A jobs file of cronterm",
        **mapping(**{word: _top(word) for word in TOP}),
        "definitions": {
            "settings": mapping(**_described(SETTINGS, SETTINGS_SHAPES)),
            "defaults": mapping(**defaults),
            "job": mapping(**job),
            "named_job": mapping(**job, name=ID, id=ID, job_id=ID),
        },
    }


def _described(words: Mapping[str, str], shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    return {word: told(about, shapes.get(word, {})) for word, about in words.items()}


def _top(word: str) -> Shape:
    about, shape = TOP_SHAPES.get(word, ("", {}))
    return told(about, shape if word in NEVER_EMPTY else either(shape, NOTHING))


def part(schema: Shape, path: str) -> Shape:
    """Return the part of the schema that a path means: `settings.output`, `jobs`, `retry`.

    Raises `CrontermError` where there is none.
    """
    steps = [step for step in path.split(".") if step]
    here: Shape | None = schema
    if steps[:1] == ["jobs"]:
        steps, here = steps[2:], schema["definitions"]["job"]
    elif steps and steps[0] not in schema["properties"]:
        here = schema["definitions"]["job"]
    for step in steps:
        here = None if here is None else _below(schema, here, step)
    if here is None:
        raise CrontermError(f"there is no {path} in a jobs file", "try jobs, settings or retry")
    return here


def _below(schema: Shape, shape: Shape, step: str) -> Shape | None:
    """Return what stands below a shape: a word of it, or what any name of its author means."""
    if "$ref" in shape:
        shape = schema["definitions"][shape["$ref"].rpartition("/")[2]]
    if step in shape.get("properties", {}):
        found: Shape = shape["properties"][step]
        return found
    below = (_below(schema, each, step) for each in (*shape.get("anyOf", ()), *_inside(shape)))
    first = next((each for each in below if each is not None), None)
    if first is None and isinstance(shape.get("additionalProperties"), dict):
        return dict(shape["additionalProperties"])
    return first


def _inside(shape: Shape) -> list[Shape]:
    """Return the shape of the items of a list."""
    inside = shape.get("items")
    return [inside] if inside else []
