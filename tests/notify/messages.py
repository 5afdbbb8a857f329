"""Messages to send."""

from typing import Any

from cronterm.clock import DAY, SECOND
from cronterm.model.notifier import Private
from cronterm.notify.base import Message

HOSTILE = '</b>`@everyone` <!channel> "; rm -rf /; $(id) {{job}}'


def message(**words: Any) -> Message:
    """Return a message."""
    given: dict[str, Any] = {
        "id": "c0ffee00-7",
        "event": "failure",
        "title": "backup failed: exit 1",
        "text": "what: exit 1\njob: backup",
        "output": "no space",
        "jobs": ("backup",),
        "message": "exit 1",
        "run": 57,
        "count": 3,
        "happened_at": 20_000 * DAY + SECOND,
        "host": "mars",
    }
    return Message(**(given | words))


def reveal(private: Private) -> str:
    """Return what stands there."""
    return private.text
