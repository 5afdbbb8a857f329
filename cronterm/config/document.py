"""What one file of a set says: its settings, its defaults, its jobs."""

import contextlib
import re
from dataclasses import dataclass, field
from typing import NamedTuple

import yaml

from cronterm.clock import DAY, SECOND
from cronterm.config.api import read_api
from cronterm.config.calendars import read_calendars
from cronterm.config.crontab_line import crontab_hint
from cronterm.config.fields import Bad, Reading, Values
from cronterm.config.gates import read_pools
from cronterm.config.gather import Document
from cronterm.config.job import (
    Context,
    build_job,
    merge,
    read_history,
    read_place,
    read_words,
)
from cronterm.config.notifiers import described, read_notifiers
from cronterm.config.notify import ToldName, read_policies
from cronterm.config.reader import Node, plain_key, short
from cronterm.config.success import read_output_words
from cronterm.config.words import LATER_SETTINGS, SETTINGS
from cronterm.model.job import Job, Watch
from cronterm.model.notifier import Notifier

VERSION = 1
SHORTEST_POLL = SECOND // 10

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID_RULE = "letters, digits, . _ -, at most 64, beginning with a letter or digit"


@dataclass
class Head:
    """What a file says for all files: settings, and what has a name besides the jobs."""

    values: Values = field(default_factory=dict)
    base: Values = field(default_factory=dict)
    """Defaults of the jobs."""
    keys: dict[str, Node] = field(default_factory=dict)
    """Where each setting stands."""
    named: dict[str, Values] = field(default_factory=dict)
    """Calendars, pools, policies and notifiers by name, below the top word that lists them."""
    notifiers: dict[str, Notifier] = field(default_factory=dict)
    """How each notifier is reached; the settings only say what it is."""
    told: list[ToldName] = field(default_factory=list)
    """Names of notifiers, to be looked up when all are known."""


def _is_nothing(node: Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def read_head(document: Document, uid: int) -> Head:
    """Return what a file says for all files; its version is checked. `uid` runs the engine."""
    reading, top, head = document.reading, document.top, Head()
    if "version" in top:
        reading.read(top["version"][1], "version", reading.integer(VERSION, VERSION), VERSION)
    if "calendars" in top and not _is_nothing(top["calendars"][1]):
        node = top["calendars"][1]
        with contextlib.suppress(Bad):
            head.named["calendars"] = read_calendars(reading, node, document.path.parent)
    if "pools" in top and not _is_nothing(top["pools"][1]):
        head.named["pools"] = read_pools(reading, top["pools"][1])
    _read_told(document, head)
    if "settings" in top and not _is_nothing(top["settings"][1]):
        _read_settings(document, top["settings"][1], head, uid)
    return head


def _read_told(document: Document, head: Head) -> None:
    """Read who is told, and by which policies."""
    reading, top, directory = document.reading, document.top, document.path.parent

    def place(node: Node, path: str) -> str:
        return read_place(reading, node, path, directory)

    if "notifiers" in top and not _is_nothing(top["notifiers"][1]):
        with contextlib.suppress(Bad):
            head.notifiers = read_notifiers(reading, top["notifiers"][1], directory, place)
            named = {name: described(each) for name, each in head.notifiers.items()}
            head.named["notifiers"] = named
    if "alert_policies" in top and not _is_nothing(top["alert_policies"][1]):
        with contextlib.suppress(Bad):
            node = top["alert_policies"][1]
            head.named["alert_policies"] = read_policies(reading, node, head.told)


def name_keys(document: Document, word: str) -> dict[str, Node]:
    """Return the key of each name below a top word that lists what has one."""
    return {plain_key(key): key for key, _ in document.top[word][1].value}


def _read_settings(document: Document, settings: Node, head: Head, uid: int) -> None:
    reading = document.reading

    def place(node: Node, path: str) -> str:
        return read_place(reading, node, path, document.path.parent)

    try:
        found = reading.words(settings, "settings", SETTINGS, LATER_SETTINGS)
    except Bad:
        return
    readers = {
        "timezone": reading.zone,
        "max_running": reading.integer(1, 100_000),
        "shutdown_grace": reading.duration,
        "start_grace": reading.duration,
        "startup_delay": reading.duration,
        "watch": lambda node, path: _read_watch(reading, node, path),
        "api": lambda node, path: read_api(reading, node, path, place=place, uid=uid),
    }
    job_readers = {
        "catch_up": reading.choice("skip", "latest", "all"),
        "history": lambda node, path: read_history(reading, node, path),
        "output": lambda node, path: read_output_words(reading, node, path),
    }
    for word, (key, node) in found.items():
        into, how = (head.values, readers) if word in readers else (head.base, job_readers)
        head.keys[word] = key
        try:
            into[word] = how[word](node, f"settings.{word}")
        except Bad:
            continue


def _read_watch(r: Reading, node: Node, path: str) -> Watch:
    """Return how the files are watched."""
    found = r.words(node, path, ["poll_interval"])
    if "poll_interval" not in found:
        raise r.bad(node, path, "poll_interval is missing")
    value, place = found["poll_interval"][1], f"{path}.poll_interval"
    interval = r.duration(value, place)
    if not SHORTEST_POLL <= interval <= DAY:
        raise r.bad(value, place, "poll_interval is between 100ms and 1d")
    return Watch(poll_interval=interval)


def read_defaults(context: Context, document: Document) -> None:
    """Lay the `defaults` of a file over what its jobs have already."""
    if "defaults" in document.top and not _is_nothing(document.top["defaults"][1]):
        own = read_words(context, document.top["defaults"][1], "defaults", is_default=True)
        context.base = merge(context.base, own)


class Place(NamedTuple):
    """Where an id stands."""

    reading: Reading
    key: Node
    job_id: str


Ids = dict[str, Place]
"""Where each id stands first, its letters folded."""


def entries(document: Document) -> list[tuple[str, Node, Node]]:
    """Return (id, what names it, its words) of each job of a file; what is wrong is noted."""
    reading = document.reading
    if "jobs" not in document.top or _is_nothing(document.top["jobs"][1]):
        return []
    node = document.top["jobs"][1]
    if isinstance(node, yaml.SequenceNode):
        return list(_listed(reading, node))
    if isinstance(node, yaml.MappingNode):
        return [(plain_key(key), key, value) for key, value in node.value]
    hint = crontab_hint(node.value)
    reading.note(node, "jobs", "a text where a mapping of jobs is expected", hint)
    return []


def read_jobs(context: Context, document: Document, ids: Ids, *, is_old: bool) -> tuple[Job, ...]:
    """Return the jobs of a file. With `is_old`, one that stands elsewhere by now is left out."""
    jobs = []
    for job_id, key, value in entries(document):
        if is_old and job_id.casefold() in ids:
            continue
        if not _is_good_id(context.reading, job_id, key, ids):
            continue
        job = build_job(context, job_id, key, value)
        if job is not None:
            jobs.append(job)
    return tuple(jobs)


def _listed(reading: Reading, node: Node) -> list[tuple[str, Node, Node]]:
    """Return jobs of the list form, where `name`, `id` or `job_id` names each."""
    found: list[tuple[str, Node, Node]] = []
    for number, item in enumerate(node.value):
        if not isinstance(item, yaml.MappingNode):
            hint = crontab_hint(item.value)
            reading.note(item, f"jobs.{number}", "a job is a mapping", hint)
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
        found.append((str(named[0][1].value), named[0][1], words))
    return found


def _is_good_id(reading: Reading, job_id: str, key: Node, ids: Ids) -> bool:
    shown, folded = short(job_id), job_id.casefold()
    if not _ID.fullmatch(job_id):
        reading.note(key, "jobs", f"{shown!r} cannot name a job", _ID_RULE)
    elif job_id.isdigit():
        reading.note(key, f"jobs.{shown}", f"{shown!r} would be taken for a run", "add a letter")
    elif folded in ids:
        first = ids[folded]
        place = f"line {first.key.start_mark.line + 1}"
        if first.reading.file != reading.file:
            place = f"{first.reading.file}:{first.key.start_mark.line + 1}"
        reading.note(key, f"jobs.{shown}", f"{shown!r} stands twice, first in {place}")
    else:
        ids[folded] = Place(reading, key, job_id)
        return True
    return False
