"""Commands that change the jobs file: add, rm, edit, enable, disable, rename, mv.

With an engine it carries them out; without one the file is changed here, by the same rules.
"""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from cronterm.cli.base import COMMON, JOB_NAME, Desk, common, confirm, desk, print_json, say
from cronterm.cli.drafts import edit_draft, write_draft
from cronterm.cli.runs import chosen
from cronterm.clock import local_zone
from cronterm.errors import BadInput
from cronterm.model.command import (
    AddJob,
    Answer,
    DeleteJob,
    Edit,
    EditJob,
    MoveJob,
    RenameJob,
    RewriteJob,
)
from cronterm.model.query import ConfigText, ReadConfig
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.parse import parse
from cronterm.schedule.zone import check_zone

DIFF_COLORS = {"+": "green", "-": "red", "@": "cyan"}

dry_run_option = click.option("--dry-run", is_flag=True, help="Only print the diff.")


def carry_out(at: Desk, command: Edit) -> None:
    """Make an edit and print what it changed."""
    print_change(at, at.edit(command))


def print_change(at: Desk, answer: Answer) -> None:
    """Print the diff of an edit, and what was done."""
    if at.as_json:
        print_json({"ok": answer.ok, "message": answer.message, "diff": answer.diff})
    elif not at.is_quiet:
        for line in answer.diff.splitlines():
            say(line, color=DIFF_COLORS.get(line[:1]) if at.colors else None)
        say(answer.message)


# -- add and rm ----------------------------------------------------------------------------------


@click.command()
@common
@click.argument("job", metavar="ID")
@click.argument("command", nargs=-1, metavar="-- CMD...", type=click.UNPROCESSED)
@click.option("--schedule", "schedules", multiple=True, help="Cron, @daily, …; may be repeated.")
@click.option("--every", metavar="DURATION", help="At this interval: 10m, 1h30m.")
@click.option("--at", "moment", metavar="TIME", help="Once, then.")
@click.option("--in", "delay", metavar="DURATION", help="Once, so long from now.")
@click.option("--tz", metavar="ZONE", help="The time zone of its schedule.")
@click.option("--timeout", metavar="DURATION", help="Ends each attempt after this.")
@click.option("--retries", type=click.IntRange(0), help="Tries after the first that failed.")
@click.option("--env", "env", multiple=True, metavar="K=V", help="Its environment.")
@click.option("--tag", "tags", multiple=True, help="May be repeated.")
@click.option("--description", metavar="TEXT")
@click.option("--group", metavar="NAME", help="Where the table has it.")
@click.option("--owner", metavar="NAME")
@click.option("--user", metavar="NAME", help="Run as this user (needs root).")
@click.option("--working-dir", metavar="DIR")
@click.option("--overlap", type=click.Choice(["skip", "queue", "replace", "allow"]))
@click.option("--catch-up", type=click.Choice(["skip", "latest", "all"]))
@click.option("--jitter", metavar="DURATION", help="Spread its starts.")
@click.option("--disabled", is_flag=True, help="Add it switched off.")
@click.option("--python", metavar="CALL", help="pkg.mod:func or FILE.py:func instead of a CMD.")
@click.option("--args", metavar="JSON", help='Its arguments: a list, [1, "two"].')
@click.option("--kwargs", metavar="JSON", help='Those with names: an object, {"verbose": true}.')
@dry_run_option
@click.pass_context
def add(
    context: click.Context,
    /,
    job: str,
    command: tuple[str, ...],
    dry_run: bool,
    **given: Any,
) -> None:
    """Write a job into the jobs file; what stands there stays as it is. Prints the diff.

    Without a schedule it runs by hand. One word of CMD is a line for the shell; several are kept
    as they are. A .py file that cannot be executed is run by this Python.

    \b
    Example: cronterm add backup --schedule "30 2 * * *" --timeout 1h -- ./backup.sh --all
             cronterm add cleanup --in 30m --tag once -- rm -rf /tmp/scratch
             cronterm add report --schedule @daily --python tasks.py:report --args '[7]'
    """
    words, common_options = _split(given)
    at = desk(context, **common_options)
    if bool(command) == bool(words["python"]):
        raise click.UsageError("What is to be run? Write it after --, or name it with --python.")
    if (words["args"] or words["kwargs"]) and command:
        raise click.UsageError("--args and --kwargs are those of --python.")
    written = words_of(command, **words)
    carry_out(at, AddJob(job=job, words=written, dry_run=dry_run))


def _split(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of a command, and those that every command has."""
    own = {name: value for name, value in given.items() if name not in COMMON}
    return own, {name: value for name, value in given.items() if name in COMMON}


def words_of(command: Sequence[str], **options: Any) -> dict[str, Any]:
    """Return the words of the jobs file for what was given. Raises `BadInput`, UsageError."""
    zone = check_zone(options["tz"]) if options["tz"] else None
    words: dict[str, Any] = {
        "description": options["description"],
        "owner": options["owner"],
        "tags": [*options["tags"]] or None,
        "group": options["group"],
        "schedule": _schedule(options, zone or local_zone()),
        "timezone": zone,
        "jitter": _duration(options["jitter"]),
        "command": _command(command) if command else None,
        "python": options["python"],
        "args": _json(options["args"], list, "--args"),
        "kwargs": _json(options["kwargs"], dict, "--kwargs"),
        "user": options["user"],
        "working_dir": options["working_dir"],
        "env": chosen(options["env"]) or None,
        "timeout": _duration(options["timeout"]),
        "retry": options["retries"],
        "overlap": options["overlap"],
        "catch_up": options["catch_up"],
        "enabled": False if options["disabled"] else None,
    }
    return {word: value for word, value in words.items() if value is not None}


def _schedule(options: dict[str, Any], zone: str) -> str | list[str] | None:
    found = [*options["schedules"]]
    for name, sign in (("every", "@every"), ("moment", "@at"), ("delay", "@in")):
        if options[name]:
            found.append(f"{sign} {options[name]}")
    for each in found:
        parse(each, timezone=zone, job_id="new")  # refused here, before anything is touched
    return found[0] if len(found) == 1 else found or None


def _duration(text: str | None) -> str | None:
    if text:
        parse_duration(text)
    return text or None


def _json(text: str | None, kind: type, option: str) -> Any:
    """Return what JSON says, a list or an object as `kind` is."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadInput(
            f"{option} is no JSON: {error}", "quote it for the shell: '[1, \"two\"]'"
        ) from None
    if not isinstance(value, kind):
        raise BadInput(f"{option} is no JSON {'list' if kind is list else 'object'}")
    return value


def _command(words: Sequence[str]) -> str | list[str]:
    """Return a line for the shell where it is one, else the words as they are."""
    python = _with_python(words[0])
    if len(words) == 1:
        return " ".join([*map(shlex.quote, python), *words])
    whole = [*python, *words]
    if all(shlex.quote(word) == word for word in whole):
        return " ".join(whole)
    return whole


def _with_python(first: str) -> list[str]:
    """Return the interpreter for a Python file that cannot be executed itself."""
    path = Path(first.partition(" ")[0])
    if path.suffix == ".py" and path.is_file() and not os.access(path, os.X_OK):
        return [sys.executable]
    return []


@click.command()
@common
@click.argument("jobs", type=JOB_NAME, nargs=-1, required=True, metavar="JOB...")
@dry_run_option
@click.pass_context
def rm(context: click.Context, /, jobs: tuple[str, ...], dry_run: bool, **given: Any) -> None:
    """Remove jobs from the jobs file. Open runs go on, the history stays.

    Example: cronterm rm cleanup
    """
    at = desk(context, **given)
    if not dry_run:
        confirm(at, f"Remove {', '.join(jobs)} from the jobs file?")
    for job in jobs:
        carry_out(at, DeleteJob(job=job, dry_run=dry_run))


# -- small changes -------------------------------------------------------------------------------


@click.command()
@common
@click.argument("jobs", type=JOB_NAME, nargs=-1, required=True, metavar="JOB...")
@dry_run_option
@click.pass_context
def enable(context: click.Context, /, jobs: tuple[str, ...], dry_run: bool, **given: Any) -> None:
    """Switch jobs on in the jobs file; their schedules count from now.

    Example: cronterm enable backup
    """
    _switch(desk(context, **given), jobs, is_on=True, dry_run=dry_run)


@click.command()
@common
@click.argument("jobs", type=JOB_NAME, nargs=-1, required=True, metavar="JOB...")
@dry_run_option
@click.pass_context
def disable(context: click.Context, /, jobs: tuple[str, ...], dry_run: bool, **given: Any) -> None:
    """Switch jobs off in the jobs file, until `enable`. `pause` is for a while.

    Example: cronterm disable backup
    """
    _switch(desk(context, **given), jobs, is_on=False, dry_run=dry_run)


def _switch(at: Desk, jobs: Sequence[str], *, is_on: bool, dry_run: bool) -> None:
    for job in jobs:
        answer = at.edit(EditJob(job=job, words={"enabled": is_on}, dry_run=dry_run))
        if answer.diff:
            done = "enabled" if is_on else "disabled"
            message = f"would have {done} {job}" if dry_run else f"{done} {job}"
            message += f", but {answer.not_in_force}" if answer.not_in_force else ""
            print_change(at, msgspec.structs.replace(answer, message=message))
        elif at.as_json:
            print_json({"ok": True, "message": "nothing changed", "diff": ""})
        elif not at.is_quiet:
            say(f"{job} is {'enabled' if is_on else 'disabled'} already")


@click.command()
@common
@click.argument("job", type=JOB_NAME, metavar="OLD")
@click.argument("new", metavar="NEW")
@dry_run_option
@click.pass_context
def rename(context: click.Context, /, job: str, new: str, dry_run: bool, **given: Any) -> None:
    """Give a job another name. History, pause and count go on under it (`renamed_from`).

    Example: cronterm rename backup nightly-backup
    """
    carry_out(desk(context, **given), RenameJob(job=job, new=new, dry_run=dry_run))


@click.command()
@common
@click.argument("job", type=JOB_NAME)
@click.option("--to", required=True, metavar="FILE", help="From the jobs file's directory on.")
@dry_run_option
@click.pass_context
def mv(context: click.Context, /, job: str, to: str, dry_run: bool, **given: Any) -> None:
    """Move a job to another file of the directory, or one that is included; comments go with it.

    Example: cronterm --jobs-dir jobs.d mv backup --to backups.yaml
    """
    carry_out(desk(context, **given), MoveJob(job=job, to=to, dry_run=dry_run))


# -- edit ----------------------------------------------------------------------------------------


@click.command()
@common
@click.argument("job", type=JOB_NAME)
@dry_run_option
@click.pass_context
def edit(context: click.Context, /, job: str, dry_run: bool, **given: Any) -> None:
    """Open a job's part of the jobs file in $VISUAL or $EDITOR; it is checked before it is saved.

    Example: EDITOR=nano cronterm edit backup
    """
    at = desk(context, **given)
    reply = at.query(ReadConfig(job=job))
    assert isinstance(reply, ConfigText)
    suffix = ".json" if reply.path.endswith(".json") else ".yaml"

    def take(text: str) -> None:
        command = RewriteJob(job=job, text=text, based_on=reply.sha256, dry_run=dry_run)
        print_change(at, at.edit(command))

    edit_draft(at, write_draft(job, suffix, reply.text), take, failure="it was not saved")
