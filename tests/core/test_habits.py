"""Tests for what past runs tell of the next ones."""

from msgspec.structs import replace

from cronterm.clock import MINUTE, SECOND, Duration
from cronterm.core.habits import Habits, assume, habit_of
from cronterm.model.effect import StartAttempt
from cronterm.model.forecast import Habit
from cronterm.model.run import Cause, Outcome, RunRow
from cronterm.model.success import Success
from tests.core.clockwork import DAY_START, job

FINE: Outcome = "succeeded"


def row(took: Duration | None, outcome: Outcome = FINE, attempt: int = 1) -> RunRow:
    """Return a run that ended so."""
    return RunRow(
        run=1,
        job="a",
        cause="scheduled",
        queued_at=DAY_START,
        started_at=None if took is None else DAY_START,
        ended_at=DAY_START + (took or 0),
        outcome=outcome,
        attempt=attempt,
    )


def start(run: int = 1, **words: object) -> StartAttempt:
    """Return the start of a run of job a."""
    return StartAttempt(
        run=run,
        attempt=1,
        attempts=1,
        job=job("a", **words),
        cause=Cause("manual"),
        queued_at=DAY_START,
    )


def test_a_habit_is_median_p95_and_the_longest() -> None:
    habit = habit_of([row(took * SECOND) for took in range(1, 102)])

    assert habit is not None
    assert (habit.median, habit.p95, habit.longest) == (51 * SECOND, 96 * SECOND, 101 * SECOND)
    assert (habit.runs, habit.failures) == (101, 0)


def test_nothing_is_known_of_a_job_that_never_ended_by_itself() -> None:
    assert habit_of([]) is None
    assert habit_of([row(SECOND, "stopped"), row(SECOND, "lost"), row(None, "skipped")]) is None


def test_runs_that_were_tried_again_count_with_all_their_tries() -> None:
    habit = habit_of([row(3 * SECOND, attempt=2)] * 30)

    assert habit == Habit(
        median=3 * SECOND,
        p95=3 * SECOND,
        longest=3 * SECOND,
        shortest=3 * SECOND,
        failures=0.5,
        runs=30,
    )


def test_where_tries_are_to_fail_the_delays_of_their_retries_do_not_count() -> None:
    habit = habit_of([row(SECOND), row(MINUTE, attempt=3)], by_tries=True)

    assert habit is not None
    assert habit.longest == SECOND
    assert habit_of([row(MINUTE, attempt=3)], by_tries=True) is not None


def test_failures_are_counted_by_tries() -> None:
    habit = habit_of([row(SECOND), row(MINUTE, attempt=3), row(SECOND, "failed")])

    assert habit is not None
    assert habit.failures == 3 / 5


def test_what_could_not_be_started_failed_and_took_no_time_of_others() -> None:
    habit = habit_of([row(SECOND), row(None, "failed"), row(None, "skipped")], by_tries=True)

    assert habit == Habit(
        median=SECOND, p95=SECOND, longest=SECOND, shortest=SECOND, failures=0.5, runs=2
    )


def test_a_job_that_never_could_be_started_fails_at_once_where_tries_are_to_fail() -> None:
    rows = [row(None, "failed")] * 3

    assert habit_of(rows) is None
    assert habit_of(rows, by_tries=True) == replace(assume(0), failures=1.0, runs=3)


def test_a_replaced_run_would_have_taken_as_long_as_the_longest() -> None:
    habit = habit_of([row(MINUTE, "replaced"), row(SECOND, "replaced"), row(2 * SECOND)])

    assert habit is not None
    assert habit.median == MINUTE


def test_a_clock_that_was_set_back_makes_no_negative_duration() -> None:
    assert habit_of([row(-MINUTE)]) == Habit(median=0, p95=0, longest=0, runs=1)


def test_a_job_that_always_timed_out_does_so_again() -> None:
    habit = habit_of([row(8 * SECOND + place * 5_000, "timed_out") for place in range(25)])

    assert habit is not None
    habits = Habits({"a": habit}, assumed=SECOND, seed=1, failures=False)
    drawn = [habits.predict(start(timeout=8 * SECOND)).duration for _ in range(2000)]
    assert min(drawn) >= 8 * SECOND


def test_draws_have_the_median_and_the_p95_of_the_habit() -> None:
    habit = Habit(median=10 * SECOND, p95=40 * SECOND, longest=10 * MINUTE, runs=9)
    habits = Habits({"a": habit}, assumed=SECOND, seed=1, failures=False)
    drawn = sorted(habits.predict(start()).duration for _ in range(4000))

    assert 9 * SECOND < drawn[2000] < 11 * SECOND
    assert 36 * SECOND < drawn[3800] < 44 * SECOND
    assert drawn[-1] <= habit.longest


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    habit = Habit(median=10 * SECOND, p95=40 * SECOND, longest=MINUTE, runs=9)

    def draw(seed: int) -> list[Duration]:
        habits = Habits({"a": habit}, assumed=SECOND, seed=seed, failures=False)
        return [habits.predict(start()).duration for _ in range(5)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


def test_tries_fail_as_often_as_they_did_only_when_asked_to() -> None:
    habit = Habit(median=SECOND, p95=SECOND, longest=SECOND, failures=0.25, runs=9)
    asked = Habits({"a": habit}, assumed=SECOND, seed=1, failures=True)
    not_asked = Habits({"a": habit}, assumed=SECOND, seed=1, failures=False)
    failed = sum(asked.predict(start()).has_failed for _ in range(1000))

    assert 200 < failed < 300
    assert not any(not_asked.predict(start()).has_failed for _ in range(1000))


def test_a_job_without_history_takes_what_is_assumed_and_keeps_its_rule_of_success() -> None:
    habits = Habits({}, assumed=30 * SECOND, seed=1, failures=False)

    assert habits.of("a") == assume(30 * SECOND)
    assert habits.predict(start()).duration == 30 * SECOND
    patient = start(success=Success(min_duration=MINUTE))
    assert habits.predict(patient).duration == MINUTE
