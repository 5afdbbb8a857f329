"""What every watch does: a thread that looks when an event gives it reason, or after a while.

NFS and exhausted inotify limits give no events: a look every two seconds covers them.
"""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

log = logging.getLogger("cronterm.watch")

QUIET_S = 0.15  # a save is several events
QUIET_MOST_S = 2.0
POLL_S = 2.0

# Reading is no event: our own looks would make a loop, and anybody's would wake us.
MOVES: list[type[FileSystemEvent]] = [
    *(DirCreatedEvent, DirDeletedEvent, DirMovedEvent),
    *(FileCreatedEvent, FileDeletedEvent, FileMovedEvent),
]
WRITES: list[type[FileSystemEvent]] = [
    *(DirAttribEvent, FileAttribEvent, FileClosedEvent, FileModifiedEvent),
]

# Watchdog holds back a name that was moved away, and all that comes after it, for half a second, to
# pair it with the name it was moved to. Both are reasons to look: nothing needs to be paired.
InotifyMoveEventGrouper.delay = 0.0


class Watch(FileSystemEventHandler, ABC):
    """Watches while the block runs; begins with a look, on a thread called `name`."""

    def __init__(
        self, name: str, make_observer: Callable[[], BaseObserver], poll_s: float, quiet_s: float
    ) -> None:
        self._make_observer = make_observer
        self._poll_s = poll_s
        self._quiet_s = quiet_s
        self._poked = threading.Event()
        self._is_over = False
        self._observer: BaseObserver | None = None
        self._has_warned = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._follow()
        self._poked.set()  # it may have changed since the caller read it
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

    @abstractmethod
    def _follow(self) -> None:
        """Observe the directories of now, if they are others than before."""

    @abstractmethod
    def _check(self) -> None:
        """Look closely, tell of a change."""

    def _is_worth_a_check(self) -> bool:
        """Return whether to look closely though nothing was told; cheap."""
        return True

    def _pause_s(self) -> float:
        """Return after how long to look without an event."""
        return self._poll_s

    # -- events ----------------------------------------------------------------------------------

    def _observe(self, places: Mapping[str, list[type[FileSystemEvent]]]) -> bool:
        """Have the events of these kinds told for each directory; False, warned, when none can be.

        What was observed before is let go.
        """
        self._let_go()
        observer: BaseObserver | None = None
        try:
            observer = self._make_observer()
            for place, kinds in sorted(places.items()):
                observer.schedule(self, place, event_filter=kinds, follow_symlink=True)
            observer.start()
        except OSError as error:
            if observer is not None:
                observer.stop()
            if not self._has_warned:
                self._has_warned = True
                log.warning("no file events, looking every %g s: %s", self._poll_s, error)
            return False
        self._observer = observer
        return True

    def _let_go(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    # -- the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_over:
            was_poked = self._poked.wait(self._pause_s())
            if self._is_over:
                return
            if was_poked:
                self._wait_quiet()
            elif not self._is_worth_a_check():
                continue
            self._check()

    def _wait_quiet(self) -> None:
        until = time.monotonic() + QUIET_MOST_S
        while self._poked.is_set() and time.monotonic() < until and not self._is_over:
            self._poked.clear()
            self._poked.wait(self._quiet_s)
        self._poked.clear()
