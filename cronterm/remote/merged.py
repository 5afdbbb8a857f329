"""Several engines as one: their jobs as `HOST:JOB`, their runs and alerts renumbered.

A machine that does not answer stays in the picture with what was last known of it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from cronterm.clock import Instant
from cronterm.control import Control, Gauges, Gone, Lagged, Message, Output
from cronterm.errors import CrontermError
from cronterm.model.command import (
    Answer,
    AnyCommand,
    IgnoreMissed,
    PauseJob,
    ReloadConfig,
    RenameJob,
    ResumeJob,
    ShutDown,
)
from cronterm.model.engine_view import EngineView
from cronterm.model.event import Numbered
from cronterm.model.fold import fold
from cronterm.model.query import (
    Alerts,
    AnyReply,
    Counts,
    ListAlerts,
    ListMissed,
    ListNext,
    ListRuns,
    Missed,
    NextDue,
    Query,
    ReadConfig,
    ReadState,
    ReadTimeline,
    Runs,
)
from cronterm.model.snapshot import Snapshot
from cronterm.model.timeline import Timeline
from cronterm.remote.names import SEPARATOR, Names
from cronterm.remote.pages import Edge, join_pages, own_page
from cronterm.remote.timelines import join_timelines, own_timeline

T = TypeVar("T", bound=msgspec.Struct)

AHEAD = 5_000  # messages of all machines that wait for the screen; then the machines wait
FIRST_S = 10.0  # for a machine to tell its first

FOR_ALL = (PauseJob, ResumeJob, IgnoreMissed, ReloadConfig, ShutDown)


class Machine:
    """One of several: its control, its names, and what is known of it."""

    def __init__(self, control: Control, names: Names) -> None:
        self.control = control
        self.names = names
        self.snapshot: Snapshot | None = None
        self.gone = ""
        """Why it does not answer."""

    def take(self, message: Message) -> Message | None:
        """Fold a message in; return it in the names of all, None where it is not for all.

        A snapshot and an end say only that the whole picture is another one.
        """
        if not isinstance(message, Gone):
            self.gone = ""
        match message:
            case Snapshot():
                self.snapshot = message
                return message
            case Gone():
                is_news = not self.gone
                self.gone = message.why or "it does not answer"
                return message if is_news else None
            case Numbered(n=n, event=event):
                if self.snapshot is not None:
                    fold(self.snapshot, message)
                return Numbered(n, self.names.out_any(event))
            case Output():
                return msgspec.structs.replace(
                    message, job=self.names.job(message.job), run=self.names.run(message.run)
                )
            case Gauges():
                return message if self.names.run(0) == 0 else None
            case Lagged():
                return None


class MergedControl:
    """A `Control` over several, by the names of their machines."""

    def __init__(self, controls: Mapping[str, Control]) -> None:
        self._machines = {
            host: Machine(control, Names(host, place, len(controls)))
            for place, (host, control) in enumerate(controls.items())
        }
        self._n = 0

    # -- looking ---------------------------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        """Return what all machines show; those that do not answer as they were last."""
        for machine in self._machines.values():
            try:
                machine.take(await machine.control.snapshot())
            except CrontermError as error:
                machine.gone = str(error)
        return self._merged()

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """Yield one picture of all, then what happens; a new picture when a machine comes or goes.

        `after` counts for nothing: the picture comes first.
        """
        queue: asyncio.Queue[tuple[Machine, Message]] = asyncio.Queue(AHEAD)
        # No TaskGroup: who closes a generator at its yield would get an exception group.
        loop = asyncio.get_running_loop()
        readers = [
            loop.create_task(_read(machine, queue, output=output), name=f"read {host}")
            for host, machine in self._machines.items()
        ]
        try:
            await self._first(queue)
            yield self._merged()
            while True:
                machine, message = await queue.get()
                for told in self._tell(machine, message):
                    yield told
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)

    async def _first(self, queue: "asyncio.Queue[tuple[Machine, Message]]") -> None:
        """Wait until each machine has told something, or for long enough."""
        try:
            async with asyncio.timeout(FIRST_S):
                while any(not m.snapshot and not m.gone for m in self._machines.values()):
                    machine, message = await queue.get()
                    machine.take(message)
        except TimeoutError:
            for machine in self._machines.values():
                if machine.snapshot is None:
                    machine.gone = machine.gone or "it takes long to answer"

    def _tell(self, machine: Machine, message: Message) -> list[Message]:
        was_gone = bool(machine.gone)
        told = machine.take(message)
        if was_gone and not machine.gone:
            return [self._merged()]
        match told:
            case None:
                return []
            case Snapshot() | Gone():
                return [self._merged()]
            case Numbered(event=event):
                self._n += 1
                return [Numbered(self._n, event)]
            case _:
                return [told]

    def _merged(self) -> Snapshot:
        self._n += 1
        known = [m for m in self._machines.values() if m.snapshot is not None]
        parts = [machine.names.out(machine.snapshot) for machine in known if machine.snapshot]
        gone = {host: m.gone for host, m in self._machines.items() if m.gone}
        whole = Snapshot(
            n=self._n,
            store="merged",
            engine=self._engine(parts, gone),
            hosts=tuple(self._machines),
            gone=gone,
            problems=tuple(problem for part in parts for problem in part.problems),
        )
        if parts:
            whole.settings = parts[0].settings
            whole.loaded_at = max(part.loaded_at for part in parts)
            if all(part.all_paused is not None for part in parts):
                whole.all_paused = parts[0].all_paused
        for part in parts:
            if whole.all_paused is None and part.all_paused is not None:
                for view in part.jobs.values():
                    view.pause = view.pause or part.all_paused
            whole.jobs |= part.jobs
            whole.removed |= part.removed
            whole.alerts |= part.alerts
            whole.mutes |= part.mutes
        return whole

    def _engine(self, parts: Sequence[Snapshot], gone: Mapping[str, str]) -> EngineView:
        troubles = [
            f"{host} is gone: {why.removeprefix(f'{host}: ')}" for host, why in gone.items()
        ]
        troubles += [
            f"{part.engine.host}: {part.engine.trouble}" for part in parts if part.engine.trouble
        ]
        first: Instant = min((part.engine.started_at for part in parts), default=0)
        return EngineView(
            pid=parts[0].engine.pid if parts else 0,
            version=", ".join(dict.fromkeys(part.engine.version for part in parts)),
            started_at=first,
            host=", ".join(self._machines),
            state="running",
            trouble="; ".join(troubles),
        )

    # -- asking ----------------------------------------------------------------------------------

    async def send(self, command: AnyCommand) -> Answer:
        """Send a command to the machine that its job, run or alert is of, or to all."""
        machine, own = self._addressed(command)
        if machine is not None:
            return self._answered(machine, await machine.control.send(own))
        if not isinstance(command, FOR_ALL):
            hint = "name the machine: HOST:JOB, or cronterm -H HOST"
            return Answer(ok=False, kind="invalid", message="which machine is meant?", hint=hint)
        answers = []
        for each in self._machines.values():
            try:
                answers.append(self._answered(each, await each.control.send(command)))
            except CrontermError as error:
                answers.append(Answer(ok=False, message=f"{each.names.host}: {error}"))
        return Answer(
            ok=all(answer.ok for answer in answers),
            message="; ".join(answer.message for answer in answers),
        )

    def _answered(self, machine: Machine, answer: Answer) -> Answer:
        run = None if answer.run is None else machine.names.run(answer.run)
        message = f"{machine.names.host}: {machine.names.text(answer.message)}"
        hint = machine.names.text(answer.hint)
        return msgspec.structs.replace(answer, run=run, message=message, hint=hint)

    async def query(self, query: Query) -> AnyReply:
        """Ask the machine that is meant, or all of them."""
        if isinstance(query, ReadState):
            return await self.snapshot()
        if isinstance(query, ListNext) and query.jobs:
            return await self._next_of(query)
        if isinstance(query, ReadTimeline):
            return await self._timeline_of(query)
        machine, own = self._addressed(query)
        if machine is not None:
            return machine.names.out(await machine.control.query(own))
        if isinstance(query, ReadConfig):
            raise CrontermError("which machine is meant?", "cronterm -H HOST config")
        if isinstance(query, ListRuns):
            return await self._runs_of_all(query)
        told = await self._ask_all(dict.fromkeys(self._machines, query))
        return _joined(query, [names.out(reply) for names, reply in told])

    async def _ask_all(self, questions: Mapping[str, Query]) -> list[tuple[Names, AnyReply]]:
        """Ask all machines that answer, at once. Raises `CrontermError` when none does."""
        asked = [each for each in self._machines.values() if not each.gone]
        if not asked:
            raise CrontermError("no machine answers")
        replies = await asyncio.gather(
            *(each.control.query(questions[each.names.host]) for each in asked)
        )
        return [(each.names, reply) for each, reply in zip(asked, replies, strict=True)]

    async def _runs_of_all(self, query: ListRuns) -> Runs:
        before = await self._edge(query.before_run)
        after = await self._edge(query.after_run, is_after=True)
        questions = {
            host: own_page(query, place, before, after) for place, host in enumerate(self._machines)
        }
        told = await self._ask_all(questions)
        return join_pages(query, [(names, page) for names, page in told if isinstance(page, Runs)])

    async def _edge(self, number: int | None, *, is_after: bool = False) -> Edge | None:
        """Return where a run of a machine is in the time of all, None where it bounds nothing.

        One that is not kept any more is where the next one is that the page has.
        """
        if not number:
            return None
        machine, own = self._own(number)
        if machine.gone:
            raise CrontermError(f"{machine.names.host} does not answer: {machine.gone}")
        before, after = (None, own - 1) if is_after else (own + 1, None)
        one = ListRuns(decisions=False, before_run=before, after_run=after, limit=1)
        found = await machine.control.query(one)
        if not isinstance(found, Runs) or not found.rows:
            raise CrontermError(f"run {number} is not kept any more", "begin at the newest again")
        return Edge(machine.names.run(0), own, found.rows[0].queued_at)

    async def _next_of(self, query: ListNext) -> NextDue:
        found: list[AnyReply] = []
        for host, machine in self._machines.items():
            mine = tuple(job for job in query.jobs if job.startswith(host + SEPARATOR))
            own = tuple(job.removeprefix(host + SEPARATOR) for job in mine)
            if own:
                asked = msgspec.structs.replace(query, jobs=own)
                reply = machine.names.out(await machine.control.query(asked))
                found.append(reply)
        return _next_joined(found)

    async def _timeline_of(self, query: ReadTimeline) -> Timeline:
        told: list[tuple[Names, Timeline]] = []
        for each in self._machines.values():
            if not each.gone:
                found = await each.control.query(own_timeline(query, each.names))
                assert isinstance(found, Timeline)
                told.append((each.names, found))
        if not told:
            raise CrontermError("no machine answers")
        return join_timelines(query, told)

    def _addressed(self, request: T) -> tuple[Machine | None, T]:
        """Return the machine that a request names, and the request in that machine's names."""
        job = getattr(request, "job", "")
        if job:
            host, _, own = job.partition(SEPARATOR)
            machine = self._machines.get(host)
            if machine is None or not own:
                raise CrontermError(f"there is no job {job}", "name it HOST:JOB")
            changes: dict[str, Any] = {"job": own}
            for name in ("before_run", "after_run"):
                if (number := getattr(request, name, None)) is not None:
                    changes[name] = self._own(number)[1]
            if isinstance(request, RenameJob):
                changes["new"] = request.new.removeprefix(host + SEPARATOR)
            return machine, msgspec.structs.replace(request, **changes)
        for name in ("run", "alert"):
            number = getattr(request, name, None)
            if number is not None:
                machine, own_number = self._own(number)
                return machine, msgspec.structs.replace(request, **{name: own_number})
        return None, request

    def _own(self, number: int) -> tuple[Machine, int]:
        own, place = divmod(number, len(self._machines))
        return [*self._machines.values()][place], own


async def _read(
    machine: Machine, queue: "asyncio.Queue[tuple[Machine, Message]]", *, output: bool
) -> None:
    async for message in machine.control.events(output=output):
        await queue.put((machine, message))


def _joined(query: Query, replies: Sequence[AnyReply]) -> AnyReply:
    """Return the answers of several machines as one."""
    match query:
        case ListNext():
            return _next_joined(replies)
        case ListAlerts():
            told = [each for each in replies if isinstance(each, Alerts)]
            alerts = [alert for each in told for alert in each.alerts]
            alerts.sort(key=lambda alert: alert.opened_at)
            return Alerts(tuple(alerts), {j: m for each in told for j, m in each.mutes.items()})
        case ListMissed():
            missed = [row for each in replies if isinstance(each, Missed) for row in each.rows]
            return Missed(tuple(sorted(missed, key=lambda row: row.decided_at)))
        case _:
            counts = [each for each in replies if isinstance(each, Counts)]
            if not counts:
                raise CrontermError(f"{type(query).__name__} is about one machine")
            return Counts(
                runs={job: of for each in counts for job, of in each.runs.items()},
                files={job: of for each in counts for job, of in each.files.items()},
            )


def _next_joined(replies: Sequence[AnyReply]) -> NextDue:
    found = [each for each in replies if isinstance(each, NextDue)]
    return NextDue(
        {job: due for each in found for job, due in each.next.items()},
        {job: held for each in found for job, held in each.held.items()},
    )
