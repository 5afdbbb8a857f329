"""Writes what was decided about due instants; a point is decided once."""

import sqlite3

from cronterm.clock import Instant
from cronterm.model.event import InstantDecided, RunQueued, SkipLifted
from cronterm.model.run import Reason
from cronterm.store.base import InstantTaken
from cronterm.store.entries import Entry

RANGE_REASONS: frozenset[Reason] = frozenset(
    {"paused", "disabled", "downtime", "coalesced", "calendar", "no_ping"}
)


def decide_start(
    connection: sqlite3.Connection, entry: Entry, event: RunQueued, due_at: Instant
) -> None:
    """Decide that `due_at` is started as this run; raises `InstantTaken`.

    What a scheduled run starts lies after what its job counts from. Only a caught-up instant lies
    before it, inside a range that stands; its own row makes that happen once.
    """
    cause = event.cause.kind
    if cause == "scheduled" and due_at <= entry.counts_from:
        raise InstantTaken(event.job, due_at)
    try:
        connection.execute(
            "INSERT INTO decisions (job, due_at_us, is_range, count, decided_at_us, run, cause)"
            " VALUES (?, ?, 0, 1, ?, ?, ?)",
            (entry.key, due_at, event.at, event.run, cause),
        )
    except sqlite3.IntegrityError:
        raise InstantTaken(event.job, due_at) from None
    entry.decide(due_at, due_at)


def decide(connection: sqlite3.Connection, entry: Entry, event: InstantDecided) -> None:
    """Write instants that start nothing, into the range before them where they continue it."""
    until = event.due_at if event.until is None else event.until
    is_range = event.until is not None or event.reason in RANGE_REASONS
    if not (is_range and _extend(connection, entry, event, until)):
        _insert(connection, entry, event, until if is_range else None)
    entry.decide(event.due_at, until)
    entry.last_end = event.at


def lift(connection: sqlite3.Connection, entry: Entry, event: SkipLifted) -> None:
    """Take back that a person decided about an instant, which is still to come."""
    connection.execute(
        "DELETE FROM decisions WHERE job = ? AND due_at_us = ? AND is_range = 0"
        " AND run IS NULL AND outcome = 'skipped' AND reason = 'user'",
        (entry.key, event.due_at),
    )
    if entry.in_due == event.due_at:
        entry.in_fired = False


def _insert(
    connection: sqlite3.Connection, entry: Entry, event: InstantDecided, until: Instant | None
) -> None:
    try:
        connection.execute(
            "INSERT INTO decisions (job, due_at_us, is_range, until_us, count, decided_at_us,"
            " cause, outcome, reason, message, schedule_hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.key,
                event.due_at,
                until is not None,
                until,
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


def _extend(
    connection: sqlite3.Connection, entry: Entry, event: InstantDecided, until: Instant
) -> bool:
    """Lengthen the job's newest decision if it is a range of the same kind."""
    newest = connection.execute(
        "SELECT due_at_us, is_range, until_us, outcome, reason, schedule_hash, message, settled_by"
        " FROM decisions WHERE job = ? ORDER BY due_at_us DESC, is_range DESC LIMIT 1",
        (entry.key,),
    ).fetchone()
    if newest is None:
        return False
    due_at, is_range, last, *kind = newest
    if not is_range or last >= event.due_at:
        return False
    if kind != [event.outcome, event.reason, event.schedule_hash, event.message, None]:
        return False
    connection.execute(
        "UPDATE decisions SET until_us = ?, count = count + ?, decided_at_us = ?"
        " WHERE job = ? AND due_at_us = ? AND is_range = 1",
        (until, event.count, event.at, entry.key, due_at),
    )
    return True
