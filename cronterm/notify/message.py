"""The words of a message: what happened to which job, when, and whom to ask."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from cronterm.clock import Instant, aware
from cronterm.model.job import Job
from cronterm.model.notice import Notice
from cronterm.notify.base import Message
from cronterm.sanitize import sanitize, sanitize_line

MOST_LINES = 50  # of jobs or of notices in one message
LONGEST_OUTPUT = 6000  # characters
LONGEST_TITLE = 150

_TITLES = {
    "start": "{job} started",
    "success": "{job} succeeded",
    "failure": "{job} failed: {message}",
    "timeout": "{job} {message}",
    "killed": "{job} was killed: {message}",
    "retry": "{job} failed, {message}",
    "missed": "{job} missed {count}: {message}",
    "late": "{job} is late: {message}",
    "long": "{job} {message}",
    "suspicious": "{job} had an odd success: {message}",
    "recovery": "{job} has recovered: {message}",
    "skipped": "{job} was skipped: {message}",
    "paused": "{job} was paused {message}",
    "changed": "{job} was changed: {message}",
}


def compose_message(
    notices: Sequence[Notice], jobs: Mapping[str, Job], *, output: str, host: str, store: str
) -> Message:
    """Return one message for notices, oldest first. `output` is of the one run they are about."""
    first, newest = notices[0], notices[-1]
    names = tuple(dict.fromkeys(notice.job for notice in notices if notice.job))
    if len({_alike(notice) for notice in notices}) > 1:
        title = f"{len(notices)} alerts from {host}"
        text = "\n".join(_listed([_title(each, each.job) for each in notices]))
    elif len(names) > 1:
        title = _title(first, f"{len(names)} jobs")
        text = "\n".join([*_listed(list(names)), "", f"host: {host}"])
    else:
        title = _title(newest, newest.job)
        text = "\n".join(_about(newest, jobs.get(newest.job), host))
    return Message(
        id=f"{store}-{first.id}",
        event=first.event,
        title=title,
        text=text,
        output=sanitize(output)[-LONGEST_OUTPUT:],
        jobs=names,
        message=sanitize_line(newest.message),
        run=newest.run if len(notices) == 1 else None,
        count=newest.count,
        happened_at=newest.happened_at,
        host=host,
    )


def trial_message(name: str, *, host: str, store: str, now: Instant) -> Message:
    """Return what is sent to see whether a notifier works."""
    return Message(
        id=f"{store}-test-{now}",
        event="test",
        title=f"cronterm on {host}: a test of {name}",
        text="If you read this, alerts arrive here.",
        message="a test",
        happened_at=now,
        host=host,
    )


def _alike(notice: Notice) -> tuple[str, str]:
    """Return what notices have in common that one message names together."""
    return notice.event, notice.message


def _listed(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    kept = [f"- {line}" for line in lines[:MOST_LINES]]
    return [*kept, f"… and {more} more"] if more > 0 else kept


def _title(notice: Notice, who: str) -> str:
    message = sanitize_line(notice.message)
    if not notice.job and who == notice.job:
        title = f"cronterm was away: {message}"
    else:
        times = "once" if notice.count == 1 else f"{notice.count} times"
        form = _TITLES[notice.event]
        title = form.format(job=who, message=message, count=times)
    title = title.removesuffix(": ")
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _about(notice: Notice, job: Job | None, host: str) -> list[str]:
    zone = ZoneInfo(job.timezone if job is not None else "UTC")
    said = {
        "what": sanitize_line(notice.message),
        "job": notice.job,
        "about": job.description if job is not None else "",
        "run": "" if notice.run is None else str(notice.run),
        "in a row": str(notice.count) if notice.event in ("failure", "timeout", "killed") else "",
        "due": "" if notice.due_at is None else _shown(notice.due_at, zone),
        "when": _shown(notice.happened_at, zone),
        "host": host,
        "owner": job.owner if job is not None else "",
        "runbook": job.runbook if job is not None else "",
    }
    lines = [f"{name}: {sanitize_line(text)}" for name, text in said.items() if text]
    if notice.more:
        lines.append(f"and {notice.more} more like this since the message before")
    return lines


def _shown(at: Instant, zone: ZoneInfo) -> str:
    return f"{aware(at).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
