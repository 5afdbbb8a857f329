"""Starts a process that is somebody else: another user, with limits, nicer.

A `posix_spawn` cannot do that, and a prefix of setpriv(1) and prlimit(1) would take the job's own
LD_PRELOAD as root. This process is small and has one thread: a fork costs no more than one prefix.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from cronterm.runner.cgroup import fork_into

LIMITS = {
    "memory": resource.RLIMIT_AS,
    "cpu_time": resource.RLIMIT_CPU,
    "open_files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
    "file_size": resource.RLIMIT_FSIZE,
}
CWD = "working_dir"
CPU_GRACE_S = 1  # from SIGXCPU to SIGKILL
LIBC = ctypes.CDLL(None, use_errno=True)
IOPRIO_SET = {
    "x86_64": 251,
    "aarch64": 30,
    "riscv64": 30,
    "armv7l": 314,
    "armv6l": 314,
    "i686": 289,
    "ppc64le": 273,
    "s390x": 282,
}
"""Numbers of a system call that the C library has no function for."""
IO_CLASSES = {"best-effort": 2, "idle": 3}
IO_MIDDLE = 4

RESET = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
"""What a new process does not ignore: Python ignores some, nohup(1) and a script's `&` others, and
that goes through exec. All are named: of the others glibc asks the kernel first, 60 times a start.
"""

OOM_SCORE_ADJ = b"100"  # jobs go before the engine when memory runs out


@dataclass(frozen=True)
class Identity:
    """What a process is to be. None and empty leave it as the runner is."""

    uid: int | None = None
    gid: int = 0
    groups: tuple[int, ...] = ()
    nice: int | None = None
    ionice: str = ""
    limits: tuple[tuple[str, int], ...] = ()
    """Bytes, seconds or a count by the names of `LIMITS`."""


def read_identity(asked: Mapping[str, Any]) -> Identity | None:
    """Return what a `start` message asks for; None where nothing is: the fast way serves."""
    owner = asked.get("owner")
    identity = Identity(
        nice=asked.get("nice"),
        ionice=asked.get("ionice") or "",
        limits=tuple((asked.get("limits") or {}).items()),
    )
    if owner is not None:
        uid, gid, groups = owner
        identity = Identity(
            uid, gid, tuple(groups), identity.nice, identity.ionice, identity.limits
        )
    return None if identity == Identity() else identity


class NotBecome(Exception):
    """A part of an identity that could not be taken on, and why."""


@dataclass(frozen=True)
class Exec:
    """The program, once the process is who it is to be."""

    program: str
    argv: list[str]
    env: Mapping[str, str]
    cwd: str
    umask: int
    files: tuple[int, int]
    """Its limit of descriptors: soft and hard."""
    descriptors: tuple[int, int, int]
    """What become 0, 1 and 2."""


def fork_exec(what: Exec, identity: Identity, cgroup: int = -1) -> int:
    """Start it in a session of its own and return its pid. Raises `NotBecome` and OSError.

    `cgroup` is a descriptor of the cgroup that it is born in, -1 for the runner's own.
    """
    told, tell = os.pipe2(os.O_CLOEXEC)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = _fork(cgroup)
        if pid == 0:
            _become(what, identity, tell)
    except OSError:
        os.close(told)
        raise
    finally:
        os.close(tell)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    with os.fdopen(told, "rb") as news:
        failure = news.read()
    if failure:
        os.waitpid(pid, 0)
        number, _, stage = failure.decode().partition(" ")
        reason = os.strerror(int(number))
        if stage:
            raise NotBecome(
                f"{stage} {what.cwd}: {reason}" if stage == CWD else f"{stage}: {reason}"
            )
        raise OSError(int(number), reason)
    return pid


def _fork(cgroup: int) -> int:
    if cgroup >= 0:
        try:
            return fork_into(cgroup)
        except OSError:  # an old kernel, a container's filter: the other ways to find it serve
            pass
    return os.fork()


def _become(what: Exec, identity: Identity, tell: int) -> NoReturn:
    """Be the new process. What fails is told as `<errno> <stage>`."""
    stage = ""
    try:
        signal.set_wakeup_fd(-1)
        for number in RESET:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        for here, descriptor in enumerate(what.descriptors):
            os.dup2(descriptor, here)
        _prefer_to_end()
        os.umask(what.umask)
        resource.setrlimit(resource.RLIMIT_NOFILE, what.files)
        for part in _take_on(identity, what.cwd):
            stage = part
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(what.program, what.argv, what.env)
    except OSError as error:
        os.write(tell, f"{error.errno or 0} {stage}".encode())
    except ValueError:  # setrlimit: above the hard limit
        os.write(tell, f"{errno.EPERM} {stage}".encode())
    except MemoryError:  # the limit is on, and this is still Python
        os.write(tell, f"{errno.ENOMEM} {stage}".encode())
    finally:
        os._exit(127)


def _take_on(identity: Identity, cwd: str) -> Iterator[str]:
    """Take on an identity; yields the name of each part before it is tried, nothing at the end.

    First what only root may; the directory as the user; the memory last, Python needs some.
    """
    if identity.nice is not None:
        yield f"nice {identity.nice}"
        os.setpriority(os.PRIO_PROCESS, 0, identity.nice)
    if identity.ionice:
        yield f"ionice {identity.ionice}"
        _set_ioprio(identity.ionice)
    memory = [each for each in identity.limits if each[0] == "memory"]
    for name, value in (each for each in identity.limits if each[0] != "memory"):
        yield f"limits.{name} {value}"
        hard = value + CPU_GRACE_S if name == "cpu_time" else value
        resource.setrlimit(LIMITS[name], (value, hard))
    if identity.uid is not None:
        yield "user"
        for descriptor in (1, 2):
            os.fchown(descriptor, identity.uid, -1)  # else it may not open /dev/stdout again
        os.setgroups(identity.groups)
        os.setgid(identity.gid)
        os.setuid(identity.uid)
    yield CWD
    os.chdir(cwd)
    for name, value in memory:
        yield f"limits.{name} {value}"
        resource.setrlimit(LIMITS[name], (value, value))
    yield ""


def _prefer_to_end() -> None:
    try:
        with open("/proc/self/oom_score_adj", "wb", buffering=0) as score:
            score.write(OOM_SCORE_ADJ)
    except OSError:  # a container that forbids it: the default serves
        return


def _set_ioprio(words: str) -> None:
    name, _, level = words.partition(":")
    number = IOPRIO_SET.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "not known on this machine")
    priority = IO_CLASSES[name] << 13
    if name != "idle":
        priority |= int(level or IO_MIDDLE)
    if LIBC.syscall(number, 1, 0, priority) != 0:
        failed = ctypes.get_errno()
        raise OSError(failed, os.strerror(failed))
