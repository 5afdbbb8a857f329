"""Says jobs as systemd timers and services."""

import shlex
from datetime import UTC
from itertools import groupby

from cronterm.clock import SECOND, aware
from cronterm.model.job import Job, Shell
from cronterm.moving.base import Told, lossy
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    InSpec,
    OnCalendarSpec,
    RebootSpec,
    ScheduleSpec,
    StartupSpec,
)
from cronterm.schedule.fields import Fields, read_fields

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_KNOWN = frozenset(
    [
        "id",
        "source",
        "line",
        "directory",
        "description",
        "tags",
        "group",
        "schedule",
        "schedule_text",
        "timezone",
        "jitter",
        "action",
        "working_dir",
        "env",
        "env_files",
        "timeout",
        "stop_signal",
        "stop_grace_period",
        "overlap",
        "queue_limit",
        "catch_up",
        "catch_up_window",
        "keep",
        "enabled",
        "output_max_size",
        "success_exit_codes",
        "inherit_env",
        "user",
        "nice",
        "umask",
        "optional_env_files",
        "jitter_mode",
        "renamed_from",
        "owner",
        "runbook",
    ]
)


def systemd_units(job: Job, timezone: str, told: Told) -> list[str]:
    """Return a timer and a service, each after a line with the name of its file."""
    _tell_losses(job, told)
    command = _exec(job)
    if command is None:
        told.leave_out("it is no command")
        return [f"# {job.id}: not exported", ""]
    times = [line for spec in job.schedule for line in _times(spec, told)]
    described = " ".join((job.description or job.id).split()).replace("%", "%%")
    head = ["[Unit]", f"Description={described}", ""]
    timer = _timer(job, times, head) if times else []
    if not times and not told.left_out:
        told.lose("it has no time: its service is started by hand")
    if not job.enabled:
        told.lose("is not enabled: do not enable its timer")
    return [
        *timer,
        f"# cronterm-{job.id}.service",
        *head,
        "[Service]",
        "Type=oneshot",
        *_service(job),
        f"ExecStart={command}",
        "",
    ]


def _timer(job: Job, times: list[str], head: list[str]) -> list[str]:
    lines = [f"# cronterm-{job.id}.timer", *head, "[Timer]", *times]
    if job.jitter:
        lines.append(f"RandomizedDelaySec={_seconds(job.jitter)}")
        lines += ["FixedRandomDelay=true"] if job.jitter_mode == "stable" else []
    if job.catch_up != "skip":
        lines.append("Persistent=true")
    lines += ["AccuracySec=1s", f"Unit=cronterm-{job.id}.service", ""]
    return [*lines, "[Install]", "WantedBy=timers.target", ""]


def _tell_losses(job: Job, told: Told) -> None:
    for name in lossy(job, _KNOWN):
        told.lose(f"{name} is lost: a timer has no such thing")
    if job.overlap != "skip":
        told.lose(f"overlap: {job.overlap} is lost: systemd never starts a running service again")
    if job.catch_up == "all":
        told.lose("catch_up: all is lost: systemd makes up for one instant")


def _service(job: Job) -> list[str]:
    lines = [f"WorkingDirectory={job.working_dir.replace('%', '%%')}"]
    lines += [f"Environment={_quoted(f'{n}={v}')}" for n, v in sorted(job.env.items())]
    for path in job.env_files:
        before = "-" if path in job.optional_env_files else ""
        lines.append(f"EnvironmentFile={before}{path.replace('%', '%%')}")
    if job.timeout is not None:
        lines.append(f"TimeoutStartSec={_seconds(job.timeout)}")
    lines.append(f"TimeoutStopSec={_seconds(job.stop_grace_period)}")
    if job.stop_signal != "SIGTERM":
        lines.append(f"KillSignal={job.stop_signal}")
    codes = [str(code) for code in job.success_exit_codes if code]
    if codes:
        lines.append(f"SuccessExitStatus={' '.join(codes)}")
    user, _, group = job.user.partition(":")
    lines += [f"User={user}"] if user else []
    lines += [f"Group={group}"] if group else []
    lines += [f"Nice={job.nice}"] if job.nice is not None else []
    return [*lines, *([f"UMask={job.umask:04o}"] if job.umask is not None else [])]


def _exec(job: Job) -> str | None:
    if not isinstance(job.action, Shell):
        return None
    command = job.action.command
    words = (*job.action.shell, command) if isinstance(command, str) else command
    return " ".join(_quoted(word, is_command=True) for word in words)


def _quoted(text: str, *, is_command: bool = False) -> str:
    """Return a word as systemd reads it back: specifiers and variables doubled."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = escaped.replace("\n", "\\n").replace("\t", "\\t")
    if is_command:
        escaped = escaped.replace("$", "$$")
    return escaped if escaped == text and shlex.quote(text) == text else f'"{escaped}"'


def _seconds(duration: int) -> str:
    return f"{duration / SECOND:g}s"


# -- times ---------------------------------------------------------------------------------------


def _times(spec: ScheduleSpec, told: Told) -> list[str]:
    match spec:
        case CronSpec():
            return [f"OnCalendar={text} {spec.timezone}" for text in _calendars(spec, told)]
        case EverySpec(interval=interval, origin="finish"):
            return [f"OnActiveSec={_seconds(interval)}", f"OnUnitInactiveSec={_seconds(interval)}"]
        case EverySpec(interval=interval):
            return [f"OnActiveSec={_seconds(interval)}", f"OnUnitActiveSec={_seconds(interval)}"]
        case AtSpec(at=at):
            return [f"OnCalendar={aware(at).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"]
        case InSpec(delay=delay):
            return [f"OnActiveSec={_seconds(delay)}"]
        case RebootSpec():
            return ["OnBootSec=0"]
        case StartupSpec():
            told.lose("@startup became the boot")
            return ["OnBootSec=0"]
        case OnCalendarSpec(expression=expression, timezone=timezone):
            return [f"OnCalendar={expression} {timezone}"]
    return []


def _calendars(spec: CronSpec, told: Told) -> list[str]:
    """Return calendar expressions that together say a cron expression."""
    fields = read_fields(spec.expression, spec.day_match)
    if fields.last_workday or fields.nearest_workdays or fields.last_weekdays:
        told.leave_out(f"{spec.expression}: W and the last weekday are not systemd's")
        return []
    if fields.nth_weekdays:
        told.leave_out(f"{spec.expression}: # is not systemd's")
        return []
    is_fixed = not fields.is_wildcard
    if is_fixed and any(hour in fields.hours for hour in (1, 2, 3)):
        told.lose("the night the clock is set forward: systemd leaves out what cron makes up for")
    time = ":".join(
        _numbers(each, top)
        for each, top in ((fields.hours, 24), (fields.minutes, 60), (fields.seconds, 60))
    )
    return [f"{days} {time}" for days in _days(fields)]


def _days(fields: Fields) -> list[str]:
    year = "*" if fields.years is None else ",".join(map(str, fields.years))
    month = "*" if len(fields.months) == 12 else ",".join(f"{each:02}" for each in fields.months)
    weekdays = ",".join(_DAYS[day] for day in fields.weekdays)
    in_month = ",".join(f"{day:02}" for day in fields.days)
    is_any_day, is_any_weekday = len(fields.days) == 31, len(fields.weekdays) == 7
    every = f"{year}-{month}-*"
    if fields.last_day:
        last = f"{year}-{month}~01"
        return [last, f"{year}-{month}-{in_month}"] if fields.days else [last]
    dated = every if is_any_day else f"{year}-{month}-{in_month}"
    if is_any_weekday and fields.days_match == "or":
        return [every]
    if fields.days_match == "and":
        return [dated if is_any_weekday else f"{weekdays} {dated}"]
    return [dated, f"{weekdays} {every}"]


def _numbers(values: tuple[int, ...], top: int) -> str:
    """Return a set of numbers: `*`, and what follows each other as a range."""
    if len(values) == top:
        return "*"
    parts = []
    for _, run in groupby(enumerate(values), lambda pair: pair[1] - pair[0]):
        numbers = [value for _, value in run]
        dots = f"{numbers[0]:02}..{numbers[-1]:02}"
        parts.append(dots if len(numbers) > 2 else ",".join(f"{n:02}" for n in numbers))
    return ",".join(parts)
