"""The control of an engine in this process: what the door serves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from msgspec.structs import replace

from cronterm.clock import SECOND, Instant, rfc3339
from cronterm.control import Message
from cronterm.core.base import RunAgain
from cronterm.engine import ending
from cronterm.engine.again import again_of
from cronterm.engine.answers import Answers
from cronterm.engine.audit import Audit
from cronterm.engine.engine import Engine
from cronterm.engine.reload import Definitions
from cronterm.errors import CrontermError
from cronterm.model.audit import Call
from cronterm.model.command import (
    AddJob,
    Answer,
    AnyCommand,
    DefineMonitor,
    DeleteJob,
    DropMonitor,
    EditJob,
    FireHook,
    MoveJob,
    ReloadConfig,
    RenameJob,
    RerunEdited,
    RerunRun,
    RewriteJob,
    RunMissed,
    ShutDown,
    TryJob,
    TryNotifier,
    UndoEdit,
)
from cronterm.model.job import Settings
from cronterm.model.query import (
    AnyReply,
    ListMissed,
    ListNext,
    Missed,
    MissedInstants,
    NextDue,
    Query,
    ReadRun,
    RunDetail,
)
from cronterm.model.snapshot import Snapshot
from cronterm.model.tally import Tally
from cronterm.model.unknown import refusal_hints
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
        audit: Audit,
        test: Callable[[str], Awaitable[Answer]],
        by: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._definitions = definitions
        self._answers = answers
        self._event_files = event_files
        self._audit = audit
        self._test = test
        self._by = by

    async def snapshot(self) -> Snapshot:
        """Return a snapshot of its own to the caller."""
        return self._engine.bus.copy()

    def events(self, *, after: int | None = None, output: bool = True) -> AsyncIterator[Message]:
        """Yield a snapshot, then every event after it."""
        return self._engine.bus.stream(after=after, output=output)

    def lent_events(self, *, after: int | None, output: bool) -> AsyncIterator[Message]:
        """Do as `events`, with the engine's own snapshots: to be read before anything is awaited.

        A copy of ten thousand jobs is a hundred megabytes that the process never gives back.
        """
        return self._engine.bus.stream(after=after, output=output, lends=True)

    async def send(self, command: AnyCommand, *, by: str | None = None) -> Answer:
        """Carry out `command` in the name of `by`, this process's user where nobody is named."""
        by = self._by() if by is None else by
        match command:
            case FireHook():
                kept = await asyncio.to_thread(self._event_files.keep_body, command)
                return await self._engine.command(kept, by=by)
            case RerunRun() | RerunEdited():
                return await self._rerun(command, by)
            case TryJob():
                return await self._try(command, by)
            case RunMissed():
                return await self._run_missed(command, by)
            case ReloadConfig():
                return await self._definitions.reload(is_asked=True)
            case DefineMonitor() | DropMonitor():
                return await self._definitions.define(command, by=by)
            case DeleteJob() if command.job in self._definitions.monitors:
                return await self._definitions.define(DropMonitor(job=command.job), by=by)
            case AddJob() | EditJob() | DeleteJob() | RewriteJob() | RenameJob() | MoveJob():
                return await self._definitions.edit(command)
            case UndoEdit():
                return await self._definitions.edit(command)
            case TryNotifier(notifier=notifier):
                return await self._test(notifier)
            case ShutDown():
                return self._shut_down(command, by)
            case _:
                return self._hinted(await self._engine.command(command, by=by))

    def _hinted(self, answer: Answer) -> Answer:
        """Return an answer; of a job that is not there, with what may have it."""
        if answer.kind != "unknown_job":
            return answer
        hints = refusal_hints(self._engine.bus.snapshot.problems)
        return replace(answer, hint="; ".join([answer.hint, *hints] if answer.hint else hints))

    async def query(self, query: Query) -> AnyReply:
        """Answer `query`."""
        return await self._answers.answer(query)

    async def _rerun(self, command: RerunRun | RerunEdited, by: str) -> Answer:
        """Start again what a run was: its definition comes from the history."""
        try:
            detail = await self._answers.answer(ReadRun(run=command.run))
        except CrontermError as error:
            return Answer(ok=False, kind="unknown_run", message=error.message, hint=error.hint)
        assert isinstance(detail, RunDetail)
        try:
            again = await again_of(command, detail)
        except CrontermError as error:
            return Answer(ok=False, kind="invalid", message=error.message, hint=error.hint)
        return await self._engine.command(again, by=by)

    async def _try(self, command: TryJob, by: str) -> Answer:
        """Start what a job would be after an edit that nobody has made."""
        try:
            definition = await self._definitions.tried(command)
        except CrontermError as error:
            return Answer(ok=False, kind="invalid", message=error.message, hint=error.hint)
        edited = tuple(command.words)
        again = RunAgain(None, definition, params=command.params, edited=edited)
        return await self._engine.command(again, by=by)

    async def _run_missed(self, command: RunMissed, by: str) -> Answer:
        """Run a job for what the inbox has of it, the newest where no instant is named."""
        inbox = await self._answers.answer(ListMissed(job=command.job))
        assert isinstance(inbox, Missed)
        at = command.due_at
        for row in sorted(inbox.rows, key=lambda row: row.until, reverse=True):
            due_at = row.until if at is None else await self._instant_of(row, at)
            if due_at is not None:
                found = RunMissed(job=command.job, due_at=due_at, is_range=row.is_range)
                return await self._engine.command(found, by=by)
        when = "" if at is None else f" at {rfc3339(at)}"
        message = f"{command.job} missed nothing{when} that was not settled"
        return Answer(ok=False, kind="invalid", message=message, hint="`cronterm missed`")

    async def _instant_of(self, row: MissedInstants, at: Instant) -> Instant | None:
        """Return the instant of a row that is in the second of `at`: people name seconds."""
        second = at // SECOND
        if not row.due_at // SECOND <= second <= row.until // SECOND:
            return None
        for due_at in (row.due_at, row.until):
            if due_at // SECOND == second:
                return due_at
        query = ListNext(jobs=(row.job,), after=second * SECOND - 1, limit=1)
        coming = await self._answers.answer(query)
        assert isinstance(coming, NextDue)
        found = coming.next.get(row.job, ())
        return found[0] if found and found[0] // SECOND == second else None

    def look(self) -> Snapshot:
        """Return the engine's own snapshot: to be read at once, never kept, never changed."""
        return self._engine.bus.snapshot

    def tally(self) -> Tally:
        """Return the engine's own counts: to be read at once, never kept, never changed."""
        return self._engine.bus.tally

    async def wait_settings(self, known: Settings) -> Settings:
        """Return the settings in force, once they are not `known` any more."""
        return await self._engine.bus.wait_settings(known)

    def note_call(self, call: Call) -> None:
        """Remember a call over TCP."""
        self._audit.note(call)

    def tell_listeners(self, urls: tuple[str, ...], trouble: str) -> None:
        """Note where the API is served over TCP, and what keeps it from being served."""
        engine = self._engine.bus.snapshot.engine
        if (engine.listeners, engine.listeners_trouble) != (urls, trouble):
            engine.listeners, engine.listeners_trouble = urls, trouble
            self._engine.bus.announce()

    def _shut_down(self, command: ShutDown, by: str) -> Answer:
        snapshot = self._engine.bus.snapshot
        grace_s = ending.grace_s(snapshot, stop_runs=command.stop_runs)
        running = len(ending.running(snapshot))
        self._engine.shut_down(
            by=by, grace_s=0.0 if command.now else grace_s, stop_runs=command.stop_runs
        )
        left = f", {running} running" if running else ""
        return Answer(ok=True, n=self._engine.bus.snapshot.n, message=f"stopping{left}")
