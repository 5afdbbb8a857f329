"""Random lives with pools, chains and conditions: what must hold whatever happens."""

import random
from collections import Counter

import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.model.command import PauseJob, ResumeJob, RunJob, StopRun
from cronterm.model.event import RunQueued
from cronterm.model.gates import Condition, Need
from cronterm.model.job import Job, Retry
from tests.core.clockwork import Clockwork, job

POOLS = {"one": 1, "two": 2}
MOST = 4
SCHEDULES = ("* * * * *", "*/5 * * * *", "@every 90s", "@manual", "@manual")
NEEDS: tuple[Need, ...] = ("success", "success", "failure", "complete")


def random_jobs(dice: random.Random) -> tuple[Job, ...]:
    """Return jobs with random gates; each names only jobs before it, so there is no circle."""
    names: list[str] = []
    jobs = []
    for number in range(dice.randint(3, 8)):
        followed = dice.sample(names, min(len(names), dice.choice([0, 0, 1, 2])))
        started = dice.sample(names, min(len(names), dice.choice([0, 0, 1])))
        name = f"job-{9 - number}"
        jobs.append(
            job(
                name,
                dice.choice(SCHEDULES),
                overlap=dice.choice(["skip", "queue"]),
                pool=dice.choice(["", "one", "two", "two"]),
                priority=dice.choice([0, 0, 1, -1]),
                depends_on={} if number % 2 else {each: dice.choice(NEEDS) for each in followed},
                depends_wait=dice.choice([0, 2 * MINUTE]),
                depends_window=dice.choice([None, HOUR]),
                on_complete=tuple(started) if number % 2 and not followed else (),
                condition=dice.choice(
                    [None, Condition(command="x"), Condition(command="x", wait=MINUTE)]
                ),
                retry=Retry(attempts=dice.randint(0, 1), delay=10 * SECOND),
                start_deadline=dice.choice([None, 2 * MINUTE]),
                catch_up=dice.choice(["skip", "latest", "all"]),
            )
        )
        names.append(name)
    return tuple(jobs)


class World:
    """Drives a clockwork with dice and watches the rules."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        jobs = random_jobs(self.dice)
        self.it = Clockwork(*jobs, seed=seed, max_running=MOST, pools=POOLS)
        self.running: dict[tuple[int, int], str] = {}
        self.asked: dict[int, str] = {}
        self.followed: Counter[tuple[int, str]] = Counter()
        self.watch()

    def watch(self) -> None:
        """Take in the last effects and hold them against the rules."""
        for start in self.it.effects.starts:
            self.running[start.run, start.attempt] = start.job.pool
            self.asked.pop(start.run, None)
        for check in self.it.effects.checks:
            assert check.run not in self.asked, "one look at a time"
            self.asked[check.run] = check.job.pool
        open_runs = self.it.remembering.runs
        self.asked = {run: pool for run, pool in self.asked.items() if run in open_runs}
        assert len(self.running) + len(self.asked) <= MOST
        used = Counter(self.running.values())  # an edit may move a job that is looked at
        assert all(used[pool] <= slots for pool, slots in POOLS.items())
        for event in self.it.effects.events:
            if isinstance(event, RunQueued) and event.cause.run is not None:
                self.followed[event.cause.run, event.job] += 1
        assert all(count == 1 for count in self.followed.values()), "once per upstream run"

    def live(self) -> None:
        """Let one random thing happen."""
        dice, it = self.dice, self.it
        it.later(dice.choice([SECOND, 10 * SECOND, 30 * SECOND, MINUTE]))
        roll = dice.random()
        names = [each.id for each in it.jobs]
        if roll < 0.4 and self.running:
            run, attempt = dice.choice(list(self.running))
            del self.running[run, attempt]
            it.exits(run, code=dice.choice([0, 0, 1]), attempt=attempt)
        elif roll < 0.65 and self.asked:
            run = dice.choice(list(self.asked))
            del self.asked[run]
            it.checked(run, dice.choice(["", "", "no"]))
        elif roll < 0.7:
            self.asked.clear()
            it.later(dice.choice([0, MINUTE, HOUR])).restart()
        elif roll < 0.8:
            it.ask(RunJob(job=dice.choice(names), with_deps=dice.random() < 0.5))
        elif roll < 0.83:
            it.ask(StopRun(job=dice.choice(names)))
        elif roll < 0.86:
            it.ask(dice.choice([PauseJob, ResumeJob])(job=dice.choice(names)))
        elif roll < 0.88:
            it.configure(*random_jobs(dice))
            self.watch()
            self.asked.clear()
            it.restart(is_start=False)
        else:
            it.tick()
        self.watch()

    def settle(self) -> None:
        """Let everything end: nothing may wait for ever for what is free."""
        it = self.it
        for each in it.jobs:
            it.ask(ResumeJob(job=each.id))
            self.watch()
        it.configure(*(job(each.id, "@manual", pool=each.pool) for each in it.jobs))
        for _ in range(2000):
            self.watch()
            if self.running:
                (run, attempt), _pool = self.running.popitem()
                it.exits(run, attempt=attempt)
            elif self.asked:
                it.checked(self.asked.popitem()[0])
            elif it.remembering.runs:
                wait = it.core.wait(it.now())
                assert wait, f"{it.remembering.runs} wait for nothing"
                it.later(wait).tick()
            else:
                return
        raise AssertionError("it does not settle")


@pytest.mark.parametrize("seed", range(25))
def test_places_are_never_exceeded_and_chains_follow_once(seed: int) -> None:
    world = World(seed)
    for _ in range(200):
        world.live()
    world.settle()
