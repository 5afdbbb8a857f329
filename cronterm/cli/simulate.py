"""The command that lives through the coming days: simulate."""

from collections.abc import Iterator
from typing import Any

import click

from cronterm.cli.base import common, desk, print_json, say
from cronterm.cli.progress import progress_bar
from cronterm.cli.render import Cell, show_duration, show_time, table
from cronterm.clock import DAY, SystemClock, rfc3339
from cronterm.model.forecast import Forecast, JobForecast, Load, SimulationRequest
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.moments import coming_moment

SHOWN_MINUTES = 5
SPARKS = "▁▂▃▄▅▆▇█"
BARS_PER_LINE = 24

REASONS = {
    "overlap": "the run before it was still open",
    "queue_full": "the queue of the job was full",
    "start_deadline": "it could not start before its start_deadline",
    "paused": "the job is paused",
    "disabled": "the job is disabled",
    "downtime": "it was too old to start",
    "coalesced": "it was folded into a newer one",
    "max_running": "as many ran as max_running allows",
    "pool": "its pool was full",
    "dependency": "a job it depends on had not ended as it needs",
    "condition": "its condition did not hold",
    "calendar": "a calendar keeps it back (exclude, only)",
    "not_before": "it is not to run yet (not_before)",
    "not_after": "it is not to run any more (not_after)",
    "max_runs": "it has run as often as it may (max_runs)",
}
"""For people: why an instant started nothing, or what an attempt waited for."""

WAITED_FOR = REASONS | {"overlap": "the run before it was still open (overlap: queue)"}


@click.command()
@common
@click.option("--days", type=click.FloatRange(0, 366, min_open=True), default=7, show_default=True)
@click.option("--from", "start", metavar="TIME", help="Begin there instead of now.")
@click.option("--seed", type=int, default=1, show_default=True, help="Other dice, other days.")
@click.option("--failures", is_flag=True, help="Let tries fail as often as they did; else none do.")
@click.option(
    "--assume",
    metavar="DURATION",
    default="30s",
    show_default=True,
    help="What a job that has not run yet takes.",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="json is the same as --json.",
)
@click.pass_context
def simulate(
    context: click.Context,
    /,
    start: str | None,
    days: float,
    seed: int,
    failures: bool,
    assume: str,
    output: str,
    **given: Any,
) -> None:
    """Live through the coming days in virtual time: what overlaps, waits, times out or is late.

    The rules are the engine's own; how long a job takes is drawn from its history (median and 95th
    percentile, between the shortest and the longest). It goes on from now, with what runs, or
    begins empty at --from. Nothing is started or written, and no engine need run.

    \b
    DUE      instants of its schedule       RUNS    runs that were started
    SKIPPED  by overlap, pause or a rule    MISSED  too late for start_deadline
    WAITED   starts that were held up       LATE    starts over a minute late

    Example: cronterm simulate --days 30 --failures --json | jq .most_at_once
    """
    at = desk(context, **given)
    request = SimulationRequest(
        start=coming_moment(start, SystemClock().now().utc) if start else None,
        duration=round(days * DAY),
        seed=seed,
        with_failures=failures,
        assumed=parse_duration(assume),
    )
    what = f"living through {days:g} days"
    with progress_bar(what=what, is_quiet=at.is_quiet) as progress:
        forecast = at.rooms.simulate(at.instance, request, progress)
    if at.as_json or output == "json":
        print_json(_as_json(forecast))
        return
    for line in _in_words(forecast):
        say(line)
    for line in table(HEAD, [_row(job) for job in forecast.jobs], colors=at.colors):
        click.echo(line)


# -- in words ------------------------------------------------------------------------------------

HEAD = ("JOB", "USUALLY", "P95", "DUE", "RUNS", "FAILED", "SKIPPED", "MISSED", "WAITED", "LATE")


def _row(job: JobForecast) -> list[Cell]:
    failed = sum(job.outcomes.get(outcome, 0) for outcome in ("failed", "timed_out"))
    skipped, missed = sum(job.skipped.values()), sum(job.missed.values())
    mark = "" if job.habit.runs else "?"
    return [
        job.job,
        show_duration(job.habit.median) + mark,
        show_duration(job.habit.p95) if job.habit.runs else "",
        str(job.due),
        str(job.runs),
        (_count(failed), "red"),
        (_count(skipped), "yellow"),
        (_count(missed), "yellow"),
        _count(sum(job.waits.values())),
        _count(job.late),
    ]


def _count(count: int) -> str:
    return str(count) if count else ""


def _in_words(forecast: Forecast) -> Iterator[str]:
    runs = sum(job.runs for job in forecast.jobs)
    yield (
        f"{show_time(forecast.start)} to {show_time(forecast.end)}:"
        f" {_many(runs, 'run')} of {_many(len(forecast.jobs), 'job')}"
    )
    if forecast.disabled:
        yield f"disabled, start nothing: {', '.join(forecast.disabled)}"
    yield from _assumptions(forecast)
    if runs:
        yield (
            f"at most {forecast.most_at_once} at once ({show_time(forecast.most_at)}),"
            f" max_running is {forecast.max_running}"
        )
        yield "busiest minutes: " + ", ".join(
            f"{show_time(load.at)[5:16]} ({_many(load.starts, 'start')}, {load.running} at once)"
            for load in forecast.busiest[:SHOWN_MINUTES]
        )
        yield from _sparks(forecast.hours)
    found = [line for job in forecast.jobs for line in _findings(job)]
    yield ""
    yield from found or ["nothing is skipped, missed, late or cut short, and nothing waits"]
    yield ""


def _assumptions(forecast: Forecast) -> Iterator[str]:
    unknown = sum(not job.habit.runs for job in forecast.jobs)
    if unknown:
        has = "has" if unknown == 1 else "have"
        yield (
            f"assumed: {_many(unknown, 'job')} that {has} not run yet (?)"
            f" take {show_duration(forecast.assumed)}"
        )
    how = "fail as often as they did" if forecast.with_failures else "all succeed (--failures)"
    yield f"assumed: tries {how}; conditions hold; what is stopped ends at once"


def _sparks(hours: tuple[Load, ...]) -> Iterator[str]:
    """Draw the most at once of each hour, a day a line."""
    most = max((load.running for load in hours), default=0)
    if not most:
        return
    yield f"most at once by the hour, █ is {most}:"
    for place in range(0, len(hours), BARS_PER_LINE):
        line = hours[place : place + BARS_PER_LINE]
        drawn = "".join(
            SPARKS[(load.running * (len(SPARKS) - 1) + most - 1) // most] if load.running else " "
            for load in line
        )
        yield f"  {show_time(line[0].at)[5:16]} {drawn}".rstrip()


def _findings(job: JobForecast) -> Iterator[str]:
    for verb, counts in (("skipped", job.skipped), ("missed", job.missed)):
        for reason, count in counts.items():
            because = REASONS.get(reason, reason)
            yield f"{job.job}: {count} of {job.due} {verb}: {because}"
    if timed_out := job.outcomes.get("timed_out"):
        yield f"{job.job}: {_many(timed_out, 'run')} cut short by the timeout"
    if replaced := job.outcomes.get("replaced"):
        yield f"{job.job}: {_many(replaced, 'run')} replaced by the next one"
    if failed := job.outcomes.get("failed"):
        yield f"{job.job}: {_many(failed, 'run')} failed"
    for reason, count in job.waits.items():
        because = WAITED_FOR.get(reason, reason)
        longest = show_duration(job.longest_wait)
        yield f"{job.job}: {_many(count, 'start')} waited, at most {longest}: {because}"
    if job.late:
        yield f"{job.job}: {_many(job.late, 'start')} late by more than a minute"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


# -- as JSON -------------------------------------------------------------------------------------


def _as_json(forecast: Forecast) -> dict[str, Any]:
    return {
        "from": rfc3339(forecast.start),
        "to": rfc3339(forecast.end),
        "seed": forecast.seed,
        "failures": forecast.with_failures,
        "assumed_s": forecast.assumed / 1e6,
        "most_at_once": forecast.most_at_once,
        "most_at": rfc3339(forecast.most_at),
        "max_running": forecast.max_running,
        "open_at_end": forecast.open_at_end,
        "disabled": list(forecast.disabled),
        "busiest_minutes": [_load_as_json(load) for load in forecast.busiest],
        "hours": [_load_as_json(load) for load in forecast.hours],
        "jobs": [_job_as_json(job) for job in forecast.jobs],
    }


def _load_as_json(load: Load) -> dict[str, Any]:
    return {"at": rfc3339(load.at), "starts": load.starts, "running": load.running}


def _job_as_json(job: JobForecast) -> dict[str, Any]:
    return {
        "job": job.job,
        "learnt_from_runs": job.habit.runs,
        "median_s": job.habit.median / 1e6,
        "p95_s": job.habit.p95 / 1e6,
        "failure_ratio": job.habit.failures,
        "due": job.due,
        "runs": job.runs,
        "retries": job.retries,
        "outcomes": job.outcomes,
        "skipped": job.skipped,
        "missed": job.missed,
        "waits": job.waits,
        "waited_s": job.waited / 1e6,
        "longest_wait_s": job.longest_wait / 1e6,
        "late": job.late,
        "busy_s": job.busy / 1e6,
        "most_at_once": job.most_at_once,
    }
