"""The client side of the door, with the standard library only.

`RequestClient` is for commands: synchronous, one connection a request. `HttpControl` is the
`Control` of a screen: the same requests on threads, and a stream that comes back by itself.
"""

import asyncio
import contextlib
import http.client
import os
import socket
import threading
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from cronterm.clock import Clock, SystemClock
from cronterm.control import API_VERSION, Gone, Message
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.remote.wire import HELLO, QUERY, REPLIES, SEND, STREAM, Hello, SseReader, Trouble

T = TypeVar("T")

ANSWER_S = 60.0  # an answer comes after a commit; a disk may be slow
SILENCE_S = 40.0  # a living stream says something every 15 s
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Connect; a path over 100 bytes is reached through its directory."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        directory = os.open(self._path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sock.connect(f"/proc/self/fd/{directory}/{self._path.name}")
        finally:
            os.close(directory)


class RequestClient:
    """Asks an engine. Every call may raise `NoEngine`; none is sent twice."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def hello(self) -> Hello:
        """Return who answers. Raises `CrontermError` if it speaks another API."""
        hello = self._get(HELLO, Hello)
        if hello.api != API_VERSION:
            which = "the engine (`cronterm down`)" if hello.api < API_VERSION else "this program"
            raise CrontermError(
                f"the engine speaks API {hello.api}, this program {API_VERSION}",
                f"restart {which} with the newer version",
            )
        return hello

    def snapshot(self) -> Snapshot:
        """Return what is visible now."""
        with contextlib.closing(self.stream(output=False)) as messages:
            for message in messages:
                if isinstance(message, Snapshot):
                    return message
        raise NoEngine("the engine ended", "try again")

    def send(self, command: AnyCommand) -> Answer:
        """Carry out a command; returns after its commit."""
        with_id = msgspec.structs.replace(command, id=command.id or uuid.uuid4().hex)
        return self._post(SEND, with_id, Answer)

    def query(self, query: Query) -> AnyReply:
        """Answer a question. Raises `CrontermError` when the thing is not there."""
        reply: AnyReply = self._post(QUERY, query, REPLIES[type(query)])
        return reply

    def stream(self, *, output: bool = True, last_id: str = "") -> Generator[Message, None, None]:
        """Yield messages until the engine ends."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self._connected(SILENCE_S) as connection:
            connection.request("GET", f"{STREAM}?output={int(output)}", headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                raise _error(response)
            yield from read_stream(response, SseReader())

    @contextlib.contextmanager
    def _connected(self, timeout: float) -> Iterator[UnixConnection]:
        connection = UnixConnection(self._path, timeout)
        try:
            yield connection
        except (OSError, http.client.HTTPException) as error:
            raise NoEngine("no engine answers", str(error)) from None
        finally:
            connection.close()

    def _get(self, path: str, kind: type[T]) -> T:
        with self._connected(ANSWER_S) as connection:
            connection.request("GET", path)
            return _decoded(connection.getresponse(), kind)

    def _post(self, path: str, content: Any, kind: type[T]) -> T:
        with self._connected(ANSWER_S) as connection:
            body = msgspec.json.encode(content)
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            return _decoded(connection.getresponse(), kind)


def _decoded(response: http.client.HTTPResponse, kind: type[T]) -> T:
    if response.status != 200:
        raise _error(response)
    return msgspec.json.decode(response.read(), type=kind)


def _error(response: http.client.HTTPResponse) -> CrontermError:
    body = response.read()
    try:
        trouble = msgspec.json.decode(body, type=Trouble)
    except msgspec.DecodeError:
        trouble = Trouble(f"the engine answered {response.status}")
    return CrontermError(trouble.message, trouble.hint)


def read_stream(response: http.client.HTTPResponse, reader: SseReader) -> Iterator[Message]:
    """Yield the messages of an open stream."""
    while line := response.readline():
        yield from reader.feed(line.rstrip(b"\r\n"))


class HttpControl:
    """A `Control` over the door of an engine in another process."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._client = RequestClient(path)
        self._clock = clock or SystemClock()

    async def snapshot(self) -> Snapshot:
        """Return a snapshot of its own to the caller."""
        return await asyncio.to_thread(self._client.snapshot)

    async def send(self, command: AnyCommand) -> Answer:
        """Carry out a command; it is sent once."""
        return await asyncio.to_thread(self._client.send, command)

    async def query(self, query: Query) -> AnyReply:
        """Answer a question."""
        return await asyncio.to_thread(self._client.query, query)

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """Yield what happens, for ever: `Gone` when the engine leaves, more when one is back."""
        store = (await asyncio.to_thread(self._client.hello)).store if after is not None else ""
        last_id = f"{store}.{after}" if after is not None else ""
        failures = 0
        while True:
            feed = _Feed(self._path, output=output, last_id=last_id)
            try:
                async for message in feed.messages():
                    failures = 0
                    yield message
            finally:
                feed.close()
            last_id = feed.last_id or last_id
            yield Gone(since=self._clock.now().utc, why=feed.why)
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
            failures += 1


class _Feed:
    """Reads one stream on a thread; the loop takes what came in one go."""

    def __init__(self, path: Path, *, output: bool, last_id: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._batch: list[Message] = []
        self._is_over = False
        self._reader = SseReader()
        self._connection = UnixConnection(path, SILENCE_S)
        self._headers = {"Last-Event-ID": last_id} if last_id else {}
        self._target = f"{STREAM}?output={int(output)}"
        self.why = ""
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._thread.start()

    @property
    def last_id(self) -> str:
        """Id of the last event that was read."""
        return self._reader.last_id

    def _run(self) -> None:
        try:
            self._connection.request("GET", self._target, headers=self._headers)
            response = self._connection.getresponse()
            if response.status != 200:
                raise _error(response)
            for message in read_stream(response, self._reader):
                self._hand_over(message)
            self.why = "the engine closed the connection"
        except (OSError, http.client.HTTPException, CrontermError, ValueError) as error:
            self.why = str(error) or type(error).__name__
        except AttributeError:  # the connection was closed under a read: nobody looks any more
            self.why = "closed"
        finally:
            self._is_over = True
            with contextlib.suppress(RuntimeError):  # the loop is gone
                self._loop.call_soon_threadsafe(self._arrived.set)

    def _hand_over(self, message: Message) -> None:
        was_empty = not self._batch
        self._batch.append(message)
        if was_empty:
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield messages until the stream ends."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._batch = self._batch, []
            for message in batch:
                yield message
            if self._is_over and not self._batch:
                return

    def close(self) -> None:
        """End the stream; its thread ends with it."""
        sock = self._connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
