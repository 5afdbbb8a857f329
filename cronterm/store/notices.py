"""Keeps what is to be told and what was: an outbox that outlives the engine."""

import sqlite3
from typing import TypeAlias

import msgspec

from cronterm.clock import MINUTE, Instant
from cronterm.model.memory import Memory
from cronterm.model.notice import (
    LastNotice,
    Notice,
    NoticeDropped,
    NoticeQueued,
    NoticeRow,
    NoticesFailed,
    NoticesSent,
    Told,
)
from cronterm.model.query import ListNotices, Notices
from cronterm.store.text import valid

NoticeEvents: TypeAlias = NoticeQueued | NoticesSent | NoticesFailed | NoticeDropped

REMEMBERED = 15 * MINUTE  # before the newest: what was told longer ago holds nothing back


class NoticeRecorder:
    """The part of a `Recorder` that knows notices."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._executemany = connection.executemany

    def apply(self, event: NoticeEvents) -> None:
        """Apply one event."""
        match event:
            case NoticeQueued(notice=notice):
                self._queue(notice, event.at)
            case NoticesSent():
                self._end(event.notices, "sent", event.at)
            case NoticesFailed():
                self._executemany(
                    "UPDATE notices SET tries = tries + 1, error = ? WHERE notice = ?",
                    [(valid(event.error), number) for number in event.notices],
                )
                if event.retry_at is None:
                    self._end(event.notices, "given_up", event.at)
            case NoticeDropped():
                self._end((event.notice,), "dropped", event.at)

    def rename(self, old: str, new: str) -> None:
        """Let what is known of a job go on under another name."""
        self._execute("UPDATE notices SET job = ? WHERE job = ?", (new, old))

    def _queue(self, notice: Notice, at: Instant) -> None:
        notice = msgspec.structs.replace(notice, message=valid(notice.message))
        self._execute(
            "INSERT INTO notices (notice, notifier, event, job, alert, ready_at_us, content,"
            " state, queued_at_us) VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)"
            " ON CONFLICT (notice) DO UPDATE SET alert = excluded.alert,"
            " ready_at_us = excluded.ready_at_us, content = excluded.content",
            (
                notice.id,
                notice.notifier,
                notice.event,
                notice.job,
                notice.alert,
                notice.ready_at,
                msgspec.json.encode(notice).decode(),
                at,
            ),
        )

    def _end(self, numbers: tuple[int, ...], state: str, at: Instant) -> None:
        self._executemany(
            "UPDATE notices SET state = ?, done_at_us = ? WHERE notice = ?",
            [(state, at, number) for number in numbers],
        )


def list_notices(connection: sqlite3.Connection, query: ListNotices) -> Notices:
    """Return what became of the newest notices about an alert, oldest first."""
    rows = connection.execute(
        "SELECT notifier, event, state, ifnull(done_at_us, ready_at_us), tries, error FROM notices"
        " WHERE alert = ? ORDER BY notice DESC LIMIT ?",
        (query.alert, query.limit),
    ).fetchall()
    return Notices(
        tuple(
            NoticeRow(notifier=notifier, event=event, state=state, at=at, tries=tries, error=error)
            for notifier, event, state, at, tries, error in reversed(rows)
        )
    )


def with_notices(connection: sqlite3.Connection, memory: Memory) -> Memory:
    """Return `memory` with what it has of notices."""
    (following,) = connection.execute("SELECT ifnull(max(notice), 0) + 1 FROM notices").fetchone()
    return msgspec.structs.replace(
        memory,
        next_notice=following,
        notices=tuple(_waiting(connection)),
        told=tuple(
            Told(*row)
            for row in connection.execute(
                "SELECT notices.alert, notifier, max(ready_at_us) FROM notices"
                " JOIN alerts ON alerts.alert = notices.alert"
                " WHERE closed_at_us IS NULL AND event <> 'recovery' GROUP BY 1, 2"
            )
        ),
        last_notices=tuple(
            LastNotice(*row)
            for row in connection.execute(
                "SELECT job, notifier, event, max(max(ready_at_us), ifnull(max(done_at_us), 0))"
                " FROM notices WHERE state <> 'dropped' AND notice > ? - 100000"
                " GROUP BY job, notifier, event HAVING max(queued_at_us) >="
                " (SELECT max(queued_at_us) FROM notices) - ?",
                (following, REMEMBERED),
            )
        ),
    )


def _waiting(connection: sqlite3.Connection) -> list[Notice]:
    rows = connection.execute(
        "SELECT content, job FROM notices WHERE state = 'waiting' ORDER BY notice"
    )
    return [
        msgspec.structs.replace(msgspec.json.decode(content, type=Notice), job=job)
        for content, job in rows
    ]


def prune_notices(connection: sqlite3.Connection, before: Instant, limit: int) -> None:
    """Remove what was done with before `before`; the newest stays, it has the number."""
    connection.execute(
        "DELETE FROM notices WHERE notice IN (SELECT notice FROM notices WHERE done_at_us < ?"
        " AND notice < (SELECT max(notice) FROM notices) ORDER BY notice LIMIT ?)",
        (before, limit),
    )
