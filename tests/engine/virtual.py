"""A whole engine in virtual time: its loop jumps over every wait, its jobs only take their time."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor as Threads
from pathlib import Path
from typing import Any, TypeVar

from cronterm.clock import HOUR, MILLISECOND, SECOND, Duration, Instant, Now
from cronterm.core.base import Checked, ConfigChanged, Ended, Started
from cronterm.core.scheduler import Scheduler
from cronterm.core.simulation import Fate
from cronterm.engine.bus import Bus
from cronterm.engine.engine import Engine
from cronterm.engine.recovery import claimed_attempts, first_snapshot, takeover_inputs
from cronterm.execute.base import ClaimedAttempt, Verdict
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.event import EngineStarted
from cronterm.model.job import Job, Settings
from cronterm.model.run import AttemptEnd
from cronterm.model.snapshot import Snapshot
from cronterm.store.sqlite import open_store

T = TypeVar("T")

SIGTERM = 15
UPTIME = 1_000 * HOUR
BOOT = "boot"


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: it lets the loop's time pass instead."""

    def __init__(self, pass_by: Callable[[float], None]) -> None:
        super().__init__()
        self._pass_by = pass_by

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        assert ready or timeout is not None, "nothing will ever happen again"
        if not ready and timeout:
            self._pass_by(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop without waits and without threads: a day of an engine takes a second."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jumping(self._pass_by))

    def _pass_by(self, seconds: float) -> None:
        self._now_s += seconds

    def time(self) -> float:
        """Return the virtual seconds since the loop began."""
        return self._now_s

    def run_in_executor(  # type: ignore[override]
        self, executor: Threads | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Call `func` at once: it takes no time."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 it belongs to who waits
            done.set_exception(error)
        return done


class VirtualClock:
    """The clocks of a machine whose time is that of its loop."""

    def __init__(self, start: Instant, loop: asyncio.AbstractEventLoop) -> None:
        self._start = start
        self._loop = loop

    def now(self) -> Now:
        """Return both readings."""
        passed = round(self._loop.time() * SECOND)
        return Now(self._start + passed, UPTIME + passed)


class StubRunner:
    """What runs, as far as anybody can tell: it outlives the engines."""

    def __init__(self, predict: Callable[[StartAttempt], Fate]) -> None:
        self.predict = predict
        self.endings: dict[tuple[int, int], AttemptEnd] = {}
        """How each attempt that runs will end, if nobody stops it."""

    def start(self, start: StartAttempt, now: Instant) -> AttemptEnd:
        """Begin an attempt; return how it will end."""
        fate, timeout = self.predict(start), start.job.timeout
        if timeout is not None and fate.duration >= timeout:
            end = AttemptEnd(
                ended_at=now + timeout, signal=SIGTERM, stopped_for="timeout", duration_us=timeout
            )
        else:
            code = int(fate.has_failed)
            end = AttemptEnd(
                ended_at=now + fate.duration, exit_code=code, duration_us=fate.duration
            )
        self.endings[start.run, start.attempt] = end
        return end

    def stop(self, stop: StopAttempt, now: Instant) -> AttemptEnd | None:
        """Have an attempt end soon; return how, or None where it runs no more."""
        if (stop.run, stop.attempt) not in self.endings:
            return None
        end = AttemptEnd(ended_at=now + MILLISECOND, signal=SIGTERM, stopped_for=stop.why)
        self.endings[stop.run, stop.attempt] = end
        return end


class StubExecutor:
    """Holds what a stub runner runs, for one engine."""

    runner_id = "0123abcd"

    def __init__(self, runner: StubRunner, clock: VirtualClock) -> None:
        self.engine: Engine | None = None
        self._runner = runner
        self._clock = clock
        self._timers: dict[tuple[int, int], asyncio.TimerHandle] = {}

    async def open(self, claimed: Sequence[ClaimedAttempt]) -> tuple[Verdict, ...]:
        """Take over what runs."""
        live = [each for each in claimed if (each.run, each.attempt) in self._runner.endings]
        assert len(live) == len(claimed), "every claim was started"
        for each in live:
            self._end_later(each.run, each.attempt, self._runner.endings[each.run, each.attempt])
        return tuple(
            Verdict(run=each.run, attempt=each.attempt, state="live", pid=4711) for each in live
        )

    def start_nowait(self, start: StartAttempt) -> None:
        """Tell of a start at once, and of its end when it is time."""
        assert self.engine is not None
        now = self._clock.now().utc
        self.engine.tell_started(Started(start.run, start.attempt, 4711, now))
        self._end_later(start.run, start.attempt, self._runner.start(start, now))

    def more_nowait(self) -> None:
        """Take no notice: a start takes no time."""

    def stop_nowait(self, stop: StopAttempt) -> None:
        """End an attempt by its signal."""
        end = self._runner.stop(stop, self._clock.now().utc)
        if end is not None:
            self._timers.pop((stop.run, stop.attempt)).cancel()
            self._end_later(stop.run, stop.attempt, end)

    def _end_later(self, run: int, attempt: int, end: AttemptEnd) -> None:
        def tell() -> None:
            assert self.engine is not None
            del self._runner.endings[run, attempt], self._timers[run, attempt]
            self.engine.tell_ended(Ended(run, attempt, end), b"")

        wait_s = (end.ended_at - self._clock.now().utc) / SECOND
        timer = asyncio.get_running_loop().call_later(max(wait_s, 0), tell)
        self._timers[run, attempt] = timer

    def acknowledge_nowait(self, run: int, attempt: int) -> None:
        """Take no notice: nothing is journaled."""

    def watch_nowait(self, *, on: bool) -> None:
        """Take no notice: there is no output."""

    async def close(self) -> None:
        """Let go of what runs."""
        for timer in self._timers.values():
            timer.cancel()


class VirtualEngine:
    """An engine on the history in a directory, from `start` on."""

    def __init__(
        self,
        directory: Path,
        jobs: Sequence[Job],
        settings: Settings,
        *,
        start: Instant,
        runner: StubRunner,
    ) -> None:
        self.directory = directory
        self.jobs = tuple(jobs)
        self.settings = settings
        self.start = start
        self._runner = runner

    def live(self, until: Instant) -> None:
        """Live from the start to `until`; what runs then is left alone."""
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(self._live(until))

    async def _live(self, until: Instant) -> None:
        clock = VirtualClock(self.start, asyncio.get_running_loop())
        executor = StubExecutor(self._runner, clock)
        with open_store(self.directory, now=self.start) as store:
            bus = Bus(Snapshot(store=store.id))
            engine = executor.engine = Engine(
                clock=clock,
                store=store,
                executor=executor,
                bus=bus,
                make_scheduler=lambda memory, is_start: Scheduler(
                    memory, seed=1, boot_id=BOOT, is_start=is_start
                ),
                check=lambda check: engine.tell(Checked(check.run, passed=True)),
                keep_line=lambda line: None,
                forget=lambda run: None,
            )
            memory = store.memory(now=self.start)
            bus.snapshot = first_snapshot(memory, self.jobs, store.views([]))
            bus.snapshot.n = store.last_n
            engine.tell(facts=[EngineStarted(at=self.start, pid=1, version="1", boot_id=BOOT)])
            verdicts = await executor.open(claimed_attempts(memory))
            changed = ConfigChanged(self.jobs, self.settings, "sha")
            await engine.recover(memory, [changed, *takeover_inputs(verdicts)], {})
            await self._until(engine, until)
            await executor.close()

    async def _until(self, engine: Engine, until: Instant) -> None:
        async with asyncio.TaskGroup() as group:
            running: Awaitable[None] = group.create_task(engine.run(), name="engine")
            await asyncio.sleep((until - self.start) / SECOND)
            engine.shut_down(by="test", grace_s=0)
            await running


def constant(durations: Mapping[str, Duration]) -> Callable[[StartAttempt], Fate]:
    """Return a prediction: each job takes always as long, and never fails."""
    return lambda start: Fate(durations[start.job.id])
