"""The store survives what happens to processes, disks and files."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cronterm.clock import DAY, HOUR, MINUTE
from cronterm.errors import CrontermError
from cronterm.model.query import ListRuns, ReadRun
from cronterm.store.base import InstantTaken, NewerSchema, StoreFailing
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from tests.store.facts import NOON, added, claimed, queued, whole_run
from tests.store.recorder import NOISE

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0


def fill(directory: Path, runs: int = 200) -> str:
    """Record some runs and close; return the store's id."""
    with open_store(directory, now=NOON) as store:
        store.record([added()])
        for run in range(1, runs + 1):
            store.record(whole_run(run), outputs={(run, 1): NOISE})
        return store.id


def flip(path: Path, offset: int, length: int = 64) -> None:
    """Turn over the bits of some bytes of a file."""
    with open(path, "r+b") as file:
        file.seek(offset)
        content = file.read(length)
        file.seek(offset)
        file.write(bytes(byte ^ 0xFF for byte in content))


@contextmanager
def crashed(directory: Path) -> Iterator[None]:
    """Leave the files of a directory as a killed engine does: with the log beside the database."""
    kept = directory / "kept"
    kept.mkdir()
    with open_store(directory, now=NOON) as store:
        yield
        store.record(whole_run(1000))
        for name in ("history.db", "history.db-wal", "watermark"):
            (kept / name).write_bytes((directory / name).read_bytes())
    for file in kept.iterdir():
        file.rename(directory / file.name)
    kept.rmdir()


def recorder(directory: Path, what: str, *wrapper: str) -> subprocess.Popen[str]:
    """Start a process that records."""
    return subprocess.Popen(
        [*wrapper, sys.executable, "-m", "tests.store.recorder", str(directory), what],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


# -- ordinary life -------------------------------------------------------------------------------


def test_nobody_else_may_read_the_files_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_store(tmp_path, now=NOON) as store:
            store.record([added()])
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)

    names = {"history.db", "history.db-wal", "history.db-shm", "watermark"}
    assert dict.fromkeys(names, 0o600) == modes


def test_a_closed_store_is_one_file_and_its_watermark(tmp_path: Path) -> None:
    fill(tmp_path, runs=1)

    assert {"history.db", "watermark"} == {path.name for path in tmp_path.iterdir()}


def test_it_is_written_as_promised(store: SqliteStore, tmp_path: Path) -> None:
    connection = store._connection
    asked = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "trusted_schema", "auto_vacuum")
    }

    assert asked == {"journal_mode": "wal", "synchronous": 2, "trusted_schema": 0, "auto_vacuum": 2}


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CrontermError, match="file/state: the history cannot be kept there") as no:
        open_store(tmp_path / "file" / "state", now=NOON)
    assert "--state-dir" in no.value.hint


@pytest.mark.skipif(IS_ROOT, reason="root may write everywhere")
def test_a_read_only_directory_is_refused_and_still_readable(tmp_path: Path) -> None:
    fill(tmp_path, runs=1)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CrontermError, match="Permission denied"):
            open_store(tmp_path, now=NOON)
        with open_reader(tmp_path) as reader:
            assert len(reader.list_runs(ListRuns()).rows) == 1
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_another_program_holds_is_not_called_damaged(tmp_path: Path) -> None:
    fill(tmp_path, runs=1)
    other = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(StoreFailing, match="locked"):
            open_store(tmp_path, now=NOON)
    finally:
        other.close()
    assert not (tmp_path / "quarantine").exists()


# -- crashes -------------------------------------------------------------------------------------


def test_killed_while_recording_it_has_all_that_it_answered(tmp_path: Path) -> None:
    told = 0
    for lines in (1, 7, 20, 2):
        process = recorder(tmp_path, "until-killed")
        assert process.stdout is not None
        for _ in range(lines):
            told, n = map(int, process.stdout.readline().split())
        process.send_signal(signal.SIGKILL)
        process.communicate()

        with open_store(tmp_path, now=NOON) as store:
            memory = store.memory(now=NOON)
            _, totals = store.views(["backup"])["backup"]
            rows = open_reader(tmp_path).list_runs(ListRuns()).rows
            assert store.notices == ()
            assert store.last_n >= n
            assert memory.runs == ()
        last = memory.next_run - 1
        assert last >= told
        assert last % 5 == 0, "a batch is there as a whole or not at all"
        assert totals.runs == last
        assert [row.run for row in rows] == list(range(1, last + 1))


def test_killed_while_it_was_made_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "history.db.new").write_bytes(b"half")
    (tmp_path / "history.db.new-wal").write_bytes(b"half")

    with open_store(tmp_path, now=NOON) as store:
        assert store.notices == ()
    assert {"history.db", "watermark"} == {path.name for path in tmp_path.iterdir()}


def test_without_space_nothing_is_recorded_and_with_space_all_goes_on(tmp_path: Path) -> None:
    process = recorder(tmp_path, "limit")
    told, _ = process.communicate()

    assert process.returncode == 0, told
    assert "history.db: disk I/O error\nok\n" in told


@pytest.mark.skipif(not IS_ROOT, reason="only root may mount")
def test_a_full_disk_stops_recording_until_there_is_space(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=1200k none "$0" && exec "$@"'
    process = recorder(tmp_path, "full", "unshare", "-m", "sh", "-c", script, str(tmp_path))
    told, _ = process.communicate()
    if "unshare" in told or "mount" in told:
        pytest.skip("this machine does not let root mount")

    assert process.returncode == 0, told
    assert "full (make space on its file system)\nok\n" in told


# -- damage --------------------------------------------------------------------------------------


def damaged_header(path: Path) -> None:
    flip(path, 100)


def damaged_middle(path: Path) -> None:
    flip(path, path.stat().st_size // 2 // 4096 * 4096, 4096)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def text(path: Path) -> None:
    path.write_text("jobs:\n")


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine").touch()


def link(path: Path) -> None:
    path.rename(path.parent / "elsewhere")
    path.symlink_to(path.parent / "elsewhere")


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (x)")
    connection.close()


def trigger(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TRIGGER evil AFTER INSERT ON runs BEGIN DELETE FROM runs; END")
    connection.close()


def gone(path: Path) -> None:
    path.rename(path.with_name("history.db-wal"))


@pytest.mark.parametrize(
    "harm",
    [
        damaged_header,
        damaged_middle,
        cut,
        emptied,
        text,
        directory,
        link,
        foreign,
        trigger,
        gone,
    ],
)
def test_a_damaged_history_is_set_aside_loudly(tmp_path: Path, harm) -> None:  # type: ignore[no-untyped-def]
    before = fill(tmp_path)
    harm(tmp_path / "history.db")

    with open_store(tmp_path, now=NOON) as store:
        assert "set aside" in store.notices[0]
        assert "20260101T120000Z" in store.notices[0]
        assert store.id != before
        assert store.memory(now=NOON).jobs == ()
        store.record([added(at=NOON + DAY)])
    assert list((tmp_path / "quarantine" / "20260101T120000Z").iterdir())
    with open_store(tmp_path, now=NOON) as store:
        assert store.notices == ()


def test_what_is_set_aside_twice_in_a_second_is_kept_apart(tmp_path: Path) -> None:
    for _ in range(2):
        (tmp_path / "history.db").write_text("no")
        open_store(tmp_path, now=NOON).close()

    names = {path.name for path in (tmp_path / "quarantine").iterdir()}
    assert names == {"20260101T120000Z", "20260101T120000Z-2"}


def test_after_a_loss_no_instant_is_started_again(tmp_path: Path) -> None:
    """Even where the clock was set back meanwhile, so that they lie ahead once more."""
    fill(tmp_path, runs=10)
    text(tmp_path / "history.db")

    with open_store(tmp_path, now=NOON) as store:
        store.record([added(at=NOON)])
        with pytest.raises(InstantTaken):
            store.record([queued(1, due_at=NOON + 10 * MINUTE)])
        assert store.memory(now=NOON).jobs[0].counts_from == NOON + 10 * MINUTE
        store.record([queued(1, due_at=NOON + 11 * MINUTE)])


def test_a_history_that_lost_its_newest_part_believes_the_watermark(tmp_path: Path) -> None:
    with crashed(tmp_path):
        pass
    (tmp_path / "history.db-wal").unlink()

    with open_store(tmp_path, now=NOON) as store:
        assert store.notices == ("the newest 5 events of the history were lost",)
        assert store.last_n == 5
        assert store.memory(now=NOON).next_run == 1001


def test_a_damaged_log_loses_its_end_and_starts_nothing_again(tmp_path: Path) -> None:
    fill(tmp_path, runs=3)
    with crashed(tmp_path):
        pass
    flip(tmp_path / "history.db-wal", 32)

    with open_store(tmp_path, now=NOON) as store:
        assert "were lost" in store.notices[0]
        memory = store.memory(now=NOON)
        assert (memory.jobs[0].counts_from, memory.next_run) == (NOON + 1000 * MINUTE, 1001)
    with open_store(tmp_path, now=NOON) as store:
        assert store.notices == ()


def test_a_log_without_damage_is_read_after_a_crash(tmp_path: Path) -> None:
    fill(tmp_path, runs=3)
    with crashed(tmp_path):
        pass

    assert open_reader(tmp_path).read_run(ReadRun(run=1000)).row.outcome == "succeeded"
    with open_store(tmp_path, now=NOON) as store:
        assert store.notices == ()
        assert store.views(["backup"])["backup"][1].runs == 4


def test_a_newer_schema_is_refused_and_left_untouched(tmp_path: Path) -> None:
    fill(tmp_path, runs=1)
    path = tmp_path / "history.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(NewerSchema, match="schema 99"):
        open_store(tmp_path, now=NOON)
    with pytest.raises(NewerSchema):
        open_reader(tmp_path).list_runs(ListRuns())
    assert path.read_bytes() == before
    assert not (tmp_path / "quarantine").exists()


# -- files that go away under a running engine ---------------------------------------------------


def test_it_does_not_write_into_a_file_that_was_replaced(tmp_path: Path) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added()])
        path = tmp_path / "history.db"
        path.rename(tmp_path / "moved")
        with pytest.raises(StoreFailing, match="removed or replaced"):
            store.record([queued(1)])

        (tmp_path / "moved").rename(path)
        store.record([queued(1)])
        assert len(store.memory(now=NOON).runs) == 1


@pytest.mark.parametrize("side", ["-wal", "-shm"])
def test_a_deleted_side_file_loses_nothing(tmp_path: Path, side: str) -> None:
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), queued(1)])
        (tmp_path / f"history.db{side}").unlink()
        store.record([claimed(1)])
        store.record(whole_run(2))
    with open_store(tmp_path, now=NOON + HOUR) as store:
        assert store.notices == ()
        assert [run.run for run in store.memory(now=NOON).runs] == [1]
        assert store.views(["backup"])["backup"][1].runs == 1
