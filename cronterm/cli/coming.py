"""`next`: the coming instants of jobs, or of an expression."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import click

from cronterm.cli.base import JOB_NAME, Desk, common, desk, print_json
from cronterm.cli.plans import Span, ahead_of, print_expression, read_expression, shown, upcoming_at
from cronterm.cli.render import Cell
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.clock import Instant, SystemClock, local_zone
from cronterm.model.job import is_timed, zone_of
from cronterm.model.query import HeldBack, ListNext, NextDue
from cronterm.model.snapshot import Snapshot
from cronterm.model.starts import starters
from cronterm.readable import clock_in
from cronterm.schedule.forecast import MOST
from cronterm.schedule.moments import coming_moment
from cronterm.schedule.zone import check_zone

MOST_AT_ONCE = 10
"""Of all jobs together."""
FEW = 3
"""Jobs of which there is nothing to say."""


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
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 500),
    help="How many: of all jobs, 10; of each named one, 5.",
)
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
    """Show what comes next of all jobs, or of those named, or of an expression.

    Daylight saving is marked, and what a calendar, a pause or a skip keeps back. --json has what
    will run only: so many of each job, as `{"backup": ["2027-01-15T02:30:00+01:00"]}`.

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
        most = None if jobs else count or (None if until else MOST_AT_ONCE)
        present(at, lambda one: _jobs_sheet(one, jobs, span, most))
        return
    if jobs:
        raise click.UsageError("Name jobs, or give --expr.")
    found = read_expression(expr, span)
    if at.as_json:
        print_json([each.local.isoformat() for each in found.coming])
    else:
        print_expression(found)


class Row(NamedTuple):
    """A line of the list; `due` is None below all times."""

    due: Instant | None
    job: str
    note: str = ""
    when: str = ""
    is_run: bool = False
    """It is one of the instants that were asked for."""
    place: int = 0
    """Below them: 1 to 3 are of later ones, then come those without a time."""


def _jobs_sheet(at: Desk, jobs: tuple[str, ...], span: Span, most: int | None) -> Sheet:
    """Return what comes of `jobs`, or of all of them the first `most`."""
    limit = max(span.count, most or 0)
    reply = at.query(ListNext(jobs=jobs, after=span.after, limit=limit))
    assert isinstance(reply, NextDue)
    # What is said beside times is for people: no program waits for it.
    known = at.snapshot() if at.printed_as in ("table", "wide") else Snapshot()
    found = {job: [due for due in each if span.has(due)] for job, each in reply.next.items()}
    coming = {job: each[: span.count] for job, each in found.items()}
    if jobs:
        runs, rest = sorted((due, job) for job, each in coming.items() for due in each), []
    else:
        runs = sorted((due, job) for job, each in found.items() for due in each)[:most]
        told = {job for _, job in runs}
        rest = sorted((each[0], job) for job, each in found.items() if each and job not in told)
    held = [
        Row(each.at, job, f"– {_kept_back(each, span.zone)}")
        for job, each_held in reply.held.items()
        for each in each_held
        if span.has(each.at) and not (rest and each.at > runs[-1][0])
    ]
    timed = [Row(due, job, _own_clock(due, job, known, span), is_run=True) for due, job in runs]
    rows = [*timed, *(held if jobs else _folded(held, span))]
    rows.sort(key=lambda row: (row.due or 0, row.job))
    paused = {job for job, each in reply.held.items() if any(one.by_pause for one in each)}
    idle = [job for job in sorted(found) if not found[job] and job not in paused]
    below = [
        Row(None, job, when="not until then") if reply.next[job] else _without(job, known, span)
        for job in idle
    ]
    below = [row._replace(place=4) for row in (below if jobs else _gathered(below))]
    rows += [*_later(rest, known, span, len(runs)), *below]
    return Sheet(
        content={job: [_offset(due, span.zone) for due in each] for job, each in coming.items()},
        records=[
            {"at": _offset(row.due, span.zone), "job": row.job} if row.is_run and row.due else {}
            for row in rows
        ],
        head=(f"WHEN, {span.zone}", "IN", "JOB", ""),
        rows=list(_cells(rows, span)),
        order=[(row.place, row.due or 0, row.job) for row in rows],
        empty="no jobs",
    )


def _later(
    rest: Sequence[tuple[Instant, str]], known: Snapshot, span: Span, most: int
) -> Iterator[Row]:
    """Yield when the jobs come first that are not among the first instants, `most` of them."""
    if rest:
        yield Row(None, "", when="later, the first of each:", place=1)
    for due, job in rest[:most]:
        yield Row(due, job, _own_clock(due, job, known, span), place=2)
    if len(rest) > most:
        text = f"{len(rest) - most} more job{'s' * (len(rest) - most > 1)}"
        yield Row(None, text, "(-n 50 shows more)", "still later", place=3)


def _cells(rows: Sequence[Row], span: Span) -> Iterator[list[Cell]]:
    offset = upcoming_at(span.after, span.zone).utcoffset()
    for row in rows:
        if row.due is None:
            yield [row.when, "", row.job, row.note]
            continue
        before, offset = offset, upcoming_at(row.due, span.zone).utcoffset()
        has_moved = (row.is_run or row.place == 2) and offset != before
        mark = "! the clock has changed" if has_moved else ""
        note = "  ".join(part for part in (mark, row.note) if part)
        yield [shown(row.due, span.zone), f"{ahead_of(row.due, span.now):>6}", row.job, note]


def _own_clock(due: Instant, job: str, known: Snapshot, span: Span) -> str:
    """Return what the clock of a job shows, where that is another time; or of reports, that."""
    view = known.jobs.get(job)
    if view is None:
        return ""
    clock = clock_in(due, zone_of(view.job), span.zone)
    report = "a report is expected" if view.job.is_monitor else ""
    return ", ".join(part for part in (report, clock) if part)


def _folded(held: Sequence[Row], span: Span) -> Iterator[Row]:
    """Yield one row for what is kept back of a job for the same reason."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for row in held:
        rows.setdefault((row.job, row.note), []).append(row)
    for each in rows.values():
        last = each[-1].due
        until = f"{upcoming_at(last, span.zone):%a %H:%M}" if last is not None else ""
        more = f" (and {len(each) - 1} more until {until})" if len(each) > 1 else ""
        yield each[0]._replace(note=f"{each[0].note}{more}")


def _gathered(rows: Sequence[Row]) -> Iterator[Row]:
    """Yield rows, of many with nothing to say of them one with their names."""
    bare: dict[str, list[Row]] = {}
    for row in rows:
        if row.note:
            yield row
        else:
            bare.setdefault(row.when, []).append(row)
    for when, each in bare.items():
        if len(each) <= FEW:
            yield from each
        else:
            yield Row(None, f"{len(each)} jobs", ", ".join(row.job for row in each), when)


def _without(job: str, known: Snapshot, span: Span) -> Row:
    """Return the row of a job that is not due by its schedule: what starts it, or why nothing."""
    view, never = known.jobs.get(job), "never" if span.until is None else "not until then"
    if view is None:  # it left the file meanwhile
        return Row(None, job, when=never)
    if not view.job.enabled:
        return Row(None, job, "– disabled in the file (enabled: false)", never)
    by = "; ".join(starters(view.job, known.jobs))
    if is_timed(view.job):
        return Row(None, job, f"starts {by}" if by else "", never)
    return Row(None, job, f"starts {by}", "no time") if by else Row(None, job, when="by hand")


def _kept_back(each: HeldBack, zone: str) -> str:
    until = f" until {shown(each.until, zone)}" if each.until is not None else ""
    return f"kept back: {each.why}{until}"


def _offset(due: Instant, zone: str) -> str:
    return upcoming_at(due, zone).isoformat()
