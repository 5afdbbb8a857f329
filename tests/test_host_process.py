"""The engine that a screen starts."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cronterm.errors import CrontermError
from cronterm.host_process import OwnEngine
from cronterm.instance import Instance
from cronterm.store.sqlite import open_store
from tests.journeys.house import wait_until


def test_an_engine_that_was_killed_is_started_again_and_told_how_it_ended(tmp_path: Path) -> None:
    own = OwnEngine(Instance(tmp_path / "jobs.yaml", tmp_path / "state"))
    pids = []
    for _ in range(2):
        own.start()
        own.start()  # it is on its way
        assert own._process is not None
        pids.append(own._process.pid)
        assert own.how_failed() == ""
        os.kill(pids[-1], signal.SIGKILL)
        own._process.wait()
        assert own.how_failed() == "it was killed by SIGKILL"

    assert len(set(pids)) == 2
    assert own.how_ended(pids[0]) == "was killed by SIGKILL"
    assert own.how_ended(pids[1]) == ""


def test_an_engine_that_ends_at_once_is_told_of_at_once_in_its_words(tmp_path: Path) -> None:
    instance = Instance(tmp_path / "jobs.yaml", tmp_path / "state")
    instance.prepare()
    instance.log_file.write_text("what an engine said long ago\n")
    open_store(instance.state_dir, now=0).close()
    with closing(sqlite3.connect(instance.state_dir / "history.db")) as newer:
        newer.execute("PRAGMA user_version = 99999")
    own = OwnEngine(instance)
    with pytest.raises(CrontermError) as failed:
        own.ensure()
    own.start()
    wait_until(lambda: bool(own.how_failed()), "the second one has failed, too")

    assert "exit code 1: " in failed.value.hint
    assert "newer" in failed.value.hint
    assert "long ago" not in failed.value.hint
    assert own.how_failed() == failed.value.hint
