"""Writes what was found as a jobs file of its own, or into one that is there."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from cronterm.config import json_edit
from cronterm.config.edit import add_job, job_block
from cronterm.config.load import load_text
from cronterm.config.notation import EditRefused, entry
from cronterm.config.source import Source
from cronterm.model.job import Job
from cronterm.moving.base import Found, Moved, refusals
from cronterm.moving.fit import job_lines, job_text, load_alone, shared

LONGEST_LINE = 160  # characters of a comment


def new_file(found: Sequence[Found]) -> str:
    """Return the text of a jobs file with all jobs; what they share stands in `defaults`."""
    common, own = shared([job for each in found for job in each.jobs])
    lines = [_comment(f"Imported from {', '.join(each.name for each in found)}")]
    lines += [_comment(f"- {text}") for text in (*_notes(found), *common.remarks)]
    lines += ["", "version: 1", ""]
    if common.defaults:
        lines.append("defaults:")
        lines += [
            f"  {line}" for word, value in common.defaults.items() for line in entry(word, value)
        ]
        lines.append("")
    lines.append("jobs:" if own else "jobs: {}")
    for job in own:
        lines += [_indented(line) for line in (*_comments(job), *job_lines(job.id, job.words))]
        lines.append("")
    for name, line in refusals(found):
        lines.append(_comment(f"not imported, {name}:{line.number}: {line.reason}"))
        lines.append(_comment(f"  {line.text}"))
    while not lines[-1]:
        lines.pop()
    return "\n".join(lines) + "\n"


def _notes(found: Sequence[Found]) -> Iterator[str]:
    for each in found:
        for note in each.notes:
            yield note if len(found) == 1 else f"{each.name}: {note}"


def _comments(job: Moved) -> list[str]:
    return [_comment(job.place), *(_comment(f"! {text}") for text in job.remarks)]


def _comment(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    cut = plain if len(plain) <= LONGEST_LINE else plain[: LONGEST_LINE - 1] + "…"
    return f"# {cut}".rstrip()


def _indented(line: str) -> str:
    return f"  {line}" if line else ""


# -- into a file that is there -------------------------------------------------------------------


class Merged(msgspec.Struct, frozen=True):
    """What came of adding jobs to a file."""

    text: str
    added: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    """Jobs that the file has already, word by word."""
    refused: tuple[tuple[str, str], ...] = ()
    """(id, why) of jobs that were not added."""
    changed: tuple[tuple[str, str], ...] = ()
    """(id, words) of jobs that the file's defaults or settings change."""


def merge_into(text: str, found: Sequence[Found], *, path: Path, timezone: str) -> Merged:
    """Return `text` with the jobs added after its own. Raises `EditRefused` for a broken file.

    A job whose id is taken is not added: an import that is done twice must not run it twice.
    """
    content = Source(text).content()
    jobs = content.get("jobs") or {}
    there: dict[str, object] = (
        {str(item.get("name") or item.get("id") or item.get("job_id")): item for item in jobs}
        if isinstance(jobs, list)
        else dict(jobs)
    )
    folded = {name.lower(): name for name in there}
    is_json = path.suffix == ".json"
    added, same, refused = [], [], []
    for job in (job for each in found for job in each.jobs):
        if (name := folded.get(job.id.lower())) is not None:
            if there[name] == msgspec.to_builtins(job.words):
                same.append(job.id)
            else:
                refused.append((job.id, f"the file has a job {name} already"))
            continue
        try:
            if is_json:
                text = json_edit.add_job(text, job.id, job.words)
            else:
                text = _with_comments(add_job(text, job.id, job.words), job)
        except EditRefused as error:
            refused.append((job.id, str(error)))
        else:
            added.append(job)
    return Merged(
        text,
        tuple(job.id for job in added),
        tuple(same),
        tuple(refused),
        tuple(_changed(text, added, path, timezone)),
    )


def _with_comments(text: str, job: Moved) -> str:
    """Return the text with what is to be said above the job, where there is a line for it."""
    source = Source(text)
    first, block = job_block(text, job.id)
    indent = block[: len(block) - len(block.lstrip(" "))]
    lines = source.text.split(source.newline)
    if not lines[first - 1].startswith(block.split(source.newline)[0]):
        return text
    lines[first - 1 : first - 1] = [indent + line for line in _comments(job)]
    told = source.newline.join(lines)
    try:
        is_same = Source(told).content() == source.content()
    except EditRefused:
        is_same = False
    return (source.bom + told) if is_same else text


def _changed(
    text: str, added: Sequence[Moved], path: Path, timezone: str
) -> Iterator[tuple[str, str]]:
    """Yield (id, words) of jobs that mean something else in this file than alone."""
    loaded = {job.id: job for job in load_text(text, path=path, local_timezone=timezone).jobs}
    for moved in added:
        alone = load_alone(job_text(moved.id, moved.words), timezone).jobs
        job = loaded.get(moved.id)
        if job is None or not alone:
            continue
        if words := _differing(alone[0], job):
            yield moved.id, words


def _differing(alone: Job, here: Job) -> str:
    places = ("source", "line", "directory")
    fields = [name for name in alone.__struct_fields__ if name not in places]
    names = [name for name in fields if getattr(alone, name) != getattr(here, name)]
    if alone.working_dir == alone.directory and here.working_dir == here.directory:
        names = [name for name in names if name != "working_dir"]
    return ", ".join(names)
