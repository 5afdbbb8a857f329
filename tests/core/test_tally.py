"""Tests for adding up what a simulation does."""

from cronterm.clock import HOUR, MINUTE, SECOND, Duration
from cronterm.core.base import ConfigChanged
from cronterm.core.habits import assume
from cronterm.core.scheduler import Scheduler
from cronterm.core.simulation import Fate, Simulation
from cronterm.core.tally import Tally
from cronterm.model.forecast import JobForecast
from cronterm.model.gates import Condition
from cronterm.model.job import Job, Settings
from cronterm.model.memory import Memory
from cronterm.model.run import Cause, OpenRun
from tests.core.clockwork import DAY_START, job


def tally_of(
    *jobs: Job,
    takes: dict[str, Duration],
    hours: int = 6,
    memory: Memory | None = None,
    max_running: int = 256,
    pools: dict[str, int] | None = None,
) -> Tally:
    """Return the tally of some hours."""
    memory = memory or Memory()
    core = Scheduler(memory, seed=1, boot_id="", is_start=False)
    end = DAY_START + hours * HOUR
    settings = Settings(max_running=max_running, pools=pools or {})
    simulation = Simulation(
        core, start=DAY_START, predict=lambda start: Fate(takes[start.job.id], has_failed=False)
    )
    tally = Tally(
        [each.id for each in jobs], start=DAY_START, end=end, habit=lambda _: assume(SECOND)
    )
    simulation.adopt(memory.runs, {})
    tally.adopt(memory.runs)
    tally.take(simulation.step([ConfigChanged(jobs, settings, "sha")]))
    for step in simulation.steps(end):
        tally.take(step)
    tally.close()
    return tally


def only(tally: Tally) -> JobForecast:
    """Return the forecast of the only job."""
    (found,) = tally.jobs
    return found


def test_skips_are_counted_by_reason() -> None:
    found = only(tally_of(job("a", "0 * * * *"), takes={"a": 90 * MINUTE}))

    assert (found.due, found.runs, found.skipped) == (6, 3, {"overlap": 3})
    assert found.outcomes == {"succeeded": 2}
    assert found.most_at_once == 1


def test_a_queued_run_waits_for_the_one_before_it() -> None:
    found = only(tally_of(job("a", "0 * * * *", overlap="queue"), takes={"a": 80 * MINUTE}))

    assert found.waits == {"overlap": 3}
    assert found.waited == (20 + 40 + 60) * MINUTE
    assert found.longest_wait == HOUR
    assert found.late == 3


def test_a_full_engine_makes_jobs_wait() -> None:
    a, b = job("a", "0 * * * *"), job("b", "0 * * * *")
    tally = tally_of(a, b, takes={"a": 30 * MINUTE, "b": 5 * MINUTE}, max_running=1)

    assert [found.waits for found in tally.jobs] == [{}, {"max_running": 5}]
    assert tally.most_at_once == 1
    assert tally.jobs[1].longest_wait == 30 * MINUTE


def test_waits_are_told_by_what_held_the_run() -> None:
    first = job("first", "0 * * * *", pool="one", priority=1)
    second = job("second", "0 * * * *", pool="one")
    third = job("third", "0 * * * *", depends_on={"second": "success"}, depends_wait=HOUR)
    fourth = job("fourth", "0 * * * *", condition=Condition(path_exists=("/",)))
    takes = dict.fromkeys(("first", "second", "third", "fourth"), 5 * MINUTE)
    tally = tally_of(first, second, third, fourth, takes=takes, pools={"one": 1})

    waits = {found.job: (found.waits, found.longest_wait) for found in tally.jobs}
    assert waits == {
        "first": ({}, 0),
        "second": ({"pool": 5}, 5 * MINUTE),
        "third": ({"dependency": 5}, 10 * MINUTE),
        "fourth": ({}, 0),
    }


def test_too_late_a_start_is_missed() -> None:
    a = job("a", "0 * * * *")
    b = job("b", "0 * * * *", start_deadline=MINUTE)
    tally = tally_of(a, b, takes={"a": 30 * MINUTE, "b": 5 * MINUTE}, max_running=1)

    assert tally.jobs[1].missed == {"start_deadline": 5}
    assert tally.jobs[1].runs == 0
    assert tally.open == 2


def test_timeouts_and_time_under_way_are_counted() -> None:
    one = job("a", "0 * * * *", timeout=10 * MINUTE)
    found = only(tally_of(one, takes={"a": HOUR}))

    assert found.outcomes == {"timed_out": 5}
    assert found.busy == 50 * MINUTE


def test_time_under_way_ends_with_the_forecast() -> None:
    assert only(tally_of(job("a", "30 0 * * *"), takes={"a": 9 * HOUR})).busy == 330 * MINUTE


def test_the_busiest_minutes_are_those_with_most_starts() -> None:
    often = [job(f"often-{n}", "*/30 * * * *") for n in range(3)]
    tally = tally_of(
        *often, job("once", "30 2 * * *"), takes={each.id: SECOND for each in often} | {"once": 1}
    )
    first, second = tally.busiest()[:2]

    assert (first.at, first.starts, first.running) == (DAY_START + 150 * MINUTE, 4, 4)
    assert (second.at, second.starts, second.running) == (DAY_START + 30 * MINUTE, 3, 3)


def test_what_runs_through_an_hour_is_its_load() -> None:
    tally = tally_of(job("a", "30 0 * * *"), takes={"a": 150 * MINUTE})

    assert [hour.running for hour in tally.hours()] == [1, 1, 1, 0, 0, 0]
    assert [hour.starts for hour in tally.hours()] == [1, 0, 0, 0, 0, 0]
    assert (tally.most_at_once, tally.most_at) == (1, DAY_START + 30 * MINUTE)


def test_runs_of_a_job_that_left_the_file_are_told_last() -> None:
    run = OpenRun(
        run=7,
        job="gone",
        cause=Cause("manual"),
        state="running",
        queued_at=DAY_START,
        ready_at=DAY_START,
        attempt=1,
        definition=job("gone"),
    )
    tally = tally_of(
        job("a", "0 * * * *"),
        takes={"a": MINUTE, "gone": 10 * MINUTE},
        memory=Memory(next_run=8, runs=(run,)),
    )

    assert [(found.job, found.outcomes) for found in tally.jobs] == [
        ("a", {"succeeded": 5}),
        ("gone", {"succeeded": 1}),
    ]
    assert tally.jobs[1].busy == 10 * MINUTE
