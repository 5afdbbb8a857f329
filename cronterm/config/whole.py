"""All files of a set as one jobs file, to be carried elsewhere."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from cronterm.config.attempt import Attempt, Request
from cronterm.config.document import entries
from cronterm.config.gather import Document, is_folder
from cronterm.config.reader import collector_off, plain
from cronterm.errors import BadInput
from cronterm.model.job import Job

Words = dict[str, Any]

_OF_ONE_FILE = ("version", "include", "defaults", "jobs")
_ADDED = ("env", "history", "output", "tags")


class Whole(msgspec.Struct, frozen=True):
    """The content of one jobs file that says what all files say."""

    content: Words
    placed: tuple[tuple[str, str], ...] = ()
    """(job, file) where paths may count from another directory than that of the main file."""


@collector_off()
def read_whole(path: Path, *, local_timezone: str) -> Whole:
    """Return what all files of a set say together. Raises `BadInput` where one is wrong.

    A file that stands alone is given as it is; else the defaults of each file go to its jobs.
    """
    attempt = Attempt(Request(path, local_timezone, os.geteuid()), old=frozenset())
    attempt.read()
    problems = [problem for unit in attempt.units for problem in unit.problems]
    if problems:
        raise BadInput(str(problems[0]), "cronterm validate tells all of them")
    documents = [document for unit in attempt.units for document in unit.documents]
    if len(documents) == 1 and "include" not in documents[0].top:
        return Whole(_plain(documents[0]))
    content: Words = {"version": 1}
    for document in documents:
        for word, value in _plain(document).items():
            if word not in _OF_ONE_FILE and isinstance(value, dict):
                content[word] = {**content.get(word, {}), **value}
    home = path if is_folder(path) else path.parent
    jobs = {job.id: job for job in attempt.jobs}
    content["jobs"] = {}
    placed: list[tuple[str, str]] = []
    for document in documents:
        for job_id, _, node in entries(document):
            words = _with_defaults(document, plain(node) or {})
            if document.path.parent != home:
                words = _placed(jobs[job_id], words)
                if words.keys() & {"python", "secrets"}:
                    placed.append((job_id, str(document.path)))
            content["jobs"][job_id] = words
    return Whole(content, tuple(placed))


def _plain(document: Document) -> Words:
    return {word: plain(value) for word, (_, value) in document.top.items()}


def _with_defaults(document: Document, words: Words) -> Words:
    for defaults in _defaults(document):
        words = _laid(defaults, words)
    return words


def _defaults(document: Document) -> Iterator[Words]:
    """Yield the defaults that reach a file, its own first."""
    above: Document | None = document
    while above is not None:
        if "defaults" in above.top:
            yield plain(above.top["defaults"][1]) or {}
        above = above.parent


def _laid(base: Words, own: Words) -> Words:
    """Lay words over defaults: what adds up, adds up."""
    words = {**base, **own}
    for word in _ADDED:
        if base.get(word) and own.get(word) is not None:
            words[word] = _sum(base[word], own[word])
    return words


def _sum(base: Any, own: Any) -> Any:
    if isinstance(base, dict) and isinstance(own, dict):
        return {**base, **own}
    low, high = (
        [f"{name}={text}" for name, text in each.items()] if isinstance(each, dict) else each
        for each in (base, own)
    )
    return [*low, *high]


def _placed(job: Job, words: Words) -> Words:
    """Return words whose paths no longer depend on where the file lies."""
    words = dict(words)
    is_home = words.get("working_dir", "~" if job.user else "") == "~"
    if not is_home:
        words["working_dir"] = job.working_dir
    if job.env_files:
        words["env_file"] = [
            {"path": each, "required": False} if each in job.optional_env_files else each
            for each in job.env_files
        ]
    return words
