"""The loop: drain what arrived into one batch, step, record, stop, start, answer, publish.

Nothing of a batch is done or told before its commit. When a commit fails, the core is thrown away
and built again from the store: what was not recorded has not happened, and the ends of running
attempts wait in the runner's journal until they are acknowledged.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from cronterm.clock import SECOND, Clock
from cronterm.core.base import (
    Commanded,
    ConfigChanged,
    Delivered,
    Drain,
    Ended,
    Input,
    NeverStarted,
    RunCommand,
    Signalled,
    Started,
)
from cronterm.core.scheduler import Scheduler
from cronterm.engine import ending
from cronterm.engine.batch import Batch, Burst
from cronterm.engine.bus import Bus
from cronterm.engine.narrate import narrate
from cronterm.execute.base import Executor, pause_point
from cronterm.model.command import Answer
from cronterm.model.effect import CheckCondition, ReportedLine
from cronterm.model.event import AnyEvent, AttemptClaimed, JobAdded, Numbered
from cronterm.model.memory import Memory
from cronterm.store.base import InstantTaken, Store, StoreFailing

log = logging.getLogger("cronterm.engine")

LONGEST_SLEEP_S = 30.0  # clock jumps are noticed within it
GATHER_S = 0.02  # ends and starts that arrive within it share a commit
STORE_RETRY_S = 5.0

MOST_SIGNALS = 1_000  # kept while the store fails; the newest ones beyond are forgotten

T = TypeVar("T")


class Engine:
    """Runs one instance. Everything here happens on one event loop; only SQL runs on a thread."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        executor: Executor,
        bus: Bus,
        make_scheduler: Callable[[Memory, bool], Scheduler],
        check: Callable[[CheckCondition], None],
        keep_line: Callable[[ReportedLine], None],
        forget: Callable[[int], None],
        store_retry_s: float = STORE_RETRY_S,
    ) -> None:
        self.bus = bus
        self.clock = clock
        self.on_config: Callable[[ConfigChanged], None] = lambda config: None
        """Told of definitions once they are recorded to be in force."""
        self._store = store
        self._executor = executor
        self._make_scheduler = make_scheduler
        self._check, self._forget = check, forget
        self._keep_line = keep_line
        self._scheduler: Scheduler | None = None
        self._config: ConfigChanged | None = None
        self._batch = Batch()
        self._arrived = asyncio.Event()
        self._answers: dict[int, asyncio.Future[Answer]] = {}
        self._token = 0
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._store_retry_s = store_retry_s
        self._store_retry_at: float | None = None
        self._burst = Burst()
        self._was_taken = False
        self._trouble_before: str | None = None
        """What the banner said before the store failed; None while it does not."""
        self._stop_at: float | None = None
        self._is_draining = False
        self.is_over = False
        self.on_drain: Callable[[], None] = lambda: None
        """Called once, when it begins to end."""

    # -- what others tell the engine (all of them never block) ---------------------------------

    def tell(self, *inputs: Input, facts: Sequence[AnyEvent] = (), urgent: bool = True) -> None:
        """Put inputs and the engine's own facts into the next batch."""
        self._batch.inputs += inputs
        self._batch.facts += facts
        self._batch.is_urgent |= urgent
        for given in inputs:
            if isinstance(given, ConfigChanged):
                self._config = given
        self._arrived.set()

    async def record(self, *inputs: Input, facts: Sequence[AnyEvent]) -> bool:
        """Put inputs and facts into the next batch and wait for it; tell whether it is recorded.

        What is not recorded will be once the history can be written again.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._batch.waiting.append(done)
        self.tell(*inputs, facts=facts)
        return await done

    def tell_started(self, started: Started) -> None:
        """The runner started an attempt."""
        self.tell(started, urgent=False)

    def tell_ended(self, ended: Ended, output: bytes) -> None:
        """The runner told an end; `output` is the attempt's small output, packed."""
        if output:
            self._batch.outputs[ended.run, ended.attempt] = output
        self.tell(ended, urgent=False)

    async def command(self, command: RunCommand, *, by: str) -> Answer:
        """Have the core carry out a command; returns after the commit."""
        if self._trouble_before is not None:
            return Answer(
                ok=False,
                message="the history cannot be written, nothing new starts",
                hint=self.bus.snapshot.engine.trouble,
            )
        self._token += 1
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answers[self._token] = answer
        self.tell(Commanded(command, by, self._token))
        return await answer

    def shut_down(self, *, by: str, grace_s: float, stop_runs: bool = False) -> None:
        """Decide nothing new and end, `grace_s` seconds from now at the latest.

        A second call ends at once, unless it asks for the runs to be stopped for the first time.
        """
        now, snapshot = asyncio.get_running_loop().time(), self.bus.snapshot
        if self._is_draining and not stop_runs:
            ending.say_hurried(snapshot, by=by)
            self._stop_at = now
            self._arrived.set()
            return
        if not self._is_draining:
            self._is_draining = True
            self.on_drain()
        ending.say_stopping(snapshot, by=by, grace_s=grace_s, stop_runs=stop_runs)
        self._stop_at = now + grace_s
        self.tell(Drain(by=by, stop_runs=stop_runs))

    async def in_store(self, call: Callable[[], T]) -> T:
        """Run `call` on the store's thread: one connection, one writer."""
        return await asyncio.get_running_loop().run_in_executor(self._store_thread, call)

    # -- the loop ------------------------------------------------------------------------------

    async def recover(
        self,
        memory: Memory,
        first: Sequence[Input],
        outputs: Mapping[tuple[int, int], bytes],
    ) -> None:
        """Build the core and let it take in what a takeover found, before the first tick.

        What runners told meanwhile waits behind `first`: before it, the core knows no run.
        """
        self._scheduler = self._make_scheduler(memory, True)
        told = self._take()
        self.tell(*first, *told.inputs, facts=told.facts)
        self._batch.outputs = {**outputs, **told.outputs}
        await self._perform(self._take())

    async def run(self) -> None:
        """Run until `shut_down` has done its work."""
        while not self.is_over:
            await self._wait()
            await self._perform(Batch() if self._starts_go_first() else self._take())
            self.is_over = self._has_drained()
        self._store_thread.shutdown()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        if self._starts_go_first():
            return
        if not self._batch or self._store_retry_at is not None:
            timeout = self._sleep_s(loop.time())
            if timeout > 0:
                try:
                    async with asyncio.timeout(timeout):
                        await self._arrived.wait()
                except TimeoutError:
                    return
        if self._batch and not self._batch.is_urgent:
            await asyncio.sleep(GATHER_S)

    def _starts_go_first(self) -> bool:
        """Tell whether a burst is being decided, for which all waits that is not urgent."""
        goes_on = self._scheduler is not None and self._scheduler.may_start_more
        is_held = self._burst.holds(goes_on, asyncio.get_running_loop().time())
        return is_held and not self._batch.is_urgent

    def _sleep_s(self, now: float) -> float:
        waits = [LONGEST_SLEEP_S]
        if self._stop_at is not None:
            waits.append(self._stop_at - now)
        if self._store_retry_at is not None:
            waits.append(self._store_retry_at - now)
        elif self._scheduler is not None:
            due_in = self._scheduler.wait(self.clock.now())
            if due_in is not None:
                waits.append(due_in / SECOND)
        return min(waits)

    def _take(self) -> Batch:
        batch, self._batch = self._batch, Batch()
        self._arrived.clear()
        return batch

    async def _perform(self, batch: Batch) -> None:
        if self._store_retry_at is not None:
            if asyncio.get_running_loop().time() < self._store_retry_at:
                self._keep(batch)
                return
            await self._rebuild(batch)
        if self._scheduler is None:
            self._keep(batch)
            return
        effects = self._scheduler.step(self.clock.now(), batch.inputs)
        events = [*batch.facts, *(self._with_runner(event) for event in effects.events)]
        numbered: tuple[Numbered, ...] = ()
        if events:
            try:
                outputs = batch.outputs
                numbered = await self.in_store(lambda: self._store.record(events, outputs=outputs))
            except (StoreFailing, InstantTaken) as error:
                self._fail(batch, error)
                return
            if effects.starts:
                pause_point("after_claim")
        self._say_recovered()
        for stop in effects.stops:
            self._executor.stop_nowait(stop)
        for start in effects.starts:
            self._executor.start_nowait(start)
        if effects.starts and self._scheduler.may_start_more:
            self._executor.more_nowait()
        for check in effects.checks:
            self._check(check)
        for line in effects.lines:
            self._keep_line(line)
        for run in effects.forgotten:
            self._forget(run)
        self._acknowledge(batch)
        await asyncio.sleep(0)  # the runner has its work before anybody is told of it
        last = numbered[-1].n if numbered else self.bus.snapshot.n
        self._answer(effects.answers, last)
        self.bus.publish(numbered)
        for each in numbered:
            narrate(each.event)
        for given in batch.inputs:
            if isinstance(given, ConfigChanged):
                self.on_config(given)
        batch.settle(is_recorded=True)
        await self._remember_returned(numbered)

    def _with_runner(self, event: AnyEvent) -> AnyEvent:
        if isinstance(event, AttemptClaimed) and not event.runner:
            return msgspec.structs.replace(event, runner=self._executor.runner_id)
        return event

    def _acknowledge(self, batch: Batch) -> None:
        ended = [given for given in batch.inputs if isinstance(given, Ended)]
        if ended:
            pause_point("before_ack")
        for given in ended:
            self._executor.acknowledge_nowait(given.run, given.attempt)

    def _answer(self, answers: Sequence[tuple[int, Answer]], n: int) -> None:
        for token, answer in answers:
            future = self._answers.pop(token)
            if not future.done():
                future.set_result(msgspec.structs.replace(answer, n=n))

    async def _remember_returned(self, numbered: Sequence[Numbered]) -> None:
        """Give a job that came back its history: the event alone does not carry it."""
        added = [each.event.job.id for each in numbered if isinstance(each.event, JobAdded)]
        if not added:
            return
        views = await self.in_store(lambda: self._store.views(added))
        for job, (recent, totals) in views.items():
            view = self.bus.snapshot.jobs.get(job)
            if view is not None and recent:
                view.recent, view.totals = recent, totals
        if any(recent for recent, _ in views.values()):
            self.bus.announce()

    # -- a store that cannot commit --------------------------------------------------------------

    def _fail(self, batch: Batch, error: Exception) -> None:
        self._scheduler = None
        again = isinstance(error, InstantTaken) and not self._was_taken
        self._was_taken = isinstance(error, InstantTaken)
        wait_s = 0 if again else self._store_retry_s
        self._store_retry_at = asyncio.get_running_loop().time() + wait_s
        self._keep(batch)
        if again:
            log.error("nothing recorded: %s", error)
        else:
            self._say_failing(f"history cannot be written: {error}")

    def _keep(self, batch: Batch) -> None:
        """Keep what must not be lost for the next try, refuse what a person can ask again."""
        kept = (Started, Ended, NeverStarted, Signalled, Delivered, Drain)
        inputs = [given for given in batch.inputs if isinstance(given, kept)]
        for signal in [given for given in inputs if isinstance(given, Signalled)][MOST_SIGNALS:]:
            inputs.remove(signal)
        self._batch.inputs[:0] = inputs
        self._batch.facts[:0] = batch.facts
        self._batch.outputs = batch.outputs | self._batch.outputs
        batch.settle(is_recorded=False)
        refusal = Answer(ok=False, message="the history cannot be written, nothing was done")
        for given in batch.inputs:
            if isinstance(given, Commanded):
                self._answer([(given.token, refusal)], self.bus.snapshot.n)

    async def _rebuild(self, batch: Batch) -> None:
        try:
            memory = await self.in_store(lambda: self._store.memory(now=self.clock.now().utc))
            await self.in_store(lambda: self._store.record(()))  # a full disk can still be read
        except StoreFailing as error:
            self._fail(Batch(), error)
            return
        self._store_retry_at = None
        self._scheduler = self._make_scheduler(memory, False)
        batch.inputs[:] = [given for given in batch.inputs if not isinstance(given, ConfigChanged)]
        if self._config is not None:
            batch.inputs.insert(0, self._config)

    def _say_failing(self, trouble: str) -> None:
        engine = self.bus.snapshot.engine
        if self._trouble_before is None:
            self._trouble_before = engine.trouble
            log.error("%s; running jobs go on, nothing new starts", trouble)
        elif engine.trouble == trouble:
            return
        engine.trouble = trouble
        if engine.state != "stopping":
            engine.state = "store_failing"
        self.bus.announce()

    def _say_recovered(self) -> None:
        self._was_taken = False
        if self._trouble_before is None:
            return
        engine = self.bus.snapshot.engine
        engine.trouble, self._trouble_before = self._trouble_before, None
        if engine.state != "stopping":
            engine.state = "running"
        log.warning("the history can be written again")
        self.bus.announce()

    # -- the end ---------------------------------------------------------------------------------

    def _has_drained(self) -> bool:
        if not self._is_draining or self._stop_at is None:
            return False
        if asyncio.get_running_loop().time() >= self._stop_at:
            return True
        return not self._batch and not ending.running(self.bus.snapshot)
