"""One job: its words over the defaults, to a complete definition."""

import json
import os
import re
import signal
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from cronterm.clock import DAY
from cronterm.config import events, gates, identity, monitor, notify, success
from cronterm.config.calendars import calendar_readers, read_limits, warn_of_idle
from cronterm.config.fields import Bad, Reading, Values, size_of
from cronterm.config.http import read_http
from cronterm.config.kinds import Kinds
from cronterm.config.places import expand
from cronterm.config.reader import Node, follow, plain, plain_key, scalar, short
from cronterm.config.words import LATER_JOB, WORDS
from cronterm.model.action import Custom, HttpRequest, Monitor
from cronterm.model.job import Action, Job, Keep, PythonCall, Retry, Shell
from cronterm.schedule.base import ManualSpec
from cronterm.schedule.parse import BadSchedule, parse

MOST = 1_000_000
LONGEST_ARGUMENTS = 2 << 20  # bytes in all: a quarter of the usual stack limit, execve(2)

_TARGET = re.compile(r"(?:[A-Za-z_][\w.]*|[^:\0]+\.py):[A-Za-z_][\w.]*")
ACTION_WORDS = ("command", "python", "http", "monitor")
_GO_WITH = {"shell": "command", "args": "python", "kwargs": "python"}


@dataclass
class Context:
    """What a file gives each of its jobs."""

    reading: Reading
    path: Path
    timezone: str
    base: Values = field(default_factory=dict)
    """From `settings` and `defaults`."""
    uid: int = 0
    """Of the engine."""
    references: list[gates.Reference] = field(default_factory=list)
    """Names of jobs and pools, to be looked up when all are known."""
    told: list[notify.ToldName] = field(default_factory=list)
    """Names of notifiers and policies, likewise."""
    calendars: Collection[str] = ()
    """Names of the calendars that there are."""

    @cached_property
    def readers(self) -> dict[str, Callable[[Node, str], Any]]:
        """How each word of a job is read."""
        return _readers(self)

    @cached_property
    def kinds(self) -> Kinds:
        """The actions that other packages bring."""
        return Kinds((*WORDS, *LATER_JOB))


def read_words(context: Context, node: Node, path: str, *, is_default: bool = False) -> Values:
    """Return the values of a job's own words; what is wrong is noted and left out."""
    reading = context.reading
    values: Values = {}
    try:
        found = reading.words(node, path, _known(context, node), LATER_JOB)
    except Bad:
        return values
    for word, (key, value) in found.items():
        if is_default and (word in ACTION_WORDS or word not in WORDS):
            reading.note(key, f"{path}.{word}", f"{word!r} cannot be a default")
            continue
        if word not in WORDS:
            values[word] = value  # a kind of another package reads it once the job is known
            continue
        try:
            values[word] = context.readers[word](value, f"{path}.{word}")
        except Bad:
            values[word] = None
    return values


def _known(context: Context, node: Node) -> Collection[str]:
    """Return the words a job may have; those of other packages are looked for when needed."""
    keys = (
        {plain_key(key) for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
    )
    if all(key in LATER_JOB or key.startswith("x-") for key in keys - WORDS.keys()):
        return WORDS
    return (*WORDS, *context.kinds.names())


def _readers(context: Context) -> dict[str, Callable[[Node, str], Any]]:
    r = context.reading
    codes = r.list_of(r.integer(0, 255))

    def place(node: Node, path: str) -> str:
        return read_place(r, node, path, context.path.parent)

    return {
        **dict.fromkeys(("description", "owner", "runbook", "group"), r.line),
        "tags": r.one_or_list(r.line),
        "schedule": lambda node, path: node,  # read once the zone is known
        "timezone": r.zone,
        "jitter": r.duration,
        "command": r.command,
        "shell": lambda node, path: _shell(r, node, path),
        "python": lambda node, path: _target(r, node, path),
        "args": lambda node, path: tuple(_arguments(r, node, path, r.items)),
        "kwargs": lambda node, path: _arguments(r, node, path, r.mapping),
        "working_dir": lambda node, path: read_place(
            r, node, path, context.path.parent, is_home=True
        ),
        "env": r.environment,
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
        "skip_exit_codes": codes,
        "history": lambda node, path: read_history(r, node, path),
        "enabled": r.truth,
        "http": lambda node, path: read_http(r, node, path),
        **success.readers(r),
        **identity.readers(r, place, context.uid),
        **gates.readers(r, context.references, place=place),
        **calendar_readers(r, context.calendars, context.path.parent),
        **events.readers(r, place),
        **monitor.readers(r),
        **notify.readers(r, context.told),
    }


def _arguments(r: Reading, node: Node, path: str, shape: Callable[[Node, str], Any]) -> Any:
    """Return the arguments of a call, which travels as JSON in one variable."""
    shape(node, path)
    values = r.json_value(node, path)
    r.checked(node, path, json.dumps(values))
    return values


def read_history(r: Reading, node: Node, path: str) -> Values:
    """Return what `history` says: runs, age."""
    values: Values = {}
    for word, (_, value) in r.words(node, path, ["keep_runs", "keep_days"]).items():
        number = r.integer(1, MOST)(value, f"{path}.{word}")
        values |= {"runs": number} if word == "keep_runs" else {"age": min(number, 36_500) * DAY}
    return values


def _shell(r: Reading, node: Node, path: str) -> tuple[str, ...]:
    words = r.one_or_list(r.line)(node, path)
    if not words or not words[0]:
        raise r.bad(node, path, "the shell is empty")
    return (*words, "-c") if isinstance(node, yaml.ScalarNode) else words


def _target(r: Reading, node: Node, path: str) -> str:
    target = r.line(node, path)
    if not _TARGET.fullmatch(target):
        hint = "pkg.mod:func or file.py:func"
        raise r.bad(node, path, f"{short(target)!r} names no function", hint)
    file, _, function = target.rpartition(":")
    # A plain file name stays as it is: the call adds the directory of the jobs file.
    is_written_out = file.startswith("~") or "${" in file
    return f"{expand(r, node, path, file)}:{function}" if is_written_out else target


def _signal(r: Reading, node: Node, path: str) -> str:
    written = str(node.value).strip().upper() if isinstance(node, yaml.ScalarNode) else ""
    name = written if written.startswith("SIG") else f"SIG{written}"
    if name not in signal.Signals.__members__ or name in ("SIGSTOP", "SIGCONT", "SIGCHLD"):
        hint = "SIGTERM, SIGINT, SIGHUP, SIGKILL"
        raise r.bad(node, path, f"{short(written)!r} is no signal that ends a process", hint)
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
    values: Values = {"attempts": 3}
    values |= r.read_words(r.words(node, path, readers), path, readers)
    return Retry(**values)


def build_job(context: Context, job_id: str, key: Node, node: Node) -> Job | None:
    """Return the definition of one job, or None after noting what is wrong."""
    reading, path = context.reading, f"jobs.{job_id}"
    problems, unknown = len(reading.problems), reading.unknown_keys
    own = read_words(context, node, path)
    if not isinstance(node, yaml.MappingNode):
        return None
    values = gates.without_itself(job_id, own, merge(context.base, own))
    timezone = values.get("timezone") or context.timezone
    specs, text = _schedule(context, values.get("schedule"), path, timezone, job_id)
    limits = read_limits(reading, values, path, timezone)
    # A misspelt `command` is told once: as the key that is not known.
    may_lack = reading.unknown_keys > unknown
    action = _action(context, values, own, key, path, may_lack=may_lack)
    timed = any(not isinstance(spec, ManualSpec) for spec in specs)
    gates.check_job(reading, key, path, own, values, timed=timed)
    if not timed:
        warn_of_idle(reading, own, key, path)
    if isinstance(action, Monitor):
        monitor.check_monitor(reading, own, specs, key, path)
    if len(reading.problems) > problems or action is None:
        return None
    if not identity.check_job(reading, key, path, values, timed=timed):
        return None
    _check_size(reading, key, path, action, values.get("env") or {})
    directory = str(context.path.parent)
    kept = {word: values[word] for word in _SAME if values.get(word) is not None}
    return Job(
        id=job_id,
        source=str(context.path),
        line=key.start_mark.line + 1,
        directory=directory,
        schedule=specs,
        schedule_text=events.when_text(
            text if timed else gates.after_text(values) or text, values.get("triggers") or ()
        ),
        timezone=timezone,
        action=action,
        working_dir=_working_dir(values, directory),
        env=values.get("env") or {},
        **success.job_fields(values),
        keep=Keep(**(values.get("history") or {})),
        **identity.env_files(values),
        **limits,
        **kept,
    )


def _working_dir(values: Values, directory: str) -> str:
    user: str = values.get("user") or ""
    written: str = values.get("working_dir") or ("~" if user else directory)
    if not written.startswith("~"):
        return written
    return os.path.normpath(identity.home_of(user) + written.removeprefix("~"))


def _check_size(r: Reading, key: Node, path: str, action: Action, env: dict[str, str]) -> None:
    words: str | tuple[str, ...] = ()
    match action:
        case Shell(command=words):
            pass
        case Custom(argv=words, env=below):
            env = below | env
    argv = sum(size_of(word) + 9 for word in ((words,) if isinstance(words, str) else words))
    if argv + sum(size_of(name) + size_of(value) + 10 for name, value in env.items()) > (
        LONGEST_ARGUMENTS
    ):
        message = "its command and env are longer than the kernel takes (2 MiB)"
        r.note(key, path, message, "put them into a file")


_SAME = [
    "description",
    "owner",
    "runbook",
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
    *identity.SAME,
    *gates.WORDS,
    *("exclude", "only", "max_runs", "jitter_mode", "auto_pause"),
    *events.WORDS,
    *monitor.SAME,
    *notify.SAME,
]


def merge(base: Values, own: Values) -> Values:
    """Lay a job's words over the defaults: env and tags add up, the rest replaces."""
    values = base | own
    for word in ("env", "history", "output"):
        if base.get(word) and own.get(word) is not None:
            values[word] = base[word] | own[word]
    if base.get("tags") and own.get("tags") is not None:
        values["tags"] = tuple(dict.fromkeys((*base["tags"], *own["tags"])))
    return values


def _schedule(
    context: Context, node: Node | None, path: str, timezone: str, job_id: str
) -> tuple[Any, str]:
    if node is None:
        return (), "@manual"
    try:
        parsed = parse(plain(node), timezone=timezone, job_id=job_id)
    except BadSchedule as error:
        place = follow(node, error.path)
        where = ".".join(map(str, ("schedule", *error.path)))
        context.reading.note(place, f"{path}.{where}", error.message, error.hint)
        return (), ""
    return parsed.specs, parsed.text


def _action(
    context: Context, values: Values, own: Values, key: Node, path: str, *, may_lack: bool
) -> Action | None:
    r = context.reading
    given = [word for word in own if word in ACTION_WORDS or word not in WORDS]
    if len(given) > 1:
        r.note(key, path, f"{' and '.join(given)} exclude each other", "keep one of them")
    elif not given and not may_lack:
        r.note(key, path, "there is nothing to run", "add a command")
    if len(given) != 1 or values.get(given[0]) is None:
        return None
    kind = given[0]
    for word, action in _GO_WITH.items():
        if word in own and action != kind and kind != "monitor":
            r.note(key, f"{path}.{word}", f"{word} goes with {action}, not with {kind}")
    if "stdin" in own and kind not in ("command", "python", "monitor"):
        r.note(key, f"{path}.stdin", f"stdin goes with command and python, not with {kind}")
    match kind:
        case "command":
            return Shell(values["command"], values.get("shell") or ("/bin/sh", "-c"))
        case "python":
            return PythonCall(
                values["python"], values.get("args") or (), values.get("kwargs") or {}
            )
        case "http":
            request: HttpRequest = values["http"]
            return request
        case "monitor":
            reported: Monitor = values["monitor"]
            return reported
    job = {"id": path.removeprefix("jobs."), "directory": str(context.path.parent)}
    try:
        return context.kinds.read(r, values[kind], f"{path}.{kind}", kind, job)
    except Bad:
        return None


def read_place(r: Reading, node: Node, path: str, directory: Path, *, is_home: bool = False) -> str:
    """Return an absolute path; relative to the jobs file's directory, `~` is the home.

    Where `is_home`, one that begins with `~` stays: whose home it is is not known yet.
    """
    name = r.line(node, path) if scalar(node) is not None else ""
    if not name:
        raise r.bad(node, path, "the path is empty", "~ in quotes is the home")
    written = expand(r, node, path, name, is_home=is_home)
    if is_home and written.partition("/")[0] == "~":
        return written
    return os.path.normpath(directory / written)
