"""Looks at the program itself: engine and runners, the store, versions."""

import os
import platform
import sqlite3
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from cronterm.model.system import RunnerView, StoreView, System
from cronterm.store.base import Reader
from cronterm.version import VERSION
from cronterm.watch.processes import (
    count_children,
    find_started_with,
    inotify_use,
    read_process,
    words_of,
)

MOST_FILES = 20_000  # of output are counted: some 50 ms
PARTS = ("msgspec", "PyYAML", "croniter", "psutil", "watchdog", "starlette", "uvicorn", "textual")


def read_system(*, pid: int, output: Path, reader: Reader) -> System:
    """Return what there is now. `pid` is the engine's, 0 without one. Call it on a thread."""
    instances, watches = inotify_use(pid) if pid else (0, 0)
    return System(
        engine=read_process(pid) if pid else None,
        runners=tuple(_runners(output)),
        inotify_instances=instances,
        inotify_watches=watches,
        store=_with_output(reader.about(), output),
        versions=versions(),
    )


def _runners(output: Path) -> list[RunnerView]:
    """Return the runners whose output goes to `output`, oldest first."""
    found = []
    for pid in find_started_with(str(output)):
        words = words_of(pid)
        process = read_process(pid)
        if process is None or "cronterm.runner" not in words:
            continue
        found.append(
            RunnerView(
                name=Path(_after(words, "--directory")).name,
                process=process,
                version=_after(words, "--version"),
                children=count_children(pid),
            )
        )
    return found


def _after(words: list[str], option: str) -> str:
    place = words.index(option) + 1 if option in words else len(words)
    return words[place] if place < len(words) else ""


def _with_output(about: StoreView, output: Path) -> StoreView:
    files = size = 0
    try:
        with os.scandir(output) as entries:
            for entry in entries:
                if files >= MOST_FILES:
                    break
                files += 1
                size += entry.stat(follow_symlinks=False).st_size
    except OSError:
        pass  # nothing was printed yet, or it is being cleared away
    is_whole = files < MOST_FILES
    return msgspec.structs.replace(
        about, output_files=files, output_bytes=size, is_output_whole=is_whole
    )


@cache
def versions() -> dict[str, str]:
    """Return the versions of this program and of what it stands on."""
    found = {
        "cronterm": VERSION,
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        platform.system(): platform.release(),
    }
    for part in PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            continue  # an extra that is not installed
    return found
