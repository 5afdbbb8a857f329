"""The files of a history: where they are, who may read them, and what happens to broken ones."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cronterm.clock import Instant, aware
from cronterm.errors import CrontermError
from cronterm.store.base import StoreFailing

DATABASE = "history.db"
WATERMARK = "watermark"
QUARANTINE = "quarantine"
SIDES = ("-wal", "-shm", "-journal")
LOCKED_S = 2.0  # a backup tool may hold the file for a moment

_MAGIC = b"SQLite format 3\x00"


class FileId(NamedTuple):
    """What tells a file from another that took its name."""

    device: int
    inode: int


def file_id(path: Path) -> FileId | None:
    """Return the identity of `path`, None when nothing is there."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return FileId(found.st_dev, found.st_ino)


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """Open a database. `mode` is SQLite's: `ro`, `rw`, `rwc`. The caller closes."""
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=LOCKED_S,
        check_same_thread=False,  # one thread at a time, but not always the same one
    )


def prepare_directory(directory: Path) -> None:
    """Make `directory` ours to write; raises `CrontermError` that names it when it is not."""
    probe = directory / f".{DATABASE}.probe"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(probe, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        probe.unlink()
    except OSError as error:
        raise CrontermError(
            f"{directory}: the history cannot be kept there: {error.strerror}",
            "make the directory writable for this user, or name another with --state-dir",
        ) from None


def look_for_damage(path: Path) -> str:
    """Return why `path` cannot be a database, from its first bytes; empty when it may be one."""
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        return "it is a symbolic link"
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_size == 0:
        return "it is empty"
    with open(path, "rb") as file:
        return "" if file.read(len(_MAGIC)) == _MAGIC else "it is not a database"


def restrict(path: Path) -> None:
    """Let nobody else read `path`; what SQLite makes beside it gets the same mode."""
    for name in (path, *(path.with_name(path.name + side) for side in SIDES)):
        if name.exists():
            name.chmod(0o600)


def set_aside(directory: Path, now: Instant) -> Path | None:
    """Move the database and its side files into a quarantine; None when nothing was there.

    The main file goes first: what a crash leaves behind are side files without it, and those are
    moved by the next call. They must not stay, SQLite would play a stale log into a new file.
    """
    names = [DATABASE, *(DATABASE + side for side in SIDES)]
    present = [name for name in names if os.path.lexists(directory / name)]
    if not present:
        return None
    place = _new_directory(directory / QUARANTINE, f"{aware(now):%Y%m%dT%H%M%SZ}")
    for name in present:
        (directory / name).rename(place / name)
    sync_directory(directory)
    return place


def _new_directory(parent: Path, name: str) -> Path:
    parent.mkdir(mode=0o700, exist_ok=True)
    place, number = parent / name, 1
    while place.exists():
        number += 1
        place = parent / f"{name}-{number}"
    place.mkdir(mode=0o700)
    return place


def sync_directory(directory: Path) -> None:
    """Make renames in `directory` survive a power cut."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def failing(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say when they cannot write into `StoreFailing`."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreFailing(f"{path}: {error}", _hint(error)) from error
    except OSError as error:
        raise StoreFailing(f"{path}: {error.strerror or error}") from error


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Say whether the file itself is at fault, not the disk, the rights or another program."""
    name = getattr(error, "sqlite_errorname", "")
    return name == "SQLITE_ERROR" or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _hint(error: sqlite3.DatabaseError) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return "make space on its file system"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return "restart the engine: it sets a damaged history aside and goes on with a new one"
    if name.startswith("SQLITE_BUSY"):
        return "another program holds the file"
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
        return "make it writable for this user, or name another --state-dir"
    return ""
