"""`/metrics`: figures as Prometheus reads them. Labels are names of jobs, outcomes and reasons."""

from collections.abc import Callable, Iterable, Iterator
from typing import get_args

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from cronterm.clock import SECOND
from cronterm.model.alert import AlertKind
from cronterm.model.run import Outcome
from cronterm.model.snapshot import JobState
from cronterm.model.tally import Histogram, cumulative
from cronterm.remote.figures import Figures, JobFigures


class EngineCollector(Collector):
    """The figures of one moment as families of series."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Yield every family."""
        yield from _engine(self._figures)
        yield from _counts(self._figures)
        yield from _jobs(self._figures.jobs)


def render_metrics(figures: Figures) -> bytes:
    """Return the figures in Prometheus' text format. Takes milliseconds: call it on a thread."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EngineCollector(figures))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _engine(figures: Figures) -> Iterator[Metric]:
    yield InfoMetricFamily("cronterm", "What runs.", value={"version": figures.version})
    for name, about, value in (
        ("start_time_seconds", "When the engine started.", figures.started_at / SECOND),
        ("history_writable", "1 while what happens can be recorded.", _yes(figures)),
        ("paused", "1 while everything is paused.", float(figures.is_paused)),
        ("runs_running", "Runs with a process.", figures.running),
        ("runs_waiting", "Runs that wait for a place or their next try.", figures.waiting),
    ):
        yield GaugeMetricFamily(f"cronterm_{name}", about, value=value)
    jobs = GaugeMetricFamily("cronterm_jobs", "Jobs by state.", labels=["state"])
    for state in get_args(JobState):
        jobs.add_metric([state], figures.states.get(state, 0))
    yield jobs
    alerts = GaugeMetricFamily("cronterm_alerts_open", "Alerts by kind.", labels=["kind"])
    for kind in get_args(AlertKind):
        alerts.add_metric([kind], figures.alerts.get(kind, 0))
    yield alerts


def _yes(figures: Figures) -> float:
    return float(figures.state != "store_failing")


def _counts(figures: Figures) -> Iterator[Metric]:
    tally = figures.tally
    ended = CounterMetricFamily(
        "cronterm_runs_ended", "Runs that ended since the engine started.", labels=["outcome"]
    )
    for outcome in get_args(Outcome):
        ended.add_metric([outcome], tally.ended.get(outcome, 0))
    yield ended
    unstarted = CounterMetricFamily(
        "cronterm_instants_unstarted",
        "Due instants for which nothing was started.",
        labels=["outcome", "reason"],
    )
    for (outcome, reason), count in sorted(tally.unstarted.items()):
        unstarted.add_metric([outcome, reason], count)
    yield unstarted
    yield _histogram("run_duration", "From the first start to the end.", tally.durations)
    yield _histogram("start_delay", "How late attempts started.", tally.delays)


def _histogram(name: str, about: str, histogram: Histogram) -> HistogramMetricFamily:
    family = HistogramMetricFamily(f"cronterm_{name}_seconds", about)
    limits = [f"{limit / SECOND:g}" for limit in histogram.limits]
    sums = cumulative(histogram.counts)
    buckets = [(limit, float(count)) for limit, count in zip([*limits, "+Inf"], sums, strict=True)]
    family.add_metric([], buckets, sum_value=histogram.sum / SECOND)
    return family


Value = Callable[[JobFigures], float | None]

_COUNTED: tuple[tuple[str, str, Value], ...] = (
    ("runs", "Runs that ended since the engine started.", lambda job: job.runs),
    ("failures", "Of these, failed, timed out or lost.", lambda job: job.failures),
)
_GAUGED: tuple[tuple[str, str, Value], ...] = (
    ("failed_in_a_row", "Failures since the last success.", lambda job: job.failed_in_a_row),
    ("next_due_time_seconds", "When it is due next.", lambda job: _seconds(job.next_at)),
    ("last_end_time_seconds", "When its last run ended.", lambda job: _seconds(job.last_end_at)),
    ("last_duration_seconds", "How long it took.", lambda job: _seconds(job.last_duration)),
)


def _seconds(value: int | None) -> float | None:
    return None if value is None else value / SECOND


def _jobs(jobs: tuple[JobFigures, ...]) -> Iterator[Metric]:
    families: list[tuple[CounterMetricFamily | GaugeMetricFamily, Value]] = [
        (CounterMetricFamily(f"cronterm_job_{name}", about, labels=["job"]), value)
        for name, about, value in _COUNTED
    ]
    families += [
        (GaugeMetricFamily(f"cronterm_job_{name}", about, labels=["job"]), value)
        for name, about, value in _GAUGED
    ]
    for family, value in families:
        for job in jobs:
            figure = value(job)
            if figure is not None:
                family.add_metric([job.job], figure)
        yield family
