"""The routes of the door over one control."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import version
from typing import Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from cronterm.control import API_VERSION, Message
from cronterm.errors import CrontermError
from cronterm.model.command import Answer, AnyCommand, FireHook
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.remote.peer import Limits, user_name
from cronterm.remote.ping import ping_routes, ping_status, read_ping
from cronterm.remote.stream import EventStream
from cronterm.remote.wire import (
    API_HEADER,
    HELLO,
    HOOK,
    QUERY,
    SEND,
    STREAM,
    Hello,
    Trouble,
    mismatch,
    read_command,
    read_query,
    to_sse,
    trouble,
)

REMEMBERED = 1000  # commands whose answer is kept, by the id their client made

Answering = Callable[[Request], Awaitable[Response]]


class Served(Protocol):
    """What the door serves: a `Control` whose commands carry the peer's name."""

    async def snapshot(self) -> Snapshot:
        """As in `Control`."""

    def events(self, *, after: int | None = None, output: bool = True) -> AsyncIterator[Message]:
        """As in `Control`."""

    async def send(self, command: AnyCommand, *, by: str | None = None) -> Answer:
        """As in `Control`, in the name of `by`."""

    async def query(self, query: Query) -> AnyReply:
        """As in `Control`."""


class Door:
    """Answers requests. A command is carried out even if its client does not wait."""

    def __init__(self, control: Served, store: str, limits: Limits) -> None:
        self._control = control
        self._limits = limits
        self._hello = Hello(API_VERSION, version("cronterm"), os.getpid(), store)
        self._answers: dict[str, asyncio.Future[Answer | CrontermError]] = {}
        self._closing = asyncio.Event()

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route(HELLO, self.hello),
                Route(STREAM, self._guarded(self.stream)),
                Route(SEND, self._guarded(self.send), methods=["POST"]),
                Route(QUERY, self._guarded(self.query), methods=["POST"]),
                Route(HOOK, self._guarded(self.hook), methods=["POST"]),
                *ping_routes(self._guarded(self.ping)),
            ],
            exception_handlers={HTTPException: _refused},
        )

    def close(self) -> None:
        """End the streams."""
        self._closing.set()

    def _guarded(self, route: Answering) -> Answering:
        async def guarded(request: Request) -> Response:
            spoken = request.headers.get(API_HEADER, str(API_VERSION))
            try:
                if spoken != str(API_VERSION) and spoken.isdecimal() and len(spoken) < 6:
                    raise mismatch(API_VERSION, int(spoken), version=self._hello.version)
                return await route(request)
            except CrontermError as error:
                return _json(trouble(error), 409)

        return guarded

    async def hello(self, request: Request) -> Response:
        """Tell who answers; to clients of every API."""
        return _json(self._hello)

    async def stream(self, request: Request) -> Response:
        """Stream a snapshot, or what came after `Last-Event-ID`, then everything."""
        store = self._hello.store
        of_store, _, n = request.headers.get("last-event-id", "").partition(".")
        is_ours = of_store == store and n.isdecimal() and len(n) < 19
        messages = self._control.events(
            after=int(n) if is_ours else None,
            output=request.query_params.get("output", "1") != "0",
        )
        return EventStream(
            messages,
            encode=lambda message: to_sse(message, store),
            comment_s=self._limits.comment_s,
            closing=self._closing,
        )

    async def send(self, request: Request) -> Response:
        """Carry out a command once, however often its id comes."""
        body = await _body(request, self._limits)
        try:
            command = read_command(body)
        except ValueError as error:
            return _json(Trouble(f"not a command: {error}"), 400)
        outcome = await self._once(command, user_name(request.state.uid))
        if isinstance(outcome, CrontermError):
            raise outcome
        return _json(outcome)

    async def hook(self, request: Request) -> Response:
        """Tell the jobs that wait for a webhook: 202 with the answer, 404 if none does."""
        body = await _body(request, self._limits)
        command = FireHook(hook=request.path_params["hook"], body=body)
        answer = await self._control.send(command, by=user_name(request.state.uid))
        status = {"unknown_hook": 404, "stopping": 503}.get(answer.kind, 202)
        return _json(answer, status)

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

    async def ping(self, request: Request) -> Response:
        """Take in a report about a job that something else runs."""
        command = read_ping(request, await _body(request, self._limits))
        answer = await self._control.send(command, by=user_name(request.state.uid))
        return _json(answer, ping_status(answer))

    async def query(self, request: Request) -> Response:
        """Answer a question."""
        body = await _body(request, self._limits)
        try:
            query = read_query(body)
        except ValueError as error:
            return _json(Trouble(f"not a query: {error}"), 400)
        return _json(await self._control.query(query))


async def _body(request: Request, limits: Limits) -> bytes:
    """Return the body. Raises HTTPException when it is too large or does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limits.body_bytes:
                    raise HTTPException(413, "the body is too large", {"connection": "close"})
    except TimeoutError:
        raise HTTPException(408, "the body did not come", {"connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body did not end") from None
    return bytes(body)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _json(Trouble(error.detail), error.status_code)
    response.headers.update(error.headers or {})
    return response


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
