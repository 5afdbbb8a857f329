"""Random jobs, ends, edits, pauses, restarts and clock steps: what must hold whatever happens."""

import random
from collections import Counter

import msgspec
import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.core.base import ConfigChanged, Ended, Input
from cronterm.core.scheduler import Scheduler
from cronterm.model.command import PauseJob, ResumeJob, RunJob, StopRun
from cronterm.model.event import AttemptClaimed, InstantDecided, RunQueued
from cronterm.model.job import Job, Overlap, Retry
from cronterm.model.memory import Memory
from cronterm.model.run import AttemptEnd
from cronterm.schedule.build import build
from tests.core.clockwork import DAY_START, Clockwork, job

SCHEDULES = ("* * * * *", "*/5 * * * *", "*/20 * * * * *", "@every 90s", "0 * * * *", "7 2 * * *")
MIXED: tuple[object, ...] = (
    *SCHEDULES,
    {"every": "3m", "from": "finish"},
    {"every": "7m", "from": "clock"},
    ["*/5 * * * *", "@every 7m"],
    ["0 * * * *", "@in 40m"],
    ["*/20 * * * *", "@every 11m", "@in 2h"],
)
STEPS = (-8 * HOUR, -2 * HOUR, -5 * MINUTE, -SECOND, SECOND, HOUR, 5 * HOUR)

OVERLAPS: tuple[Overlap, ...] = ("skip", "queue", "replace", "allow")


def random_jobs(dice: random.Random) -> tuple[Job, ...]:
    """Return a few jobs with random policies."""
    return tuple(
        job(
            f"job-{n}",
            dice.choice(MIXED),
            overlap=OVERLAPS[n % 4],  # an edit of it would leave runs that it forbids
            queue_limit=dice.randint(1, 3),
            catch_up=dice.choice(["skip", "latest", "all"]),
            catch_up_window=dice.choice([HOUR, 24 * HOUR]),
            start_deadline=dice.choice([None, 30 * SECOND]),
            jitter=dice.choice([0, 0, 20 * SECOND, 3 * MINUTE]),
            retry=Retry(attempts=dice.randint(0, 2), delay=10 * SECOND, jitter=0.5),
            enabled=dice.random() < 0.9,
        )
        for n in range(dice.randint(1, 5))
    )


class World:
    """Drives a clockwork with dice and watches the rules."""

    def __init__(self, seed: int, *, steps: tuple[int, ...] = ()) -> None:
        self.steps = steps
        self.dice = random.Random(seed)
        self.it = Clockwork(*random_jobs(self.dice), seed=seed, max_running=3)
        self.running: dict[tuple[int, int], str] = {}
        self.attempts: Counter[int] = Counter()
        self.watch()

    def watch(self) -> None:
        """Take in the last effects and hold them against the rules."""
        jobs = {each.id: each for each in self.it.jobs}
        for start in self.it.effects.starts:
            is_again = (start.run, start.attempt) in self.running
            self.running[start.run, start.attempt] = start.job.id
            self.attempts[start.run] += not is_again
            assert self.attempts[start.run] <= 1 + start.job.retry.attempts
            same = [each for each in self.running.values() if each == start.job.id]
            if start.job.id in jobs and jobs[start.job.id].overlap != "allow":
                assert len(same) <= 1, "two runs of a job that may not overlap"
        assert len(self.running) <= self.it.settings.max_running
        claims = [e for e in self.it.effects.events if isinstance(e, AttemptClaimed)]
        assert len(claims) == len(self.it.effects.starts)

    def live(self) -> None:
        """Let one random thing happen."""
        dice, it = self.dice, self.it
        it.later(dice.choice([SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 7 * MINUTE]))
        roll = dice.random()
        names = [each.id for each in it.jobs]
        if roll < 0.5 and self.running:
            run, attempt = dice.choice(list(self.running))
            del self.running[run, attempt]
            it.exits(run, code=dice.choice([0, 0, 1]), attempt=attempt)
        elif roll < 0.6:
            it.later(dice.choice([MINUTE, HOUR, 5 * HOUR])).restart()
        elif roll < 0.65 and names:
            it.ask(PauseJob(job=dice.choice([*names, ""])))
        elif roll < 0.75 and names:
            it.ask(ResumeJob(job=dice.choice([*names, ""])))
        elif roll < 0.8:
            it.ask(StopRun(job=dice.choice(names)))
        elif roll < 0.83:
            it.ask(RunJob(job=dice.choice(names)))
        elif roll < 0.85:
            it.configure(*random_jobs(dice))
        elif roll < 0.9 and self.steps:
            it.set_clock(dice.choice(self.steps) + dice.randrange(SECOND)).tick()
        else:
            it.tick()
        self.watch()

    def awaken(self) -> None:
        """Nothing is silent for good, and nothing keeps the engine awake for nothing."""
        it = self.it
        it.ask(ResumeJob())
        it.tick()
        self.watch()
        assert it.core.wait(it.now()) != 0
        for each in it.jobs:
            it.ask(ResumeJob(job=each.id))
            self.watch()
            is_open = any(row["job"] == each.id for row in it.remembering.runs.values())
            next_due = it.next_due(each.id)
            assert next_due is not None or is_open, f"{each.id} will never be due again"


@pytest.mark.parametrize("seed", range(40))
def test_every_rule_holds_in_a_random_life(seed: int) -> None:
    world = World(seed)
    for _ in range(150):
        world.live()
    world.awaken()


@pytest.mark.parametrize("seed", range(100, 140))
def test_every_rule_holds_while_the_clock_is_set(seed: int) -> None:
    world = World(seed, steps=STEPS)
    for _ in range(150):
        world.live()
    world.awaken()


@pytest.mark.parametrize("seed", range(10))
def test_every_due_instant_has_exactly_one_decision(seed: int) -> None:
    dice = random.Random(seed)
    one = job("a", dice.choice(SCHEDULES), overlap=dice.choice(["skip", "queue", "allow"]))
    one = msgspec.structs.replace(one, catch_up=dice.choice(["skip", "latest", "all"]))
    it = Clockwork(one)
    for _ in range(200):
        it.later(dice.choice([SECOND, 20 * SECOND, MINUTE, 20 * MINUTE]))
        if dice.random() < 0.1:
            it.restart()
        elif (claimed := it.claimed()) and dice.random() < 0.7:
            it.exits(claimed[0])
        else:
            it.tick()
    it.tick()

    schedule = build(one.schedule, first_seen_at=DAY_START, last_end_at=None)
    decided = len(it.remembering.points) + sum(row.count for row in it.remembering.ranges)
    assert decided == schedule.count_between(DAY_START, it.utc)


def replay(seed: int) -> list[bytes]:
    """Live a life and return its effects as bytes."""
    dice = random.Random(seed)
    it = Clockwork(*random_jobs(dice), seed=seed)
    lines = []
    for _ in range(100):
        it.later(30 * SECOND)
        open_runs = [run for run, row in it.remembering.runs.items() if row["state"] == "running"]
        if open_runs and dice.random() < 0.5:
            it.exits(open_runs[0], code=dice.choice([0, 1]))
        else:
            it.tick()
        lines.append(msgspec.json.encode(it.effects))
    return lines


def test_the_same_inputs_give_the_same_effects() -> None:
    assert replay(3) == replay(3)


def test_a_thousand_jobs_in_one_second_all_start_in_one_step() -> None:
    it = Clockwork(*(job(f"job-{n}") for n in range(1000)), max_running=2000)

    it.at("00:01").tick()
    assert len(it.effects.starts) == 1000
    queued = [event for event in it.effects.events if isinstance(event, RunQueued)]
    assert len(queued) == 1000


def test_a_year_of_downtime_is_one_row_a_job() -> None:
    it = Clockwork(*(job(f"job-{n}", "* * * * * *") for n in range(20)))

    it.at("+365 00:00").restart()
    rows = [event for event in it.effects.events if isinstance(event, InstantDecided)]
    assert [row.count for row in rows] == [365 * 86_400 - 1] * 20


def test_inputs_survive_their_own_serialisation() -> None:
    given: list[Input] = [Ended(1, 1, AttemptEnd(ended_at=5, exit_code=0))]
    coded = msgspec.json.encode(given)

    assert msgspec.json.decode(coded, type=list[Ended]) == given
    assert isinstance(Scheduler(Memory(), seed=1, boot_id="b"), Scheduler)
    assert ConfigChanged((), Clockwork().settings, "x").sha256 == "x"
