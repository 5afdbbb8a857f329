"""How long a long history takes: `python -m benchmarks.history [DAYS] [JOBS]`, W5 of the goals.

Makes a history in a temporary directory, 86,400 runs a day, a million in twelve days, and times
every question that a screen or a command asks.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.ground import tell
from benchmarks.past import RUNS_A_DAY, START, History, half_of_one, make_days
from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.model.job import Keep
from cronterm.model.query import (
    ListAlerts,
    ListMissed,
    ListRuns,
    ReadDecisions,
    ReadRun,
    ReadStats,
    ReadTimeline,
    ReadTrends,
)
from cronterm.model.run import Outcome
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store

START_OF_ALL = "what is shown of all jobs, at the start"
REPEATS = 7
A_JOB_MS = 0.3  # of the start, for what a screen shows of a job's past
SLICES = 50
FAILED: tuple[Outcome, ...] = ("failed", "timed_out", "lost")


def main(days: int = 12, jobs: int = 500) -> None:
    """Fill, ask, print."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        history = History(half_of_one([f"job-{number:05}" for number in range(jobs)]))
        make_days(directory, history, days)
        runs = days * RUNS_A_DAY
        with open_store(directory, now=START) as store:
            _ask(store, directory, history, runs)
        size = (directory / "history.db").stat().st_size
        began = time.process_time()
        with open_store(directory, now=START) as store:
            took = time.process_time() - began
            print(f"{took * 1e3:8.0f} ms of CPU to open it again: all of it is looked through")
            _prune(store, history, runs)
        print(f"{size / runs:8.0f} bytes a run")


def _ask(store: SqliteStore, directory: Path, history: History, runs: int) -> None:
    reader, names = open_reader(directory), sorted({*history.names})
    job, often = names[len(names) // 2], names[0]
    now = history.due(runs)
    yesterday = now - DAY
    day = ReadTimeline(since=now - 12 * HOUR, slot=15 * MINUTE, slots=96, jobs=tuple(names[:60]))
    week = msgspec.structs.replace(day, since=now - 84 * HOUR, slot=2 * HOUR, slots=84)
    questions: dict[str, Callable[[], object]] = {
        "memory of a core": lambda: store.memory(now=START),
        START_OF_ALL: lambda: store.views(names),
        "last 50 of a job": lambda: reader.list_runs(ListRuns(job=job, limit=50)),
        "last 100 of all": lambda: reader.list_runs(ListRuns(limit=100)),
        "runs: first page": lambda: reader.list_runs(ListRuns(decisions=False, limit=500)),
        "runs: page in the middle": lambda: reader.list_runs(
            ListRuns(before_run=runs // 2, decisions=False, limit=500)
        ),
        "runs: the oldest page": lambda: reader.list_runs(
            ListRuns(after_run=0, decisions=False, limit=500)
        ),
        "runs: page in the middle of a month": lambda: reader.list_runs(
            ListRuns(since=history.start, before_run=runs // 2, decisions=False, limit=500)
        ),
        "runs: of a day, its oldest page": lambda: reader.list_runs(
            ListRuns(since=yesterday, after_run=0, decisions=False, limit=500)
        ),
        "runs: before a moment": lambda: reader.list_runs(
            ListRuns(until=history.due(runs // 2), decisions=False, limit=500)
        ),
        "runs: by hand of the job with half of all": lambda: reader.list_runs(
            ListRuns(job=often, causes=("manual",), decisions=False, limit=500)
        ),
        "runs: lost of the job with half of all": lambda: reader.list_runs(
            ListRuns(job=often, outcomes=("lost",), decisions=False, limit=500)
        ),
        "runs: failed and by hand": lambda: reader.list_runs(
            ListRuns(outcomes=FAILED, causes=("manual",), decisions=False, limit=500)
        ),
        "runs: of a job that has not run of late": lambda: reader.list_runs(
            ListRuns(job=job, since=now + SECOND, decisions=False, limit=500)
        ),
        "runs: failed": lambda: reader.list_runs(
            ListRuns(outcomes=FAILED, decisions=False, limit=500)
        ),
        "runs: lost": lambda: reader.list_runs(
            ListRuns(outcomes=("lost",), decisions=False, limit=500)
        ),
        "runs: failed of a job": lambda: reader.list_runs(
            ListRuns(job=job, outcomes=FAILED, decisions=False, limit=500)
        ),
        "runs: by hand": lambda: reader.list_runs(
            ListRuns(causes=("manual",), decisions=False, limit=500)
        ),
        "runs: failed in a day": lambda: reader.list_runs(
            ListRuns(outcomes=FAILED, since=yesterday, decisions=False, limit=500)
        ),
        "runs: by hand in a day": lambda: reader.list_runs(
            ListRuns(causes=("manual",), since=yesterday, decisions=False, limit=500)
        ),
        "100 since a day ago": lambda: reader.list_runs(ListRuns(since=yesterday, limit=100)),
        "one run": lambda: reader.read_run(ReadRun(run=runs // 2)),
        "its output": lambda: reader.output_blob(runs // 2, 1),
        "alerts": lambda: reader.list_alerts(ListAlerts(closed=True)),
        "missed": lambda: reader.list_missed(ListMissed()),
        "counts": reader.counts,
        "decisions of a job": lambda: reader.decisions(ReadDecisions(job=job)),
        "figures of all time": lambda: reader.stats(ReadStats(), now=now),
        "figures of a day": lambda: reader.stats(ReadStats(range="24h"), now=now),
        "figures of a month": lambda: reader.stats(ReadStats(range="30d"), now=now),
        "figures of a job": lambda: reader.stats(ReadStats(job=job), now=now),
        "course of an hour": lambda: reader.trends(ReadTrends(range="1h"), now=now),
        "course of a week": lambda: reader.trends(ReadTrends(range="7d"), now=now),
        "course of all time": lambda: reader.trends(ReadTrends(range="all"), now=now),
        "course of a week of a job": lambda: reader.trends(
            ReadTrends(job=job, range="7d"), now=now
        ),
        "timeline of a day": lambda: reader.begun(day),
        "timeline of a week": lambda: reader.begun(week),
        "hours of the week of a job": lambda: reader.quarters(often, now - 28 * DAY),
        "decision about an instant": lambda: reader.decisions(
            ReadDecisions(job=job, at=history.due(runs // 2))
        ),
    }
    for words, ask in questions.items():
        times, spent = [], []
        for _ in range(REPEATS):
            began, cpu = time.perf_counter(), time.process_time()
            ask()
            times.append((time.perf_counter() - began) * 1e3)
            spent.append((time.process_time() - cpu) * 1e3)
        goal = A_JOB_MS * len(names) if words == START_OF_ALL else 50
        tell(
            f"{words}: CPU",
            median(spent),
            "ms",
            goal,
            f"first {spent[0]:.0f}, wall {median(times):.1f}",
        )


def _prune(store: SqliteStore, history: History, runs: int) -> None:
    names = {*history.names}
    keep = dict.fromkeys(names, Keep(runs=max(1, runs // len(names) // 2)))
    slices = []
    for _ in range(SLICES):
        cpu = time.process_time()
        store.prune(keep, now=history.due(runs), limit=1000)
        slices.append(time.process_time() - cpu)
    tell("a slice of retention, 1,000 runs: CPU", median(slices) * 1e3, "ms", 50)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
