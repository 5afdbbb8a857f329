"""An engine with a real store in a directory, whose runner only notes what it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from cronterm.clock import SECOND, Instant, Now, SystemClock
from cronterm.core.base import ConfigChanged, Ended, Input, Started
from cronterm.core.scheduler import Scheduler
from cronterm.engine.bus import Bus
from cronterm.engine.engine import Engine
from cronterm.engine.recovery import first_snapshot
from cronterm.engine.reload import Definitions
from cronterm.execute.base import ClaimedAttempt, Verdict
from cronterm.model.effect import CheckCondition, ReportedLine, StartAttempt, StopAttempt
from cronterm.model.engine_view import EngineView
from cronterm.model.event import EngineStarted
from cronterm.model.job import Job, Settings
from cronterm.model.memory import Memory
from cronterm.model.run import AttemptEnd
from cronterm.model.snapshot import Snapshot
from cronterm.store.base import Store
from cronterm.store.sqlite import SqliteStore, open_store

PATIENCE_S = 10.0


class NotedExecutor:
    """Holds nothing, notes everything."""

    runner_id = "0123abcd"

    def __init__(self) -> None:
        self.started: list[StartAttempt] = []
        self.stopped: list[StopAttempt] = []
        self.acknowledged: list[tuple[int, int]] = []
        self.announced: list[int] = []
        self.on_start: Callable[[StartAttempt], None] = lambda start: None

    async def open(self, claimed: Sequence[ClaimedAttempt]) -> tuple[Verdict, ...]:
        """Know of no attempt."""
        return tuple(
            Verdict(run=each.run, attempt=each.attempt, state="never_started") for each in claimed
        )

    def start_nowait(self, start: StartAttempt) -> None:
        """Note a start."""
        self.started.append(start)
        self.on_start(start)

    def more_nowait(self) -> None:
        """Note after how many starts more were announced."""
        self.announced.append(len(self.started))

    def stop_nowait(self, stop: StopAttempt) -> None:
        """Note a stop."""
        self.stopped.append(stop)

    def acknowledge_nowait(self, run: int, attempt: int) -> None:
        """Note that an end is recorded."""
        self.acknowledged.append((run, attempt))

    def watch_nowait(self, *, on: bool) -> None:
        """Take no notice: there is no output."""

    async def close(self) -> None:
        """Let go of nothing."""


class SetClock:
    """The machine's clock, some time ahead."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._ahead = 0

    def now(self) -> Now:
        """Return both readings."""
        now = self._clock.now()
        return Now(now.utc + self._ahead, now.elapsed + self._ahead)

    def pass_by(self, seconds: int) -> None:
        """Let time pass."""
        self._ahead += seconds * SECOND


class Bench:
    """What a test needs of one engine."""

    def __init__(self, store: Store, *, store_retry_s: float) -> None:
        self.clock = SetClock()
        self.store = store
        self.executor = NotedExecutor()
        self.bus = Bus(Snapshot(store=store.id))
        self.running: asyncio.Task[None] | None = None
        self.checks: list[CheckCondition] = []
        self.lines: list[ReportedLine] = []
        self.forgotten: list[int] = []
        self.engine = Engine(
            keep_line=self.lines.append,
            clock=self.clock,
            store=store,
            executor=self.executor,
            bus=self.bus,
            make_scheduler=_make_scheduler,
            check=self.checks.append,
            forget=self.forgotten.append,
            store_retry_s=store_retry_s,
        )

    async def recover(self, jobs: Sequence[Job], *inputs: Input) -> None:
        """Do what an engine does before its first tick."""
        now = self.clock.now().utc
        memory = self.store.memory(now=now)
        views = self.store.views([job.id for job in jobs])
        snapshot = first_snapshot(memory, jobs, views)
        snapshot.n, snapshot.store = self.store.last_n, self.store.id
        snapshot.engine = EngineView(trouble="; ".join(self.store.notices))
        self.bus.snapshot = snapshot
        self.engine.tell(facts=[EngineStarted(at=now, pid=1, version="1", boot_id="boot")])
        first = [ConfigChanged(tuple(jobs), Settings(), "sha"), *inputs]
        await self.engine.recover(memory, first, {})

    def begins(self, run: int) -> None:
        """The runner tells a start."""
        self.engine.tell_started(Started(run, 1, 4711, self.now()))

    def ends(self, run: int, code: int = 0, output: bytes = b"") -> None:
        """The runner tells an end."""
        end = AttemptEnd(ended_at=self.now(), exit_code=code)
        self.engine.tell_ended(Ended(run, 1, end), output)

    def now(self) -> Instant:
        """Return the wall time."""
        return self.clock.now().utc

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds after something was published."""
        stream = self.bus.stream(after=None, output=False)
        async with asyncio.timeout(PATIENCE_S), aclosing(stream):  # type: ignore[type-var]
            async for _ in stream:
                if condition():
                    return


@asynccontextmanager
async def bench(
    directory: Path,
    *jobs: Job,
    store: Callable[[SqliteStore], Store] = lambda store: store,
    store_retry_s: float = 0.05,
    inputs: Sequence[Input] = (),
) -> AsyncIterator[Bench]:
    """Give a running engine on the history in `directory`; it ends at once."""
    with open_store(directory, now=SystemClock().now().utc) as opened:
        it = Bench(store(opened), store_retry_s=store_retry_s)
        await it.recover(jobs, *inputs)
        async with asyncio.TaskGroup() as group:
            it.running = group.create_task(it.engine.run())
            yield it
            it.engine.shut_down(by="test", grace_s=0)
            it.engine.shut_down(by="test", grace_s=0)


class Desk:
    """A jobs file, its definitions and the engine they tell."""

    def __init__(self, directory: Path, it: Bench, *, name: str = "jobs.yaml") -> None:
        self.file = directory / name
        self.bench = it
        self.definitions = Definitions(
            self.file,
            cache=directory,
            clock=it.clock,
            local_timezone="UTC",
            engine=it.engine,
        )

    @property
    def seen(self) -> Snapshot:
        """What every face sees."""
        return self.bench.bus.snapshot

    async def told(self, condition: Callable[[Snapshot], bool]) -> None:
        """Wait until the snapshot is so."""
        await self.bench.until(lambda: condition(self.seen))


def _make_scheduler(memory: Memory, is_start: bool) -> Scheduler:
    return Scheduler(memory, seed=7, boot_id="boot", is_start=is_start)
