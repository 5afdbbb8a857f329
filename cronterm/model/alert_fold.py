"""Folds what is recorded about alerts into those that are open; used by core and snapshot."""

import msgspec

from cronterm.model.alert import Alert, Comment, Mute
from cronterm.model.event import (
    AlertAcknowledged,
    AlertClosed,
    AlertCommented,
    AlertOpened,
    AlertRepeated,
    AlertsMuted,
    AnyEvent,
    JobRemoved,
    JobRenamed,
)


def fold_alert(alerts: dict[int, Alert], mutes: dict[str, Mute], event: AnyEvent) -> None:
    """Apply an event to the alerts that are not closed and to the mutes of jobs."""
    match event:
        case AlertsMuted(job=job):
            mutes[job] = Mute(event.by, event.at, event.until)
        case JobRemoved(job=job):
            mutes.pop(job, None)
        case JobRenamed(job=job, old=old):
            if old in mutes:
                mutes[job] = mutes.pop(old)
            for alert in [alert for alert in alerts.values() if alert.job == old]:
                alerts[alert.id] = msgspec.structs.replace(alert, job=job)
        case AlertOpened(alert=opened):
            alerts[opened.id] = opened
        case AlertClosed(alert=number):
            alerts.pop(number, None)
        case AlertRepeated(alert=number) if number in alerts:
            alerts[number] = msgspec.structs.replace(
                alerts[number],
                count=event.count,
                message=event.message,
                run=event.run,
                due_at=event.due_at,
                outcome=event.outcome,
                reason=event.reason,
                last_at=event.at,
            )
        case AlertAcknowledged(alert=number, by=by) if number in alerts:
            alerts[number] = msgspec.structs.replace(
                alerts[number], acknowledged_by=by, acknowledged_at=event.at if by else None
            )
        case AlertCommented(alert=number) if number in alerts:
            comment = Comment(event.by, event.at, event.text)
            comments = (*alerts[number].comments, comment)
            alerts[number] = msgspec.structs.replace(alerts[number], comments=comments)
