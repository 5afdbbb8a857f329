"""`next`: the coming instants of jobs, or of an expression."""

from typing import Any

import click

from cronterm.cli.base import JOB_NAME, Desk, common, desk, print_json
from cronterm.cli.plans import Span, ahead_of, print_expression, read_expression, shown, upcoming_at
from cronterm.cli.render import Cell
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.clock import Instant, SystemClock, local_zone
from cronterm.model.job import is_timed
from cronterm.model.query import HeldBack, ListNext, NextDue
from cronterm.model.snapshot import Snapshot
from cronterm.model.starts import starters
from cronterm.schedule.forecast import MOST
from cronterm.schedule.moments import coming_moment
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
        print_expression(found)


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
    listed = [
        *((due, job, "") for due, job in instants),
        *(each for each in held if span.has(each[0])),
    ]
    for due, job, why in sorted(listed):
        before, offset = offset, upcoming_at(due, span.zone).utcoffset()
        mark = "" if offset == before else "! the clock has changed"
        if why:
            mark = f"– {why}"
        rows.append([shown(due, span.zone), f"{ahead_of(due, span.now):>6}", job, mark])
    paused = {job for job, found in reply.held.items() for each in found if each.by_pause}
    idle = [job for job in sorted(coming) if not coming[job] and job not in paused]
    if idle:
        known = at.snapshot()
        rows += [
            ["not until then", "", job, ""] if reply.next[job] else _without(job, known, span)
            for job in idle
        ]
    return Sheet(
        content={job: [_offset(due, span.zone) for due in found] for job, found in coming.items()},
        records=[{"at": _offset(due, span.zone), "job": job} for due, job in instants],
        head=("WHEN", "IN", "JOB", ""),
        rows=rows,
        has_titles=False,
        empty="no jobs",
    )


def _without(job: str, known: Snapshot, span: Span) -> list[Cell]:
    """Return the row of a job that is not due by its schedule: what starts it, or why nothing."""
    view, never = known.jobs.get(job), "never" if span.until is None else "not until then"
    if view is None:  # it left the file meanwhile
        return [never, "", job, ""]
    if not view.job.enabled:
        return [never, "", job, "– disabled in the file (enabled: false)"]
    by = "; ".join(starters(view.job, known.jobs))
    if is_timed(view.job):
        return [never, "", job, f"starts {by}" if by else ""]
    return ["no time", "", job, f"starts {by}"] if by else ["by hand", "", job, ""]


def _kept_back(each: HeldBack, zone: str) -> str:
    until = f" until {shown(each.until, zone)}" if each.until is not None else ""
    return f"kept back: {each.why}{until}"


def _offset(due: Instant, zone: str) -> str:
    return upcoming_at(due, zone).isoformat()
