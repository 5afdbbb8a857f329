"""Keeps alerts, the mutes of jobs, what is usual of each, and the inbox of missed instants."""

import sqlite3
from collections import deque
from typing import Any, TypeAlias, assert_never

import msgspec

from cronterm.clock import Instant
from cronterm.model.alert import Alert, Comment, Mute
from cronterm.model.event import (
    AlertAcknowledged,
    AlertClosed,
    AlertCommented,
    AlertOpened,
    AlertRepeated,
    AlertsMuted,
    MissedSettled,
)
from cronterm.model.memory import USUAL_RUNS, Success
from cronterm.model.query import Alerts, ListAlerts, ListMissed, Missed, MissedInstants
from cronterm.store.text import valid

AlertEvent: TypeAlias = (
    AlertOpened
    | AlertRepeated
    | AlertAcknowledged
    | AlertCommented
    | AlertClosed
    | AlertsMuted
    | MissedSettled
)
Comments: TypeAlias = tuple[tuple[str, Instant, str], ...]

COLUMNS = (
    "alert, kind, job, message, count, run, due_at_us, outcome, reason, opened_at_us, last_at_us,"
    " acknowledged_by, acknowledged_at_us, comments, closed_at_us, closed_for"
)
INBOX = (  # what can be made up for: nobody here can run what was only to be reported
    "decisions.outcome = 'missed' AND decisions.reason NOT IN ('coalesced', 'no_ping')"
    " AND settled_by IS NULL"
)
MISSED_RUN = "runs.outcome = 'missed' AND runs.outcome <> 'succeeded'"  # finds the partial index
FOUND = (
    "SELECT job_state.job, decisions.due_at_us, ifnull(until_us, decisions.due_at_us), count,"
    " ifnull(decisions.reason, runs.reason), decided_at_us, is_range"
)


class AlertRecorder:
    """The part of a `Recorder` that knows alerts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._connection = connection
        self._usual: dict[int, deque[Success]] = {}

    def apply(self, event: AlertEvent) -> None:
        """Apply one event."""
        match event:
            case AlertOpened(alert=alert):
                self._execute(
                    f"INSERT OR REPLACE INTO alerts ({COLUMNS})"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    _row(alert),
                )
            case AlertRepeated():
                self._execute(
                    "UPDATE alerts SET count = ?, message = ?, run = ?, due_at_us = ?,"
                    " outcome = ?, reason = ?, last_at_us = ? WHERE alert = ?",
                    (
                        event.count,
                        valid(event.message),
                        event.run,
                        event.due_at,
                        event.outcome,
                        event.reason,
                        event.at,
                        event.alert,
                    ),
                )
            case AlertAcknowledged(by=by):
                self._execute(
                    "UPDATE alerts SET acknowledged_by = ?, acknowledged_at_us = ? WHERE alert = ?",
                    (by, event.at if by else None, event.alert),
                )
            case AlertCommented():
                self._comment(event)
            case AlertClosed():
                self._execute(
                    "UPDATE alerts SET closed_at_us = ?, closed_for = ? WHERE alert = ?",
                    (event.at, event.closed_for, event.alert),
                )
            case AlertsMuted():
                self._execute(
                    "INSERT OR REPLACE INTO mutes (job, muted_by, at_us, until_us)"
                    " VALUES (?, ?, ?, ?)",
                    (event.job, event.by, event.at, event.until),
                )
            case MissedSettled():
                self._settle(event)
            case _:
                assert_never(event)

    def rename(self, old: str, new: str) -> None:
        """Let what is known of a job go on under another name."""
        for table in ("alerts", "mutes"):
            self._execute(f"UPDATE OR REPLACE {table} SET job = ? WHERE job = ?", (new, old))

    def forget(self, job: str) -> None:
        """End the mute of a job that left the file."""
        self._execute("DELETE FROM mutes WHERE job = ?", (job,))

    def note_success(self, job: int, success: Success) -> None:
        """Let a success count for what is usual of the job that the tables call `job`."""
        known = self._usual.get(job)
        if known is None:
            found = self._execute("SELECT successes FROM usual WHERE job = ?", (job,)).fetchone()
            before = _successes(found[0]) if found else ()
            known = self._usual[job] = deque(before, maxlen=USUAL_RUNS)
        known.append(success)
        text = msgspec.json.encode(tuple(known)).decode()
        self._execute("INSERT OR REPLACE INTO usual (job, successes) VALUES (?, ?)", (job, text))

    def _comment(self, event: AlertCommented) -> None:
        found = self._execute(
            "SELECT comments FROM alerts WHERE alert = ?", (event.alert,)
        ).fetchone()
        comments = (*_comments(found[0]), (event.by, event.at, valid(event.text)))
        self._execute(
            "UPDATE alerts SET comments = ? WHERE alert = ?",
            (msgspec.json.encode(comments).decode(), event.alert),
        )

    def _settle(self, event: MissedSettled) -> None:
        self._execute(
            f"UPDATE decisions SET settled_by = :by WHERE {INBOX} AND due_at_us <= :until"
            " AND (:job = '' OR job = (SELECT key FROM job_state WHERE job = :job))",
            {"by": event.by, "until": event.until, "job": event.job},
        )
        # A run that was queued and came too late has its outcome in `runs`.
        self._execute(
            "UPDATE decisions SET settled_by = :by WHERE outcome IS NULL AND settled_by IS NULL"
            f" AND (job, due_at_us) IN (SELECT job, due_at_us FROM runs WHERE {MISSED_RUN}"
            " AND due_at_us <= :until"
            " AND (:job = '' OR job = (SELECT key FROM job_state WHERE job = :job)))",
            {"by": event.by, "until": event.until, "job": event.job},
        )


def next_alert(connection: sqlite3.Connection) -> int:
    """Return the number of the coming alert."""
    number: int = connection.execute("SELECT ifnull(max(alert), 0) + 1 FROM alerts").fetchone()[0]
    return number


def open_alerts(connection: sqlite3.Connection) -> list[Alert]:
    """Return the alerts that are not closed, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alerts WHERE closed_at_us IS NULL ORDER BY alert"
    )
    return [_alert(row) for row in rows]


def list_alerts(connection: sqlite3.Connection, query: ListAlerts) -> Alerts:
    """Return the newest alerts, oldest first."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alerts WHERE (:job = '' OR job = :job)"
        " AND (:closed OR closed_at_us IS NULL) ORDER BY alert DESC LIMIT :limit",
        {"job": query.job, "closed": query.closed, "limit": query.limit},
    ).fetchall()
    return Alerts(tuple(_alert(row) for row in reversed(rows)), read_mutes(connection))


def list_missed(connection: sqlite3.Connection, query: ListMissed) -> Missed:
    """Return the missed instants that were neither run nor ignored, oldest first."""
    rows = connection.execute(
        f"{FOUND.replace('runs.reason', 'NULL')} FROM decisions"
        " JOIN job_state ON job_state.key = decisions.job"
        f" WHERE {INBOX} AND (:job = '' OR job_state.job = :job)"
        f" UNION ALL {FOUND} FROM runs JOIN decisions"
        " ON decisions.job = runs.job AND decisions.due_at_us = runs.due_at_us"
        " AND decisions.run = runs.run JOIN job_state ON job_state.key = runs.job"
        f" WHERE {MISSED_RUN} AND (:job = '' OR job_state.job = :job)"
        " AND decisions.outcome IS NULL AND settled_by IS NULL"
        " ORDER BY 6 DESC, 2 DESC LIMIT :limit",
        {"job": query.job, "limit": query.limit},
    ).fetchall()
    return Missed(
        tuple(
            MissedInstants(
                job=job,
                due_at=due_at,
                until=until,
                count=count,
                reason=reason,
                decided_at=at,
                is_range=bool(is_range),
            )
            for job, due_at, until, count, reason, at, is_range in reversed(rows)
        )
    )


def read_mutes(connection: sqlite3.Connection) -> dict[str, Mute]:
    """Return the mutes by job; those whose time is over may still be there."""
    rows = connection.execute("SELECT job, muted_by, at_us, until_us FROM mutes ORDER BY job")
    return {job: Mute(by, at, until) for job, by, at, until in rows}


def read_usual(connection: sqlite3.Connection) -> dict[str, tuple[Success, ...]]:
    """Return the newest successes of each job that is in the file, oldest first."""
    rows = connection.execute(
        "SELECT job_state.job, successes FROM usual JOIN job_state ON job_state.key = usual.job"
        " WHERE present"
    )
    return {job: _successes(text) for job, text in rows}


def prune_alerts(connection: sqlite3.Connection, before: Instant, limit: int) -> None:
    """Remove alerts that were closed before `before`; the newest stays, it has the number."""
    connection.execute(
        "DELETE FROM alerts WHERE alert IN (SELECT alert FROM alerts WHERE closed_at_us < ?"
        " AND alert < (SELECT max(alert) FROM alerts) ORDER BY alert LIMIT ?)",
        (before, limit),
    )


def _row(alert: Alert) -> tuple[Any, ...]:
    comments = [(each.by, each.at, each.text) for each in alert.comments]
    return (
        alert.id,
        alert.kind,
        alert.job,
        valid(alert.message),
        alert.count,
        alert.run,
        alert.due_at,
        alert.outcome,
        alert.reason,
        alert.opened_at,
        alert.last_at,
        alert.acknowledged_by,
        alert.acknowledged_at,
        msgspec.json.encode(comments).decode(),
        alert.closed_at,
        alert.closed_for,
    )


def _alert(row: tuple[Any, ...]) -> Alert:
    number, kind, job, message, count, run, due_at, outcome, reason, *rest = row
    opened_at, last_at, acknowledged_by, acknowledged_at, comments, closed_at, closed_for = rest
    return Alert(
        id=number,
        kind=kind,
        job=job,
        message=message,
        count=count,
        run=run,
        due_at=due_at,
        outcome=outcome,
        reason=reason,
        opened_at=opened_at,
        last_at=last_at,
        acknowledged_by=acknowledged_by,
        acknowledged_at=acknowledged_at,
        comments=tuple(Comment(*each) for each in _comments(comments)),
        closed_at=closed_at,
        closed_for=closed_for,
    )


def _comments(text: str) -> Comments:
    return msgspec.json.decode(text, type=Comments)


def _successes(text: str) -> tuple[Success, ...]:
    return msgspec.json.decode(text, type=tuple[Success, ...])
