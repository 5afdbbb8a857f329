"""Steps of the wall clock: nothing is decided twice, and nothing falls silent for good."""

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.core.corrections import MOST_SPANS, joined
from cronterm.model.command import RunJob
from cronterm.model.job import Job, Retry
from tests.core.clockwork import DAY_START, Clockwork, job


def finish(interval: str, job_id: str = "a") -> Job:
    """Return a job that is due an interval after its last end."""
    return job(job_id, {"every": interval, "from": "finish"})


def live(clockwork: Clockwork, until: str, *, by: int = 10 * MINUTE) -> Clockwork:
    """Tick up to `until`; every run ends at once."""
    end = Clockwork().at(until).utc
    while clockwork.utc < end:
        clockwork.later(by).tick()
        for run in clockwork.claimed():
            clockwork.exits(run)
    return clockwork


@pytest.mark.parametrize("by", [-5 * HOUR, -2 * HOUR, 10 * HOUR])
def test_an_interval_begins_anew_after_a_step_of_the_clock(by: int) -> None:
    clockwork = live(Clockwork(job("a", "@every 10m")), "06:05", by=5 * MINUTE)

    clockwork.set_clock(by).tick()
    if by < 0 or by > 3 * HOUR:
        assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE
    clockwork.later(10 * MINUTE).tick()
    assert len(clockwork.effects.starts) == 1


def test_a_new_grid_never_meets_the_instants_of_the_old_one() -> None:
    clockwork = live(Clockwork(job("a", "@every 10m")), "06:00")

    clockwork.set_clock(-5 * HOUR).tick()
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE + 1


@pytest.mark.parametrize("by", [-5 * HOUR, -2 * HOUR, 10 * HOUR])
def test_a_fixed_delay_begins_anew_after_a_step_of_the_clock(by: int) -> None:
    clockwork = live(Clockwork(finish("10m")), "06:05", by=5 * MINUTE)

    clockwork.set_clock(by).tick()
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE
    clockwork.restart()
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE


def test_a_fixed_delay_still_waits_for_the_end_of_a_run_that_is_open() -> None:
    clockwork = Clockwork(finish("10m"))
    clockwork.at("00:10").tick()

    clockwork.set_clock(-5 * HOUR).tick()
    assert clockwork.next_due("a") is None
    clockwork.later(HOUR).tick().exits(1)
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE


def test_a_fixed_delay_that_was_edited_or_comes_back_counts_from_now() -> None:
    clockwork = Clockwork(finish("10h"))
    clockwork.at("05:00").ask(RunJob(job="a"))
    clockwork.exits(1)

    clockwork.at("08:00").configure(finish("1h"))
    assert clockwork.next_due("a") == clockwork.utc + HOUR
    clockwork.configure().at("20:00").configure(finish("1h"))
    assert clockwork.next_due("a") == clockwork.utc + HOUR
    clockwork.restart()
    assert clockwork.next_due("a") == clockwork.utc + HOUR


def test_a_mixed_schedule_decides_nothing_again_after_a_small_step_back() -> None:
    clockwork = Clockwork(job("a", ["*/5 * * * *", "@every 7m"]))
    clockwork.at("00:05").tick()
    clockwork.exits(1)

    clockwork.set_clock(-3 * MINUTE).tick().expects("JobChanged a")
    clockwork.at("00:05").tick().expects_nothing()
    clockwork.at("00:09").tick().expects("queued a 2 scheduled due 00:09:00Z", "start 2.1")


def test_a_mixed_schedule_keeps_what_is_decided_over_a_correction() -> None:
    clockwork = live(Clockwork(job("a", ["0 * * * *", "@every 7m", "@in 2h"])), "08:00")

    clockwork.set_clock(-4 * HOUR).tick().expects("ClockMoved", "CountingMoved a")
    clockwork.later(3 * HOUR).tick().expects_nothing()
    clockwork.later(2 * HOUR).tick()
    assert len(clockwork.effects.starts) == 1


def test_a_single_delay_is_elapsed_time_whatever_the_clock_shows() -> None:
    for by in (-2 * HOUR, -9 * HOUR, 9 * HOUR):
        clockwork = Clockwork(job("a", "@in 5h"))
        clockwork.at("01:00").tick().set_clock(by).tick()

        assert clockwork.core.wait(clockwork.now()) == 4 * HOUR
        clockwork.later(4 * HOUR).tick()
        assert len(clockwork.effects.starts) == 1


def test_a_single_delay_that_is_over_stays_over() -> None:
    clockwork = Clockwork(job("a", "@in 5m"))
    clockwork.at("00:05").tick()
    clockwork.exits(1)

    clockwork.at("06:00").tick().set_clock(-6 * HOUR).tick().expects(
        "ClockMoved", "CountingMoved a"
    )
    clockwork.at("00:05").tick().expects_nothing()


def test_an_edit_after_a_step_back_decides_nothing_again() -> None:
    clockwork = Clockwork(job("a", "*/5 * * * *"))
    clockwork.at("01:00").tick()
    clockwork.exits(1)
    clockwork.set_clock(-10 * MINUTE).tick()

    clockwork.configure(job("a", "*/10 * * * *")).expects("JobChanged a", "CountingMoved a")
    clockwork.at("01:00").tick().expects_nothing()
    clockwork.restart().expects_nothing()
    clockwork.at("01:10").tick().expects("queued a 2 scheduled due 01:10:00Z", "start 2.1")


def test_a_job_that_comes_back_after_a_step_back_decides_nothing_again() -> None:
    clockwork = Clockwork(job("a", "*/5 * * * *"))
    clockwork.at("01:00").tick()
    clockwork.exits(1)

    clockwork.configure().set_clock(-10 * MINUTE).configure(job("a", "*/5 * * * *"))
    clockwork.expects("CountingMoved a")
    clockwork.at("01:00").tick().expects_nothing()
    clockwork.at("01:05").tick().expects("queued a 2 scheduled due 01:05:00Z", "start 2.1")


def test_an_interval_begins_anew_when_the_clock_was_set_back_while_no_engine_ran() -> None:
    clockwork = live(Clockwork(job("a", "@every 10m")), "06:05", by=5 * MINUTE)

    clockwork.at("05:00").restart().expects("JobChanged a")
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE + 1
    clockwork.utc = DAY_START - 30 * DAY
    clockwork.restart().expects("JobChanged a")
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE


def test_jitter_and_deadline_of_a_waiting_run_are_elapsed_time() -> None:
    shaken = Clockwork(job("shaken", "0 * * * *", jitter=10 * MINUTE))
    shaken.at("01:00").tick()
    wait = shaken.remembering.runs[1]["ready_at"] - shaken.utc
    late = Clockwork(job("busy"), job("late", start_deadline=30 * SECOND), max_running=1)
    late.at("00:01").tick()

    shaken.set_clock(-9 * HOUR).tick().later(wait).tick().expects("start 1.1")
    late.set_clock(9 * HOUR).tick().exits(1).expects("succeeded 1", "start 2.1")


def test_a_clock_set_back_while_no_engine_ran_makes_no_run_wait_longer_than_it_may() -> None:
    retry = Retry(attempts=1, delay=MINUTE, max_delay=5 * MINUTE)
    clockwork = Clockwork(
        job("again", "@manual", retry=retry), job("shaken", "0 * * * *", jitter=10 * MINUTE)
    )
    clockwork.at("06:00").tick()
    clockwork.ask(RunJob(job="again"))
    clockwork.exits(2, code=1)

    clockwork.at("05:00").restart()
    clockwork.later(10 * MINUTE).tick().expects("start 1.1", "start 2.2")


def test_an_interval_has_no_use_for_what_was_decided_by_another_schedule() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.at("09:00").tick()
    clockwork.exits(1)
    clockwork.set_clock(-MINUTE).configure(job("a", "@every 10m"))
    clockwork.expects("JobChanged a", "CountingMoved a")

    clockwork.set_clock(-5 * HOUR - SECOND).tick()
    clockwork.expects("ClockMoved", "JobChanged a", "CountingMoved a")
    assert clockwork.next_due("a") == clockwork.utc + 10 * MINUTE


def test_spans_that_meet_are_one_and_only_the_latest_are_kept() -> None:
    assert joined([(5, 9), (1, 3), (3, 4), (6, 7), (8, 8)]) == ((1, 4), (5, 9))
    many = joined((10 * n, 10 * n + 1) for n in range(20))
    assert len(many) == MOST_SPANS
    assert many[-1] == (190, 191)
