"""Every value of a job with where it comes from: the job, defaults, settings, or built in."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from cronterm.config.attempt import Attempt, Request
from cronterm.config.document import entries
from cronterm.config.gather import Document
from cronterm.config.notation import inline
from cronterm.config.reader import Node, collector_off, plain
from cronterm.config.shape import DURATION
from cronterm.config.shapes import JOB_SHAPES, SETTINGS_SHAPES
from cronterm.errors import CrontermError
from cronterm.model.job import Job, Settings, Watch
from cronterm.model.resolved import Origin, Resolved, Value
from cronterm.schedule.duration import format_duration

ADD_UP = ("env", "tags", "history")
"""Words that each layer adds to."""
SETTLED = ("timezone", "catch_up", "history", "output")
"""Words that settings give to jobs."""
_SETTINGS = {"watch": f"{{poll_interval: {format_duration(Watch().poll_interval)}}}"}
_ALONE = ("command", "python", "args", "kwargs")
"""Words that nothing gives but the job."""


class Everything(NamedTuple):
    """All values of a set of files."""

    settings: tuple[Value, ...]
    jobs: tuple[Resolved, ...]


def resolve(path: Path, *, local_timezone: str) -> Everything:
    """Return the settings, and each job that can be read, words in the order of the language."""
    attempt = Attempt(Request(path, local_timezone, os.geteuid()))
    with collector_off():
        attempt.read()
        files = _Files(attempt)
        jobs = tuple(map(files.resolved, attempt.jobs))
        return Everything(tuple(_set(attempt.settings, files.settings)), jobs)


def resolve_job(path: Path, job: Job) -> Resolved:
    """Return the values of one job, which is in force, as the files have them now.

    Only what it takes for one job is read. Raises `CrontermError` where they do not have it.
    """
    attempt = Attempt(Request(path, job.timezone, os.geteuid()))
    with collector_off():
        attempt.gather()
        return _Files(attempt).resolved(job)


class _Files:
    """What stands in a set of files, and where."""

    def __init__(self, attempt: Attempt) -> None:
        documents = [document for unit in attempt.units for document in unit.documents]
        self._jobs = {
            (str(document.path), job_id): (document, node)
            for document in documents
            for job_id, _, node in entries(document)
        }
        self.settings = dict(_settings(documents))

    def resolved(self, job: Job) -> Resolved:
        """Return the values of a job."""
        if (job.source, job.id) not in self._jobs:
            raise CrontermError(f"{job.source} has no job {job.id} that can be read")
        document, node = self._jobs[job.source, job.id]
        for_jobs = {word: value for word, value in self.settings.items() if word in SETTLED}
        layers = _layers(document, node, for_jobs)
        return Resolved(
            job=job.id,
            file=job.source,
            line=job.line,
            values=tuple(_values(job, layers)),
            hidden=tuple(_hidden(layers)),
        )


def _settings(documents: list[Document]) -> Iterator[tuple[str, Value]]:
    """Yield what settings say, the winner last."""
    for document in documents:
        yield from _pairs(document, _top(document, "settings"), "settings")


def _set(settings: Settings, given: Mapping[str, Value]) -> Iterator[Value]:
    """Yield each setting; what is only a default of the jobs stands with them."""
    for word in SETTINGS_SHAPES:
        if word in given:
            yield given[word]
        elif word not in SETTLED or word == "timezone":
            text = _SETTINGS.get(word) or _plain(settings, word)
            yield Value(word=word, text=text or "none", origin="built in")


def _plain(owner: Any, word: str) -> str:
    """Return what is built in, empty where it is nothing."""
    value = getattr(owner, word, None)
    if value in (None, "", (), {}) or (isinstance(value, msgspec.Struct) and _is_bare(value)):
        return ""
    shape = JOB_SHAPES.get(word) or SETTINGS_SHAPES.get(word)
    if shape is DURATION and isinstance(value, int):
        return format_duration(value)
    return inline(msgspec.to_builtins(value))


def _is_bare(value: msgspec.Struct) -> bool:
    """Tell whether a value says nothing."""
    fields = msgspec.structs.fields(value)
    return all(getattr(value, each.name) == each.default for each in fields)


def _top(document: Document, word: str) -> Node | None:
    return document.top[word][1] if word in document.top else None


def _pairs(document: Document, node: Node | None, origin: Origin) -> Iterator[tuple[str, Value]]:
    """Yield (word, value) of a mapping."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        yield (
            key.value,
            Value(
                word=key.value,
                text=inline(plain(value)),
                origin=origin,
                file=str(document.path),
                line=key.start_mark.line + 1,
            ),
        )


def _layers(document: Document, node: Node, settings: dict[str, Value]) -> list[dict[str, Value]]:
    """Return what is said of a job, what wins first."""
    layers: list[dict[str, Value]] = [dict(_pairs(document, node, "job"))]
    above: Document | None = document
    while above is not None:
        layers.append(dict(_pairs(above, _top(above, "defaults"), "defaults")))
        above = above.parent
    return [*layers, settings]


def _hidden(layers: list[dict[str, Value]]) -> Iterator[Value]:
    """Yield what the job would be given for the words that it has itself."""
    own, *above = layers
    for word in own:
        if word in JOB_SHAPES and word not in ADD_UP:
            yield from [layer[word] for layer in above if word in layer][:1]


def _values(job: Job, layers: list[dict[str, Value]]) -> Iterator[Value]:
    for word in JOB_SHAPES:
        given = [layer[word] for layer in layers if word in layer]
        yield from given if word in ADD_UP else given[:1]
        if not given and (text := _built_in(job, word)):
            yield Value(word=word, text=text, origin="built in")


def _built_in(job: Job, word: str) -> str:
    """Return what a word is that nobody gave, empty where it is nothing."""
    if word in _ALONE:
        return ""
    texts = {
        "timezone": job.timezone,
        "shell": "/bin/sh",
        "working_dir": job.working_dir,
        "success": "{exit_codes: [0]}",
        "output": "{max_size: 10MB}",
        "history": f"{{keep_runs: {job.keep.runs}, keep_days: 90}}",
        "schedule": "" if job.triggers else job.schedule_text,
        "retry": "0",
        "inherit_env": "false" if job.user else "true",
    }
    if word in texts:
        return texts[word]
    return _plain(job, word)
