"""The figures of one moment for `/metrics`, taken on the loop in one go: plain values only."""

from collections import Counter
from typing import NamedTuple

import msgspec

from cronterm.clock import Instant
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.model.tally import Tally

MOST_JOBS = 1_000  # with more, series for each job cost a scrape more than they tell


class JobFigures(NamedTuple):
    """One job."""

    job: str
    runs: int
    failures: int
    failed_in_a_row: int
    next_at: Instant | None
    last_end_at: Instant | None
    last_duration: int | None


class Figures(NamedTuple):
    """The engine and, where they are not too many, its jobs."""

    version: str
    started_at: Instant
    state: str
    is_paused: bool
    running: int
    waiting: int
    states: dict[str, int]
    alerts: dict[str, int]
    """Open ones by kind."""
    tally: Tally
    jobs: tuple[JobFigures, ...]


def take_figures(snapshot: Snapshot, tally: Tally) -> Figures:
    """Return the figures of now; nothing of them changes later."""
    live = snapshot.all_open()
    running = sum(run.state in ("running", "stopping") for run in live)
    views = snapshot.jobs.values() if len(snapshot.jobs) <= MOST_JOBS else ()
    return Figures(
        version=snapshot.engine.version,
        started_at=snapshot.engine.started_at,
        state=snapshot.engine.state,
        is_paused=snapshot.all_paused is not None,
        running=running,
        waiting=len(live) - running,
        states=dict(Counter(view.state for view in snapshot.jobs.values())),
        alerts=dict(Counter(alert.kind for alert in snapshot.alerts.values())),
        tally=_copy(tally),
        jobs=tuple(_job(view, tally) for view in views),
    )


def _copy(tally: Tally) -> Tally:
    """Return the counts of now; those by job are taken with the jobs."""
    return msgspec.structs.replace(
        tally,
        ended=dict(tally.ended),
        unstarted=dict(tally.unstarted),
        durations=msgspec.structs.replace(tally.durations, counts=list(tally.durations.counts)),
        delays=msgspec.structs.replace(tally.delays, counts=list(tally.delays.counts)),
        jobs={},
    )


def _job(view: JobView, tally: Tally) -> JobFigures:
    counted = tally.jobs.get(view.job.id)
    last = view.last
    return JobFigures(
        job=view.job.id,
        runs=counted.runs if counted is not None else 0,
        failures=counted.failures if counted is not None else 0,
        failed_in_a_row=view.totals.failed_in_a_row,
        next_at=view.next_at,
        last_end_at=last.ended_at if last is not None else None,
        last_duration=last.duration if last is not None else None,
    )
