"""Gates: pools, priorities and conditions in virtual time."""

from typing import Any

import msgspec

from cronterm.clock import MINUTE, SECOND
from cronterm.model.command import RunJob, StopRun
from cronterm.model.gates import Condition
from cronterm.model.job import Retry
from tests.core.clockwork import Clockwork, job

READY = Condition(command="true")
PATIENT = Condition(command="true", wait=MINUTE)


def test_a_full_pool_holds_a_run_and_says_so() -> None:
    it = Clockwork(
        job("a", "0 1 * * *", pool="heavy"),
        job("b", "0 1 * * *", pool="heavy"),
        job("free", "0 1 * * *"),
        pools={"heavy": 1},
    )

    it.at("01:00").tick().expects(
        "queued a 1 scheduled due 01:00:00Z",
        "queued b 2 scheduled due 01:00:00Z",
        "queued free 3 scheduled due 01:00:00Z",
        "held 2 pool: pool heavy is full (slots: 1)",
        "start 1.1",
        "start 3.1",
    )
    it.exits(1).expects("succeeded 1", "start 2.1")


def test_a_slot_is_free_between_the_attempts_of_a_run() -> None:
    it = Clockwork(
        job("a", "0 1 * * *", pool="p", retry=Retry(attempts=1, delay=MINUTE)),
        job("b", "0 1 * * *", pool="p"),
        pools={"p": 1},
    )
    it.at("01:00").tick()

    it.exits(1, code=1).expects("retry 1.2 at 01:01:00Z", "start 2.1")
    it.at("01:01").tick().expects("held 1 pool: pool p is full (slots: 1)")
    it.exits(2).expects("succeeded 2", "start 1.2")


def test_higher_priority_goes_first_then_the_older_instant() -> None:
    it = Clockwork(
        job("busy", "@manual", pool="p"),
        job("early", "0 1 * * *", pool="p"),
        job("late", "5 1 * * *", pool="p"),
        job("urgent", "10 1 * * *", pool="p", priority=1),
        job("idle-time", "0 1 * * *", pool="p", priority=-1),
        pools={"p": 1},
    )
    it.ask(RunJob(job="busy"))
    it.at("01:00").tick().at("01:05").tick().at("01:10").tick()

    order = []
    run = 1
    for _ in range(4):
        it.exits(run)
        run = it.effects.starts[0].run
        order.append(it.effects.starts[0].job.id)
    assert order == ["urgent", "early", "late", "idle-time"]


def test_a_run_that_waits_for_its_pool_obeys_its_start_deadline() -> None:
    it = Clockwork(
        job("busy", "@manual", pool="p"),
        job("a", "0 1 * * *", pool="p", start_deadline=MINUTE),
        pools={"p": 1},
    )
    it.ask(RunJob(job="busy"))
    it.at("01:00").tick()

    it.later(MINUTE + SECOND).tick().expects("missed(start_deadline) 2")


def test_a_wait_for_a_pool_survives_a_restart_and_ends_with_its_slot() -> None:
    it = Clockwork(
        job("busy", "@manual", pool="p"), job("a", "0 1 * * *", pool="p"), pools={"p": 1}
    )
    it.ask(RunJob(job="busy"))
    it.at("01:00").tick()

    it.restart().expects_nothing()
    it.exits(1).expects("succeeded 1", "start 2.1")


def test_a_larger_pool_in_the_file_lets_what_waits_in_at_once() -> None:
    it = Clockwork(job("a", "0 1 * * *", pool="p"), job("b", "0 1 * * *", pool="p"), pools={"p": 1})
    it.at("01:00").tick()

    it.settings = type(it.settings)(pools={"p": 2})
    it.configure(*it.jobs).expects("start 2.1")


# -- conditions ----------------------------------------------------------------------------------


def conditioned(condition: Condition, **words: Any) -> Clockwork:
    """Return a job at 01:00 under a condition."""
    return Clockwork(job("a", "0 1 * * *", condition=condition, **words))


def test_a_run_starts_once_its_condition_holds() -> None:
    it = conditioned(READY)

    it.at("01:00").tick().expects(
        "queued a 1 scheduled due 01:00:00Z",
        "held 1 condition: its condition is looked at",
        "check 1",
    )
    it.tick().expects_nothing()
    it.checked(1).expects("start 1.1")


def test_without_a_wait_the_first_no_is_the_last() -> None:
    it = conditioned(READY).at("01:00").tick()

    it.checked(1, "the load is 7").expects("skipped(condition) 1")
    ended = next(event for event in it.effects.events if hasattr(event, "message"))
    assert ended.message == "the load is 7"


def test_a_no_is_told_once_however_often_it_is_looked_at_again() -> None:
    it = conditioned(PATIENT).at("01:00").tick()
    it.checked(1, "no").expects("held 1 condition: no until 01:01:00Z")

    it.later(SECOND).tick().expects("check 1")
    it.checked(1, "no").expects_nothing()
    assert it.core.wait(it.now()) == 2 * SECOND


def test_the_last_look_is_when_the_wait_is_over() -> None:
    it = conditioned(PATIENT).at("01:00").tick()
    it.checked(1, "no")
    looks = []
    while (wait := it.core.wait(it.now())) is not None and it.remembering.runs:
        it.later(wait).tick()
        if it.effects.checks:
            looks.append((it.utc - it.at("01:00").utc) // SECOND)
            it.later(looks[-1] * SECOND).checked(1, "no")

    assert looks == [1, 3, 7, 15, 30, 45, 60]
    it.expects("skipped(condition) 1")


def test_a_wait_for_a_condition_survives_a_restart() -> None:
    it = conditioned(PATIENT).at("01:00").tick()
    it.checked(1, "no")

    it.at("01:00:30").restart().expects("check 1")
    it.checked(1, "still no").expects("held 1 condition: still no until 01:01:00Z")
    it.at("01:01").tick().expects("check 1")
    it.checked(1, "no").expects("skipped(condition) 1")


def test_a_wait_that_is_shorter_in_the_file_now_ends_sooner() -> None:
    it = conditioned(PATIENT).at("01:00").tick()
    it.checked(1, "no")
    shorter = msgspec.structs.replace(PATIENT, wait=10 * SECOND)
    it.configure(job("a", "0 1 * * *", condition=shorter))

    it.later(SECOND).tick()
    it.checked(1, "no").expects("held 1 condition: no until 01:00:10Z")
    it.at("01:00:10").tick()
    it.checked(1, "no").expects("skipped(condition) 1")


def test_a_look_that_was_lost_with_its_engine_is_taken_again() -> None:
    it = conditioned(READY).at("01:00").tick()

    it.restart().expects("check 1")
    it.checked(1).expects("start 1.1")


def test_an_answer_that_nobody_waits_for_is_no_news() -> None:
    it = conditioned(READY).at("01:00").tick()
    it.checked(1)

    it.checked(1).expects_nothing()
    it.checked(1, "no").expects_nothing()
    it.checked(99).expects_nothing()


def test_a_run_that_is_looked_at_can_be_stopped() -> None:
    it = conditioned(READY).at("01:00").tick()

    it.ask(StopRun(job="a"))
    it.expects("stopped(user) 1", "forget 1")
    it.checked(1).expects_nothing()


def test_a_condition_is_looked_at_only_when_there_is_a_place_and_keeps_it_meanwhile() -> None:
    it = Clockwork(
        job("busy", "@manual", pool="p"),
        job("a", "0 1 * * *", pool="p", condition=READY),
        job("urgent", "1 1 * * *", pool="p", priority=5),
        pools={"p": 1},
    )
    it.ask(RunJob(job="busy"))
    it.at("01:00").tick().expects(
        "queued a 2 scheduled due 01:00:00Z", "held 2 pool: pool p is full (slots: 1)"
    )
    it.exits(1).expects("succeeded 1", "held 2 condition: its condition is looked at", "check 2")
    it.at("01:01").tick().expects(
        "queued urgent 3 scheduled due 01:01:00Z", "held 3 pool: pool p is full (slots: 1)"
    )
    it.checked(2, "no").expects("skipped(condition) 2", "start 3.1")


def test_a_run_by_hand_obeys_the_condition_unless_it_is_forced() -> None:
    it = conditioned(READY)
    it.ask(RunJob(job="a"))
    it.checked(1, "no").expects("skipped(condition) 1")

    it.ask(RunJob(job="a", force=True))
    it.expects("queued a 2 manual", "start 2.1")


def test_a_retry_is_not_looked_at_again() -> None:
    it = conditioned(READY, retry=Retry(attempts=1, delay=10 * SECOND)).at("01:00").tick()
    it.checked(1)
    it.exits(1, code=1)

    it.later(10 * SECOND).tick().expects("start 1.2")


def test_a_condition_that_left_the_file_does_not_hold_any_more() -> None:
    it = conditioned(PATIENT).at("01:00").tick()
    it.checked(1, "no")

    it.configure(job("a", "0 1 * * *")).expects("JobChanged a", "start 1.1")
