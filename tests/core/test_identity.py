"""Names, params and the end of an engine: what of a job goes on, and what is asked of it."""

import pytest

from cronterm.clock import MINUTE
from cronterm.core.base import Drain
from cronterm.model.command import PauseJob, RunJob
from cronterm.model.identity import Param
from cronterm.model.job import Retry
from tests.core.clockwork import Clockwork, job

PARAMS = {"target": Param(default="staging"), "count": Param("int", "1")}

# -- renamed_from --------------------------------------------------------------------------------


def test_a_renamed_job_goes_on_with_its_run_its_pause_and_its_count() -> None:
    clockwork = Clockwork(job("old", "*/10 * * * *", overlap="queue"))
    clockwork.at("00:10").tick().starts(1)
    clockwork.at("00:12").ask(PauseJob(job="old", reason="disk swap"))
    new = job("new", "*/10 * * * *", overlap="queue", renamed_from="old")

    clockwork.at("00:15").configure(new).expects("JobRenamed old to new", "JobChanged new")
    memory = clockwork.remembering.memory()

    assert [known.id for known in memory.jobs] == ["new"]
    assert memory.jobs[0].pause is not None
    assert memory.jobs[0].pause.reason == "disk swap"
    assert [run.job for run in memory.runs] == ["new"]
    clockwork.exits(1).expects("succeeded 1")


def test_no_instant_is_decided_twice_or_lost_by_a_rename() -> None:
    clockwork = Clockwork(job("old", "*/10 * * * *"))
    clockwork.at("00:10").tick().exits(1)
    new = job("new", "*/10 * * * *", renamed_from="old")

    clockwork.at("00:10:30").configure(new)
    clockwork.at("00:20").tick().expects("queued new 2 scheduled due 00:20:00Z", "start 2.1")


def test_a_rename_while_no_engine_runs_goes_on_as_well() -> None:
    clockwork = Clockwork(job("old", "*/10 * * * *", catch_up="latest"), start_grace=0)
    clockwork.at("00:10").tick().starts(1)
    clockwork.jobs = (job("new", "*/10 * * * *", catch_up="latest", renamed_from="old"),)

    clockwork.at("00:35").restart()
    assert clockwork.words()[:2] == ["JobRenamed old to new", "JobChanged new"]
    assert any("new" in line and "00:30" in line for line in clockwork.words())
    clockwork.exits(1)
    assert "succeeded 1" in clockwork.words()


def test_a_job_that_left_the_file_comes_back_under_its_new_name() -> None:
    clockwork = Clockwork(job("old"))
    clockwork.configure().expects("JobRemoved old")

    clockwork.configure(job("new", renamed_from="old")).expects("JobRenamed old to new")
    assert [known.id for known in clockwork.remembering.memory().jobs] == ["new"]


def test_a_name_with_a_history_of_its_own_takes_over_nothing() -> None:
    clockwork = Clockwork(job("old"), job("new", "@hourly"))

    clockwork.configure(job("new", "@hourly", renamed_from="old"))
    assert clockwork.words() == ["JobRemoved old", "JobChanged new"]
    clockwork.restart().expects_nothing()


def test_a_rename_is_done_once_and_can_be_taken_back() -> None:
    clockwork = Clockwork(job("old"))
    new = job("new", renamed_from="old")
    clockwork.configure(new)

    clockwork.configure(new).expects_nothing()
    clockwork.restart().expects_nothing()
    clockwork.configure(job("old", renamed_from="new")).expects(
        "JobRenamed new to old", "JobChanged old"
    )


def test_a_rename_with_another_schedule_counts_from_now() -> None:
    clockwork = Clockwork(job("old", "*/10 * * * *"))
    clockwork.at("00:09").configure(job("new", "*/5 * * * *", renamed_from="old"))

    clockwork.at("00:10").tick().expects("queued new 1 scheduled due 00:10:00Z", "start 1.1")


def test_a_pending_retry_goes_on_under_the_new_name() -> None:
    clockwork = Clockwork(job("old", "@hourly", retry=Retry(2, delay=MINUTE)))
    clockwork.at("01:00").tick().exits(1, code=3)
    clockwork.configure(job("new", "@hourly", retry=Retry(2, delay=MINUTE), renamed_from="old"))

    clockwork.at("01:01").tick().expects("start 1.2")
    clockwork.exits(1).expects("succeeded 1")


# -- params --------------------------------------------------------------------------------------


def test_chosen_values_go_with_the_run_through_retry_and_restart() -> None:
    clockwork = Clockwork(job("a", "@manual", params=PARAMS, retry=Retry(1, delay=MINUTE)))
    answer = clockwork.ask(RunJob(job="a", params={"target": "prod"}))

    assert answer.ok
    assert clockwork.effects.starts[0].cause.params == {"target": "prod"}
    clockwork.exits(1, code=1)
    clockwork.restart()
    clockwork.later(MINUTE).tick()
    assert clockwork.effects.starts[0].cause.params == {"target": "prod"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"count": "many"}, "param count: 'many' is not a whole number"),
        ({"traget": "prod"}, "there is no param 'traget' (did you mean target?)"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_runs(given: dict[str, str], message: str) -> None:
    clockwork = Clockwork(job("a", "@manual", params=PARAMS))
    answer = clockwork.ask(RunJob(job="a", params=given))

    assert (answer.ok, answer.kind, answer.message) == (False, "invalid", message)
    clockwork.expects_nothing()


def test_a_value_that_has_to_be_chosen_is_asked_for() -> None:
    clockwork = Clockwork(job("a", "@manual", params={"target": Param()}))

    answer = clockwork.ask(RunJob(job="a"))
    assert answer.message == "param target needs a value"
    assert answer.hint == "`cronterm run a -p NAME=VALUE`"
    assert clockwork.ask(RunJob(job="a", params={"target": "x"})).ok


# -- shutdown_runs -------------------------------------------------------------------------------


def test_an_engine_that_ends_stops_the_runs_that_want_it() -> None:
    clockwork = Clockwork(
        job("a-stays", "@hourly"), job("b-goes", "@hourly", shutdown_runs="stop", retry=Retry(3))
    )
    clockwork.at("01:00").tick().starts(1).starts(2)

    clockwork.step(Drain(by="ann")).expects(
        "EngineStopping", "stopping 2 shutdown", "stop 2.1 SIGTERM"
    )
    clockwork.exits(2, code=1, stopped_for="shutdown").expects("stopped(shutdown) 2")


def test_runs_keep_the_word_they_started_with() -> None:
    clockwork = Clockwork(job("a", "@hourly", shutdown_runs="stop"))
    clockwork.at("01:00").tick().starts(1)
    clockwork.configure(job("a", "@hourly"))

    clockwork.step(Drain(by="ann")).expects(
        "EngineStopping", "stopping 1 shutdown", "stop 1.1 SIGTERM"
    )
