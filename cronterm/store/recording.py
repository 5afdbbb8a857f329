"""Applies events to the tables. Runs inside the transaction of its batch."""

import sqlite3
from collections.abc import Mapping
from typing import assert_never

import msgspec

from cronterm.clock import Instant
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    ClockMoved,
    ConfigLoaded,
    ConfigRejected,
    CountingMoved,
    EngineStarted,
    EngineStopping,
    InstantDecided,
    JobAdded,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobResumed,
    NextDueMoved,
    RetryScheduled,
    RunEnded,
    RunQueued,
    RunStopping,
)
from cronterm.model.job import Job, definition_hash, schedule_hash
from cronterm.model.run import CauseKind, Reason
from cronterm.model.snapshot import PastRun, count
from cronterm.schedule.base import InSpec
from cronterm.store.base import InstantTaken
from cronterm.store.entries import Entry, insert_entry, load_entries, write_entries
from cronterm.store.watermark import Watermark

RANGE_REASONS: frozenset[Reason] = frozenset({"paused", "disabled", "downtime", "coalesced"})


class Recorder:
    """One batch: `apply` each event, then `finish`; both raise sqlite3.Error and `InstantTaken`.

    What it keeps in memory is right only for a database whose transactions all succeeded: make a
    new one after a rollback.
    """

    def __init__(self, connection: sqlite3.Connection, store: str, watermark: Watermark) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._store = store
        self._watermark = watermark
        self._entries = load_entries(connection)
        self._definitions: dict[tuple[int, str], int] = {}
        self._changed: dict[str, Entry] = {}
        self.next_run: int = self._execute("SELECT next_run FROM meta").fetchone()[0]

    @property
    def changed(self) -> Mapping[str, Entry]:
        """The jobs that this batch has touched so far."""
        return self._changed

    def begin(self) -> None:
        """Forget what the batch before touched."""
        self._changed = {}

    def finish(self, n: int) -> None:
        """Write what was gathered, and `n` as the number of the last event."""
        if self._changed:
            write_entries(self._connection, self._changed.values())
        self._execute("UPDATE meta SET n = ?, next_run = ?", (n, self.next_run))

    def apply(self, event: AnyEvent) -> None:
        """Apply one event."""
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
            case InstantDecided():
                self._decide(event)
            case NextDueMoved() | ConfigLoaded() | ConfigRejected() | ClockMoved():
                pass  # told to faces only; ClockMoved comes with a CountingMoved per job
            case EngineStarted() | EngineStopping():
                pass
            case _:
                self._apply_to_job(event)

    def _apply_to_job(
        self,
        event: JobAdded
        | JobChanged
        | JobRemoved
        | JobPaused
        | JobResumed
        | AllPaused
        | AllResumed
        | CountingMoved,
    ) -> None:
        match event:
            case JobAdded():
                self._add_job(event)
            case JobChanged():
                self._change_job(event)
            case JobRemoved(job=job):
                self._execute(
                    "UPDATE job_state SET present = 0, pause_by = NULL WHERE key = ?",
                    (self._entry(job).key,),
                )
            case JobPaused(job=job):
                self._execute(
                    "UPDATE job_state SET pause_by = ?, pause_at_us = ?, pause_until_us = ?,"
                    " pause_reason = ? WHERE key = ?",
                    (event.by, event.at, event.until, event.reason, self._entry(job).key),
                )
            case JobResumed(job=job):
                entry = self._entry(job)
                entry.counts_from = event.counts_from
                self._execute("UPDATE job_state SET pause_by = NULL WHERE key = ?", (entry.key,))
            case AllPaused():
                self._execute(
                    "UPDATE meta SET pause_by = ?, pause_at_us = ?, pause_until_us = ?,"
                    " pause_reason = ?",
                    (event.by, event.at, event.until, event.reason),
                )
            case AllResumed():
                self._execute("UPDATE meta SET pause_by = NULL")
            case CountingMoved(job=job):
                entry = self._entry(job)
                entry.counts_from, entry.decided = event.counts_from, event.decided
            case _:
                assert_never(event)

    # -- jobs ------------------------------------------------------------------------------------

    def _entry(self, job: str) -> Entry:
        """Return the entry of `job`, marked as changed; a job never heard of gets one."""
        entry = self._entries.get(job)
        if entry is None:
            entry = self._entries[job] = Entry(key=len(self._entries) + 1)
            insert_entry(self._connection, job, entry)
        self._changed[job] = entry
        return entry

    def _add_job(self, event: JobAdded) -> None:
        job = event.job
        entry = self._entry(job.id)
        entry.counts_from = event.counts_from
        entry.decided = ()
        carried = self._carried(job.id)
        if carried is not None:
            entry.counts_from = max(entry.counts_from, carried)
        self._define(entry, job, first_seen_at=event.first_seen_at)

    def _change_job(self, event: JobChanged) -> None:
        entry = self._entry(event.job.id)
        if event.counts_from is not None:
            entry.counts_from, entry.decided = event.counts_from, ()
        first_seen_at = event.first_seen_at
        if first_seen_at is None:
            row = self._execute("SELECT first_seen_us FROM job_state WHERE key = ?", (entry.key,))
            first_seen_at = row.fetchone()[0]
        self._define(entry, event.job, first_seen_at=first_seen_at)

    def _define(self, entry: Entry, job: Job, *, first_seen_at: Instant) -> None:
        digest = definition_hash(job)
        in_due = max(
            (first_seen_at + spec.delay for spec in job.schedule if isinstance(spec, InSpec)),
            default=None,
        )
        if in_due != entry.in_due:
            entry.in_due, entry.in_fired = in_due, False
        self._execute(
            "UPDATE job_state SET present = 1, enabled = ?, schedule_hash = ?,"
            " definition_hash = ?, first_seen_us = ? WHERE key = ?",
            (job.enabled, schedule_hash(job), digest, first_seen_at, entry.key),
        )
        self._execute(
            "INSERT OR IGNORE INTO definitions (job, hash, json) VALUES (?, ?, ?)",
            (entry.key, digest, msgspec.json.encode(job)),
        )

    def _definition(self, job: int, digest: str) -> int | None:
        known = self._definitions.get((job, digest))
        if known is None:
            row = self._execute(
                "SELECT id FROM definitions WHERE job = ? AND hash = ?", (job, digest)
            ).fetchone()
            if row is None:
                return None
            known = self._definitions[job, digest] = row[0]
        return known

    def _carried(self, job: str) -> Instant | None:
        """Return what a database before this one decided last about `job`."""
        mark = self._watermark.mark(job)
        return mark.decided if mark is not None and mark.store != self._store else None

    # -- decisions -------------------------------------------------------------------------------

    def _queue(self, event: RunQueued) -> None:
        entry, cause = self._entry(event.job), event.cause
        if cause.due_at is not None:
            self._decide_start(event, entry, cause.due_at, cause.kind)
        self._execute(
            "INSERT INTO runs (run, job, cause, due_at_us, asked_by, scheduled_at_us, queued_at_us,"
            " ready_at_us, attempts, attempt, state, reason, message, output_bytes)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 'queued', '', '', 0)",
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
            ),
        )
        self.next_run = max(self.next_run, event.run + 1)

    def _decide_start(
        self, event: RunQueued, entry: Entry, due_at: Instant, cause: CauseKind
    ) -> None:
        carried = self._carried(event.job)
        if carried is not None and due_at <= carried and cause == "scheduled":
            raise InstantTaken(event.job, due_at)
        try:
            self._execute(
                "INSERT INTO decisions (job, due_at_us, is_range, count, decided_at_us, run, cause)"
                " VALUES (?, ?, 0, 1, ?, ?, ?)",
                (entry.key, due_at, event.at, event.run, cause),
            )
        except sqlite3.IntegrityError:
            raise InstantTaken(event.job, due_at) from None
        entry.decide(due_at, due_at)

    def _decide(self, event: InstantDecided) -> None:
        entry = self._entry(event.job)
        until = event.due_at if event.until is None else event.until
        is_range = event.until is not None or event.reason in RANGE_REASONS
        if not (is_range and self._extend(event, entry, until)):
            try:
                self._execute(
                    "INSERT INTO decisions (job, due_at_us, is_range, until_us, count,"
                    " decided_at_us, cause, outcome, reason, message, schedule_hash)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        entry.key,
                        event.due_at,
                        is_range,
                        until if is_range else None,
                        event.count,
                        event.at,
                        event.cause,
                        event.outcome,
                        event.reason,
                        event.message,
                        event.schedule_hash,
                    ),
                )
            except sqlite3.IntegrityError:
                raise InstantTaken(event.job, event.due_at) from None
        entry.decide(event.due_at, until)

    def _extend(self, event: InstantDecided, entry: Entry, until: Instant) -> bool:
        """Lengthen the job's newest decision if it is a range of the same kind."""
        newest = self._execute(
            "SELECT due_at_us, is_range, until_us, outcome, reason, schedule_hash FROM decisions"
            " WHERE job = ? ORDER BY due_at_us DESC, is_range DESC LIMIT 1",
            (entry.key,),
        ).fetchone()
        if newest is None:
            return False
        due_at, is_range, last, *kind = newest
        if not is_range or last >= event.due_at:
            return False
        if kind != [event.outcome, event.reason, event.schedule_hash]:
            return False
        self._execute(
            "UPDATE decisions SET until_us = ?, count = count + ?, decided_at_us = ?"
            " WHERE job = ? AND due_at_us = ? AND is_range = 1",
            (until, event.count, event.at, entry.key, due_at),
        )
        return True

    # -- runs ------------------------------------------------------------------------------------

    def _claim(self, event: AttemptClaimed) -> None:
        self._execute(
            "INSERT INTO attempts (run, attempt, runner, claimed_at_us) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (run, attempt) DO UPDATE SET runner = excluded.runner"
            " WHERE ended_at_us IS NULL",
            (event.run, event.attempt, event.runner, event.at),
        )
        entry = self._entries.get(event.job) or self._entry(event.job)
        definition = self._definition(entry.key, event.definition)
        self._execute(
            "UPDATE runs SET state = 'running', attempt = ?, definition = ?"
            " WHERE run = ? AND outcome IS NULL",
            (event.attempt, definition, event.run),
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
            " left_processes = ?, survivors = ?"
            " WHERE run = ? AND attempt = ? AND ended_at_us IS NULL",
            (
                end.ended_at,
                end.exit_code,
                end.signal,
                end.start_error,
                end.stopped_for,
                end.lost,
                end.cpu_us,
                end.max_rss_bytes,
                end.output_bytes,
                end.left_processes,
                " ".join(map(str, end.survivors)),
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
            (event.outcome, event.reason, event.message, event.at, event.run),
        )
        if not ended.rowcount:
            return
        started_at, ended_at = self._execute(
            "SELECT started_at_us, ended_at_us FROM runs WHERE run = ?", (event.run,)
        ).fetchone()
        entry = self._entry(event.job)
        entry.kept_runs += 1
        duration = None if started_at is None else ended_at - started_at
        past = PastRun(event.run, ended_at, event.outcome, started_at=started_at, duration=duration)
        count(entry.totals, past)
