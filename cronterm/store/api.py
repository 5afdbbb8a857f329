"""Keeps what came over the API: monitors that were defined there, and who called."""

import sqlite3
from collections.abc import Iterable

import msgspec

from cronterm.clock import HOUR
from cronterm.model.audit import AuditRow, Call
from cronterm.model.event import MonitorDefined, MonitorDropped
from cronterm.model.monitors import MonitorDefinition

KEPT_CALLS = 10_000
SLACK = 500  # rows over that before the oldest go


def record_monitor(connection: sqlite3.Connection, event: MonitorDefined | MonitorDropped) -> None:
    """Keep or forget a definition."""
    match event:
        case MonitorDefined(definition=definition):
            connection.execute(
                "INSERT INTO monitors (job, json) VALUES (?, ?)"
                " ON CONFLICT (job) DO UPDATE SET json = excluded.json",
                (definition.job, msgspec.json.encode(definition).decode()),
            )
        case MonitorDropped(job=job):
            connection.execute("DELETE FROM monitors WHERE job = ?", (job,))


def read_monitors(connection: sqlite3.Connection) -> tuple[MonitorDefinition, ...]:
    """Return all definitions by name."""
    found = connection.execute("SELECT json FROM monitors ORDER BY job")
    return tuple(msgspec.json.decode(json, type=MonitorDefinition) for (json,) in found)


def record_calls(connection: sqlite3.Connection, rows: Iterable[AuditRow]) -> None:
    """Keep calls, the newest `KEPT_CALLS` kinds of them. Runs in the caller's transaction."""
    connection.executemany(
        "INSERT INTO audit (hour_us, peer, who, method, what, status, first_at_us, last_at_us,"
        " count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (hour_us, peer, who, method, what, status) DO UPDATE SET"
        " last_at_us = max(last_at_us, excluded.last_at_us), count = count + excluded.count",
        [
            (
                row.first_at // HOUR * HOUR,
                row.call.peer,
                row.call.who,
                row.call.method,
                row.call.what,
                row.call.status,
                row.first_at,
                row.last_at,
                row.count,
            )
            for row in rows
        ],
    )
    newest, kept = connection.execute("SELECT ifnull(max(id), 0), count(*) FROM audit").fetchone()
    if kept > KEPT_CALLS + SLACK:
        connection.execute("DELETE FROM audit WHERE id <= ?", (newest - KEPT_CALLS,))


def read_calls(connection: sqlite3.Connection, limit: int) -> tuple[AuditRow, ...]:
    """Return the newest rows, oldest first."""
    found = connection.execute(
        "SELECT peer, who, method, what, status, first_at_us, last_at_us, count FROM audit"
        " ORDER BY last_at_us DESC, id DESC LIMIT ?",
        (limit,),
    ).fetchall()
    return tuple(
        AuditRow(call=Call(*call), first_at=first_at, last_at=last_at, count=count)
        for *call, first_at, last_at, count in reversed(found)
    )
