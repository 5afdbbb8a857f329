"""The recorded facts about alerts, for whoever delivers them.

A step that changes an alert has one event for it among `Effects.events`, after what caused it:
`AlertOpened` holds the whole `Alert`, `AlertRepeated` the new count and the newest run or instant,
`AlertClosed` what ended it, `AlertAcknowledged`, `AlertCommented` and `AlertsMuted` what people
said. The store keeps them in the same transaction, so that an alert that was published is never
lost and never opened twice; `Snapshot.alerts` and `Snapshot.mutes` are their fold.
"""

from cronterm.clock import Instant
from cronterm.core.alert_book import Watched
from cronterm.core.books import Books
from cronterm.model.alert import Alert, AlertKind, ClosedFor
from cronterm.model.event import AlertClosed, AlertOpened, AlertRepeated, AnyEvent, RunEnded
from cronterm.model.run import Outcome, Reason


def record_fact(books: Books, event: AnyEvent) -> None:
    """Record an event about an alert, and fold it."""
    books.events.append(event)
    books.alerts.apply(event)


def tell_end(
    books: Books, event: RunEnded, kind: AlertKind, message: str, watched: Watched
) -> None:
    """Open an alert about a run that ended, or count it in the one that is open."""
    tell(
        books,
        event.job,
        kind,
        message,
        run=event.run,
        due_at=watched.cause.due_at,
        outcome=event.outcome,
        reason=event.reason,
    )


def tell(
    books: Books,
    job: str,
    kind: AlertKind,
    message: str,
    *,
    count: int = 1,
    run: int | None = None,
    due_at: Instant | None = None,
    outcome: Outcome | None = None,
    reason: Reason = "",
) -> None:
    """Open an alert, or count in the one that is open."""
    now, known = books.now.utc, books.alerts.find(job, kind)
    if known is not None:
        repeated = AlertRepeated(
            at=now,
            alert=known.id,
            job=job,
            kind=kind,
            count=known.count + count,
            message=message,
            run=run,
            due_at=due_at,
            outcome=outcome,
            reason=reason,
        )
        record_fact(books, repeated)
        return
    alert = Alert(
        id=books.alerts.next_alert,
        kind=kind,
        job=job,
        message=message,
        count=count,
        run=run,
        due_at=due_at,
        outcome=outcome,
        reason=reason,
        opened_at=now,
        last_at=now,
    )
    books.alerts.note_opened(alert)
    record_fact(books, AlertOpened(at=now, alert=alert))


def close_alert(books: Books, alert: Alert | None, closed_for: ClosedFor) -> None:
    """Close an alert, where there is one."""
    if alert is not None:
        closed = AlertClosed(
            at=books.now.utc,
            alert=alert.id,
            job=alert.job,
            kind=alert.kind,
            closed_for=closed_for,
        )
        record_fact(books, closed)
