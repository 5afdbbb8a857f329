"""A jobs file to definitions: all of it, or all that is wrong with it."""

import hashlib
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cronterm.config.calendars import read_calendars
from cronterm.config.fields import Bad, Enough, Reading, Values
from cronterm.config.gates import check_cycles, check_references, read_pools
from cronterm.config.identity import check_names
from cronterm.config.job import (
    Context,
    build_job,
    merge,
    read_history,
    read_words,
)
from cronterm.config.reader import (
    HAS_LIBYAML,
    MOST_PROBLEMS,
    Node,
    Refused,
    check_tree,
    collector_off,
    compose,
    plain_key,
    read_file,
    short,
)
from cronterm.config.success import read_output_words
from cronterm.config.words import LATER_SETTINGS, LATER_TOP, SETTINGS, TOP
from cronterm.model.job import Job, Settings
from cronterm.model.problem import Problem
from cronterm.schedule.base import CalendarSpec

VERSION = 1

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID_RULE = "letters, digits, . _ -, at most 64, beginning with a letter or digit"


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says. `jobs` is empty when there are problems."""

    jobs: tuple[Job, ...] = ()
    settings: Settings = Settings()
    sha256: str
    text: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    texts: dict[str, str] = {}
    """Of each further file that was read, by its path; empty for one that could not be."""

    @staticmethod
    def empty() -> "Loaded":
        """Return what a file that does not exist says."""
        return Loaded(sha256=hashlib.sha256(b"").hexdigest(), text="")


def load(path: Path, *, local_timezone: str, uid: int | None = None) -> Loaded:
    """Read a jobs file. Never raises: what is wrong is in `problems`.

    A file that somebody else than `uid` (we ourselves) or root may change is refused for root and
    a warning for others.
    """
    uid = os.geteuid() if uid is None else uid
    try:
        file = read_file(path, uid)
    except Refused as refused:
        return Loaded(sha256="", text="", problems=(refused.problem,))
    loaded = load_text(
        file.text, path=path, local_timezone=local_timezone, sha256=file.sha256, uid=uid
    )
    if not file.may_others_write:
        return loaded
    others = Problem(
        file=str(path),
        message="others may change this file or put another in its place",
        hint="chmod go-w the file and its directory, and own them",
    )
    if uid == 0:
        return msgspec.structs.replace(loaded, jobs=(), problems=(others, *loaded.problems))
    return msgspec.structs.replace(loaded, warnings=(others, *loaded.warnings))


def load_text(
    text: str,
    *,
    path: Path,
    local_timezone: str,
    sha256: str = "",
    has_libyaml: bool = HAS_LIBYAML,
    uid: int | None = None,
    calendars: Mapping[str, CalendarSpec] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Loaded:
    """Read the text of a jobs file as if it stood in `path`, for an engine of `uid`. Never raises.

    Without `uid` it is this process's user. `calendars` are known besides those that the text
    defines, `texts` stand in for further files.
    """
    uid = os.geteuid() if uid is None else uid
    digest = sha256 or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    reading = Reading(str(path))
    reading.stand_ins = texts or {}
    jobs: tuple[Job, ...] = ()
    settings = Settings(timezone=local_timezone, calendars=dict(calendars or {}))
    try:
        with collector_off():
            root = compose(text, str(path))
            if root is not None:
                reading.problems += check_tree(root, text, str(path))
            if root is not None and not reading.problems:
                jobs, settings = _read_root(reading, root, path, settings, uid)
    except Refused as refused:
        reading.problems.append(refused.problem)
    except Enough:
        pass
    problems = _in_order(reading.problems)
    return Loaded(
        jobs=() if problems else jobs,
        settings=settings,
        sha256=digest,
        text=text,
        problems=problems,
        warnings=(*(() if has_libyaml else (_slow(path),)), *reading.warnings),
        texts=reading.texts,
    )


def _slow(path: Path) -> Problem:
    return Problem(
        file=str(path),
        message="PyYAML was built without libyaml: reading is 25 times slower",
        hint="install the wheel of PyYAML",
    )


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
    if len(ordered) < MOST_PROBLEMS:
        return tuple(ordered)
    more = Problem(file=ordered[0].file, message="and maybe more: the rest was not looked at")
    return (*ordered[:MOST_PROBLEMS], more)


def _read_root(
    reading: Reading, root: Node, path: Path, given: Settings, uid: int
) -> tuple[tuple[Job, ...], Settings]:
    try:
        top = reading.words(root, "", TOP, LATER_TOP)
    except Bad:
        return (), Settings()
    if "version" in top:
        reading.read(top["version"][1], "version", reading.integer(VERSION, VERSION), VERSION)
    settings, base = _read_settings(reading, top, given)
    settings = _with_calendars(reading, top, settings, path.parent)
    if "pools" in top and not _is_nothing(top["pools"][1]):
        pools = read_pools(reading, top["pools"][1])
        settings = msgspec.structs.replace(settings, pools=pools)
    context = Context(reading, path, settings.timezone, base, uid, calendars=settings.calendars)
    if "defaults" in top and not _is_nothing(top["defaults"][1]):
        own = read_words(context, top["defaults"][1], "defaults", is_default=True)
        context.base = merge(base, own)
    if "jobs" not in top:
        if not reading.problems:
            reading.note(root, "", "there is no `jobs`", "add `jobs:` with a job below it")
        return (), settings
    return _read_jobs(context, top["jobs"][1], settings), settings


def _is_nothing(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def _read_settings(
    reading: Reading, top: dict[str, tuple[Node, Node]], given: Settings
) -> tuple[Settings, Values]:
    """Return the settings, and what they give the jobs as defaults."""
    values: dict[str, Any] = {}
    base: Values = {}
    if "settings" not in top or _is_nothing(top["settings"][1]):
        return given, base
    try:
        found = reading.words(top["settings"][1], "settings", SETTINGS, LATER_SETTINGS)
    except Bad:
        return given, base
    readers = {
        "timezone": reading.zone,
        "max_running": reading.integer(1, 100_000),
        "shutdown_grace": reading.duration,
        "start_grace": reading.duration,
        "startup_delay": reading.duration,
    }
    job_readers = {
        "catch_up": reading.choice("skip", "latest", "all"),
        "history": lambda node, path: read_history(reading, node, path),
        "output": lambda node, path: read_output_words(reading, node, path),
    }
    for word, (_, node) in found.items():
        into, how = (values, readers) if word in readers else (base, job_readers)
        try:
            into[word] = how[word](node, f"settings.{word}")
        except Bad:
            continue
    return msgspec.structs.replace(given, **values), base


def _with_calendars(
    reading: Reading, top: dict[str, tuple[Node, Node]], settings: Settings, directory: Path
) -> Settings:
    if "calendars" not in top or _is_nothing(top["calendars"][1]):
        return settings
    try:
        own = read_calendars(reading, top["calendars"][1], directory)
    except Bad:
        return settings
    return msgspec.structs.replace(settings, calendars=settings.calendars | own)


def _read_jobs(context: Context, node: Node, settings: Settings) -> tuple[Job, ...]:
    reading = context.reading
    if _is_nothing(node):
        return ()
    if isinstance(node, yaml.SequenceNode):
        entries = list(_listed(reading, node))
    elif isinstance(node, yaml.MappingNode):
        entries = [(plain_key(key), key, value) for key, value in node.value]
    else:
        reading.note(node, "jobs", "a text where a mapping of jobs is expected")
        return ()
    jobs = []
    lines: dict[str, int] = {}
    keys: dict[str, Node] = {}
    for job_id, key, value in entries:
        if not _is_good_id(reading, job_id, key, lines):
            continue
        keys[job_id] = key
        job = build_job(context, job_id, key, value)
        if job is not None:
            jobs.append(job)
    check_names(reading, jobs, keys)
    # A job with a problem of its own is there all the same: what names it is not wrong.
    known = {job_id for job_id, _, _ in entries}
    check_references(reading, context.references, jobs=known, pools=settings.pools)
    check_cycles(reading, context.references, jobs)
    return tuple(jobs)


def _listed(reading: Reading, node: Node) -> list[tuple[str, Node, Node]]:
    """Return jobs of the list form, where `name`, `id` or `job_id` names each."""
    entries: list[tuple[str, Node, Node]] = []
    for number, item in enumerate(node.value):
        if not isinstance(item, yaml.MappingNode):
            reading.note(item, f"jobs.{number}", "a job is a mapping")
            continue
        named = [pair for pair in item.value if pair[0].value in ("name", "id", "job_id")]
        if len(named) != 1:
            reading.note(item, f"jobs.{number}", "a listed job has exactly one of name, id, job_id")
            continue
        if not isinstance(named[0][1], yaml.ScalarNode):
            reading.note(named[0][1], f"jobs.{number}", "the name of a job is a text")
            continue
        rest = [pair for pair in item.value if pair is not named[0]]
        words = yaml.MappingNode(item.tag, rest, item.start_mark, item.end_mark)
        entries.append((str(named[0][1].value), named[0][1], words))
    return entries


def _is_good_id(reading: Reading, job_id: str, key: Node, lines: dict[str, int]) -> bool:
    shown = short(job_id)
    folded = job_id.casefold()
    if not _ID.fullmatch(job_id):
        reading.note(key, "jobs", f"{shown!r} cannot name a job", _ID_RULE)
    elif job_id.isdigit():
        reading.note(key, f"jobs.{shown}", f"{shown!r} would be taken for a run", "add a letter")
    elif folded in lines:
        reading.note(key, f"jobs.{shown}", f"{shown!r} stands twice, first in line {lines[folded]}")
    else:
        lines[folded] = key.start_mark.line + 1
        return True
    return False


def is_suspicious(known: Collection[str], loaded: Loaded) -> bool:
    """Tell whether a file that was read just now may be half-written (CONTRACTS 21).

    An empty or broken one, and one that drops more than half of four or more jobs.
    """
    if not known:
        return False
    if loaded.problems or not loaded.jobs:
        return True
    left = len(set(known) & {job.id for job in loaded.jobs})
    return len(known) >= 4 and left < len(known) / 2
