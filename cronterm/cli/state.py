"""`status`: one screen of text, or all of it as JSON."""

from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, leave, print_json
from cronterm.cli.render import COLORS, GLYPHS, show_age, show_duration, show_time, table
from cronterm.clock import SystemClock, rfc3339
from cronterm.model.snapshot import JobView, PastRun, Snapshot


@click.command()
@common
@click.option("--check", is_flag=True, help="Exit with 3 if a job is failing.")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.pass_context
def status(context: click.Context, /, jobs: tuple[str, ...], check: bool, **given: Any) -> None:
    """Show the engine and its jobs.

    Exits with 0 when an engine answers and with 69 when none does.

    Example: cronterm status --json | jq .engine.pid
    """
    at = desk(context, **given)
    snapshot = at.client.snapshot()
    views = _chosen(snapshot, jobs)
    if at.as_json:
        print_json(_as_json(snapshot, views))
    else:
        _print(at, snapshot, views)
    if check and any(view.totals.failed_in_a_row for view in views):
        leave(3)


def _chosen(snapshot: Snapshot, jobs: tuple[str, ...]) -> list[JobView]:
    for job in jobs:
        if job not in snapshot.jobs:
            raise click.UsageError(f"There is no job {job!r}.")
    return [snapshot.jobs[job] for job in jobs] if jobs else list(snapshot.jobs.values())


def reason(view: JobView, snapshot: Snapshot) -> str:
    """Say in a few words why the job is as it is; empty when there is nothing to say."""
    for pause, what in ((view.pause, "paused"), (snapshot.all_paused, "everything paused")):
        if pause is not None:
            why = f": {pause.reason}" if pause.reason else ""
            until = f" until {show_time(pause.until)}" if pause.until is not None else ""
            return f"{what} by {pause.by}{until}{why}"
    if not view.job.enabled:
        return "enabled: false in the file"
    last = view.recent[-1] if view.recent else None
    return describe_end(last) if last is not None and last.outcome != "succeeded" else ""


def describe_end(past: PastRun) -> str:
    """Return `failed: exit 3`, `skipped: overlap`, `timed_out`."""
    if past.reason == "exit":
        return f"{past.outcome}: exit {past.exit_code}"
    if past.reason == "signal":
        return f"{past.outcome}: signal {past.signal}"
    return f"{past.outcome}: {past.reason}" if past.reason else past.outcome


def _as_json(snapshot: Snapshot, views: list[JobView]) -> dict[str, Any]:
    engine = snapshot.engine
    return {
        "engine": {
            "pid": engine.pid,
            "version": engine.version,
            "started_at": rfc3339(engine.started_at),
            "state": engine.state,
            "trouble": engine.trouble,
            "jobs_file": engine.jobs_file,
            "problems": [str(problem) for problem in snapshot.problems],
        },
        "jobs": {
            view.job.id: {
                "state": view.state if snapshot.all_paused is None else _paused(view),
                "reason": reason(view, snapshot),
                "next_at": _time(view.next_at),
                "running": sorted(view.live),
                "last_run": _past(view.last),
            }
            for view in views
        },
    }


def _paused(view: JobView) -> str:
    return "paused" if view.state == "idle" else view.state


def _past(past: PastRun | None) -> dict[str, Any] | None:
    if past is None:
        return None
    return {
        "run_id": past.run,
        "outcome": past.outcome,
        "reason": past.reason,
        "started_at": _time(past.started_at),
        "ended_at": _time(past.ended_at),
        "exit_code": past.exit_code,
        "signal": past.signal,
    }


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _print(at: Desk, snapshot: Snapshot, views: list[JobView]) -> None:
    now = SystemClock().now().utc
    engine = snapshot.engine
    age = show_age(now - engine.started_at)
    click.echo(f"engine {engine.state}, pid {engine.pid}, version {engine.version}, up {age}")
    for line in (engine.trouble, *map(str, snapshot.problems)):
        if line:
            click.echo(click.style(line, fg="red") if at.colors else line)
    if not views:
        click.echo(f"no jobs in {engine.jobs_file}")
        return
    rows = []
    for view in views:
        last = view.last
        rows.append(
            [
                view.job.id,
                view.state if snapshot.all_paused is None else _paused(view),
                f"{GLYPHS[last.outcome]} {last.outcome}" if last is not None else "·",
                show_duration(last.duration) if last is not None else "",
                show_time(view.next_at),
                reason(view, snapshot),
            ]
        )
    head, *lines = table(["JOB", "STATE", "LAST", "TOOK", "NEXT", "REASON"], rows)
    click.echo(head)
    for line, view in zip(lines, views, strict=True):
        color = COLORS.get(view.last.outcome) if view.last is not None else None
        click.echo(click.style(line, fg=color) if at.colors and color == "red" else line)
