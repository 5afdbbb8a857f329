"""A life of one instance in virtual time: a random jobs file, and whatever may happen to it.

Three stretches of hours, each around a change of the clock, with months of downtime in between. In
them the file is edited, jobs are run, stopped and paused by hand, and engines are killed at any
point of a step, drained, or lose their store for a moment; attempts go on meanwhile.
"""

import random
from collections import Counter
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias, cast
from zoneinfo import ZoneInfo

import msgspec

from cronterm.clock import HOUR, MINUTE, SECOND, Duration, Instant, Now, aware, instant
from cronterm.config.load import Loaded, load_text
from cronterm.core.base import (
    Commanded,
    ConfigChanged,
    Drain,
    Effects,
    Input,
    RunCommand,
    Signalled,
)
from cronterm.model.command import FireHook, PauseJob, PingJob, ResumeJob, RunJob, StopRun
from cronterm.model.event import AnyEvent, EngineStarted
from cronterm.model.trigger import Signal, TriggerKind, trigger_name
from cronterm.store.sqlite import SqliteStore
from tests.lives.files import JobsFile
from tests.lives.instants import Instants
from tests.lives.replay import Recorder
from tests.lives.rules import Rules
from tests.lives.words import HOOKS
from tests.lives.world import World
from tests.schedule.brute import transitions

Loss: TypeAlias = Literal["nothing", "step", "starts"]
"""What a killed engine had not done: all is done; a step was not recorded, or not performed."""

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Antarctica/Troll",
)
SHORT_STOPS: tuple[Duration, ...] = (0, SECOND, 20 * SECOND, 3 * MINUTE)
LONG_STOPS: tuple[Duration, ...] = (40 * MINUTE, 3 * HOUR)
MOST_TO_SETTLE = 20_000


@lru_cache
def clock_changes(zone: str) -> tuple[Instant, ...]:
    """Return the first three changes of the clock from 2026 on."""
    return tuple(instant(at) for at in transitions(zone, range(2026, 2029))[:3])


class Life:
    """One life. `live` it once; whatever rule breaks raises."""

    def __init__(self, seed: int, store: SqliteStore, *, hours: float, things: int) -> None:
        """`hours` of each stretch lie on each side of the change; `things` happen in it."""
        self.dice = dice = random.Random(seed)
        self.store = store
        self.zone = dice.choice(ZONES)
        reach = round(hours * HOUR)
        self.windows = [(at - reach, at + reach) for at in clock_changes(self.zone)]
        self.things = things
        self.counted: Counter[str] = Counter()
        start = self.windows[0][0] + dice.randrange(reach)
        self.file = JobsFile(
            dice, zone=self.zone, start=self._wall(start), end=self._wall(self.windows[2][1] - HOUR)
        )
        self.world = World(dice)
        self.rules = Rules()
        self.instants = Instants()
        self.utc = self.windows[0][0] - dice.randrange(MINUTE)
        self.boot = 1
        self.booted_at = self.utc - HOUR
        self.core: Recorder | None = None
        self.stepped_at = self.utc
        self.in_force: Loaded | None = None
        self.pending: list[AnyEvent] = []
        self.token = 0

    def _wall(self, at: Instant) -> str:
        wall = aware(at).astimezone(ZoneInfo(self.zone)).replace(microsecond=0, tzinfo=None)
        return datetime.isoformat(wall)

    @property
    def now(self) -> Now:
        """Both clocks."""
        return Now(self.utc, self.utc - self.booted_at)

    # -- the whole -------------------------------------------------------------------------------

    def live(self) -> None:
        """Live, come to rest, and hold everything against what was due."""
        for start, end in self.windows:
            self.utc = max(self.utc, start)
            self._begin()
            while self.utc < end:
                self._pass_to(min(self._next_thing(end - start), end))
                self._let_happen()
            self._end(self.dice.choice(["nothing", "step", "starts"]))
        self._begin()
        self._come_to_rest()
        self.instants.check(self.utc, self.windows)
        self._check_next()
        assert self.core is not None
        self.core.check()
        self._record()
        self.counted["runs"] = self.rules.ended
        self.counted["attempts"] = self.rules.started
        self.counted["instants"] = self.instants.decided

    def _next_thing(self, length: Duration) -> Instant:
        """Return when something happens next: often exactly when a minute begins."""
        at = self.utc + round(self.dice.expovariate(self.things / length)) + 1
        return at if self.dice.random() < 0.7 else -(-at // MINUTE) * MINUTE

    def _pass_to(self, until: Instant) -> None:
        """Step through all that is due before `until`, and be there."""
        while (at := self._next_at()) is not None and at < until:
            self.utc = max(at, self.utc)
            self._step()
        self.utc = until

    def _next_at(self) -> Instant | None:
        assert self.core is not None
        wait, told_at = self.core.wait(self.now), self.world.next_at()
        due_at = None if wait is None else self.utc + wait
        return min((at for at in (due_at, told_at) if at is not None), default=None)

    # -- steps -----------------------------------------------------------------------------------

    def _step(self, *given: Input, is_first: bool = False) -> None:
        """One step of the engine that is there: decided, recorded, done."""
        assert self.core is not None
        inputs = (*given, *self.world.told(self.utc))
        self._commit(self.core.step(self.now, inputs), inputs, is_first=is_first)

    def _commit(
        self, effects: Effects, inputs: tuple[Input, ...], *, is_first: bool, done: bool = True
    ) -> None:
        is_forced = any(
            isinstance(each, Commanded) and isinstance(each.command, RunJob) and each.command.force
            for each in inputs
        )
        for each in inputs:
            if isinstance(each, ConfigChanged):
                self.rules.settings = each.settings
                stopped_at = self.stepped_at if is_first else None
                self.instants.configure(each.jobs, self.utc, stopped_at=stopped_at)
        self.stepped_at = self.utc
        self.pending += effects.events
        self.instants.take(effects.events)
        self.rules.take(effects, is_first=is_first, is_forced=is_forced)
        self.counted["steps"] += 1
        if done:
            self.world.acknowledge(inputs)
            self.world.perform(effects, self.utc)

    def _check_next(self) -> None:
        self.rules.check_next(self.instants.next_due(self.stepped_at))

    def _record(self) -> None:
        self.store.record(self.pending)
        self.pending = []

    # -- engines ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        """An engine starts, on whatever the file says now."""
        self.counted["engines"] += 1
        loaded = self._read() or self.in_force
        assert loaded is not None
        boot_id = f"boot-{self.boot}"
        self.rules.begin()
        fact = EngineStarted(at=self.utc, pid=1, version="1", boot_id=boot_id)
        self._go_on(loaded, boot_id=boot_id, is_start=True, facts=[fact])

    def _go_on(
        self, loaded: Loaded, *, boot_id: str, is_start: bool, facts: list[AnyEvent]
    ) -> None:
        self._record()
        memory = self.store.memory(now=self.utc)
        seed = self.dice.getrandbits(32)
        if self.core is not None:
            self.core.check()
        self.core = Recorder(memory, seed=seed, boot_id=boot_id, is_start=is_start)
        self.pending += facts
        told = self.world.take_over(memory, self.utc)
        self.in_force = loaded
        self._commit_first(self._changed(loaded), told)

    def _commit_first(self, changed: ConfigChanged, told: list[Input]) -> None:
        assert self.core is not None
        inputs = (changed, *told)
        self._commit(self.core.step(self.now, inputs), inputs, is_first=True)

    def _end(self, loss: Loss) -> None:
        """The engine is killed, with its last step done, not recorded, or only recorded."""
        assert self.core is not None
        if loss == "step":
            self.core.step(self.now, (*self.world.told(self.utc),))
        elif loss == "starts":
            told = (*self.world.told(self.utc),)
            effects = self.core.step(self.now, told)
            self._commit(effects, told, is_first=False, done=False)
        self.counted[f"killed, lost {loss}"] += 1

    def _restart(self) -> None:
        """The engine ends somehow, the file may change, and another engine comes, now or later."""
        dice = self.dice
        self._check_next()
        if dice.random() < 0.3:
            self._step(Drain(by="ann", stop_runs=dice.random() < 0.3))
            self._pass_to(self.utc + dice.choice([SECOND, 10 * SECOND]))
            self.counted["drained"] += 1
        self._end(dice.choice(["nothing", "nothing", "step", "starts"]))
        self.utc += dice.choice(LONG_STOPS if dice.random() < 0.25 else SHORT_STOPS)
        roll = dice.random()
        if roll < 0.1:
            self.world.lose("runner_died", self.utc)
        elif roll < 0.2:
            self.world.lose("reboot", self.utc)
            self.boot += 1
            self.booted_at = self.utc - MINUTE
        for _ in range(dice.choice([0, 0, 1, 3])):
            self.file.edit()
        self._begin()

    def _lose_store(self) -> None:
        """A step cannot be recorded: the core is thrown away and built again from the store."""
        self._check_next()
        assert self.core is not None
        assert self.in_force is not None
        self.core.step(self.now, (*self.world.told(self.utc),))
        self.utc += self.dice.choice([0, 5 * SECOND])
        self.counted["store failed"] += 1
        self._go_on(self.in_force, boot_id=f"boot-{self.boot}", is_start=False, facts=[])

    # -- things that happen ----------------------------------------------------------------------

    def _let_happen(self) -> None:
        roll = self.dice.random()
        if roll < 0.25:
            self._reload()
        elif roll < 0.4:
            self._restart()
        elif roll < 0.45:
            self._lose_store()
        elif roll < 0.8:
            self._command()
        elif roll < 0.95:
            self._tell()
        else:
            self._step()

    def _read(self) -> Loaded | None:
        """Read the file; None while it is wrong."""
        text = self.file.text
        is_broken = self.in_force is not None and self.dice.random() < 0.1
        if is_broken:
            text = text.replace('"jobs"', '"job"', 1)
        loaded = load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")
        assert bool(loaded.problems) == is_broken, loaded.problems
        return None if is_broken else loaded

    def _changed(self, loaded: Loaded) -> ConfigChanged:
        return ConfigChanged(loaded.jobs, loaded.settings, loaded.sha256)

    def _reload(self) -> None:
        self.file.edit()
        loaded = self._read()
        self.counted["reloads" if loaded else "refused files"] += 1
        if loaded is not None:
            self.in_force = loaded
            self._step(self._changed(loaded))
        else:
            self._step()

    def _command(self) -> None:
        dice = self.dice
        assert self.in_force is not None
        name = dice.choice([job.id for job in self.in_force.jobs])
        everything = name if dice.random() < 0.8 else ""
        roll = dice.random()
        command: RunCommand
        if roll < 0.35:
            command = RunJob(
                job=name,
                force=dice.random() < 0.2,
                with_deps=dice.random() < 0.3,
                params={"target": "b"} if dice.random() < 0.2 else {},
            )
        elif roll < 0.5:
            command = StopRun(job=name, signal=dice.choice(["", "", "SIGKILL"]))
        elif roll < 0.7:
            until = None if dice.random() < 0.5 else self.utc + dice.choice([90 * SECOND, HOUR])
            command = PauseJob(job=everything, until=until)
        else:
            command = ResumeJob(job=everything, catch_up=dice.random() < 0.5)
        self._ask(command)

    def _tell(self) -> None:
        """Something happens that a job waits for: an event, a webhook, a report."""
        dice = self.dice
        assert self.in_force is not None
        job = dice.choice(self.in_force.jobs)
        if dice.random() < 0.2:
            self._ask(FireHook(hook=dice.choice(HOOKS)))
        elif job.is_monitor:
            self._ask(
                PingJob(
                    job=job.id,
                    what=dice.choice(["heartbeat", "start", "start", "end", "fail", "log"]),
                    rid=dice.choice(["", "", "x"]),
                    exit_code=dice.choice([0, 0, 1]),
                )
            )
        elif job.triggers:
            trigger = dice.choice(job.triggers)
            kind = cast(TriggerKind, trigger.__struct_config__.tag)
            name = trigger_name(trigger)
            self._step(Signalled(job.id, Signal(kind=kind, trigger=name, text=name)))
            self.counted["signals"] += 1

    def _ask(self, command: RunCommand) -> None:
        self.token += 1
        self.counted["commands"] += 1
        self._step(Commanded(command, "ann", self.token))

    # -- the end ---------------------------------------------------------------------------------

    def _come_to_rest(self) -> None:
        """With nothing due any more all runs end; then all jobs go on."""
        assert self.in_force is not None
        assert self.core is not None
        self._ask(PauseJob())
        for run in list(self.rules.runs.values()):
            if run.is_reported:
                self._ask(PingJob(job=run.job, what="end", rid=run.cause.rid))
        for _ in range(MOST_TO_SETTLE):
            if not self.rules.runs:
                break
            self.world.settle(self.utc)
            at = self._next_at()
            assert at is not None, f"{self.rules.runs} wait for nothing"
            self.utc = max(at, self.utc)
            self._step()
        assert not self.rules.runs, "it does not come to rest"
        jobs = tuple(msgspec.structs.replace(job, enabled=True) for job in self.in_force.jobs)
        self._step(ConfigChanged(jobs, self.in_force.settings, ""))
        self._ask(ResumeJob())
        for job in jobs:
            self._ask(ResumeJob(job=job.id))
