"""Figures of one job are made from its totals and its newest runs."""

import msgspec
import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration
from cronterm.model.rollup import EndedRun, Rollup, add_run
from cronterm.model.run import Outcome, RunRow
from cronterm.model.stats import Trends
from cronterm.tui.picture import Picture
from cronterm.tui.record import RUNS_READ, Record, late_starts, ok_streaks, rate_text, repair_times
from cronterm.tui.widgets.statistics_box import StatisticsBox
from tests.tui.figures import trends
from tests.tui.scene import NOW, row


def runs(outcomes: str) -> list[RunRow]:
    """Return an hour's run a letter, the newest first: `o`k, `f`ailed, `t`imed out, `s`kipped.

    `x` was stopped by hand.
    """
    kinds: dict[str, Outcome] = {"o": "succeeded", "f": "failed", "t": "timed_out", "s": "skipped"}
    kinds["x"] = "stopped"
    found = [
        msgspec.structs.replace(
            row(1),
            run=number,
            outcome=kinds[letter],
            cause="scheduled",
            scheduled_at=NOW + number * HOUR,
            started_at=None if letter == "s" else NOW + number * HOUR + number * SECOND,
            ended_at=NOW + number * HOUR + MINUTE,
        )
        for number, letter in enumerate(outcomes)
    ]
    return found[::-1]


def totals(count: int, every: Duration, took: Duration = SECOND) -> Rollup:
    """Return the sum of runs that all took as long."""
    total = Rollup()
    for number in range(count):
        at = NOW + number * every
        run = EndedRun(
            outcome="succeeded",
            reason="",
            cause="scheduled",
            started_at=at,
            ended_at=at + took,
            attempt=1,
            was_failing=False,
        )
        add_run([total], run, number + 1)
    return total


def test_what_started_nothing_is_counted_by_its_instants_and_what_never_started_is_not() -> None:
    missed = msgspec.structs.replace(row(1), run=None, outcome="missed", started_at=None)
    stretches = [msgspec.structs.replace(missed, count=count) for count in (113, 190)]
    unborn = msgspec.structs.replace(row(1), outcome="stopped", started_at=None)

    record = Record(runs=[*stretches, *runs("os"), unborn])
    assert record.idle() == [("skipped", "1 instant"), ("missed", "303 instants")]
    assert Record(runs=[unborn]).idle() == []

    box = StatisticsBox(Picture(), id="statistics")
    box.record = record
    assert box.titles()[1] == "streaks, MTTR, drift, skipped, missed of the last 5"


def test_the_time_to_repair_is_from_the_first_failure_to_the_next_success() -> None:
    assert repair_times(runs("offsot")) == [3 * HOUR]
    assert repair_times(runs("fotto")) == [HOUR, 2 * HOUR]
    assert repair_times(runs("oo")) == []


@pytest.mark.parametrize(
    ("outcomes", "streaks"),
    [
        ("", []),
        ("s", []),
        ("ooo", [3]),
        ("oofoso", [2, 2]),
        ("ooff", [2, 0]),
        ("f", [0]),
        ("ooxo", [2, 1]),
        ("ox", [1, 0]),
        ("x", []),
    ],
)
def test_runs_that_succeeded_are_counted_in_rows(outcomes: str, streaks: list[int]) -> None:
    assert ok_streaks(runs(outcomes)) == streaks


def test_a_run_that_could_not_be_started_ends_a_row_and_is_to_be_repaired() -> None:
    rows = runs("ooooo")
    rows[2] = msgspec.structs.replace(rows[2], outcome="failed", started_at=None)
    rows[4] = msgspec.structs.replace(rows[4], outcome="skipped", started_at=None)

    assert ok_streaks(rows) == [1, 2]
    assert repair_times(rows) == [HOUR]


def streaks_of(record: Record) -> tuple[str, str]:
    """Return what is told of the runs that succeeded in a row."""
    found = told(record)
    return found["streak"], found["longest"]


def test_a_row_that_may_have_begun_before_what_is_known_is_so_long_at_least() -> None:
    assert streaks_of(Record(runs=runs("o" * RUNS_READ))) == ("500+ ok", "500+")
    assert streaks_of(Record(runs=runs("o" * 499))) == ("499 ok", "499")
    assert streaks_of(Record(runs=runs("oof" + "o" * 497))) == ("497 ok", "497")
    kept = totals(9, HOUR)
    assert streaks_of(Record(total=kept, runs=runs("ooofo"))) == ("1 ok", "3+")
    assert streaks_of(Record(total=kept, runs=runs("o" * 5))) == ("5+ ok", "5+")
    assert streaks_of(Record(total=kept, runs=runs("ofooo"))) == ("3 ok", "3")
    assert streaks_of(Record(total=kept, runs=runs("o" * 9))) == ("9 ok", "9")


def test_a_start_is_late_after_its_instant_where_it_has_one() -> None:
    late = [*runs("osoo"), msgspec.structs.replace(row(2), cause="manual")]
    assert late_starts(late) == [3 * SECOND, 2 * SECOND, 0]


@pytest.mark.parametrize(
    ("count", "every", "text"),
    [
        (1, DAY, "1 in 0ms"),
        (8, 3 * MINUTE, "8 in 21m00s"),
        (100, MINUTE, "60/h"),
        (10, 4 * HOUR, "6.0/day"),
        (100, HOUR, "24/day"),
        (9, 7 * DAY, "1.0/week"),
    ],
)
def test_a_rate_is_told_in_the_unit_that_suits_it(count: int, every: Duration, text: str) -> None:
    assert rate_text(totals(count, every), NOW + (count - 1) * every) == text


def test_the_time_since_the_last_run_makes_a_rate_lower() -> None:
    assert rate_text(totals(25, MINUTE), NOW + DAY) == "24/day"


def test_quantiles_are_exact_where_all_runs_are_known() -> None:
    total, known = Rollup(), runs("oooo")
    for number, took in enumerate((20, 21, 22, 25)):
        at = NOW + number * HOUR
        ended = EndedRun(
            outcome="succeeded",
            reason="",
            cause="manual",
            started_at=at,
            ended_at=at + took * SECOND,
            attempt=1,
            was_failing=False,
        )
        add_run([total], ended, number + 1)
        known[number] = msgspec.structs.replace(
            known[number], started_at=at, ended_at=at + took * SECOND
        )

    assert told(Record(total=total, runs=known))["p50"] == "21.0s"
    assert told(Record(total=total, runs=known))["p95"] == "25.0s"


def told(record: Record, *, has_jitter: bool = False) -> dict[str, str]:
    """Return all figures by their names."""
    return dict(pair for line in record.lines(has_jitter=has_jitter) for pair in line)


def test_of_runs_that_could_not_be_started_no_duration_is_told() -> None:
    total = Rollup()
    ended = EndedRun(
        outcome="failed",
        reason="start_error",
        cause="scheduled",
        started_at=None,
        ended_at=NOW,
        attempt=1,
        was_failing=False,
    )
    add_run([total], ended, 1)
    figures = told(Record(total=total))

    assert (figures["runs"], figures["errors"]) == ("1", "1")
    assert [figures[name] for name in ("avg", "min", "max", "σ", "p50")] == ["·"] * 5


def test_all_figures_are_there_where_the_store_has_them() -> None:
    record = Record(
        total=trends("all", NOW, "flaky-upload").total,
        week=trends("7d", NOW, "flaky-upload"),
        runs=runs("offoo"),
    )
    assert [*told(record)] == [
        *(
            "runs",
            "ok",
            "errors",
            "recoveries",
            "7 days",
            "now",
            "before",
            "avg",
            "min",
            "max",
            "σ",
            "p50",
            "p95",
            "p99",
        ),
        *("rate", "drift p99", "MTTR", "streak", "longest", "cpu", "rss", "retries"),
    ]
    assert told(record)["MTTR"] == "2h00m"
    assert (told(record)["streak"], told(record)["longest"]) == ("2 ok", "2")
    assert "drift p99" not in told(record, has_jitter=True)


def test_the_last_week_is_compared_with_the_week_before_in_words() -> None:
    def change(now: Rollup, before: Rollup) -> list[str]:
        week = Trends(since=NOW, until=NOW, step=HOUR, total=now, before=before)
        return [text for _, text in Record(total=totals(9, HOUR), week=week).change()]

    usual, longer = (totals(5, HOUR, length * SECOND) for length in (10, 20))
    failing = msgspec.structs.replace(longer, failed=2)
    said, here, there = change(longer, usual)
    assert (said, here[:18], there[:18]) == ("slower", *["0 of 5 failed, p50"] * 2)
    assert change(usual, longer)[0] == "faster"
    assert change(totals(7, HOUR, 10 * SECOND), usual)[0] == "as before"
    assert change(failing, usual)[0] == "more failures and slower"
    assert change(failing, usual)[1].startswith("2 of 5 failed, ")
    assert change(usual, failing)[0] == "fewer failures and faster"
    assert change(usual, totals(2, HOUR)) == []


def test_a_job_that_never_ran_has_only_its_counts() -> None:
    assert told(Record()) == {"runs": "0", "ok": "·", "errors": "0", "recoveries": "0"}
