"""Directories that jobs are to run in and that are not there; they may come to be.

Loading looks at none of them: a file system that does not answer would hold up the engine.
"""

import errno
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from cronterm.config.load import Loaded
from cronterm.model.job import Job
from cronterm.model.problem import Problem

_WORD = re.compile(r"""\bworking_dir["']?\s*:""")


def missing_directories(loaded: Loaded) -> tuple[Problem, ...]:
    """Return a warning for each such directory, at the first job that names it."""
    jobs: dict[str, list[Job]] = {}
    for job in loaded.jobs:
        if not job.is_monitor:
            jobs.setdefault(job.working_dir, []).append(job)
    return tuple(_warnings(loaded, jobs))


def _warnings(loaded: Loaded, jobs: dict[str, list[Job]]) -> Iterator[Problem]:
    for directory, each in jobs.items():
        if not (what := _trouble(directory)):
            continue
        first, *others = each
        line, column = _place(loaded.texts.get(first.source, ""), first.line)
        more = f" and {len(others)} more" if others else ""
        yield Problem(
            file=first.source,
            line=line,
            column=column,
            path=f"jobs.{first.id}.working_dir",
            message=f"working_dir {directory} {what}",
            hint=f"runs of {first.id}{more} will fail",
        )


def _trouble(directory: str) -> str:
    """Return what is wrong with a directory; nothing where that cannot be told from here."""
    try:
        is_directory = stat.S_ISDIR(Path(directory).stat().st_mode)
    except OSError as error:
        is_gone = error.errno in (errno.ENOENT, errno.ENOTDIR)
        return "does not exist" if is_gone else ""
    return "" if is_directory else "is not a directory"


def _place(text: str, line: int) -> tuple[int, int]:
    """Return where a job's own `working_dir` is written; its first line where it has none."""
    lines = text.splitlines()[line - 1 :] if line else []
    if not lines:
        return line, min(line, 1)
    depth = _depth(lines[0])
    for number, written in enumerate(lines):
        if number and written.strip() and _depth(written) <= depth:
            break
        if (found := _WORD.search(written)) and not written.lstrip().startswith("#"):
            return line + number, found.start() + 1
    return line, depth + 1


def _depth(written: str) -> int:
    return len(written) - len(written.lstrip())
