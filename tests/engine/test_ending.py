"""What the log says of the end of an engine: what it does, what it waits for, what goes on."""

import pytest

from cronterm.clock import SECOND
from cronterm.engine.ending import grace_s, running, say_hurried, say_stopped, say_stopping
from cronterm.model.job import Settings
from cronterm.model.run import Cause, RunState
from cronterm.model.snapshot import JobView, LiveRun, Snapshot
from tests.core.clockwork import job


def snapshot_of(*states: RunState) -> Snapshot:
    """Return a picture in which a job has runs, numbered from 1 on."""
    live = {
        run: LiveRun(run=run, job="a", cause=Cause("manual"), state=state, queued_at=0, ready_at=0)
        for run, state in enumerate(states, 1)
    }
    view = JobView(job=job("a"), live=live)
    return Snapshot(jobs={"a": view}, settings=Settings(shutdown_grace=6 * SECOND))


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return what was logged, each with the runs it names, and forget it."""
    lines = [(each.getMessage(), each.__dict__.get("runs", "")) for each in caplog.records]
    caplog.clear()
    return lines


def test_it_says_what_it_waits_for_and_how_long(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "cronterm")
    snapshot = snapshot_of("running", "queued", "stopping", "retrying")
    assert [run.run for run in running(snapshot)] == [1, 3]

    wait_s = grace_s(snapshot, stop_runs=False)
    say_stopping(snapshot, by="SIGTERM", grace_s=wait_s, stop_runs=False)
    say_stopping(snapshot, by="ann", grace_s=15, stop_runs=True)
    say_stopping(snapshot_of("running"), by="ann", grace_s=0, stop_runs=False)
    say_stopping(snapshot_of("queued"), by="SIGTERM", grace_s=6, stop_runs=False)

    assert told(caplog) == [
        (
            "engine stopping: it starts nothing more and waits for 2 runs to end, at most 6.0s",
            "1 of a, 3 of a",
        ),
        (
            "engine stopping: it stops 2 runs and waits for the end, at most 15.0s",
            "1 of a, 3 of a",
        ),
        ("engine stopping: it does not wait for 1 run", "1 of a"),
        ("engine stopping: nothing runs, it ends now", ""),
    ]


def test_it_says_that_it_waits_no_longer_and_what_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "cronterm")
    seven: list[RunState] = ["running"] * 7
    many = snapshot_of(*seven)
    say_hurried(many, by="SIGTERM")
    say_stopped(many)
    say_stopped(snapshot_of("running"))
    say_stopped(snapshot_of())

    names = "1 of a, 2 of a, 3 of a, 4 of a, 5 of a, 2 more"
    assert told(caplog) == [
        ("engine stopping at once: it was told so again and waits no longer", names),
        ("engine stopped: 7 runs go on in the runner, and the next engine takes over", names),
        ("engine stopped: 1 run goes on in the runner, and the next engine takes over", "1 of a"),
        ("engine stopped", ""),
    ]
