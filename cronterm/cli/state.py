"""`status`: one screen of text, or all of it as JSON."""

from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, leave, print_json, say, unknown_job
from cronterm.cli.render import (
    COLORS,
    GLYPHS,
    Cell,
    describe_end,
    show_age,
    show_duration,
    show_time,
    table,
)
from cronterm.clock import Instant, SystemClock, rfc3339
from cronterm.model.alert import ORDER
from cronterm.model.snapshot import JobView, PastRun, Snapshot
from cronterm.model.standing import standing


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
        print_json(_as_json(snapshot, views, SystemClock().now().utc))
    else:
        _print(at, snapshot, views)
    if check and any(_is_failing(view, snapshot) for view in views):
        leave(3)


def _is_failing(view: JobView, snapshot: Snapshot) -> bool:
    is_down = view.job.is_monitor and standing(view, snapshot, 0) == "down"
    return bool(view.totals.failed_in_a_row) or is_down


def _chosen(snapshot: Snapshot, jobs: tuple[str, ...]) -> list[JobView]:
    for job in jobs:
        if job not in snapshot.jobs:
            raise unknown_job(job, snapshot.jobs)
    return [snapshot.jobs[job] for job in jobs] if jobs else list(snapshot.jobs.values())


def reason(view: JobView, snapshot: Snapshot) -> str:
    """Say in a few words why the job is as it is; empty when there is nothing to say."""
    waits_for = view.waits_for(SystemClock().now().utc)
    if waits_for and view.state in ("queued", "retrying"):
        return waits_for
    for pause, what in ((view.pause, "paused"), (snapshot.all_paused, "everything paused")):
        if pause is not None:
            why = f": {pause.reason}" if pause.reason else ""
            until = f" until {show_time(pause.until)}" if pause.until is not None else ""
            return f"{what} by {pause.by}{until}{why}"
    if not view.job.enabled:
        return "enabled: false in the file"
    if view.suspended:
        return f"suspended after too many runs: {', '.join(view.suspended)}"
    told = [alert for alert in snapshot.alerts.values() if alert.job == view.job.id]
    told = [alert for alert in told if alert.kind != "failure"]
    if told:
        worst = min(told, key=lambda alert: ORDER[alert.kind])
        due = f"due {show_time(worst.due_at)}, " if worst.kind in ("missed", "late") else ""
        return f"{worst.kind}: {due}{worst.message}"
    last = view.recent[-1] if view.recent else None
    return describe_end(last) if last is not None and last.outcome != "succeeded" else ""


def _as_json(snapshot: Snapshot, views: list[JobView], now: Instant) -> dict[str, Any]:
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
                "state": _state(view, snapshot, now),
                "reason": reason(view, snapshot),
                "next_at": _time(view.next_at),
                "running": sorted(view.live),
                "last_run": _past(view.last),
            }
            for view in views
        },
    }


def _state(view: JobView, snapshot: Snapshot, now: Instant) -> str:
    if view.job.is_monitor:
        return standing(view, snapshot, now)
    is_held = snapshot.all_paused is not None and view.state == "idle"
    return "paused" if is_held else view.state


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
    say(f"engine {engine.state}, pid {engine.pid}, version {engine.version}, up {age}")
    for line in (engine.trouble, *map(str, snapshot.problems)):
        if line:
            say(line, color="red" if at.colors else None)
    if not views:
        say(f"no jobs in {engine.jobs_file}")
        return
    head = ("JOB", "STATE", "LAST", "TOOK", "NEXT", "IN", "REASON")
    rows = [_row(view, snapshot, now) for view in views]
    for line in table(head, rows, colors=at.colors):
        click.echo(line)


def _row(view: JobView, snapshot: Snapshot, now: Instant) -> list[Cell]:
    last = view.last
    state = _state(view, snapshot, now)
    return [
        view.job.id,
        (state, COLORS.get(state)),
        (f"{GLYPHS[last.outcome]} {last.outcome}", COLORS.get(last.outcome)) if last else "·",
        show_duration(last.duration) if last is not None else "",
        show_time(view.next_at),
        show_age(view.next_at - now) if view.next_at is not None else "",
        reason(view, snapshot),
    ]
