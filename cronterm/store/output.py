"""Output that is small enough to live in the database, packed where that pays."""

import sqlite3
import zlib

from cronterm.store.base import AttemptId

PACK_FROM = 512  # bytes: below it zlib costs more time than it saves space


def keep_output(connection: sqlite3.Connection, attempt: AttemptId, output: bytes) -> None:
    """Keep the output of an attempt; told again, the first stays."""
    packed = len(output) >= PACK_FROM
    connection.execute(
        "INSERT OR IGNORE INTO outputs (run, attempt, packed, output) VALUES (?, ?, ?, ?)",
        (*attempt, packed, zlib.compress(output, 1) if packed else output),
    )


def read_output(connection: sqlite3.Connection, run: int, attempt: int) -> bytes | None:
    """Return what was kept, None when nothing was."""
    found = connection.execute(
        "SELECT packed, output FROM outputs WHERE run = ? AND attempt = ?", (run, attempt)
    ).fetchone()
    if found is None:
        return None
    packed, output = found
    return zlib.decompress(output) if packed else bytes(output)
