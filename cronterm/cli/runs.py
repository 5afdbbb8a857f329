"""Commands about runs: run, stop."""

import contextlib
import signal
from collections.abc import Iterable
from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, leave, print_answer, print_json, say
from cronterm.cli.output import Asked, Gapless, RawPrinter
from cronterm.cli.render import describe_end
from cronterm.clock import local_zone
from cronterm.control import Message, Output
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.command import RerunRun, RunJob, StopRun
from cronterm.model.event import AttemptEnded, Numbered, RunEnded
from cronterm.model.query import ReadRun, RunDetail
from cronterm.model.run import RunRow
from cronterm.model.snapshot import Snapshot
from cronterm.schedule.parse import parse_moment


@click.command()
@common
@click.argument("job")
@click.option("--wait", is_flag=True, help="Wait for the end and exit with the job's code.")
@click.option("--follow", is_flag=True, help="Print its output until it ends (implies --wait).")
@click.option(
    "--force", is_flag=True, help="Run it even where its overlap or its condition forbids it."
)
@click.option("--with-deps", is_flag=True, help="Run what it depends on first, in order.")
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


@click.command()
@common
@click.argument("number", metavar="RUN", type=click.IntRange(1))
@click.pass_context
def rerun(context: click.Context, /, number: int, **given: Any) -> None:
    """Run again what a run was, by the definition it had then.

    Example: cronterm rerun 57
    """
    at = desk(context, **given)
    print_answer(at, at.send(RerunRun(run=number)))


@click.command()
@common
@click.argument("what", metavar="RUN|JOB")
@click.option("-s", "--signal", "name", default="", help="Send this signal instead.")
@click.pass_context
def stop(context: click.Context, /, what: str, name: str, **given: Any) -> None:
    """End a run, or all open runs of a job: signal, grace, SIGKILL to the whole tree.

    Example: cronterm stop backup -s SIGINT
    """
    at = desk(context, **given)
    chosen = signal_name(name) if name else ""
    if what.isdigit():
        command = StopRun(run=int(what), signal=chosen)
    else:
        command = StopRun(job=what, signal=chosen)
    print_answer(at, at.send(command))


def signal_name(word: str) -> str:
    """Return `SIGINT` for `SIGINT`, `int` and `2`. Raises UsageError."""
    try:
        if word.isdecimal():
            return signal.Signals(int(word)).name
        return signal.Signals["SIG" + word.upper().removeprefix("SIG")].name
    except (KeyError, ValueError):
        raise click.UsageError(f"There is no signal {word!r}.") from None
