"""The program looks at itself: store, output, versions, and runners that live."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cronterm.engine.about as about
from cronterm.clock import MINUTE
from cronterm.engine.about import read_system
from cronterm.store.reader import open_reader
from cronterm.store.schema import SCHEMA_VERSION
from cronterm.store.sqlite import open_store
from tests.store.facts import NOON, added, whole_run


def test_the_store_and_its_output_are_measured(tmp_path: Path) -> None:
    output = tmp_path / "output" / "abcd"
    output.mkdir(parents=True)
    (output / "1-1.log").write_bytes(b"x" * 1000)
    with open_store(tmp_path, now=NOON) as store:
        store.record([added(), *whole_run(1), *whole_run(2)])
        found = read_system(pid=os.getpid(), output=output, reader=open_reader(tmp_path))
        assert found.store.store == store.id

    assert found.engine is not None
    assert found.engine.pid == os.getpid()
    assert found.runners == ()
    kept = found.store
    assert (kept.runs, kept.total_runs, kept.jobs, kept.schema) == (2, 2, 1, SCHEMA_VERSION)
    assert kept.oldest_at == NOON + MINUTE
    assert kept.bytes > 0
    assert (kept.output_files, kept.output_bytes, kept.is_output_whole) == (1, 1000, True)
    assert {"cronterm", "Python", "SQLite", "msgspec"} <= found.versions.keys()


def test_without_engine_and_history_there_is_little_to_tell(tmp_path: Path) -> None:
    found = read_system(pid=0, output=tmp_path / "output", reader=open_reader(tmp_path))
    assert found.engine is None
    assert (found.store.runs, found.store.oldest_at, found.store.output_files) == (0, None, 0)
    assert found.store.path == str(tmp_path / "history.db")


def test_more_files_than_are_counted_are_said_to_be_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(about, "MOST_FILES", 2)
    for number in range(3):
        (tmp_path / f"{number}.log").touch()
    found = read_system(pid=0, output=tmp_path, reader=open_reader(tmp_path / "none"))
    assert not found.store.is_output_whole


def test_a_runner_is_found_by_its_output(tmp_path: Path) -> None:
    output = tmp_path / "output" / "abcd"
    words = [sys.executable, "-P", "-m", "cronterm.runner", "--store", "abcd"]
    words += ["--directory", str(tmp_path / "runners" / "r1"), "--output", str(output)]
    words += ["--linger", "20", "--version", "1.2.3"]
    runner = subprocess.Popen(words, start_new_session=True)
    try:
        found = read_system(pid=0, output=output, reader=open_reader(tmp_path)).runners
        (view,) = found
        assert (view.name, view.version, view.process.pid) == ("r1", "1.2.3", runner.pid)
    finally:
        runner.terminate()
        runner.wait(20)
