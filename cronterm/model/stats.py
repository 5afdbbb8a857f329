"""What the history says in figures, in the ten groups of `stats.json`.

Seconds, ratios 0 to 1, and names of jobs as keys: these values leave the house as they are.
"""

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.rollup import Rollup


class Results(msgspec.Struct, frozen=True):
    """How runs ended. What was skipped or stopped is neither."""

    succeeded: int
    failed: int
    success_ratio: float | None


class Durations(msgspec.Struct, frozen=True):
    """How long runs took, their retries included."""

    average_s: float | None = None
    min_s: float | None = None
    max_s: float | None = None
    p50_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    """Percentiles are right within 9 %, mostly far better, and never beyond min and max."""
    average_before_s: float | None = None
    """In the range before, as long as this one; None where nothing ran, or of all time."""


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """How loaded the machine is."""

    measured_at: str
    cpu_ratio: float
    memory_ratio: float
    disk_ratio: float
    disk_path: str
    load: float


class Frequency(msgspec.Struct, frozen=True):
    """How often a job runs."""

    last_24h: int
    average_interval_s: float | None
    """Between the first and the last start."""


class Errors(msgspec.Struct, frozen=True):
    """What failed, why, and on which days (UTC) of the last fourteen."""

    total: int
    types: dict[str, int]
    by_day: dict[str, int]


class Categories(msgspec.Struct, frozen=True):
    """Runs by what started them."""

    time_based: int
    event_based: int
    by_hand: int
    """And by other jobs."""


class FileEvents(msgspec.Struct, frozen=True):
    """What happened to the files that triggers watch."""

    created: int = 0
    modified: int = 0
    deleted: int = 0
    moved: int = 0


class Recoveries(msgspec.Struct, frozen=True):
    """How often a job was tried again, and how often it was well again after a failure."""

    restarts: int
    recoveries: int
    recovery_ratio: float | None
    """Of the times it began to fail."""


class Analysis(msgspec.Struct, frozen=True):
    """How durations spread, and where they go from run to run."""

    standard_deviation_s: float | None = None
    trend_s_per_run: float | None = None


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """The ten groups of seed 000, by job where it says so."""

    total_runs: dict[str, int]
    results: dict[str, Results]
    durations: dict[str, Durations]
    resources: Resources | None = None
    frequency: dict[str, Frequency]
    errors: dict[str, Errors]
    categories: Categories
    file_events: FileEvents
    recoveries: dict[str, Recoveries]
    analysis: dict[str, Analysis]


class JobFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a store counts of one job's ended runs that started something."""

    job: str
    total: Rollup
    last_day: int = 0
    """Runs that ended in this hour or the 23 before it."""
    errors_by_day: dict[str, int] = {}
    average_before: Duration | None = None
    """The mean duration in the range before."""


class Trends(msgspec.Struct, frozen=True, kw_only=True):
    """How the runs of a job, or of all jobs, went over a range of time."""

    since: Instant
    until: Instant
    """The instant it was asked for."""
    step: Duration
    """The length of what a point stands for."""
    points: tuple[tuple[Instant, Rollup], ...] = ()
    """Where something happened, each at its beginning, oldest first."""
    total: Rollup
    before: Rollup | None = None
    """The range before this one, None where there is none to compare with."""
    before_length: Duration = 0


def make_stats(
    figures: tuple[JobFigures, ...], categories: Categories, file_events: FileEvents
) -> Stats:
    """Return the ten groups; the resources are filled in by who can measure them."""
    return Stats(
        total_runs={each.job: each.total.runs for each in figures},
        results={each.job: _results(each) for each in figures},
        durations={each.job: _durations(each) for each in figures},
        frequency={each.job: _frequency(each) for each in figures},
        errors={
            each.job: Errors(each.total.failures, each.total.reasons, each.errors_by_day)
            for each in figures
        },
        categories=categories,
        file_events=file_events,
        recoveries={each.job: _recoveries(each) for each in figures},
        analysis={each.job: _analysis(each) for each in figures},
    )


def _results(job: JobFigures) -> Results:
    total = job.total
    return Results(total.succeeded, total.failures, _rounded(total.success_ratio, 4))


def _rounded(number: float | None, digits: int = 6) -> float | None:
    return None if number is None else round(number, digits)


def _seconds(duration: float | None) -> float | None:
    if duration is None:
        return None
    seconds = duration / 1e6
    return seconds if isinstance(duration, int) else round(seconds, 6)  # whole microseconds are


def _durations(job: JobFigures) -> Durations:
    total = job.total
    p50, p95, p99 = total.percentiles(0.5, 0.95, 0.99)
    return Durations(
        average_s=_seconds(total.average),
        min_s=_seconds(total.duration_min),
        max_s=_seconds(total.duration_max),
        p50_s=_seconds(p50),
        p95_s=_seconds(p95),
        p99_s=_seconds(p99),
        average_before_s=_seconds(job.average_before),
    )


def _frequency(job: JobFigures) -> Frequency:
    total = job.total
    between = None
    if total.runs > 1 and total.first_at is not None and total.last_at is not None:
        between = (total.last_at - total.first_at) / (total.runs - 1)
    return Frequency(job.last_day, _seconds(between))


def _recoveries(job: JobFigures) -> Recoveries:
    total = job.total
    ratio = total.recoveries / total.breakdowns if total.breakdowns else None
    return Recoveries(total.restarts, total.recoveries, _rounded(ratio, 4))


def _analysis(job: JobFigures) -> Analysis:
    return Analysis(_rounded(job.total.deviation_s), _rounded(job.total.trend_s))
