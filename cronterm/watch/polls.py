"""Looks at what has no events, each thing in its own time; without such triggers it sleeps."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

from cronterm.model.trigger import Signal
from cronterm.watch.readings import Reading

log = logging.getLogger("cronterm.watch")


class Poll:
    """One reading and when it is looked at. A look that hangs holds up no other."""

    def __init__(
        self, name: str, reading: Reading, *, every_s: float, on_signal: Callable[[Signal], None]
    ) -> None:
        self.every_s = every_s
        self.is_over = False
        self.is_ready = threading.Event()
        """The first look is over."""
        self._name = name
        self._reading = reading
        self._on_signal = on_signal
        self._is_looking = threading.Lock()
        self._has_warned = False

    def begin_look(self) -> None:
        """Look, on a thread of its own, unless the look before has not come back."""
        if self._is_looking.acquire(blocking=False):
            try:
                threading.Thread(target=self._look, name="look", daemon=True).start()
            except RuntimeError:  # no more threads: another time
                self._is_looking.release()

    def end(self) -> None:
        """Tell nothing any more."""
        self.is_over = True

    def _look(self) -> None:
        try:
            signal = self._reading.look(time.monotonic())
            self._has_warned = False
        except OSError as error:
            signal = None
            if not self._has_warned:
                self._has_warned = True
                log.warning("%s cannot be looked at: %s", self._name, error)
        finally:
            self._is_looking.release()
            self.is_ready.set()
        if signal is not None and not self.is_over:
            self._on_signal(signal)


class Polls:
    """Looks at every poll when its time has come, from the first `add` to `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Poll]] = []
        self._numbers = itertools.count()
        self._is_over = False
        self._thread: threading.Thread | None = None

    def add(self, poll: Poll) -> None:
        """Look at once, and from then on again and again."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic(), next(self._numbers), poll))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="polls", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Look no more."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._is_over:
                while self._due and self._due[0][2].is_over:
                    heapq.heappop(self._due)
                wait_s = self._due[0][0] - time.monotonic() if self._due else None
                if wait_s is None or wait_s > 0:
                    self._changed.wait(wait_s)
                    continue
                at, _, poll = self._due[0]
                poll.begin_look()
                again = max(at + poll.every_s, time.monotonic())  # suspended: not a look per miss
                heapq.heapreplace(self._due, (again, next(self._numbers), poll))
