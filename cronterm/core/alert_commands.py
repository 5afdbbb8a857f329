"""What people say to alerts: that they know, something about it, be silent for a while."""

from cronterm.clock import rfc3339
from cronterm.core.alert_facts import close_alert, record_fact
from cronterm.core.books import Books
from cronterm.model.command import AcknowledgeAlert, Answer, CommentAlert, MuteAlerts
from cronterm.model.event import AlertAcknowledged, AlertCommented, AlertsMuted


def carry_out_alert(
    books: Books, command: AcknowledgeAlert | CommentAlert | MuteAlerts, by: str
) -> Answer:
    """Carry out what a person says to an alert; a refusal is an answer."""
    now = books.now.utc
    if isinstance(command, MuteAlerts):
        if command.job not in books.jobs:
            return Answer(ok=False, kind="unknown_job", message=f"there is no job {command.job}")
        record_fact(books, AlertsMuted(at=now, job=command.job, by=by, until=command.until))
        if command.until <= now:
            return Answer(ok=True, message=f"unmuted the alerts of {command.job}")
        until = rfc3339(command.until)
        return Answer(ok=True, message=f"muted the alerts of {command.job} until {until}")
    alert = books.alerts.open.get(command.alert)
    if alert is None:
        message = f"there is no open alert {command.alert}"
        return Answer(ok=False, kind="unknown_alert", message=message, hint="`cronterm alerts`")
    if isinstance(command, CommentAlert):
        if not command.text.strip():
            return Answer(ok=False, kind="invalid", message="the comment is empty")
        text = command.text.strip()
        record_fact(books, AlertCommented(at=now, alert=alert.id, job=alert.job, by=by, text=text))
        return Answer(ok=True, message=f"commented alert {alert.id}")
    acknowledged = AlertAcknowledged(
        at=now, alert=alert.id, job=alert.job, by="" if command.undo else by
    )
    record_fact(books, acknowledged)
    if alert.kind == "downtime" and not command.undo:  # nothing can recover from it
        close_alert(books, alert, "seen")
    said = "is open again" if command.undo else "acknowledged"
    return Answer(ok=True, message=f"alert {alert.id} {said}")
