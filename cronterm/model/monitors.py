"""Monitors that were defined over the API: they lie in the store, not in the file."""

import msgspec

from cronterm.clock import Duration, Instant


class MonitorDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """A job that something else runs, as somebody asked for it."""

    job: str
    schedule: str
    tolerance: Duration | None = None
    """None is the default of jobs."""
    max_runtime: Duration | None = None
    is_heartbeat: bool = False
    by: str = ""
    defined_at: Instant = 0
