"""Words of a job that may be changed for one run: what runs, and with what."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cronterm.config.load import load_text
from cronterm.errors import BadInput
from cronterm.model.job import Job, PythonCall, Shell
from cronterm.model.problem import Problem
from cronterm.schedule.duration import format_duration

KEPT = ("command", "working_dir")
"""Words that are changed but never left out."""


class BadWord(BadInput):
    """A word that cannot be taken; `word` says which."""

    def __init__(self, word: str, message: str, hint: str = "") -> None:
        super().__init__(f"{word}: {message}" if word else message, hint)
        self.word = word
        self.about = message


def words_once(job: Job) -> dict[str, Any]:
    """Return the words of `job` that may be changed, as they would stand in a jobs file.

    None is a word that is not there.
    """
    words: dict[str, Any] = {}
    match job.action:
        case Shell(command=command):
            words["command"] = command if isinstance(command, str) else list(command)
        case PythonCall(args=args, kwargs=kwargs):
            words |= {"args": list(args) or None, "kwargs": kwargs or None}
    if isinstance(job.action, Shell | PythonCall):
        words["stdin"] = job.stdin
    timeout = None if job.timeout is None else format_duration(job.timeout)
    return words | {"env": job.env or None, "working_dir": job.working_dir, "timeout": timeout}


def with_words(job: Job, words: Mapping[str, Any]) -> Job:
    """Return `job` with words changed; None removes one. Raises `BadWord`, the file's way."""
    now = words_once(job)
    for word, value in words.items():
        if word not in now:
            known = f"words that can be: {', '.join(now)}"
            raise BadWord("", f"{word[:64]!r} cannot be changed for one run", known)
        if value is None and word in KEPT:
            raise BadWord(word, "it is needed")
    given = {word: value for word, value in (now | dict(words)).items() if value is not None}
    match job.action:
        case Shell():
            pass
        case PythonCall(target=target):
            given["python"] = target
        case _:
            given["command"] = "true"
    path = Path(job.directory) / "jobs.json"
    text = json.dumps({"jobs": {job.id: given}})
    loaded = load_text(text, path=path, local_timezone="UTC")
    if loaded.problems or not loaded.jobs:
        raise _bad_word(loaded.problems[0], job.id)
    read = loaded.jobs[0]
    action = job.action
    match action, read.action:
        case Shell(), Shell(command=command):
            action = msgspec.structs.replace(action, command=command)
        case PythonCall(), PythonCall(args=args, kwargs=kwargs):
            action = msgspec.structs.replace(action, args=args, kwargs=kwargs)
    return msgspec.structs.replace(
        job,
        action=action,
        env=read.env,
        stdin=read.stdin if "stdin" in now else job.stdin,
        working_dir=read.working_dir,
        timeout=read.timeout,
    )


def _bad_word(problem: Problem, job: str) -> BadWord:
    word = problem.path.removeprefix(f"jobs.{job}").strip(".").partition(".")[0]
    return BadWord(word, problem.message, problem.hint)


def changed_words(before: Job, after: Job) -> tuple[str, ...]:
    """Return the words in which two definitions of a job differ, of those that may."""
    old, new = words_once(before), words_once(after)
    return tuple(word for word in new if new[word] != old.get(word))
