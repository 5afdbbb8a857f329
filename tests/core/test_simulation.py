"""Tests for driving a core through virtual time."""

from collections.abc import Callable

from cronterm.clock import HOUR, MINUTE, SECOND, Duration
from cronterm.core.base import Commanded, ConfigChanged
from cronterm.core.scheduler import Scheduler
from cronterm.core.simulation import Fate, Simulation, Step, failing_code
from cronterm.model.command import StopRun
from cronterm.model.effect import StartAttempt
from cronterm.model.event import InstantDecided, RunEnded, RunQueued
from cronterm.model.job import Job, Retry, Settings
from cronterm.model.memory import Memory
from cronterm.model.run import Cause, OpenRun
from tests.core.clockwork import DAY_START, job


def takes(duration: Duration, *, has_failed: bool = False) -> Callable[[StartAttempt], Fate]:
    """Return a prediction that is always the same."""
    return lambda start: Fate(duration, has_failed)


def simulate(
    *jobs: Job, predict: Callable[[StartAttempt], Fate], memory: Memory | None = None
) -> Simulation:
    """Return a simulation that has these jobs in force."""
    core = Scheduler(memory or Memory(), seed=1, boot_id="", is_start=False)
    simulation = Simulation(core, start=DAY_START, predict=predict)
    if memory is not None:
        simulation.adopt(memory.runs, {})
    simulation.step([ConfigChanged(jobs, Settings(), "sha")])
    return simulation


def ends(steps: list[Step]) -> list[tuple[str, int]]:
    """Return the outcomes of runs and the minutes in which they ended."""
    return [
        (f"{event.outcome} {event.reason}".strip(), (event.at - DAY_START) // MINUTE)
        for step in steps
        for event in step.effects.events
        if isinstance(event, RunEnded)
    ]


def test_attempts_end_when_and_as_predicted() -> None:
    simulation = simulate(job("a", "0 * * * *"), predict=takes(5 * MINUTE))
    steps = list(simulation.steps(DAY_START + 3 * HOUR - SECOND))

    assert ends(steps) == [("succeeded", 65), ("succeeded", 125)]
    assert simulation.utc == DAY_START + 3 * HOUR - SECOND
    assert simulation.running == 0


def test_nothing_is_stepped_through_that_is_not_due() -> None:
    simulation = simulate(job("a", "0 0 1 1 *"), predict=takes(MINUTE))

    assert list(simulation.steps(DAY_START + 24 * HOUR)) == []
    assert simulation.next_at() is not None


def test_a_job_by_hand_alone_leaves_nothing_to_come() -> None:
    assert simulate(job("a", "@manual"), predict=takes(MINUTE)).next_at() is None


def test_a_timeout_ends_an_attempt() -> None:
    simulation = simulate(job("a", "0 * * * *", timeout=2 * MINUTE), predict=takes(5 * MINUTE))

    assert ends(list(simulation.steps(DAY_START + 100 * MINUTE))) == [("timed_out", 62)]


def test_failures_are_tried_again() -> None:
    one = job("a", "0 * * * *", retry=Retry(attempts=1, delay=MINUTE), success_exit_codes=(1, 3))
    simulation = simulate(one, predict=takes(5 * MINUTE, has_failed=True))

    assert ends(list(simulation.steps(DAY_START + 100 * MINUTE))) == [("failed exit", 71)]
    assert failing_code(one) == 2


def test_what_is_stopped_ends_at_once_by_its_signal() -> None:
    simulation = simulate(job("a", "0 * * * *"), predict=takes(HOUR))
    list(simulation.steps(DAY_START + 61 * MINUTE))
    stopped = simulation.step([Commanded(StopRun(job="a"), "ann", 1)])
    steps = [stopped, *simulation.steps(DAY_START + 62 * MINUTE)]

    assert ends(steps) == [("stopped user", 61)]


def test_a_replaced_run_makes_room() -> None:
    simulation = simulate(job("a", "0 * * * *", overlap="replace"), predict=takes(2 * HOUR))

    assert ends(list(simulation.steps(DAY_START + 3 * HOUR))) == [
        ("replaced", 120),
        ("replaced", 180),
    ]


def test_what_runs_already_is_taken_over() -> None:
    one = job("a", "0 * * * *")
    run = OpenRun(
        run=7,
        job="a",
        cause=Cause("manual"),
        state="running",
        queued_at=DAY_START - 2 * MINUTE,
        ready_at=DAY_START - 2 * MINUTE,
        attempt=1,
        definition=one,
    )
    queued = OpenRun(
        run=8,
        job="a",
        cause=Cause("manual"),
        state="queued",
        queued_at=DAY_START,
        ready_at=DAY_START,
    )
    memory = Memory(next_run=9, runs=(run, queued))
    simulation = simulate(one, predict=takes(10 * MINUTE), memory=memory)

    assert simulation.running == 1
    assert ends(list(simulation.steps(DAY_START + HOUR - 1))) == [
        ("succeeded", 8),
        ("succeeded", 18),
    ]


def test_time_may_pass_without_a_core() -> None:
    simulation = simulate(job("a", "0 * * * *"), predict=takes(10 * MINUTE))
    simulation.stand_still(150 * MINUTE)
    told = simulation.step().effects.events

    missed = [event for event in told if isinstance(event, InstantDecided)]
    assert [(event.count, event.reason) for event in missed] == [(2, "downtime")]
    assert not any(isinstance(event, RunQueued) for event in told)
