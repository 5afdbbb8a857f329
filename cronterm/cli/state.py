"""`status`: one screen of text, or all of it as JSON."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import click

from cronterm.cli.base import JOB_NAME, Desk, common, desk
from cronterm.cli.plain import Speaker, speak, when
from cronterm.cli.render import (
    COLORS,
    GLYPHS,
    Cell,
    describe_end,
    name_end,
    show_due,
    show_duration,
    show_time,
)
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.clock import Instant, SystemClock, rfc3339
from cronterm.model.alert import ORDER, Mute, in_force
from cronterm.model.notice import NotifierView
from cronterm.model.snapshot import JobView, PastRun, Snapshot
from cronterm.model.standing import standing, unreached
from cronterm.model.trigger import triggers_text
from cronterm.model.unknown import unknown_job
from cronterm.readable import ahead, span

HEAD = ("JOB", "STATE", "LAST", "TOOK", "NEXT", "IN", "SCHEDULE", "RUNS", "AVERAGE", "REASON")
ONLY_WIDE = frozenset({"SCHEDULE", "RUNS", "AVERAGE"})
TOLD_MUTES = 3
"""So many are named; `alerts` tells all."""
TOLD_RUNS = 5
"""So many are named of those whose jobs left the file; --json tells all."""


@click.command()
@common
@formatted
@click.option("--check", is_flag=True, help="Exit with 3 if a job is failing.")
@click.option("--plain", is_flag=True, help="A line a job; with --watch, a line a change.")
@click.argument("jobs", type=JOB_NAME, nargs=-1, metavar="[JOB]...")
@click.pass_context
def status(
    context: click.Context, /, jobs: tuple[str, ...], check: bool, plain: bool, **given: Any
) -> None:
    """Show the engine and its jobs.

    Exits with 0 when an engine answers and with 69 when none does. --plain prints sentences instead
    of a table; with --watch it says what changes, below what it said before: for screen readers,
    and for terminals that cannot move their cursor, where --watch does it by itself.

    Example: cronterm status --json | jq .engine.pid
    """
    at = desk(context, **given)
    if plain and (check or at.printed_as != "table"):
        raise click.UsageError("--plain is for people; it goes with neither --check nor -o.")
    if plain or (at.watches and at.printed_as == "table" and _is_dumb()):
        speak(at, Speaker(_spoken, _engine_lines, _told_until_over, jobs))
        return
    present(at, lambda one: _sheet(one, jobs, check=check))


def _sheet(at: Desk, jobs: tuple[str, ...], *, check: bool) -> Sheet:
    snapshot = at.client.snapshot()
    views = named(snapshot, jobs)
    now = SystemClock().now().utc
    content = _as_json(snapshot, views, now)
    is_bad = check and any(is_failing(view, snapshot) for view in views)
    return Sheet(
        content=content,
        records=[{"job": job, **each} for job, each in content["jobs"].items()],
        head=HEAD,
        rows=[_row(view, snapshot, now, is_wide=at.printed_as == "wide") for view in views],
        only_wide=ONLY_WIDE,
        above=[
            *_above(snapshot, now),
            *((line, "yellow") for line in _muted(snapshot, views, now)),
            *((line, "yellow") for line in left_running(snapshot, now) if not jobs),
        ],
        empty=f"no jobs in {snapshot.engine.jobs_file}",
        exit_code=3 if is_bad else 0,
    )


def is_failing(view: JobView, snapshot: Snapshot) -> bool:
    """Tell whether the last run of a job failed, or a monitor is down."""
    is_down = view.job.is_monitor and standing(view, snapshot, 0) == "down"
    return bool(view.totals.failed_in_a_row) or is_down


def named(snapshot: Snapshot, jobs: tuple[str, ...]) -> list[JobView]:
    """Return jobs by their names, all where none is named. Raises for one that is not there."""
    for job in jobs:
        if job not in snapshot.jobs:
            open_runs = snapshot.open_runs(job)
            raise unknown_job(job, snapshot.jobs, snapshot.problems, open_runs=open_runs)
    return [snapshot.jobs[job] for job in jobs] if jobs else list(snapshot.jobs.values())


def reason(
    view: JobView, snapshot: Snapshot, *, told: Callable[[PastRun], str] = describe_end
) -> str:
    """Say in a few words why the job is as it is; empty when there is nothing to say.

    An end is `told` in words for people, unless by its name.
    """
    disabled = "" if view.job.enabled else "enabled: false in the file"
    waits_for = view.waits_for(SystemClock().now().utc)
    if waits_for and view.state in ("queued", "retrying"):
        return waits_for
    if paused := pause_words(view, snapshot):
        return paused + (f"; {disabled}" if disabled else "")
    if disabled:
        return disabled
    if view.suspended:
        return f"suspended after too many runs: {', '.join(view.suspended)}"
    alerts = [alert for alert in snapshot.alerts.values() if alert.job == view.job.id]
    alerts = [alert for alert in alerts if alert.kind != "failure"]
    if alerts:
        worst = min(alerts, key=lambda alert: ORDER[alert.kind])
        due = f"due {show_time(worst.due_at)}, " if worst.kind in ("missed", "late") else ""
        return f"{worst.kind}: {due}{worst.message}"
    last = view.recent[-1] if view.recent else None
    return told(last) if last is not None and last.outcome != "succeeded" else ""


def pause_words(view: JobView, snapshot: Snapshot) -> str:
    """Say who paused the job, or everything, until when and why; empty where nobody did."""
    for pause, what in ((view.pause, "paused"), (snapshot.all_paused, "everything paused")):
        if pause is not None:
            why = f": {pause.reason}" if pause.reason else ""
            until = f" until {show_time(pause.until)}" if pause.until is not None else ""
            return f"{what} by {pause.by}{until}{why}"
    return ""


def mute_words(mute: Mute) -> str:
    """Say until when the alerts of a job are muted, by whom and since when."""
    return f"until {show_time(mute.until)} (by {mute.by}, at {show_time(mute.at)})"


def _muted(snapshot: Snapshot, views: list[JobView], now: Instant) -> list[str]:
    """Say in a line which of the jobs are muted; nothing where none is."""
    mutes = in_force(snapshot.mutes, now)
    ends = [
        f"{view.job.id} until {show_time(mutes[view.job.id].until)}"
        for view in views
        if view.job.id in mutes
    ]
    if not ends:
        return []
    more = [f"{len(ends) - TOLD_MUTES} more"] if len(ends) > TOLD_MUTES else []
    count = f"{len(ends)} job{'s' * (len(ends) != 1)} muted"
    return [f"{count}: {', '.join([*ends[:TOLD_MUTES], *more])}"]


def left_running(snapshot: Snapshot, now: Instant | None = None) -> list[str]:
    """Say in a line which runs go on though their jobs left the file; nothing where none does.

    For how long they have run is said where `now` is given.
    """
    told = []
    for run in snapshot.left_runs():
        took = f", {span(now - (run.started_at or now))}" if now is not None else ""
        told.append(f"{run.job} (run {run.run}{took})")
    if not told:
        return []
    more = [f"{len(told) - TOLD_RUNS} more"] if len(told) > TOLD_RUNS else []
    return [f"removed from the file, still running: {', '.join([*told[:TOLD_RUNS], *more])}"]


def _as_json(snapshot: Snapshot, views: list[JobView], now: Instant) -> dict[str, Any]:
    engine, mutes = snapshot.engine, in_force(snapshot.mutes, now)
    return {
        "engine": {
            "pid": engine.pid,
            "version": engine.version,
            "started_at": rfc3339(engine.started_at),
            "state": engine.state,
            "trouble": engine.trouble,
            "listeners": list(engine.listeners),
            "listeners_trouble": engine.listeners_trouble,
            "jobs_file": engine.jobs_file,
            "problems": [str(problem) for problem in snapshot.problems],
            "notifiers": notifiers_as_json(snapshot),
        },
        "jobs": {
            view.job.id: {
                "state": state_of(view, snapshot),
                "reason": reason(view, snapshot, told=name_end),
                "next_at": _time(view.next_at),
                "running": sorted(view.live),
                "muted_until": _time(mutes[view.job.id].until) if view.job.id in mutes else None,
                "last_run": past_as_json(view.last),
            }
            for view in views
        },
        "removed": [
            {
                "job": run.job,
                "run_id": run.run,
                "state": run.state,
                "started_at": _time(run.started_at),
            }
            for run in snapshot.left_runs()
        ],
    }


def state_of(view: JobView, snapshot: Snapshot) -> str:
    """Return the state of a job; an idle one is paused where everything is."""
    if view.job.is_monitor:
        return standing(view, snapshot, SystemClock().now().utc)
    is_held = snapshot.all_paused is not None and view.state == "idle"
    return "paused" if is_held else view.state


def notifiers_as_json(snapshot: Snapshot) -> dict[str, Any]:
    """Return how each notifier of the file does; how it is reached is not told."""
    waiting = Counter(notice.notifier for notice in snapshot.notices.values())
    found = {}
    for name, what in snapshot.settings.notifiers.items():
        view = snapshot.notifiers.get(name, NotifierView())
        found[name] = {
            "what": what,
            "waiting": waiting[name],
            "sent": view.sent,
            "last_sent_at": _time(view.last_sent_at),
            "error": view.error or None,
            "retry_at": _time(view.retry_at),
            "given_up": view.given_up,
        }
    return found


def past_as_json(past: PastRun | None) -> dict[str, Any] | None:
    """Return an ended run in the words of CONTRACTS 5."""
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


def _above(snapshot: Snapshot, now: Instant) -> list[tuple[str, str | None]]:
    engine = snapshot.engine
    about = f"{_about(snapshot)}, up {span(now - engine.started_at)}"
    served = [f"the API is served at {url}" for url in engine.listeners]
    told = [(line, "red") for line in (*_troubles(snapshot), *_untaken(snapshot))]
    return [(about, None), *((line, None) for line in served), *told]


def _untaken(snapshot: Snapshot) -> list[str]:
    """Say of files with problems, if there are any, that what they said before counts."""
    names = ", ".join(dict.fromkeys(PurePath(each.file).name for each in snapshot.problems))
    if not names:
        return []
    rest = ": the jobs before it stay in force" if snapshot.jobs else ""
    return [f"{names} is not taken over{rest}"]


def _about(snapshot: Snapshot) -> str:
    engine = snapshot.engine
    return f"engine {engine.state}, pid {engine.pid}, version {engine.version}"


def _troubles(snapshot: Snapshot) -> list[str]:
    """Return what is wrong with the engine, its file and its notifiers."""
    engine, problems = snapshot.engine, map(str, snapshot.problems)
    told = (engine.trouble, engine.listeners_trouble, *problems, *unreached(snapshot))
    return [line for line in told if line]


def _told_until_over(snapshot: Snapshot) -> list[str]:
    """Return what is told once, and again when it is over."""
    return [*_troubles(snapshot), *left_running(snapshot)]


# -- as sentences --------------------------------------------------------------------------------


def _is_dumb() -> bool:
    """Tell whether what is written goes to a terminal that cannot move its cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") in ("", "dumb")


def _engine_lines(snapshot: Snapshot) -> list[str]:
    jobs = len(snapshot.jobs)
    count = f"{jobs} job{'s' * (jobs != 1)} in {snapshot.engine.jobs_file}"
    return [_about(snapshot), *(_untaken(snapshot) or [count])]


def _spoken(view: JobView, snapshot: Snapshot) -> tuple[str, str]:
    """Say how a job is, and when it runs next; nothing while it is about to start."""
    said, coming = _how_it_is(view, snapshot)
    now = SystemClock().now().utc
    mute = in_force(snapshot.mutes, now).get(view.job.id)
    return (f"{said}, muted until {when(mute.until, now)}" if said and mute else said), coming


def _how_it_is(view: JobView, snapshot: Snapshot) -> tuple[str, str]:
    state = state_of(view, snapshot)
    if view.live:
        runs = ", ".join(f"run {run}" for run in sorted(view.live))
        held = next((run.hold.message for run in view.live.values() if run.hold is not None), "")
        said = ", ".join(part for part in (state, runs, held) if part)
        return ("", "") if state == "queued" and not held else (said, "")
    last, why, row = view.last, reason(view, snapshot), view.totals.failed_in_a_row
    how = "has not run yet" if state == "idle" else state
    if state == "idle" and last is not None:
        took = show_duration(last.duration)
        how = f"{describe_end(last)}{f' after {took}' if took else ''}"
    parts = [why] if why.startswith(how) else [how, "" if why in how else why]
    parts.append(f"{row} failed in a row" if row > 1 else "")
    is_due = view.next_at is not None and state != "paused"
    coming = f"next {when(view.next_at, SystemClock().now().utc)}" if is_due else ""
    return ", ".join(part for part in parts if part), coming


def _row(view: JobView, snapshot: Snapshot, now: Instant, *, is_wide: bool) -> list[Cell]:
    last = view.last
    state = state_of(view, snapshot)
    due = show_due(view.next_at, now, is_wide=is_wide)
    return [
        view.job.id,
        (state, COLORS.get(state)),
        (f"{GLYPHS[last.outcome]} {last.outcome.replace('_', ' ')}", COLORS.get(last.outcome))
        if last
        else "·",
        show_duration(last.duration) if last is not None else "",
        due or triggers_text(view.job.triggers),
        ahead(view.next_at - now) if view.next_at is not None else "",
        view.job.schedule_text,
        str(view.totals.runs),
        show_duration(view.totals.average),
        reason(view, snapshot),
    ]
