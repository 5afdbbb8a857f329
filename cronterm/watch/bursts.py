"""Tells what happened to files once it is quiet: one signal for a burst, with all of its paths.

Events of the kernel are only a reason to look, and what differs between two looks is what happened:
an editor that saves by renaming, a copy in a thousand writes, a move that is told in two halves all
come out as what they are. Where no events come (NFS, no inotify watches left) looking now and then
finds the same.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEvent

from cronterm.clock import SECOND
from cronterm.model.trigger import OnFile, Signal
from cronterm.watch.changes import MOST_FILES, Mark, Picture, Place, place_of, tell_changes
from cronterm.watch.ears import Ear, Ears
from cronterm.watch.event_files import EventFiles

log = logging.getLogger("cronterm.watch")

GATHER_S = 0.05  # a save is several events
LONGEST_GATHER_S = 5.0
PATIENCE_S = 60.0  # a file that never rests holds up the others no longer
MANY_EVENTS = 5_000  # the kernel may have dropped some: look at everything
REST = 1_000  # a look beside events costs a thousandth of the time
REST_BUSY = 10  # a look because of events, a tenth
REST_POLLING = 20  # a look instead of events, a twentieth


class FileSensor:
    """Watches what one trigger is about on a thread of its own, from `start` to `end`."""

    def __init__(
        self,
        trigger: OnFile,
        *,
        on_signal: Callable[[Signal], None],
        files: EventFiles,
        ears: Ears,
        own: Place | None = None,
        poll_s: float = 2.0,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._trigger = trigger
        self._on_signal = on_signal
        self._files = files
        self._ears = ears
        self.poll_s = poll_s
        """How long at least between looks that no event is the reason for; may be set."""
        self._patience_s = patience_s
        self._settle_s = trigger.settle / SECOND
        self._picture = Picture(trigger, own=own)
        self._lock = threading.Lock()
        self._dirty: set[str] = set()
        self._events = 0
        self._poked = threading.Event()
        self._over = threading.Event()
        self._ear: Ear | None = None
        self._watched: tuple[str, Place | None] = ("", None)
        self._real = ""
        self._look_s = 0.0
        self._before: dict[str, Mark | None] = {}
        """How each file that changed looked before the burst."""
        self._changed_at: dict[str, float] = {}
        self._burst_at = 0.0
        self._look_all_at = 0.0
        self.is_ready = threading.Event()
        """What is changed from now on is told."""
        self._thread = threading.Thread(target=self._run, name="files", daemon=True)

    @property
    def is_polling(self) -> bool:
        """Events do not come, or not all: only looking finds every change."""
        return self._ear is None or self._ears.is_exhausted

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def end(self) -> None:
        """Tell nothing any more; returns at once."""
        self._over.set()
        self._poked.set()

    def join(self, limit_s: float) -> None:
        """Return when it has ended; a look that hangs in its file system is left alone."""
        self._thread.join(limit_s)

    def _hear(self, event: FileSystemEvent) -> None:
        """Take an event as a reason to look at its directory."""
        paths = [self._named(path) for path in (event.src_path, event.dest_path) if path]
        places = {_directory(path) for path in paths} | set(paths)
        with self._lock:
            known = {place for place in places if self._picture.knows(place)}
            self._dirty |= known
            self._events += len(known)
        if known:
            self._poked.set()

    def _named(self, path: bytes | str) -> str:
        """Return the path of an event as the trigger would write it."""
        text, real, directory = os.fsdecode(path), self._real, self._watched[0]
        inside = real != directory and (text == real or text.startswith(f"{real}/"))
        return directory + text[len(real) :] if inside else text

    # -- on the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        self._follow()
        self._look(None)
        self._before.clear()
        self._changed_at.clear()
        if self._picture.is_full:
            log.warning("%s: only %d files of it are watched", self._trigger.path, MOST_FILES)
        self.is_ready.set()
        while not self._over.is_set():
            self._poked.wait(self._wait_s(time.monotonic()))
            if not self._over.is_set():
                self._check()
        self._let_go()

    def _wait_s(self, now: float) -> float:
        """Return how long nothing needs to be looked at."""
        waits = [self.poll_s, self._look_all_at - now]
        if self._changed_at:
            waits.append(max(self._changed_at.values()) + self._settle_s - now)
        return max(min(waits), 0.01)

    def _check(self) -> None:
        if self._poked.is_set():
            self._over.wait(max(GATHER_S, min(REST_BUSY * self._look_s, LONGEST_GATHER_S)))
            self._poked.clear()
        with self._lock:
            dirty, self._dirty = self._dirty, set()
            has_many, self._events = self._events > MANY_EVENTS, 0
        is_new_place = self._place() != self._watched
        if is_new_place:
            self._follow()
        if is_new_place or has_many or time.monotonic() >= self._look_all_at:
            self._look(None)
        elif dirty or self._changed_at:
            self._look(dirty | {self._home(path) for path in self._changed_at})
        self._tell(time.monotonic())

    def _look(self, directories: set[str] | None) -> None:
        began = time.monotonic()
        found = self._picture.look(directories)
        now = time.monotonic()
        self._look_s = now - began
        if directories is None:
            rest = REST_POLLING if self.is_polling else REST
            self._look_all_at = now + max(self.poll_s, rest * self._look_s)
        if found and not self._before:
            self._burst_at = now
        for path, mark in found.items():
            self._before.setdefault(path, mark)
            self._changed_at[path] = now

    def _home(self, path: str) -> str:
        """Return what is looked at for a file: its directory, or the watched file itself."""
        return path if path == self._trigger.path else _directory(path)

    def _tell(self, now: float) -> None:
        """Tell the burst once all of its files rest, or those that do when patience is over."""
        if not self._before:
            return
        resting = [path for path, at in self._changed_at.items() if now - at >= self._settle_s]
        is_late = now - self._burst_at > self._patience_s + self._settle_s
        if not resting or (len(resting) < len(self._before) and not is_late):
            return
        before = {path: self._before.pop(path) for path in resting}
        for path in resting:
            del self._changed_at[path]
        self._burst_at = now
        after = {path: self._picture.mark(path) for path in before}
        wanted = self._trigger.events
        changes = [change for change in tell_changes(before, after) if change.event in wanted]
        if changes and not self._over.is_set():
            self._on_signal(self._files.file_signal(self._trigger, changes))

    # -- where events come from ------------------------------------------------------------------

    def _place(self) -> tuple[str, Place | None]:
        """Return the directory whose events matter now."""
        path = Path(self._trigger.path)
        directory = path if path.is_dir() else path.parent
        return str(directory), place_of(directory)

    def _follow(self) -> None:
        """Have the events of the directory that is there now."""
        self._let_go()
        self._watched = directory, place = self._place()
        if place is None:
            return  # it may come; until then there is nothing to look at
        self._real = os.path.realpath(directory)
        is_recursive = self._trigger.recursive and directory == self._trigger.path
        self._ear = self._ears.listen(self._real, is_recursive=is_recursive, on_event=self._hear)

    def _let_go(self) -> None:
        if self._ear is not None:
            self._ear.stop()
            self._ear.join()
            self._ear = None


def _directory(path: str) -> str:
    return path.rpartition("/")[0] or "/"
