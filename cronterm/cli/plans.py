"""Commands about what will be: next, explain, validate."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from cronterm.cli.base import JOB_NAME, Desk, common, desk, leave, print_json, say
from cronterm.cli.render import Cell, show_until
from cronterm.cli.rules import retry_words
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.clock import Instant, SystemClock, aware, local_zone
from cronterm.config.load import Loaded, emptiness, load
from cronterm.errors import BadInput, CrontermError
from cronterm.model.foresight import short_timeout
from cronterm.model.problem import Problem
from cronterm.model.query import HeldBack, ListNext, NextDue
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.readable import against_timeout
from cronterm.schedule.base import CalendarSpec, Coming, ScheduleSpec
from cronterm.schedule.build import build
from cronterm.schedule.calendar_words import doubts, keeping
from cronterm.schedule.calendars import Calendars, Sifted
from cronterm.schedule.describe import describe, warnings
from cronterm.schedule.forecast import MOST, Upcoming, upcoming
from cronterm.schedule.moments import coming_moment
from cronterm.schedule.parse import parse
from cronterm.schedule.zone import check_zone


@click.command("next")
@common
@formatted
@click.argument("jobs", type=JOB_NAME, nargs=-1, metavar="[JOB]...")
@click.option("--expr", metavar="E", help="A schedule instead of jobs.")
@click.option("--tz", metavar="ZONE", help="Its time zone, or the one to print in.")
@click.option(
    "--from",
    "start",
    metavar="TIME",
    help="Strictly after this (08:00, tomorrow 08:00), not after now.",
)
@click.option("--until", metavar="TIME", help="Not after this.")
@click.option("-n", "count", type=click.IntRange(1, 500), help="How many that run, 5.")
@click.pass_context
def next_due(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    expr: str | None,
    tz: str | None,
    start: str | None,
    until: str | None,
    count: int | None,
    **given: Any,
) -> None:
    """Show the coming instants of jobs, or of an expression; daylight saving is marked.

    So is what a calendar, a pause or a skip keeps back; --json has only what will run.

    Example: cronterm next --expr "30 2 * * *" --tz Europe/Berlin --from 2027-03-27T00:00
    """
    at = desk(context, **given)
    zone, now = check_zone(tz) if tz else local_zone(), SystemClock().now().utc
    span = Span(
        zone,
        now,
        coming_moment(start, now, zone) if start else now,
        coming_moment(until, now, zone) if until else None,
        count or (MOST if until else 5),
    )
    if expr is None:
        present(at, lambda one: _jobs_sheet(one, jobs, span))
        return
    if jobs:
        raise click.UsageError("Name jobs, or give --expr.")
    found = read_expression(expr, span)
    if at.as_json:
        print_json([each.local.isoformat() for each in found.coming])
    else:
        _print_expression(found)


@dataclass(frozen=True)
class Span:
    """Which instants are wanted: strictly after `after` up to `until`, `count` at most."""

    zone: str
    now: Instant
    after: Instant
    until: Instant | None = None
    count: int = 5

    def has(self, due: Instant) -> bool:
        """Tell whether an instant is not too late."""
        return self.until is None or due <= self.until


@dataclass(frozen=True)
class Expression:
    """What an expression means."""

    text: str
    words: str
    zone: str
    now: Instant
    coming: list[Upcoming]
    warnings: tuple[str, ...]
    keeping: tuple[str, ...] = ()
    """What the calendars of a job do to it."""


def read_expression(expr: str, span: Span) -> Expression:
    """Return what an expression means. Raises `BadInput`."""
    parsed = parse(expr, timezone=span.zone, job_id="expression")
    schedule = build(parsed.specs, first_seen_at=span.after, last_end_at=None)
    return _expression(parsed.text, parsed.specs, schedule, span)


def _expression(
    text: str, specs: Sequence[ScheduleSpec], schedule: Coming, span: Span
) -> Expression:
    found = upcoming(schedule, specs, timezone=span.zone, after=span.after, limit=span.count)
    return Expression(
        text=text,
        words=describe(specs),
        zone=span.zone,
        now=span.now,
        coming=[each for each in found if span.has(each.at)],
        warnings=warnings(specs),
    )


def _known(at: Desk) -> Snapshot | None:
    """Return what is known of the jobs; None where nobody knows them."""
    try:
        return at.snapshot()
    except CrontermError:
        return None


def _schedule_of(view: JobView, calendars: Mapping[str, CalendarSpec], span: Span) -> Expression:
    """Return what the schedule of a job means, as far as its calendars let it through."""
    job = view.job
    schedule = build(
        job.schedule,
        first_seen_at=view.first_seen_at,
        last_end_at=None,
        not_before=job.not_before,
        not_after=job.not_after,
    )
    sieve = Calendars(calendars).sieve(job.exclude, job.only, timezone=job.timezone)
    coming = schedule if sieve is None else Sifted(schedule, sieve)
    found = _expression(job.schedule_text, job.schedule, coming, span)
    more = list(doubts(job.only, calendars))
    if (short := short_timeout(view)) is not None:
        more.append(against_timeout(*short))
    return dataclasses.replace(
        found,
        keeping=keeping(job.exclude, job.only, calendars),
        warnings=(*found.warnings, *more),
    )


@click.command()
@common
@click.argument("expr", metavar="EXPR|JOB")
@click.option("--tz", metavar="ZONE", help="Its time zone.")
@click.option("-n", "count", type=click.IntRange(1, 500), default=5, show_default=True)
@click.pass_context
def explain(context: click.Context, /, expr: str, tz: str | None, count: int, **given: Any) -> None:
    """Say in words what a schedule means, when it comes next, and what may surprise.

    Of a job also what its calendars let through, what becomes of a failure, and whether its
    timeout is short.

    Example: cronterm explain "0 9 13 * fri"
    """
    at = desk(context, **given)
    zone, now = check_zone(tz) if tz else local_zone(), SystemClock().now().utc
    view, retry = None, ""
    try:
        found = read_expression(expr, Span(zone, now, now, count=count))
    except BadInput:
        known = _known(at)
        view = known.jobs.get(expr) if known is not None else None
        if known is None or view is None:
            raise
        span = Span(zone if tz else view.job.timezone, now, now, count=count)
        found = _schedule_of(view, known.settings.calendars, span)
        retry = retry_words(view.job.retry)
    if not at.as_json:
        _print_expression(found)
        if view is not None:
            say(f"retry: {retry or 'none'}")
        return
    print_json(
        {
            "expression": found.text,
            "timezone": found.zone,
            "description": found.words,
            "next": [
                {"at": each.local.isoformat(), "mark": each.mark or None} for each in found.coming
            ],
            "warnings": list(found.warnings),
        }
        | ({} if view is None else {"job": view.job.id, "retry": retry, "calendars": found.keeping})
    )


def _offset(due: Instant, zone: str) -> str:
    return upcoming_at(due, zone).isoformat()


def upcoming_at(due: Instant, zone: str) -> datetime:
    """Return an instant in a zone."""
    return aware(due).astimezone(ZoneInfo(zone))


def _print_expression(found: Expression) -> None:
    say(f"{found.text}: {found.words} ({found.zone})")
    for text in found.keeping:
        say(f"  {text}")
    if not found.coming:
        say("  never")
    for each in found.coming:
        mark = f"  ! {each.mark}" if each.mark else ""
        say(f"  {_shown(each.at, found.zone)}  {_ahead(each.at, found.now)}{mark}".rstrip())
    for warning in found.warnings:
        say(f"! {warning}")


def _shown(due: Instant, zone: str) -> str:
    return f"{upcoming_at(due, zone):%a %Y-%m-%d %H:%M:%S %z}"


def _ahead(due: Instant, now: Instant) -> str:
    """Return how long it is until an instant; nothing of one that is over."""
    return show_until(due - now) if due > now else ""


def _jobs_sheet(at: Desk, jobs: tuple[str, ...], span: Span) -> Sheet:
    after = span.after
    reply = at.query(ListNext(jobs=jobs, after=after, limit=span.count))
    assert isinstance(reply, NextDue)
    coming = {job: [due for due in found if span.has(due)] for job, found in reply.next.items()}
    instants = sorted((due, job) for job, found in coming.items() for due in found)
    held = [
        (each.at, job, _kept_back(each, span.zone))
        for job, found in reply.held.items()
        for each in found
        if span.has(each.at)
    ]
    rows: list[list[Cell]] = []
    offset = upcoming_at(after, span.zone).utcoffset()
    shown = [
        *((due, job, "") for due, job in instants),
        *(each for each in held if span.has(each[0])),
    ]
    for due, job, why in sorted(shown):
        before, offset = offset, upcoming_at(due, span.zone).utcoffset()
        mark = "" if offset == before else "! the clock has changed"
        if why:
            mark = f"– {why}"
        rows.append([_shown(due, span.zone), f"{_ahead(due, span.now):>6}", job, mark])
    never = "never" if span.until is None else "not until then"
    paused = {job for job, found in reply.held.items() for each in found if each.by_pause}
    rows += [
        [never, "", job, ""] for job in sorted(coming) if not coming[job] and job not in paused
    ]
    return Sheet(
        content={job: [_offset(due, span.zone) for due in found] for job, found in coming.items()},
        records=[{"at": _offset(due, span.zone), "job": job} for due, job in instants],
        head=("WHEN", "IN", "JOB", ""),
        rows=rows,
        has_titles=False,
        empty="no jobs",
    )


def _kept_back(each: HeldBack, zone: str) -> str:
    until = f" until {_shown(each.until, zone)}" if each.until is not None else ""
    return f"kept back: {each.why}{until}"


@click.command()
@common
@click.argument("files", metavar="[FILE]...", nargs=-1)
@click.option("--strict", is_flag=True, help="Take warnings for problems.")
@click.pass_context
def validate(context: click.Context, /, files: tuple[str, ...], strict: bool, **given: Any) -> None:
    """Check jobs files and print all their problems. Exits with 65 if there are any.

    Example: cronterm validate jobs.yaml && cronterm up
    """
    at = desk(context, **given)
    desks = [at.with_options(file=name) for name in files] or [at]
    found = [_loaded(each.jobs_file) for each in desks]
    problems = [problem for loaded in found for problem in loaded.problems]
    doubts = [warning for loaded in found for warning in loaded.warnings]
    is_good = not problems and not (strict and doubts)
    if at.as_json:
        listed = [_problem_as_json(each) for each in (*problems, *(doubts if strict else ()))]
        count = sum(len(loaded.jobs) for loaded in found)
        print_json({"ok": is_good, "jobs": count, "problems": listed})
    else:
        for each, loaded in zip(desks, found, strict=True):
            _print_loaded(each.jobs_file, loaded, is_quiet=at.is_quiet)
    if not is_good:
        leave(65)


def _loaded(path: Path) -> Loaded:
    """Read a jobs file; an empty one, which a running engine refuses, with a warning."""
    loaded = load(path, local_timezone=local_zone())
    empty = emptiness(path, loaded)
    return loaded if empty is None else replace(loaded, warnings=(*loaded.warnings, empty))


def _print_loaded(path: Path, loaded: Loaded, *, is_quiet: bool) -> None:
    for each in (*loaded.problems, *loaded.warnings):
        say(str(each))
    if not loaded.problems and not is_quiet:
        count = len(loaded.jobs)
        say(f"{path}: ok, {count} job{'' if count == 1 else 's'}")


def _problem_as_json(each: Problem) -> dict[str, Any]:
    return {
        "file": each.file,
        "line": each.line,
        "column": each.column,
        "path": each.path,
        "message": each.message,
        "hint": each.hint,
    }
