"""Folds what is recorded about notices into those that wait, and how their notifiers do."""

import msgspec

from cronterm.model.event import JobRenamed
from cronterm.model.fact import Event
from cronterm.model.notice import (
    Notice,
    NoticeDropped,
    NoticeQueued,
    NoticesFailed,
    NoticesSent,
    NotifierView,
)


def fold_notice(
    notices: dict[int, Notice], notifiers: dict[str, NotifierView], event: Event
) -> None:
    """Apply an event to the notices that wait and to the notifiers."""
    match event:
        case NoticeQueued(notice=notice):
            notices[notice.id] = notice
        case NoticeDropped(notice=number):
            notices.pop(number, None)
        case NoticesSent(notifier=name, notices=numbers):
            for number in numbers:
                notices.pop(number, None)
            view = notifiers.setdefault(name, NotifierView())
            view.sent += 1
            view.last_sent_at = event.at
            view.error, view.failing_since, view.retry_at = "", None, None
        case NoticesFailed(notifier=name, notices=numbers):
            view = notifiers.setdefault(name, NotifierView())
            view.error, view.retry_at = event.error, event.retry_at
            if view.failing_since is None:
                view.failing_since = event.at
            if event.retry_at is None:
                view.given_up += len(numbers)
                for number in numbers:
                    notices.pop(number, None)
        case JobRenamed(old=old, job=new):
            for number, notice in list(notices.items()):
                if notice.job == old:
                    notices[number] = msgspec.structs.replace(notice, job=new)
        case _:
            pass
