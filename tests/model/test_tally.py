"""Tests for what is counted since an engine started."""

from cronterm.clock import MILLISECOND, SECOND
from cronterm.model.event import (
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    InstantDecided,
    JobAdded,
    JobRemoved,
    JobRenamed,
    Numbered,
    RunEnded,
    RunQueued,
)
from cronterm.model.fold import fold
from cronterm.model.run import AttemptEnd, Cause, Outcome
from cronterm.model.snapshot import Snapshot
from cronterm.model.tally import Histogram, JobTally, Tally, count_event, cumulative
from tests.remote.fake_control import job


class Counting:
    """Counts and folds as the bus does."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.snapshot = Snapshot()
        self.tell(JobAdded(at=0, job=job("a"), counts_from=0, first_seen_at=0))

    def tell(self, *events: AnyEvent) -> None:
        """Take events in."""
        for event in events:
            count_event(self.tally, self.snapshot, event)
            fold(self.snapshot, Numbered(self.snapshot.n + 1, event))

    def run(self, run: int, outcome: Outcome, *, delay: int = 0, took: int = SECOND) -> None:
        """Let a run of `a` pass."""
        end = AttemptEnd(ended_at=delay + took, exit_code=0)
        self.tell(
            RunQueued(at=0, run=run, job="a", cause=Cause("manual"), ready_at=0, attempts=1),
            AttemptClaimed(at=0, run=run, job="a", attempt=1),
            AttemptStarted(at=0, run=run, job="a", attempt=1, pid=1, started_at=delay),
            AttemptEnded(at=0, run=run, job="a", attempt=1, end=end),
            RunEnded(at=0, run=run, job="a", outcome=outcome, reason=""),
        )


def test_ended_runs_are_counted_by_outcome_and_by_job() -> None:
    counting = Counting()
    for run, outcome in enumerate(("succeeded", "succeeded", "failed", "lost", "skipped"), 1):
        counting.run(run, outcome)  # type: ignore[arg-type]

    assert counting.tally.ended == {"succeeded": 2, "failed": 1, "lost": 1, "skipped": 1}
    assert counting.tally.jobs == {"a": JobTally(runs=5, failures=2)}


def test_delays_and_durations_fall_into_their_places() -> None:
    counting = Counting()
    counting.run(1, "succeeded", delay=4 * MILLISECOND, took=SECOND // 10)
    counting.run(2, "succeeded", delay=6 * MILLISECOND, took=2 * SECOND)

    assert counting.tally.delays.counts[:3] == [1, 1, 0]
    assert counting.tally.durations.counts[:4] == [1, 0, 0, 1]
    assert counting.tally.durations.sum == 2 * SECOND + SECOND // 10


def test_a_range_of_missed_instants_counts_each() -> None:
    counting = Counting()
    missed = InstantDecided(
        at=0, job="a", due_at=0, count=7, outcome="missed", reason="downtime", schedule_hash=""
    )
    counting.tell(missed)

    assert counting.tally.unstarted == {("missed", "downtime"): 7}


def test_counts_follow_a_renamed_job_and_leave_with_a_removed_one() -> None:
    counting = Counting()
    counting.run(1, "failed")
    counting.tell(JobRenamed(at=0, job="b", old="a"), JobRenamed(at=0, job="y", old="x"))
    renamed = dict(counting.tally.jobs)
    counting.tell(JobRemoved(at=0, job="b"))

    assert renamed == {"b": JobTally(runs=1, failures=1)}
    assert counting.tally.jobs == {}


def test_the_end_of_a_job_that_is_gone_counts_for_the_engine_only() -> None:
    counting = Counting()
    counting.tell(
        RunQueued(at=0, run=1, job="a", cause=Cause("manual"), ready_at=0, attempts=1),
        JobRemoved(at=0, job="a"),
        RunEnded(at=0, run=1, job="a", outcome="failed", reason="exit"),
        EngineStarted(at=9, pid=1, version="1"),
        AttemptStarted(at=0, run=8, job="x", attempt=1, pid=1, started_at=0),
    )

    assert counting.tally.ended == {"failed": 1}
    assert counting.tally.jobs == {}
    assert counting.tally.since == 9


def test_what_is_above_every_limit_has_its_place() -> None:
    histogram = Histogram((10, 20))
    for duration in (10, 11, 21):
        histogram.add(duration)

    assert cumulative(histogram.counts) == [1, 2, 3]
