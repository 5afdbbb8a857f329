"""Composes an engine for one instance and runs it: lock, store, takeover, loop, chores, door."""

import asyncio
import contextlib
import gc
import logging
import os
import platform
import secrets
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cronterm.clock import SystemClock, boot_id
from cronterm.config.gather import folder_beside
from cronterm.config.load import Loaded
from cronterm.control import Output
from cronterm.core.base import Ended, NeverStarted, Started
from cronterm.core.scheduler import Scheduler
from cronterm.engine import ending
from cronterm.engine.answers import Answers
from cronterm.engine.audit import Audit
from cronterm.engine.bus import Bus
from cronterm.engine.checks import Checks
from cronterm.engine.chores import prune_history, send_gauges
from cronterm.engine.delivery import Delivery
from cronterm.engine.dump import log_state
from cronterm.engine.engine import Engine
from cronterm.engine.heap import give_back_free_pages
from cronterm.engine.local import LocalControl
from cronterm.engine.recovery import (
    claimed_attempts,
    first_snapshot,
    known_names,
    takeover_inputs,
    takeover_outputs,
)
from cronterm.engine.reload import Definitions
from cronterm.engine.sensing import Sensing
from cronterm.engine.service_manager import ServiceManager
from cronterm.engine.stats_file import StatsFile
from cronterm.engine.watching import Watching
from cronterm.errors import BadInput, NoEngine
from cronterm.execute.base import Ended as RunnerEnded
from cronterm.execute.base import Message as RunnerMessage
from cronterm.execute.base import NeverStarted as RunnerNeverStarted
from cronterm.execute.base import OutputBatch
from cronterm.execute.base import Started as RunnerStarted
from cronterm.execute.output import append_output, remove_output
from cronterm.execute.runner_client import RunnerExecutor
from cronterm.execute.secrets import Secrets
from cronterm.instance import Instance
from cronterm.model.audit import AuditRow
from cronterm.model.effect import ReportedLine
from cronterm.model.engine_view import EngineView
from cronterm.model.event import AnyEvent, EngineStarted
from cronterm.model.memory import Memory
from cronterm.model.snapshot import Snapshot
from cronterm.store.base import StoreFailing
from cronterm.store.reader import open_reader
from cronterm.store.sqlite import SqliteStore, open_store
from cronterm.users import user_name
from cronterm.version import VERSION

log = logging.getLogger("cronterm.engine")

Serve = Callable[[LocalControl, str, Callable[[], None]], Coroutine[Any, Any, None]]
"""Opens the door, calls what it was given once it answers, and serves until cancelled."""


@dataclass(frozen=True)
class HostOptions:
    """How this engine is run."""

    instance: Instance
    local_timezone: str
    is_for_screen: bool = False
    """A screen waits for it: start even without a file or with a broken one, it will show that."""
    is_embedded: bool = False
    """The process belongs to a program: its signals and its service manager are not ours."""
    on_lock: Callable[[], None] = lambda: None
    """Called once the instance is ours, before its jobs file is read."""


class Host:
    """One engine and what it needs around it. Use `run` once."""

    def __init__(self, options: HostOptions, *, serve: Serve) -> None:
        self._options = options
        self._instance = options.instance
        self._serve = serve
        self._clock = SystemClock()

    async def run(self) -> None:
        """Run until told to stop.

        Raises `AlreadyRunning`; `NoEngine` and `BadInput` for a first file that is missing or
        broken, unless a screen waits that will show it.
        """
        with (
            self._instance.acquire_lock(),
            open_store(self._instance.state_dir, now=self._clock.now().utc) as store,
        ):
            self._options.on_lock()
            await self._run(store)

    async def _run(self, store: SqliteStore) -> None:
        instance = self._instance
        bus = Bus(Snapshot(store=store.id))
        executor = RunnerExecutor(
            instance.state_dir,
            store=store.id,
            on_message=lambda message: _hear(engine, bus, checks, message),
        )
        checks = Checks(
            executor,
            output=instance.output_dir(store.id),
            first=self._clock.now().utc,
            answer=lambda checked: engine.tell(checked),
        )
        bus.on_readers = lambda has_readers: executor.watch_nowait(on=has_readers)
        engine = Engine(
            clock=self._clock,
            store=store,
            executor=executor,
            bus=bus,
            make_scheduler=_make_scheduler,
            check=checks.check_nowait,
            keep_line=lambda line: _keep_line(instance.output_dir(store.id), bus, line),
            forget=checks.forget_nowait,
        )
        sensing = Sensing(engine, state_dir=instance.state_dir, cache=instance.cache_dir)
        definitions = Definitions(
            instance.jobs_file,
            cache=instance.cache_dir,
            clock=self._clock,
            local_timezone=self._options.local_timezone,
            engine=engine,
        )
        try:
            await self._recover(engine, store, executor, definitions)
            with sensing:
                await self._work(engine, store, definitions, sensing)
        finally:
            await checks.close()
            await executor.close()
        ending.say_stopped(bus.snapshot)

    async def _recover(
        self,
        engine: Engine,
        store: SqliteStore,
        executor: RunnerExecutor,
        definitions: Definitions,
    ) -> None:
        memory = store.memory(now=self._clock.now().utc)
        definitions.monitors.restore(memory.monitors)
        loaded, facts = await self._first_definitions(definitions)
        changed, fact = definitions.adoption(loaded)
        verdicts = await executor.open(claimed_attempts(memory))
        views = store.views(known_names(memory, changed.jobs))
        snapshot = first_snapshot(memory, changed.jobs, views)
        snapshot.n, snapshot.store = store.last_n, store.id
        snapshot.engine = EngineView(
            host=platform.node(),
            jobs_file=str(self._instance.jobs_file),
            trouble="; ".join(store.notices),
        )
        engine.bus.snapshot = snapshot
        started = EngineStarted(
            at=self._clock.now().utc,
            pid=os.getpid(),
            version=VERSION,
            boot_id=boot_id(),
        )
        engine.tell(facts=[started, fact, *facts])
        first = [changed, *takeover_inputs(verdicts)]
        await engine.recover(memory, first, takeover_outputs(verdicts))

    async def _first_definitions(self, definitions: Definitions) -> tuple[Loaded, list[AnyEvent]]:
        """Return what to start with, and the facts to tell about a file that is not in force."""
        path = definitions.path
        if not path.exists() and folder_beside(path) is None:
            if not self._options.is_for_screen:
                raise NoEngine(f"{path} does not exist", "name a jobs file with -f FILE")
            return Loaded.empty(), []
        loaded = await definitions.read()
        if loaded.is_usable:
            await definitions.keep(loaded)
            return loaded, [definitions.rejection(loaded)] if loaded.problems else []
        last_good = await definitions.last_good()
        if last_good is None and not self._options.is_for_screen:
            raise BadInput("\n".join(map(str, loaded.problems)))
        return last_good or Loaded.empty(), [definitions.rejection(loaded)]

    async def _work(
        self, engine: Engine, store: SqliteStore, definitions: Definitions, sensing: Sensing
    ) -> None:
        instance = self._instance
        loop = asyncio.get_running_loop()
        reader = open_reader(instance.state_dir)
        answers = Answers(
            reader=reader,
            output=instance.output_dir(store.id),
            jobs_file=instance.jobs_file,
            clock=self._clock,
            snapshot=lambda: engine.bus.snapshot,
        )
        audit = Audit(self._clock)
        stats_file = StatsFile(engine.bus, answers.answer)
        delivery = Delivery(
            bus=engine.bus,
            clock=self._clock,
            notifiers=lambda: definitions.notifiers,
            secrets=Secrets(os.environ),
            answer=answers.answer,
            tell=engine.tell,
            tell_fact=lambda fact: engine.tell(facts=[fact]),
        )
        control = LocalControl(
            engine=engine,
            test=delivery.test,
            definitions=definitions,
            answers=answers,
            event_files=sensing.files,
            audit=audit,
            by=lambda: user_name(os.getuid()),
        )
        changed = asyncio.Event()

        def note_change() -> None:
            loop.call_soon_threadsafe(changed.set)

        watch = Watching(
            instance.jobs_file, definitions.places, known=definitions.seen, on_change=note_change
        )
        definitions.follow = watch.follow
        if not self._options.is_embedded:
            _follow_signals(loop, engine, changed)
        await sensing.follow()
        manager = ServiceManager({} if self._options.is_embedded else os.environ)
        engine.on_drain = manager.stopping

        def is_open() -> None:
            if not self._options.is_embedded:
                gc.freeze()  # what is loaded stays: to look through all of it again takes time
                give_back_free_pages()
            manager.ready(lambda: _status(engine.bus.snapshot))

        with reader, watch, manager:
            async with asyncio.TaskGroup() as group:
                chores = [
                    group.create_task(self._serve(control, store.id, is_open), name="door"),
                    group.create_task(_reload_on(changed, definitions), name="reload"),
                    group.create_task(sensing.run(), name="sensing"),
                    group.create_task(delivery.run(), name="delivery"),
                    group.create_task(
                        send_gauges(engine.bus, self._clock, instance.state_dir), name="gauges"
                    ),
                    group.create_task(
                        audit.keep(partial(_keep_calls, engine, store)), name="audit"
                    ),
                    group.create_task(stats_file.keep(), name="stats-file"),
                    group.create_task(
                        prune_history(
                            engine,
                            store,
                            instance.output_dir(store.id),
                            forget=remove_output,
                        ),
                        name="prune",
                    ),
                ]
                await engine.run()
                for chore in chores:
                    chore.cancel()
            await stats_file.write_last()
        with contextlib.suppress(StoreFailing):
            store.record_calls(audit.take())


async def _keep_calls(engine: Engine, store: SqliteStore, rows: tuple[AuditRow, ...]) -> None:
    await engine.in_store(lambda: store.record_calls(rows))


def _make_scheduler(memory: Memory, is_start: bool) -> Scheduler:
    return Scheduler(memory, seed=secrets.randbits(64), boot_id=boot_id(), is_start=is_start)


def _hear(engine: Engine, bus: Bus, checks: Checks, message: RunnerMessage) -> None:
    """Take in what the runner tells; output never passes through the core."""
    if checks.hear(message):
        return
    match message:
        case RunnerStarted():
            engine.tell_started(
                Started(message.run, message.attempt, message.pid, message.started_at)
            )
        case RunnerEnded():
            if message.started_at:
                engine.tell_started(
                    Started(message.run, message.attempt, message.pid, message.started_at)
                )
            engine.tell_ended(Ended(message.run, message.attempt, message.end), message.output)
        case RunnerNeverStarted():
            engine.tell(NeverStarted(message.run, message.attempt))
        case OutputBatch() if bus.has_readers:
            for output in message.chunks:
                bus.offer(output)


def _keep_line(output: Path, bus: Bus, line: ReportedLine) -> None:
    """Put what was reported of a run into its output; a full disk only loses it."""
    try:
        offset = append_output(output, line)
    except OSError as error:
        log.warning("what was reported of run %d was not kept: %s", line.run, error)
        return
    if offset is not None:
        bus.offer(Output(line.run, line.job, line.attempt, offset, line.at, "out", line.data))


def _status(snapshot: Snapshot) -> str:
    live = len(snapshot.all_open())
    trouble = f", {snapshot.engine.trouble}" if snapshot.engine.trouble else ""
    return f"{len(snapshot.jobs)} jobs, {live} runs are not over{trouble}"


def _follow_signals(
    loop: asyncio.AbstractEventLoop, engine: Engine, changed: asyncio.Event
) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, engine, number)
    for number in (signal.SIGHUP, signal.SIGUSR2):
        loop.add_signal_handler(number, changed.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: log_state(engine.bus.snapshot))
    if os.getpid() == 1:
        loop.add_signal_handler(signal.SIGCHLD, reap_orphans)


def _stop(engine: Engine, number: int) -> None:
    engine.shut_down(
        by=signal.Signals(number).name, grace_s=ending.grace_s(engine.bus.snapshot, stop_runs=False)
    )


async def _reload_on(changed: asyncio.Event, definitions: Definitions) -> None:
    while True:
        await changed.wait()
        changed.clear()
        await definitions.reload()


def reap_orphans() -> None:
    """Reap every child that is dead: PID 1 of a container inherits all that lost its parent."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
