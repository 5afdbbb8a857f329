"""What processes take of the machine, as the kernel tells it."""

import contextlib
import os
from pathlib import Path

import psutil

from cronterm.clock import SECOND
from cronterm.model.system import ProcessView

PROC = Path("/proc")
INOTIFY = "anon_inode:inotify"


def read_process(pid: int) -> ProcessView | None:
    """Return what a process takes, None where it is gone or not ours to look at."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return ProcessView(
                pid=pid,
                started_at=round(process.create_time() * SECOND),
                rss_bytes=process.memory_info().rss,
                cpu_us=round((times.user + times.system) * SECOND),
                threads=process.num_threads(),
                files=process.num_fds(),
            )
    except psutil.Error:
        return None


def count_children(pid: int) -> int:
    """Return how many processes a process has started that have not ended."""
    try:
        return len(psutil.Process(pid).children())
    except psutil.Error:
        return 0


def words_of(pid: int) -> list[str]:
    """Return the words that a process was started with, none where it is gone."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def find_started_with(word: str) -> list[int]:
    """Return the pids of this user's processes that were started with `word`, oldest first."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == os.getuid() and word in process.cmdline():
                found.append((process.create_time(), process.pid))
    return [pid for _, pid in sorted(found)]


def inotify_use(pid: int) -> tuple[int, int]:
    """Return how many inotify instances a process has, and watches in them."""
    instances = watches = 0
    with contextlib.suppress(OSError):
        for about in (PROC / str(pid) / "fdinfo").iterdir():
            with contextlib.suppress(OSError):
                if str((PROC / str(pid) / "fd" / about.name).readlink()) == INOTIFY:
                    instances += 1
                    watches += about.read_text().count("inotify wd:")
    return instances, watches
