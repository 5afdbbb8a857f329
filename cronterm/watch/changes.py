"""What the files of a place look like, and what happened to them between two looks."""

import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import msgspec

from cronterm.model.trigger import FileEvent, OnFile

MOST_FILES = 200_000  # in a watched tree; what lies beyond is not watched

Mark: TypeAlias = tuple[int, int, int]
"""Inode, size and time of the content: a rename keeps all three, a save does not."""
Place: TypeAlias = tuple[int, int]
"""Device and inode of a directory."""
Steps: TypeAlias = tuple[re.Pattern[str] | None, ...]

# What editors leave beside the file that is edited, and cronterm beside the jobs file.
_OF_EDITORS = re.compile(
    r"\..*\.sw[a-z]|.*~\d*|4913|\.#.*|#.*#|\.goutputstream-.*|.*\.kate-swp|\.~lock\..*#"
    r"|.*___jb_(?:tmp|old)___|\.[^/]*\.\d+\.new"
)


class Change(msgspec.Struct, frozen=True):
    """What happened to a file in the end, whatever happened on the way there."""

    event: FileEvent
    path: str
    was: str = ""
    """Where it was, if it was moved."""


class Picture:
    """The files that a trigger is about, as they were at the last look.

    Directories count only for what lies in them. Links are not followed, but for the path itself.
    """

    def __init__(self, trigger: OnFile, *, own: Place | None = None) -> None:
        """`own` is a directory below which nothing counts."""
        self._root = trigger.path
        self._is_recursive = trigger.recursive
        self._patterns = [("/" in text, _steps(text)) for text in trigger.patterns]
        self._own = own
        self._seen: dict[str, tuple[dict[str, Mark], dict[str, Place]]] = {}
        self._count = 0

    @property
    def is_full(self) -> bool:
        """There are more files than are watched."""
        return self._count >= MOST_FILES

    def knows(self, directory: str) -> bool:
        """Tell whether the files of `directory` count."""
        return directory in self._seen or directory == self._root

    def mark(self, path: str) -> Mark | None:
        """Return how a file looked at the last look."""
        if path == self._root:
            return self._seen.get(path, ({}, {}))[0].get("")
        directory, _, name = path.rpartition("/")
        return self._seen.get(directory, ({}, {}))[0].get(name)

    def look(self, directories: Iterable[str] | None = None) -> dict[str, Mark | None]:
        """Look at these directories again, or at all; return what looked otherwise before, and how.

        New directories below them are looked at as well.
        """
        waiting = [self._root, *self._seen] if directories is None else list(directories)
        before: dict[str, Mark | None] = {}
        looked: set[str] = set()
        while waiting:
            directory = waiting.pop()
            if directory in looked or not self.knows(directory):
                continue
            looked.add(directory)
            files, below = self._scan(directory)
            old_files, old_below = self._seen.get(directory, ({}, {}))
            for name in old_files.keys() | files.keys():
                if old_files.get(name) != files.get(name):
                    before[_path(directory, name)] = old_files.get(name)
            for name in old_below.keys() - below.keys():
                before |= self._forget(_path(directory, name))
            new = [name for name, place in below.items() if old_below.get(name) != place]
            for path in (_path(directory, name) for name in new):
                self._seen.setdefault(path, ({}, {}))
                looked.discard(path)
                waiting.append(path)
            self._count += len(files) - len(old_files)
            self._seen[directory] = files, below
        return before

    def _scan(self, directory: str) -> tuple[dict[str, Mark], dict[str, Place]]:
        """Return the files and the directories in a directory; what cannot be read is as before."""
        files: dict[str, Mark] = {}
        below: dict[str, Place] = {}
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    self._note(directory, entry, files, below)
        except NotADirectoryError:
            about = _about(directory)
            return ({"": _mark(about)} if about is not None else {}), {}
        except (FileNotFoundError, ProcessLookupError):
            return {}, {}
        except OSError:
            return self._seen.get(directory, ({}, {}))
        return files, below

    def _note(
        self,
        directory: str,
        entry: "os.DirEntry[str]",
        files: dict[str, Mark],
        below: dict[str, Place],
    ) -> None:
        try:
            if entry.is_dir(follow_symlinks=False):
                if self._is_recursive:
                    about = entry.stat(follow_symlinks=False)
                    if (about.st_dev, about.st_ino) != self._own:
                        below[entry.name] = about.st_dev, about.st_ino
            elif self._counts(directory, entry.name) and (
                len(files) + self._count < MOST_FILES or self.mark(entry.path) is not None
            ):
                files[entry.name] = _mark(entry.stat(follow_symlinks=False))
        except OSError:
            return  # it went between the listing and the look

    def _counts(self, directory: str, name: str) -> bool:
        if _OF_EDITORS.fullmatch(name):
            return False
        if not self._patterns:
            return True
        names = _path(directory, name)[len(self._root) :].strip("/").split("/")
        return any(
            _fits(names if has_slash else [name], steps) for has_slash, steps in self._patterns
        )

    def _forget(self, directory: str) -> dict[str, Mark | None]:
        """Forget a directory that is gone; return how its files looked."""
        gone: dict[str, Mark | None] = {}
        files, below = self._seen.pop(directory, ({}, {}))
        self._count -= len(files)
        gone.update((_path(directory, name), mark) for name, mark in files.items())
        for name in below:
            gone |= self._forget(_path(directory, name))
        return gone


def tell_changes(
    before: Mapping[str, Mark | None], after: Mapping[str, Mark | None]
) -> list[Change]:
    """Return what happened to the files of both mappings, by path; None is not there."""
    changes: list[Change] = []
    left = {mark: path for path, mark in before.items() if mark and after.get(path) is None}
    for path in sorted(before):
        old, new = before[path], after.get(path)
        if old == new:
            continue
        if new is not None and new in left:
            changes.append(Change("moved", path, left.pop(new)))
        elif new is not None:
            changes.append(Change("created" if old is None else "modified", path))
    moved = {change.was for change in changes}
    gone = [path for path, mark in before.items() if mark and after.get(path) is None]
    changes += [Change("deleted", path) for path in gone if path not in moved]
    return sorted(changes, key=lambda change: change.path)


def place_of(directory: Path) -> Place | None:
    """Return what tells a directory from all others, None when it is not there."""
    about = _about(str(directory))
    return None if about is None else (about.st_dev, about.st_ino)


def _about(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None


def _mark(about: os.stat_result) -> Mark:
    is_fixed = stat.S_ISREG(about.st_mode) or stat.S_ISLNK(about.st_mode)
    # A pipe or a device changes its times with each use.
    return (about.st_ino, about.st_size, about.st_mtime_ns) if is_fixed else (about.st_ino, 0, 0)


def _path(directory: str, name: str) -> str:
    return f"{directory.rstrip('/')}/{name}" if name else directory


def _steps(pattern: str) -> Steps:
    """Return what matches each name on the way; `**` is any number of directories."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    once = [part for part, after in pairwise([*parts, ""]) if part != "**" or after != "**"]
    return tuple(None if part == "**" else re.compile(fnmatch.translate(part)) for part in once)


def _fits(names: Sequence[str], steps: Steps) -> bool:
    if not steps:
        return not names
    first, *rest = steps
    if first is None:
        return any(_fits(names[start:], tuple(rest)) for start in range(len(names) + 1))
    return bool(names and first.fullmatch(names[0])) and _fits(names[1:], tuple(rest))
