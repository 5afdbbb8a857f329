"""Commands that end runs: stop, kill."""

import signal
from collections.abc import Iterator, Sequence
from typing import Any

import click

from cronterm.cli.base import JOB_NAME, Desk, common, confirm, desk, leave, print_answer, say
from cronterm.errors import CrontermError
from cronterm.model.command import StopRun
from cronterm.model.snapshot import Snapshot


@click.command()
@common
@click.argument("what", type=JOB_NAME, nargs=-1, metavar="[RUN|JOB]...")
@click.option("-s", "--signal", "name", default="", help="Send this signal instead.")
@click.option("--all", "everything", is_flag=True, help="Every open run.")
@click.pass_context
def stop(
    context: click.Context,
    /,
    what: tuple[str, ...],
    name: str,
    everything: bool,
    **given: Any,
) -> None:
    """End runs, or all open runs of jobs: signal, grace, SIGKILL to the whole tree.

    Example: cronterm stop backup -s SIGINT
    """
    at = desk(context, **given)
    _stop_each(at, what, signal_name(name) if name else "", everything=everything)


@click.command()
@common
@click.argument("what", type=JOB_NAME, nargs=-1, metavar="[RUN|JOB]...")
@click.option("-s", "--signal", "name", default="SIGKILL", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Every open run.")
@click.pass_context
def kill(
    context: click.Context,
    /,
    what: tuple[str, ...],
    name: str,
    everything: bool,
    **given: Any,
) -> None:
    """End runs at once, without their grace: SIGKILL to the whole tree.

    Example: cronterm kill 57
    """
    at = desk(context, **given)
    _stop_each(at, what, signal_name(name), everything=everything)


def _stop_each(at: Desk, what: Sequence[str], name: str, *, everything: bool) -> None:
    if bool(what) == everything:
        raise click.UsageError("Name runs or jobs, or say --all.")
    targets = [*what]
    if everything:
        targets = [str(run) for run in open_runs(at.client.snapshot())]
        if not targets:
            say("no run is open")
            return
        confirm(at, f"End {len(targets)} open run{'' if len(targets) == 1 else 's'}?")
    refused = 0
    for target in targets:
        run = int(target) if target.isdigit() else None
        command = StopRun(run=run, job="" if run is not None else target, signal=name)
        answer = at.client.send(command)
        if answer.ok:
            print_answer(at, answer)
        elif not (everything and answer.kind == "unknown_run"):  # else it has just ended by itself
            error = CrontermError(answer.message, answer.hint)
            say(f"cronterm: {error}", err=True)
            refused = error.exit_code
    if refused:
        leave(refused)


def open_runs(snapshot: Snapshot) -> Iterator[int]:
    """Yield the number of each open run, those of jobs that left the file as well."""
    yield from (run.run for run in snapshot.all_open())


def signal_name(word: str) -> str:
    """Return `SIGINT` for `SIGINT`, `int` and `2`. Raises UsageError."""
    try:
        if word.isdecimal():
            return signal.Signals(int(word)).name
        return signal.Signals["SIG" + word.upper().removeprefix("SIG")].name
    except (KeyError, ValueError):
        raise click.UsageError(f"There is no signal {word!r}.") from None
