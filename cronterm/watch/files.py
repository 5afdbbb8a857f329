"""Tells when the content of one file changed, however it was saved.

Editors replace files, ConfigMaps swap a link beside it, a link may lead elsewhere: so the file's
directory and that of its target are watched, any event there is a reason to look, and only another
content is a change. NFS and exhausted inotify limits give no events: a look every two seconds
covers them.
"""

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

log = logging.getLogger("cronterm.watch")

QUIET_S = 0.15  # a save is several events
QUIET_MOST_S = 2.0
POLL_S = 2.0
READS = {"opened", "closed_no_write"}  # our own looks make them: a loop otherwise

Stat = tuple[int, int, int, int] | None


class FileWatch(FileSystemEventHandler):
    """Watches `path` while the block runs; calls `on_change` on a thread of its own."""

    def __init__(self, path: Path, *, on_change: Callable[[], None]) -> None:
        self._path = path
        self._on_change = on_change
        self._poked = threading.Event()
        self._is_over = False
        self._observer: BaseObserver | None = None
        self._watched: set[str] = set()
        self._content = self._read()
        self._stat = self._look()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.is_polling = False
        """Nothing tells of changes: only the look every two seconds finds them."""

    def __enter__(self) -> Self:
        self._follow()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        self._poked.set()
        self._thread.join()
        self._let_go()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Take an event of the directory as a reason to look."""
        if event.event_type not in READS:
            self._poked.set()

    def _follow(self) -> None:
        """Watch the directories that the path leads through now."""
        places = {str(self._path.parent), os.path.dirname(os.path.realpath(self._path))}  # noqa: PTH120
        places = {place for place in places if os.path.isdir(place)}  # noqa: PTH112
        if places == self._watched and self._observer is not None:
            return
        self._let_go()
        observer = Observer()
        try:
            for place in sorted(places):
                observer.schedule(self, place, recursive=False)
            observer.start()
        except OSError as error:
            if not self.is_polling:
                log.warning("no file events, looking every %g s: %s", POLL_S, error)
            self.is_polling = True
            return
        self._observer, self._watched, self.is_polling = observer, places, False

    def _let_go(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def _look(self) -> Stat:
        try:
            about = self._path.stat()
            place = self._path.parent.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino, place.st_ino

    def _read(self) -> bytes | None:
        try:
            return hashlib.sha256(self._path.read_bytes()).digest()
        except OSError:
            return None

    def _run(self) -> None:
        while not self._is_over:
            was_poked = self._poked.wait(POLL_S)
            if self._is_over:
                return
            if not was_poked and self._look() == self._stat:
                continue
            self._wait_quiet()
            self._check()

    def _wait_quiet(self) -> None:
        until = time.monotonic() + QUIET_MOST_S
        while self._poked.is_set() and time.monotonic() < until and not self._is_over:
            self._poked.clear()
            self._poked.wait(QUIET_S)
        self._poked.clear()

    def _check(self) -> None:
        stat = self._look()
        if stat is not None and (self._stat is None or stat[3] != self._stat[3]):
            self._watched = set()  # the directory was put back: its old watch sees nothing
        self._stat = stat
        self._follow()
        content = self._read()
        if content is not None and content != self._content:
            self._content = content
            self._on_change()
