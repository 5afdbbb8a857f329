"""Instants that start nothing by themselves: pauses, their ends, and what is caught up."""

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.model.command import PauseJob, ResumeJob, RunJob
from cronterm.model.event import InstantDecided
from cronterm.model.job import Retry
from tests.core.clockwork import DAY_START, Clockwork, job


def test_a_pause_of_everything_ends_by_itself_and_the_wait_knows_it() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.ask(PauseJob(until=DAY_START + 30 * MINUTE))

    assert clockwork.core.wait(clockwork.now()) == 30 * MINUTE
    clockwork.at("00:30").tick().expects("AllResumed")
    clockwork.at("01:00").tick().expects("queued a 1 scheduled due 01:00:00Z", "start 1.1")


def test_a_pause_that_would_be_over_is_refused() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.at("00:30")

    for words in ({"job": "a"}, {}):
        answer = clockwork.ask(PauseJob(until=DAY_START + 30 * MINUTE, **words))
        assert (answer.ok, answer.kind) == (False, "invalid")
    clockwork.at("01:00").tick().expects("queued a 1 scheduled due 01:00:00Z", "start 1.1")


def test_a_pause_that_ended_while_no_engine_ran_held_what_was_in_it_and_no_more() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.at("00:30").ask(PauseJob(job="a", until=DAY_START + 150 * MINUTE))

    clockwork.at("04:30").restart().expects(
        "skipped(paused) a 01:00:00Z..02:00:00Z x2 (by ann)",
        "JobResumed a",
        "missed(downtime) a 03:00:00Z..04:00:00Z x2",
    )


def test_resume_catches_all_up_oldest_first_within_the_window() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="all", catch_up_window=3 * HOUR))
    clockwork.at("00:30").ask(PauseJob(job="a"))

    clockwork.at("06:30").ask(ResumeJob(job="a", catch_up=True))
    clockwork.expects(
        "skipped(paused) a 01:00:00Z..06:00:00Z x6 (by ann)",
        "JobResumed a",
        "queued a 1 catch_up due 04:00:00Z",
        "queued a 2 catch_up due 05:00:00Z",
        "queued a 3 catch_up due 06:00:00Z",
        "start 1.1",
    )


def test_resume_catches_no_more_up_than_a_hundred() -> None:
    clockwork = Clockwork(job("a", catch_up="all"))
    clockwork.ask(PauseJob(job="a"))

    clockwork.at("05:00:30").ask(ResumeJob(job="a", catch_up=True))
    assert sum(" catch_up " in line for line in clockwork.words()) == 100


def test_everything_can_be_resumed_with_what_it_missed() -> None:
    clockwork = Clockwork(
        job("all", "0 * * * *", catch_up="all"),
        job("held", "0 * * * *", catch_up="all"),
        job("latest", "0 * * * *", catch_up="latest"),
        job("none", "0 0 1 1 *", catch_up="latest"),
        job("skip", "0 * * * *"),
    )
    clockwork.ask(PauseJob(job="held"))
    clockwork.at("00:30").ask(PauseJob())
    clockwork.at("02:30").tick()

    clockwork.ask(ResumeJob(catch_up=True))
    clockwork.expects(
        "AllResumed",
        "queued all 1 catch_up due 01:00:00Z",
        "queued all 2 catch_up due 02:00:00Z",
        "queued latest 3 catch_up due 02:00:00Z",
        "start 1.1",
        "start 3.1",
    )


def test_a_manual_run_starts_in_a_pause() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.ask(PauseJob(job="a"))

    assert clockwork.ask(RunJob(job="a")).ok
    clockwork.expects("queued a 1 manual", "start 1.1")


def test_a_paused_job_of_every_second_writes_a_row_a_minute() -> None:
    clockwork = Clockwork(job("a", "* * * * * *"))
    clockwork.ask(PauseJob(job="a"))
    rows = []
    for _ in range(180):
        clockwork.later(SECOND).tick()
        rows += [each for each in clockwork.effects.events if isinstance(each, InstantDecided)]

    assert [row.count for row in rows] == [1, 60, 60]


def test_a_pause_does_not_tell_again_what_was_decided_before_the_clock_was_set_back() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.at("10:00").tick()
    for run in clockwork.claimed():
        clockwork.exits(run)
    clockwork.set_clock(-8 * HOUR).tick()
    clockwork.ask(PauseJob(job="a"))

    clockwork.at("12:30").ask(ResumeJob(job="a"))
    clockwork.expects("skipped(paused) a 11:00:00Z..12:00:00Z x2 (by ann)", "JobResumed a")


def test_a_job_enabled_while_no_engine_ran_was_disabled_until_now() -> None:
    clockwork = Clockwork(job("a", {"every": "1h", "from": "finish"}, enabled=False))
    clockwork.jobs = (job("a", {"every": "1h", "from": "finish"}),)

    clockwork.at("05:30").restart().expects(
        "skipped(disabled) a 01:00:00Z..01:00:00Z x1", "JobChanged a"
    )
    assert clockwork.next_due("a") == clockwork.utc + HOUR


def test_an_older_instant_than_the_newest_live_one_is_missed() -> None:
    clockwork = Clockwork(job("a", "*/20 * * * * *"), start_grace=5 * MINUTE)

    clockwork.at("00:01:10").tick().expects(
        "missed(downtime) a 00:00:20Z..00:00:40Z x2",
        "queued a 1 scheduled due 00:01:00Z",
        "start 1.1",
    )


def test_a_window_cuts_what_latest_and_all_may_take() -> None:
    for rule in ("latest", "all"):
        clockwork = Clockwork(job("a", "0 0 * * *", catch_up=rule, catch_up_window=HOUR))

        clockwork.at("+9 02:00").restart().expects("missed(downtime) a 00:00:00Z..00:00:00Z x9")


def test_the_wait_knows_retries_and_never_ends_without_anything_to_come() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=Retry(attempts=1, delay=MINUTE)))

    assert clockwork.core.wait(clockwork.now()) is None
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(1, code=1)
    assert clockwork.core.wait(clockwork.now()) == MINUTE


def test_a_job_that_is_back_with_its_schedule_keeps_its_anchor() -> None:
    clockwork = Clockwork(job("a", "@every 10m"))

    clockwork.at("00:03").configure().at("00:04").configure(job("a", "@every 10m"))
    assert clockwork.next_due("a") == DAY_START + 10 * MINUTE
    clockwork.configure().restart().at("00:05").configure(job("a", "@every 10m"))
    assert clockwork.next_due("a") == DAY_START + 10 * MINUTE
    clockwork.configure(job("a", "@every 9m"))
    assert clockwork.next_due("a") == clockwork.utc + 9 * MINUTE


def test_a_schedule_that_was_edited_while_no_engine_ran_counts_from_now() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.jobs = (job("a", "*/30 * * * *", description="new"),)

    clockwork.at("05:10").restart().expects("JobChanged a")
    clockwork.at("05:30").tick().expects("queued a 1 scheduled due 05:30:00Z", "start 1.1")


def test_a_description_that_was_edited_while_no_engine_ran_keeps_the_count() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.jobs = (job("a", "0 * * * *", description="new"),)

    clockwork.at("02:00:10").restart().expects(
        "JobChanged a",
        "missed(downtime) a 01:00:00Z..01:00:00Z x1",
        "queued a 1 scheduled due 02:00:00Z",
        "start 1.1",
    )


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one() -> None:
    clockwork = Clockwork(job("backup"))

    answer = clockwork.ask(RunJob(job="bakcup"))
    assert (answer.ok, answer.kind, answer.hint) == (False, "unknown_job", "did you mean backup?")
    assert clockwork.ask(ResumeJob(job="backup")).message == "backup was not paused"


def test_pauses_without_an_end_do_not_wake_the_engine() -> None:
    clockwork = Clockwork(job("a", "@manual"), job("b", "@manual"))
    clockwork.ask(PauseJob(job="a"))
    clockwork.ask(PauseJob(job="b", until=clockwork.utc + DAY))

    assert clockwork.core.wait(clockwork.now()) == DAY
    clockwork.later(DAY).tick().expects("JobResumed b")


def test_what_starts_with_the_engine_waits_for_nobody_who_holds_it_back() -> None:
    clockwork = Clockwork(job("a", "@startup", enabled=False), job("b", "@startup"))

    clockwork.expects("queued b 1 scheduled", "start 1.1")
    clockwork.restart().expects("queued b 2 scheduled", "skipped(overlap) 2")


def test_what_a_disabled_job_was_due_is_decided_before_it_is_enabled() -> None:
    clockwork = Clockwork(job("a", "*/30 * * * * *", enabled=False))
    clockwork.at("00:00:30").tick().expects("skipped(disabled) a 00:00:30Z..00:00:30Z x1")

    clockwork.at("00:01:15").configure(job("a", "*/30 * * * * *"))
    clockwork.expects("skipped(disabled) a 00:01:00Z..00:01:00Z x1", "JobChanged a")
    clockwork.at("00:01:30").tick().expects("queued a 1 scheduled due 00:01:30Z", "start 1.1")


def test_what_a_paused_job_was_due_is_decided_before_its_schedule_changes() -> None:
    clockwork = Clockwork(job("a", "*/30 * * * * *"))
    clockwork.ask(PauseJob(job="a"))
    clockwork.at("00:00:30").tick().expects("skipped(paused) a 00:00:30Z..00:00:30Z x1 (by ann)")

    clockwork.at("00:01:15").configure(job("a", "*/20 * * * * *"))
    clockwork.expects("skipped(paused) a 00:01:00Z..00:01:00Z x1 (by ann)", "JobChanged a")


def test_what_a_paused_job_was_due_is_decided_before_it_leaves_the_file() -> None:
    clockwork = Clockwork(job("a", "*/30 * * * * *"))
    clockwork.ask(PauseJob())
    clockwork.at("00:00:30").tick().expects("skipped(paused) a 00:00:30Z..00:00:30Z x1 (by ann)")

    clockwork.at("00:01:15").configure()
    clockwork.expects("skipped(paused) a 00:01:00Z..00:01:00Z x1 (by ann)", "JobRemoved a")


def test_a_schedule_that_changed_in_a_pause_is_caught_up_from_its_change_on() -> None:
    for command in (PauseJob(job="a"), PauseJob()):
        clockwork = Clockwork(job("a", "0 * * * *", catch_up="all"))
        clockwork.at("00:30").ask(command)
        clockwork.at("03:10").configure(job("a", "20 * * * *", catch_up="all"))

        clockwork.at("04:30").ask(ResumeJob(job=command.job, catch_up=True))
        assert [line for line in clockwork.words() if "queued" in line] == [
            "queued a 1 catch_up due 03:20:00Z",
            "queued a 2 catch_up due 04:20:00Z",
        ]


def test_a_schedule_that_changed_before_a_restart_is_caught_up_from_its_change_on() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="latest"))
    clockwork.at("00:30").ask(PauseJob(job="a"))
    clockwork.at("03:10").configure(job("a", "50 * * * *", catch_up="latest"))
    clockwork.at("03:30").restart()

    clockwork.at("03:40").ask(ResumeJob(job="a", catch_up=True))
    clockwork.expects("JobResumed a")


def test_what_max_runs_leaves_no_place_for_is_not_decided_a_second_time() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="all", max_runs=2))
    clockwork.at("00:30").ask(PauseJob(job="a"))

    clockwork.at("04:30").ask(ResumeJob(job="a", catch_up=True))
    clockwork.expects(
        "skipped(paused) a 01:00:00Z..04:00:00Z x4 (by ann)",
        "JobResumed a",
        "queued a 1 catch_up due 01:00:00Z",
        "queued a 2 catch_up due 02:00:00Z",
        "start 1.1",
    )


def test_a_job_that_has_run_as_often_as_it_may_has_nothing_to_catch_up() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="latest", max_runs=1))
    clockwork.at("01:00").tick().exits(1)
    clockwork.ask(PauseJob(job="a"))

    clockwork.at("04:30").ask(ResumeJob(job="a", catch_up=True))
    clockwork.expects("JobResumed a")


def test_a_job_that_came_back_in_a_pause_of_everything_is_caught_up_from_then_on() -> None:
    hourly = job("a", "0 * * * *", catch_up="all")
    clockwork = Clockwork(hourly)
    clockwork.at("00:30").ask(PauseJob())
    clockwork.at("01:30").configure()
    clockwork.at("03:10").configure(hourly)
    clockwork.at("03:30").restart()

    clockwork.at("04:40").ask(ResumeJob(catch_up=True))
    assert [line for line in clockwork.words() if "queued" in line] == [
        "queued a 1 catch_up due 04:00:00Z"
    ]
