"""Every value of a job with where it comes from: the job, defaults, settings, or built in."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from cronterm.config.attempt import Attempt, Request
from cronterm.config.document import entries
from cronterm.config.gather import Document
from cronterm.config.notation import inline
from cronterm.config.reader import Node, collector_off, plain
from cronterm.config.shapes import DURATION, JOB_SHAPES
from cronterm.config.words import WORDS
from cronterm.model.job import Job
from cronterm.schedule.duration import format_duration

Origin = Literal["job", "defaults", "settings", "built in"]

ADD_UP = ("env", "tags", "history")
"""Words that each layer adds to."""
SETTLED = ("timezone", "catch_up", "history", "output")
"""Words that settings give to jobs."""
_ALONE = ("command", "python", "args", "kwargs")
"""Words that nothing gives but the job."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A value as it is written, and its place; `file` is empty for what is built in."""

    word: str
    text: str
    origin: Origin
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it comes from, for people."""
        at = f" {self.file}:{self.line}" if self.file else ""
        return self.origin + at


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """A job with all its values."""

    job: str
    file: str
    line: int
    values: tuple[Value, ...]


def resolve(path: Path, *, local_timezone: str) -> tuple[Resolved, ...]:
    """Return each job that can be read, in order, words in the order of the language."""
    attempt = Attempt(Request(path, local_timezone, os.geteuid()), old=frozenset())
    with collector_off():
        attempt.read()
        documents = [document for unit in attempt.units for document in unit.documents]
        found = {
            (str(document.path), job_id): (document, node)
            for document in documents
            for job_id, _, node in entries(document)
        }
        settings = list(_settings(documents))
        return tuple(
            Resolved(
                job=job.id,
                file=job.source,
                line=job.line,
                values=tuple(_values(job, *found[job.source, job.id], settings)),
            )
            for job in attempt.jobs
        )


def _settings(documents: list[Document]) -> Iterator[tuple[str, Value]]:
    """Yield what settings give to jobs, the winner last."""
    for document in documents:
        for word, value in _pairs(document, _top(document, "settings"), "settings"):
            if word in SETTLED:
                yield word, value


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


def _values(
    job: Job, document: Document, node: Node, settings: list[tuple[str, Value]]
) -> Iterator[Value]:
    layers: list[dict[str, Value]] = [dict(_pairs(document, node, "job"))]
    above: Document | None = document
    while above is not None:
        layers.append(dict(_pairs(above, _top(above, "defaults"), "defaults")))
        above = above.parent
    layers.append(dict(settings))
    for word in WORDS:
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
        "schedule": job.schedule_text,
        "retry": "0",
    }
    if word in texts:
        return texts[word]
    value: Any = getattr(job, word, None)
    if value in (None, "", (), {}):
        return ""
    if JOB_SHAPES.get(word) is DURATION and isinstance(value, int):
        return format_duration(value)
    return inline(msgspec.to_builtins(value))
