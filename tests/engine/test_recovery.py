"""What an engine makes of what the one before it left."""

from cronterm.core.base import Ended, NeverStarted, Started
from cronterm.engine.recovery import (
    claimed_attempts,
    first_snapshot,
    takeover_inputs,
    takeover_outputs,
)
from cronterm.execute.base import ClaimedAttempt, Verdict
from cronterm.model.job import Retry
from cronterm.model.memory import KnownJob, Memory
from cronterm.model.run import AttemptEnd, Cause, OpenRun, RunState
from cronterm.model.snapshot import PastRun, Pause, Totals
from tests.core.clockwork import job
from tests.store.facts import NOON

BACKUP = job("backup", retry=Retry(attempts=2))
END = AttemptEnd(ended_at=NOON + 5, exit_code=3)


def open_run(run: int, state: RunState, *, job_id: str = "backup") -> OpenRun:
    """Return a run without an end."""
    return OpenRun(
        run=run,
        job=job_id,
        cause=Cause(kind="manual"),
        state=state,
        queued_at=NOON,
        ready_at=NOON,
        attempt=1,
        runner="0123abcd",
        definition=BACKUP,
    )


def known(job_id: str, *, present: bool = True) -> KnownJob:
    """Return what the store remembers of a job."""
    return KnownJob(
        id=job_id,
        schedule_hash="s",
        definition_hash="d",
        present=present,
        first_seen_at=NOON - 100,
        counts_from=NOON,
        pause=Pause("ann", NOON),
    )


def test_only_claimed_attempts_are_asked_about() -> None:
    states: list[RunState] = ["queued", "running", "retrying", "stopping"]
    runs = tuple(open_run(number, state) for number, state in enumerate(states, start=1))

    assert claimed_attempts(Memory(runs=runs)) == tuple(
        ClaimedAttempt(run=run, attempt=1, runner="0123abcd", job="backup") for run in (2, 4)
    )


def test_each_verdict_is_told_to_the_core_in_its_words() -> None:
    verdicts = [
        Verdict(run=1, attempt=1, state="live", pid=11, started_at=NOON),
        Verdict(run=2, attempt=1, state="ended", pid=12, started_at=NOON, end=END, output=b"o"),
        Verdict(run=3, attempt=2, state="ended", end=END),
        Verdict(run=4, attempt=1, state="never_started"),
        Verdict(run=5, attempt=1, state="unknown"),
    ]

    assert takeover_inputs(verdicts) == (
        Started(1, 1, 11, NOON),
        Started(2, 1, 12, NOON),
        Ended(2, 1, END),
        Ended(3, 2, END),
        NeverStarted(4, 1),
    )
    assert takeover_outputs(verdicts) == {(2, 1): b"o"}


def test_the_first_snapshot_is_what_was_seen_last() -> None:
    memory = Memory(
        jobs=(known("backup"), known("gone"), known("back", present=False)),
        runs=(open_run(1, "running"), open_run(2, "queued", job_id="gone")),
        all_paused=Pause("bob", NOON),
    )
    past = PastRun(7, NOON, "succeeded")
    views = {"backup": ([past], Totals(runs=1))}

    seen = first_snapshot(memory, [BACKUP, job("back"), job("new")], views)

    assert set(seen.jobs) == {"backup"}  # the others come by their own events
    backup = seen.jobs["backup"]
    assert (backup.first_seen_at, backup.pause) == (NOON - 100, Pause("ann", NOON))
    assert (backup.recent, backup.totals.runs) == ([past], 1)
    assert (backup.state, backup.live[1].attempts) == ("running", 3)
    assert list(seen.removed["gone"]) == [2]
    assert seen.all_paused == Pause("bob", NOON)
