"""The routes of the door over one control."""

import asyncio
import os
from collections.abc import AsyncIterator

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cronterm.control import API_VERSION, Message
from cronterm.errors import CrontermError
from cronterm.model.command import (
    AcknowledgeAlert,
    Answer,
    AnyCommand,
    CommentAlert,
    DefineMonitor,
    DropMonitor,
    FireHook,
    IgnoreMissed,
    MuteAlerts,
    PauseJob,
    PingJob,
    RerunRun,
    ResumeJob,
    RunJob,
    RunMissed,
    SkipNext,
    StopRun,
    TryNotifier,
)
from cronterm.model.lines import CountLines, ReadLines
from cronterm.model.query import (
    AnyQuery,
    AnyReply,
    ListAlerts,
    ListMissed,
    ListNext,
    ListNotices,
    ListRuns,
    PageRuns,
    ReadCounts,
    ReadDecisions,
    ReadOutlook,
    ReadOutput,
    ReadRun,
    ReadState,
    ReadStats,
    ReadSystem,
    ReadTimeline,
    ReadTrends,
)
from cronterm.remote.app import make_app
from cronterm.remote.conceal import conceal_message, conceal_reply
from cronterm.remote.monitors import MonitorPaths
from cronterm.remote.openapi import describe
from cronterm.remote.operations import Asked, Operation, json_response
from cronterm.remote.peer import Limits
from cronterm.remote.ping import ping_operations, ping_status, read_ping
from cronterm.remote.scrape import Metrics
from cronterm.remote.service import Service
from cronterm.remote.stream import EventStream
from cronterm.remote.wire import (
    HEALTH,
    HELLO,
    HOOK,
    OPENAPI,
    QUERY,
    SEND,
    STREAM,
    Hello,
    read_command,
    read_query,
    to_sse,
)
from cronterm.version import VERSION

REMEMBERED = 1000  # commands whose answer is kept, by the id their client made
FAR: tuple[type, ...] = (
    RunJob,
    RerunRun,
    RunMissed,
    IgnoreMissed,
    StopRun,
    PauseJob,
    ResumeJob,
    FireHook,
    PingJob,
    AcknowledgeAlert,
    CommentAlert,
    MuteAlerts,
    SkipNext,
    TryNotifier,
    DefineMonitor,
    DropMonitor,
    ListRuns,
    PageRuns,
    ReadRun,
    ReadOutput,
    ReadLines,
    CountLines,
    ReadState,
    ReadStats,
    ReadTrends,
    ReadTimeline,
    ReadOutlook,
    ReadSystem,
    ReadCounts,
    ReadDecisions,
    ListNext,
    ListAlerts,
    ListNotices,
    ListMissed,
)
"""What may be asked over TCP. All else would turn a token into the right to run any command, or
show whole files: what is not named here is for the Unix socket."""
REFUSED = {409: "The engine refuses, or the thing asked about is not there."}


class Streamed(msgspec.Struct, frozen=True):
    """What a stream carries."""

    output: str = "1"
    """`0` leaves the output of jobs out."""


class Health(msgspec.Struct, frozen=True):
    """That somebody answers; no more, for it is told to everybody."""

    ok: bool


class Door:
    """Answers requests. A command is carried out even if its client does not wait."""

    def __init__(self, service: Service, limits: Limits, *, has_metrics: bool = True) -> None:
        self.limits = limits
        self._control = service.control
        self._monitors = MonitorPaths(service)
        self._metrics = Metrics(service) if has_metrics else None
        self._hello = Hello(API_VERSION, VERSION, os.getpid(), service.store)
        self._answers: dict[str, asyncio.Future[Answer | CrontermError]] = {}
        self._closing = asyncio.Event()
        self._streams = 0

    def app(self) -> Starlette:
        """Return the application."""
        return make_app(self.operations(), self.limits, version=self._hello.version)

    def operations(self) -> list[Operation]:
        """Return all that can be asked."""
        return [
            Operation(
                method="GET",
                path=HEALTH,
                name="health",
                summary="Whether an engine answers. For everybody.",
                needs="nothing",
                answer=self.health,
                reply=Health,
            ),
            Operation(
                method="GET",
                path=OPENAPI,
                name="describe",
                summary="This document.",
                needs="read",
                answer=self.describe,
                reply=dict,
            ),
            Operation(
                method="GET",
                path=HELLO,
                name="hello",
                summary="Who answers.",
                needs="read",
                answer=self.hello,
                reply=Hello,
            ),
            Operation(
                method="GET",
                path=STREAM,
                name="stream",
                summary="A snapshot, or what came after Last-Event-ID, then everything, as "
                "server-sent events named snapshot, event, output, gauges, lagged.",
                needs="read",
                answer=self.stream,
                query=Streamed,
                reply=str,
                media_type="text/event-stream",
                refusals={**REFUSED, 503: "Too many streams are open."},
            ),
            Operation(
                method="POST",
                path=SEND,
                name="send",
                summary="Carry out a command once, however often its id comes; answered after its "
                "commit. Over TCP nothing that defines what runs.",
                needs="operate",
                answer=self.send,
                body=AnyCommand,
                read=read_command,
                reply=Answer,
                refusals=REFUSED,
            ),
            Operation(
                method="POST",
                path=QUERY,
                name="query",
                summary="Answer a question.",
                needs="read",
                answer=self.query,
                body=AnyQuery,
                read=read_query,
                reply=AnyReply,
                refusals=REFUSED,
            ),
            Operation(
                method="POST",
                path=HOOK,
                name="hook",
                summary="Tell the jobs that wait for this webhook; the body is theirs.",
                needs="operate",
                answer=self.hook,
                body=bytes,
                reply=Answer,
                status=202,
                refusals={404: "No job waits for it.", 503: "The engine is stopping.", **REFUSED},
            ),
            *ping_operations(self.ping),
            *self._monitors.operations(),
            *([] if self._metrics is None else [self._metrics.operation()]),
        ]

    def close(self) -> None:
        """End the streams."""
        self._closing.set()

    async def health(self, asked: Asked) -> Response:
        """Tell everybody that somebody answers."""
        return json_response(Health(ok=True))

    async def describe(self, asked: Asked) -> Response:
        """Tell what can be asked."""
        return json_response(describe(self.operations(), version=self._hello.version))

    async def hello(self, asked: Asked) -> Response:
        """Tell who answers; to clients of every API."""
        return json_response(self._hello)

    async def stream(self, asked: Asked) -> Response:
        """Stream a snapshot, or what came after `Last-Event-ID`, then everything."""
        if self._streams >= self.limits.streams:
            raise HTTPException(503, "too many streams are open")
        store = self._hello.store
        of_store, _, n = asked.request.headers.get("last-event-id", "").partition(".")
        is_ours = of_store == store and n.isdecimal() and len(n) < 19
        messages = self._control.lent_events(
            after=int(n) if is_ours else None, output=asked.query.output != "0"
        )

        def encode(message: Message) -> bytes:
            return to_sse(conceal_message(message) if asked.is_far else message, store)

        return EventStream(
            self._counted(messages),
            encode=encode,
            comment_s=self.limits.comment_s,
            closing=self._closing,
        )

    async def _counted(self, messages: AsyncIterator[Message]) -> AsyncIterator[Message]:
        self._streams += 1
        try:
            async for message in messages:
                yield message
        finally:
            self._streams -= 1
            close = getattr(messages, "aclose", None)
            if close is not None:
                await close()

    async def send(self, asked: Asked) -> Response:
        """Carry out a command once, however often its id comes."""
        _check_near(asked)
        outcome = await self._once(asked.body, asked.by)
        if isinstance(outcome, CrontermError):
            raise outcome
        return json_response(outcome)

    async def hook(self, asked: Asked) -> Response:
        """Tell the jobs that wait for a webhook: 202 with the answer, 404 if none does."""
        command = FireHook(hook=asked.path("hook"), body=asked.body)
        answer = await self._control.send(command, by=asked.by)
        status = {"unknown_hook": 404, "stopping": 503}.get(answer.kind, 202)
        return json_response(answer, status)

    async def _once(self, command: AnyCommand, by: str) -> Answer | CrontermError:
        known = self._answers.get(command.id)
        if known is not None:
            return await asyncio.shield(known)
        answer: asyncio.Future[Answer | CrontermError] = asyncio.get_running_loop().create_future()
        if command.id:
            self._answers[command.id] = answer
            if len(self._answers) > REMEMBERED:
                del self._answers[next(iter(self._answers))]
        try:
            answer.set_result(await self._control.send(command, by=by))
        except CrontermError as error:
            answer.set_result(error)
        finally:
            answer.cancel()  # those who wait for it as well, if it never came
        return answer.result()

    async def ping(self, asked: Asked) -> Response:
        """Take in a report about a job that something else runs."""
        answer = await self._control.send(read_ping(asked), by=asked.by)
        return json_response(answer, ping_status(answer))

    async def query(self, asked: Asked) -> Response:
        """Answer a question."""
        _check_near(asked)
        reply = await self._control.query(asked.body)
        return json_response(conceal_reply(reply) if asked.is_far else reply)


def _check_near(asked: Asked) -> None:
    """Refuse over TCP what only the user of this machine may ask."""
    if asked.is_far and not isinstance(asked.body, FAR):
        kind = type(asked.body).__name__
        raise HTTPException(403, f"{kind} is for the Unix socket of the engine's own user")
