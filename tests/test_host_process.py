"""The engine that a screen starts."""

import os
import signal
from pathlib import Path

from cronterm.host_process import OwnEngine
from cronterm.instance import Instance


def test_an_engine_that_was_killed_is_started_again_and_told_how_it_ended(tmp_path: Path) -> None:
    own = OwnEngine(Instance(tmp_path / "jobs.yaml", tmp_path / "state"))
    pids = []
    for _ in range(2):
        own.start()
        own.start()  # it is on its way
        assert own._process is not None
        pids.append(own._process.pid)
        os.kill(pids[-1], signal.SIGKILL)
        own._process.wait()

    assert len(set(pids)) == 2
    assert own.how_ended(pids[0]) == "was killed by SIGKILL"
    assert own.how_ended(pids[1]) == ""
