"""Tests for the ten groups of figures."""

from typing import Any

import msgspec

from cronterm.clock import MINUTE, SECOND
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


def figures(**given: Any) -> JobFigures:
    """Return figures of a job `a` that never ran, but for what is given."""
    values: dict[str, Any] = {
        "job": "a",
        "runs": 0,
        "succeeded": 0,
        "failed": 0,
        "restarts": 0,
        "breakdowns": 0,
        "recoveries": 0,
        "last_day": 0,
        "first_at": 0,
        "last_at": 0,
        "duration_min": None,
        "duration_max": None,
        "duration_mean": None,
        "duration_square_mean": None,
    }
    return JobFigures(**(values | given))


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
        runs=4,
        succeeded=3,
        failed=1,
        restarts=2,
        breakdowns=2,
        recoveries=1,
        last_day=4,
        first_at=0,
        last_at=3 * MINUTE,
        duration_min=SECOND,
        duration_max=3 * SECOND,
        duration_mean=2.0 * SECOND,
        duration_square_mean=4.5,
        newest=(1 * SECOND, 2 * SECOND, 3 * SECOND),
    )

    assert made.total_runs == {"a": 4}
    assert made.results["a"] == Results(3, 1, 0.75)
    assert made.durations["a"] == Durations(2.0, 1.0, 3.0)
    assert made.frequency["a"] == Frequency(4, 60.0)
    assert made.recoveries["a"] == Recoveries(2, 1, 0.5)
    assert made.analysis["a"] == Analysis(0.707107, 1.0)


def test_one_run_has_no_trend() -> None:
    made = stats(duration_mean=1.0 * SECOND, duration_square_mean=1.0, newest=(SECOND,))

    assert made.analysis["a"] == Analysis(0.0, None)
