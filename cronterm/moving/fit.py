"""Makes what was found fit this version: words that exist, ids that are free, jobs that load."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cronterm.config.load import Loaded, load_text
from cronterm.config.notation import EditRefused, entry, head, inline
from cronterm.config.words import LATER_JOB, WORDS
from cronterm.moving.base import Found, Moved, Words
from cronterm.moving.names import free

NOWHERE = Path("/nonexistent/jobs.yaml")
"""Where a job stands while it is tried alone."""


def fit(found: Sequence[Found], timezone: str, *, taken: Iterable[str] = ()) -> list[Found]:
    """Return what was found with ids made unique and without what this version cannot say.

    A job that would not load is told as refused, with what is wrong. `taken` are ids in use.
    """
    names = {name.lower() for name in taken}
    return [_fitted(each, timezone, names) for each in found]


def _fitted(found: Found, timezone: str, names: set[str]) -> Found:
    jobs: list[Moved] = []
    broken: dict[int, str] = {}
    for job in found.jobs:
        name = free(job.id, names)
        fitted = replace(without_later(job), id=name)
        problem = _problem(fitted, timezone)
        if problem:
            later = [text for text in fitted.remarks if text not in job.remarks]
            broken[job.line] = "; ".join([*later, problem])
            continue
        names.add(name.lower())
        jobs.append(fitted)
    lines = [
        replace(line, fate="refused", reason=broken[line.number])
        if line.fate == "job" and line.number in broken
        else line
        for line in found.lines
    ]
    return replace(found, jobs=tuple(jobs), lines=tuple(lines))


def without_later(job: Moved) -> Moved:
    """Return a job without the words that are not built yet; a remark says each."""
    later = {word: value for word, value in job.words.items() if word in LATER_JOB}
    if not later:
        return job
    words = {word: value for word, value in job.words.items() if word in WORDS}
    remarks = [
        f"{word}: {inline(value)} is not built yet in this version" for word, value in later.items()
    ]
    return replace(job, words=words).with_remarks(*remarks)


def _problem(job: Moved, timezone: str) -> str:
    """Return what is wrong with a job that stands alone, or nothing."""
    try:
        text = job_text(job.id, job.words)
    except EditRefused as refused:
        return str(refused)
    loaded = load_alone(text, timezone)
    if not loaded.problems:
        return ""
    first = loaded.problems[0]
    return f"{first.message} ({first.hint})" if first.hint else first.message


def load_alone(text: str, timezone: str) -> Loaded:
    """Return what a text says as a jobs file."""
    return load_text(text, path=NOWHERE, local_timezone=timezone)


def job_text(job_id: str, words: Words) -> str:
    """Return the text of a jobs file with one job."""
    return "\n".join(
        ["jobs:", *(f"  {line}" if line else "" for line in job_lines(job_id, words)), ""]
    )


def job_lines(job_id: str, words: Words) -> list[str]:
    """Return the lines of a job, its words indented by two."""
    below = [line for word, value in words.items() for line in entry(word, value)]
    return [head(job_id), *(f"  {line}" if line else "" for line in below)]


# -- what jobs share -----------------------------------------------------------------------------

SHARED = ("timezone", "shell", "working_dir", "env", "inherit_env", "overlap", "catch_up", "user")
"""Words that go to `defaults` when all jobs of a new file agree."""


@dataclass(frozen=True)
class Shared:
    """What all jobs have in common."""

    defaults: Words
    remarks: tuple[str, ...]


def shared(jobs: Sequence[Moved]) -> tuple[Shared, list[Moved]]:
    """Part what all jobs say from what each says for itself. One job shares nothing."""
    if len(jobs) < 2:
        return Shared({}, ()), list(jobs)
    defaults: Words = {}
    for word in SHARED:
        values = [job.words.get(word) for job in jobs]
        if values[0] is not None and all(value == values[0] for value in values):
            defaults[word] = values[0]
    # env adds up: what most have in common may stand above, if nobody lacks it.
    envs: list[dict[str, Any]] = [job.words.get("env") or {} for job in jobs]
    if "env" not in defaults and (same := dict(set.intersection(*(set(e.items()) for e in envs)))):
        defaults["env"] = {name: value for name, value in envs[0].items() if name in same}
    remarks = [text for text in jobs[0].remarks if all(text in job.remarks for job in jobs)]
    own = [_without_shared(job, defaults, remarks) for job in jobs]
    return Shared(defaults, tuple(remarks)), own


def _without_shared(job: Moved, defaults: Words, remarks: Sequence[str]) -> Moved:
    words = {word: value for word, value in job.words.items() if defaults.get(word) != value}
    if "env" in words and "env" in defaults:
        left = {name: v for name, v in words["env"].items() if name not in defaults["env"]}
        words = {**words, "env": left} if left else {w: v for w, v in words.items() if w != "env"}
    kept = tuple(text for text in job.remarks if text not in remarks)
    return replace(job, words=words, remarks=kept)
