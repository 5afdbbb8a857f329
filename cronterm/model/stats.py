"""What the kept history says in figures, in the ten groups of `stats.json`.

Seconds, ratios 0 to 1, and names of jobs as keys: these values leave the house as they are.
"""

import msgspec

from cronterm.clock import Duration, Instant


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
    """Between the first and the last start that are kept."""


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
    """How durations spread, and where those of the newest hundred runs go."""

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
    runs: int
    succeeded: int
    failed: int
    restarts: int
    breakdowns: int
    """Failures after a success, or as the first."""
    recoveries: int
    """Successes after a failure."""
    last_day: int
    first_at: Instant
    last_at: Instant
    duration_min: Duration | None
    duration_max: Duration | None
    duration_mean: float | None
    """Microseconds."""
    duration_square_mean: float | None
    """Of the squares, in seconds squared."""
    errors: dict[str, int] = {}
    errors_by_day: dict[str, int] = {}
    newest: tuple[Duration, ...] = ()
    """The newest durations, oldest first."""


def make_stats(
    figures: tuple[JobFigures, ...], categories: Categories, file_events: FileEvents
) -> Stats:
    """Return the ten groups; the resources are filled in by who can measure them."""
    return Stats(
        total_runs={each.job: each.runs for each in figures},
        results={each.job: _results(each) for each in figures},
        durations={each.job: _durations(each) for each in figures},
        frequency={each.job: _frequency(each) for each in figures},
        errors={each.job: Errors(each.failed, each.errors, each.errors_by_day) for each in figures},
        categories=categories,
        file_events=file_events,
        recoveries={each.job: _recoveries(each) for each in figures},
        analysis={each.job: _analysis(each) for each in figures},
    )


def _results(job: JobFigures) -> Results:
    return Results(job.succeeded, job.failed, _ratio(job.succeeded, job.succeeded + job.failed))


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _seconds(duration: float | None) -> float | None:
    return None if duration is None else round(duration / 1e6, 6)


def _durations(job: JobFigures) -> Durations:
    return Durations(
        _seconds(job.duration_mean), _seconds(job.duration_min), _seconds(job.duration_max)
    )


def _frequency(job: JobFigures) -> Frequency:
    between = (job.last_at - job.first_at) / (job.runs - 1) if job.runs > 1 else None
    return Frequency(job.last_day, _seconds(between))


def _recoveries(job: JobFigures) -> Recoveries:
    return Recoveries(job.restarts, job.recoveries, _ratio(job.recoveries, job.breakdowns))


def _analysis(job: JobFigures) -> Analysis:
    if job.duration_mean is None or job.duration_square_mean is None:
        return Analysis()
    mean_s = job.duration_mean / 1e6
    variance = max(job.duration_square_mean - mean_s * mean_s, 0.0)
    return Analysis(round(variance**0.5, 6), _trend(job.newest))


def _trend(durations: tuple[Duration, ...]) -> float | None:
    """Return the slope of the line that fits best, in seconds per run."""
    count = len(durations)
    if count < 2:
        return None
    middle, mean = (count - 1) / 2, sum(durations) / count
    rise = sum((n - middle) * (each - mean) for n, each in enumerate(durations))
    run = sum((n - middle) ** 2 for n in range(count))
    return round(rise / run / 1e6, 6)
