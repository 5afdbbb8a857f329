"""A long history, made in seconds: a day of it is recorded, and the database repeats the day."""

import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cronterm.clock import DAY, MINUTE, SECOND, Instant
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
from cronterm.model.job import Job, Shell
from cronterm.model.run import AttemptEnd, Cause, Outcome, Reason
from cronterm.store.files import DATABASE
from cronterm.store.rollups import LEAST, MOST, NAMES, SUMS, prune_rollups
from cronterm.store.sqlite import SqliteStore, open_store

START: Instant = 1_767_268_800 * SECOND
BATCH = 1000
RUNS_A_DAY = DAY // SECOND
ALIKE = 7  # runs in a row that fare alike: were it each twentieth, the same jobs would always fail
LENGTHS = ("cpu_us", "duration_us")
"""What is in microseconds and no instant."""
TABLES = ("runs", "attempts", "decisions", "rollups")


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
        """Return how a run began to wait; one of fifty has an instant before it skipped."""
        due_at, name = self.due(run), self.name(run)
        events: list[AnyEvent] = []
        if run // ALIKE % 50 == 0:
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
        """Return how it ended; one of twenty failed."""
        at, name, code = self.due(run) + SECOND, self.name(run), int(run // ALIKE % 20 == 0)
        end = AttemptEnd(
            ended_at=at, exit_code=code, cpu_us=900, max_rss_bytes=1 << 23, output_bytes=9
        )
        outcome: Outcome = "failed" if code else "succeeded"
        reason: Reason = "exit" if code else ""
        return [
            AttemptEnded(at=at, run=run, job=name, attempt=1, end=end),
            RunEnded(at=at, run=run, job=name, outcome=outcome, reason=reason),
        ]


def half_of_one(names: Sequence[str]) -> list[str]:
    """Return names of which the first is half of all."""
    return [name for pair in zip(names, [names[0]] * len(names), strict=True) for name in pair]


def make_days(directory: Path, history: History, days: int) -> None:
    """Make a history of so many days, 86,400 runs each, and tell how far it is."""
    with open_store(directory, now=history.start) as store:
        fill(store, history, RUNS_A_DAY)
    began = time.perf_counter()
    repeat(directory / DATABASE, RUNS_A_DAY, days)
    took = time.perf_counter() - began
    print(f"{days * RUNS_A_DAY:,} runs: one of {days} days recorded, repeated in {took:.0f} s")


def fill(store: SqliteStore, history: History, runs: int) -> None:
    """Record runs."""
    store.record([history.added(name) for name in sorted({*history.names})])
    began, cpu = time.perf_counter(), time.process_time()
    for first in range(1, runs + 1, BATCH):
        numbers = range(first, min(first + BATCH, runs + 1))
        store.record([event for run in numbers for event in history.queued(run)])
        store.record([history.started(run) for run in numbers])
        store.record([event for run in numbers for event in history.ended(run)])
        show_progress(f"{numbers[-1]:,} of {runs:,} runs recorded")
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{runs / took:8.0f} runs a second, {cpu / runs * 1e6:.0f} us of CPU each (with the events)"
    )


def repeat(database: Path, runs: int, days: int) -> None:
    """Repeat the one day that was recorded, of so many runs, on the days after it.

    What is added up is what those runs give, but for the trend of durations.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for table in TABLES:
            connection.execute(f"CREATE TEMP TABLE one_{table} AS SELECT * FROM {table}")
        with _without_indexes(connection):
            for day in range(1, days):
                shift = {"runs": day * runs, "us": day * DAY, "minutes": day * DAY // MINUTE}
                for table in TABLES:
                    connection.execute(_repetition(connection, table), shift)
                show_progress(f"day {day + 1} of {days} repeated")
        last = {"days": days, "runs": (days - 1) * runs, "us": (days - 1) * DAY}
        for statement in ENDINGS:
            connection.execute(statement, last)
        newest = connection.execute("SELECT max(ended_at_us) FROM runs").fetchone()[0]
        prune_rollups(connection, newest)
        connection.execute("COMMIT")
    finally:
        connection.close()


ENDINGS = (
    "UPDATE meta SET next_run = next_run + :runs",
    "UPDATE counts SET count = count * :days",
    "UPDATE job_state SET kept_runs = kept_runs * :days, total_runs = total_runs * :days,"
    " succeeded = succeeded * :days, failed = failed * :days, durations = durations * :days,"
    " duration_sum_us = duration_sum_us * :days, counts_from_us = counts_from_us + :us,"
    " last_end_us = last_end_us + :us, result_run = result_run + :runs,"
    " result_at_us = result_at_us + :us",
)


@contextmanager
def _without_indexes(connection: sqlite3.Connection) -> Iterator[None]:
    """Make the indexes anew at the end: that takes less than keeping them."""
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('runs', 'attempts', 'decisions')"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for name, sql in indexes:
        show_progress(f"index {name}")
        connection.execute(sql)


def _repetition(connection: sqlite3.Connection, table: str) -> str:
    """Return what inserts the day once more, with other numbers and instants."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    sql = f"INSERT INTO {table} SELECT {', '.join(map(_shifted, columns))} FROM one_{table}"
    if table != "rollups":
        return sql
    sums = [f"{name} = {name} + excluded.{name}" for name in SUMS]
    sums += [f"{name} = min({name}, excluded.{name})" for name in LEAST]
    sums += [f"{name} = max({name}, excluded.{name})" for name in MOST]
    sums += [f"{name} = {name} || ' ' || excluded.{name}" for name in NAMES[-2:]]
    where = " WHERE true ON CONFLICT (span, minute, job) DO UPDATE SET "
    return sql + where + ", ".join(sums)


def _shifted(column: str) -> str:
    if column == "minute":
        return "iif(span, minute + :minutes, 0)"
    if column == "run":
        return "run + :runs"
    is_instant = column.endswith("_us") and column not in LENGTHS
    return f"{column} + :us" if is_instant or column in ("first_at", "last_at") else column


def show_progress(what: str) -> None:
    """Say on a terminal how far something is."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="\r", file=sys.stderr, flush=True)
