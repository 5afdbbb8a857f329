"""A jobs file, or a directory of them, to definitions: all of it, or all that is wrong with it."""

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from cronterm.config.attempt import Attempt, Known, Request
from cronterm.config.gather import SYSTEM_FILE, Unit, digest, is_folder
from cronterm.config.reader import HAS_LIBYAML, MOST_PROBLEMS, collector_off
from cronterm.model.job import Job, Settings
from cronterm.model.notifier import Notifier
from cronterm.model.problem import Problem

MANY = 1000  # jobs whose place in memory matters
MOST_ATTEMPTS = 5  # a file left out may be what another one needs


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a file, or a directory of files, says.

    `jobs` is empty when there are problems, unless they are confined to some files of a directory:
    then it has the jobs of the others, and of those what their last good version says.
    """

    jobs: tuple[Job, ...] = ()
    settings: Settings = Settings()
    sha256: str
    """Of the file, or of all files that were read."""
    text: str
    """Of the file itself, without what it includes; empty for a directory."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    texts: dict[str, str] = {}
    """Of each file that was read, by its path."""
    beside: dict[str, str] = {}
    """Of each further file, like a calendar's, by its path; empty for one that cannot be read."""
    good: tuple[str, ...] = ()
    """The paths whose text is in force as it is."""
    notifiers: dict[str, Notifier] = {}
    """How people are reached: not to be shown, nor told to anybody."""
    folders: tuple[str, ...] = ()
    """Directories where another file may appear."""

    @property
    def is_usable(self) -> bool:
        """Whether `jobs` can come into force."""
        return not self.problems or bool(self.good or self.jobs)

    @staticmethod
    def empty() -> "Loaded":
        """Return what a file that does not exist says."""
        return Loaded(sha256=digest(""), text="")


def load(
    path: Path,
    *,
    local_timezone: str,
    uid: int | None = None,
    last_good: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    system_file: Path = SYSTEM_FILE,
) -> Loaded:
    """Read a jobs file, or a directory of them. Never raises: what is wrong is in `problems`.

    A file that somebody else than `uid` (we ourselves) or root may change is refused for root and
    a warning for others. `last_good` has the texts that stand in for files of a directory that
    have problems, `texts` for files whatever the disk has.
    """
    return _load(
        Request(
            path,
            local_timezone,
            os.geteuid() if uid is None else uid,
            texts=texts or {},
            last_good=last_good or {},
            system_file=system_file,
        )
    )


def load_text(
    text: str,
    *,
    path: Path,
    local_timezone: str,
    has_libyaml: bool = HAS_LIBYAML,
    uid: int | None = None,
    known: Known | None = None,
    texts: Mapping[str, str] | None = None,
) -> Loaded:
    """Read the text of a jobs file as if it stood in `path`, for an engine of `uid`. Never raises.

    Without `uid` it is this process's user. `known` may be named besides what the text
    defines, `texts` stand in for further files.
    """
    uid = os.geteuid() if uid is None else uid
    request = Request(
        path,
        local_timezone,
        uid,
        texts={**(texts or {}), str(path): text},
        known=known or Known(),
    )
    return _load(request, has_libyaml=has_libyaml)


def _load(request: Request, *, has_libyaml: bool = HAS_LIBYAML) -> Loaded:
    with collector_off():
        # Nothing of the trees is left when the collector goes on: it would look at each node.
        return _attempted(request, has_libyaml=has_libyaml)


def _attempted(request: Request, *, has_libyaml: bool) -> Loaded:
    first = last = Attempt(request)
    first.read()
    bad, told = first.bad_units(), first.problems()
    for _ in range(MOST_ATTEMPTS):
        if not bad or any(not unit.is_alone for unit in bad):
            break
        last = last.next()
        last.read()
        told += [each for unit in last.units if not unit.is_old for each in unit.problems]
        bad = last.bad_units()
    return _loaded(request.path, first, last, told, has_libyaml=has_libyaml)


def _loaded(
    path: Path, first: Attempt, last: Attempt, told: list[Problem], *, has_libyaml: bool
) -> Loaded:
    """Return what the last attempt gave, and what is wrong."""
    is_whole = not last.bad_units() and first.folder_problem is None
    documents = [document for unit in first.units for document in unit.documents]
    texts = {str(document.path): document.text for document in documents}
    warnings = [warning for document in documents for warning in document.reading.warnings]
    if not has_libyaml:
        warnings.append(_slow(path))
    return Loaded(
        jobs=_gathered(last.jobs) if is_whole else (),
        settings=last.settings,
        sha256=first.sha256(),
        text=texts.get(str(path), ""),
        problems=_in_order(told),
        warnings=tuple(warnings),
        texts=texts,
        beside={**last.beside(), **first.beside()},
        good=tuple(_paths(unit for unit in last.units if not unit.is_old)) if is_whole else (),
        notifiers=last.notifiers,
        folders=tuple(sorted({*first.folders(), *last.folders()})),
    )


def _gathered(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return the jobs; many of them as copies that lie together in memory.

    Their texts are those of the trees, and lie between them: what else a tree has taken would
    never be given back, 13 MiB of 10,000 jobs.
    """
    if len(jobs) >= MANY:
        with contextlib.suppress(UnicodeEncodeError):  # a path may be of any bytes
            return msgspec.msgpack.decode(msgspec.msgpack.encode(jobs), type=tuple[Job, ...])
    return tuple(jobs)


def _paths(units: Iterable[Unit]) -> Iterator[str]:
    return (str(document.path) for unit in units for document in unit.documents)


def _slow(path: Path) -> Problem:
    return Problem(
        file=str(path),
        message="PyYAML was built without libyaml: reading is 25 times slower",
        hint="install the wheel of PyYAML",
    )


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return problems by place, the files in the order in which they were read."""
    files = {problem.file: place for place, problem in reversed(list(enumerate(problems)))}
    ordered = sorted(problems, key=lambda each: (files[each.file], each.line, each.column))
    if len(ordered) < MOST_PROBLEMS:
        return tuple(ordered)
    more = Problem(file=ordered[0].file, message="and maybe more: the rest was not looked at")
    return (*ordered[:MOST_PROBLEMS], more)


def emptiness(path: Path, loaded: Loaded) -> Problem | None:
    """Return what is to be said of a jobs file without a word; None of any other."""
    if loaded.problems or loaded.text.strip() or is_folder(path):
        return None
    return Problem(file=str(path), message="is empty", hint="`jobs: {}` is how to have no jobs")


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
