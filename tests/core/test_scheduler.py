"""Dialogues: what the core decides, in virtual time."""

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, rfc3339
from cronterm.core.base import Drain, NeverStarted, Tick
from cronterm.model.command import PauseJob, ResumeJob, RunJob, StopRun
from cronterm.model.event import NextDueMoved, RunQueued
from cronterm.model.job import Job, Retry
from cronterm.model.run import Outcome, Reason
from tests.core.clockwork import DAY_START, Clockwork, job


def test_a_due_instant_becomes_a_run() -> None:
    clockwork = Clockwork(job("backup"))

    clockwork.at("00:01").tick().expects("queued backup 1 scheduled due 00:01:00Z", "start 1.1")
    clockwork.at("00:01:01").exits(1).expects("succeeded 1")
    clockwork.at("00:01:30").tick().expects_nothing()
    clockwork.at("00:02").tick().expects("queued backup 2 scheduled due 00:02:00Z", "start 2.1")


def test_the_first_of_a_burst_start_while_the_rest_is_decided() -> None:
    clockwork = Clockwork(*(job(f"job-{number:03}") for number in range(300)), max_running=150)
    started, goes_on = [], []
    clockwork.at("00:01")
    while clockwork.core.wait(clockwork.now()) == 0:
        clockwork.step()
        started.append([start.job.id for start in clockwork.effects.starts])
        goes_on.append(clockwork.core.may_start_more)

    assert [len(ids) for ids in started] == [16, 32, 64, 38, 0]
    assert goes_on == [True, True, True, False, False]
    assert [job_id for ids in started for job_id in ids] == [f"job-{n:03}" for n in range(150)]
    clockwork.exits(1).expects("succeeded 1", "start 151.1")
    assert not clockwork.core.may_start_more


def test_each_burst_begins_with_few_jobs() -> None:
    clockwork = Clockwork(*(job(f"job-{number:03}", overlap="allow") for number in range(50)))
    for moment in ("00:01", "00:02"):
        clockwork.at(moment).step()
        assert len(clockwork.effects.starts) == 16
        clockwork.step()
        clockwork.step()
        assert clockwork.core.wait(clockwork.now())


def test_an_engine_that_ends_starts_no_more_of_a_burst() -> None:
    clockwork = Clockwork(*(job(f"job-{number:03}") for number in range(50)))
    clockwork.at("00:01").step()
    clockwork.step(Drain(by="TERM"))
    assert not clockwork.core.may_start_more


@pytest.mark.parametrize(
    "last", [job("last", priority=1), job("last", depends_on={"job-000": "success"})]
)
def test_a_burst_is_decided_together_where_it_tells_who_goes_first(last: Job) -> None:
    clockwork = Clockwork(*(job(f"job-{number:03}") for number in range(100)), last)

    clockwork.at("00:01").step()

    assert sum(isinstance(event, RunQueued) for event in clockwork.effects.events) == 101


def test_a_burst_is_decided_by_the_definitions_that_were_in_force() -> None:
    clockwork = Clockwork(*(job(f"job-{number:03}") for number in range(100)))

    clockwork.at("00:01").configure(job("other"))

    assert sum(isinstance(event, RunQueued) for event in clockwork.effects.events) == 100


def test_nothing_is_due_before_the_time_and_the_wait_says_how_long() -> None:
    clockwork = Clockwork(job("backup"))

    assert clockwork.core.wait(clockwork.at("00:00:20").now()) == 40 * SECOND
    clockwork.at("00:00:59").tick().expects_nothing()


def test_an_overlap_is_skipped_with_its_reason() -> None:
    clockwork = Clockwork(job("backup"))
    clockwork.at("00:01").tick()

    clockwork.at("00:02").tick().expects("skipped(overlap) backup 00:02:00Z (run 1, scheduled)")


def test_a_run_by_hand_that_leaves_no_room_is_named() -> None:
    clockwork = Clockwork(job("backup"))
    clockwork.at("00:00:50").ask(RunJob(job="backup"))

    clockwork.at("00:01").tick().expects(
        "skipped(overlap) backup 00:01:00Z (run 1, by hand by ann)"
    )


def test_a_queued_run_waits_for_the_one_before_and_the_queue_has_a_limit() -> None:
    clockwork = Clockwork(job("backup", overlap="queue", queue_limit=1))
    clockwork.at("00:01").tick()

    clockwork.at("00:02").tick().expects("queued backup 2 scheduled due 00:02:00Z")
    clockwork.at("00:03").tick().expects(
        "skipped(queue_full) backup 00:03:00Z (run 1, scheduled, and 1 more)"
    )
    clockwork.at("00:03:10").exits(1).expects("succeeded 1", "start 2.1")


def test_a_replaced_run_is_dead_before_the_next_starts() -> None:
    clockwork = Clockwork(job("backup", overlap="replace"))
    clockwork.at("00:01").tick()

    clockwork.at("00:02").tick().expects(
        "queued backup 2 scheduled due 00:02:00Z", "stopping 1 replaced", "stop 1.1 SIGTERM"
    )
    clockwork.at("00:02:03").exits(1, signal=15, stopped_for="replaced")
    clockwork.expects("replaced 1", "start 2.1")


def test_allowed_runs_have_a_limit_only_where_one_is_set() -> None:
    free = Clockwork(job("free", overlap="allow"))
    bound = Clockwork(job("bound", overlap="allow", max_instances=2))
    for clockwork in (free, bound):
        clockwork.at("00:01").tick()
        clockwork.at("00:02").tick()
        clockwork.at("00:03").tick()

    free.expects("queued free 3 scheduled due 00:03:00Z", "start 3.1")
    bound.expects("skipped(overlap) bound 00:03:00Z (run 1, scheduled, and 1 more)")


def test_a_retry_waits_for_its_backoff_and_holds_the_slot() -> None:
    retry = Retry(attempts=2, delay=30 * SECOND, backoff=4)
    clockwork = Clockwork(job("backup", retry=retry))

    clockwork.at("00:01").tick()
    clockwork.at("00:01:10").exits(1, code=1).expects("retry 1.2 at 00:01:40Z")
    clockwork.at("00:01:39").tick().expects_nothing()
    clockwork.at("00:01:40").tick().expects("start 1.2")
    clockwork.at("00:01:50").exits(1, code=1).expects("retry 1.3 at 00:03:50Z")
    clockwork.at("00:02").tick().expects("skipped(overlap) backup 00:02:00Z (run 1, scheduled)")
    clockwork.at("00:03:50").tick().expects(
        "skipped(overlap) backup 00:03:00Z (run 1, scheduled)", "start 1.3"
    )
    clockwork.at("00:03:55").exits(1, code=1).expects("failed(exit) 1")


def test_the_next_instant_cancels_a_pending_retry_under_allow() -> None:
    clockwork = Clockwork(job("backup", overlap="allow", retry=Retry(attempts=1, delay=5 * MINUTE)))
    clockwork.at("00:01").tick()
    clockwork.at("00:01:10").exits(1, code=3)

    clockwork.at("00:02").tick().expects(
        "queued backup 2 scheduled due 00:02:00Z", "failed(exit) 1", "start 2.1"
    )


def test_only_listed_codes_and_outcomes_are_retried() -> None:
    listed = Clockwork(job("a", retry=Retry(attempts=1, exit_codes=(75,))))
    listed.at("00:01").tick()
    listed.exits(1, code=1).expects("failed(exit) 1")

    timeouts = Clockwork(job("a", retry=Retry(attempts=1, on=("timeout",), delay=SECOND)))
    timeouts.at("00:01").tick()
    timeouts.exits(1, signal=9, stopped_for="timeout").expects("retry 1.2 at 00:01:01Z")


@pytest.mark.parametrize(
    ("end", "outcome", "reason"),
    [
        ({"start_error": "no such file"}, "failed", "start_error"),
        ({"signal": 9, "stopped_for": "timeout"}, "timed_out", ""),
        ({"signal": 15, "stopped_for": "user"}, "stopped", "user"),
        ({"signal": 15, "stopped_for": "shutdown"}, "stopped", "shutdown"),
        ({"signal": 15, "stopped_for": "replaced"}, "replaced", ""),
        ({"signal": 11}, "failed", "signal"),
        ({"code": 77}, "skipped", "exit_code"),
        ({"code": 3}, "succeeded", ""),
        ({"code": 0}, "failed", "exit"),
        ({"code": 127}, "failed", "exit"),
        ({"lost": "runner_died"}, "lost", "runner_died"),
        ({"lost": "reboot"}, "lost", "reboot"),
    ],
)
def test_outcomes_follow_their_order(end: dict[str, int], outcome: Outcome, reason: Reason) -> None:
    clockwork = Clockwork(job("a", success_exit_codes=(3,), skip_exit_codes=(77,)))
    clockwork.at("00:01").tick()

    clockwork.exits(1, **end)
    clockwork.expects(f"{outcome}({reason}) 1" if reason else f"{outcome} 1")


def test_an_end_that_is_told_twice_is_no_news() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.at("00:01").tick()
    clockwork.starts(1)
    clockwork.exits(1)

    clockwork.exits(1, attempt=1).expects_nothing()
    clockwork.starts(1).expects_nothing()


# -- downtime ------------------------------------------------------------------------------------


def test_after_downtime_the_instants_are_missed_and_counted() -> None:
    clockwork = Clockwork(job("a"))

    clockwork.at("03:00:30").restart().expects(
        "missed(downtime) a 00:01:00Z..02:59:00Z x179",
        "queued a 1 scheduled due 03:00:00Z",
        "start 1.1",
    )


def test_an_instant_beyond_the_grace_is_not_live() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))

    clockwork.at("03:01:01").restart().expects("missed(downtime) a 01:00:00Z..03:00:00Z x3")


def test_without_grace_only_punctual_instants_start() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"), start_grace=0)

    clockwork.at("01:00:00.4").tick().expects("queued a 1 scheduled due 01:00:00Z", "start 1.1")
    clockwork.exits(1)
    clockwork.at("02:00:05").tick().expects("missed(downtime) a 02:00:00Z..02:00:00Z x1")


def test_latest_runs_the_newest_and_tells_of_the_others() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="latest", catch_up_window=4 * HOUR))

    clockwork.at("08:30").restart().expects(
        "missed(downtime) a 01:00:00Z..04:00:00Z x4",
        "missed(coalesced) a 05:00:00Z..07:00:00Z x3",
        "queued a 1 catch_up due 08:00:00Z",
        "start 1.1",
    )


def test_a_live_instant_takes_the_place_of_the_latest() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="latest"))

    clockwork.at("03:00:10").restart().expects(
        "missed(coalesced) a 01:00:00Z..02:00:00Z x2",
        "queued a 1 scheduled due 03:00:00Z",
        "start 1.1",
    )


def test_all_go_one_at_a_time_oldest_first() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="all", overlap="allow"))

    clockwork.at("03:30").restart().expects(
        "queued a 1 catch_up due 01:00:00Z",
        "queued a 2 catch_up due 02:00:00Z",
        "queued a 3 catch_up due 03:00:00Z",
        "start 1.1",
    )
    clockwork.exits(1).expects("succeeded 1", "start 2.1")


def test_at_most_a_hundred_are_caught_up_and_the_rest_is_missed() -> None:
    clockwork = Clockwork(job("a", catch_up="all"))

    clockwork.at("05:00:59").restart()
    assert sum(" catch_up " in line for line in clockwork.words()) == 100
    assert "missed(downtime) a 01:41:00Z..04:59:00Z x199" in clockwork.words()


def test_a_run_that_could_not_start_before_its_deadline_is_missed() -> None:
    late = job("late", start_deadline=30 * SECOND)
    clockwork = Clockwork(job("busy"), late, max_running=1)
    clockwork.at("00:01").tick()

    clockwork.at("00:01:31").tick().expects("missed(start_deadline) 2")
    other = Clockwork(job("late", start_deadline=5 * SECOND))
    other.at("00:01:06").restart().expects("missed(start_deadline) late 00:01:00Z")


# -- people --------------------------------------------------------------------------------------


def test_a_pause_holds_timed_starts_back_and_resume_counts_from_now() -> None:
    clockwork = Clockwork(job("a"))
    answer = clockwork.at("00:00:30").ask(PauseJob(job="a", reason="moving"))

    assert answer.message == "paused a"
    clockwork.at("00:01").tick().expects(
        "skipped(paused) a 00:01:00Z..00:01:00Z x1 (by ann: moving)"
    )
    clockwork.at("00:01:30").tick().expects_nothing()
    clockwork.at("00:04:30").ask(ResumeJob(job="a"))
    clockwork.expects("skipped(paused) a 00:02:00Z..00:04:00Z x3 (by ann: moving)", "JobResumed a")
    clockwork.at("00:05").tick().expects("queued a 1 scheduled due 00:05:00Z", "start 1.1")


def test_a_pause_can_end_by_itself_and_outlives_a_restart() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.at("00:00:30").ask(PauseJob(job="a", until=clockwork.utc + 150 * SECOND))

    clockwork.at("00:02:30").restart().expects("skipped(paused) a 00:01:00Z..00:02:00Z x2 (by ann)")
    clockwork.at("00:03").tick().expects(
        "skipped(paused) a 00:03:00Z..00:03:00Z x1 (by ann)", "JobResumed a"
    )
    clockwork.at("00:04").tick().expects("queued a 1 scheduled due 00:04:00Z", "start 1.1")


def test_resume_can_catch_up() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="latest"))
    clockwork.at("00:30").ask(PauseJob(job="a"))
    clockwork.at("01:00").tick()

    clockwork.at("01:30").ask(ResumeJob(job="a", catch_up=True))
    clockwork.expects("JobResumed a", "queued a 1 catch_up due 01:00:00Z", "start 1.1")


@pytest.mark.parametrize(("paused", "what"), [("a", "a"), ("", "everything")])
def test_a_pause_is_changed_and_goes_on_from_where_it_began(paused: str, what: str) -> None:
    clockwork = Clockwork(job("a", "0 * * * *", catch_up="all"))
    end = DAY_START + 5 * HOUR
    first = clockwork.at("00:30").ask(PauseJob(job=paused, until=end, reason="disk swap"))
    answer = clockwork.at("02:30").ask(PauseJob(job=paused, reason="vendor late"), by="bob")

    assert (first.message, first.hint) == (f"paused {what}", "")
    assert answer.message == f"changed the pause of {what}"
    assert answer.hint == f"it was until {rfc3339(end)}: disk swap"
    clockwork.at("06:10").tick()
    clockwork.ask(ResumeJob(job=paused, catch_up=True))
    assert [line for line in clockwork.words() if "queued" in line] == [
        f"queued a {hour} catch_up due 0{hour}:00:00Z" for hour in range(1, 7)
    ]


def test_everything_can_be_paused_and_jobs_stay_paused_one_by_one() -> None:
    clockwork = Clockwork(job("a"), job("b"))
    clockwork.ask(PauseJob(job="b"))
    clockwork.ask(PauseJob())

    clockwork.at("00:01").tick().expects(
        "skipped(paused) a 00:01:00Z..00:01:00Z x1 (by ann)",
        "skipped(paused) b 00:01:00Z..00:01:00Z x1 (by ann)",
    )
    clockwork.at("00:01:30").ask(ResumeJob())
    clockwork.at("00:02").tick().expects(
        "queued a 1 scheduled due 00:02:00Z",
        "skipped(paused) b 00:02:00Z..00:02:00Z x1 (by ann)",
        "start 1.1",
    )
    assert clockwork.ask(ResumeJob()).message == "nothing was paused as a whole"


def test_a_manual_run_obeys_the_overlap_unless_forced() -> None:
    clockwork = Clockwork(job("a", "@manual"))

    assert clockwork.ask(RunJob(job="a")).run == 1
    refusal = clockwork.ask(RunJob(job="a"))
    assert (refusal.ok, refusal.kind) == (False, "overlap")
    clockwork.expects_nothing()
    assert clockwork.ask(RunJob(job="a", force=True)).run == 2
    clockwork.expects("queued a 2 manual", "start 2.1")
    assert clockwork.ask(RunJob(job="b")).kind == "unknown_job"


def test_stopping_ends_what_runs_and_cancels_what_waits() -> None:
    clockwork = Clockwork(job("a", overlap="queue"))
    clockwork.at("00:01").tick()
    clockwork.at("00:02").tick()

    assert clockwork.ask(StopRun(job="a")).ok
    clockwork.expects("stopping 1 user", "stopped(user) 2", "stop 1.1 SIGTERM")
    clockwork.exits(1, signal=15, stopped_for="user").expects("stopped(user) 1")
    assert clockwork.ask(StopRun(job="a")).kind == "unknown_run"
    assert clockwork.ask(StopRun(run=1)).kind == "unknown_run"
    assert clockwork.ask(StopRun(job="z")).kind == "unknown_job"


# -- the file ------------------------------------------------------------------------------------


def test_a_disabled_job_is_told_as_such_and_counts_from_when_it_is_enabled() -> None:
    clockwork = Clockwork(job("a", enabled=False))

    clockwork.at("00:01").tick().expects("skipped(disabled) a 00:01:00Z..00:01:00Z x1")
    clockwork.at("00:02:30").configure(job("a"))
    clockwork.expects("skipped(disabled) a 00:02:00Z..00:02:00Z x1", "JobChanged a")
    clockwork.at("00:03").tick().expects("queued a 1 scheduled due 00:03:00Z", "start 1.1")


def test_an_edit_that_leaves_the_schedule_keeps_the_next_instant() -> None:
    clockwork = Clockwork(job("a", "@every 10m"))
    clockwork.at("00:07").configure(job("a", "@every 10m", description="new"))

    clockwork.at("00:10").tick().expects("queued a 1 scheduled due 00:10:00Z", "start 1.1")


def test_an_edited_schedule_counts_from_now() -> None:
    clockwork = Clockwork(job("a", "@every 10m"))
    clockwork.at("00:07").configure(job("a", "@every 5m"))

    clockwork.at("00:10").tick().expects_nothing()
    clockwork.at("00:12").tick().expects("queued a 1 scheduled due 00:12:00Z", "start 1.1")


def test_a_removed_job_finishes_and_its_waiting_runs_are_cancelled() -> None:
    clockwork = Clockwork(job("a", overlap="queue"))
    clockwork.at("00:01").tick()
    clockwork.at("00:02").tick()

    clockwork.at("00:02:10").configure().expects("skipped(removed) 2", "JobRemoved a")
    clockwork.at("00:02:20").exits(1).expects("succeeded 1")
    clockwork.at("00:03:30").configure(job("a")).at("00:04").tick()
    clockwork.expects("queued a 3 scheduled due 00:04:00Z", "start 3.1")


def test_a_run_keeps_the_definition_it_started_with() -> None:
    retry = Retry(attempts=1, delay=SECOND)
    clockwork = Clockwork(job("a", retry=retry, description="old"))
    clockwork.at("00:01").tick()
    clockwork.at("00:01:05").configure(job("a", retry=retry, description="new"))
    clockwork.at("00:01:10").exits(1, code=1)
    clockwork.at("00:01:11").restart()

    assert clockwork.effects.starts[0].job.description == "old"


def test_the_engine_never_runs_more_than_it_may() -> None:
    clockwork = Clockwork(*(job(f"job-{n}") for n in range(5)), max_running=2)

    clockwork.at("00:01").tick()
    assert [start.run for start in clockwork.effects.starts] == [1, 2]
    clockwork.exits(2).expects("succeeded 2", "start 3.1")


# -- other schedules -----------------------------------------------------------------------------


def test_a_fixed_delay_counts_from_the_last_end() -> None:
    clockwork = Clockwork(job("a", {"every": "10m", "from": "finish"}))

    clockwork.at("00:10").tick().expects("queued a 1 scheduled due 00:10:00Z", "start 1.1")
    clockwork.at("00:25").tick().expects_nothing()
    clockwork.at("00:25").exits(1)
    clockwork.at("00:34").restart().expects_nothing()
    clockwork.at("00:35").tick().expects("queued a 2 scheduled due 00:35:00Z", "start 2.1")


def test_once_is_once() -> None:
    clockwork = Clockwork(job("a", "@in 5m"))
    clockwork.at("00:05").tick().expects("queued a 1 scheduled due 00:05:00Z", "start 1.1")
    clockwork.exits(1)

    clockwork.at("01:00").restart().expects_nothing()
    assert clockwork.next_due("a") is None


def test_boot_and_start_jobs_fire_when_they_should() -> None:
    clockwork = Clockwork(job("boot", "@reboot"), job("start", "@startup"))
    clockwork.expects("queued start 1 scheduled", "start 1.1")
    clockwork.exits(1)

    clockwork.restart(boot_id="other").expects(
        "queued boot 2 scheduled", "queued start 3 scheduled", "start 2.1", "start 3.1"
    )
    clockwork.exits(2)
    clockwork.exits(3)
    clockwork.configure(*clockwork.jobs).expects_nothing()
    clockwork.restart(is_start=False).expects_nothing()


def test_jitter_moves_the_start_and_not_the_instant() -> None:
    clockwork = Clockwork(job("a", "0 * * * *", jitter=10 * MINUTE))
    clockwork.at("01:00").tick().expects("queued a 1 scheduled due 01:00:00Z")
    ready_at = clockwork.remembering.runs[1]["ready_at"]

    clockwork.utc = ready_at - 1
    clockwork.tick().expects_nothing()
    clockwork.restart().expects_nothing()
    clockwork.later(1).tick().expects("start 1.1")


# -- restarts, clocks, the end -------------------------------------------------------------------


def test_a_claim_the_runner_never_heard_of_starts_if_it_is_in_time() -> None:
    clockwork = Clockwork(job("a"), job("b", "@manual"))
    clockwork.at("00:01").tick()
    clockwork.at("00:01:30").restart()

    clockwork.step(NeverStarted(1, 1)).expects("start 1.1")
    clockwork.at("00:03").step(NeverStarted(1, 1))
    assert "missed(downtime) 1" in clockwork.words()
    clockwork.step(NeverStarted(1, 1), NeverStarted(99, 1)).expects_nothing()


def test_a_small_step_back_decides_nothing_again() -> None:
    clockwork = Clockwork(job("a"))
    clockwork.at("00:05:30").tick()
    clockwork.exits(1)

    clockwork.set_clock(-4 * MINUTE).tick().expects_nothing()
    clockwork.later(4 * MINUTE).tick().expects_nothing()
    clockwork.later(MINUTE).tick().expects("queued a 2 scheduled due 00:06:00Z", "start 2.1")


def test_a_step_forward_is_downtime() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))

    clockwork.at("00:10").tick().set_clock(2 * HOUR).tick()
    clockwork.expects("missed(downtime) a 01:00:00Z..02:00:00Z x2")


def test_a_correction_counts_from_now_and_never_decides_again() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.at("01:00").tick()
    clockwork.exits(1)

    clockwork.set_clock(400 * DAY).tick().expects("ClockMoved", "CountingMoved a")
    clockwork.later(HOUR).tick()
    clockwork.exits(2)
    clockwork.set_clock(-400 * DAY).tick().expects("ClockMoved", "CountingMoved a")
    clockwork.later(HOUR).tick()
    clockwork.expects("queued a 3 scheduled due 03:00:00Z", "start 3.1")
    clockwork.exits(3)
    clockwork.set_clock(-5 * HOUR).tick()
    clockwork.later(4 * HOUR).tick().expects(
        "missed(downtime) a 23:00:00Z..00:00:00Z x2",
        "queued a 4 scheduled due 02:00:00Z",
        "start 4.1",
    )


def test_a_restart_far_in_the_past_is_a_correction_too() -> None:
    clockwork = Clockwork(job("a", "0 * * * *"))
    clockwork.at("+9 01:00").tick()
    clockwork.exits(1)

    clockwork.at("02:00:30").restart().expects("CountingMoved a")
    assert clockwork.next_due("a") is not None


def test_intervals_begin_anew_after_a_step_back() -> None:
    clockwork = Clockwork(job("a", "@every 10m"))

    clockwork.at("00:05").tick().set_clock(-2 * MINUTE).tick().expects("JobChanged a")
    clockwork.at("00:10").tick().expects_nothing()
    clockwork.at("00:13").tick().expects("queued a 1 scheduled due 00:13:00Z", "start 1.1")


def test_an_engine_that_stops_starts_nothing_and_still_records_ends() -> None:
    clockwork = Clockwork(job("a"), job("b", "@manual"))
    clockwork.at("00:01").tick()

    clockwork.step(Drain(by="TERM")).expects("EngineStopping")
    assert clockwork.core.wait(clockwork.now()) is None
    clockwork.at("00:02").tick().expects_nothing()
    assert clockwork.ask(RunJob(job="b")).kind == "stopping"
    clockwork.exits(1).expects("succeeded 1")


def test_stopping_the_runs_with_the_engine_is_a_shutdown() -> None:
    clockwork = Clockwork(job("a", retry=Retry(attempts=3)))
    clockwork.at("00:01").tick()

    clockwork.step(Drain(by="ann", stop_runs=True))
    clockwork.expects("EngineStopping", "stopping 1 shutdown", "stop 1.1 SIGTERM")
    clockwork.exits(1, signal=15, stopped_for="shutdown").expects("stopped(shutdown) 1")


def test_a_retry_survives_a_restart() -> None:
    clockwork = Clockwork(job("a", "@manual", retry=Retry(attempts=1, delay=10 * MINUTE)))
    clockwork.ask(RunJob(job="a"))
    clockwork.at("00:01").exits(1, code=1)
    clockwork.at("00:05").restart().expects_nothing()

    clockwork.at("00:11").tick().expects("start 1.2")


def test_jobs_that_left_while_no_engine_ran_are_told_and_their_runs_cancelled() -> None:
    clockwork = Clockwork(
        job("a", "@manual", retry=Retry(attempts=1, delay=HOUR, max_delay=HOUR)),
        job("b", overlap="queue"),
    )
    clockwork.ask(RunJob(job="a"))
    clockwork.exits(1, code=1)
    clockwork.at("00:01").tick()
    clockwork.at("00:02").tick()
    clockwork.jobs = ()

    clockwork.at("00:03").restart().expects(
        "failed(exit) 1", "skipped(removed) 3", "JobRemoved a", "JobRemoved b"
    )


def test_the_next_instants_are_told_once() -> None:
    clockwork = Clockwork(job("a"))
    events = [type(event).__name__ for event in clockwork.effects.events]

    assert events == ["JobAdded", "NextDueMoved"]
    assert clockwork.tick().effects.events == ()


def test_a_core_that_is_built_anew_tells_what_is_due_next_even_if_nothing_is() -> None:
    clockwork = Clockwork(job("once", f"@at {rfc3339(DAY_START + HOUR)}"))
    clockwork.at("01:00")
    clockwork.core.step(clockwork.now(), [Tick()])  # is not recorded

    clockwork.restart(is_start=False)
    told = [event for event in clockwork.effects.events if isinstance(event, NextDueMoved)]
    assert [event.next_at for event in told] == [{"once": None}]
