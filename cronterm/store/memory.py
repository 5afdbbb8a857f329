"""Reads back what a core needs after a restart."""

import sqlite3
from typing import Any

import msgspec

from cronterm.model.gates import Hold, Need
from cronterm.model.job import Job
from cronterm.model.memory import KnownJob, Memory
from cronterm.model.run import Cause, OpenRun
from cronterm.model.snapshot import Pause
from cronterm.store.alerts import next_alert, open_alerts, read_mutes, read_usual
from cronterm.store.api import read_monitors
from cronterm.store.entries import decode_params, decode_repeat, decode_spans, result_of
from cronterm.store.notices import with_notices
from cronterm.store.rows import END_COLUMNS, attempt_end
from cronterm.store.signals import read_signal, signal_memory


def read_memory(connection: sqlite3.Connection) -> Memory:
    """Return all known jobs by id, also removed ones, and all open runs, oldest first."""
    next_run, boot_id, *pause = connection.execute(
        "SELECT next_run, boot_id, pause_by, pause_at_us, pause_until_us, pause_reason FROM meta"
    ).fetchone()
    memory = Memory(
        next_run=next_run,
        jobs=_known_jobs(connection),
        runs=_open_runs(connection),
        all_paused=_pause(*pause),
        boot_id=boot_id,
        next_alert=next_alert(connection),
        alerts=tuple(open_alerts(connection)),
        mutes=read_mutes(connection),
        usual=read_usual(connection),
        monitors=read_monitors(connection),
    )
    return with_notices(connection, memory)


def _pause(by: str | None, at: int, until: int | None, reason: str) -> Pause | None:
    return None if by is None else Pause(by, at, until, reason)


def _known_jobs(connection: sqlite3.Connection) -> tuple[KnownJob, ...]:
    signalled, suspended = signal_memory(connection)
    rows = connection.execute(
        "SELECT job, schedule_hash, definition_hash, present, enabled, first_seen_us,"
        " counts_from_us, decided, in_fired, last_end_us, timed_runs, failures,"
        " pause_by, pause_at_us, pause_until_us,"
        " pause_reason, result_run, result_outcome, result_at_us, result_n, started_n"
        " FROM job_state ORDER BY job"
    )
    return tuple(
        KnownJob(
            id=job,
            schedule_hash=schedule_hash,
            definition_hash=definition_hash,
            present=bool(present),
            enabled=bool(enabled),
            first_seen_at=first_seen_at,
            counts_from=counts_from,
            decided=decode_spans(decided),
            in_fired=bool(in_fired),
            last_end_at=last_end_at,
            timed_runs=rest[0],
            failures=rest[1],
            pause=_pause(*rest[2:6]),
            result=result_of(*rest[6:10]),
            started_n=rest[10],
            last_signal_at=signalled.get(job),
            suspended=suspended.get(job, {}),
        )
        for (
            job,
            schedule_hash,
            definition_hash,
            present,
            enabled,
            first_seen_at,
            counts_from,
            decided,
            in_fired,
            last_end_at,
            *rest,
        ) in rows
    )


def _open_runs(connection: sqlite3.Connection) -> tuple[OpenRun, ...]:
    rows = connection.execute(
        "SELECT run, job_state.job, cause, due_at_us, asked_by, scheduled_at_us, state,"
        " queued_at_us, ready_at_us, attempt, definitions.json, params, upstream_run, after, hold,"
        " runs.started_at_us, rid, repeat"
        " FROM runs JOIN job_state ON job_state.key = runs.job"
        " LEFT JOIN definitions ON definitions.id = runs.definition"
        " WHERE outcome IS NULL ORDER BY run"
    ).fetchall()
    definitions: dict[bytes, Job] = {}
    return tuple(_open_run(connection, row, definitions) for row in rows)


def _open_run(
    connection: sqlite3.Connection, row: tuple[Any, ...], definitions: dict[bytes, Job]
) -> OpenRun:
    run, job, kind, due_at, by, scheduled_at, state, queued_at, ready_at, attempt, json, *rest = row
    params, upstream, after, hold, started_at, rid, repeat = rest
    current = connection.execute(
        "SELECT runner, started_at_us FROM attempts WHERE run = ? AND attempt = ?", (run, attempt)
    ).fetchone()
    ended = connection.execute(
        f"SELECT {END_COLUMNS} FROM attempts WHERE run = ? AND ended_at_us IS NOT NULL"
        " ORDER BY attempt DESC LIMIT 1",
        (run,),
    ).fetchone()
    cause = Cause(
        kind,
        due_at,
        by,
        scheduled_at,
        decode_params(params),
        upstream,
        rid=rid,
        repeat=decode_repeat(repeat),
    )
    if kind == "signal":
        cause = msgspec.structs.replace(cause, signal=read_signal(connection, run))
    if json is not None and json not in definitions:
        definitions[json] = msgspec.json.decode(json, type=Job)
    return OpenRun(
        run=run,
        job=job,
        cause=cause,
        state=state,
        queued_at=queued_at,
        ready_at=ready_at,
        attempt=attempt,
        runner=current[0] if current else "",
        definition=None if json is None else definitions[json],
        started=bool(current and current[1] is not None),
        last_end=attempt_end(ended) if ended else None,
        after=msgspec.json.decode(after, type=dict[int, Need]) if after else {},
        hold=msgspec.json.decode(hold, type=Hold) if hold else None,
        started_at=started_at,
    )
