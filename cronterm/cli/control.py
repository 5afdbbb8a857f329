"""Commands that change something: run, stop, pause, resume, down."""

import sys
import time
from typing import Any

import click

from cronterm.cli.base import Desk, common, desk, leave
from cronterm.clock import Instant, SystemClock, local_zone
from cronterm.control import Output
from cronterm.errors import CrontermError
from cronterm.model.command import PauseJob, ResumeJob, RunJob, ShutDown, StopRun
from cronterm.model.event import AttemptEnded, Numbered, RunEnded
from cronterm.sanitize import sanitize
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.parse import parse_moment

DOWN_LIMIT_S = 60.0


@click.command()
@common
@click.argument("job")
@click.option("--wait", is_flag=True, help="Wait for the end and exit with the job's code.")
@click.option("--follow", is_flag=True, help="Print its output until it ends (implies --wait).")
@click.option("--force", is_flag=True, help="Run it even where its overlap forbids it.")
@click.option("--scheduled-at", metavar="TIME", help="What CRONTERM_SCHEDULED_AT tells the job.")
@click.pass_context
def run(
    context: click.Context,
    /,
    job: str,
    wait: bool,
    follow: bool,
    force: bool,
    scheduled_at: str | None,
    **given: Any,
) -> None:
    """Run a job now.

    With --wait the exit status is the job's own, 128 + N for signal N, 124 for a timeout and 1 for
    every other end.

    Example: cronterm run backup --follow
    """
    at = desk(context, **given)
    moment = parse_moment(scheduled_at, local_zone()) if scheduled_at else None
    command = RunJob(job=job, force=force, scheduled_at=moment)
    if wait or follow:
        leave(_run_to_end(at, command, follow=follow))
    answer = at.send(command)
    click.echo(answer.message)


def _run_to_end(at: Desk, command: RunJob, *, follow: bool) -> int:
    """Listen first, then start: no event of the run can be missed."""
    client = at.client
    messages = client.stream(output=follow)
    next(messages)
    run_id = at.send(command).run
    last: AttemptEnded | None = None
    for message in messages:
        if isinstance(message, Output) and message.run == run_id and follow:
            _write(message.data)
        if not isinstance(message, Numbered):
            continue
        event = message.event
        if isinstance(event, AttemptEnded) and event.run == run_id:
            last = event
        elif isinstance(event, RunEnded) and event.run == run_id:
            if event.outcome != "succeeded":
                words = " ".join(filter(None, (event.reason, event.message)))
                click.echo(f"run {run_id} {event.outcome} {words}".rstrip(), err=True)
            return _exit_status(event, last)
    raise CrontermError(f"the engine left before run {run_id} ended", "`cronterm history` tells")


def _exit_status(event: RunEnded, last: AttemptEnded | None) -> int:
    if event.outcome == "timed_out":
        return 124
    if last is None:
        return 1
    if event.reason == "signal" and last.end.signal is not None:
        return 128 + last.end.signal
    if event.outcome in ("succeeded", "failed", "skipped") and last.end.exit_code is not None:
        return last.end.exit_code
    return 1


def _write(content: bytes) -> None:
    """Print output: made safe for a terminal, byte for byte into a pipe."""
    if sys.stdout.isatty():
        sys.stdout.write(sanitize(content.decode("utf-8", "replace")))
    else:
        sys.stdout.buffer.write(content)
    sys.stdout.flush()


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
    signal = name.upper() if not name or name.upper().startswith("SIG") else f"SIG{name.upper()}"
    if what.isdigit():
        command = StopRun(run=int(what), signal=signal)
    else:
        command = StopRun(job=what, signal=signal)
    click.echo(at.send(command).message)


@click.command()
@common
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--all", "everything", is_flag=True, help="Pause everything.")
@click.option("--for", "duration", metavar="DURATION", help="Ends by itself after this.")
@click.option("--until", metavar="TIME", help="Ends by itself then.")
@click.option("--reason", default="", help="Shown with the pause.")
@click.pass_context
def pause(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    everything: bool,
    duration: str | None,
    until: str | None,
    reason: str,
    **given: Any,
) -> None:
    """Hold back timed starts. Running runs go on, runs by hand stay allowed.

    Example: cronterm pause backup --for 2h --reason "disk swap"
    """
    at = desk(context, **given)
    _check_named(jobs, everything)
    end = _until(duration, until)
    for job in jobs or ("",):
        click.echo(at.send(PauseJob(job=job, until=end, reason=reason)).message)


def _until(duration: str | None, until: str | None) -> Instant | None:
    if duration and until:
        raise click.UsageError("--for and --until exclude each other.")
    if duration:
        return SystemClock().now().utc + parse_duration(duration)
    return parse_moment(until, local_zone()) if until else None


def _check_named(jobs: tuple[str, ...], everything: bool) -> None:
    if bool(jobs) == everything:
        raise click.UsageError("Name jobs, or say --all.")


@click.command()
@common
@click.argument("jobs", nargs=-1, metavar="JOB...")
@click.option("--all", "everything", is_flag=True, help="End the pause of everything.")
@click.option("--catch-up", is_flag=True, help="Apply the jobs' catch_up to the pause.")
@click.pass_context
def resume(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    everything: bool,
    catch_up: bool,
    **given: Any,
) -> None:
    """End a pause; the schedule counts from now.

    Example: cronterm resume backup --catch-up
    """
    at = desk(context, **given)
    _check_named(jobs, everything)
    for job in jobs or ("",):
        click.echo(at.send(ResumeJob(job=job, catch_up=catch_up)).message)


@click.command()
@common
@click.option("--now", is_flag=True, help="Do not wait for running jobs; they go on all the same.")
@click.option("--stop-runs", is_flag=True, help="End every run by its own stop rule first.")
@click.pass_context
def down(context: click.Context, /, now: bool, stop_runs: bool, **given: Any) -> None:
    """End the engine. Running jobs go on and their ends are recorded by the next engine.

    Example: cronterm down --stop-runs
    """
    at = desk(context, **given)
    click.echo(at.send(ShutDown(now=now, stop_runs=stop_runs)).message)
    instance = at.instance
    limit = time.monotonic() + DOWN_LIMIT_S
    while instance.is_held():
        if time.monotonic() > limit:
            raise CrontermError("the engine has not ended yet", "it may wait for running jobs")
        time.sleep(0.05)
