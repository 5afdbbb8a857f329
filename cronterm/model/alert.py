"""Alerts: changes worth telling, each with its life from opened to closed."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Instant
from cronterm.model.run import Outcome, Reason

AlertKind: TypeAlias = Literal["failure", "missed", "late", "long", "suspicious", "downtime"]
AlertState: TypeAlias = Literal["open", "acknowledged", "muted", "closed"]
ClosedFor: TypeAlias = Literal[
    "", "recovered", "started", "ended", "run", "ignored", "seen", "removed"
]

ORDER: dict[AlertKind, int] = {
    "failure": 0,
    "missed": 1,
    "late": 2,
    "long": 3,
    "suspicious": 4,
    "downtime": 5,
}
"""The worst first."""


class Comment(msgspec.Struct, frozen=True):
    """What a person wrote to an alert."""

    by: str
    at: Instant
    text: str


class Mute(msgspec.Struct, frozen=True):
    """Who silenced the alerts of a job, and until when."""

    by: str
    at: Instant
    until: Instant


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One matter of one job. `count` grows while it goes on; a person acknowledges it."""

    id: int
    kind: AlertKind
    job: str = ""
    """Empty is all that cronterm itself missed."""
    message: str
    count: int = 1
    """failure: failed runs in a row; missed, downtime: instants; else runs."""
    run: int | None = None
    """The newest run that it is about."""
    due_at: Instant | None = None
    """The newest instant that it is about."""
    outcome: Outcome | None = None
    """How `run` ended; None where nothing ended or nothing ran."""
    reason: Reason = ""
    """Why, in the words of the history; of what was missed as well."""
    opened_at: Instant
    last_at: Instant
    """When it was last told."""
    acknowledged_by: str = ""
    acknowledged_at: Instant | None = None
    comments: tuple[Comment, ...] = ()
    closed_at: Instant | None = None
    closed_for: ClosedFor = ""


def in_force(mutes: Mapping[str, Mute], now: Instant) -> dict[str, Mute]:
    """Return the mutes that have not ended by `now`, the one that ends first on top."""
    held = ((mute.until, job, mute) for job, mute in mutes.items() if mute.until > now)
    return {job: mute for _, job, mute in sorted(held, key=lambda each: each[:2])}


def state_of(alert: Alert, mute: Mute | None, now: Instant) -> AlertState:
    """Return the state of an alert at `now`, `mute` being what its job has."""
    if alert.closed_at is not None:
        return "closed"
    if alert.acknowledged_at is not None:
        return "acknowledged"
    return "muted" if mute is not None and mute.until > now else "open"
