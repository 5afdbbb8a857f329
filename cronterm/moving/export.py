"""Says jobs in the words of others, with a warning for each thing they cannot say."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

from cronterm.config.load import load
from cronterm.config.whole import read_whole
from cronterm.errors import BadInput
from cronterm.model.job import Job, Shell
from cronterm.moving.base import Told, lossy
from cronterm.moving.crontab import CRON_PATH, CRON_SHELL
from cronterm.moving.export_systemd import systemd_units
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    InSpec,
    ManualSpec,
    OnCalendarSpec,
    RebootSpec,
    ScheduleSpec,
    StartupSpec,
)
from cronterm.schedule.fields import read_fields

TARGETS = ("crontab", "systemd", "json")


@dataclass(frozen=True)
class Exported:
    """The text of all jobs, and (job, what) was lost of each, or why it was left out."""

    text: str
    losses: tuple[tuple[str, str], ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def export_jobs(target: str, path: Path, timezone: str) -> Exported:
    """Return the jobs of a file in another form. Raises `BadInput` for a broken file."""
    loaded = load(path, local_timezone=timezone)
    if loaded.problems:
        raise BadInput(str(loaded.problems[0]), "cronterm validate tells all of them")
    if target == "json":
        return _json(path, timezone)
    write = crontab_lines if target == "crontab" else systemd_units
    lines: list[str] = []
    losses: list[tuple[str, str]] = []
    left_out: list[tuple[str, str]] = []
    for job in loaded.jobs:
        told = Told()
        lines += write(job, timezone, told)
        losses += [(job.id, text) for text in told.losses]
        left_out += [(job.id, text) for text in told.left_out]
    return Exported("".join(f"{line}\n" for line in lines), tuple(losses), tuple(left_out))


def _json(path: Path, timezone: str) -> Exported:
    """Return the same jobs as one jobs file in JSON, which is read like YAML."""
    whole = read_whole(path, local_timezone=timezone)
    text = json.dumps(whole.content, indent=2, ensure_ascii=False) + "\n"
    losses = tuple((job, f"its paths count from the place of {file}") for job, file in whole.placed)
    return Exported(text, losses)


# -- crontab -------------------------------------------------------------------------------------

LONGEST_COMMAND = 998  # MAX_COMMAND of Debian's cron, less the line end

_IN_CRONTAB = frozenset(
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
        "action",
        "working_dir",
        "env",
        "stdin",
        "enabled",
        "keep",
        "overlap",
        "catch_up",
        "queue_limit",
        "output_max_size",
        "inherit_env",
        "catch_up_window",
        "renamed_from",
        "optional_env_files",
        "owner",
        "runbook",
    ]
)


_NO_TIMES: dict[type, str] = {
    EverySpec: "intervals",
    AtSpec: "single moments",
    InSpec: "single moments",
    StartupSpec: "starts of an engine",
    ManualSpec: "jobs without a time",
    OnCalendarSpec: "calendar expressions",
}


def crontab_lines(job: Job, timezone: str, told: Told) -> list[str]:
    """Return the lines of a job in a user's crontab."""
    for word in lossy(job, _IN_CRONTAB):
        told.lose(f"{word} is lost: cron has no such thing")
    if job.overlap != "allow":
        told.lose(f"overlap: {job.overlap} is lost: cron starts it again while it runs")
    if job.catch_up != "skip":
        told.lose(f"catch_up: {job.catch_up} is lost: cron makes nothing up")
    command = _command(job, told)
    title = f"# {job.id}" + (f": {job.description}" if job.description else "")
    lines = [" ".join(title.split())]
    before = "" if job.enabled else "# "
    if not job.enabled:
        told.lose("is not enabled: commented out")
    for spec in job.schedule or (ManualSpec(),):
        when = _time(spec, told)
        if when is None or command is None:
            lines.append(f"# not exported: {job.schedule_text or '@manual'}")
            continue
        zone = spec.timezone if isinstance(spec, CronSpec) else timezone
        if zone != timezone:
            told.lose("CRON_TZ is cronie's: Debian's cron ignores it")
            lines.append(f"{before}CRON_TZ={zone}")
        lines.append(f"{before}{when} {command}")
        if zone != timezone:
            lines.append(f"{before}CRON_TZ={timezone}")
    return lines


def _time(spec: ScheduleSpec, told: Told) -> str | None:
    if isinstance(spec, RebootSpec):
        return "@reboot"
    if not isinstance(spec, CronSpec):
        told.leave_out(f"cron has no {_NO_TIMES[type(spec)]}")
        return None
    words = spec.expression.split()
    fields = read_fields(spec.expression, spec.day_match)
    words = words[1:] if len(words) == 6 and fields.seconds == (0,) else words
    is_plain = not (
        fields.last_day or fields.last_workday or fields.nearest_workdays
        or fields.last_weekdays or fields.nth_weekdays
    )  # fmt: skip
    is_both = fields.days_match == "and" and not any(
        w.startswith("*") for w in (words[2], words[4])
    )
    if len(words) == 5 and is_plain and not is_both:
        return " ".join(words)
    told.leave_out(f"{spec.expression}: cron has five plain fields, and either day field counts")
    return None


def command_of(job: Job) -> str | None:
    """Return one text for `/bin/sh -c` that does what a job does, None where there is none."""
    match job.action:
        case Shell(command=str() as text, shell=("/bin/sh", "-c")):
            return text.rstrip("\n")
        case Shell(command=str() as text, shell=shell):
            return shlex.join([*shell, text.rstrip("\n")])
        case Shell(command=words):
            return shlex.join(words)
    return None


def _command(job: Job, told: Told) -> str | None:
    text = command_of(job)
    if text is None:
        told.leave_out("it is no command")
        return None
    parts = []
    if job.working_dir != str(Path.home()):
        parts.append(f"cd {shlex.quote(job.working_dir)} || exit 1;")
    usual = {"SHELL": CRON_SHELL, "PATH": CRON_PATH}
    pairs = [
        f"{name}={shlex.quote(value)}"
        for name, value in sorted(job.env.items())
        if usual.get(name) != value
    ]
    if pairs:
        parts.append(f"export {' '.join(pairs)};")
    line = " ".join([*parts, text])
    if job.stdin is not None and not job.stdin.endswith("\n"):
        told.lose("its stdin gets a line end")
    why_not = _why_not(line, job.stdin or "")
    if why_not:
        told.leave_out(why_not)
        return None
    line = line.replace("%", "\\%")
    if job.stdin is not None:
        line += "%" + job.stdin.removesuffix("\n").replace("%", "\\%").replace("\n", "%")
    if len(line.encode()) > LONGEST_COMMAND:
        told.leave_out(
            f"cron has commands of {LONGEST_COMMAND} bytes at most; put it into a script"
        )
        return None
    return line


def _why_not(line: str, stdin: str) -> str:
    """Return why cron could not be told this command."""
    if "\n" in line or "\r" in line:
        return "it has several lines; put it into a script"
    if "\\%" in line or "\\%" in stdin or "\\\n" in stdin:
        return "a backslash before % or a line end has no place in a crontab"
    return ""
