"""Commands about jobs as they are defined: ls, show."""

from collections.abc import Mapping
from typing import Any

import click
import msgspec

from cronterm.cli.base import JOB_NAME, Desk, common, desk, unknown_job
from cronterm.cli.render import COLORS, GLYPHS, Cell, show_age, show_duration, show_time
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.cli.state import is_failing, past_as_json, reason, state_of
from cronterm.clock import SECOND, Instant, SystemClock, rfc3339
from cronterm.model.job import Job, Shell, action_text
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.sanitize import sanitize_line
from cronterm.schedule.duration import format_duration

HEAD = ("JOB", "STATE", "SCHEDULE", "NEXT", "COMMAND", "GROUP", "TAGS", "OWNER", "FILE")
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
        for view in _named(snapshot, jobs)
        if is_selected(view.job, selector) and (not states or _is_in(view, snapshot, states))
    ]
    records = [_as_json(view, snapshot) for view in views]
    return Sheet(
        content=records,
        records=records,
        head=HEAD,
        rows=[_row(view, snapshot) for view in views],
        only_wide=ONLY_WIDE,
        above=[(str(problem), "red") for problem in snapshot.problems],
        empty="no such jobs" if selector or states else f"no jobs in {snapshot.engine.jobs_file}",
        is_lines=True,
    )


def _named(snapshot: Snapshot, jobs: tuple[str, ...]) -> list[JobView]:
    for job in jobs:
        if job not in snapshot.jobs:
            raise unknown_job(job, snapshot.jobs)
    return [snapshot.jobs[job] for job in jobs] if jobs else list(snapshot.jobs.values())


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


def _as_json(view: JobView, snapshot: Snapshot) -> dict[str, Any]:
    job = view.job
    return {
        "id": job.id,
        "state": state_of(view, snapshot),
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


def _row(view: JobView, snapshot: Snapshot) -> list[Cell]:
    job, state = view.job, state_of(view, snapshot)
    lines = action_text(job.action).strip().splitlines() or [""]
    command = lines[0] if len(lines) == 1 else f"{lines[0]} …"
    if len(command) > LONGEST_COMMAND:
        command = command[: LONGEST_COMMAND - 1] + "…"
    return [
        job.id,
        (state, COLORS.get(state)),
        job.schedule_text or "by hand",
        show_time(view.next_at),
        command,
        job.group,
        ",".join(job.tags),
        job.owner,
        f"{job.source}:{job.line}",
    ]


# -- one job -------------------------------------------------------------------------------------

PLACES = {"id", "source", "line", "directory", "schedule_text"}
"""What is told beside the values."""
DURATIONS = {
    "jitter",
    "timeout",
    "stop_grace_period",
    "catch_up_window",
    "start_deadline",
    "depends_window",
    "depends_wait",
    "tolerance",
    "max_runtime",
    "cooldown",
    "delay",
    "max_delay",
    "age",
    "min_duration",
    "cpu_time",
    "wait",
}
INSTANTS = {"not_before", "not_after"}


@click.command()
@common
@formatted
@click.argument("job", type=JOB_NAME)
@click.pass_context
def show(context: click.Context, /, job: str, **given: Any) -> None:
    """Show all about a job: state, last run, and every value in force.

    A value that nobody wrote is marked as a default. `cronterm config --resolved JOB` names the
    line that each comes from.

    Example: cronterm show backup
    """
    at = desk(context, **given)
    present(at, lambda one: _job_sheet(one, job))


def _job_sheet(at: Desk, name: str) -> Sheet:
    snapshot = at.snapshot()
    view = _named(snapshot, (name,))[0]
    values = _values(view.job)
    content = _as_json(view, snapshot) | {
        "reason": reason(view, snapshot),
        "running": sorted(view.live),
        "last_run": past_as_json(view.last),
        "runs": view.totals.runs,
        "failed": view.totals.failed,
        "average_s": None if view.totals.average is None else view.totals.average / SECOND,
        "definition": values,
    }
    return Sheet(
        content=content,
        records=[
            {"job": name, "word": word, "value": _text(value)} for word, value in values.items()
        ],
        head=("WORD", "FROM", "VALUE"),
        rows=[_value_row(word, value) for word, value in values.items()],
        above=_about(view, snapshot),
    )


def _values(job: Job) -> dict[str, Any]:
    """Return the words in force, as JSON has them; what is nothing is left out."""
    found = {}
    for word in job.__struct_fields__:
        value = getattr(job, word)
        if word == "schedule":
            found[word] = job.schedule_text
        elif word not in PLACES and value not in (None, "", (), {}):
            found[word] = _plain(word, value)
    return found


def _plain(word: str, value: Any) -> Any:
    """Return a value as JSON has it, times and durations as people write them."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tagged = {"type": config.tag} if config.tag else {}
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return tagged | {
            name: _plain(name, each)
            for name, each in fields.items()
            if each not in (None, "", (), {})
        }
    if word in DURATIONS and isinstance(value, int):
        return format_duration(value)
    if word in INSTANTS and isinstance(value, int):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {name: _plain("", each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain("", each) for each in value]
    return value


def _value_row(word: str, value: Any) -> list[Cell]:
    is_default = DEFAULTS.get(word) == value
    return [word, "default" if is_default else "file", _text(value)]


DEFAULTS = _values(
    Job(id="", source="", directory="", working_dir="", action=Shell(""), schedule_text="")
)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(each)}" for name, each in value.items() if each != {})
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else sanitize_line(str(value).rstrip("\n"))


def _about(view: JobView, snapshot: Snapshot) -> list[tuple[str, str | None]]:
    job, now = view.job, SystemClock().now().utc
    state = state_of(view, snapshot)
    lines: list[tuple[str, str | None]] = [(f"{job.id}  {job.description}".rstrip(), None)]
    why = reason(view, snapshot)
    lines.append((f"  state: {state}{f' ({why})' if why else ''}", COLORS.get(state)))
    if view.next_at is not None:
        lines.append((f"  next: {show_time(view.next_at)}, {_in(view.next_at, now)}", None))
    if view.last is not None:
        end = view.last
        took = f", took {show_duration(end.duration)}" if end.duration is not None else ""
        how = f"{GLYPHS[end.outcome]} {end.outcome}, {show_time(end.started_at)}{took}"
        lines.append((f"  last: run {end.run} {how}", COLORS.get(end.outcome)))
    if view.totals.runs:
        lines.append((f"  runs: {view.totals.runs}, {view.totals.failed} failed", None))
    lines.append((f"  file: {job.source}:{job.line}", None))
    return lines


def _in(at: Instant, now: Instant) -> str:
    return f"in {show_age(at - now)}" if at > now else "now"
