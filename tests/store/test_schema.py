"""Every released schema opens; a step happens as a whole or not at all."""

import sqlite3
from pathlib import Path

import pytest

from cronterm.clock import MINUTE
from cronterm.model.query import ListRuns
from cronterm.store import schema
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import open_store
from tests.store.facts import NOON, whole_run

FIXTURES = Path(__file__).parent / "fixtures"


def frozen(version: int, directory: Path) -> None:
    """Lay down the history that a release with this schema left."""
    connection = sqlite3.connect(directory / "history.db")
    connection.executescript((FIXTURES / f"schema-{version}.sql").read_text("utf-8"))
    connection.close()


@pytest.mark.parametrize("version", range(1, schema.SCHEMA_VERSION + 1))
def test_the_history_of_every_release_opens(tmp_path: Path, version: int) -> None:
    frozen(version, tmp_path)

    with open_store(tmp_path, now=NOON) as store:
        memory = store.memory(now=NOON)
        assert store.notices == ()
        assert (store.id, store.last_n, memory.next_run) == ("c0ffee00", 21, 5)
        assert [run.run for run in memory.runs] == [3, 4]
        assert memory.jobs[0].counts_from == NOON + 4 * MINUTE
        rows = open_reader(tmp_path).list_runs(ListRuns()).rows
        assert [row.run for row in rows] == [1, 2, 3, None, 4]
        assert open_reader(tmp_path).output_blob(1, 1) == b"hello\n"
        assert [alert.job for alert in memory.alerts] == ["backup"] * (version >= 7)
        assert [notice.notifier for notice in memory.notices] == ["ops-mail"] * (version >= 10)
        store.record(whole_run(5))


def test_a_fixture_is_there_for_every_version() -> None:
    assert len(schema.migrations()) == schema.SCHEMA_VERSION
    assert len(list(FIXTURES.glob("schema-*.sql"))) == schema.SCHEMA_VERSION


def test_a_step_that_fails_changes_nothing() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, ["CREATE TABLE a (x);\n"])
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, ["", "CREATE TABLE b (x);\n", "CREATE TABLE a (x);\n"])
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()

    assert tables == [("a",)]
    assert schema.version_of(connection) == 1
    connection.close()


def test_only_the_missing_steps_are_taken() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    steps = ["CREATE TABLE a (x);\n", "ALTER TABLE a ADD COLUMN y;\nCREATE INDEX i ON a (y);\n"]
    schema.migrate(connection, steps[:1])
    schema.migrate(connection, steps)
    schema.migrate(connection, steps)

    assert schema.version_of(connection) == 2
    connection.execute("SELECT x, y FROM a INDEXED BY i WHERE y = 1")
    connection.close()
