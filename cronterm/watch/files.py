"""Tells when the content of one file changed, however it was saved.

Editors replace files, ConfigMaps swap a link beside it, a link may lead elsewhere, a deployment
swaps the directory: so every name that the path leads through is watched in its directory, an event
of such a name is a reason to look, and only another content is a change.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from watchdog.events import FileSystemEvent
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from cronterm.watch.base import MOVES, POLL_S, QUIET_S, WRITES, Watch

LARGEST_FILE = 32 << 20  # the reader of jobs files takes no more either
MOST_STEPS = 200  # of a path: links may lead in circles

Look: TypeAlias = tuple[int, ...] | None
Names: TypeAlias = dict[str, set[str]]
"""The names in each directory that a path leads through."""
Places: TypeAlias = dict[str, tuple[int, int, bool]]
"""Directories, each with what tells it from another of the same name, and whether writes count."""


class FileWatch(Watch):
    """Watches `path` while the block runs; calls `on_change` on a thread of its own.

    A file that goes, comes back, cannot be read any more or may be changed by others has changed,
    too. `known` is the digest (see `digest`) of what the caller read last; without it, of what is
    there now.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_change: Callable[[], None],
        known: str | None = None,
        make_observer: Callable[[], BaseObserver] = Observer,
        poll_s: float = POLL_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        super().__init__("watch", make_observer, poll_s, quiet_s)
        self._path = path
        self._on_change = on_change
        self._watched: Places = {}
        self._names: Names = {}
        self._is_stale = False
        self._seen = self._look()
        self._content = digest(path) if known is None else known
        self._rights = rights(path)
        self.is_polling = False
        """Nothing tells of changes: only the look every two seconds finds them."""

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Take an event of a name that the path leads through as a reason to look."""
        if event.event_type == "deleted" and event.src_path in self._watched:
            # Its successor may get the same inode number: nothing else tells them apart.
            self._is_stale = True
            self._poked.set()
            return
        if self.is_reason(event):
            self._poked.set()

    def is_reason(self, event: FileSystemEvent) -> bool:
        """Return whether `event` is about a name that the path leads through."""
        if event.event_type == "attrib" and event.src_path in self._watched:
            return True
        ends = (os.path.split(os.fsdecode(path)) for path in (event.src_path, event.dest_path))
        return any(name in self._names.get(directory, ()) for directory, name in ends)

    # -- where to look ---------------------------------------------------------------------------

    def _places(self) -> tuple[Places, Names]:
        """Return the directories that the path leads through now, and the names in them."""
        route, above = follow(self._path)
        places: Places = {}
        for directory in {**above, **route}:
            try:
                about = Path(directory).stat()
            except OSError:
                continue
            places[directory] = (about.st_dev, about.st_ino, directory in route)
        names = {place: route.get(place, set()) | above.get(place, set()) for place in places}
        return places, names

    def _follow(self) -> None:
        is_stale, self._is_stale = self._is_stale, False
        places, self._names = self._places()
        if places == self._watched and self._observer is not None and not is_stale:
            return
        self._watched = places  # before the first event comes
        self.is_polling = not self._observe(
            {
                place: MOVES + WRITES if with_writes else MOVES
                for place, (_, _, with_writes) in places.items()
            }
        )
        if self.is_polling:
            self._watched = {}

    # -- looking ---------------------------------------------------------------------------------

    def _look(self) -> tuple[Look, Places]:
        """Return what differs after every save that a look can find: cheap, reads nothing."""
        try:
            about = self._path.stat()
        except OSError:
            return None, self._places()[0]
        look = (about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino, about.st_dev)
        return look, self._places()[0]

    def _is_worth_a_check(self) -> bool:
        return self._look() != self._seen

    def _check(self) -> None:
        self._seen = self._look()  # before it is read: a change meanwhile is for the next look
        self._follow()
        now = digest(self._path), rights(self._path)
        if now != (self._content, self._rights) and not self._is_over:
            self._content, self._rights = now
            self._on_change()


def follow(path: Path) -> tuple[Names, Names]:
    """Return the names of the links and of the file that `path` leads through, and those above.

    Above is the directory of each in its own directory, or what is there of it: it may be swapped.
    """
    route: Names = {}
    here, rest = str(path.parent), [path.name]
    for _ in range(MOST_STEPS):
        if not rest:
            break
        name = rest.pop(0)
        entry = os.path.normpath(f"{here}/{name}")
        try:
            target = str(Path(entry).readlink())
        except OSError:
            if not rest:
                route.setdefault(here, set()).add(name)
            here = entry
            continue
        route.setdefault(here, set()).add(name)
        rest = [part for part in target.split("/") if part] + rest
        here = "/" if target.startswith("/") else here
    above: Names = {}
    for directory in map(Path, route):
        for below in (directory, *directory.parents):
            above.setdefault(str(below.parent), set()).add(below.name)
            if below.is_dir():
                break
    return route, above


def rights(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Return mode and owner of a file and of its directory: who may change it."""
    found: list[tuple[int, int] | None] = []
    for place in (path, Path(os.path.realpath(path)).parent):
        try:
            about = place.stat()
        except OSError:
            found.append(None)
        else:
            found.append((about.st_mode, about.st_uid))
    return tuple(found)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, empty for what is no readable file of 32 MiB."""
    try:
        # Without O_NONBLOCK, opening a FIFO would wait for a writer.
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    about = os.fstat(file)
    if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_FILE:
        os.close(file)
        return ""
    with os.fdopen(file, "rb") as opened:
        try:
            return hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError:
            return ""
