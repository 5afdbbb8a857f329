"""The shapes of values, in the words of JSON Schema."""

from typing import Any

Shape = dict[str, Any]

ID_PATTERN = "^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
VARIABLE_PATTERN = "^(?!CRONTERM_)[A-Za-z_][A-Za-z0-9_]*$"


def integer(low: int, high: int | None = None) -> Shape:
    """Return the shape of a whole number."""
    return {"type": "integer", "minimum": low} | ({} if high is None else {"maximum": high})


def number(low: float, high: float) -> Shape:
    """Return the shape of a number."""
    return {"type": "number", "minimum": low, "maximum": high}


def choice(*words: str) -> Shape:
    """Return the shape of one of some words."""
    return {"enum": list(words)}


def items(shape: Shape, *, least: int = 0) -> Shape:
    """Return the shape of a list."""
    return {"type": "array", "items": shape} | ({"minItems": least} if least else {})


def some(shape: Shape) -> Shape:
    """Return the shape of one value or a list of them."""
    return either(shape, items(shape))


def either(*shapes: Shape) -> Shape:
    """Return the shape of what has one of several shapes."""
    return {"anyOf": list(shapes)}


def named(shape: Shape, pattern: str) -> Shape:
    """Return the shape of a mapping whose keys are names of the file's author."""
    free: Shape = {"^x-": {}}
    return {
        "type": "object",
        "propertyNames": {"pattern": pattern},
        "patternProperties": free,
        "additionalProperties": shape,
    }


def mapping(*required: str, **words: Shape) -> Shape:
    """Return the shape of a mapping with these words; `x-` is free."""
    free: Shape = {"^x-": {}}
    return {
        "type": "object",
        "properties": words,
        "patternProperties": free,
        "additionalProperties": False,
    } | ({"required": list(required)} if required else {})


def told(about: str, shape: Shape) -> Shape:
    """Return a shape with a description."""
    return {"description": about} | shape


# -- values --------------------------------------------------------------------------------------

TEXT: Shape = {"type": "string"}
LINE: Shape = {"type": "string", "pattern": "^[^\\n]*\\n?$"}
TRUTH: Shape = {"type": "boolean"}
VALUE: Shape = {"type": ["string", "number"]}
SCALAR: Shape = {"type": ["string", "number", "boolean", "null"]}
NOTHING: Shape = {"type": "null"}
ID: Shape = {"type": "string", "pattern": ID_PATTERN}
ZONE: Shape = {"type": "string", "examples": ["Europe/Berlin", "UTC"]}
MOMENT: Shape = {
    "type": "string",
    "pattern": "^\\s*\\d{4}-\\d{2}-\\d{2}",
    "examples": ["2026-09-20T02:00:00Z", "2026-09-20T02:00:00"],
}
DURATION: Shape = {
    "type": ["string", "number"],
    "pattern": "^\\s*(?:\\d+(?:\\.\\d+)?|(?:\\d+(?:\\.\\d+)?\\s*(?:ms|[wdhms])\\s*)+)\\s*$",
    "minimum": 0,
    "examples": ["90s", "5m", "1h30m", "2d"],
}
SIZE: Shape = {
    "type": ["string", "number"],
    "pattern": "^\\s*\\d+(?:\\.\\d+)?\\s*(?:[kKmMgGtT]?[iI]?[bB])?\\s*$",
    "minimum": 0,
    "examples": ["10MB", "2GiB"],
}
ROOM: Shape = {
    "type": ["string", "number"],
    "pattern": "^\\s*\\d+(?:\\.\\d+)?\\s*(?:%|[kKmMgGtT]?[iI]?[bB])?\\s*$",
    "minimum": 0,
    "examples": ["10%", "10GB"],
}
PERCENT: Shape = {"type": ["string", "number"], "minimum": 0, "maximum": 100, "examples": [90]}
COMMAND = either(TEXT, items(VALUE, least=1))
