"""The jobs file as JSON Schema: editors complete and check its words while they are typed."""

from typing import Any

from cronterm.config.kinds import Kinds
from cronterm.config.words import LATER_JOB, SETTINGS, TOP, WORDS
from cronterm.errors import CrontermError

Shape = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"  # what the YAML language server speaks
ID_PATTERN = "^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
FOREIGN = "an action that another package brings"
ACTIONS = ("command", "python", "http", "monitor")

TEXT: Shape = {"type": "string"}
LINE: Shape = {"type": "string", "pattern": "^[^\\n]*$"}
TRUTH: Shape = {"type": "boolean"}
VALUE: Shape = {"type": ["string", "number"]}
DURATION: Shape = {
    "type": ["string", "number"],
    "pattern": "^\\s*(?:\\d+(?:\\.\\d+)?\\s*[a-zA-Z]*\\s*)+$",
    "minimum": 0,
    "examples": ["90s", "5m", "1h30m", "2d"],
}
SIZE: Shape = {
    "type": ["string", "integer"],
    "pattern": "^\\s*\\d+(?:\\.\\d+)?\\s*(?:[kKmMgGtT]?[iI]?[bB])?\\s*$",
    "minimum": 0,
    "examples": ["10MB", "2GiB"],
}
SCHEDULE: Shape = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "object"},
        {"type": "array", "minItems": 1, "items": {"type": ["string", "object"]}},
    ],
    "examples": ["30 2 * * *", "@every 10m", "@manual", {"every": "10m", "from": "finish"}],
}


def integer(low: int, high: int | None = None) -> Shape:
    """Return the shape of a whole number."""
    return {"type": "integer", "minimum": low} | ({} if high is None else {"maximum": high})


def choice(*words: str) -> Shape:
    """Return the shape of one of some words."""
    return {"enum": list(words)}


def items(shape: Shape) -> Shape:
    """Return the shape of a list."""
    return {"type": "array", "items": shape}


def some(shape: Shape) -> Shape:
    """Return the shape of one value or a list of them."""
    return {"anyOf": [shape, items(shape)]}


def mapping(open_to: Shape | None = None, /, **words: Shape) -> Shape:
    """Return the shape of a mapping with these words, of any with `open_to`."""
    if open_to is not None:
        return {"type": "object", "additionalProperties": open_to}
    free: Shape = {"^x-": {}}
    return {
        "type": "object",
        "properties": words,
        "patternProperties": free,
        "additionalProperties": False,
    }


CODES = items(integer(0, 255))
IDS = some({"type": "string", "pattern": ID_PATTERN})
ENV: Shape = {"anyOf": [mapping(VALUE), items(TEXT)]}
OUTPUT = mapping(
    max_size=SIZE,
    keep=choice("head_tail", "head", "tail"),
    timestamps=TRUTH,
)
HISTORY = mapping(keep_runs=integer(1), keep_days=integer(1))
CATCH_UP = choice("skip", "latest", "all")
RETRY = mapping(
    attempts=integer(0, 1000),
    delay=DURATION,
    backoff={"type": "number", "minimum": 1, "maximum": 100},
    max_delay=DURATION,
    jitter={"type": "number", "minimum": 0, "maximum": 1},
    on=some(choice("failure", "timeout", "lost")),
    exit_codes=items(integer(1, 255)),
)
SUCCESS = mapping(
    exit_codes=items(integer(0, 255)),
    stdout_match=TEXT,
    output_reject=TEXT,
    stderr_empty=TRUTH,
    max_output=SIZE,
    min_duration=DURATION,
)
ENV_FILE: Shape = {"anyOf": [TEXT, mapping(path=TEXT, required=TRUTH)]}

JOB_SHAPES: dict[str, Shape] = {
    "description": LINE,
    "owner": LINE,
    "runbook": LINE,
    "tags": some(LINE),
    "group": LINE,
    "schedule": SCHEDULE,
    "timezone": {"type": "string", "examples": ["Europe/Berlin", "UTC"]},
    "jitter": DURATION,
    "jitter_mode": choice("stable", "random"),
    "command": {"anyOf": [TEXT, {"type": "array", "minItems": 1, "items": VALUE}]},
    "shell": some(LINE),
    "python": {"type": "string", "pattern": ":[A-Za-z_][\\w.]*$"},
    "args": {"type": "array"},
    "kwargs": {"type": "object"},
    "working_dir": LINE,
    "env": ENV,
    "env_file": some(ENV_FILE),
    "stdin": TEXT,
    "timeout": DURATION,
    "max_runtime": DURATION,
    "tolerance": DURATION,
    "stop_signal": TEXT,
    "stop_grace_period": DURATION,
    "retry": {"anyOf": [integer(0, 1000), RETRY]},
    "overlap": choice("skip", "queue", "replace", "allow"),
    "queue_limit": integer(1),
    "max_instances": integer(1),
    "catch_up": CATCH_UP,
    "catch_up_window": DURATION,
    "start_deadline": DURATION,
    "success": SUCCESS,
    "http": {"type": "object", "required": ["url"]},
    "skip_exit_codes": CODES,
    "output": OUTPUT,
    "history": HISTORY,
    "enabled": TRUTH,
    "priority": {"type": "integer"},
    "pool": LINE,
    "max_runs": integer(1),
    "kill_leftovers": TRUTH,
    "shutdown_runs": choice("keep", "stop"),
    "on_success": IDS,
    "on_failure": IDS,
    "on_complete": IDS,
    "depends_window": DURATION,
    "depends_wait": DURATION,
    "cooldown": DURATION,
}
"""What the value of a word looks like; a word that is not here takes anything."""

SETTINGS_SHAPES: dict[str, Shape] = {
    "timezone": JOB_SHAPES["timezone"],
    "max_running": integer(1, 100_000),
    "startup_delay": DURATION,
    "shutdown_grace": DURATION,
    "start_grace": DURATION,
    "catch_up": CATCH_UP,
    "history": HISTORY,
    "output": OUTPUT,
    "watch": mapping(poll_interval=DURATION),
}

TOP_WORDS: dict[str, str] = {
    "version": "of the form of this file: 1",
    "include": "other files, read before this one; their defaults stay inside them",
    "settings": "of the engine, and defaults of all jobs",
    "defaults": "words of each job in this file; env and tags add up",
    "jobs": "the jobs, by name",
}


def jobs_schema() -> Shape:
    """Return the schema of a jobs file."""
    job = _described(WORDS, JOB_SHAPES)
    default = mapping(**{word: each for word, each in job.items() if word not in ACTIONS})
    job |= {kind: {"description": FOREIGN} for kind in Kinds((*WORDS, *LATER_JOB)).names()}
    named = {**job, **{word: {"type": "string", "pattern": ID_PATTERN} for word in ("name", "id")}}
    jobs: Shape = {
        "anyOf": [
            {
                "type": "object",
                "propertyNames": {"pattern": ID_PATTERN},
                "additionalProperties": {"$ref": "#/definitions/job"},
            },
            {"type": "array", "items": {"$ref": "#/definitions/named_job"}},
            {"type": "null"},
        ]
    }
    settings = mapping(**_described(SETTINGS, SETTINGS_SHAPES))
    shapes: dict[str, Shape] = {
        "version": {"const": 1},
        "include": some(LINE),
        "settings": {"anyOf": [settings, {"type": "null"}]},
        "defaults": {"anyOf": [{"$ref": "#/definitions/defaults"}, {"type": "null"}]},
        "jobs": jobs,
    }
    top = _described({word: TOP_WORDS.get(word, "") for word in TOP}, shapes)
    return {
        "$schema": DRAFT,
        "title": "A jobs file of cronterm",
        **mapping(**top),
        "definitions": {
            "job": mapping(**job),
            "named_job": mapping(**named, job_id=named["id"]),
            "defaults": default,
        },
    }


def _described(words: dict[str, str], shapes: dict[str, Shape]) -> dict[str, Shape]:
    return {
        word: ({"description": about} if about else {}) | shapes.get(word, {})
        for word, about in words.items()
    }


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
        here = None if here is None else _below(here, step)
    if here is None:
        raise CrontermError(f"there is no {path} in a jobs file", "try jobs, settings or retry")
    return here


def _below(shape: Shape, step: str) -> Shape | None:
    if step in shape.get("properties", {}):
        found: Shape = shape["properties"][step]
        return found
    below = (_below(each, step) for each in shape.get("anyOf", ()))
    return next((each for each in below if each is not None), None)
