"""JSON jobs of other systems, read as they are: their words become ours, with their own units."""

import re
from typing import Any

import yaml

from cronterm.clock import MINUTE
from cronterm.config.fields import Bad, Reading
from cronterm.config.reader import Node, plain_key, scalar, short
from cronterm.schedule.duration import format_duration

ID = "job_id"
COMMAND_TASK = "execute_command"

_MAP, _TEXT = "tag:yaml.org,2002:map", "tag:yaml.org,2002:str"
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2})?")
_MINUTES = ("tolerance", "max_runtime")


def is_seed(root: Node) -> bool:
    """Tell whether a JSON document is a job of another system, or a list of them."""
    if isinstance(root, yaml.SequenceNode):
        return bool(root.value) and all(_names_a_job(item) for item in root.value)
    return _names_a_job(root)


def _names_a_job(node: Node) -> bool:
    return isinstance(node, yaml.MappingNode) and any(key.value == ID for key, _ in node.value)


def read_seed(reading: Reading, root: Node) -> Node:
    """Return the `jobs` node that says in our words what the document says in its own."""
    items = root.value if isinstance(root, yaml.SequenceNode) else [root]
    jobs = []
    for item in items:
        try:
            jobs.append(_job(reading, item))
        except Bad:
            continue
    return yaml.MappingNode(_MAP, jobs, root.start_mark, root.end_mark)


def _job(reading: Reading, node: Node) -> tuple[Node, Node]:
    """Return (id, words) of one object. A command makes it a job, without one it is a monitor."""
    words = {plain_key(key): (key, value) for key, value in node.value}
    _, named = words.pop(ID)
    reading.line(named, ID)
    is_check = words.pop("is_health_check", None)
    pairs = []
    for word, (key, value) in words.items():
        if word == "task":
            pairs.append(_command(reading, value))
        elif word == "schedule":
            pairs.append((key, _schedule(value) if "task" in words else value))
        elif word in _MINUTES:
            pairs.append((key, _minutes(reading, value, word)))
        elif not (word == "description" and scalar(value) is None):
            pairs.append((key, value))
    if not words.keys() & {"task", "command", "python", "http", "monitor"}:
        is_heartbeat = is_check is not None and reading.truth(is_check[1], "is_health_check")
        kind = _as(is_check[1] if is_check else node, "heartbeat" if is_heartbeat else "true")
        if not is_heartbeat:
            kind = yaml.ScalarNode("tag:yaml.org,2002:bool", "true", node.start_mark, node.end_mark)
        pairs.append((_as(node, "monitor"), kind))
    return _as(named, named.value), yaml.MappingNode(_MAP, pairs, node.start_mark, node.end_mark)


def _as(node: Node, text: str) -> Node:
    """Return a quoted text in the place of `node`."""
    return yaml.ScalarNode(_TEXT, text, node.start_mark, node.end_mark, '"')


def _command(reading: Reading, node: Node) -> tuple[Node, Node]:
    found = reading.words(node, "task", ["type", "command"])
    if "type" not in found or "command" not in found:
        raise reading.bad(node, "task", "a task has a type and a command")
    kind = reading.line(found["type"][1], "task.type")
    if kind != COMMAND_TASK:
        message = f"there is no task type {short(kind)!r}"
        raise reading.bad(found["type"][1], "task.type", message, f"write {COMMAND_TASK}")
    return found["command"]


def _schedule(node: Node) -> Node:
    """Return the schedule; a time without an offset is UTC, in these files only."""
    value: Any = scalar(node) if isinstance(node, yaml.ScalarNode) else None
    if isinstance(value, str) and _STAMP.fullmatch(value.strip()):
        return _as(node, f"{value.strip()}Z")
    return node


def _minutes(reading: Reading, node: Node, word: str) -> Node:
    """Return a duration; a bare number is minutes, in these files only."""
    value: Any = scalar(node) if isinstance(node, yaml.ScalarNode) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise reading.bad(node, word, f"{word} is a number of minutes")
    if not 0 <= value <= 1_000_000:
        raise reading.bad(node, word, f"{value:g} is not between 0 and 1,000,000 minutes")
    return _as(node, format_duration(round(value * MINUTE)))
