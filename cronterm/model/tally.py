"""What has happened since an engine started, counted: for those who watch over it from outside.

Counters only rise while their engine lives, which the kept history does not promise.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

import msgspec

from cronterm.clock import MILLISECOND, SECOND, Duration, Instant
from cronterm.model.event import (
    AnyEvent,
    AttemptStarted,
    EngineStarted,
    InstantDecided,
    JobRemoved,
    JobRenamed,
    RunEnded,
)
from cronterm.model.run import FAILED, Outcome, Reason
from cronterm.model.snapshot import Snapshot

DURATIONS: tuple[Duration, ...] = tuple(
    int(limit * SECOND) for limit in (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
)
DELAYS: tuple[Duration, ...] = tuple(
    limit * MILLISECOND for limit in (5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 300_000)
)


class Histogram(msgspec.Struct):
    """Durations, by the smallest limit that each is not above."""

    limits: tuple[Duration, ...]
    counts: list[int] = []
    """One for each limit, and one for what is above them all."""
    sum: Duration = 0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.limits) + 1)

    def add(self, duration: Duration) -> None:
        """Count one."""
        self.counts[bisect_left(self.limits, duration)] += 1
        self.sum += duration


class JobTally(msgspec.Struct):
    """Ended runs of one job."""

    runs: int = 0
    failures: int = 0


class Tally(msgspec.Struct):
    """Counts since `since`."""

    since: Instant = 0
    ended: dict[Outcome, int] = msgspec.field(default_factory=Counter)
    """Runs that ended."""
    unstarted: dict[tuple[Outcome, Reason], int] = msgspec.field(default_factory=Counter)
    """Due instants for which nothing was started."""
    durations: Histogram = msgspec.field(default_factory=lambda: Histogram(DURATIONS))
    """From the first start of a run to its end."""
    delays: Histogram = msgspec.field(default_factory=lambda: Histogram(DELAYS))
    """From when an attempt might have started to when it did."""
    jobs: dict[str, JobTally] = {}


def count_event(tally: Tally, before: Snapshot, event: AnyEvent) -> None:
    """Count an event; `before` is what was visible before it."""
    match event:
        case AttemptStarted():
            live = before.live_run(event.job, event.run)
            if live is not None:
                tally.delays.add(max(event.started_at - live.ready_at, 0))
        case RunEnded():
            _count_end(tally, before, event)
        case InstantDecided():
            tally.unstarted[event.outcome, event.reason] += event.count
        case JobRenamed():
            if event.old in tally.jobs:
                tally.jobs[event.job] = tally.jobs.pop(event.old)
        case JobRemoved():
            tally.jobs.pop(event.job, None)
        case EngineStarted():
            tally.since = event.at
        case _:
            pass


def _count_end(tally: Tally, before: Snapshot, event: RunEnded) -> None:
    tally.ended[event.outcome] += 1
    live = before.live_run(event.job, event.run)
    if live is not None and live.started_at is not None:
        ended_at = live.last_end.ended_at if live.last_end is not None else event.at
        tally.durations.add(max(ended_at - live.started_at, 0))
    if event.job not in before.jobs:
        return
    job = tally.jobs.setdefault(event.job, JobTally())
    job.runs += 1
    job.failures += event.outcome in FAILED


def cumulative(counts: Sequence[int]) -> list[int]:
    """Return the running sums."""
    sums, total = [], 0
    for count in counts:
        total += count
        sums.append(total)
    return sums
