"""Commands about schedules and jobs files: explain, validate."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from msgspec.structs import replace

from cronterm.cli.base import Desk, common, desk, leave, print_json, say
from cronterm.cli.render import show_until
from cronterm.clock import Instant, SystemClock, aware, local_zone
from cronterm.config.load import Loaded, emptiness, load
from cronterm.config.missing import missing_directories
from cronterm.errors import BadInput, CrontermError
from cronterm.model.foresight import short_timeout
from cronterm.model.job import Job, is_timed
from cronterm.model.problem import Problem
from cronterm.model.retrying import retry_words
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.model.starts import met_words, starters
from cronterm.readable import against_timeout
from cronterm.schedule.base import Coming, ScheduleSpec
from cronterm.schedule.build import build
from cronterm.schedule.calendar_words import doubts, keeping
from cronterm.schedule.calendars import Calendars, Sifted
from cronterm.schedule.describe import describe, warnings
from cronterm.schedule.forecast import Upcoming, upcoming
from cronterm.schedule.parse import parse
from cronterm.schedule.zone import check_zone


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
    rules: tuple[str, ...] = ()
    """What else starts a job, and what keeps it back."""
    never: str = "never"
    """What is said where nothing comes."""


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


def _schedule_of(view: JobView, known: Snapshot, span: Span) -> Expression:
    """Return what the schedule of a job means, as far as its calendars let it through."""
    job, calendars = view.job, known.settings.calendars
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
    return _with_starters(
        dataclasses.replace(
            found,
            rules=keeping(job.exclude, job.only, calendars),
            warnings=(*found.warnings, *more),
        ),
        job,
        known,
    )


def _with_starters(found: Expression, job: Job, known: Snapshot) -> Expression:
    """Return a schedule with what else starts its job, or all that does."""
    others = "; ".join(starters(job, known.jobs))
    if is_timed(job):
        gate = (f"starts only once {met_words(job)}",) if job.depends_on else ()
        also = (f"starts also {others}",) if others else ()
        return dataclasses.replace(found, rules=(*gate, *also, *found.rules))
    if not others:
        return dataclasses.replace(found, never="never by itself")
    return dataclasses.replace(found, words=others, never="")


@click.command()
@common
@click.argument("expr", metavar="EXPR|JOB")
@click.option("--tz", metavar="ZONE", help="Its time zone.")
@click.option("-n", "count", type=click.IntRange(1, 500), default=5, show_default=True)
@click.pass_context
def explain(context: click.Context, /, expr: str, tz: str | None, count: int, **given: Any) -> None:
    """Say in words what a schedule means, when it comes next, and what may surprise.

    Of a job also what else starts it, what its calendars let through, what becomes of a failure,
    and whether its timeout is short.

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
        found = _schedule_of(view, known, span)
        retry = retry_words(view.job.retry)
    if not at.as_json:
        print_expression(found)
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
        | ({} if view is None else {"job": view.job.id, "retry": retry, "rules": found.rules})
    )


def upcoming_at(due: Instant, zone: str) -> datetime:
    """Return an instant in a zone."""
    return aware(due).astimezone(ZoneInfo(zone))


def print_expression(found: Expression) -> None:
    """Print what an expression means, for people."""
    say(f"{found.text}: {found.words} ({found.zone})")
    for text in found.rules:
        say(f"  {text}")
    if not found.coming and found.never:
        say(f"  {found.never}")
    for each in found.coming:
        mark = f"  ! {each.mark}" if each.mark else ""
        say(f"  {shown(each.at, found.zone)}  {ahead_of(each.at, found.now)}{mark}".rstrip())
    for warning in found.warnings:
        say(f"! {warning}")


def shown(due: Instant, zone: str) -> str:
    """Return `Fri 2027-01-15 08:00:01 +0000`."""
    return f"{upcoming_at(due, zone):%a %Y-%m-%d %H:%M:%S %z}"


def ahead_of(due: Instant, now: Instant) -> str:
    """Return how long it is until an instant; nothing of one that is over."""
    return show_until(due - now) if due > now else ""


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
    """Read a jobs file with all warnings: an empty one is one that a running engine refuses."""
    loaded = load(path, local_timezone=local_zone())
    empty = emptiness(path, loaded)
    more = missing_directories(loaded) if empty is None else (empty,)
    return replace(loaded, warnings=(*loaded.warnings, *more)) if more else loaded


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
