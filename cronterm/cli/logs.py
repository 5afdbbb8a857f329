"""`logs`: what jobs printed, and what they print."""

import contextlib
import json
import re
import shlex
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import click

from cronterm.cli.base import JOB_NAME, Desk, common_but_f, desk, leave, say
from cronterm.cli.following import Marks, follow_runs
from cronterm.cli.output import (
    Gapless,
    Line,
    LinePrinter,
    Lines,
    Piece,
    RawPrinter,
    Wants,
    read_from,
    read_tail,
    wants,
)
from cronterm.cli.render import describe_end, show_time
from cronterm.cli.runs import read_row
from cronterm.cli.sheet import ask_hosts
from cronterm.clock import Instant, SystemClock
from cronterm.control import Message
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.query import ListRuns, ReadDecisions, ReadRun, RunDetail, Runs
from cronterm.model.run import FAILED, Outcome, RunRow
from cronterm.schedule.moments import past_moment

MOST_RUNS = 1000
RECENT_RUNS = 20  # whose lines are laid over each other when no job is named
RECENT_LINES = 100

Stream = Generator[Message, None, None]


@click.command()
@common_but_f
@click.argument("what", type=JOB_NAME, metavar="[JOB|RUN]...", nargs=-1)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("-n", "lines", type=click.IntRange(0), help="At most that many lines, the last ones.")
@click.option("--stderr", is_flag=True, help="Only stderr.")
@click.option("--since", metavar="TIME", help="All runs since then: 2h ago, or a time.")
@click.option("--failed", is_flag=True, help="Only of runs that failed.")
@click.option("--grep", metavar="RE", help="Only lines in which this regular expression is found.")
@click.pass_context
def logs(
    context: click.Context,
    /,
    what: tuple[str, ...],
    follow: bool,
    lines: int | None,
    stderr: bool,
    since: str | None,
    failed: bool,
    grep: str | None,
    **given: Any,
) -> None:
    """Print the output of a run, of a job's last run, or of several jobs with their names.

    After `logs`, -f is --follow (`cronterm follow` is the same); name the file before it:
    cronterm -f jobs.yaml logs -f. Following a run ends with the run. --json prints one object a
    line. With several hosts their lines are laid between each other, also those that come. When
    runs that are followed begin and end is said on stderr; not with -q, --json and --grep.

    Example: cronterm logs backup --since 2d --grep "error|warning"
    """
    if follow and what and Path(what[0]).is_file():
        words = shlex.join(["cronterm", "-f", what[0], "logs", "-f", *what[1:]])
        raise click.UsageError(f"After logs, -f is --follow: {words}")
    at = desk(context, **given)
    wanted = Wanted(
        lines=lines,
        since=past_moment(since, SystemClock().now().utc) if since else None,
        outcomes=FAILED if failed else (),
        pattern=_pattern(grep) if grep else None,
    )
    if len(at.hosts) > 1:
        print_of_hosts(at, what, wanted, follow=follow, stderr_only=stderr)
        return
    with contextlib.ExitStack() as stack:
        messages = None
        if follow:  # before the past is read: nothing is lost between the two
            messages = stack.enter_context(contextlib.closing(at.client.stream()))
            next(messages, None)
        if len(what) == 1 and not (wanted.is_narrow or at.as_json):
            _print_one(at, what[0], wanted, messages, stderr_only=stderr)
            return
        printer = LinePrinter(
            colors=at.colors,
            stderr_only=stderr,
            keep=wanted.has,
            form="json" if at.as_json else "bare" if len(what) == 1 else "prefixed",
        )
        _print_many(at, what, wanted, printer, messages)


@dataclass(frozen=True)
class Wanted:
    """Which lines are wanted of which runs."""

    lines: int | None = None
    since: Instant | None = None
    outcomes: tuple[Outcome, ...] = ()
    pattern: "re.Pattern[str] | None" = None

    @property
    def is_narrow(self) -> bool:
        """Whether lines are looked at one by one."""
        return self.since is not None or self.pattern is not None

    @property
    def most(self) -> int | None:
        """How many of the last lines there may be; None is all."""
        return RECENT_LINES if self.lines is None and not self.is_narrow else self.lines

    def last(self, lines: list[Line]) -> list[Line]:
        """Return those of `lines`, by time, that are not too many."""
        most = self.most
        return lines if most is None else lines[-most:] if most else []

    def has(self, line: Line) -> bool:
        """Tell whether a line is wanted."""
        if self.since is not None and line.at < self.since:
            return False
        return self.pattern is None or self.pattern.search(line.text) is not None


def _pattern(text: str) -> "re.Pattern[str]":
    try:
        return re.compile(text)
    except re.error as error:
        raise click.UsageError(f"{text!r} is no regular expression: {error}.") from None


def _print_one(
    at: Desk, what: str, wanted: Wanted, messages: Stream | None, *, stderr_only: bool
) -> None:
    row = _last_run(at, what, wanted.outcomes)
    printer = RawPrinter(stderr_only=stderr_only, times=_wants_times(at, row))
    gapless = Gapless(at, first_new_run=_number(row) + 1)
    if row is not None:
        if wanted.outcomes and not at.is_quiet and not what.isdigit():
            began = row.started_at if row.started_at is not None else row.queued_at
            say(f"run {row.run} of {row.job}, {show_time(began)}: {describe_end(row)}", err=True)
        printer.show(_past(at, row, wanted.lines, gapless, printer.wants))
    elif messages is None:
        _say_no_run(at, (what,), wanted)
    marks = Marks(colors=at.colors, is_silent=at.is_quiet)

    def is_it(job: str, run: int) -> bool:
        return what in (str(run), job)

    if messages is not None and what.isdigit():
        if row is not None and row.outcome is None:
            marks.meet(row)
            follow_runs(messages, is_it, gapless, printer, marks, until=int(what))
    elif messages is not None:
        if row is not None and row.outcome is None:
            marks.meet(row)
        elif not at.is_quiet:
            say(f"{what} is not running: waiting for its next run (^C ends this)", err=True)
        follow_runs(messages, is_it, gapless, printer, marks)
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


def _last_run(at: Desk, what: str, outcomes: tuple[Outcome, ...]) -> RunRow | None:
    """Return a run by its number, or the last run of a job. Raises for what is not there."""
    if what.isdigit():
        return read_row(at, int(what))
    rows = _runs(at, what, 1, Wanted(outcomes=outcomes))
    return rows[-1] if rows else None


def _runs(at: Desk, job: str, limit: int, wanted: Wanted) -> tuple[RunRow, ...]:
    """Return the last runs of a job, or of all, or one run by its number.

    Raises for a job and a run that do not exist.
    """
    if job.isdigit():
        return (read_row(at, int(job)),)
    query = ListRuns(
        job=job, decisions=False, limit=limit, since=wanted.since, outcomes=wanted.outcomes
    )
    runs = at.query(query)
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
    at: Desk, jobs: Sequence[str], wanted: Wanted, printer: LinePrinter, messages: Stream | None
) -> None:
    past = _read_past(at, jobs, wanted, printer.wants)
    printer.print(wanted.last(past.lines))
    if messages is None and not past.rows:
        _say_no_run(at, jobs, wanted)
    only = int(jobs[0]) if len(jobs) == 1 and jobs[0].isdigit() else None
    if messages is None or (only is not None and past.rows[0].outcome is not None):
        return

    def is_wanted(job: str, run: int) -> bool:
        return not jobs or job in jobs or str(run) in jobs

    is_silent = at.is_quiet or at.as_json or wanted.pattern is not None
    marks = Marks(colors=at.colors, is_silent=is_silent)
    for row in past.rows:
        if row.outcome is None:
            marks.meet(row)
    if not past.rows and not marks.is_silent:
        say("nothing has run yet: waiting for what comes (^C ends this)", err=True)
    follow_runs(messages, is_wanted, past.gapless, printer, marks, until=only)


def _say_no_run(at: Desk, jobs: Sequence[str], wanted: Wanted) -> None:
    """Say that no run is of the kind that is wanted, and which one failed before it succeeded."""
    if at.is_quiet:
        return
    if not wanted.outcomes:
        who = "none of them has" if jobs else "nothing has"
        who = f"{jobs[0]} has not" if len(jobs) == 1 else who
        say(f"{who} run {'yet' if wanted.since is None else 'since then'}", err=True)
        return
    every = replace(wanted, outcomes=())
    rows = [row for job in jobs or ("",) for row in _runs(at, job, RECENT_RUNS, every)]
    row = max((row for row in rows if row.attempt > 1), key=_number, default=None)
    tries = f"; run {row.run} needed {row.attempt} tries" if row is not None else ""
    named = f" of {', '.join(jobs)}" if jobs else ""
    say(f"no run{named} failed{tries}", err=True)


@dataclass(frozen=True)
class Past:
    """What was printed by now, and how far."""

    rows: list[RunRow]
    lines: list[Line]
    """By time; more than are wanted."""
    gapless: Gapless


def _read_past(at: Desk, jobs: Sequence[str], wanted: Wanted, wants: Wants) -> Past:
    limit = RECENT_RUNS if wanted.since is None else MOST_RUNS
    rows = [row for job in jobs or ("",) for row in _runs(at, job, limit, wanted)]
    if len(jobs) == 1 and wanted.since is None:
        rows = rows[-1:]
    gapless = Gapless(at, first_new_run=max(map(_number, rows), default=0) + 1)
    found: list[Line] = []
    for row in rows:
        put_together = Lines()
        for each in _past(at, row, None if wanted.is_narrow else wanted.most, gapless, wants):
            found += filter(wanted.has, put_together.take(each))
        found += filter(wanted.has, put_together.rest())
    return Past(rows, sorted(found, key=lambda line: line.at), gapless)


# -- several machines ----------------------------------------------------------------------------


def print_of_hosts(
    at: Desk, jobs: Sequence[str], wanted: Wanted, *, follow: bool, stderr_only: bool
) -> None:
    """Print lines of several hosts by their times, then as they come.

    A host that leaves is said, the others go on; then the program ends with its status.
    """
    if any(job.isdigit() for job in jobs):
        raise click.UsageError("Numbers of runs are those of one host; name jobs, or one host.")

    def printer(host: str = "") -> LinePrinter:
        form: Literal["json", "prefixed"] = "json" if at.as_json else "prefixed"
        return LinePrinter(
            colors=at.colors, stderr_only=stderr_only, keep=wanted.has, form=form, host=host
        )

    def look(one: Desk) -> tuple[Stream | None, Past]:
        messages = one.client.stream() if follow else None
        if messages is not None:
            next(messages, None)
        return messages, _read_past(one, jobs, wanted, wants(stderr_only=stderr_only))

    answers = ask_hosts(at, look)
    found = {host: each for host, each in answers.items() if not isinstance(each, CrontermError)}
    missing = {host: each for host, each in answers.items() if isinstance(each, CrontermError)}
    for host, error in missing.items():
        _say_gone(host, error)
    past = [replace(line, host=host) for host, (_, p) in found.items() for line in p.lines]
    printer().print(wanted.last(sorted(past, key=lambda line: line.at)))
    if follow:
        _follow_hosts(at, found, jobs, printer)
    codes = [each.exit_code for each in missing.values()] + [NoEngine.exit_code] * follow
    if codes:
        leave(max(codes))


def _follow_hosts(
    at: Desk,
    found: Mapping[str, tuple[Stream | None, Past]],
    jobs: Sequence[str],
    make_printer: Callable[[str], LinePrinter],
) -> None:
    """Print what comes from each host until all of them have left."""
    is_over = threading.Event()

    def work(host: str, messages: Stream, past: Past) -> None:
        try:
            with contextlib.closing(messages):
                marks = Marks(colors=at.colors, is_silent=at.is_quiet or at.as_json, host=host)
                follow_runs(
                    messages,
                    lambda job, run: not jobs or job in jobs,
                    past.gapless,
                    make_printer(host),
                    marks,
                )
        except CrontermError as error:
            if not is_over.is_set():
                _say_gone(host, error)

    threads = [
        threading.Thread(target=work, args=(host, messages, past), name=host, daemon=True)
        for host, (messages, past) in found.items()
        if messages is not None
    ]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        is_over.set()  # what is closed now leaves because we do


def _say_gone(host: str, error: CrontermError) -> None:
    what = "gone: " if isinstance(error, NoEngine) else ""
    say(f"{host}: {what}{str(error).removeprefix(f'{host}: ')}", err=True)
