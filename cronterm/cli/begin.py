"""Commands to begin with: init, completion, motd."""

import contextlib
import os
from importlib import resources
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from cronterm.cli.base import common, desk, print_json, say
from cronterm.cli.render import describe_end, show_until
from cronterm.cli.state import is_failing, left_running
from cronterm.clock import SystemClock
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.alert import in_force
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.readable import ago

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_CRONTERM_COMPLETE"

# -- init ----------------------------------------------------------------------------------------


@click.command()
@common
@click.argument("file_argument", metavar="[FILE]", required=False)
@click.option("--empty", is_flag=True, help="Without the sample jobs.")
@click.pass_context
def init(context: click.Context, /, file_argument: str | None, empty: bool, **given: Any) -> None:
    """Write a jobs file to begin with: five safe jobs, or none. Nothing is overwritten.

    Example: cronterm init && cronterm
    """
    if file_argument:
        given["file"] = file_argument
    at = desk(context, **given)
    path = at.jobs_file
    text = resources.files("cronterm.cli").joinpath("empty.yaml").read_text(encoding="utf-8")
    if not empty:
        text = resources.files("cronterm.tui").joinpath("sample.yaml").read_text(encoding="utf-8")
    write_new(path, text)
    if at.as_json:
        print_json({"ok": True, "file": str(path)})
    elif not at.is_quiet:
        where = "" if path.name == "jobs.yaml" and path.parent == Path.cwd() else f" -f {path}"
        say(f"wrote {path}; `cronterm{where}` opens it, `cronterm{where} validate` checks it")


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, readable by its owner alone. Raises `CrontermError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise CrontermError(f"{path} is there already", "it was not touched") from None
    except OSError as error:
        raise CrontermError(f"{path}: {error.strerror}", "name another file with -f") from None


# -- completion ----------------------------------------------------------------------------------


@click.command()
@common
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, /, shell: str, **given: Any) -> None:
    """Print what makes a shell complete commands, options and the names of jobs.

    Example: cronterm completion bash > ~/.local/share/bash-completion/completions/cronterm
    """
    desk(context, **given)
    kind = get_completion_class(shell)
    assert kind is not None
    root = context.find_root().command
    writer = kind(root, {}, "cronterm", VARIABLE)
    click.echo(kind.source_template % writer.source_vars())


# -- motd ----------------------------------------------------------------------------------------


@click.command()
@common
@click.pass_context
def motd(context: click.Context, /, **given: Any) -> None:
    """Say in a few lines what a person who logs in should know. Always exits with 0.

    Example: cronterm motd  (in ~/.profile, or in /etc/update-motd.d/90-cronterm)
    """
    at = desk(context, **given)
    try:
        snapshot: Snapshot | None = at.client.snapshot()
        why = ""
    except (NoEngine, CrontermError) as error:
        snapshot, why = None, str(error)
    if at.as_json:
        print_json(_as_json(snapshot, why))
        return
    if snapshot is None:
        with contextlib.suppress(CrontermError):
            if at.far is None and not at.jobs_file.exists():
                return  # nobody uses it here
        say(f"cronterm: {why}", color="yellow" if at.colors else None)
        return
    for line, color in _lines(snapshot):
        say(line, color=color if at.colors else None)


def _failing(snapshot: Snapshot) -> list[JobView]:
    return [view for view in snapshot.jobs.values() if is_failing(view, snapshot)]


def _lines(snapshot: Snapshot) -> list[tuple[str, str | None]]:
    now = SystemClock().now().utc
    failing, count = _failing(snapshot), len(snapshot.jobs)
    running = sum(bool(view.live) for view in snapshot.jobs.values()) + len(snapshot.removed)
    words = [f"{count} job{'s' * (count != 1)}", f"{running} running", f"{len(failing)} failing"]
    paused = sum(view.pause is not None for view in snapshot.jobs.values())
    words += [f"{paused} paused"] if paused else []
    muted = len(in_force(snapshot.mutes, now))
    words += [f"{muted} muted"] if muted else []
    words += ["everything is paused"] if snapshot.all_paused else []
    lines: list[tuple[str, str | None]] = [(f"cronterm: {', '.join(words)}", None)]
    lines += [(f"  {line}", "yellow") for line in left_running(snapshot, now)]
    coming = [
        (view.next_at, job) for job, view in snapshot.jobs.items() if view.next_at is not None
    ]
    if coming:
        due, job = min(coming)
        lines.append((f"  next: {job} {show_until(due - now)}", None))
    for view in failing:
        last = view.last
        if last is not None:
            times = view.totals.failed_in_a_row
            row = f", {times} in a row" if times > 1 else ""
            how = f"{describe_end(last)}, {ago(now - last.ended_at)}{row}"
            lines.append((f"  ✗ {view.job.id}: {how}", "red"))
    troubles = (snapshot.engine.trouble, *map(str, snapshot.problems[:3]))
    lines += [(f"  ! {line}", "red") for line in troubles if line]
    return lines


def _as_json(snapshot: Snapshot | None, why: str) -> dict[str, Any]:
    if snapshot is None:
        return {"engine": None, "why": why}
    return {
        "engine": {"pid": snapshot.engine.pid, "trouble": snapshot.engine.trouble},
        "jobs": len(snapshot.jobs),
        "running": [
            *(job for job, view in snapshot.jobs.items() if view.live),
            *snapshot.removed,
        ],
        "failing": [view.job.id for view in _failing(snapshot)],
        "paused": [job for job, view in snapshot.jobs.items() if view.pause is not None],
        "muted": list(in_force(snapshot.mutes, SystemClock().now().utc)),
        "problems": [str(problem) for problem in snapshot.problems],
    }
