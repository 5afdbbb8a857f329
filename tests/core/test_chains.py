"""Chains: what the end of a run starts, and what comes first by hand (SEMANTICS 11)."""

from typing import Any

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.core.base import Drain
from cronterm.model.command import PauseJob, RunJob, StopRun
from cronterm.model.job import Retry
from tests.core.clockwork import Clockwork, job


def chain(**settings: Any) -> Clockwork:
    """Return extract → transform → load, where load needs both."""
    return Clockwork(
        job("extract", "0 1 * * *"),
        job("transform", "@manual", depends_on={"extract": "success"}),
        job("load", "@manual", depends_on={"extract": "success", "transform": "success"}),
        **settings,
    )


def test_each_job_follows_when_all_it_needs_has_ended_well() -> None:
    it = chain().at("01:00").tick()

    it.later(MINUTE).exits(1).expects(
        "succeeded 1", "queued transform 2 upstream extract 1", "start 2.1"
    )
    it.later(MINUTE).exits(2).expects(
        "succeeded 2", "queued load 3 upstream transform 2", "start 3.1"
    )
    it.later(MINUTE).exits(3).expects("succeeded 3")
    it.at("+1 01:00").tick().expects("queued extract 4 scheduled due 01:00:00Z", "start 4.1")
    it.later(MINUTE).exits(4).expects(
        "succeeded 4", "queued transform 5 upstream extract 4", "start 5.1"
    )


def test_a_chain_stops_at_a_failure() -> None:
    it = chain().at("01:00").tick()
    it.exits(1)

    it.exits(2, code=1).expects("failed(exit) 2")
    it.at("+1 00:59").tick().expects_nothing()


def test_only_the_last_attempt_counts() -> None:
    it = Clockwork(
        job("a", "0 1 * * *", retry=Retry(attempts=1, delay=10 * SECOND)),
        job("b", "@manual", depends_on={"a": "success"}),
    )
    it.at("01:00").tick()

    it.exits(1, code=1).expects("retry 1.2 at 01:00:10Z")
    it.later(10 * SECOND).tick()
    it.exits(1).expects("succeeded 1", "queued b 2 upstream a 1", "start 2.1")


def test_success_failure_and_completion_each_have_their_followers() -> None:
    it = Clockwork(
        job("a", "0 * * * *", on_success=("ok",), on_failure=("bad",), on_complete=("any",)),
        *(job(name, "@manual") for name in ("ok", "bad", "any")),
        job("after-a-failure", "@manual", depends_on={"a": "failure"}),
    )
    it.at("01:00").tick()
    it.exits(1).expects(
        "succeeded 1",
        "queued ok 2 upstream a 1",
        "queued any 3 upstream a 1",
        "start 2.1",
        "start 3.1",
    )
    it.exits(2).exits(3)
    it.at("02:00").tick()

    it.exits(4, signal=9).expects(
        "failed(signal) 4",
        "queued bad 5 upstream a 4",
        "queued any 6 upstream a 4",
        "queued after-a-failure 7 upstream a 4",
        "start 5.1",
        "start 6.1",
        "start 7.1",
    )


def test_nothing_to_do_is_neither_success_nor_failure() -> None:
    it = Clockwork(
        job("a", "0 * * * *", skip_exit_codes=(77,), on_success=("b",), on_failure=("b",)),
        job("b", "@manual"),
        job("c", "@manual", depends_on={"a": "complete"}),
    )
    it.at("01:00").tick()

    it.exits(1, code=77).expects("skipped(exit_code) 1", "queued c 2 upstream a 1", "start 2.1")


def test_a_run_that_did_not_run_starts_nothing() -> None:
    it = Clockwork(job("a", "0 1 * * *", on_complete=("b",)), job("b", "@manual"), max_running=1)
    it.ask(RunJob(job="b"))
    it.at("01:00").tick()

    it.ask(StopRun(job="a"))
    it.expects("stopped(user) 2")


def test_a_paused_follower_is_skipped_and_that_is_recorded() -> None:
    it = chain()
    it.ask(PauseJob(job="transform"))
    it.at("01:00").tick()

    it.exits(1).expects("succeeded 1", "queued transform 2 upstream extract 1", "skipped(paused) 2")


def test_a_follower_that_still_runs_obeys_its_overlap() -> None:
    it = Clockwork(job("a", "* * * * *"), job("b", "@manual", depends_on={"a": "success"}))
    it.at("00:01").tick()
    it.exits(1)
    it.at("00:02").tick()

    it.exits(3).expects("succeeded 3", "queued b 4 upstream a 3", "skipped(overlap) 4")


def test_one_run_of_each_is_used_once() -> None:
    it = Clockwork(
        job("a", "@manual"),
        job("b", "@manual"),
        job("both", "@manual", depends_on={"a": "success", "b": "success"}),
    )
    for name in ("a", "b"):
        it.ask(RunJob(job=name))
    it.exits(1)
    it.exits(2).expects("succeeded 2", "queued both 3 upstream b 2", "start 3.1")
    it.exits(3)
    it.ask(RunJob(job="a"))
    it.exits(4).expects("succeeded 4")  # b has not run since

    it.restart()
    it.ask(RunJob(job="b"))
    it.exits(5).expects("succeeded 5", "queued both 6 upstream b 5", "start 6.1")


def test_a_result_survives_a_restart_and_a_clock_that_is_set_back() -> None:
    it = Clockwork(
        job("a", "@manual"),
        job("b", "@manual"),
        job("both", "@manual", depends_on={"a": "success", "b": "success"}),
    )
    it.ask(RunJob(job="a"))
    it.exits(1).restart()
    it.set_clock(-10 * HOUR).tick()
    it.ask(RunJob(job="b"))

    it.exits(2).expects("succeeded 2", "queued both 3 upstream b 2", "start 3.1")


def test_an_end_while_no_engine_ran_starts_what_follows_once() -> None:
    it = chain().at("01:00").tick()
    it.later(MINUTE).restart()
    it.exits(1).expects("succeeded 1", "queued transform 2 upstream extract 1", "start 2.1")

    it.restart().exits(1).expects_nothing()


def test_an_end_while_the_engine_stops_is_followed_by_the_next_engine() -> None:
    it = chain().at("01:00").tick()
    it.step(Drain(by="ann"))
    it.exits(1).expects("succeeded 1", "queued transform 2 upstream extract 1")

    it.restart().expects("start 2.1")


def test_an_old_result_does_not_count_beyond_its_window() -> None:
    it = Clockwork(
        job("a", "@manual"),
        job("b", "@manual"),
        job("both", "@manual", depends_on={"a": "success", "b": "success"}, depends_window=HOUR),
    )
    for name in ("a", "b"):
        it.ask(RunJob(job=name))
    it.exits(1)

    it.later(2 * HOUR).exits(2).expects("succeeded 2")


def test_what_ended_before_a_job_was_in_the_file_does_not_count() -> None:
    it = Clockwork(job("a", "@manual"), job("b", "@manual"))
    it.ask(RunJob(job="a"))
    it.exits(1)
    both = job("both", "@manual", depends_on={"a": "success", "b": "success"})
    it.configure(*it.jobs, both).restart()
    it.ask(RunJob(job="b"))

    it.exits(2).expects("succeeded 2")


def test_a_run_follows_by_the_definition_it_started_with() -> None:
    it = Clockwork(job("a", "@manual", on_success=("b",)), job("b", "@manual"))
    it.ask(RunJob(job="a"))
    it.configure(job("b", "@manual"))

    it.exits(1).expects("succeeded 1", "queued b 2 upstream a 1", "start 2.1")


def test_a_follower_that_was_renamed_meanwhile_follows_all_the_same() -> None:
    it = Clockwork(job("a", "@manual", on_success=("b",)), job("b", "@manual"))
    it.ask(RunJob(job="a"))
    new = job("new", "@manual", renamed_from="b")
    it.configure(job("a", "@manual", on_success=("new",)), new)

    it.exits(1).expects("succeeded 1", "queued new 2 upstream a 1", "start 2.1")


# -- with a schedule, what it depends on is a gate -----------------------------------------------


def gated(**words: Any) -> Clockwork:
    """Return a report at 08:30 that needs load, which is started by hand."""
    return Clockwork(
        job("load", "@manual"), job("report", "30 8 * * *", depends_on={"load": "success"}, **words)
    )


def test_a_timed_job_starts_when_its_upstream_ended_well_since_its_last_instant() -> None:
    it = gated().at("02:00")
    it.ask(RunJob(job="load"))
    it.exits(1)

    it.at("08:30").tick().expects("queued report 2 scheduled due 08:30:00Z", "start 2.1")
    it.exits(2)
    it.at("+1 08:30").tick().expects(
        "queued report 3 scheduled due 08:30:00Z", "skipped(dependency) 3"
    )


def test_a_window_may_be_longer_than_a_day() -> None:
    it = gated(depends_window=30 * HOUR).at("08:00")
    it.ask(RunJob(job="load"))
    it.exits(1)
    it.at("08:30").tick().exits(2)

    it.at("+1 08:30").tick().expects("queued report 3 scheduled due 08:30:00Z", "start 3.1")


def test_a_timed_job_waits_for_its_upstream_and_says_so() -> None:
    it = gated(depends_wait=30 * MINUTE).at("08:29")
    it.ask(RunJob(job="load"))

    it.at("08:30").tick().expects(
        "queued report 2 scheduled due 08:30:00Z",
        "held 2 dependency: run 1 of load is running until 09:00:00Z",
    )
    it.later(10 * MINUTE).exits(1).expects("succeeded 1", "free 2", "start 2.1")


def test_a_wait_for_an_upstream_has_an_end() -> None:
    it = gated(depends_wait=30 * MINUTE).at("08:29")
    it.ask(RunJob(job="load"))
    it.at("08:30").tick()
    it.later(MINUTE).exits(1, code=1).expects(
        "failed(exit) 1", "held 2 dependency: run 1 of load failed until 09:00:00Z"
    )

    assert it.core.wait(it.now()) == 29 * MINUTE
    it.at("09:00").tick().expects("skipped(dependency) 2")


def test_a_wait_for_an_upstream_survives_a_restart() -> None:
    it = gated(depends_wait=30 * MINUTE).at("08:29")
    it.ask(RunJob(job="load"))
    it.at("08:30").tick()

    it.at("08:40").restart().expects_nothing()
    it.exits(1).expects("succeeded 1", "free 2", "start 2.1")


def test_an_instant_of_both_waits_for_the_upstream_first() -> None:
    it = Clockwork(
        job("z-first", "0 1 * * *"),
        job("a-second", "0 1 * * *", depends_on={"z-first": "success"}, depends_wait=HOUR),
    )

    it.at("01:00").tick().expects(
        "queued a-second 1 scheduled due 01:00:00Z",
        "queued z-first 2 scheduled due 01:00:00Z",
        "held 1 dependency: run 2 of z-first is queued until 02:00:00Z",
        "start 2.1",
    )
    it.exits(2).expects("succeeded 2", "free 1", "start 1.1")


def test_what_waits_behind_a_caught_up_run_does_not_keep_the_engine_awake() -> None:
    waits = job("b", "0 * * * *", depends_on={"a": "success"}, depends_wait=HOUR, catch_up="all")
    it = Clockwork(job("a", "@manual"), waits)
    it.ask(RunJob(job="a"))
    it.at("05:30").restart()
    assert it.core.wait(it.now()) == 30 * MINUTE

    it.configure(job("a", "@manual"), job("b", "0 * * * *", catch_up="all"))
    assert [start.job.id for start in it.effects.starts] == ["b"]
    assert it.core.wait(it.later(2 * HOUR).tick().now()) == 30 * MINUTE


def test_a_run_by_hand_ignores_what_its_job_depends_on() -> None:
    it = gated()

    assert it.ask(RunJob(job="report")).ok
    it.expects("queued report 1 manual", "start 1.1")


# -- run JOB --with-deps -------------------------------------------------------------------------


def test_all_it_depends_on_runs_first_and_in_order() -> None:
    it = chain()

    answer = it.ask(RunJob(job="load", with_deps=True))
    assert answer.message == "run 3 of load, after run 1 of extract, run 2 of transform"
    assert answer.run == 3
    it.expects(
        "queued extract 1 manual",
        "queued transform 2 manual after 1",
        "held 2 dependency: it comes after run 1 of extract",
        "queued load 3 manual after 1 after 2",
        "held 3 dependency: it comes after run 1 of extract and run 2 of transform",
        "start 1.1",
    )
    it.exits(1).expects(
        "succeeded 1",
        "free 2",
        "held 3 dependency: it comes after run 2 of transform",
        "start 2.1",
    )
    it.exits(2).expects("succeeded 2", "free 3", "start 3.1")
    it.exits(3).expects("succeeded 3")


def test_a_failure_calls_off_what_comes_after_it() -> None:
    it = chain()
    it.ask(RunJob(job="load", with_deps=True))
    it.exits(1)

    it.exits(2, code=1).expects("failed(exit) 2", "skipped(dependency) 3")


def test_a_stop_calls_off_the_rest_in_turn() -> None:
    it = chain(max_running=1)
    it.ask(RunJob(job="load", with_deps=True))

    it.ask(StopRun(job="transform"))
    it.expects("stopped(user) 2", "skipped(dependency) 3")


def test_what_comes_after_others_survives_restarts() -> None:
    it = chain()
    it.ask(RunJob(job="load", with_deps=True))
    it.restart().expects_nothing()
    it.exits(1).restart().expects_nothing()

    it.exits(2).expects("succeeded 2", "free 3", "start 3.1")


def test_a_job_that_runs_is_not_run_again_for_its_downstream() -> None:
    it = chain().at("01:00").tick()

    answer = it.ask(RunJob(job="load", with_deps=True))
    assert not answer.ok
    assert answer.message == "run 1 of extract is running, overlap is skip"
    it.expects_nothing()


def test_a_job_that_left_the_file_calls_off_what_comes_after_it() -> None:
    it = chain(max_running=1)
    it.ask(RunJob(job="load", with_deps=True))

    it.configure(job("extract", "0 1 * * *"), job("load", "@manual"))
    it.expects(
        "skipped(removed) 2", "JobRemoved transform", "JobChanged load", "skipped(dependency) 3"
    )


def test_a_job_whose_upstream_is_not_there_is_not_run_after_it() -> None:
    it = Clockwork(job("load", "@manual", depends_on={"transform": "success"}))

    answer = it.ask(RunJob(job="load", with_deps=True))
    assert answer.message == "load depends on transform, which is not in the file"
    it.expects_nothing()


def test_a_long_chain_is_run_from_its_first_job_and_told_in_short() -> None:
    jobs = [job("j0", "@manual")]
    jobs += [job(f"j{n}", "@manual", depends_on={f"j{n - 1}": "success"}) for n in range(1, 3000)]
    it = Clockwork(*jobs)

    answer = it.ask(RunJob(job="j2999", with_deps=True))
    assert answer.message.startswith("run 3000 of j2999, after run 1 of j0, run 2 of j1,")
    assert answer.message.endswith("run 8 of j7, 2,991 more")
    assert it.words()[-1] == "start 1.1"
