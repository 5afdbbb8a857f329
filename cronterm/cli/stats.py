"""`stats`: what the kept history says in figures."""

from typing import Any, get_args

import click
import msgspec

from cronterm.cli.base import JOB_NAME, Desk, common, desk
from cronterm.cli.render import Cell, show_duration
from cronterm.cli.sheet import Sheet, formatted, present
from cronterm.model.query import Range, ReadStats
from cronterm.model.stats import Stats

HEAD = ("JOB", "RUNS", "OK", "FAILED", "AVERAGE", "SHORTEST", "LONGEST", "SPREAD", "LAST 24H")


@click.command()
@common
@formatted
@click.argument("job", type=JOB_NAME, required=False)
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
    present(at, lambda one: _sheet(one, job or "", within))


def _sheet(at: Desk, job: str, within: Range) -> Sheet:
    found = at.query(ReadStats(job=job, range=within))
    assert isinstance(found, Stats)
    by = found.categories
    told = (
        f"{by.time_based} by time, {by.event_based} by events, {by.by_hand} by hand or other jobs"
    )
    when = "yet" if within == "all" else f"in the last {within}"
    return Sheet(
        content=msgspec.to_builtins(found),
        records=[_record(found, each) for each in found.total_runs],
        head=HEAD,
        rows=[_row(found, each) for each in found.total_runs],
        above=[(told, None)] if found.total_runs else (),
        empty=f"{job or 'nothing'} has {'not ' if job else ''}run {when}",
    )


def _record(stats: Stats, job: str) -> dict[str, Any]:
    return {
        "job": job,
        "runs": stats.total_runs[job],
        **msgspec.to_builtins(stats.results[job]),
        **msgspec.to_builtins(stats.durations[job]),
        **msgspec.to_builtins(stats.frequency[job]),
    }


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
