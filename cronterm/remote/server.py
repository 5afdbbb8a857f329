"""The door: HTTP on a private Unix socket, for this user and root only."""

import asyncio
import contextlib
import os
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from cronterm.control import API_VERSION, Message
from cronterm.errors import CrontermError
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.query import AnyQuery, AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.remote.wire import HELLO, QUERY, SEND, STREAM, Hello, Trouble, to_sse

LARGEST_BODY = 1 << 20
LARGEST_HEADER = 16 << 10
REMEMBERED = 1000  # commands whose answer is kept, by the id their client made
COMMENT_EVERY_S = 15.0  # a line on a silent stream, so that both sides notice a dead one
CREDENTIALS = struct.Struct("3i")


class Served(Protocol):
    """What the door serves: a control whose commands carry the peer's name."""

    async def snapshot(self) -> Snapshot: ...

    def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]: ...

    async def send(self, command: AnyCommand, *, by: str | None = None) -> Answer: ...

    async def query(self, query: Query) -> AnyReply: ...


class PeerProtocol(H11Protocol):
    """Refuses other users before it reads a byte, and tells who is there."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Look at the peer's credentials."""
        sock = transport.get_extra_info("socket")
        raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        _, uid, _ = CREDENTIALS.unpack(raw)
        super().connection_made(transport)
        if uid not in (0, os.geteuid()):
            transport.abort()
            return
        self.app_state = {**self.app_state, "uid": uid}


class QuietServer(uvicorn.Server):
    """Leaves signals to the engine."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


class Door:
    """The routes over one control."""

    def __init__(self, control: Served, store: str) -> None:
        self._control = control
        self._store = store
        self._answers: dict[str, asyncio.Future[Answer]] = {}

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(
            routes=[
                Route(HELLO, self.hello),
                Route(STREAM, self.stream),
                Route(SEND, self.send, methods=["POST"]),
                Route(QUERY, self.query, methods=["POST"]),
            ]
        )

    async def hello(self, request: Request) -> Response:
        """Tell who answers."""
        return _json(Hello(API_VERSION, version("cronterm"), os.getpid(), self._store))

    async def stream(self, request: Request) -> Response:
        """Stream a snapshot, then everything after it."""
        store, _, n = request.headers.get("last-event-id", "").partition(".")
        after = int(n) if store == self._store and n.isdecimal() else None
        wants_output = request.query_params.get("output", "1") != "0"
        messages = self._control.events(after=after, output=wants_output)
        return StreamingResponse(
            self._sse(messages),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    async def _sse(self, messages: AsyncIterator[Message]) -> AsyncIterator[bytes]:
        waiting: asyncio.Future[Message] | None = None
        try:
            while True:
                if waiting is None:
                    waiting = asyncio.ensure_future(anext(messages))
                done, _ = await asyncio.wait([waiting], timeout=COMMENT_EVERY_S)
                if not done:
                    yield b": \n\n"
                    continue
                message = waiting.result()
                waiting = None
                yield to_sse(message, self._store)
        except StopAsyncIteration:
            return
        finally:
            if waiting is not None:
                waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                    await waiting
            close = getattr(messages, "aclose", None)
            if close is not None:
                await close()

    async def send(self, request: Request) -> Response:
        """Carry out a command once, however often its id comes."""
        body = await _body(request)
        if body is None:
            return _json(Trouble("the body is too large"), 413)
        try:
            command: Any = msgspec.json.decode(body, type=AnyCommand)
        except msgspec.DecodeError as error:
            return _json(Trouble(f"not a command: {error}"), 400)
        by = _name(request.state.uid)
        return await _answered(self._once(command, by))

    async def _once(self, command: AnyCommand, by: str) -> Answer:
        if not command.id:
            return await self._control.send(command, by=by)
        known = self._answers.get(command.id)
        if known is not None:
            return await asyncio.shield(known)
        answer = asyncio.ensure_future(self._control.send(command, by=by))
        self._answers[command.id] = answer
        if len(self._answers) > REMEMBERED:
            del self._answers[next(iter(self._answers))]
        return await asyncio.shield(answer)

    async def query(self, request: Request) -> Response:
        """Answer a question."""
        body = await _body(request)
        if body is None:
            return _json(Trouble("the body is too large"), 413)
        try:
            query: Any = msgspec.json.decode(body, type=AnyQuery)
        except msgspec.DecodeError as error:
            return _json(Trouble(f"not a query: {error}"), 400)
        return await _answered(self._control.query(query))


async def _answered(answer: Awaitable[Any]) -> Response:
    try:
        return _json(await answer)
    except CrontermError as error:
        return _json(Trouble(error.message, error.hint), 409)


async def _body(request: Request) -> bytes | None:
    """Return the body, None when it is too large."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_BODY:
                return None
    except ClientDisconnect:
        return b""
    return body


def _json(content: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def bind(path: Path) -> socket.socket:
    """Return a listening socket at `path`, private to this user.

    The caller holds the instance's lock: what lies there is the leftover of a dead engine.
    """
    path.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        sock.bind(f"/proc/self/fd/{directory}/{path.name}")
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(mask)
        os.close(directory)
    return sock


def unbind(path: Path) -> None:
    """Take the socket away: a connect fails at once."""
    path.unlink(missing_ok=True)


async def serve(
    control: Served, path: Path, *, store: str, on_ready: Callable[[], None] = lambda: None
) -> None:
    """Serve `control` at `path` until cancelled."""
    config = uvicorn.Config(
        Door(control, store).app(),
        http=PeerProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        h11_max_incomplete_event_size=LARGEST_HEADER,
        timeout_graceful_shutdown=1,
    )
    server = QuietServer(config)
    with bind(path) as sock:
        serving = asyncio.ensure_future(server.serve(sockets=[sock]))
        try:
            on_ready()
            await asyncio.shield(serving)
        finally:
            server.should_exit = server.force_exit = True
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                async with asyncio.timeout(2):
                    await serving
            unbind(path)
