"""Quantiles and shares of runs that are only added up."""

import random

import pytest

from cronterm.clock import MILLISECOND, SECOND, Duration
from cronterm.model.quantile import quantile
from cronterm.model.rollup import EndedRun, Rollup, add_run
from cronterm.model.run import Outcome, success_ratio
from cronterm.model.snapshot import PastRun, Totals, count
from cronterm.model.stats import Categories, FileEvents, JobFigures, make_stats

QUANTILES = (0.5, 0.95, 0.99)


def added_up(lengths: list[Duration], outcome: Outcome = "succeeded") -> Rollup:
    """Return the sum of runs that took so long."""
    rollup = Rollup()
    for rank, length in enumerate(lengths, 1):
        run = EndedRun(
            outcome=outcome,
            reason="",
            cause="scheduled",
            started_at=0,
            ended_at=length,
            attempt=1,
            was_failing=False,
        )
        add_run([rollup], run, rank)
    return rollup


def estimated(lengths: list[Duration]) -> list[Duration | None]:
    """Return the quantiles of what is added up."""
    return [added_up(lengths).percentile(ratio) for ratio in QUANTILES]


def test_runs_that_take_nearly_the_same_are_not_told_of_as_something_else() -> None:
    lengths = [16_300 * MILLISECOND, *(25_000 * MILLISECOND + n * 10_000 for n in range(7))]

    median, p95, p99 = estimated(lengths)
    assert median is not None
    assert abs(median - quantile(lengths, 0.5)) < 50 * MILLISECOND
    assert p95 == p99 == max(lengths)


@pytest.mark.parametrize(
    "lengths",
    [
        [SECOND],
        [3 * SECOND, SECOND],
        [5 * SECOND, 16 * SECOND, 25 * SECOND],
        [25 * SECOND] * 40,
        [0, 0, 0, 0],
        [400, 600, 700],
    ],
)
def test_few_runs_and_runs_that_are_alike_have_exact_quantiles(lengths: list[Duration]) -> None:
    assert estimated(lengths) == [quantile(lengths, ratio) for ratio in QUANTILES]


@pytest.mark.parametrize("seed", range(20))
def test_quantiles_are_near_in_order_and_never_beyond_the_ends(seed: int) -> None:
    dice = random.Random(seed)
    middle = 10 ** dice.uniform(3.5, 9)
    lengths = [round(middle * dice.lognormvariate(0, 0.7)) for _ in range(dice.randint(4, 300))]

    found = [each or 0 for each in estimated(lengths)]
    assert sorted([min(lengths), *found, max(lengths)]) == [min(lengths), *found, max(lengths)]
    for ratio, each in zip(QUANTILES, found, strict=True):
        exact = quantile(lengths, ratio)
        assert abs(each - exact) <= max(0.09 * exact, MILLISECOND)


def test_what_leaves_the_house_has_no_median_below_its_minimum() -> None:
    figures = JobFigures(job="a", total=added_up([3_033_530] * 9))
    durations = make_stats((figures,), Categories(9, 0, 0), FileEvents()).durations["a"]

    assert durations.min_s == durations.p50_s == durations.p99_s == durations.max_s == 3.03353


def test_a_run_that_was_stopped_is_judged_neither_way_anywhere() -> None:
    rollup, totals = added_up([SECOND] * 7), Totals()
    rollup.scheduled, rollup.stopped = 8, 1
    for number, outcome in enumerate([*["succeeded"] * 7, "stopped"]):
        count(totals, PastRun(number, 0, outcome, started_at=0, duration=SECOND))  # type: ignore[arg-type]

    assert rollup.success_ratio == totals.success_ratio == success_ratio(7, 0) == 1.0
    assert success_ratio(0, 0) is None
    assert success_ratio(3, 1) == 0.75


def test_a_quantile_is_one_of_the_values() -> None:
    assert [quantile([4, 1, 3, 2], ratio) for ratio in (0, 0.25, 0.26, 0.5, 1)] == [1, 1, 2, 2, 4]
    assert quantile(range(1, 101), 0.95) == 95
    assert quantile(range(1, 101), 0.07) == 7
