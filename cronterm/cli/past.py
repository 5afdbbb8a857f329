"""Commands about what was: history, why."""

import json
from typing import Any, get_args

import click

from cronterm.cli.base import JOB_NAME, Desk, common, desk, print_json, say
from cronterm.cli.output import read_part
from cronterm.cli.render import (
    COLORS,
    GLYPHS,
    Cell,
    describe_end,
    show_duration,
    show_size,
    show_time,
)
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.clock import Instant, SystemClock, rfc3339
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.decision import Decisions
from cronterm.model.query import (
    ListRuns,
    ReadDecisions,
    ReadOutput,
    Runs,
)
from cronterm.model.run import FAILED, Outcome, RunRow
from cronterm.sanitize import sanitize_line
from cronterm.schedule.moments import newest_moment, past_moment

SHOWN_ROWS = 30
MORE = f"the newest {SHOWN_ROWS}: there are more, -n 300 or --last 7d shows them"
LAST_BYTES, LAST_LINES = 2048, 3  # of a failure's output, beside why it failed
TELLING = ("dependency", "condition", "overlap", "queue_full", "user", "paused")
"""Reasons whose message names what was not met, or who was in the way."""

HEAD = ("RUN", "JOB", "CAUSE", "WHEN", "TOOK", "OUTCOME", "TRY", "CPU", "MEMORY", "OUTPUT", "BY")
ONLY_WIDE = frozenset({"CPU", "MEMORY", "OUTPUT", "BY"})


@click.command()
@common
@formatted
@click.argument("job", type=JOB_NAME, required=False)
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1),
    help="At most that many, the newest. A table without one has 30 rows, unless a time is given.",
)
@click.option("--last", metavar="DURATION", help="Of that time until now: 7d, 12h.")
@click.option("--since", metavar="TIME", help="From then on.")
@click.option(
    "--status",
    "outcomes",
    multiple=True,
    type=click.Choice(get_args(Outcome)),
    help="Only these ends; may be repeated.",
)
@click.option(
    "--failed", "has_failed", is_flag=True, help="Only what failed, timed out or was lost."
)
@click.pass_context
def history(
    context: click.Context,
    /,
    job: str | None,
    limit: int | None,
    last: str | None,
    since: str | None,
    outcomes: tuple[Outcome, ...],
    has_failed: bool,
    **given: Any,
) -> None:
    """List runs and decisions, oldest first, in the order they came up. --json prints one object
    a line, all that match.

    A run that had to wait stands where it began to wait, a row of instants at the last of them.

    Example: cronterm history backup --last 7d --failed -o csv
    """
    at = desk(context, **given)
    outcomes = (*outcomes, *FAILED) if has_failed else outcomes
    if last and since:
        raise click.UsageError("--last and --since exclude each other.")
    word = last or since
    is_short = limit is None and at.printed_as in ("table", "wide") and not word
    if is_short:
        limit = SHOWN_ROWS + 1  # one more tells that there are more
    begin = past_moment(word, SystemClock().now().utc) if word else None
    query = ListRuns(job=job or "", limit=limit, since=begin, outcomes=outcomes)
    present(at, lambda one: _sheet(one, query, is_short=is_short))


def _sheet(at: Desk, query: ListRuns, *, is_short: bool) -> Sheet:
    runs = at.query(query)
    assert isinstance(runs, Runs)
    if query.job and not runs.rows:
        at.query(ReadDecisions(job=query.job, limit=1))  # raises for a job that does not exist
    rows = runs.rows[-SHOWN_ROWS:] if is_short else runs.rows
    has_more = len(rows) < len(runs.rows)
    records = [row_as_json(row) for row in rows]
    is_unsure = any(row.outcome is None for row in rows) and not _is_answered(at)
    is_narrowed = query.outcomes or query.since is not None
    nothing = f"{query.job} has not run yet" if query.job else "nothing has run yet"
    return Sheet(
        content=records,
        records=records,
        head=HEAD,
        rows=[row_as_cells(row, is_unsure=is_unsure) for row in rows],
        only_wide=ONLY_WIDE,
        empty="nothing of that kind" if is_narrowed else nothing,
        is_lines=True,
        order=[row.queued_at for row in rows],
        below=(MORE,) if has_more else (),
    )


def _is_answered(at: Desk) -> bool:
    """Tell whether an engine is there: without one nobody knows what became of open runs."""
    try:
        return at.client is not None
    except NoEngine:
        return False


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
    if row.reason in TELLING and row.message:
        content["message"] = row.message
    if row.params:
        content["params"] = row.params
    if row.repeat is not None:
        content["repeats_run_id"] = row.repeat.run
        content["edited"] = list(row.repeat.edited)
    if row.client:
        content["client_info"] = json.loads(row.client)
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


def row_as_cells(row: RunRow, *, is_unsure: bool = False) -> list[Cell]:
    """Return a line of the history in words for people, a cell for each of HEAD."""
    is_open = "► open (no engine)" if is_unsure else "► open"
    took = row.ended_at - row.started_at if row.ended_at and row.started_at else None
    how = f"{GLYPHS[row.outcome]} {describe_end(row)}" if row.outcome is not None else is_open
    if row.reason in TELLING and row.message:
        how += f": {sanitize_line(row.message)}"
    how += f" ×{row.count}" if row.count > 1 else ""
    how += f" {row.repeat.text}" if row.repeat is not None else ""
    how += "".join(f" {name}={sanitize_line(value)}" for name, value in row.params.items())
    return [
        str(row.run) if row.run is not None else "–",
        row.job,
        row.cause.replace("_", " ") if row.upstream_run is None else f"{row.by} {row.upstream_run}",
        _when(row),
        show_duration(took),
        (how, COLORS.get(row.outcome or "running")),
        f"{row.attempt}/{row.attempts}" if row.attempts > 1 else "",
        show_duration(row.cpu_us),
        show_size(row.max_rss_bytes),
        show_size(row.output_bytes),
        row.by,
    ]


def _when(row: RunRow) -> str:
    """Return when it began; of several instants the first and the last, `… 18:14:20–18:40:40`."""
    first, last = row.started_at or row.scheduled_at or row.queued_at, row.scheduled_until
    if last is None or last <= first:
        return show_time(first)
    day, _, time = show_time(last).partition(" ")
    return f"{show_time(first)}–{time if show_time(first).startswith(day) else show_time(last)}"


@click.command()
@common
@click.argument("job", type=JOB_NAME)
@click.option("--at", "moment", metavar="TIME", help="Only what was decided about this instant.")
@click.option("-n", "limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.pass_context
def why(context: click.Context, /, job: str, moment: str | None, limit: int, **given: Any) -> None:
    """Say why a job ran or did not, from the recorded decisions.

    With --json a line for each decision; where there is none, one line with the sentences.

    Example: cronterm why backup --at 02:30
    """
    at = desk(context, **given)
    instant = newest_moment(moment, SystemClock().now().utc) if moment else None
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
        if not reply.decisions:
            print_json({"job": job, "sentences": reply.sentences})
        return
    for sentence in reply.sentences:
        say(sanitize_line(sentence))
    failed = [each.run for each in reply.decisions if each.run and each.outcome in FAILED]
    if failed and (lines := _last_words(at, failed[-1])):
        say(f"Run {failed[-1]} printed last:")
        for line in lines:
            say(f"  {line}")


def _last_words(at: Desk, run: int) -> list[str]:
    """Return what a run printed last; nothing where that is not kept any more."""
    try:
        part = read_part(at, ReadOutput(run=run, max_bytes=LAST_BYTES))
    except CrontermError:
        return []
    text = b"".join(chunk.data for chunk in part.chunks).decode("utf-8", "replace")
    lines = [line for each in text.split("\n") if (line := sanitize_line(each).rstrip())]
    return lines[-LAST_LINES:]
