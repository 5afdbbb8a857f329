"""What the paths of seed 004 take and give: its names, minutes, and times as RFC 3339."""

from typing import Annotated, Any

import msgspec

from cronterm.clock import MINUTE, Duration, Instant, rfc3339
from cronterm.model.action import Monitor
from cronterm.model.alert import Alert
from cronterm.model.command import DefineMonitor
from cronterm.model.job import Job
from cronterm.model.run import RunRow
from cronterm.model.snapshot import JobView

Minutes = Annotated[float, msgspec.Meta(ge=0, le=527_040)]  # a year
Name = Annotated[
    str, msgspec.Meta(pattern=r"^(?![0-9]+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", max_length=64)
]
LARGEST_CLIENT = 16 << 10  # bytes of JSON

ALERT_TYPES = {"missed": "missed_job", "long": "long_running"}
"""Kinds of alerts that seed 004 knows by other names."""


class JobIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A monitor to create or to change."""

    job_id: Name
    schedule: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
    tolerance: Minutes | None = None
    """Minutes that a start may be late."""
    max_runtime: Minutes | None = None
    """Minutes after which a run is told as long."""
    is_health_check: bool = False
    """It sends one heartbeat instead of start and end."""


class JobOut(msgspec.Struct, frozen=True):
    """A job: of the file, or a monitor of the API."""

    job_id: str
    schedule: str
    tolerance: float | None
    max_runtime: float | None
    is_health_check: bool
    is_monitor: bool
    """Something else runs it."""
    enabled: bool
    state: str


class Reported(msgspec.Struct, frozen=True):
    """What a report says besides that it comes."""

    client_info: dict[str, Any] = {}


class ReportOut(msgspec.Struct, frozen=True):
    """What became of a report."""

    job_id: str
    run_id: int | None
    message: str


class Done(msgspec.Struct, frozen=True):
    """What became of a request about a job."""

    job_id: str
    message: str


class RunOut(msgspec.Struct, frozen=True, kw_only=True):
    """A run. `duration` is in minutes."""

    id: int
    job_id: str
    status: str
    """Its outcome, `running` while it has none."""
    start_time: str | None
    end_time: str | None
    duration: float | None
    exit_code: int | None
    client_info: dict[str, Any]


class StatusOut(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stands."""

    job_id: str
    status: str
    """Of a monitor: new, up, late, down or paused; of others their state."""
    next_run: str | None
    last_run: RunOut | None
    alerts: int
    """That are open."""


class PageIn(msgspec.Struct, frozen=True):
    """Which runs."""

    page: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    per_page: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 10
    job_id: str = ""


class PageOut(msgspec.Struct, frozen=True):
    """One page of runs, the newest first."""

    runs: list[RunOut]
    total: int
    page: int
    per_page: int
    pages: int


class AlertsIn(msgspec.Struct, frozen=True):
    """Which alerts."""

    job_id: str = ""
    closed: bool = False
    """With those that are over."""


class AlertOut(msgspec.Struct, frozen=True, kw_only=True):
    """An alert."""

    id: int
    job_id: str
    type: str
    """missed_job, long_running, failure, late, suspicious or downtime."""
    message: str
    count: int
    created_at: str
    acknowledged: bool
    closed_at: str | None


class Acknowledged(msgspec.Struct, frozen=True):
    """What became of an acknowledgement."""

    id: int
    acknowledged: bool
    message: str


def to_command(job: JobIn) -> DefineMonitor:
    """Return the command that a request means."""
    return DefineMonitor(
        job=job.job_id,
        schedule=job.schedule,
        tolerance=_duration(job.tolerance),
        max_runtime=_duration(job.max_runtime),
        is_heartbeat=job.is_health_check,
    )


def _duration(minutes: float | None) -> Duration | None:
    return None if minutes is None else round(minutes * MINUTE)


def minutes(duration: Duration | None) -> float | None:
    """Return a duration in minutes."""
    return None if duration is None else round(duration / MINUTE, 6)


def moment(at: Instant | None) -> str | None:
    """Return an instant as RFC 3339."""
    return None if at is None else rfc3339(at)


def is_heartbeat(job: Job) -> bool:
    """Tell whether a job is reported by one ping."""
    return isinstance(job.action, Monitor) and job.action.kind == "heartbeat"


def job_out(view: JobView) -> JobOut:
    """Return a job in the seed's words."""
    job = view.job
    return JobOut(
        job_id=job.id,
        schedule=job.schedule_text,
        tolerance=minutes(job.tolerance),
        max_runtime=minutes(job.max_runtime),
        is_health_check=is_heartbeat(job),
        is_monitor=job.is_monitor,
        enabled=job.enabled,
        state=view.state,
    )


def run_out(row: RunRow) -> RunOut:
    """Return a run in the seed's words."""
    assert row.run is not None
    took = None
    if row.started_at is not None and row.ended_at is not None:
        took = row.ended_at - row.started_at
    return RunOut(
        id=row.run,
        job_id=row.job,
        status=row.outcome or "running",
        start_time=moment(row.started_at),
        end_time=moment(row.ended_at),
        duration=minutes(took),
        exit_code=row.exit_code,
        client_info=msgspec.json.decode(row.client) if row.client else {},
    )


def alert_out(alert: Alert) -> AlertOut:
    """Return an alert in the seed's words."""
    return AlertOut(
        id=alert.id,
        job_id=alert.job,
        type=ALERT_TYPES.get(alert.kind, alert.kind),
        message=alert.message,
        count=alert.count,
        created_at=rfc3339(alert.opened_at),
        acknowledged=alert.acknowledged_at is not None,
        closed_at=moment(alert.closed_at),
    )
