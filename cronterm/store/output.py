"""Output that is small enough to live in the database, packed by the runner."""

import sqlite3
import zlib

from cronterm.store.base import AttemptId


def keep_output(connection: sqlite3.Connection, attempt: AttemptId, output: bytes) -> None:
    """Keep the output of an attempt; told again, the first stays."""
    connection.execute(
        "INSERT OR IGNORE INTO outputs (run, attempt, packed, output) VALUES (?, ?, 0, ?)",
        (*attempt, output),
    )


def read_output(connection: sqlite3.Connection, run: int, attempt: int) -> bytes | None:
    """Return what was kept, None when nothing was."""
    found = connection.execute(
        "SELECT packed, output FROM outputs WHERE run = ? AND attempt = ?", (run, attempt)
    ).fetchone()
    if found is None:
        return None
    packed, output = found  # an older store packed it once more
    return zlib.decompress(output) if packed else bytes(output)
