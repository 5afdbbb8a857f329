"""What the writer keeps in memory of each job, so that a batch touches each job's row once."""

import sqlite3
from collections.abc import Iterable

import msgspec

from cronterm.clock import Instant
from cronterm.model.gates import Result
from cronterm.model.run import Repeat
from cronterm.model.snapshot import Totals

Spans = tuple[tuple[Instant, Instant], ...]


class Entry(msgspec.Struct):
    """The often written part of a row of `job_state`."""

    key: int
    counts_from: Instant = 0
    decided: Spans = ()
    in_due: Instant | None = None
    in_fired: bool = False
    last_end: Instant | None = None
    """When its last run ended or its last decision started nothing."""
    kept_runs: int = 0
    timed_runs: int = 0
    failures: int = 0
    totals: Totals = msgspec.field(default_factory=Totals)
    result: Result | None = None
    """How its newest run that ran has ended."""
    started_n: int = 0
    """The event that its last start was."""
    marked: Instant | None = None
    """What the watermark was last told of it, by the same writer."""

    @property
    def decided_until(self) -> Instant:
        """The last instant that is decided."""
        if not self.decided:
            return self.counts_from
        return max(self.counts_from, *(until for _, until in self.decided))

    def decide(self, due_at: Instant, until: Instant) -> None:
        """Take note that the instants from `due_at` to `until` are decided."""
        self.counts_from = max(self.counts_from, until)
        if self.in_due is not None and due_at <= self.in_due <= until:
            self.in_fired = True


def load_entries(connection: sqlite3.Connection) -> dict[str, Entry]:
    """Return all entries by job id."""
    rows = connection.execute(
        "SELECT job, key, counts_from_us, decided, in_due_us, in_fired, last_end_us,"
        " kept_runs, timed_runs, failures, total_runs,"
        " succeeded, failed, failed_in_a_row, duration_sum_us, durations,"
        " result_run, result_outcome, result_at_us, result_n, started_n FROM job_state"
    )
    return {
        job: Entry(
            key=key,
            counts_from=counts_from,
            decided=decode_spans(decided),
            in_due=in_due,
            in_fired=bool(in_fired),
            last_end=last_end,
            kept_runs=rest[0],
            timed_runs=rest[1],
            failures=rest[2],
            totals=Totals(*rest[3:9]),
            result=result_of(*rest[9:13]),
            started_n=rest[13],
        )
        for job, key, counts_from, decided, in_due, in_fired, last_end, *rest in rows
    }


def result_of(run: int | None, outcome: str, ended_at: Instant, n: int) -> Result | None:
    """Return a result from its columns, None where nothing has run yet."""
    return None if run is None else Result(run, outcome, ended_at, n)


def insert_entry(connection: sqlite3.Connection, job: str, entry: Entry) -> None:
    """Insert a job that was not in the file before, bare."""
    connection.execute(
        "INSERT INTO job_state (key, job, present, enabled, schedule_hash, definition_hash,"
        " first_seen_us, counts_from_us, decided, in_fired, kept_runs, total_runs, succeeded,"
        " failed, failed_in_a_row, duration_sum_us, durations)"
        " VALUES (?, ?, 0, 1, '', '', 0, 0, '[]', 0, 0, 0, 0, 0, 0, 0, 0)",
        (entry.key, job),
    )


def write_entries(connection: sqlite3.Connection, entries: Iterable[Entry]) -> None:
    """Write `entries` into their rows."""
    connection.executemany(
        "UPDATE job_state SET counts_from_us = ?, decided = ?, in_due_us = ?, in_fired = ?,"
        " last_end_us = ?,"
        " kept_runs = ?, timed_runs = ?, failures = ?, total_runs = ?,"
        " succeeded = ?, failed = ?, failed_in_a_row = ?,"
        " duration_sum_us = ?, durations = ?, result_run = ?, result_outcome = ?,"
        " result_at_us = ?, result_n = ?, started_n = ? WHERE key = ?",
        [
            (
                entry.counts_from,
                encode_spans(entry.decided),
                entry.in_due,
                entry.in_fired,
                entry.last_end,
                entry.kept_runs,
                entry.timed_runs,
                entry.failures,
                entry.totals.runs,
                entry.totals.succeeded,
                entry.totals.failed,
                entry.totals.failed_in_a_row,
                entry.totals.duration_sum,
                entry.totals.durations,
                *_result_columns(entry.result),
                entry.started_n,
                entry.key,
            )
            for entry in entries
        ],
    )


def _result_columns(result: Result | None) -> tuple[int | None, str, Instant, int]:
    if result is None:
        return None, "", 0, 0
    return result.run, result.outcome, result.ended_at, result.n


def encode_params(params: dict[str, str]) -> str | None:
    """Return chosen values as JSON text, None where there are none."""
    return msgspec.json.encode(params).decode() if params else None


def decode_params(text: str | None) -> dict[str, str]:
    """Return chosen values from JSON text."""
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}


def encode_spans(spans: Spans) -> str:
    """Return spans as JSON text."""
    return msgspec.json.encode(spans).decode() if spans else "[]"


def decode_spans(text: str) -> Spans:
    """Return spans from JSON text."""
    return msgspec.json.decode(text, type=Spans) if text != "[]" else ()


def encode_repeat(repeat: Repeat | None) -> str | None:
    """Return what a run repeats as it is stored; most repeat nothing."""
    return None if repeat is None else msgspec.json.encode(repeat).decode()


def decode_repeat(text: str | None) -> Repeat | None:
    """Return what a run repeats."""
    return msgspec.json.decode(text, type=Repeat) if text else None
