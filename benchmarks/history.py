"""How long a long history takes: `python -m benchmarks.history [RUNS] [JOBS]`, W5 of the goals.

Fills a history in a temporary directory and times every question that a screen or a command asks.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.ground import tell
from cronterm.clock import MINUTE, SECOND, Instant
from cronterm.model.event import (
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    InstantDecided,
    JobAdded,
    RunEnded,
    RunQueued,
)
from cronterm.model.job import Job, Keep, Shell
from cronterm.model.query import (
    ListAlerts,
    ListMissed,
    ListRuns,
    ReadDecisions,
    ReadRun,
    ReadStats,
    ReadTrends,
)
from cronterm.model.run import AttemptEnd, Cause, Outcome, Reason
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store

START: Instant = 1_767_268_800 * SECOND
BATCH = 1000
REPEATS = 7
FAILED: tuple[Outcome, ...] = ("failed", "timed_out", "lost")


def main(runs: int = 200_000, jobs: int = 500) -> None:
    """Fill, ask, print."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        with open_store(directory, now=START) as store:
            history = History([f"job-{number:05}" for number in range(jobs)])
            fill(store, history, runs)
            _ask(store, directory, history, runs)
        size = (directory / "history.db").stat().st_size
        began = time.perf_counter()
        with open_store(directory, now=START) as store:
            print(f"{(time.perf_counter() - began) * 1e3:8.2f} ms  to open it again")
            _prune(store, history, runs)
        print(f"{size / runs:8.0f} bytes a run")


@dataclass(frozen=True)
class History:
    """Runs of jobs in turn, one a second after `start`."""

    names: Sequence[str]
    """One that is named more often runs more often."""
    start: Instant = START

    def due(self, run: int) -> Instant:
        """Return when a run was due."""
        return self.start + run * SECOND

    def name(self, run: int) -> str:
        """Return whose run it was."""
        return self.names[run * 7919 % len(self.names)]

    def added(self, name: str) -> JobAdded:
        """Return how a job came."""
        job = Job(
            id=name, source="/jobs.yaml", directory="/", working_dir="/", action=Shell(("true",))
        )
        at = self.start
        return JobAdded(at=at, job=job, counts_from=at, first_seen_at=at)

    def queued(self, run: int) -> list[AnyEvent]:
        """Return how a run began to wait; each fiftieth has an instant before it skipped."""
        due_at, name = self.due(run), self.name(run)
        events: list[AnyEvent] = []
        if run % 50 == 0:
            skipped = due_at - SECOND // 2
            events.append(
                InstantDecided(
                    at=skipped,
                    job=name,
                    due_at=skipped,
                    outcome="skipped",
                    reason="overlap",
                    schedule_hash="",
                )
            )
        cause = Cause("scheduled", due_at, "", due_at)
        queued = RunQueued(at=due_at, run=run, job=name, cause=cause, ready_at=due_at, attempts=1)
        claimed = AttemptClaimed(at=due_at, run=run, job=name, attempt=1, runner="r")
        return [*events, queued, claimed]

    def started(self, run: int) -> AttemptStarted:
        """Return how it started."""
        at = self.due(run)
        return AttemptStarted(at=at, run=run, job=self.name(run), attempt=1, pid=run, started_at=at)

    def ended(self, run: int) -> list[AnyEvent]:
        """Return how it ended; each twentieth failed."""
        at, name, code = self.due(run) + SECOND, self.name(run), int(run % 20 == 0)
        end = AttemptEnd(
            ended_at=at, exit_code=code, cpu_us=900, max_rss_bytes=1 << 23, output_bytes=9
        )
        outcome: Outcome = "failed" if code else "succeeded"
        reason: Reason = "exit" if code else ""
        return [
            AttemptEnded(at=at, run=run, job=name, attempt=1, end=end),
            RunEnded(at=at, run=run, job=name, outcome=outcome, reason=reason),
        ]


def fill(store: SqliteStore, history: History, runs: int) -> None:
    """Record runs."""
    store.record([history.added(name) for name in sorted({*history.names})])
    began, cpu = time.perf_counter(), time.process_time()
    for first in range(1, runs + 1, BATCH):
        numbers = range(first, min(first + BATCH, runs + 1))
        store.record([event for run in numbers for event in history.queued(run)])
        store.record([history.started(run) for run in numbers])
        store.record([event for run in numbers for event in history.ended(run)])
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{runs / took:8.0f} runs a second, {cpu / runs * 1e6:.0f} us of CPU each (with the events)"
    )


def _ask(store: SqliteStore, directory: Path, history: History, runs: int) -> None:
    reader, names = open_reader(directory), history.names
    job = names[len(names) // 2]
    now = history.due(runs)
    yesterday = now - 1440 * MINUTE
    questions: dict[str, Callable[[], object]] = {
        "memory of a core": lambda: store.memory(now=START),
        "views of all jobs": lambda: store.views(names),
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
        "decision about an instant": lambda: reader.decisions(
            ReadDecisions(job=job, at=history.due(runs // 2))
        ),
    }
    for words, ask in questions.items():
        times = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
        tell(words, median(times) * 1e3, "ms", 50)


def _prune(store: SqliteStore, history: History, runs: int) -> None:
    names = history.names
    keep = dict.fromkeys(names, Keep(runs=max(1, runs // len(names) // 2)))
    slices = []
    while True:
        began = time.perf_counter()
        pruned = store.prune(keep, now=history.due(runs), limit=1000)
        slices.append(time.perf_counter() - began)
        if pruned.runs < 1000:
            break
    print(f"{median(slices) * 1e3:8.2f} ms  a slice of retention, {len(slices)} slices")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
