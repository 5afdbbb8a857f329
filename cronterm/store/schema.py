"""The schema's version, its migrations, and whether a database really has it."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from importlib import resources

from cronterm.store.rollups import fill_rollups

APPLICATION_ID = 0x63726F6E  # "cron", in the file's header
SCHEMA_VERSION = 13
ROLLUPS = 8
"""The version that began to add up runs; those that were there are added up with the step."""

PRAGMAS = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = OFF",  # integrity is the recorder's, one check per row saved
    "PRAGMA cell_size_check = ON",
    "PRAGMA journal_size_limit = 16777216",
)


class Damaged(Exception):
    """The file is not a usable history of ours."""


def migrations() -> tuple[str, ...]:
    """Return the SQL of each step in order; the first makes version 1."""
    folder = resources.files("cronterm.store.migrations")
    names = sorted(each.name for each in folder.iterdir() if each.name.endswith(".sql"))
    return tuple(folder.joinpath(name).read_text("utf-8") for name in names)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the schema; raises `Damaged` when it is not ours."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise Damaged("it is not a history of cronterm")
    return version


def migrate(connection: sqlite3.Connection, steps: Sequence[str]) -> None:
    """Bring the schema to version `len(steps)` in one transaction, or change nothing."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in steps[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        if 0 < version < ROLLUPS <= len(steps):
            fill_rollups(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check(connection: sqlite3.Connection) -> None:
    """Raise `Damaged` unless the file is whole and holds our tables and no code of others."""
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise Damaged(str(verdict).splitlines()[0])
    actual = _objects(connection)
    foreign = [name for kind, name, _ in actual if kind in ("trigger", "view")]
    if foreign:
        raise Damaged(f"it holds {foreign[0]}, which cronterm did not make")
    reference = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(reference, migrations())
        missing = _objects(reference) - actual
    finally:
        reference.close()
    if missing:
        raise Damaged(f"{min(missing)[1]} is not as cronterm made it")
    stores = connection.execute("SELECT store FROM meta").fetchall()
    if len(stores) != 1 or not re.fullmatch("[0-9a-f]{8}", str(stores[0][0])):
        raise Damaged("it does not say which store it is")


def _objects(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, ifnull(sql, '') FROM sqlite_master")
    return {(kind, name, sql) for kind, name, sql in rows}


def _statements(script: str) -> Iterator[str]:
    """Yield the statements of a script; `executescript` would commit between them."""
    gathered = ""
    for line in script.splitlines(keepends=True):
        gathered += line
        if sqlite3.complete_statement(gathered):
            yield gathered
            gathered = ""
