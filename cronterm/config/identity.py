"""Words about who a job is: user, limits, environment, secrets, and what a person may choose."""

import grp
import os
import pwd
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from cronterm.clock import SECOND
from cronterm.config.fields import Reading
from cronterm.config.reader import Node, is_ambiguous, scalar, short
from cronterm.model.identity import Limits, Param, ParamType, Secret
from cronterm.model.job import Job
from cronterm.model.params import BadParam, read_param

SMALLEST_MEMORY = 1_000_000  # bytes; with less not even a shell starts
MOST = 1 << 30
MOST_PARAMS = 100

_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?")
_UMASK = re.compile(r"0?[0-7]{3}")
_IONICE = re.compile(r"idle|best-effort(?::[0-7])?")
_PARAM = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

Readers = dict[str, Callable[[Node, str], Any]]
Place = Callable[[Node, str], str]


def readers(r: Reading, place: Place, uid: int) -> Readers:
    """Return how each of these words is read; `place` reads a path, `uid` is the engine's user."""

    def secret(node: Node, path: str) -> Secret:
        return read_secret(r, node, path, place)

    return {
        "user": lambda node, path: _user(r, node, path, uid),
        "umask": lambda node, path: _umask(r, node, path),
        "nice": r.integer(-20, 19),
        "ionice": lambda node, path: _ionice(r, node, path),
        "limits": lambda node, path: _limits(r, node, path),
        "inherit_env": lambda node, path: _inherited(r, node, path),
        "env_file": r.one_or_list(lambda node, path: _env_file(r, node, path, place)),
        "secrets": lambda node, path: _secrets(r, node, path, secret),
        "params": lambda node, path: _params(r, node, path),
        "kill_leftovers": r.truth,
        "shutdown_runs": r.choice("keep", "stop"),
        "renamed_from": r.line,
    }


SAME = (
    "user",
    "umask",
    "nice",
    "ionice",
    "limits",
    "inherit_env",
    "secrets",
    "params",
    "kill_leftovers",
    "shutdown_runs",
    "renamed_from",
)
"""Words that a job has under the same name."""


def home_of(user: str) -> str:
    """Return the home of `user`, the engine's own when empty; `/` where there is no such user."""
    try:
        if not user:
            return os.path.expanduser("~")  # noqa: PTH111  # answers where Path.home() raises
        return _entry(user.partition(":")[0]).pw_dir
    except KeyError:
        return "/"


def env_files(values: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a job that its `env_file` makes."""
    pairs: tuple[tuple[str, bool], ...] = values.get("env_file") or ()
    return {
        "env_files": tuple(path for path, _ in pairs),
        "optional_env_files": tuple(path for path, is_required in pairs if not is_required),
    }


def check_job(r: Reading, key: Node, path: str, values: dict[str, Any], *, timed: bool) -> bool:
    """Note what does not go together; return whether all does."""
    params: dict[str, Param] = values.get("params") or {}
    unset = [name for name, param in params.items() if param.default is None]
    if unset and timed:
        message = f"param {unset[0]} needs a default: nobody chooses for a timed run"
        r.note(key, f"{path}.params.{unset[0]}", message)
    both = sorted((values.get("secrets") or {}).keys() & (values.get("env") or {}).keys())
    if both:
        r.note(key, f"{path}.secrets.{both[0]}", f"{both[0]} is in env and in secrets")
    return not (unset and timed) and not both


def check_names(jobs: Sequence[Job], places: Mapping[str, tuple[Reading, Node, str]]) -> None:
    """Note each job that was renamed from one that is still there, or from another's.

    `places` has the reading and the key of each id that stands in the files, its letters folded.
    """
    there = {job_id for _, _, job_id in places.values()}
    taken: dict[str, str] = {}
    for job in jobs:
        old = job.renamed_from
        if not old:
            continue
        reading, key, _ = places[job.id.casefold()]
        path = f"jobs.{job.id}.renamed_from"
        if old in there:
            reading.note(key, path, f"{short(old)} is still in the file", "leave it out")
        elif old in taken:
            reading.note(key, path, f"{taken[old]} was renamed from {short(old)} already")
        taken[old] = job.id


# -- who -----------------------------------------------------------------------------------------


def _entry(name: str) -> pwd.struct_passwd:
    return pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)


def _user(r: Reading, node: Node, path: str, uid: int) -> str:
    written = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    name, colon, group = written.partition(":")
    if not _USER.fullmatch(name) or (colon and not _USER.fullmatch(group)):
        raise r.bad(node, path, f"{short(written)!r} is not a user", "write it like name:group")
    try:
        there = _entry(name).pw_uid
    except (KeyError, OverflowError):
        there = -1
        r.warn(node, path, f"there is no user {name} on this machine", "its runs will fail")
    if uid != 0 and (there != uid or colon):
        raise r.bad(node, path, f"user {short(written)} needs root", "start the engine as root")
    if colon and not _is_group(group):
        r.warn(node, path, f"there is no group {group} on this machine", "its runs will fail")
    return written


def _is_group(name: str) -> bool:
    try:
        _ = grp.getgrgid(int(name)) if name.isdecimal() else grp.getgrnam(name)
    except (KeyError, OverflowError):
        return name.isdecimal()  # a number needs no name
    return True


def _umask(r: Reading, node: Node, path: str) -> int:
    written = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if not _UMASK.fullmatch(written):
        raise r.bad(node, path, f"{short(written)!r} is not a umask", 'write it like "0027"')
    if is_ambiguous(node):
        raise r.bad(node, path, f"{written} may be read two ways", f'put it in quotes: "{written}"')
    return int(written, 8)


def _ionice(r: Reading, node: Node, path: str) -> str:
    written = str(node.value) if isinstance(node, yaml.ScalarNode) else ""
    if not _IONICE.fullmatch(written):
        hint = "idle, best-effort, or best-effort:N with N from 0 (first) to 7"
        raise r.bad(node, path, f"{short(written)!r} is not a class of disk access", hint)
    return written


def _limits(r: Reading, node: Node, path: str) -> Limits:
    words: Readers = {
        "memory": r.size,
        "cpu_time": r.some_duration,
        "open_files": r.integer(8, MOST),
        "processes": r.integer(1, MOST),
        "file_size": r.size,
    }
    found = r.words(node, path, words)
    values = r.read_words(found, path, words)
    if values.get("memory", SMALLEST_MEMORY) < SMALLEST_MEMORY:
        raise r.bad(found["memory"][1], f"{path}.memory", "memory is at least 1MB")
    if values.get("cpu_time", 0) % SECOND:
        raise r.bad(found["cpu_time"][1], f"{path}.cpu_time", "cpu_time is whole seconds")
    return Limits(**values)


# -- what it is given ----------------------------------------------------------------------------


def _inherited(r: Reading, node: Node, path: str) -> bool | tuple[str, ...]:
    if not isinstance(node, yaml.SequenceNode):
        value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if not isinstance(value, bool):
            raise r.bad(node, path, "must be true, false or a list of names")
        return value

    def name(item: Node, place: str) -> str:
        text = r.line(item, place)
        r.check_name(item, place, text)
        return text

    return r.list_of(name)(node, path)


def _env_file(r: Reading, node: Node, path: str, place: Place) -> tuple[str, bool]:
    if not isinstance(node, yaml.MappingNode):
        return place(node, path), True
    found = r.words(node, path, ["path", "required"])
    if "path" not in found:
        raise r.bad(node, path, "path is missing")
    is_required = True
    if "required" in found:
        is_required = r.truth(found["required"][1], f"{path}.required")
    return place(found["path"][1], f"{path}.path"), is_required


def _secrets(
    r: Reading, node: Node, path: str, how: Callable[[Node, str], Secret]
) -> dict[str, Secret]:
    found: dict[str, Secret] = {}
    for name, (key, value) in r.mapping(node, path).items():
        r.check_name(key, f"{path}.{name}", name)
        found[name] = how(value, f"{path}.{name}")
    return found


def read_secret(r: Reading, node: Node, path: str, place: Place) -> Secret:
    """Return where a secret comes from."""
    kinds = ("file", "env", "command")
    if isinstance(node, yaml.ScalarNode):
        # Not shown: somebody may have put the secret itself here.
        raise r.bad(node, path, "a secret is {file: ...}, {env: ...} or {command: ...}")
    found = r.words(node, path, kinds)
    if len(found) != 1:
        raise r.bad(node, path, "a secret has exactly one of file, env, command")
    kind, (_, value) = next(iter(found.items()))
    where = f"{path}.{kind}"
    if kind == "file":
        return Secret(file=place(value, where))
    if kind == "env":
        name = r.line(value, where)
        r.check_name(value, where, name)
        return Secret(env=name)
    if isinstance(value, yaml.SequenceNode):
        argv = r.list_of(r.loose_text)(value, where)
        if not argv or not argv[0]:
            raise r.bad(value, where, "the command is empty")
        return Secret(command=argv)
    text = r.text(value, where)
    if not text.strip():
        raise r.bad(value, where, "the command is empty")
    return Secret(command=text)


# -- what a person may choose --------------------------------------------------------------------


def _params(r: Reading, node: Node, path: str) -> dict[str, Param]:
    found: dict[str, Param] = {}
    upper: dict[str, str] = {}
    for name, (key, value) in r.mapping(node, path).items():
        where = f"{path}.{name}"
        if not _PARAM.fullmatch(name):
            hint = "letters, digits and _, beginning with a letter"
            raise r.bad(key, where, f"{short(name)!r} cannot name a param", hint)
        if other := upper.get(name.upper()):
            raise r.bad(key, where, f"{name} and {other} are both PARAM_{name.upper()}")
        upper[name.upper()] = name
        found[name] = _param(r, value, where)
    if len(found) > MOST_PARAMS:
        raise r.bad(node, path, f"more than {MOST_PARAMS} params")
    return found


def _param(r: Reading, node: Node, path: str) -> Param:
    if not isinstance(node, yaml.MappingNode):
        if isinstance(node, yaml.ScalarNode) and scalar(node) is None:
            return Param()
        kind = _type_of(node)
        return Param(kind, _value(r, node, path, Param(kind)))
    found = r.words(node, path, ["type", "default", "choices", "description"])
    described = ""
    if "description" in found:
        described = r.line(found["description"][1], f"{path}.description")
    choices = found["choices"][1] if "choices" in found else None
    items = r.items(choices, f"{path}.choices") if choices is not None else []
    if choices is not None and not items:
        raise r.bad(choices, f"{path}.choices", "there is nothing to choose")
    given = found["default"][1] if "default" in found else None
    if given is not None and isinstance(given, yaml.ScalarNode) and scalar(given) is None:
        given = None
    kind = _type_of(given or (items[0] if items else None))
    if "type" in found:
        kind = r.choice("string", "int", "number", "bool")(found["type"][1], f"{path}.type")
    param = Param(kind, description=described)
    allowed = tuple(_value(r, each, f"{path}.choices.{n}", param) for n, each in enumerate(items))
    param = Param(kind, choices=allowed, description=described)
    if given is None:
        return param
    return Param(kind, _value(r, given, f"{path}.default", param), allowed, described)


def _type_of(node: Node | None) -> ParamType:
    value = scalar(node) if isinstance(node, yaml.ScalarNode) else None
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "number" if isinstance(value, float) else "string"


def _value(r: Reading, node: Node, path: str, param: Param) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise r.bad(node, path, "the value of a param is a text, a number, true or false")
    try:
        return read_param(param, str(node.value))
    except BadParam as error:
        raise r.bad(node, path, str(error)) from None
