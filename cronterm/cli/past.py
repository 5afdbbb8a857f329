"""Commands about what was: history, why."""

from typing import Any

import click

from cronterm.cli.base import common, desk, print_json, say
from cronterm.cli.render import COLORS, GLYPHS, Cell, show_duration, show_time, table
from cronterm.clock import Instant, local_zone, rfc3339
from cronterm.model.query import Decisions, ListRuns, ReadDecisions, Runs
from cronterm.model.run import RunRow
from cronterm.sanitize import sanitize_line
from cronterm.schedule.parse import parse_moment

SHOWN_ROWS = 30
GATES = ("dependency", "condition")  # reasons whose message says what was not met


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
    if job and not runs.rows:
        at.query(ReadDecisions(job=job, limit=1))  # raises for a job that does not exist
    if at.as_json:
        for row in runs.rows:
            print_json(row_as_json(row))
        return
    if not runs.rows:
        say(f"{job} has not run yet" if job else "nothing has run yet")
        return
    rows = [_row(row) for row in runs.rows]
    head = ("RUN", "JOB", "CAUSE", "WHEN", "TOOK", "OUTCOME", "TRY")
    for line in table(head, rows, colors=at.colors):
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
    if row.reason in GATES and row.message:
        content["message"] = row.message
    if row.params:
        content["params"] = row.params
    if row.cause == "signal":
        content["event"] = row.by
    if row.upstream_run is not None:
        content |= {"upstream_job": row.by, "upstream_run_id": row.upstream_run}
    if row.run is None:
        content["count"] = row.count
        if row.scheduled_until is not None:
            content["scheduled_until"] = _time(row.scheduled_until)
    return content


def _time(at: Instant | None) -> str | None:
    return None if at is None else rfc3339(at)


def _row(row: RunRow) -> list[Cell]:
    took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
    how = f"{GLYPHS[row.outcome]} {row.outcome}" if row.outcome is not None else "► open"
    if row.reason == "exit":
        how += f" exit {row.exit_code}"
    elif row.reason == "signal":
        how += f" signal {row.signal}"
    elif row.reason:
        how += f" {row.reason}"
    if row.reason in GATES and row.message:
        how += f": {sanitize_line(row.message)}"
    how += f" ×{row.count}" if row.count > 1 else ""
    how += "".join(f" {name}={sanitize_line(value)}" for name, value in row.params.items())
    return [
        str(row.run) if row.run is not None else "–",
        row.job,
        row.cause if row.upstream_run is None else f"{row.by} {row.upstream_run}",
        show_time(row.started_at or row.scheduled_at or row.queued_at),
        show_duration(took),
        (how, COLORS.get(row.outcome or "running")),
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
                    "cause": decision.cause,
                    "event": decision.by,
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
        say(sanitize_line(sentence))
