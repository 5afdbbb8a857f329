"""`logs`: what jobs printed, and what they print."""

import contextlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import click

from cronterm.cli.base import Desk, common_but_f, desk
from cronterm.cli.output import (
    Gapless,
    Line,
    Lines,
    Piece,
    PrefixPrinter,
    RawPrinter,
    Wants,
    read_from,
    read_tail,
)
from cronterm.control import Message, Output
from cronterm.errors import NoEngine
from cronterm.model.event import AttemptEnded, Numbered, RunEnded
from cronterm.model.query import ListRuns, ReadDecisions, ReadRun, RunDetail, Runs
from cronterm.model.run import RunRow

RECENT_RUNS = 20  # whose lines are laid over each other when no job is named
RECENT_LINES = 100

Stream = Generator[Message, None, None]


@click.command()
@common_but_f
@click.argument("what", metavar="[JOB|RUN]...", nargs=-1)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("-n", "lines", type=click.IntRange(0), help="At most that many lines, the last ones.")
@click.option("--stderr", is_flag=True, help="Only stderr.")
@click.pass_context
def logs(
    context: click.Context,
    /,
    what: tuple[str, ...],
    follow: bool,
    lines: int | None,
    stderr: bool,
    **given: Any,
) -> None:
    """Print the output of a run, of a job's last run, or of several jobs with their names.

    After `logs`, -f is --follow; name the file before it: cronterm -f jobs.yaml logs -f. Following
    a run ends with the run.

    Example: cronterm logs backup -n 20
    """
    at = desk(context, **given)
    with contextlib.ExitStack() as stack:
        messages = None
        if follow:  # before the past is read: nothing is lost between the two
            messages = stack.enter_context(contextlib.closing(at.client.stream()))
            next(messages, None)
        if len(what) == 1:
            _print_one(at, what[0], lines, messages, stderr_only=stderr)
        else:
            printer = PrefixPrinter(colors=at.colors, stderr_only=stderr)
            _print_many(at, what, RECENT_LINES if lines is None else lines, printer, messages)


def _print_one(
    at: Desk, what: str, lines: int | None, messages: Stream | None, *, stderr_only: bool
) -> None:
    row = _last_run(at, what)
    printer = RawPrinter(stderr_only=stderr_only, times=_wants_times(at, row))
    gapless = Gapless(at, first_new_run=_number(row) + 1)
    if row is not None:
        printer.show(_past(at, row, lines, gapless, printer.wants))
    if messages is not None and what.isdigit():
        if row is not None and row.outcome is None:
            _follow(messages, lambda job, run: str(run) == what, gapless, printer, until=int(what))
    elif messages is not None:
        _follow(messages, lambda job, run: job == what, gapless, printer)
    printer.flush()


def _wants_times(at: Desk, row: RunRow | None) -> bool:
    """Tell whether the run's definition says `output: {timestamps: true}`."""
    if row is None or row.run is None:
        return False
    detail = at.query(ReadRun(run=row.run))
    assert isinstance(detail, RunDetail)
    return bool(detail.definition) and bool(json.loads(detail.definition).get("output_timestamps"))


def _number(row: RunRow | None) -> int:
    return row.run if row is not None and row.run is not None else 0


def _last_run(at: Desk, what: str) -> RunRow | None:
    """Return a run by its number, or the last run of a job. Raises for what is not there."""
    if what.isdigit():
        detail = at.query(ReadRun(run=int(what)))
        assert isinstance(detail, RunDetail)
        return detail.row
    rows = _runs(at, what, 1)
    return rows[-1] if rows else None


def _runs(at: Desk, job: str, limit: int) -> tuple[RunRow, ...]:
    """Return the last runs of a job, or of all. Raises for a job that does not exist."""
    runs = at.query(ListRuns(job=job, decisions=False, limit=limit))
    assert isinstance(runs, Runs)
    if job and not runs.rows:
        at.query(ReadDecisions(job=job, limit=1))
    return runs.rows


def _past(
    at: Desk, row: RunRow, lines: int | None, gapless: Gapless, wants: Wants
) -> Iterator[Piece]:
    """Yield what a run printed in all its attempts, or the last lines of the last one."""
    run = _number(row)
    gapless.begin(run)
    if lines is None:
        for attempt in range(1, row.attempt + 1):
            for each in read_from(at, run, row.job, attempt, 0):
                gapless.reach(run, attempt, each.offset + len(each.data))
                yield each
    elif row.attempt:
        pieces = read_tail(at, run, row.job, row.attempt, lines)
        if pieces:
            gapless.reach(run, row.attempt, pieces[-1].offset + len(pieces[-1].data))
        yield from last_lines([each for each in pieces if wants(each)], lines)


def last_lines(pieces: Sequence[Piece], lines: int) -> list[Piece]:
    """Return the pieces that hold the last `lines` lines."""
    kept: list[Piece] = []
    left = lines
    for each in reversed(pieces if lines else ()):
        place = len(each.data) - (not kept and each.data.endswith(b"\n"))
        while (found := each.data.rfind(b"\n", 0, place)) >= 0:
            left -= 1
            if not left:
                rest = each.data[found + 1 :]
                kept.append(replace(each, offset=each.offset + found + 1, data=rest))
                return kept[::-1]
            place = found
        kept.append(each)
    return kept[::-1]


def _print_many(
    at: Desk, jobs: Sequence[str], lines: int, printer: PrefixPrinter, messages: Stream | None
) -> None:
    rows = [row for job in jobs or ("",) for row in _runs(at, job, RECENT_RUNS)]
    gapless = Gapless(at, first_new_run=max(map(_number, rows), default=0) + 1)
    found: list[Line] = []
    for row in rows:
        put_together = Lines()
        for each in _past(at, row, lines, gapless, printer.wants):
            found += put_together.take(each)
        found += put_together.rest()
    found.sort(key=lambda line: line.at)
    printer.print(found[-lines:] if lines else ())
    if messages is not None:
        _follow(messages, lambda job, run: not jobs or job in jobs, gapless, printer)


def _follow(
    messages: Iterable[Message],
    is_wanted: Callable[[str, int], bool],
    gapless: Gapless,
    printer: RawPrinter | PrefixPrinter,
    *,
    until: int | None = None,
) -> None:
    """Print what comes, for ever or until a run ends. Raises `NoEngine` when the engine leaves."""
    for message in messages:
        printer.show(gapless.retry())
        match message:
            case Output() if is_wanted(message.job, message.run):
                printer.show(gapless.take(message))
            case Numbered(event=AttemptEnded() as event) if is_wanted(event.job, event.run):
                printer.show(gapless.finish(event.run, event.job, event.attempt))
            case Numbered(event=RunEnded() as event) if event.run == until:
                return
    raise NoEngine("the engine left", "the output goes on in its file; `cronterm logs` reads it")
