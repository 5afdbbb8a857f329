"""One job: its words over the defaults, to a complete definition."""

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cronterm.clock import DAY
from cronterm.config.fields import LONGEST_ARGUMENT, Bad, Reading
from cronterm.config.reader import Node, plain, problem_at
from cronterm.config.words import WORDS
from cronterm.errors import BadInput
from cronterm.model.job import Action, Job, Keep, PythonCall, Retry, Shell
from cronterm.schedule.parse import BadSchedule, parse
from cronterm.schedule.zone import check_zone

MOST = 1_000_000

_TARGET = re.compile(r"(?:[A-Za-z_][\w.]*|[^:\0]+\.py):[A-Za-z_][\w.]*")
_ACTION_WORDS = ("command", "python")

Values = dict[str, Any]


@dataclass
class Context:
    """What a file gives each of its jobs."""

    reading: Reading
    path: Path
    timezone: str
    base: Values = field(default_factory=dict)
    """From `settings` and `defaults`."""


def read_words(context: Context, node: Node, path: str, *, is_default: bool = False) -> Values:
    """Return the values of a job's own words; what is wrong is noted and left out."""
    reading = context.reading
    values: Values = {}
    try:
        found = reading.words(node, path, WORDS)
    except Bad:
        return values
    readers = _readers(context)
    for word, (key, value) in found.items():
        if is_default and word in _ACTION_WORDS:
            reading.note(key, f"{path}.{word}", f"{word!r} cannot be a default")
            continue
        try:
            values[word] = readers[word](value, f"{path}.{word}")
        except Bad:
            values[word] = None
    return values


def _readers(context: Context) -> dict[str, Callable[[Node, str], Any]]:
    r = context.reading
    codes = r.list_of(r.integer(0, 255))
    return {
        "description": r.line,
        "tags": r.one_or_list(r.line),
        "group": r.line,
        "schedule": lambda node, path: node,  # read once the zone is known
        "timezone": lambda node, path: _zone(r, node, path),
        "jitter": r.duration,
        "command": lambda node, path: _command(r, node, path),
        "shell": lambda node, path: _shell(r, node, path),
        "python": lambda node, path: _target(r, node, path),
        "args": lambda node, path: tuple(plain(item) for item in r.items(node, path)),
        "kwargs": lambda node, path: {
            name: plain(value) for name, (_, value) in r.mapping(node, path).items()
        },
        "working_dir": r.line,
        "env": r.environment,
        "env_file": r.one_or_list(r.line),
        "stdin": r.text,
        "timeout": r.some_duration,
        "stop_signal": lambda node, path: _signal(r, node, path),
        "stop_grace_period": r.duration,
        "retry": lambda node, path: _retry(r, node, path),
        "overlap": r.choice("skip", "queue", "replace", "allow"),
        "queue_limit": r.integer(1, MOST),
        "max_instances": r.integer(1, MOST),
        "catch_up": r.choice("skip", "latest", "all"),
        "catch_up_window": r.duration,
        "start_deadline": r.some_duration,
        "success": lambda node, path: _one_word(r, node, path, "exit_codes", codes),
        "skip_exit_codes": codes,
        "output": lambda node, path: read_output_words(r, node, path),
        "history": lambda node, path: read_history(r, node, path),
        "enabled": r.truth,
    }


def _one_word(r: Reading, node: Node, path: str, word: str, how: Callable[[Node, str], Any]) -> Any:
    found = r.words(node, path, [word])
    if word not in found:
        raise r.bad(node, path, f"{word} is missing")
    return how(found[word][1], f"{path}.{word}")


def read_output_words(r: Reading, node: Node, path: str) -> int:
    """Return `output.max_size` in bytes."""
    size: int = _one_word(r, node, path, "max_size", r.size)
    if size < 1000:
        raise r.bad(node, path, "max_size is at least 1KB")
    return size


def read_history(r: Reading, node: Node, path: str) -> Values:
    """Return what `history` says: runs, age."""
    values: Values = {}
    for word, (_, value) in r.words(node, path, ["keep_runs", "keep_days"]).items():
        number = r.integer(1, MOST)(value, f"{path}.{word}")
        values |= {"runs": number} if word == "keep_runs" else {"age": min(number, 36_500) * DAY}
    return values


def _zone(r: Reading, node: Node, path: str) -> str:
    try:
        return check_zone(r.text(node, path))
    except BadInput as error:
        raise r.bad(node, path, error.message, error.hint) from None


def _command(r: Reading, node: Node, path: str) -> str | tuple[str, ...]:
    if isinstance(node, yaml.SequenceNode):
        words = r.list_of(r.loose_text)(node, path)
        if not words or not words[0]:
            raise r.bad(node, path, "the command is empty")
        return words
    text = r.text(node, path)
    if not text.strip():
        raise r.bad(node, path, "the command is empty")
    if len(text.encode("utf-8", "surrogatepass")) >= LONGEST_ARGUMENT:
        raise r.bad(node, path, "is longer than the kernel takes (128 KiB)", "put it into a script")
    return text


def _shell(r: Reading, node: Node, path: str) -> tuple[str, ...]:
    words = r.one_or_list(r.line)(node, path)
    if not words or not words[0]:
        raise r.bad(node, path, "the shell is empty")
    return (*words, "-c") if isinstance(node, yaml.ScalarNode) else words


def _target(r: Reading, node: Node, path: str) -> str:
    target = r.line(node, path)
    if not _TARGET.fullmatch(target):
        raise r.bad(node, path, f"{target!r} names no function", "pkg.mod:func or file.py:func")
    return target


def _signal(r: Reading, node: Node, path: str) -> str:
    name = r.line(node, path).upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signal.Signals.__members__ or name in ("SIGSTOP", "SIGCONT", "SIGCHLD"):
        raise r.bad(
            node, path, f"{name} does not end a process", "SIGTERM, SIGINT, SIGHUP, SIGKILL"
        )
    return name


def _retry(r: Reading, node: Node, path: str) -> Retry:
    if isinstance(node, yaml.ScalarNode):
        return Retry(attempts=r.integer(0, 1000)(node, path))
    readers: dict[str, Callable[[Node, str], Any]] = {
        "attempts": r.integer(0, 1000),
        "delay": r.duration,
        "backoff": r.number(1, 100),
        "max_delay": r.duration,
        "jitter": r.number(0, 1),
        "on": r.one_or_list(r.choice("failure", "timeout", "lost")),
        "exit_codes": r.list_of(r.integer(1, 255)),
    }
    values = {
        word: readers[word](value, f"{path}.{word}")
        for word, (_, value) in r.words(node, path, readers).items()
    }
    return Retry(**{"attempts": 3} | values)


def build_job(context: Context, job_id: str, key: Node, node: Node) -> Job | None:
    """Return the definition of one job, or None after noting what is wrong."""
    reading, path = context.reading, f"jobs.{job_id}"
    problems = len(reading.problems)
    own = read_words(context, node, path)
    values = merge(context.base, own)
    timezone = values.get("timezone") or context.timezone
    specs, text = _schedule(context, values.get("schedule"), path, timezone, job_id)
    action = _action(reading, values, own, key, path)
    if len(reading.problems) > problems or action is None:
        return None
    directory = context.path.parent
    history = values.get("history") or {}
    kept = {word: values[word] for word in _SAME if values.get(word) is not None}
    return Job(
        id=job_id,
        source=str(context.path),
        line=key.start_mark.line + 1,
        directory=str(directory),
        schedule=specs,
        schedule_text=text,
        timezone=timezone,
        action=action,
        working_dir=_place(directory, values.get("working_dir") or "."),
        env=values.get("env") or {},
        env_files=tuple(_place(directory, name) for name in values.get("env_file") or ()),
        success_exit_codes=values.get("success") or (0,),
        output_max_size=values.get("output") or 10_000_000,
        keep=Keep(**history),
        **kept,
    )


_SAME = [
    "description",
    "tags",
    "group",
    "jitter",
    "stdin",
    "timeout",
    "stop_signal",
    "stop_grace_period",
    "retry",
    "overlap",
    "queue_limit",
    "max_instances",
    "catch_up",
    "catch_up_window",
    "start_deadline",
    "skip_exit_codes",
    "enabled",
]


def merge(base: Values, own: Values) -> Values:
    """Lay a job's words over the defaults: env and tags add up, the rest replaces."""
    values = base | own
    if base.get("env") and own.get("env"):
        values["env"] = base["env"] | own["env"]
    if base.get("tags") and own.get("tags"):
        values["tags"] = tuple(dict.fromkeys((*base["tags"], *own["tags"])))
    if base.get("history") and own.get("history"):
        values["history"] = base["history"] | own["history"]
    return values


def _schedule(
    context: Context, node: Node | None, path: str, timezone: str, job_id: str
) -> tuple[Any, str]:
    if node is None:
        return (), "@manual"
    try:
        parsed = parse(plain(node), timezone=timezone, job_id=job_id)
    except BadSchedule as error:
        place = _follow(node, error.path)
        where = ".".join(map(str, ("schedule", *error.path)))
        problem = problem_at(
            place, context.reading.file, error.message, error.hint, f"{path}.{where}"
        )
        context.reading.problems.append(problem)
        return (), ""
    return parsed.specs, parsed.text


def _follow(node: Node, path: tuple[str | int, ...]) -> Node:
    """Return the node that `path` leads to, or the last one on the way."""
    for step in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = [pair for pair in node.value if pair[0].value == step]
            if not found:
                return node
            node = found[0][1]
    return node


def _action(r: Reading, values: Values, own: Values, key: Node, path: str) -> Action | None:
    given = [word for word in _ACTION_WORDS if word in own]
    if len(given) != 1:
        message = "command and python exclude each other" if given else "there is nothing to run"
        r.note(key, path, message, "" if given else "add a command")
        return None
    if values.get(given[0]) is None:
        return None
    if given[0] == "python":
        return PythonCall(
            values["python"], tuple(values.get("args") or ()), values.get("kwargs") or {}
        )
    for word in ("args", "kwargs"):
        if word in own:
            r.note(key, f"{path}.{word}", f"{word} goes with python, not with command")
    return Shell(values["command"], tuple(values.get("shell") or ("/bin/sh", "-c")))


def _place(directory: Path, name: str) -> str:
    """Return an absolute path; relative to the jobs file's directory, `~` is the home."""
    return os.path.normpath(directory / Path(name).expanduser())
