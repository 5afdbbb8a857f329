"""Notices: what is told to a person, and what became of it."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Instant
from cronterm.model.fact import Event
from cronterm.model.rule import NoticeEvent
from cronterm.model.run import Outcome, Reason


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell one notifier."""

    id: int
    notifier: str
    event: NoticeEvent
    job: str
    """Empty is all that cronterm itself missed."""
    message: str
    happened_at: Instant
    ready_at: Instant
    """Not sent before."""
    alert: int | None = None
    run: int | None = None
    due_at: Instant | None = None
    outcome: Outcome | None = None
    reason: Reason = ""
    count: int = 1
    """Failed runs in a row, or missed instants."""
    more: int = 0
    """It stands for so many more of the same kind that came before it was sent."""
    output: int = 0


class Told(msgspec.Struct, frozen=True):
    """A notifier was told of an alert that is open, or will be at `at`."""

    alert: int
    notifier: str
    at: Instant


class LastNotice(msgspec.Struct, frozen=True):
    """When a notifier is, or was, last told of such an event of a job."""

    job: str
    notifier: str
    event: NoticeEvent
    at: Instant


class NotifierView(msgspec.Struct):
    """How a notifier does, since the engine started."""

    sent: int = 0
    last_sent_at: Instant | None = None
    error: str = ""
    """Why the newest try failed; empty when it did not."""
    failing_since: Instant | None = None
    retry_at: Instant | None = None
    given_up: int = 0
    """Notices that were not told in time and never will."""


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one notice."""

    notifier: str
    event: NoticeEvent
    state: Literal["waiting", "sent", "given_up", "dropped"]
    at: Instant
    """When it was sent, given up or dropped; or from when on it may be sent."""
    tries: int = 0
    """How often it could not be sent."""
    error: str = ""
    """Why, the last time."""


class NoticeQueued(Event, frozen=True, kw_only=True):
    """Something is to be told; with a known id it stands for one more of the same."""

    notice: Notice


class NoticesSent(Event, frozen=True, kw_only=True):
    """A notifier took one message for these notices."""

    notifier: str
    notices: tuple[int, ...]
    channel: str
    """What kind of notifier it is: `email`, `webhook`, `terminal`, …"""
    title: str


class NoticesFailed(Event, frozen=True, kw_only=True):
    """They could not be told; without `retry_at` they are given up."""

    notifier: str
    notices: tuple[int, ...]
    error: str
    retry_at: Instant | None = None


class NoticeDropped(Event, frozen=True, kw_only=True):
    """It needs no telling any more: a recovery that did not last."""

    notice: int


NoticeFact: TypeAlias = NoticeQueued | NoticesSent | NoticesFailed | NoticeDropped
