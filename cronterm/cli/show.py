"""`show`: all about one job, every value with where it comes from."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import click
import msgspec

from cronterm.cli.base import JOB_NAME, Desk, common, desk
from cronterm.cli.jobs import job_as_json
from cronterm.cli.render import (
    COLORS,
    GLYPHS,
    describe_end,
    local,
    name_end,
    show_duration,
    show_time,
    show_until,
)
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.cli.state import mute_words, named, past_as_json, reason, state_of
from cronterm.clock import SECOND, Instant, SystemClock, local_zone, rfc3339
from cronterm.config.resolve import resolve
from cronterm.model.alert import in_force
from cronterm.model.foresight import short_timeout
from cronterm.model.job import Job, Shell, zone_of
from cronterm.model.retrying import retry_words
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.readable import against_timeout, clock_in
from cronterm.sanitize import sanitize_line
from cronterm.schedule.calendar_words import keeping
from cronterm.schedule.duration import format_duration

PLACES = {"id", "source", "line", "directory", "schedule_text"}
"""What is told beside the values."""
DURATIONS = {
    "jitter",
    "timeout",
    "stop_grace_period",
    "catch_up_window",
    "start_deadline",
    "depends_window",
    "depends_wait",
    "tolerance",
    "max_runtime",
    "cooldown",
    "delay",
    "max_delay",
    "age",
    "min_duration",
    "cpu_time",
    "wait",
}
INSTANTS = {"not_before", "not_after"}


@click.command()
@common
@formatted
@click.argument("job", type=JOB_NAME)
@click.pass_context
def show(context: click.Context, /, job: str, **given: Any) -> None:
    """Show all about a job: state, last run, every value in force and where it comes from.

    Of a job on another machine it is only told what is a default.

    Example: cronterm show backup
    """
    at = desk(context, **given)
    present(at, lambda one: _job_sheet(one, job))


def _job_sheet(at: Desk, name: str) -> Sheet:
    snapshot = at.snapshot()
    view = named(snapshot, (name,))[0]
    values = _values(view.job)
    written = _written(at, name) or [
        Written(word, "built in" if DEFAULTS.get(word) == value else "the file", _text(value))
        for word, value in values.items()
    ]
    content = job_as_json(view, snapshot) | {
        "reason": reason(view, snapshot, told=name_end),
        "running": sorted(view.live),
        "last_run": past_as_json(view.last),
        "runs": view.totals.runs,
        "failed": view.totals.failed,
        "average_s": None if view.totals.average is None else view.totals.average / SECOND,
        "definition": values,
        "written": [each._asdict() for each in written],
    }
    return Sheet(
        content=content,
        records=[{"job": name, **each._asdict()} for each in written],
        head=("WORD", "FROM", "VALUE"),
        rows=[[each.word, each.place, sanitize_line(each.text)] for each in written],
        above=_about(view, snapshot),
    )


class Written(NamedTuple):
    """A value as it is written, and where."""

    word: str
    place: str
    text: str


def _written(at: Desk, name: str) -> list[Written]:
    """Return the values of a job as its files have them; none for one of another machine."""
    if at.hosts or not at.jobs_file.exists():
        return []
    path = at.jobs_file
    home = path if path.is_dir() else path.parent
    everything = resolve(path, local_timezone=local_zone())
    found = next((each for each in everything.jobs if each.job == name), None)
    if found is None:
        return []
    return [
        Written(each.word, each.place.replace(f"{home}/", ""), each.text) for each in found.values
    ]


def _values(job: Job) -> dict[str, Any]:
    """Return the words in force, as JSON has them; what is nothing is left out."""
    found = {}
    for word in job.__struct_fields__:
        value = getattr(job, word)
        if word == "schedule":
            found[word] = job.schedule_text
        elif word not in PLACES and value not in (None, "", (), {}):
            found[word] = _plain(word, value)
    return found


def _plain(word: str, value: Any) -> Any:
    """Return a value as JSON has it, times and durations as people write them."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tagged = {"type": config.tag} if config.tag else {}
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return tagged | {
            name: _plain(name, each)
            for name, each in fields.items()
            if each not in (None, "", (), {})
        }
    if word in DURATIONS and isinstance(value, int):
        return format_duration(value)
    if word in INSTANTS and isinstance(value, int):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {name: _plain("", each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain("", each) for each in value]
    return value


DEFAULTS = _values(
    Job(id="", source="", directory="", working_dir="", action=Shell(""), schedule_text="")
)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(each)}" for name, each in value.items() if each != {})
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else sanitize_line(str(value).rstrip("\n"))


def _moment(at: Instant) -> str:
    """Return an instant with the zone that it is told in: the job's may be another."""
    return f"{show_time(at)} {local(at):%Z}"


def _about(view: JobView, snapshot: Snapshot) -> list[tuple[str, str | None]]:
    job, now = view.job, SystemClock().now().utc
    state = state_of(view, snapshot)
    lines: list[tuple[str, str | None]] = [(f"{job.id}  {job.description}".rstrip(), None)]
    why = reason(view, snapshot)
    lines.append((f"  state: {state}{f' ({why})' if why else ''}", COLORS.get(state)))
    if view.next_at is not None:
        there = clock_in(view.next_at, zone_of(job))
        own = f" ({there})" if there else ""
        when = f"{_moment(view.next_at)}{own}, {show_until(view.next_at - now)}"
        lines.append((f"  next: {when}", None))
    if view.last is not None:
        end = view.last
        took = f", took {show_duration(end.duration)}" if end.duration is not None else ""
        at = _moment(end.started_at if end.started_at is not None else end.ended_at)
        how = f"{GLYPHS[end.outcome]} {describe_end(end)}, {at}{took}"
        lines.append((f"  last: run {end.run} {how}", COLORS.get(end.outcome)))
    if view.totals.runs:
        lines.append((f"  runs: {view.totals.runs}, {view.totals.failed} failed", None))
    if short := short_timeout(view):
        lines.append((f"  {against_timeout(*short)}", "yellow"))
    for text in keeping(job.exclude, job.only, snapshot.settings.calendars):
        lines.append((f"  {text} (its clock: {job.timezone})", None))
    if (mute := in_force(snapshot.mutes, now).get(job.id)) is not None:
        lines.append((f"  alerts: muted {mute_words(mute)}", "yellow"))
    if retry := retry_words(job.retry):
        lines.append((f"  retry: {retry}", None))
    lines.append((f"  file: {job.source}:{job.line}", None))
    return lines
