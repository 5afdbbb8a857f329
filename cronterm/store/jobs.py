"""Applies what happens to jobs as such: definitions, pauses, and what they count from."""

import sqlite3
from collections.abc import Mapping
from typing import TypeAlias, assert_never

import msgspec

from cronterm.clock import Instant
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    CountingMoved,
    JobAdded,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobRenamed,
    JobResumed,
    TriggersResumed,
    TriggerSuspended,
)
from cronterm.model.job import Job, definition_hash, schedule_hash
from cronterm.schedule.base import InSpec
from cronterm.store.entries import Entry, insert_entry, load_entries, write_entries
from cronterm.store.signals import forget_suspensions, suspend
from cronterm.store.watermark import Watermark

JobEvent: TypeAlias = (
    JobAdded
    | JobChanged
    | JobRemoved
    | JobRenamed
    | JobPaused
    | JobResumed
    | AllPaused
    | AllResumed
    | CountingMoved
    | TriggerSuspended
    | TriggersResumed
)


class JobRecorder:
    """The part of a `Recorder` that knows the jobs."""

    def __init__(self, connection: sqlite3.Connection, store: str, watermark: Watermark) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._store = store
        self._watermark = watermark
        self._entries = load_entries(connection)
        self._definitions: dict[tuple[int, str], int] = {}
        self._changed: dict[str, Entry] = {}

    @property
    def unmarked(self) -> Mapping[str, Entry]:
        """The jobs of which this batch has decided something that the watermark does not know."""
        touched = self._changed.items()
        return {job: entry for job, entry in touched if entry.decided_until != entry.marked}

    def begin(self) -> None:
        """Forget what the batch before touched."""
        self._changed = {}

    def finish(self) -> None:
        """Write the rows of the jobs that were touched."""
        if self._changed:
            write_entries(self._connection, self._changed.values())

    def entry(self, job: str) -> Entry:
        """Return the entry of `job`, marked as changed; a job never heard of gets one."""
        entry = self._entries.get(job)
        if entry is None:
            entry = self._entries[job] = Entry(key=len(self._entries) + 1)
            insert_entry(self._connection, job, entry)
        self._changed[job] = entry
        return entry

    def key(self, job: str) -> int:
        """Return what the tables call `job`."""
        entry = self._entries.get(job)
        return self.entry(job).key if entry is None else entry.key

    def apply(self, event: JobEvent, n: int) -> None:
        """Apply the event with number `n`."""
        match event:
            case JobAdded():
                self._add(event, n)
            case JobChanged():
                self._change(event)
            case JobRemoved(job=job):
                self._execute(
                    "UPDATE job_state SET present = 0, pause_by = NULL WHERE key = ?",
                    (self.key(job),),
                )
                forget_suspensions(self._connection, self.key(job))
            case JobRenamed(job=job, old=old):
                self._rename(old, job)
            case JobPaused(job=job):
                self._execute(
                    "UPDATE job_state SET pause_by = ?, pause_at_us = ?, pause_until_us = ?,"
                    " pause_reason = ? WHERE key = ?",
                    (event.by, event.since or event.at, event.until, event.reason, self.key(job)),
                )
            case JobResumed(job=job):
                entry = self.entry(job)
                entry.counts_from, entry.failures = event.counts_from, 0
                self._execute("UPDATE job_state SET pause_by = NULL WHERE key = ?", (entry.key,))
            case AllPaused():
                self._execute(
                    "UPDATE meta SET pause_by = ?, pause_at_us = ?, pause_until_us = ?,"
                    " pause_reason = ?",
                    (event.by, event.since or event.at, event.until, event.reason),
                )
            case AllResumed():
                self._execute("UPDATE meta SET pause_by = NULL")
            case CountingMoved(job=job):
                entry = self.entry(job)
                entry.counts_from, entry.decided = event.counts_from, event.decided
            case TriggerSuspended(job=job):
                suspend(self._connection, self.key(job), event.trigger, event.at)
            case TriggersResumed(job=job):
                forget_suspensions(self._connection, self.key(job))
            case _:
                assert_never(event)

    def definition(self, job: int, digest: str) -> int | None:
        """Return the id of a definition that the store was told, None when it was not."""
        known = self._definitions.get((job, digest))
        if known is None:
            row = self._execute(
                "SELECT id FROM definitions WHERE job = ? AND hash = ?", (job, digest)
            ).fetchone()
            if row is None:
                return None
            known = self._definitions[job, digest] = row[0]
        return known

    def bind(self, job: int, definition: Job) -> int:
        """Keep a definition that a run has for itself and return its id."""
        digest = definition_hash(definition)
        self._keep(job, digest, definition)
        self._definitions.pop((job, digest), None)  # it may have been forgotten with its last run
        bound = self.definition(job, digest)
        assert bound is not None
        return bound

    def _keep(self, job: int, digest: str, definition: Job) -> None:
        self._execute(
            "INSERT OR IGNORE INTO definitions (job, hash, json) VALUES (?, ?, ?)",
            (job, digest, msgspec.json.encode(definition)),
        )

    def _add(self, event: JobAdded, n: int) -> None:
        job = event.job
        entry = self.entry(job.id)
        entry.counts_from, entry.decided = event.counts_from, ()
        entry.started_n = n  # what others did before does not count
        entry.timed_runs = entry.failures = 0
        mark = self._watermark.mark(job.id)
        if mark is not None and mark.store != self._store:  # a database before this one knew more
            entry.counts_from = max(entry.counts_from, mark.decided)
        self._define(entry, job, first_seen_at=event.first_seen_at)

    def _change(self, event: JobChanged) -> None:
        entry = self.entry(event.job.id)
        first_seen_at, timing = self._execute(
            "SELECT first_seen_us, schedule_hash FROM job_state WHERE key = ?", (entry.key,)
        ).fetchone()
        if event.counts_from is not None:
            entry.counts_from = event.counts_from
        if timing != schedule_hash(event.job):
            entry.decided = ()
        if event.first_seen_at is not None:
            first_seen_at = event.first_seen_at
        self._define(entry, event.job, first_seen_at=first_seen_at)

    def _rename(self, old: str, new: str) -> None:
        """Give a job another name: all other tables know it by its key."""
        self._entries[new] = self._changed[new] = entry = self._entries.pop(old)
        entry.marked = None
        self._changed.pop(old, None)
        self._execute("UPDATE job_state SET job = ? WHERE job = ?", (new, old))

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
        self._keep(entry.key, digest, job)
