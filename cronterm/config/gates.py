"""Reads chains and gates: what a job depends on, its pool, its condition."""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any, Literal

import msgspec
import yaml

from cronterm.config.fields import Bad, Reading, Values, noun_of
from cronterm.config.reader import Node, short
from cronterm.model.gates import Condition, DiskFree, Need
from cronterm.model.job import Job

WORDS = (
    "depends_on",
    "depends_window",
    "depends_wait",
    "on_success",
    "on_failure",
    "on_complete",
    "pool",
    "priority",
    "condition",
)
"""The words of a job that are read here; each is a field of `Job`."""

_NAMES_JOBS = ("depends_on", "on_success", "on_failure", "on_complete")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)\s*%")
_MOST_PRIORITY = 1_000_000
_MOST_CIRCLES = 20
_MOST_COMPARISONS = 25_000  # of names, for suggestions: half a second

Read = Callable[[Node, str], Any]


class Reference(msgspec.Struct, frozen=True):
    """A place in a file that names a job or a pool."""

    reading: Reading
    kind: Literal["job", "pool"]
    name: str
    node: Node
    path: str


def readers(r: Reading, references: list[Reference], *, place: Read) -> dict[str, Read]:
    """Return how each word is read; what it names is added to `references`."""

    def named(kind: Literal["job", "pool"]) -> Callable[[Node, str], str]:
        def read(node: Node, path: str) -> str:
            name = r.line(node, path)
            references.append(Reference(r, kind, name, node, path))
            return name

        return read

    jobs = r.list_of(named("job"))
    return {
        "depends_on": lambda node, path: _depends_on(r, node, path, named("job")),
        "depends_window": r.some_duration,
        "depends_wait": r.duration,
        "on_success": jobs,
        "on_failure": jobs,
        "on_complete": jobs,
        "pool": named("pool"),
        "priority": r.integer(-_MOST_PRIORITY, _MOST_PRIORITY),
        "condition": lambda node, path: _condition(r, node, path, place),
    }


def _depends_on(
    r: Reading, node: Node, path: str, name: Callable[[Node, str], str]
) -> dict[str, Need]:
    if not isinstance(node, yaml.MappingNode):
        return dict.fromkeys(r.list_of(name)(node, path), "success")
    need = r.choice("success", "failure", "complete")
    found = r.mapping(node, path)
    names = [(key, f"{path}.{job}", name) for job, (key, _) in found.items()]
    needs = [(value, f"{path}.{job}", need) for job, (_, value) in found.items()]
    read = r.read_all([*names, *needs])
    return dict(zip(read[: len(found)], read[len(found) :], strict=True))


def _condition(r: Reading, node: Node, path: str, place: Read) -> Condition:
    if isinstance(node, yaml.ScalarNode):
        return Condition(command=r.command(node, path))
    words: dict[str, Read] = {
        "command": r.command,
        "load_below": r.number(0.01, 100_000),
        "disk_free": lambda node, path: _disk_free(r, node, path, place),
        "on_ac": r.truth,
        "path_exists": r.one_or_list(place),
        "wait": r.duration,
    }
    unknown = r.unknown_keys
    found = r.words(node, path, words)
    values = r.read_words(found, path, words)
    if not values.keys() - {"wait"}:
        if r.unknown_keys > unknown:
            raise Bad  # a misspelt word is told once: as the key that is not known
        hint = "command, load_below, disk_free, on_ac or path_exists"
        raise r.bad(node, path, "there is nothing to look at", hint)
    if values.get("path_exists") == ():
        raise r.bad(found["path_exists"][1], f"{path}.path_exists", "there is no path")
    return Condition(**values)


def _disk_free(r: Reading, node: Node, path: str, place: Read) -> DiskFree:
    found = _all_words(r, node, path, ("path", "above"), "{path: /srv, above: 10GB}")
    where = place(found["path"][1], f"{path}.path")
    above = found["above"][1]
    percent = _PERCENT.fullmatch(str(above.value)) if isinstance(above, yaml.ScalarNode) else None
    if percent is not None:
        return DiskFree(where, ratio=float(percent[1]) / 100)
    return DiskFree(where, above=r.size(above, f"{path}.above"))


def _all_words(
    r: Reading, node: Node, path: str, words: tuple[str, ...], hint: str
) -> dict[str, tuple[Node, Node]]:
    """Return a mapping that must have each of `words`."""
    unknown = r.unknown_keys
    if not isinstance(node, yaml.MappingNode):
        raise r.bad(node, path, f"{noun_of(node)} where a mapping is expected", hint)
    found = r.words(node, path, words)
    for word in words:
        if word not in found:
            raise Bad if r.unknown_keys > unknown else r.bad(node, path, f"{word} is missing", hint)
    return found


def read_pools(r: Reading, node: Node) -> dict[str, int]:
    """Return the slots of each pool of `pools`; what is wrong is noted and left out."""
    pools: dict[str, int] = {}
    try:
        for name, (key, value) in r.mapping(node, "pools").items():
            path = f"pools.{short(name)}"
            if not _NAME.fullmatch(name):
                r.note(key, path, f"{short(name)!r} cannot name a pool", "letters, digits, . _ -")
                continue
            pools[name] = r.read(value, path, lambda node, path: _slots(r, node, path), 1)
    except Bad:
        pass
    return pools


def _slots(r: Reading, node: Node, path: str) -> int:
    found = _all_words(r, node, path, ("slots",), "{slots: 1}")
    return r.integer(1, 100_000)(found["slots"][1], f"{path}.slots")


# -- a job's words together ----------------------------------------------------------------------


def without_itself(job_id: str, own: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` where what the defaults name does not make a job follow itself."""
    kept = dict(values)
    for word in _NAMES_JOBS:
        names = values.get(word)
        if word in own or not names or job_id not in names:
            continue
        if isinstance(names, dict):
            kept[word] = {name: need for name, need in names.items() if name != job_id}
        else:
            kept[word] = tuple(name for name in names if name != job_id)
    return kept


def check_job(
    r: Reading,
    key: Node,
    path: str,
    own: Collection[str],
    values: Mapping[str, Any],
    *,
    timed: bool,
) -> None:
    """Note words of a job that mean nothing beside its others."""
    for word in ("depends_window", "depends_wait"):
        if word in own and not values.get("depends_on"):
            r.note(key, f"{path}.{word}", f"{word} means nothing without depends_on")
    if "depends_wait" in own and values.get("depends_on") and not timed:
        hint = "without one the job starts as soon as all it depends on has ended"
        r.note(key, f"{path}.depends_wait", "depends_wait goes with a schedule", hint)


def after_text(values: Values) -> str:
    """Return what a job without a schedule runs after, for people; empty where nothing is named."""
    return f"after {', '.join(values['depends_on'])}" if values.get("depends_on") else ""


# -- the jobs together ---------------------------------------------------------------------------


def check_references(
    references: Iterable[Reference],
    *,
    jobs: Collection[str],
    pools: Collection[str],
) -> None:
    """Note each name of a job or a pool that is not there."""
    left = _MOST_COMPARISONS
    for each in references:
        known = jobs if each.kind == "job" else pools
        if each.name not in known:
            left -= len(known)
            near = difflib.get_close_matches(short(each.name), known, 1) if left > 0 else []
            hint = f"did you mean {near[0]}?" if near else ""
            if each.kind == "pool" and not hint:
                hint = f"pools: {{{short(each.name)}: {{slots: 1}}}}"
            message = f"there is no {each.kind} {short(each.name)!r}"
            each.reading.note(each.node, each.path, message, hint)


def check_cycles(references: Iterable[Reference], jobs: Iterable[Job]) -> None:
    """Note circles of jobs that start or wait for each other, with the way round.

    Each job is told in one of them.
    """
    before: dict[str, set[str]] = {}
    for job in jobs:
        if job.depends_on:
            before.setdefault(job.id, set()).update(job.depends_on)
        for follower in (*job.on_success, *job.on_failure, *job.on_complete):
            before.setdefault(follower, set()).add(job.id)
    for _ in range(_MOST_CIRCLES):
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
        else:
            return
        place = _place_in(circle, references)
        message = f"jobs follow each other in a circle: {_way(circle)}"
        place.reading.note(place.node, place.path, message)
        for name in circle:  # told; what is left may hold another
            before.pop(name, None)


def _way(circle: list[str]) -> str:
    if len(circle) > 12:
        circle = [*circle[:6], "…", *circle[-5:]]
    return " → ".join(circle)


def _place_in(circle: list[str], references: Iterable[Reference]) -> Reference:
    """Return the first place that ties two jobs of the circle."""
    after = dict(pairwise(circle))
    before = {second: first for first, second in after.items()}
    named = [each for each in references if each.kind == "job" and each.name in after]
    for each in named:
        is_upstream = each.path.startswith(f"jobs.{after[each.name]}.depends_on.")
        if is_upstream or each.path.startswith(f"jobs.{before[each.name]}.on_"):
            return each
    return named[0]
