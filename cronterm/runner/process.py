"""Processes of an attempt: start them in a clean room, find all of them, end all of them."""

import ctypes
import errno
import os
import resource
import shutil
import signal
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cronterm.runner.cgroup import NOWHERE, Cgroup
from cronterm.runner.identity import (
    OOM_SCORE_ADJ,
    RESET,
    Exec,
    Identity,
    NotBecome,
    fork_exec,
    read_identity,
)

PR_SET_CHILD_SUBREAPER = 36
MOST_FILES = 1 << 16


def become_subreaper() -> None:
    """Have orphaned descendants re-parented to this process, so that they can be found."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


@dataclass(frozen=True)
class StartSpec:
    """What to start. Environment and directory are complete."""

    argv: list[str]
    env: Mapping[str, str]
    cwd: str
    stdin: str | None
    umask: int
    identity: Identity | None = None

    @property
    def mark(self) -> str:
        """What its processes are found by."""
        return self.env["CRONTERM_MARK"]


def read_spec(asked: Mapping[str, Any], env: Mapping[str, str], umask: int, mark: str) -> StartSpec:
    """Return what a `start` message asks for, in an engine's environment and umask."""
    names = asked.get("inherit_env", True)
    if names is not True:
        env = {name: env[name] for name in names or () if name in env}
    secrets = asked.get("secrets") or {}
    own = asked.get("umask")
    return StartSpec(
        asked["argv"],
        {**env, **asked["env"], **secrets, "CRONTERM_MARK": mark},
        asked["cwd"],
        asked["stdin"],
        umask if own is None else own,
        read_identity(asked),
    )


class StartError(Exception):
    """A process could not be started; the text names the reason for a person."""


class Surroundings:
    """What a process inherits and `posix_spawn` cannot set: this process takes it on meanwhile.

    One thread, so nobody else sees it. The runner itself keeps more descriptors than a program may
    expect to have (select(2) ends at 1,024), and is not to go first when memory runs out.
    """

    def __init__(self, oom: str = "/proc/self/oom_score_adj") -> None:
        soft, self._hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._jobs_files = (soft, self._hard)
        self._own_files = (min(self._hard, MOST_FILES), self._hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._own_files)
        self._own_umask = os.umask(0o077)
        os.umask(self._own_umask)
        self._oom, self._own_oom = -1, b""
        with suppress(OSError):  # a Python with capabilities may not write it
            self._oom = os.open(oom, os.O_RDWR | os.O_CLOEXEC)
            self._own_oom = os.read(self._oom, 32)

    @property
    def files(self) -> int:
        """How many descriptors the runner may have open."""
        return self._own_files[0]

    @property
    def jobs_files(self) -> tuple[int, int]:
        """The limit of descriptors, soft and hard, that a process starts with."""
        return self._jobs_files

    def enter(self, spec: StartSpec) -> None:
        """Take on what the process is to have. Raises `OSError` for its directory."""
        os.chdir(spec.cwd)
        os.umask(spec.umask)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._jobs_files)
        self._write_oom(OOM_SCORE_ADJ)

    def leave(self) -> None:
        """Be the runner again."""
        self._write_oom(self._own_oom)
        resource.setrlimit(resource.RLIMIT_NOFILE, self._own_files)
        os.umask(self._own_umask)
        os.chdir("/")

    def _write_oom(self, score: bytes) -> None:
        with suppress(OSError):  # a container that forbids it: the default serves
            os.pwrite(self._oom, score, 0)


def start(
    spec: StartSpec, surroundings: Surroundings, out: int, err: int, cgroup: Cgroup = NOWHERE
) -> int:
    """Start a process in a session of its own, with descriptors 0 to 2 only; return its pid.

    Raises `StartError`. All other descriptors of this process close on exec.
    """
    stdin = -1
    try:
        stdin = _stdin(spec.stdin)
        with cgroup.opened() as place:
            if spec.identity is None and place < 0:
                return _spawn(spec, surroundings, (stdin, out, err))
            return _start_as(spec, surroundings.jobs_files, (stdin, out, err), place)
    except OSError as error:
        raise StartError(_reason(spec, error)) from None
    except (ValueError, NotBecome) as error:
        raise StartError(str(error)) from None
    finally:
        if stdin >= 0:
            os.close(stdin)


def _spawn(spec: StartSpec, surroundings: Surroundings, descriptors: tuple[int, int, int]) -> int:
    try:
        surroundings.enter(spec)
        return os.posix_spawn(
            _program(spec),
            spec.argv,
            spec.env,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, descriptor, here)
                for here, descriptor in enumerate(descriptors)
            ],
            setsid=True,
            setsigmask=(),
            setsigdef=RESET,
        )
    finally:
        surroundings.leave()


def _start_as(
    spec: StartSpec, files: tuple[int, int], descriptors: tuple[int, int, int], cgroup: int
) -> int:
    what = Exec(_program(spec), spec.argv, spec.env, spec.cwd, spec.umask, files, descriptors)
    return fork_exec(what, spec.identity or Identity(), cgroup)


def _program(spec: StartSpec) -> str:
    """Return the path of the program; its own PATH counts, not the runner's."""
    name = spec.argv[0]
    if "/" in name:
        return name
    found = shutil.which(name, path=spec.env.get("PATH", os.defpath))
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return found


def _stdin(text: str | None) -> int:
    if text is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    content = text.encode("utf-8", "surrogateescape")
    stdin = os.memfd_create("stdin", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(stdin), "wb") as file:
            file.write(content)
        os.lseek(stdin, 0, os.SEEK_SET)
    except OSError:
        os.close(stdin)
        raise
    return stdin


def _reason(spec: StartSpec, error: OSError) -> str:
    place = error.filename if error.filename is not None else spec.argv[0]
    if not Path(spec.cwd).is_dir():
        return f"working_dir {spec.cwd} is not a directory"
    codes = {2: "127: not found", 8: "126: not a program", 13: "126: not executable"}
    named = codes.get(error.errno or 0)
    return f"{place}: {named}" if named else f"{place}: {error.strerror or error}"


# -- finding -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of the process table."""

    pid: int
    parent: int
    session: int
    is_zombie: bool


def process_table() -> list[Row]:
    """Return all processes that can be seen."""
    rows = []
    for name in os.listdir("/proc"):  # noqa: PTH208  # ten times the speed of Path.iterdir
        if name.isdigit():
            row = _row(int(name))
            if row is not None:
                rows.append(row)
    return rows


def _row(pid: int) -> Row | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) < 4:
        return None
    return Row(pid, int(fields[1]), int(fields[3]), fields[0] in (b"Z", b"X"))


def find_tree(leader: int | None, mark: str) -> set[int]:
    """Return the living processes of an attempt: its session, its descendants, its marker."""
    table = [row for row in process_table() if row.pid != os.getpid()]
    children: dict[int, list[int]] = {}
    for row in table:
        children.setdefault(row.parent, []).append(row.pid)
    living = {row.pid for row in table if not row.is_zombie}
    # By its session: once it is reaped, the leader's own number may be anybody's.
    found = {row.pid for row in table if leader is not None and row.session == leader}
    found |= {pid for pid in living - found if has_mark(pid, mark)}
    waiting = list(found)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found & living


def has_mark(pid: int, mark: str) -> bool:
    """Tell whether a process carries the marker of an attempt's run in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            environ = file.read()
    except OSError:
        return False
    wanted = f"CRONTERM_MARK={mark}\0".encode()
    return environ.startswith(wanted) or b"\0" + wanted in environ


def orphans(known: Iterable[int]) -> set[int]:
    """Return this process's children that it did not start: descendants that lost their parent."""
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = {int(child) for child in file.read().split()}
    except OSError:  # a kernel without it: look through the whole table
        children = {row.pid for row in process_table() if row.parent == pid}
    return children - set(known)


# -- ending --------------------------------------------------------------------------------------


def elders_first(rows: Sequence[Row]) -> list[int]:
    """Return the pids of processes, each one after its parent.

    A shell whose command dies goes on with the next one, unless it was signalled before.
    """
    children: dict[int, list[int]] = {row.pid: [] for row in rows}
    order = [row.pid for row in rows if row.parent not in children]
    for row in rows:
        children.get(row.parent, []).append(row.pid)
    for pid in order:
        order += children[pid]
    return [*dict.fromkeys([*order, *children])]  # a number given again may make a circle


def send(pids: Iterable[int], number: int) -> set[int]:
    """Signal processes, parents first; return those that may not be signalled."""
    refused = set()
    for pid in elders_first([row for pid in pids if (row := _row(pid)) is not None]):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        except PermissionError:
            refused.add(pid)
    return refused


def signal_tree(leader: int, tree: Iterable[int], number: int) -> None:
    """Signal all of an attempt, and let what is stopped take it."""
    try:
        os.killpg(leader, number)
        os.killpg(leader, signal.SIGCONT)
    except (ProcessLookupError, PermissionError):
        pass
    outside = {pid for pid in tree if _group(pid) != leader}
    send(outside, number)
    send(outside, signal.SIGCONT)


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def signal_number(name: str) -> int:
    """Return the number of a signal name; SIGTERM for what has none."""
    try:
        return signal.Signals[name].value
    except KeyError:
        return signal.SIGTERM.value
