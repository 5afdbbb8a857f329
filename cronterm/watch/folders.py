"""Tells when one of many files changed, or when another one appeared beside them.

Which names count is for the caller to say. As for one file, events are a reason to look and only a
difference that a look finds is a change; where there are no events, looks alone find it.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from watchdog.events import EVENT_TYPE_MOVED, FileSystemEvent
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from cronterm.watch.base import MOVES, POLL_S, QUIET_S, WRITES, Watch

SPARE = 200.0  # a look may take the two hundredth part of the time between looks

Look = tuple[tuple[str, int, int, int, int], ...]


class FoldersWatch(Watch):
    """Watches `files`, and the names that count in `folders`, while the block runs.

    `on_change` is called on a thread of its own; first as soon as the block begins, since something
    may have changed after the caller's own look.
    """

    def __init__(
        self,
        *,
        files: Iterable[str],
        folders: Iterable[str],
        counts: Callable[[str], bool],
        on_change: Callable[[], None],
        make_observer: Callable[[], BaseObserver] = Observer,
        poll_s: float = POLL_S,
        quiet_s: float = QUIET_S,
    ) -> None:
        super().__init__("watch folders", make_observer, poll_s, quiet_s)
        self._files = tuple(files)
        self._folders = tuple(folders)
        self._counts = counts
        self._on_change = on_change
        self._names = {name for path in self._files for name in _names(path)}
        self._watched: dict[str, tuple[int, int]] = {}
        self._seen: Look | None = None
        self._look_s = 0.0

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Take an event of a name that counts as a reason to look.

        So is anything that moves: links may lead through it to the files.
        """
        paths = (os.fsdecode(path) for path in (event.src_path, event.dest_path) if path)
        if event.event_type == EVENT_TYPE_MOVED or any(map(self._is_reason, paths)):
            self._poked.set()

    def _is_reason(self, path: str) -> bool:
        name = os.path.basename(path)  # noqa: PTH119
        return path in self._watched or name in self._names or self._counts(name)

    def _places(self) -> dict[str, tuple[int, int]]:
        """Return the directories of now, each with what tells it from a successor."""
        found = {}
        parents = {os.path.dirname(name) for path in self._files for name in (path, _real(path))}  # noqa: PTH120
        for place in {*self._folders, *parents}:
            try:
                about = Path(place).stat()
            except OSError:
                continue
            found[place] = about.st_dev, about.st_ino
        return found

    def _follow(self) -> None:
        places = self._places()
        if places == self._watched and self._observer is not None:
            return
        is_observed = self._observe(dict.fromkeys(places, MOVES + WRITES))
        self._watched = places if is_observed else {}

    def _look(self) -> Look:
        """Return what differs after every save: names, times, sizes, inodes."""
        began = time.monotonic()
        paths = set(self._files)
        for folder in self._folders:
            try:
                paths |= {f"{folder}/{name}" for name in os.listdir(folder) if self._counts(name)}  # noqa: PTH208
            except OSError:
                continue
        looks = []
        for path in sorted(paths):
            try:
                about = os.stat(path)  # noqa: PTH116  ten thousand of them
            except OSError:
                continue
            looks.append((path, about.st_mtime_ns, about.st_ctime_ns, about.st_size, about.st_ino))
        self._look_s = time.monotonic() - began
        return tuple(looks)

    def _pause_s(self) -> float:
        return max(self._poll_s, SPARE * self._look_s)

    def _check(self) -> None:
        self._follow()
        now = self._look()
        if now != self._seen and not self._is_over:
            self._seen = now
            self._on_change()


def _real(path: str) -> str:
    return os.path.realpath(path)


def _names(path: str) -> tuple[str, str]:
    """Return the name of a file and that of what it leads to."""
    return os.path.basename(path), os.path.basename(_real(path))  # noqa: PTH119
