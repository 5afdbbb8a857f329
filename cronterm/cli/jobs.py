"""`ls`: the jobs as they are defined."""

from typing import Any

import click

from cronterm.cli.base import JOB_NAME, Desk, common, desk
from cronterm.cli.render import COLORS, Cell, show_due
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.cli.state import is_failing, named, pause_words, state_of
from cronterm.clock import SystemClock, rfc3339
from cronterm.model.job import Job, action_text
from cronterm.model.snapshot import JobView, Snapshot

HEAD = ("JOB", "STATE", "SCHEDULE", "NEXT", "COMMAND", "GROUP", "TAGS", "OWNER", "FILE")
PAUSED = "PAUSED"
"""The title of why jobs are paused, where one is."""
ONLY_WIDE = frozenset({"GROUP", "TAGS", "OWNER", "FILE"})
LONGEST_COMMAND = 50

STATES = (
    *("failing", "idle", "queued", "running", "retrying", "stopping", "paused", "disabled"),
    *("new", "up", "late", "down"),
)
"""Of jobs, and of monitors."""


@click.command("ls")
@common
@formatted
@click.argument("jobs", type=JOB_NAME, nargs=-1, metavar="[JOB]...")
@click.option("-l", "--selector", default="", help="tag, !tag, group=G, owner=O; a comma is and.")
@click.option("--state", "states", default="", metavar="STATE,...", help=", ".join(STATES))
@click.pass_context
def list_jobs(
    context: click.Context, /, jobs: tuple[str, ...], selector: str, states: str, **given: Any
) -> None:
    """List jobs, also without an engine: what they are, when they come.

    Example: cronterm ls -l db,!slow --state failing,paused -o wide
    """
    at = desk(context, **given)
    wanted = tuple(word.strip() for word in states.split(",") if word.strip())
    for word in wanted:
        if word not in STATES:
            raise click.UsageError(f"There is no state {word!r}: {', '.join(STATES)}.")
    present(at, lambda one: _sheet(one, jobs, selector, wanted))


def _sheet(at: Desk, jobs: tuple[str, ...], selector: str, states: tuple[str, ...]) -> Sheet:
    snapshot = at.snapshot()
    views = [
        view
        for view in named(snapshot, jobs)
        if is_selected(view.job, selector) and (not states or _is_in(view, snapshot, states))
    ]
    records = [job_as_json(view, snapshot) for view in views]
    rows = [_row(view, snapshot, is_wide=at.printed_as == "wide") for view in views]
    pauses = [pause_words(view, snapshot) for view in views]
    if any(pauses):
        rows = [[*row, pause] for row, pause in zip(rows, pauses, strict=True)]
    return Sheet(
        content=records,
        records=records,
        head=(*HEAD, PAUSED) if any(pauses) else HEAD,
        rows=rows,
        only_wide=ONLY_WIDE,
        above=[(str(problem), "red") for problem in snapshot.problems],
        empty="no such jobs" if selector or states else f"no jobs in {snapshot.engine.jobs_file}",
        is_lines=True,
    )


def is_selected(job: Job, selector: str) -> bool:
    """Tell whether a job has all that a selector names. Raises UsageError."""
    return all(_has(job, word.strip()) for word in selector.split(",") if word.strip())


def _has(job: Job, word: str) -> bool:
    is_wanted = not word.startswith("!")
    name, equals, value = word.removeprefix("!").replace("==", "=").partition("=")
    if name.endswith("!"):
        is_wanted, name = not is_wanted, name[:-1]
    if not equals:
        return (name in job.tags) == is_wanted
    found = {"tag": job.tags, "group": (job.group,), "owner": (job.owner,), "id": (job.id,)}
    if name not in found:
        raise click.UsageError(f"A selector is tag, group=, owner= or id=, not {word!r}.")
    return (value in found[name]) == is_wanted


def _is_in(view: JobView, snapshot: Snapshot, states: tuple[str, ...]) -> bool:
    is_wanted = "failing" in states and is_failing(view, snapshot)
    return is_wanted or state_of(view, snapshot) in states


def job_as_json(view: JobView, snapshot: Snapshot) -> dict[str, Any]:
    """Return what a job is, in a few words."""
    job = view.job
    return {
        "id": job.id,
        "state": state_of(view, snapshot),
        "paused": pause_words(view, snapshot),
        "enabled": job.enabled,
        "description": job.description,
        "schedule": job.schedule_text,
        "timezone": job.timezone,
        "command": action_text(job.action),
        "next_at": rfc3339(view.next_at) if view.next_at is not None else None,
        "group": job.group,
        "tags": list(job.tags),
        "owner": job.owner,
        "file": job.source,
        "line": job.line,
    }


def _row(view: JobView, snapshot: Snapshot, *, is_wide: bool) -> list[Cell]:
    job, state = view.job, state_of(view, snapshot)
    lines = action_text(job.action).strip().splitlines() or [""]
    command = lines[0] if len(lines) == 1 else f"{lines[0]} …"
    if len(command) > LONGEST_COMMAND:
        command = command[: LONGEST_COMMAND - 1] + "…"
    return [
        job.id,
        (state, COLORS.get(state)),
        job.schedule_text or "by hand",
        show_due(view.next_at, SystemClock().now().utc, is_wide=is_wide),
        command,
        job.group,
        ",".join(job.tags),
        job.owner,
        f"{job.source}:{job.line}",
    ]
