"""Tests for the ten groups of figures."""

from typing import Any

import msgspec

from cronterm.clock import MINUTE, SECOND
from cronterm.model.rollup import Rollup
from cronterm.model.stats import (
    Analysis,
    Categories,
    Durations,
    FileEvents,
    Frequency,
    JobFigures,
    Recoveries,
    Results,
    Stats,
    make_stats,
)


def figures(last_day: int = 0, **given: Any) -> JobFigures:
    """Return figures of a job `a` that never ran, but for what is given."""
    return JobFigures(job="a", total=Rollup(**given), last_day=last_day)


def stats(**given: Any) -> Stats:
    """Return the groups of one job."""
    return make_stats((figures(**given),), Categories(1, 2, 3), FileEvents(created=4))


def test_there_are_exactly_ten_groups() -> None:
    assert list(msgspec.to_builtins(stats())) == [
        "total_runs",
        "results",
        "durations",
        "resources",
        "frequency",
        "errors",
        "categories",
        "file_events",
        "recoveries",
        "analysis",
    ]


def test_a_job_that_never_ran_has_no_ratios() -> None:
    made = stats()

    assert made.results["a"] == Results(0, 0, None)
    assert made.durations["a"] == Durations()
    assert made.frequency["a"] == Frequency(0, None)
    assert made.recoveries["a"] == Recoveries(0, 0, None)
    assert made.analysis["a"] == Analysis()


def test_ratios_and_seconds_come_of_counts_and_microseconds() -> None:
    made = stats(
        timed=3,
        scheduled=3,
        succeeded=2,
        failed=1,
        restarts=2,
        breakdowns=2,
        recoveries=1,
        last_day=4,
        first_at=0,
        last_at=2 * MINUTE,
        duration_min=SECOND,
        duration_max=3 * SECOND,
        duration_sum=6 * SECOND,
        square_sum=14.0,
        first_rank=8,
        rank_sum=8.0 * 1 + 9.0 * 2 + 10.0 * 3,
        lengths={79: 1, 87: 1, 92: 1},
    )

    assert made.total_runs == {"a": 3}
    assert made.results["a"] == Results(2, 1, 0.6667)
    assert made.durations["a"] == Durations(2.0, 1.0, 3.0, 2.0, 3.0, 3.0)
    assert made.frequency["a"] == Frequency(4, 60.0)
    assert made.recoveries["a"] == Recoveries(2, 1, 0.5)
    assert made.analysis["a"] == Analysis(0.816497, 1.0)


def test_one_run_has_no_trend() -> None:
    made = stats(timed=1, duration_sum=SECOND, square_sum=1.0, first_rank=1, rank_sum=1.0)

    assert made.analysis["a"] == Analysis(0.0, None)
