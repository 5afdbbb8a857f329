"""The control of an engine in this process: what the door serves."""

import asyncio
from collections.abc import AsyncIterator, Callable

from cronterm.control import Message
from cronterm.engine.answers import Answers
from cronterm.engine.engine import Engine
from cronterm.engine.reload import Definitions
from cronterm.model.command import (
    AddJob,
    Answer,
    AnyCommand,
    DeleteJob,
    EditJob,
    FireHook,
    PauseJob,
    ReloadConfig,
    ResumeJob,
    RunJob,
    ShutDown,
    StopRun,
    UndoEdit,
)
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.watch.event_files import EventFiles


class LocalControl:
    """Carries commands to the room that knows them."""

    def __init__(
        self,
        *,
        engine: Engine,
        definitions: Definitions,
        answers: Answers,
        event_files: EventFiles,
        by: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._definitions = definitions
        self._answers = answers
        self._event_files = event_files
        self._by = by

    async def snapshot(self) -> Snapshot:
        """Return a snapshot of its own to the caller."""
        return self._engine.bus.copy()

    def events(self, *, after: int | None = None, output: bool = True) -> AsyncIterator[Message]:
        """Yield a snapshot, then every event after it."""
        return self._engine.bus.stream(after=after, output=output)

    async def send(self, command: AnyCommand, *, by: str | None = None) -> Answer:
        """Carry out `command` in the name of `by`, this process's user where nobody is named."""
        by = self._by() if by is None else by
        match command:
            case RunJob() | StopRun() | PauseJob() | ResumeJob():
                return await self._engine.command(command, by=by)
            case FireHook():
                kept = await asyncio.to_thread(self._event_files.keep_body, command)
                return await self._engine.command(kept, by=by)
            case ReloadConfig():
                return await self._definitions.reload(is_asked=True)
            case AddJob() | EditJob() | DeleteJob() | UndoEdit():
                return await self._definitions.edit(command)
            case ShutDown():
                return self._shut_down(command, by)

    async def query(self, query: Query) -> AnyReply:
        """Answer `query`."""
        return await self._answers.answer(query)

    def _shut_down(self, command: ShutDown, by: str) -> Answer:
        grace_s = self._engine.shutdown_grace_s(stop_runs=command.stop_runs)
        running = self._engine.running_attempts()
        self._engine.shut_down(
            by=by, grace_s=0.0 if command.now else grace_s, stop_runs=command.stop_runs
        )
        left = f", {running} running" if running else ""
        return Answer(ok=True, n=self._engine.bus.snapshot.n, message=f"stopping{left}")
