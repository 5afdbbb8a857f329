"""Commands that hold back, let go and end: pause, resume, skip, down."""

import time
from collections.abc import Callable
from typing import Any

import click
from msgspec import structs

from cronterm.cli.base import JOB_NAME, Desk, common, desk, leave, print_answer, say
from cronterm.cli.render import show_time
from cronterm.clock import SECOND, Instant, SystemClock
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.command import AnyCommand, PauseJob, ResumeJob, ShutDown, SkipNext
from cronterm.model.snapshot import Snapshot
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.moments import coming_moment

ENDING_S = 60.0  # for the last commits, beyond what the running jobs are given


@click.command()
@common
@click.argument("jobs", type=JOB_NAME, nargs=-1, metavar="JOB...")
@click.option("--all", "everything", is_flag=True, help="Pause everything.")
@click.option("--for", "duration", metavar="DURATION", help="Ends by itself after this.")
@click.option("--until", metavar="TIME", help="Ends by itself then: 08:00, tomorrow 08:00.")
@click.option("--reason", help="Shown with the pause; without it that of a pause it changes stays.")
@click.pass_context
def pause(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    everything: bool,
    duration: str | None,
    until: str | None,
    reason: str | None,
    **given: Any,
) -> None:
    """Hold back timed starts. Running runs go on, runs by hand stay allowed.

    Example: cronterm pause backup --for 2h --reason "disk swap"
    """
    at = desk(context, **given)
    _check_named(jobs, everything)
    end = _until(duration, until)
    kept = _reasons(at.client.snapshot()) if reason is None else {}

    def command(job: str) -> PauseJob:
        return PauseJob(job=job, until=end, reason=kept.get(job, "") if reason is None else reason)

    def said(job: str) -> str:
        """Say what it is now; in brackets follows what it was, with the reason that stays."""
        until = f" until {show_time(end)}" if end is not None else ""
        return f"{until}, the reason stays" if kept.get(job) else until

    _send_each(at, jobs, command, said)


def _reasons(snapshot: Snapshot) -> dict[str, str]:
    """Return why jobs are paused, under "" why everything is."""
    pauses = {job: view.pause for job, view in snapshot.jobs.items()} | {"": snapshot.all_paused}
    return {job: pause.reason for job, pause in pauses.items() if pause is not None}


def _send_each(
    at: Desk,
    jobs: tuple[str, ...],
    command: Callable[[str], AnyCommand],
    said: Callable[[str], str] = lambda job: "",
) -> None:
    """Send a command for each job; one that is refused does not keep the others from theirs.

    What is `said` of a job is added to what is told where it was done.
    """
    refused = None
    for job in jobs or ("",):
        try:
            answer = at.send(command(job))
            was = f" ({answer.hint})" if answer.hint else ""
            print_answer(at, structs.replace(answer, message=answer.message + said(job) + was))
        except CrontermError as error:
            if job == (jobs or ("",))[-1] or isinstance(error, NoEngine):
                raise
            say(f"cronterm: {error}", err=True)
            refused = error
    if refused is not None:
        leave(refused.exit_code)


def _until(duration: str | None, until: str | None) -> Instant | None:
    if duration and until:
        raise click.UsageError("--for and --until exclude each other.")
    if duration:
        return SystemClock().now().utc + parse_duration(duration)
    return coming_moment(until, SystemClock().now().utc) if until else None


def _check_named(jobs: tuple[str, ...], everything: bool) -> None:
    if bool(jobs) == everything:
        raise click.UsageError("Name jobs, or say --all.")


@click.command()
@common
@click.argument("jobs", type=JOB_NAME, nargs=-1, metavar="JOB...")
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
    _send_each(at, jobs, lambda job: ResumeJob(job=job, catch_up=catch_up))


@click.command()
@common
@click.argument("jobs", type=JOB_NAME, nargs=-1, required=True, metavar="JOB...")
@click.option("--reason", default="", help="Shown in history and by `why`.")
@click.option("--again", is_flag=True, help="Also where the next run is skipped already.")
@click.option("--undo", "--lift", is_flag=True, help="Lift the latest skip that is still to come.")
@click.pass_context
def skip(
    context: click.Context,
    /,
    jobs: tuple[str, ...],
    reason: str,
    again: bool,
    undo: bool,
    **given: Any,
) -> None:
    """Skip the next run of each job: that instant starts nothing.

    Example: cronterm skip backup --reason "disk swap tonight"
    """
    if again and undo:
        raise click.UsageError("--again and --undo exclude each other.")
    at = desk(context, **given)
    views = at.client.snapshot().jobs if again else {}
    due = {job: views[job].next_at for job in jobs if job in views}

    def command(job: str) -> SkipNext:
        return SkipNext(job=job, due_at=due.get(job), reason=reason, undo=undo)

    _send_each(at, jobs, command)


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
    snapshot = at.client.snapshot()
    print_answer(at, at.send(ShutDown(now=now, stop_runs=stop_runs)))
    graces = [snapshot.settings.shutdown_grace]
    graces += [
        view.job.stop_grace_period
        for view in snapshot.jobs.values()
        if view.live and (stop_runs or view.job.shutdown_runs == "stop")
    ]
    limit = time.monotonic() + ENDING_S + max(graces) / SECOND
    while _is_there(at):
        if time.monotonic() > limit:
            raise CrontermError("the engine has not ended yet", "its log says what it waits for")
        time.sleep(0.05)


def _is_there(at: Desk) -> bool:
    """Tell whether the engine has not ended yet."""
    if at.far is None:
        return at.instance.is_held()
    try:
        return bool(at.client.snapshot().engine.pid)
    except NoEngine:
        return False
