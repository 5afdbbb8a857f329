"""What the history is as a file: its size, its age, how much is in it."""

import sqlite3
from pathlib import Path

from cronterm.model.system import StoreView


def read_about(connection: sqlite3.Connection, path: Path) -> StoreView:
    """Return what is kept, output files left out; counts come from sums, not from a walk."""
    one = connection.execute
    pages, unused, page_bytes = (
        one(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    runs, total, jobs = one(
        "SELECT ifnull(sum(kept_runs), 0), ifnull(sum(total_runs), 0), count(*) FROM job_state"
    ).fetchone()
    return StoreView(
        path=str(path),
        store=one("SELECT store FROM meta").fetchone()[0],
        schema=one("PRAGMA user_version").fetchone()[0],
        bytes=pages * page_bytes,
        log_bytes=_size(path.with_name(f"{path.name}-wal")),
        unused_bytes=unused * page_bytes,
        runs=runs,
        total_runs=total,
        jobs=jobs,
        oldest_at=one("SELECT min(queued_at_us) FROM runs").fetchone()[0],
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
