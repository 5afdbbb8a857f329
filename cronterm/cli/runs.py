"""Commands about runs: run."""

import contextlib
from collections.abc import Iterable
from typing import Any

import click

from cronterm.cli.base import (
    JOB_NAME,
    Desk,
    common,
    desk,
    leave,
    print_answer,
    print_json,
    say,
)
from cronterm.cli.output import Asked, Gapless, RawPrinter
from cronterm.cli.render import describe_end
from cronterm.clock import SECOND, local_zone
from cronterm.control import Message, Output
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.command import RunJob
from cronterm.model.event import AttemptEnded, Numbered, RunEnded
from cronterm.model.job import action_text
from cronterm.model.params import BadParam, read_params
from cronterm.model.query import ReadRun, RunDetail
from cronterm.model.run import RunRow
from cronterm.model.snapshot import Snapshot
from cronterm.model.unknown import unknown_job
from cronterm.schedule.parse import parse_moment


@click.command()
@common
@click.argument("job", type=JOB_NAME)
@click.option("--wait", is_flag=True, help="Wait for the end and exit with the job's code.")
@click.option("--follow", is_flag=True, help="Print its output until it ends (implies --wait).")
@click.option(
    "--force", is_flag=True, help="Run it even where its overlap or its condition forbids it."
)
@click.option("--with-deps", is_flag=True, help="Run what it depends on first, in order.")
@click.option("--dry-run", is_flag=True, help="Only say what would be run.")
@click.option("--scheduled-at", metavar="TIME", help="What CRONTERM_SCHEDULED_AT tells the job.")
@click.option(
    "-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A param's value."
)
@click.pass_context
def run(
    context: click.Context,
    /,
    job: str,
    wait: bool,
    follow: bool,
    force: bool,
    with_deps: bool,
    dry_run: bool,
    scheduled_at: str | None,
    params: tuple[str, ...],
    **given: Any,
) -> None:
    """Run a job now.

    With --wait the exit status is the job's own, 128 + N for signal N, 124 for a timeout and 1 for
    every other end. Leaving with Ctrl-C does not stop the run. Without --with-deps it starts
    whatever it depends on; with it, a failure there skips it.

    Example: cronterm run deploy -p target=prod --follow
    """
    at = desk(context, **given)
    moment = parse_moment(scheduled_at, local_zone()) if scheduled_at else None
    command = RunJob(
        job=job, force=force, scheduled_at=moment, params=chosen(params), with_deps=with_deps
    )
    if dry_run:
        _tell(at, command)
        return
    if not (wait or follow):
        print_answer(at, at.send(command))
        return
    row = _run_to_end(at, command, follow=follow)
    if at.as_json:
        print_json({"run_id": row.run, "outcome": row.outcome, "reason": row.reason})
    elif row.outcome != "succeeded":
        message = f" ({row.message})" if row.message else ""
        say(f"run {row.run} of {job} {describe_end(row)}{message}", err=True)
    leave(exit_status(row))


def _tell(at: Desk, command: RunJob) -> None:
    """Say what a run would be. Raises for a job that is not there and a param it refuses."""
    snapshot = at.snapshot()
    if command.job not in snapshot.jobs:
        raise unknown_job(command.job, snapshot.jobs, snapshot.problems)
    view = snapshot.jobs[command.job]
    job = view.job
    try:
        params = read_params(job.params, command.params)
    except BadParam as error:
        raise CrontermError(str(error), f"cronterm run {job.id} -p NAME=VALUE") from None
    is_full = job.instances is not None and len(view.live) >= job.instances
    held = f"overlap: {job.overlap}" if is_full and not command.force else ""
    if at.as_json:
        print_json(
            {
                "job": job.id,
                "command": action_text(job.action),
                "working_dir": job.working_dir,
                "user": job.user or None,
                "timeout_s": None if job.timeout is None else job.timeout / SECOND,
                "params": params,
                "open_runs": sorted(view.live),
                "held_by": held or None,
            }
        )
        return
    say(f"would run {job.id} in {job.working_dir}{f' as {job.user}' if job.user else ''}:")
    for line in action_text(job.action).splitlines():
        say(f"  {line}")
    for name, value in params.items():
        say(f"with PARAM_{name.upper()}={value}")
    if held:
        say(f"! {len(view.live)} open: {held} decides (--force runs it all the same)")


def chosen(words: Iterable[str]) -> dict[str, str]:
    """Return `NAME=VALUE` words as a mapping. Raises UsageError."""
    values: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise click.UsageError(f"{word!r} is not NAME=VALUE.")
        if name in values:
            raise click.UsageError(f"{name} is given twice.")
        values[name] = value
    return values


def _run_to_end(at: Desk, command: RunJob, *, follow: bool) -> RunRow:
    """Listen first, then start: no event of the run can be missed."""
    with contextlib.closing(at.client.stream(output=follow)) as messages:
        if next(messages, None) is None:
            raise NoEngine("the engine left before the run began", "try again")
        run = at.send(command).run
        if run is None:
            raise CrontermError("the engine did not say which run it started", "`cronterm status`")
        _listen(at, messages, command.job, run, follow=follow)
    row = read_row(at, run)  # from the history, where the engine has left meanwhile
    if row.outcome is None:
        raise NoEngine(f"the engine left before run {run} ended", "`cronterm history` tells")
    return row


def _listen(at: Desk, messages: Iterable[Message], job: str, run: int, *, follow: bool) -> None:
    """Print a run's output where that is wanted; return when it or the engine has ended."""
    gapless, printer = Gapless(at), RawPrinter()
    for message in messages:
        printer.show(gapless.retry())
        match message:
            case Output() if message.run == run:
                printer.show(gapless.take(message))
            case Numbered(event=AttemptEnded() as event) if event.run == run and follow:
                printer.show(gapless.finish(run, event.job, event.attempt))
            case Numbered(event=RunEnded() as event) if event.run == run:
                break
            case Snapshot() if message.live_run(job, run) is None:
                break  # it ended while this program was too slow to listen
    printer.flush()


def read_row(asked: Asked, run: int) -> RunRow:
    """Return what the history says of a run."""
    detail = asked.query(ReadRun(run=run))
    assert isinstance(detail, RunDetail)
    return detail.row


def exit_status(row: RunRow) -> int:
    """Return a run's end as an exit status."""
    if row.outcome == "timed_out":
        return 124
    if row.outcome not in ("succeeded", "failed", "skipped"):
        return 1
    if row.signal is not None:
        return 128 + row.signal
    if row.exit_code is None or (row.outcome == "failed" and row.reason != "exit"):
        return 1  # a good exit code does not make a run that failed by its output a good one
    return row.exit_code
