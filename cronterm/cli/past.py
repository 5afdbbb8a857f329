"""Commands about what was: history, logs, why."""

import sys
from collections.abc import Iterator
from typing import Any

import click

from cronterm.cli.base import Desk, common, common_but_f, desk, print_json
from cronterm.cli.render import GLYPHS, local, show_duration, show_time, table
from cronterm.clock import Instant, local_zone, rfc3339
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.model.query import (
    Decisions,
    ListRuns,
    OutputChunk,
    OutputPart,
    ReadDecisions,
    ReadOutput,
    Runs,
)
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize, sanitize_line
from cronterm.schedule.parse import parse_moment

SHOWN_ROWS = 30
RECENT_RUNS = 20
PART_BYTES = 1 << 20


@click.command()
@common
@click.argument("job", required=False)
@click.option("-n", "limit", type=click.IntRange(1), help="At most that many, the newest.")
@click.pass_context
def history(context: click.Context, /, job: str | None, limit: int | None, **given: Any) -> None:
    """List runs and decisions, oldest first. --json prints one object a line, all that match.

    Example: cronterm history backup --json | jq 'select(.outcome == "failed")'
    """
    at = desk(context, **given)
    if limit is None and not at.as_json:
        limit = SHOWN_ROWS
    runs = at.query(ListRuns(job=job or "", limit=limit))
    assert isinstance(runs, Runs)
    if at.as_json:
        for row in runs.rows:
            print_json(row_as_json(row))
        return
    if not runs.rows:
        click.echo("nothing has run yet" if not job else f"nothing is known of {job}")
        return
    rows = [_row(row) for row in runs.rows]
    head = ["RUN", "JOB", "CAUSE", "WHEN", "TOOK", "OUTCOME", "TRY"]
    for line in table(head, rows):
        click.echo(line)


def row_as_json(row: RunRow) -> dict[str, Any]:
    """Return a line of the history in the words of CONTRACTS 5."""
    content: dict[str, Any] = {
        "run_id": row.run,
        "job": row.job,
        "cause": row.cause,
        "scheduled_at": _time(row.scheduled_at),
        "started_at": _time(row.started_at),
        "ended_at": _time(row.ended_at),
        "outcome": row.outcome,
        "reason": row.reason,
        "exit_code": row.exit_code,
        "signal": row.signal,
        "attempt": row.attempt,
        "attempts": row.attempts,
        "cpu_s": None if row.cpu_us is None else row.cpu_us / 1e6,
        "max_rss_bytes": row.max_rss_bytes,
        "output_bytes": row.output_bytes,
    }
    if row.run is None:
        content["count"] = row.count
        if row.scheduled_until is not None:
            content["scheduled_until"] = _time(row.scheduled_until)
    if row.message:
        content["message"] = row.message
    return content


def _time(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)


def _row(row: RunRow) -> list[str]:
    took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
    how = f"{GLYPHS[row.outcome]} {row.outcome}" if row.outcome is not None else "► open"
    if row.reason == "exit":
        how += f" exit {row.exit_code}"
    elif row.reason == "signal":
        how += f" signal {row.signal}"
    elif row.reason:
        how += f" {row.reason}"
    how += f" ×{row.count}" if row.count > 1 else ""
    return [
        str(row.run) if row.run is not None else "–",
        row.job,
        row.cause,
        show_time(row.started_at or row.scheduled_at or row.queued_at),
        show_duration(took),
        how,
        f"{row.attempt}/{row.attempts}" if row.attempts > 1 else "",
    ]


@click.command()
@common
@click.argument("job")
@click.option("--at", "moment", metavar="TIME", help="Only what was decided about this instant.")
@click.option("-n", "limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.pass_context
def why(context: click.Context, /, job: str, moment: str | None, limit: int, **given: Any) -> None:
    """Say why a job ran or did not, from the recorded decisions.

    Example: cronterm why backup --at 2026-11-21T02:30
    """
    at = desk(context, **given)
    instant = parse_moment(moment, local_zone()) if moment else None
    reply = at.query(ReadDecisions(job=job, at=instant, limit=limit))
    assert isinstance(reply, Decisions)
    if at.as_json:
        for decision in reply.decisions:
            print_json(
                {
                    "job": decision.job,
                    "scheduled_at": rfc3339(decision.due_at),
                    "scheduled_until": _time(decision.until),
                    "count": decision.count,
                    "decided_at": rfc3339(decision.decided_at),
                    "run_id": decision.run,
                    "outcome": decision.outcome,
                    "reason": decision.reason,
                    "message": decision.message,
                }
            )
        return
    for sentence in reply.sentences:
        click.echo(sanitize_line(sentence))


# -- logs ----------------------------------------------------------------------------------------


@click.command()
@common_but_f
@click.argument("what", metavar="[JOB|RUN]", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes.")
@click.option("-n", "lines", type=click.IntRange(0), help="At most that many lines, the last ones.")
@click.option("--stderr", is_flag=True, help="Only stderr.")
@click.pass_context
def logs(
    context: click.Context,
    /,
    what: str | None,
    follow: bool,
    lines: int | None,
    stderr: bool,
    **given: Any,
) -> None:
    """Print the output of a run, of a job's last run, or of all jobs with their names before it.

    After `logs`, -f is --follow; name the file before it: cronterm -f jobs.yaml logs -f.

    Example: cronterm logs backup -n 20
    """
    at = desk(context, **given)
    if what is not None and what.isdigit():
        _print_run(at, int(what), lines, stderr)
    elif what is not None:
        row = _last_run(at, what)
        if row is not None and row.run is not None:
            _print_run(at, row.run, lines, stderr)
    else:
        _print_all(at, 100 if lines is None else lines, stderr)
    if follow:
        _follow(at, what, stderr)


def _last_run(at: Desk, job: str) -> RunRow | None:
    runs = at.query(ListRuns(job=job, decisions=False, limit=1))
    assert isinstance(runs, Runs)
    if not runs.rows:
        at.query(ReadDecisions(job=job, limit=1))  # raises for a job that does not exist
        return None
    return runs.rows[-1]


def _chunks(at: Desk, run: int) -> Iterator[OutputChunk]:
    """Yield the whole output of a run's last attempt."""
    offset = 0
    while True:
        part = at.query(ReadOutput(run=run, offset=offset, max_bytes=PART_BYTES))
        assert isinstance(part, OutputPart)
        yield from part.chunks
        if not part.chunks or part.next_offset >= part.end_offset:
            return
        offset = part.next_offset


def _print_run(at: Desk, run: int, lines: int | None, stderr: bool) -> None:
    chunks = (chunk for chunk in _chunks(at, run) if not stderr or chunk.stream == "err")
    if lines is None:
        for chunk in chunks:
            _write(chunk.data)
        return
    kept = b"".join(chunk.data for chunk in chunks).splitlines(keepends=True)
    _write(b"".join(kept[len(kept) - lines :] if lines else []))


def _print_all(at: Desk, lines: int, stderr: bool) -> None:
    runs = at.query(ListRuns(decisions=False, limit=RECENT_RUNS))
    assert isinstance(runs, Runs)
    found: list[tuple[Instant, str, str]] = []
    for row in runs.rows:
        if row.run is None:
            continue
        part = at.query(ReadOutput(run=row.run))
        assert isinstance(part, OutputPart)
        for chunk in part.chunks:
            if not stderr or chunk.stream == "err":
                text = chunk.data.decode("utf-8", "replace")
                found += [(chunk.at, row.job, line) for line in text.splitlines()]
    found.sort(key=lambda each: each[0])
    for moment, job, line in found[len(found) - lines :] if lines else []:
        _print_line(at, moment, job, line)


def _print_line(at: Desk, moment: Instant, job: str, line: str) -> None:
    prefix = f"{local(moment):%H:%M:%S} {job}"
    shown = click.style(prefix, fg="blue") if at.colors else prefix
    click.echo(f"{shown} │ {sanitize_line(line)}")


def _follow(at: Desk, what: str | None, stderr: bool) -> None:
    for message in at.client.stream():
        if not isinstance(message, Output) or (stderr and message.stream != "err"):
            continue
        if what is not None and what not in (message.job, str(message.run)):
            continue
        if what is not None:
            _write(message.data)
            continue
        for line in message.data.decode("utf-8", "replace").splitlines():
            _print_line(at, message.at, message.job, line)
    raise CrontermError("the engine left")


def _write(content: bytes) -> None:
    if sys.stdout.isatty():
        sys.stdout.write(sanitize(content.decode("utf-8", "replace")))
    else:
        sys.stdout.buffer.write(content)
    sys.stdout.flush()
