"""Applies events to the tables. Runs inside the transaction of its batch."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cronterm.model.event import (
    AlertAcknowledged,
    AlertClosed,
    AlertCommented,
    AlertOpened,
    AlertRepeated,
    AlertsMuted,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    ClockMoved,
    ConfigLoaded,
    ConfigRejected,
    EngineStarted,
    EngineStopping,
    InstantDecided,
    JobRemoved,
    JobRenamed,
    MissedSettled,
    MonitorDefined,
    MonitorDropped,
    NextDueMoved,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunQueued,
    RunStopping,
    SignalDecided,
    SkipLifted,
)
from cronterm.model.gates import Result, has_result
from cronterm.model.memory import Success
from cronterm.model.notice import NoticeDropped, NoticeQueued, NoticesFailed, NoticesSent
from cronterm.model.rollup import EndedRun
from cronterm.model.run import FAILED
from cronterm.model.snapshot import PastRun, count
from cronterm.store.alerts import AlertRecorder
from cronterm.store.api import record_monitor
from cronterm.store.decisions import decide, decide_start, lift
from cronterm.store.entries import Entry, encode_params, encode_repeat
from cronterm.store.jobs import JobRecorder
from cronterm.store.notices import NoticeRecorder
from cronterm.store.rollups import RollupRecorder
from cronterm.store.signals import SignalRecorder
from cronterm.store.text import valid
from cronterm.store.watermark import Watermark

CLAIM = (
    "INSERT INTO attempts (run, attempt, runner, claimed_at_us) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (run, attempt) DO UPDATE SET runner = excluded.runner"
    " WHERE ended_at_us IS NULL"
)


@dataclass(eq=False)
class BegunRun:
    """A run that was queued in this batch, and its claim."""

    columns: tuple[Any, ...]
    """What it is queued with."""
    definition: int | None
    claim: AttemptClaimed | None = None

    def row(self) -> tuple[Any, ...]:
        """Return the columns of its row that are not the same for all."""
        attempt, state = (0, "queued") if self.claim is None else (self.claim.attempt, "running")
        return (*self.columns, self.definition, attempt, state)


def _claim_row(event: AttemptClaimed) -> tuple[Any, ...]:
    return (event.run, event.attempt, event.runner, event.at)


class Recorder:
    """One batch: `apply` each event, then `finish`; both raise sqlite3.Error and `InstantTaken`.

    What it keeps in memory is right only for a database whose transactions all succeeded: make a
    new one after a rollback.
    """

    def __init__(self, connection: sqlite3.Connection, store: str, watermark: Watermark) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._jobs = JobRecorder(connection, store, watermark)
        self._n = 0
        self._rollups = RollupRecorder(connection)
        self._signals = SignalRecorder(connection, self._rollups)
        self._alerts = AlertRecorder(connection)
        self._notices = NoticeRecorder(connection)
        self._begun: dict[int, BegunRun] = {}
        """Runs of this batch that have no row yet: most of them are claimed in it, too."""
        self.next_run: int = self._execute("SELECT next_run FROM meta").fetchone()[0]

    @property
    def unmarked(self) -> Mapping[str, Entry]:
        """The jobs of which this batch has decided something that the watermark does not know."""
        return self._jobs.unmarked

    def begin(self, n: int) -> None:
        """Forget what the batch before touched; `n` numbers the last event before this one."""
        self._n = n
        self._begun.clear()
        self._jobs.begin()
        self._signals.begin()
        self._rollups.begin()

    def finish(self, n: int) -> None:
        """Write what was gathered, and `n` as the number of the last event."""
        self._write_begun()
        self._jobs.finish()
        self._signals.finish()
        self._rollups.finish()
        self._execute("UPDATE meta SET n = ?, next_run = ?", (n, self.next_run))

    def apply(self, event: AnyEvent) -> None:
        """Apply one event."""
        self._n += 1
        if not isinstance(event, RunQueued | AttemptClaimed):
            self._write_begun()  # what it changes must be there
        match event:
            case RunQueued():
                self._queue(event)
            case AttemptClaimed():
                self._claim(event)
            case AttemptStarted():
                self._start(event)
            case AttemptEnded():
                self._end_attempt(event)
            case RunEnded():
                self._end_run(event)
            case RetryScheduled(run=run, ready_at=ready_at):
                self._execute(
                    "UPDATE runs SET state = 'retrying', ready_at_us = ?"
                    " WHERE run = ? AND outcome IS NULL",
                    (ready_at, run),
                )
            case RunStopping(run=run):
                self._execute(
                    "UPDATE runs SET state = 'stopping' WHERE run = ? AND outcome IS NULL", (run,)
                )
            case RunHeld(run=run, hold=hold):
                told = None if hold is None else msgspec.json.encode(hold).decode()
                self._execute("UPDATE runs SET hold = ? WHERE run = ?", (told, run))
            case InstantDecided():
                decide(self._connection, self._jobs.entry(event.job), event)
            case SkipLifted():
                lift(self._connection, self._jobs.entry(event.job), event)
            case SignalDecided():
                self._signals.decide(self._jobs.key(event.job), event)
            case (
                AlertOpened()
                | AlertRepeated()
                | AlertAcknowledged()
                | AlertCommented()
                | AlertClosed()
                | AlertsMuted()
                | MissedSettled()
            ):
                self._alerts.apply(event)
            case MonitorDefined() | MonitorDropped():
                record_monitor(self._connection, event)
            case NoticeQueued() | NoticesSent() | NoticesFailed() | NoticeDropped():
                self._notices.apply(event)
            case NextDueMoved() | ConfigLoaded() | ConfigRejected() | ClockMoved():
                pass  # told to faces only; ClockMoved comes with a CountingMoved per job
            case EngineStarted(boot_id=boot_id):
                self._execute("UPDATE meta SET boot_id = ?", (boot_id,))
            case EngineStopping():
                pass
            case JobRenamed(job=job, old=old):
                self._jobs.apply(event, self._n)
                self._alerts.rename(old, job)
                self._notices.rename(old, job)
            case JobRemoved(job=job):
                self._jobs.apply(event, self._n)
                self._alerts.forget(job)
            case _:
                self._jobs.apply(event, self._n)

    def _queue(self, event: RunQueued) -> None:
        entry, cause, own = self._jobs.entry(event.job), event.cause, event.definition
        if cause.due_at is not None:
            decide_start(self._connection, entry, event, cause.due_at)
        self._begun[event.run] = BegunRun(
            (
                event.run,
                entry.key,
                cause.kind,
                cause.due_at,
                cause.by,
                cause.scheduled_at,
                event.at,
                event.ready_at,
                event.attempts,
                encode_params(cause.params),
                cause.run,
                msgspec.json.encode(event.after).decode() if event.after else None,
                valid(cause.rid),
                valid(cause.client),
                encode_repeat(cause.repeat),
            ),
            None if own is None else self._jobs.bind(entry.key, own),
        )
        if cause.kind == "upstream":
            entry.started_n = self._n
        self._signals.queue(entry.key, event)
        self.next_run = max(self.next_run, event.run + 1)

    def _claim(self, event: AttemptClaimed) -> None:
        entry = self._jobs.entry(event.job)
        if event.attempt == 1:
            entry.started_n = self._n
        if event.timed_runs is not None:
            entry.timed_runs = event.timed_runs
        definition = self._jobs.definition(entry.key, event.definition)
        begun = self._begun.get(event.run)
        if begun is not None and begun.claim is None:
            begun.claim = event
            begun.definition = begun.definition if definition is None else definition
            return
        self._write_begun()
        self._execute(CLAIM, _claim_row(event))
        self._execute(
            "UPDATE runs SET state = 'running', attempt = ?, hold = NULL,"
            " definition = ifnull(?, definition)"
            " WHERE run = ? AND outcome IS NULL",
            (event.attempt, definition, event.run),
        )

    def _write_begun(self) -> None:
        """Write the runs that have no row yet; what other events change is there then."""
        if not self._begun:
            return
        begun = list(self._begun.values())
        self._begun.clear()
        self._connection.executemany(
            "INSERT INTO runs (run, job, cause, due_at_us, asked_by, scheduled_at_us, queued_at_us,"
            " ready_at_us, attempts, params, upstream_run, after, rid, client, repeat, definition,"
            " attempt, state, reason, message, output_bytes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', 0)",
            [run.row() for run in begun],
        )
        self._connection.executemany(
            CLAIM, [_claim_row(run.claim) for run in begun if run.claim is not None]
        )

    def _start(self, event: AttemptStarted) -> None:
        self._execute(
            "UPDATE attempts SET started_at_us = ?, pid = ? WHERE run = ? AND attempt = ?",
            (event.started_at, event.pid, event.run, event.attempt),
        )
        self._execute(
            "UPDATE runs SET started_at_us = ? WHERE run = ? AND started_at_us IS NULL",
            (event.started_at, event.run),
        )

    def _end_attempt(self, event: AttemptEnded) -> None:
        end = event.end
        ended = self._execute(
            "UPDATE attempts SET ended_at_us = ?, exit_code = ?, signal = ?, start_error = ?,"
            " stopped_for = ?, lost = ?, cpu_us = ?, max_rss_bytes = ?, output_bytes = ?,"
            " left_processes = ?, survivors = ?, duration_us = ?, broken_rule = ?, broken_by = ?"
            " WHERE run = ? AND attempt = ? AND ended_at_us IS NULL",
            (
                end.ended_at,
                end.exit_code,
                end.signal,
                valid(end.start_error),
                end.stopped_for,
                end.lost,
                end.cpu_us,
                end.max_rss_bytes,
                end.output_bytes,
                end.left_processes,
                " ".join(map(str, end.survivors)),
                end.duration_us,
                end.broken_rule,
                valid(end.broken_by),
                event.run,
                event.attempt,
            ),
        )
        if ended.rowcount:
            self._execute(
                "UPDATE runs SET exit_code = ?, signal = ?, max_rss_bytes = ?,"
                " output_bytes = output_bytes + ?, ended_at_us = ?,"
                " cpu_us = CASE WHEN ? IS NULL THEN cpu_us ELSE ifnull(cpu_us, 0) + ? END"
                " WHERE run = ?",
                (
                    end.exit_code,
                    end.signal,
                    end.max_rss_bytes,
                    end.output_bytes,
                    end.ended_at,
                    end.cpu_us,
                    end.cpu_us,
                    event.run,
                ),
            )

    def _end_run(self, event: RunEnded) -> None:
        ended = self._execute(
            "UPDATE runs SET outcome = ?, reason = ?, message = ?, state = NULL,"
            " ended_at_us = ifnull(ended_at_us, ?) WHERE run = ? AND outcome IS NULL",
            (event.outcome, event.reason, valid(event.message), event.at, event.run),
        )
        if not ended.rowcount:
            return
        started_at, ended_at, attempt, output_bytes, cause, cpu_us, max_rss_bytes = self._execute(
            "SELECT started_at_us, ended_at_us, attempt, output_bytes, cause, cpu_us,"
            " max_rss_bytes FROM runs WHERE run = ?",
            (event.run,),
        ).fetchone()
        if cause == "signal":
            self._signals.end(event.run)
        entry = self._jobs.entry(event.job)
        entry.last_end = event.at
        entry.kept_runs += 1
        if has_result(event.outcome, event.reason, attempt):
            entry.result = Result(event.run, event.outcome, ended_at, self._n)
        if event.outcome in FAILED:
            entry.failures += 1
        elif event.outcome == "succeeded":
            entry.failures = 0
        duration = None if started_at is None else ended_at - started_at
        past = PastRun(event.run, ended_at, event.outcome, started_at=started_at, duration=duration)
        if past.is_run:
            ended_run = EndedRun(
                outcome=event.outcome,
                reason=event.reason,
                cause=cause,
                started_at=started_at,
                ended_at=ended_at,
                attempt=attempt,
                was_failing=entry.totals.failed_in_a_row > 0,
                cpu_us=cpu_us,
                max_rss_bytes=max_rss_bytes,
                output_bytes=output_bytes,
            )
            self._rollups.add(entry.key, ended_run)
        count(entry.totals, past)
        if event.outcome == "succeeded" and duration is not None and cause != "manual":
            self._alerts.note_success(entry.key, Success(duration, output_bytes))
