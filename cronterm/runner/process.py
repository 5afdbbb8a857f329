"""Processes of an attempt: start them in a clean room, find all of them, end all of them."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
OOM_SCORE_ADJ = 100  # jobs go before the engine when memory runs out


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


class StartError(Exception):
    """A process could not be started; the text names the reason for a person."""


def start(spec: StartSpec, out: int, err: int) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, with descriptors 0 to 2 only.

    Raises `StartError`. Nothing here switches vfork off: no preexec_fn, no user.
    """
    stdin = -1
    try:
        stdin = _stdin(spec.stdin)
        process = subprocess.Popen(
            spec.argv,
            stdin=stdin,
            stdout=out,
            stderr=err,
            cwd=spec.cwd,
            env=spec.env,
            umask=spec.umask,
            start_new_session=True,
        )
    except OSError as error:
        raise StartError(_reason(spec, error)) from None
    except (ValueError, subprocess.SubprocessError) as error:
        raise StartError(str(error)) from None
    finally:
        if stdin >= 0:
            os.close(stdin)
    _prefer_to_kill(process.pid)
    return process


def _stdin(text: str | None) -> int:
    if text is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    stdin = os.memfd_create("stdin", os.MFD_CLOEXEC)
    with os.fdopen(os.dup(stdin), "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    os.lseek(stdin, 0, os.SEEK_SET)
    return stdin


def _reason(spec: StartSpec, error: OSError) -> str:
    place = error.filename if error.filename is not None else spec.argv[0]
    if not Path(spec.cwd).is_dir():
        return f"working_dir {spec.cwd} is not a directory"
    codes = {2: "127: not found", 8: "126: not a program", 13: "126: not executable"}
    named = codes.get(error.errno or 0)
    return f"{place}: {named}" if named else f"{place}: {error.strerror or error}"


def _prefer_to_kill(pid: int) -> None:
    try:
        adjust = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(adjust, str(OOM_SCORE_ADJ).encode())
    except OSError:
        return
    finally:
        os.close(adjust)


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
    found = {row.pid for row in table if leader is not None and row.session == leader}
    if leader is not None:
        found.add(leader)
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


def send(pids: Iterable[int], number: int) -> set[int]:
    """Signal processes; return those that may not be signalled."""
    refused = set()
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        except PermissionError:
            refused.add(pid)
    return refused


def signal_tree(leader: int, mark: str, number: int) -> None:
    """Signal all of an attempt, and let what is stopped take it."""
    tree = find_tree(leader, mark)
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
