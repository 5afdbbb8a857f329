"""Figures for screens, of runs that vary in a fixed way."""

from functools import cache

import msgspec

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration, Instant
from cronterm.model.query import Range
from cronterm.model.rollup import EndedRun, Rollup, add_run
from cronterm.model.stats import (
    Categories,
    FileEvents,
    JobFigures,
    Resources,
    Stats,
    Trends,
    make_stats,
)

JOBS: dict[str, tuple[int, int, int]] = {
    "wal-archive": (12, 591, 0),
    "mail-queue-flush": (40, 194, 31),
    "flaky-upload": (6, 3000, 9),
    "search-reindex": (2, 20_900, 0),
    "invoice-export": (1, 1400, 6),
    "db-backup-nightly": (1, 62_100, 0),
}
"""Runs in a step, milliseconds, and which run fails (0 is none)."""
REACHES: dict[Range, tuple[int, Duration]] = {
    "1h": (12, 5 * MINUTE),
    "24h": (24, HOUR),
    "7d": (168, HOUR),
    "30d": (30, DAY),
    "all": (90, DAY),
}


def fill(name: str, step: int, at: Instant, rollups: list[Rollup], rank: int) -> int:
    """Add the runs of a job in one step; return the rank of the last."""
    often, took_ms, fails = JOBS[name]
    busy = often * (2 if step % 24 in (3, 13) else 1)
    for number in range(busy):
        rank += 1
        is_bad = bool(fails) and (rank + step // 3) % fails == 0
        length = took_ms * (80 + (rank * 37 + step * 11) % 50 + (step % 17 == 5) * 120) * 10
        run = EndedRun(
            outcome="timed_out"
            if is_bad and rank % 4 == 0
            else "failed"
            if is_bad
            else "succeeded",
            reason="exit" if is_bad else "",
            cause="signal" if name == "mail-queue-flush" else "scheduled",
            started_at=at + number * SECOND,
            ended_at=at + number * SECOND + length,
            attempt=1 + (name == "flaky-upload" and rank % 5 == 0),
            was_failing=bool(fails) and (rank - 1 + step // 3) % fails == 0,
            cpu_us=length // 3,
            max_rss_bytes=48 << 20,
        )
        add_run(rollups, run, rank)
        if run.cause == "signal":
            for rollup in rollups:
                rollup.created += 2
                rollup.modified += 3
                rollup.deleted += number % 9 == 0
    return rank


@cache
def trends(within: Range, now: Instant, job: str) -> Trends:
    """Return the course of a range."""
    steps, step = REACHES[within]
    since = now // step * step - (steps - 1) * step
    total, before = Rollup(), Rollup()
    points = []
    ranks = dict.fromkeys(JOBS, 0)
    for number in range(-steps, steps):
        point = Rollup()
        for name in JOBS.keys() & {job} if job else JOBS:
            into = [point, total] if number >= 0 else [before]
            ranks[name] = fill(name, number + steps, since + number * step, into, ranks[name])
        if number >= 0:
            points.append((since + number * step, point))
    return Trends(
        since=since,
        until=now,
        step=step,
        points=tuple(points),
        total=total,
        before=None if within == "all" else before,
        before_length=steps * step,
    )


@cache
def stats(within: Range, now: Instant) -> Stats:
    """Return the ten groups."""
    figures = tuple(
        JobFigures(
            job=name,
            total=course.total,
            last_day=24,
            average_before=course.before.average if course.before is not None else None,
        )
        for name in JOBS
        for course in [trends(within, now, name)]
    )
    made = make_stats(figures, Categories(1000, 200, 3), FileEvents(created=4))
    load = Resources(
        measured_at="2026-11-21T14:32:07Z",
        cpu_ratio=0.2,
        memory_ratio=0.6,
        disk_ratio=0.8,
        disk_path="/var",
        load=0.6,
    )
    return msgspec.structs.replace(made, resources=load)
