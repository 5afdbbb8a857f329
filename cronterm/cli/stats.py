"""`stats`: what the kept history says in figures."""

from typing import Any, get_args

import click
import msgspec

from cronterm.cli.base import common, desk, print_json, say
from cronterm.cli.render import Cell, show_duration, table
from cronterm.model.query import Range, ReadStats
from cronterm.model.stats import Stats

HEAD = ("JOB", "RUNS", "OK", "FAILED", "AVERAGE", "SHORTEST", "LONGEST", "SPREAD", "LAST 24H")


@click.command()
@common
@click.argument("job", required=False)
@click.option(
    "--range",
    "within",
    type=click.Choice(get_args(Range)),
    default="all",
    help="How far back: whole hours of a day, whole days (UTC) of more.",
)
@click.pass_context
def stats(context: click.Context, /, job: str | None, within: Range, **given: Any) -> None:
    """Show how often jobs ran, how it went and how long it took; figures outlive the runs.

    --json prints one object with ten groups, the same that settings.api.stats_file keeps in a file.

    Example: cronterm stats --json | jq .durations
    """
    at = desk(context, **given)
    found = at.query(ReadStats(job=job or "", range=within))
    assert isinstance(found, Stats)
    if at.as_json:
        print_json(msgspec.to_builtins(found))
        return
    if not found.total_runs:
        when = "yet" if within == "all" else f"in the last {within}"
        say(f"{job or 'nothing'} has {'not ' if job else ''}run {when}")
        return
    for line in table(HEAD, [_row(found, each) for each in found.total_runs], colors=at.colors):
        click.echo(line)
    by = found.categories
    say(f"{by.time_based} by time, {by.event_based} by events, {by.by_hand} by hand or other jobs")


def _row(stats: Stats, job: str) -> list[Cell]:
    results, durations = stats.results[job], stats.durations[job]
    spread = stats.analysis[job].standard_deviation_s
    return [
        job,
        str(stats.total_runs[job]),
        str(results.succeeded),
        (str(results.failed), "red" if results.failed else None),
        _shown(durations.average_s),
        _shown(durations.min_s),
        _shown(durations.max_s),
        _shown(spread),
        str(stats.frequency[job].last_24h),
    ]


def _shown(seconds: float | None) -> str:
    return "" if seconds is None else show_duration(round(seconds * 1e6))
