"""The engine's log: one line a fact, for people or as JSON, on stderr or in a file for each day."""

import json
import logging
import os
import sys
from io import TextIOWrapper
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Literal

from cronterm.clock import rfc3339
from cronterm.errors import CrontermError

FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


KEPT_DAYS = 14
STDERR = 2


def configure_log(
    form: Literal["text", "json"], level: str, file: Path | None = None
) -> logging.Handler:
    """Send the log to `file`, or to stderr. `level` is a name that `logging` knows.

    Raises `CrontermError` for a file that cannot be written.
    """
    stream = logging.StreamHandler(sys.stderr) if file is None else _day_file(file)
    stream.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(level.upper())
    return stream


def _day_file(file: Path) -> logging.Handler:
    try:
        return DayFile(file)
    except OSError as error:
        raise CrontermError(f"{file}: {error.strerror}", "name another --log-file") from None


class DayFile(TimedRotatingFileHandler):
    """Appends to a private file that takes its day's name at midnight; old ones go."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            file, when="midnight", backupCount=KEPT_DAYS, encoding="utf-8", errors="replace"
        )
        here, there = os.fstat(self._descriptor), os.fstat(STDERR)
        self._has_stderr = os.path.samestat(here, there)

    @property
    def _descriptor(self) -> int:
        return -1 if self.stream is None else self.stream.fileno()

    def _open(self) -> TextIOWrapper:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.baseFilename, flags, 0o600)
        return open(descriptor, "a", encoding=self.encoding, errors=self.errors)

    def doRollover(self) -> None:
        """Begin the file of a new day; what Python says on stderr when it breaks goes with it."""
        super().doRollover()
        if self._has_stderr:
            os.dup2(self._descriptor, STDERR)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {key.rstrip("_"): value for key, value in vars(record).items() if key not in FIELDS}


class TextLines(logging.Formatter):
    """`2026-11-21T14:32:07Z INFO started job=backup run=57`, control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, a traceback below it."""
        words = [_stamp(record), record.levelname, record.getMessage()]
        words += [f"{key}={_quoted(value)}" for key, value in _fields(record).items()]
        line = _escaped(" ".join(words))
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        whole: dict[str, object] = {"at": _stamp(record), "level": record.levelname}
        whole |= {"text": record.getMessage()} | _fields(record)
        if record.exc_info:
            whole["traceback"] = self.formatException(record.exc_info)
        return json.dumps(whole, default=str)


def _stamp(record: logging.LogRecord) -> str:
    return rfc3339(int(record.created) * 1_000_000)


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=') else text


def _escaped(line: str) -> str:
    """Keep one fact on one line: a forged line break would be another fact."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)
