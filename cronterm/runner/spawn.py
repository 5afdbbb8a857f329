"""Makes processes by the C library's `posix_spawn`, those of a burst by several threads.

Whoever makes a process waits until its program is loaded; on a busy machine that is to wait twice
for a processor, some milliseconds each time. `os.posix_spawn` has all other threads wait, too: it
keeps the interpreter's lock.
"""

import ctypes
import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from threading import Thread

from cronterm.runner.environment import NONE, Environment, Texts, pointers
from cronterm.runner.identity import RESET
from cronterm.runner.moment import Moment

SPAWNERS, BUSY_SPAWNERS = 4, 8  # more only take each other's time where processors are free
EACH = 2  # a thread for fewer processes is not worth it

SETSIGDEF, SETSIGMASK, SETSID = 0x04, 0x08, 0x80  # spawn.h of glibc and musl
ROOM = 512  # bytes; no structure of spawn.h and signal.h has more than 340

_LIBC = ctypes.CDLL(None)  # lets other threads run meanwhile
_AT_ONCE = ctypes.PyDLL(None)  # does not: for what takes less time than to take turns


class Spawn:
    """A process that is to be, in a session of its own, with default signals."""

    def __init__(
        self,
        program: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        descriptors: Sequence[int],
        inherited: Environment = NONE,
    ) -> None:
        """Run the file `program`, with `env` before what is `inherited`.

        `descriptors` become 0, 1, 2. Raises ValueError for a NUL.
        """
        self._words = Texts([program, *argv])
        self._argv = pointers(self._words.addresses[1:])
        self._env, self._own = inherited.with_own(env)
        self._inherited = inherited
        self._descriptors = descriptors
        self.pid = 0
        """Of the process, 0 while there is none."""
        self.failure = 0
        """The number of the error, if it could not be made."""
        self.began = Moment.now()
        """Right before it was made."""

    def make(self) -> None:
        """Make it, in any thread."""
        self.began = Moment.now()
        attributes, actions, pid = _attributes(), ctypes.create_string_buffer(ROOM), ctypes.c_int()
        self.failure = _AT_ONCE.posix_spawn_file_actions_init(actions)
        for here, descriptor in enumerate(self._descriptors):
            self.failure |= _AT_ONCE.posix_spawn_file_actions_adddup2(actions, descriptor, here)
        self.failure = self.failure or _LIBC.posix_spawn(
            ctypes.byref(pid),
            ctypes.c_void_p(self._words.addresses[0]),
            actions,
            attributes,
            self._argv,
            self._env,
        )
        _AT_ONCE.posix_spawn_file_actions_destroy(actions)
        self.pid = 0 if self.failure else pid.value


def make_all(spawns: Iterable[Spawn]) -> None:
    """Make processes; each has its `pid` or its `failure` afterwards."""
    waiting = deque(spawns)

    def make() -> None:
        with suppress(IndexError):
            while True:
                waiting.popleft().make()

    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    most = min(len(waiting) // EACH, BUSY_SPAWNERS if is_busy else SPAWNERS)
    threads = [Thread(target=make) for _ in range(most - 1)]
    with suppress(RuntimeError):  # no more processes may be had: then this one does it all
        for thread in threads:
            thread.start()
    make()
    for thread in threads:
        if thread.ident is not None:
            thread.join()


@cache
def _attributes() -> "ctypes.Array[ctypes.c_char]":
    """Return what all processes have: a session, no blocked signal, the usual actions."""
    attributes, signals = ctypes.create_string_buffer(ROOM), ctypes.create_string_buffer(ROOM)
    _AT_ONCE.posix_spawnattr_init(attributes)
    _AT_ONCE.sigemptyset(signals)
    _AT_ONCE.posix_spawnattr_setsigmask(attributes, signals)
    for number in RESET:
        _AT_ONCE.sigaddset(signals, int(number))
    _AT_ONCE.posix_spawnattr_setsigdefault(attributes, signals)
    _AT_ONCE.posix_spawnattr_setflags(attributes, ctypes.c_short(SETSIGDEF | SETSIGMASK | SETSID))
    return attributes
