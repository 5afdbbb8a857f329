"""Processes of an attempt: find all of them, end all of them."""

import ctypes
import os
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PR_SET_CHILD_SUBREAPER = 36
MARK = "CRONTERM_MARK="


def become_subreaper() -> None:
    """Have orphaned descendants re-parented to this process, so that they can be found."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


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
    environ = _environ(pid)
    wanted = f"{MARK}{mark}\0".encode()
    return environ.startswith(wanted) or b"\0" + wanted in environ


def owners(pids: Iterable[int]) -> set[int | str]:
    """Return whose these processes are: their sessions, and the markers that they carry."""
    found: set[int | str] = set()
    for pid in pids:
        row = _row(pid)
        if row is not None:
            found.add(row.session)
        variables = _environ(pid).decode(errors="replace").split("\0")
        found |= {each.removeprefix(MARK) for each in variables if each.startswith(MARK)}
    return found


def _environ(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


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
