"""The life of a run: who is in whose way, and what a new engine makes of what it finds."""

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.core.base import Drain, Ended, NeverStarted
from cronterm.model.command import RunJob, StopRun
from cronterm.model.event import AttemptStarted
from cronterm.model.job import Retry
from cronterm.model.run import AttemptEnd
from tests.core.clockwork import Clockwork, job

RETRY = Retry(attempts=1, delay=SECOND)


# -- overlap -------------------------------------------------------------------------------------


def test_a_run_whose_jitter_still_runs_is_in_nobodys_way() -> None:
    clockwork = Clockwork(job("a", jitter=10 * MINUTE))
    for minute in range(1, 12):
        clockwork.at(f"00:{minute:02}").tick()
        clockwork.at(f"00:{minute:02}:59").tick()
        for run in clockwork.claimed():
            clockwork.exits(run)

    lines = " ".join(clockwork.log)
    assert "start 1.1" in lines
    assert "start 2.1" in lines
    assert "overlap" not in lines


def test_a_run_whose_jitter_still_runs_is_not_replaced_by_an_older_one() -> None:
    clockwork = Clockwork(job("a", overlap="replace", jitter=10 * MINUTE))
    while not clockwork.claimed():
        clockwork.later(59 * SECOND).tick()

    assert clockwork.claimed() == [1]
    assert len(clockwork.remembering.runs) > 2


def test_a_manual_run_may_start_while_the_jitter_of_another_runs() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", jitter=50 * MINUTE))
    clockwork.at("01:00").tick()

    assert clockwork.ask(RunJob(job="a")).run == 2
    clockwork.expects("queued a 2 manual", "start 2.1")
    clockwork.at("01:50").tick().expects("skipped(overlap) 1")


def test_a_live_instant_goes_before_those_that_are_caught_up() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="all"))

    clockwork.at("03:00:10").restart().expects(
        "queued a 1 catch_up due 01:00:00Z",
        "queued a 2 catch_up due 02:00:00Z",
        "queued a 3 scheduled due 03:00:00Z",
        "start 3.1",
    )
    clockwork.exits(3).expects("succeeded 3", "start 1.1")
    clockwork.at("04:00").tick().expects("skipped(overlap) a 04:00:00Z (run 1, catch up)")
    clockwork.exits(1).expects("succeeded 1", "start 2.1")


def test_replace_makes_room_in_a_job_with_several_instances() -> None:
    clockwork = Clockwork(job("a", overlap="replace", max_instances=2))
    for minute in range(1, 3):
        clockwork.at(f"00:{minute:02}").tick()

    clockwork.at("00:03").tick().expects(
        "queued a 3 scheduled due 00:03:00Z", "stopping 1 replaced", "stop 1.1 SIGTERM"
    )
    clockwork.at("00:04").tick().expects(
        "queued a 4 scheduled due 00:04:00Z", "stopping 2 replaced", "stop 2.1 SIGTERM"
    )
    clockwork.at("00:05").tick().expects("queued a 5 scheduled due 00:05:00Z", "replaced 3")


def test_a_queue_that_is_full_is_said_of_a_run_whose_jitter_is_over() -> None:
    clockwork = Clockwork(job("a", overlap="queue", queue_limit=0, jitter=30 * SECOND))
    clockwork.at("00:01").tick()
    clockwork.at("00:01:59").tick()
    clockwork.at("00:02").tick()

    clockwork.at("00:02:59").tick().expects("skipped(queue_full) 2")


def test_a_retry_whose_delay_is_over_waits_for_its_place_without_a_deadline() -> None:
    clockwork = Clockwork(
        job("a", "@manual", retry=RETRY, start_deadline=SECOND), job("b", "@manual"), max_running=1
    )
    clockwork.ask(RunJob(job="a"))
    clockwork.ask(RunJob(job="b"))
    clockwork.exits(1, code=1)

    clockwork.later(HOUR).tick().expects_nothing()
    assert clockwork.core.wait(clockwork.now()) is None
    clockwork.exits(2).expects("succeeded 2", "start 1.2")


def test_a_deadline_does_not_keep_the_engine_awake_for_what_is_caught_up() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="all", start_deadline=30 * SECOND))
    clockwork.at("03:30").restart()

    assert clockwork.core.wait(clockwork.at("03:32").now()) == 28 * MINUTE


def test_the_wait_ends_when_a_waiting_run_is_too_late() -> None:
    clockwork = Clockwork(
        job("busy", "@manual"), job("late", "1 * * * *", start_deadline=9 * SECOND), max_running=1
    )
    clockwork.ask(RunJob(job="busy"))
    clockwork.at("00:01").tick()

    assert clockwork.core.wait(clockwork.now()) == 9 * SECOND + 1
    clockwork.later(9 * SECOND + 1).tick().expects("missed(start_deadline) 2")


# -- retries -------------------------------------------------------------------------------------


def test_a_lost_run_is_tried_again_only_where_that_is_asked_for() -> None:
    deaf = Clockwork(job("a", retry=RETRY))
    keen = Clockwork(job("a", retry=Retry(attempts=1, delay=SECOND, on=("lost",))))

    deaf.at("00:01").tick().exits(1, lost="reboot").expects("lost(reboot) 1")
    keen.at("00:01").tick().exits(1, lost="reboot").expects("retry 1.2 at 00:01:01Z")


def test_a_delay_that_grows_without_bounds_ends_at_its_maximum() -> None:
    retry = Retry(attempts=2000, delay=SECOND, backoff=10.0, max_delay=5 * SECOND)
    clockwork = Clockwork(job("a", "@manual", retry=retry))
    clockwork.ask(RunJob(job="a"))
    for _ in range(400):
        clockwork.exits(1, code=1).later(5 * SECOND).tick()

    assert clockwork.effects.starts[0].attempt == 401


def test_what_is_stopped_skipped_or_succeeded_is_not_tried_again() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=RETRY, skip_exit_codes=(77,)))
    clockwork.ask(RunJob(job="a"))

    clockwork.exits(1, code=77).expects("skipped(exit_code) 1")


def test_a_stopped_run_is_not_tried_again_even_if_it_fails_by_itself() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=RETRY))
    clockwork.ask(RunJob(job="a"))
    clockwork.ask(StopRun(run=1))

    clockwork.exits(1, code=1).expects("failed(exit) 1")


def test_stopping_a_run_whose_retry_is_pending_ends_it() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=RETRY))
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(1, code=1)

    assert clockwork.ask(StopRun(run=1)).ok
    clockwork.expects("stopped(user) 1")
    clockwork.later(SECOND).tick().expects_nothing()


def test_a_signal_without_a_name_and_survivors_are_told() -> None:
    clockwork = Clockwork(job("a", "@manual"))
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(1, signal=99)
    unnamed = clockwork.effects.events[-1]
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(2, signal=9, stopped_for="timeout", survivors=(7, 8))
    survived = clockwork.effects.events[-1]

    assert getattr(unnamed, "message", "") == "signal 99"
    assert getattr(survived, "message", "") == "could not be ended: pid 7 8"


# -- takeover ------------------------------------------------------------------------------------


def test_a_stop_is_repeated_by_the_engine_that_takes_over() -> None:
    clockwork = Clockwork(job("a", retry=RETRY), job("b", overlap="replace"))
    clockwork.at("00:01").tick()
    clockwork.ask(StopRun(run=1))
    clockwork.at("00:02").tick()
    clockwork.restart()

    assert [(stop.run, stop.why) for stop in clockwork.effects.stops] == [
        (1, "user"),
        (2, "replaced"),
    ]
    clockwork.exits(1, code=1).expects("failed(exit) 1")


def test_a_run_that_was_stopped_before_it_started_does_not_start_any_more() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.at("00:01").tick()
    clockwork.ask(StopRun(run=1))

    clockwork.restart().step(NeverStarted(1, 1)).expects("stopped(user) 1")
    clockwork.step(NeverStarted(1, 1)).expects_nothing()


def test_a_retry_that_never_started_and_is_too_late_ends_as_the_attempt_before() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=RETRY))
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(1, code=1).later(SECOND).tick()

    clockwork.later(5 * MINUTE).restart().step(NeverStarted(1, 2)).expects("failed(exit) 1")


def test_a_claim_that_has_ended_by_now_is_not_started_again() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=RETRY))
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(1, code=1)

    clockwork.step(NeverStarted(1, 1)).expects_nothing()


def test_a_claim_that_has_started_by_now_is_not_started_again() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.at("00:01").tick()
    clockwork.starts(1)

    clockwork.step(NeverStarted(1, 1)).expects_nothing()


def test_waiting_runs_of_a_job_that_was_disabled_while_no_engine_ran_are_cancelled() -> None:
    clockwork = Clockwork(job("a", overlap="queue"))
    clockwork.at("00:01").tick()
    clockwork.at("00:02").tick()
    clockwork.jobs = (job("a", overlap="queue", enabled=False),)

    clockwork.at("00:02:10").restart().expects("JobChanged a", "skipped(disabled) 2")
    clockwork.exits(1).expects("succeeded 1")


def test_a_run_of_a_removed_job_that_comes_back_still_holds_its_place() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.at("00:01").tick()
    clockwork.configure()

    clockwork.at("00:01:30").configure(job("a"))
    clockwork.at("00:02").tick().expects("skipped(overlap) a 00:02:00Z (run 1, scheduled)")
    clockwork.configure().restart().exits(1).expects("succeeded 1")


# -- told twice, told late -----------------------------------------------------------------------


def test_what_an_unknown_run_tells_is_ignored() -> None:
    clockwork = Clockwork(job("a"))
    end = AttemptEnd(ended_at=clockwork.utc, exit_code=0)

    clockwork.step(Ended(9, 1, end)).expects_nothing()
    clockwork.starts(9).expects_nothing()


def test_a_start_that_is_told_twice_is_recorded_once() -> None:
    clockwork = Clockwork(job("a", "@manual"))
    clockwork.ask(RunJob(job="a"))

    assert [type(event) for event in clockwork.starts(1).effects.events] == [AttemptStarted]
    assert clockwork.starts(1).effects.events == ()


def test_runs_that_are_ending_are_not_stopped_again_with_the_engine() -> None:
    clockwork = Clockwork(job("a", retry=RETRY))
    clockwork.at("00:01").tick()
    clockwork.ask(StopRun(run=1))

    clockwork.step(Drain(by="TERM", stop_runs=True)).expects("EngineStopping")
    clockwork.ask(StopRun(run=1, signal="SIGKILL"))
    assert clockwork.effects.stops[0].grace_us == 0
