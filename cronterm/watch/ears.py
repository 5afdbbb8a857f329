"""Hears of changes to files: one inotify instance for all triggers, for a user has only 128."""

import errno
import threading
import warnings
from collections.abc import Callable

from watchdog.events import FileSystemEvent
from watchdog.observers.api import EventQueue, ObservedWatch
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from cronterm.watch.base import MOVES, WRITES

# Directories that are made in one another quickly come to watchdog twice: it says so, and copes.
warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)

KINDS = tuple(MOVES + WRITES)
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOSPC)  # instances, descriptors, watches

OnEvent = Callable[[FileSystemEvent], None]


class Ear(InotifyEmitter):
    """Hears of one directory or tree, on a thread of its own from `start` to `stop`."""

    def __init__(
        self, directory: str, *, is_recursive: bool, on_event: OnEvent, inotify: InotifyFD
    ) -> None:
        watch = ObservedWatch(directory, recursive=is_recursive)
        super().__init__(EventQueue(), watch, event_filter=[*KINDS], inotify_fd=inotify)
        self._on_event = on_event

    def queue_event(self, event: FileSystemEvent) -> None:
        """Tell of an event at once."""
        if isinstance(event, KINDS):
            self._on_event(event)


class Inotify(InotifyFD):
    """An instance that tells when the kernel watches no more directories."""

    def __init__(self, on_exhausted: Callable[[OSError], None]) -> None:
        super().__init__()
        self._on_exhausted = on_exhausted

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """Watch a directory. Without this nobody would hear that one of a tree is not watched."""
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno in EXHAUSTED:
                self._on_exhausted(error)
            raise


class Ears:
    """What all sensors hear with. Made without cost; `listen` from any thread."""

    def __init__(
        self,
        *,
        on_exhausted: Callable[[OSError], None] = lambda error: None,
        make_inotify: Callable[[Callable[[OSError], None]], InotifyFD] = Inotify,
    ) -> None:
        """`on_exhausted` is told once that some events will not come."""
        self.is_exhausted = False
        """Not every event comes: only looking finds all changes."""
        self._say = on_exhausted
        self._make_inotify = make_inotify
        self._inotify: InotifyFD | None = None
        self._lock = threading.Lock()

    def listen(self, directory: str, *, is_recursive: bool, on_event: OnEvent) -> Ear | None:
        """Return what tells `on_event` until it is stopped, None if no events can be had."""
        try:
            inotify = self._shared()
            ear = Ear(directory, is_recursive=is_recursive, on_event=on_event, inotify=inotify)
        except OSError as error:
            self._note(error)
            return None
        try:
            ear.start()
        except OSError as error:
            if error.errno in EXHAUSTED:
                self._note(error)
            return None  # otherwise the directory went, or may not be read
        except RuntimeError:  # no more threads
            ear.stop()
            return None
        return ear

    def close(self) -> None:
        """Hear no more."""
        with self._lock:
            inotify, self._inotify = self._inotify, None
        if inotify is not None:
            inotify.stop()
            inotify.join()

    def _shared(self) -> InotifyFD:
        with self._lock:
            if self._inotify is None:
                inotify = self._make_inotify(self._note)
                inotify.start()
                self._inotify = inotify
            return self._inotify

    def _note(self, error: OSError) -> None:
        is_first = not self.is_exhausted
        self.is_exhausted = True
        if is_first:
            self._say(error)
