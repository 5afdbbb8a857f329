"""The engine's log on stderr: one line a fact, for people or as JSON."""

import json
import logging
import sys
from typing import Literal

from cronterm.clock import rfc3339

FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_log(form: Literal["text", "json"], level: str) -> None:
    """Send the log to stderr. `level` is a name that `logging` knows."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(level.upper())


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
