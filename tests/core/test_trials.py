"""Runs of jobs that are in no file yet."""

from cronterm.clock import MINUTE, SECOND
from cronterm.core.base import RunAgain
from cronterm.model.gates import Condition
from cronterm.model.identity import Param
from cronterm.model.job import Job, Retry
from tests.core.clockwork import Clockwork, job


def trial(new: Job, **params: str) -> RunAgain:
    """Return the request to run a job once that is not saved."""
    return RunAgain(None, new, params=params, edited=("command",))


def test_it_runs_once_and_leaves_nothing_but_its_history() -> None:
    it = Clockwork(job("other", "@manual"))
    new = job("new", "* * * * *", retry=Retry(attempts=3), condition=Condition(load_below=0.01))
    answer = it.ask(trial(new))

    assert answer.ok
    (start,) = it.effects.starts
    assert (start.job.id, start.cause.kind, start.attempts) == ("new", "manual", 1)
    assert start.cause.repeat is not None
    assert start.cause.repeat.text == "test run, edited: command"
    it.starts(answer.run or 0).later(SECOND).exits(answer.run or 0, 1)
    it.later(5 * MINUTE).tick()
    assert it.claimed() == []


def test_it_goes_on_over_a_restart_and_the_job_begins_anew_when_it_is_saved() -> None:
    it = Clockwork(job("other", "@manual"))
    run = it.ask(trial(job("new", "* * * * *"))).run
    assert run is not None
    it.starts(run).restart().tick()
    again = it.ask(trial(job("new", "* * * * *")))
    assert (again.ok, again.kind) == (False, "overlap")

    it.configure(job("other", "@manual"), job("new", "* * * * *"))
    it.exits(run)
    it.later(MINUTE).tick()
    assert len(it.claimed()) == 1


def test_what_cannot_start_now_does_not_start_later() -> None:
    it = Clockwork(job("other", "@manual"), max_running=1)
    busy = it.ask(RunAgain(None, job("other", "@manual"))).run
    assert busy is not None
    it.starts(busy)
    answer = it.ask(trial(job("new", "@manual")))
    assert (answer.ok, answer.message) == (False, "there is no room to run it now")
    it.exits(busy)
    assert it.claimed() == []


def test_params_are_judged_before_anything_is_recorded() -> None:
    it = Clockwork(job("other", "@manual"))
    new = job("new", "@manual", params={"count": Param("int")})

    assert it.ask(trial(new)).message == "param count needs a value"
    assert it.ask(trial(new, count="x")).kind == "invalid"
    it.expects_nothing()
    assert it.ask(trial(new, count="3")).ok
