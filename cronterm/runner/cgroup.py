"""Cgroups of runs, where a service manager has delegated the runner's own (cgroups(7)).

What leaves the session, loses the marker and its parent stays in its cgroup: nothing escapes.
Without delegation nothing is made: a tree that systemd owns is not ours to grow (systemd's
CGROUP_DELEGATION).
"""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

DELEGATED = ("trusted.delegate", "user.delegate")  # what systemd marks a delegated cgroup with
PREFIX = "cronterm-"
CLONE3 = 435  # the same number on every machine
CLONE_INTO_CGROUP = 0x200000000
PYTHON = ctypes.PyDLL(None, use_errno=True)  # keeps the lock of the interpreter, as os.fork does


class Cgroup:
    """The cgroup of one run, or nothing at all."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Give a descriptor of it, made if it is not there; -1 where it cannot be had."""
        directory = -1
        if self._path is not None:
            with suppress(OSError):  # there is a limit of them: the other ways serve
                self._path.mkdir(exist_ok=True)
                directory = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield directory
        finally:
            if directory >= 0:
                os.close(directory)

    def members(self) -> set[int]:
        """Return the living processes in it."""
        if self._path is None:
            return set()
        try:
            return {int(pid) for pid in (self._path / "cgroup.procs").read_bytes().split()}
        except OSError:
            return set()

    def kill(self) -> None:
        """SIGKILL all that is in it, at once; nothing can fork away meanwhile."""
        if self._path is not None:
            with suppress(OSError):
                (self._path / "cgroup.kill").write_text("1", encoding="ascii")


NOWHERE = Cgroup(None)


class Cgroups:
    """Those of a runner's runs below its own; without delegation none."""

    def __init__(self, own: Path | None) -> None:
        self._own = own

    @property
    def are_delegated(self) -> bool:
        """Runs have them."""
        return self._own is not None

    def of(self, mark: str) -> Cgroup:
        """Return the cgroup of the run that has this marker."""
        return NOWHERE if self._own is None else Cgroup(self._own / f"{PREFIX}{mark}")

    def sweep(self) -> None:
        """Take away those that are empty."""
        if self._own is not None:
            for path in self._own.glob(f"{PREFIX}*"):
                with suppress(OSError):  # a background child is left in it
                    path.rmdir()


def fork_into(directory: int) -> int:
    """Fork as os.fork does, the child in the cgroup that `directory` is a descriptor of.

    Moving a process later takes the kernel 12 ms, and what it has started by then stays outside.
    Raises `OSError`.
    """
    words = (CLONE_INTO_CGROUP, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, 0, 0, directory)
    arguments = (ctypes.c_uint64 * len(words))(*words)
    pid: int = PYTHON.syscall(CLONE3, arguments, ctypes.sizeof(arguments))
    if pid < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return pid


def find_delegated(proc: Path = Path("/proc/self")) -> Path | None:
    """Return this process's own cgroup if it was delegated and knows `cgroup.kill`."""
    try:
        mounts = (proc / "mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        lines = (proc / "cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    inside = next((line[3:] for line in lines if line.startswith("0::/")), None)
    for fields in (line.split() for line in mounts):
        if inside is None or "cgroup2" not in fields[fields.index("-") :][1:2]:
            continue
        root, place = fields[3], fields[4]
        below = inside.removeprefix(root if root != "/" else "").lstrip("/")
        own = Path(place) / below
        if _is_delegated(own) and (own / "cgroup.kill").exists():
            return own
    return None


def _is_delegated(own: Path) -> bool:
    for name in DELEGATED:
        with suppress(OSError):
            if os.getxattr(own, name) == b"1":
                return os.access(own / "cgroup.procs", os.W_OK)
    return False
