"""The jobs file as JSON Schema: editors complete and check its words while they are typed.

It is made from the words of `words.py` and their shapes in `shapes.py`: each word has one there.
"""

from typing import Any

from cronterm.config.job import ACTION_WORDS
from cronterm.config.kinds import Kinds
from cronterm.config.shape import ID, NOTHING, Shape, either, mapping, told
from cronterm.config.shapes import JOB_SHAPES, SETTINGS_SHAPES, TOP_SHAPES
from cronterm.config.words import LATER_JOB, SETTINGS, TOP, WORDS
from cronterm.errors import CrontermError

DRAFT = "http://json-schema.org/draft-07/schema#"  # what the YAML language server speaks
FOREIGN = "an action that another package brings"
_HERE = "#/definitions/"
NEVER_EMPTY = ("version", "include")


def jobs_schema() -> Shape:
    """Return the schema of a jobs file."""
    words = {word: told(about, JOB_SHAPES.get(word, {})) for word, about in WORDS.items()}
    job = {word: {"$ref": f"{_HERE}word_{word}"} for word in words}
    foreign = {kind: told(FOREIGN, {}) for kind in Kinds((*WORDS, *LATER_JOB)).names()}
    defaults = {word: shape for word, shape in job.items() if word not in ACTION_WORDS}
    settings = {word: told(about, SETTINGS_SHAPES[word]) for word, about in SETTINGS.items()}
    return {
        "$schema": DRAFT,
        "title": "A jobs file of cronterm",
        **mapping(**{word: _top(word) for word in TOP}),
        "definitions": {
            "settings": mapping(**settings),
            "defaults": mapping(**defaults),
            "job": mapping(**job, **foreign),
            "named_job": mapping(**job, **foreign, name=ID, id=ID, job_id=ID),
            **{f"word_{word}": shape for word, shape in words.items()},
        },
    }


def _top(word: str) -> Shape:
    about, shape = TOP_SHAPES[word]
    return told(about, shape if word in NEVER_EMPTY else either(shape, NOTHING))


def part(schema: Shape, path: str) -> Shape:
    """Return the part of the schema that a path means: `settings.output`, `jobs`, `retry`.

    It stands alone, with what it refers to written out. Raises `CrontermError` where there is none.
    """
    steps = [step for step in path.split(".") if step]
    if not steps:
        return schema
    here: Shape | None = schema
    if steps[0] == "jobs":
        steps, here = steps[2:], schema["definitions"]["job"]
    elif steps[0] not in schema["properties"]:
        here = schema["definitions"]["job"]
    for step in steps:
        here = None if here is None else _below(schema, here, step)
    if here is None:
        raise CrontermError(f"there is no {path} in a jobs file", "try jobs, settings or retry")
    found: Shape = _alone(schema, here)
    return found


def _named(schema: Shape, shape: Shape) -> Shape:
    """Return what a reference means, or the shape itself."""
    if "$ref" not in shape:
        return shape
    found: Shape = schema["definitions"][shape["$ref"].removeprefix(_HERE)]
    return found


def _alone(schema: Shape, value: Any) -> Any:
    if isinstance(value, list):
        return [_alone(schema, each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: _alone(schema, each) for key, each in _named(schema, value).items()}


def _below(schema: Shape, shape: Shape, step: str) -> Shape | None:
    """Return what stands below a shape: a word of it, or what any name of its author means."""
    shape = _named(schema, shape)
    if step in shape.get("properties", {}):
        found: Shape = shape["properties"][step]
        return found
    inside = [*shape.get("anyOf", ()), *([shape["items"]] if "items" in shape else [])]
    below = (_below(schema, each, step) for each in inside)
    first = next((each for each in below if each is not None), None)
    if first is None and isinstance(shape.get("additionalProperties"), dict):
        return dict(shape["additionalProperties"])
    return first
