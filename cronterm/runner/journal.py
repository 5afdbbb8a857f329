"""What outlives the runner: which attempts it was about to start, and how they ended.

One JSON line a fact, written before the fact has consequences and never synced: it survives the
death of every process, and a dead machine is another boot. An acknowledged attempt is over; when
all are over the file is emptied.
"""

import base64
import errno
import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cronterm.runner.protocol import encode

LARGEST = 8 << 20  # bytes; beyond it the journal is written anew with what is still open

AttemptId = tuple[int, int]
Fields = dict[str, Any]


@dataclass
class Entry:
    """An attempt that is not acknowledged."""

    boot: str
    mark: str
    pid: int | None = None
    started_at: int = 0
    end: Fields | None = None
    output: bytes = b""


@dataclass
class Journal:
    """The journal of one runner, open for writing."""

    path: Path
    entries: dict[AttemptId, Entry] = field(default_factory=dict)
    _file: int = -1
    _size: int = 0
    _largest: int = LARGEST

    def __post_init__(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(self.path, flags, 0o600)
        self._size = os.fstat(self._file).st_size

    def starting(self, attempts: Sequence[tuple[AttemptId, str]], *, boot: str) -> None:
        """Note that attempts, each with its marker, are about to be started.

        Raises OSError: then none of them must be.
        """
        self._append(_starting_line(attempt, boot, mark) for attempt, mark in attempts)
        for attempt, mark in attempts:
            self.entries[attempt] = Entry(boot, mark)

    def started(self, attempts: Sequence[tuple[AttemptId, int, int]]) -> None:
        """Note the pid of each attempt and when it began, in µs since 1970."""
        for attempt, pid, started_at in attempts:
            entry = self.entries[attempt]
            entry.pid, entry.started_at = pid, started_at
        self._try(_started_line(*each) for each in attempts)

    def ended(self, attempt: AttemptId, end: Fields, output: bytes) -> bool:
        """Note how an attempt ended, with its small output; return whether the disk took it."""
        entry = self.entries.setdefault(attempt, Entry("", ""))
        entry.end, entry.output = end, output
        return self._try([_end_line(attempt, end, output)])

    def acknowledged(self, attempt: AttemptId) -> None:
        """Forget an attempt: the engine has recorded its end."""
        if self.entries.pop(attempt, None) is None:
            return
        if not self.entries:
            os.ftruncate(self._file, 0)
            self._size = 0
            return
        self._try([{"k": "ack", "id": attempt}])
        if self._size > self._largest:
            self._shrink()

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _try(self, facts: Iterable[Fields]) -> bool:
        """Append, but go on without: on a full disk the engine is told all the same."""
        try:
            self._append(facts)
        except OSError:
            return False
        return True

    def _append(self, facts: Iterable[Fields]) -> None:
        """Append facts, all or none. Raises OSError."""
        lines = b"".join(encode(fact) + b"\n" for fact in facts)
        if os.write(self._file, lines) < len(lines):
            os.ftruncate(self._file, self._size)  # else the next line would be spoilt with it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += len(lines)

    def _shrink(self) -> None:
        """Write it anew; where the disk has no room for that it is tried again much later."""
        try:
            self._compact()
            self._largest = LARGEST
        except OSError:
            self._largest = self._size + LARGEST

    def _compact(self) -> None:
        beside = self.path.with_suffix(".new")
        with open(beside, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as new:
            for attempt, entry in self.entries.items():
                for fact in _facts(attempt, entry):
                    new.write(encode(fact) + b"\n")
            new.flush()
            file = os.open(beside, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            beside.replace(self.path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._size = file, os.fstat(file).st_size


def _starting_line(attempt: AttemptId, boot: str, mark: str) -> Fields:
    return {"k": "starting", "id": attempt, "boot": boot, "mark": mark}


def _started_line(attempt: AttemptId, pid: int, started_at: int) -> Fields:
    return {"k": "started", "id": attempt, "pid": pid, "at": started_at}


def _end_line(attempt: AttemptId, end: Fields, output: bytes) -> Fields:
    packed = base64.b64encode(output).decode()
    return {"k": "end", "id": attempt, "end": end, "output": packed}


def _facts(attempt: AttemptId, entry: Entry) -> list[Fields]:
    facts = [_starting_line(attempt, entry.boot, entry.mark)]
    if entry.pid is not None:
        facts.append(_started_line(attempt, entry.pid, entry.started_at))
    if entry.end is not None:
        facts.append(_end_line(attempt, entry.end, entry.output))
    return facts


def read_journal(path: Path) -> dict[AttemptId, Entry]:
    """Return what a journal holds; a line that was cut short or is rubbish is passed over."""
    entries: dict[AttemptId, Entry] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return entries
    for line in lines:
        try:
            fact = json.loads(line)
            run, number = fact["id"]
            attempt = (int(run), int(number))
            match fact["k"]:
                case "starting":
                    entries[attempt] = Entry(fact["boot"], fact["mark"])
                case "started":
                    entries[attempt].pid = fact["pid"]
                    entries[attempt].started_at = fact["at"]
                case "end":
                    entry = entries.setdefault(attempt, Entry("", ""))
                    entry.end, entry.output = fact["end"], base64.b64decode(fact["output"])
                case "ack":
                    entries.pop(attempt, None)
        except (ValueError, KeyError, TypeError):
            continue
    return entries


def take_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock, or None while its runner lives."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
