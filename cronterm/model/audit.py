"""Calls over TCP: who asked what, and what they got."""

import msgspec

from cronterm.clock import Instant


class Call(msgspec.Struct, frozen=True):
    """What tells calls apart; equal ones are counted."""

    peer: str
    """The address it came from."""
    who: str
    """The name of its token; empty where it had no good one."""
    method: str
    what: str
    """A command and its job, or the path; empty where it had no good token."""
    status: int


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """Equal calls of one hour."""

    call: Call
    first_at: Instant
    last_at: Instant
    count: int
