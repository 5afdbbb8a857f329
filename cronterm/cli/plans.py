"""Commands about what will be: next, validate."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from cronterm.cli.base import common, desk, leave, print_json, say
from cronterm.cli.render import show_until
from cronterm.clock import Instant, SystemClock, aware, local_zone
from cronterm.config.load import load
from cronterm.model.query import ListNext, NextDue
from cronterm.schedule.build import build
from cronterm.schedule.describe import describe, warnings
from cronterm.schedule.forecast import upcoming
from cronterm.schedule.parse import parse, parse_moment
from cronterm.schedule.zone import check_zone


@click.command("next")
@common
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--expr", metavar="E", help="A schedule instead of jobs.")
@click.option("--tz", metavar="ZONE", help="Its time zone, or the one to print in.")
@click.option("--from", "start", metavar="TIME", help="Strictly after this instead of now.")
@click.option("-n", "count", type=click.IntRange(1, 500), default=None, help="How many, 5.")
@click.pass_context
def next_due(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    expr: str | None,
    tz: str | None,
    start: str | None,
    count: int | None,
    **given: Any,
) -> None:
    """Show the coming instants of jobs, or of an expression, with daylight saving marked.

    Example: cronterm next --expr "30 2 * * *" --tz Europe/Berlin --from 2027-03-27T00:00
    """
    at = desk(context, **given)
    zone = check_zone(tz) if tz else local_zone()
    after = parse_moment(start, zone) if start else SystemClock().now().utc
    if expr is not None:
        if jobs:
            raise click.UsageError("Name jobs, or give --expr.")
        _print_expression(expr, zone, after, count or 5, as_json=at.as_json)
        return
    reply = at.query(ListNext(jobs=jobs, after=after, limit=count or 5))
    assert isinstance(reply, NextDue)
    if at.as_json:
        print_json(
            {job: [_offset(due, zone) for due in instants] for job, instants in reply.next.items()}
        )
        return
    _print_jobs(reply, zone, after)


def _offset(due: Instant, zone: str) -> str:
    return upcoming_at(due, zone).isoformat()


def upcoming_at(due: Instant, zone: str) -> datetime:
    """Return an instant in a zone."""
    return aware(due).astimezone(ZoneInfo(zone))


def _print_expression(expr: str, zone: str, after: Instant, count: int, *, as_json: bool) -> None:
    parsed = parse(expr, timezone=zone, job_id="expression")
    schedule = build(parsed.specs, first_seen_at=after, last_end_at=None)
    found = upcoming(schedule, parsed.specs, timezone=zone, after=after, limit=count)
    if as_json:
        print_json([each.local.isoformat() for each in found])
        return
    say(f"{parsed.text}: {describe(parsed.specs)} ({zone})")
    if not found:
        say("  never")
    for each in found:
        mark = f"  ! {each.mark}" if each.mark else ""
        say(f"  {_shown(each.at, zone)}  {show_until(each.at - after)}{mark}")
    for warning in warnings(parsed.specs):
        say(f"! {warning}")


def _shown(due: Instant, zone: str) -> str:
    return f"{upcoming_at(due, zone):%a %Y-%m-%d %H:%M:%S %z}"


def _print_jobs(reply: NextDue, zone: str, after: Instant) -> None:
    rows = sorted((due, job) for job, instants in reply.next.items() for due in instants)
    offset = upcoming_at(after, zone).utcoffset()
    for due, job in rows:
        before, offset = offset, upcoming_at(due, zone).utcoffset()
        mark = "" if offset == before else "  ! the clock has changed"
        say(f"{_shown(due, zone)}  {show_until(due - after):>6}  {job}{mark}")
    for job, instants in sorted(reply.next.items()):
        if not instants:
            say(f"{'never':37}  {job}")


@click.command()
@common
@click.argument("file_argument", metavar="[FILE]", required=False)
@click.pass_context
def validate(context: click.Context, /, file_argument: str | None, **given: Any) -> None:
    """Check a jobs file and print all its problems. Exits with 65 if there are any.

    Example: cronterm validate jobs.yaml && cronterm up
    """
    if file_argument:
        given["file"] = file_argument
    at = desk(context, **given)
    loaded = load(at.jobs_file, local_timezone=local_zone())
    if at.as_json:
        problems = [
            {
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "path": each.path,
                "message": each.message,
                "hint": each.hint,
            }
            for each in loaded.problems
        ]
        print_json({"ok": not problems, "jobs": len(loaded.jobs), "problems": problems})
    else:
        for each in (*loaded.problems, *loaded.warnings):
            say(str(each))
        if not loaded.problems:
            count = len(loaded.jobs)
            say(f"{at.jobs_file}: ok, {count} job{'' if count == 1 else 's'}")
    if loaded.problems:
        leave(65)
