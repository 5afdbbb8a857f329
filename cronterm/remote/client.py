"""The client side of the door for commands: synchronous, one connection a request.

It imports no asyncio: a command must answer before its user notices.
"""

import contextlib
import copy
import http.client
import socket
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from cronterm.control import API_VERSION, Message
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.remote.wire import (
    API_HEADER,
    HELLO,
    QUERY,
    REPLIES,
    SCOPE_HEADER,
    SEND,
    STREAM,
    Hello,
    SseReader,
    Trouble,
    address,
    mismatch,
    raised,
)

T = TypeVar("T")

ANSWER_S = 60.0  # an answer comes after a commit; a disk may be slow
SILENCE_S = 40.0  # a living stream says something every 15 s
PIECE_BYTES = 64 << 10
UNREADABLE = CrontermError(
    "what the engine sends cannot be read", "engine and this program should be of one version"
)


Door = Path | Callable[[], socket.socket]
"""A socket's path, or what gives a connection to one elsewhere."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, door: Door, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._door = door

    def connect(self) -> None:
        """Connect. Raises `NoEngine` if nobody answers."""
        if not isinstance(self._door, Path):
            self.sock = self._door()
            self.sock.settimeout(self.timeout)
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            with address(self._door) as name:
                self.sock.connect(name)
        except OSError as error:
            self.sock.close()
            raise NoEngine(f"no engine answers at {self._door}", error.strerror or "") from None


class OpenStream:
    """The stream of an engine, opened. Iterate once; `close` may come from any thread."""

    def __init__(self, door: Door, *, output: bool, last_id: str) -> None:
        self.why = ""
        """Why it ended, once it has."""
        self._reader = SseReader()
        self._connection = UnixConnection(door, SILENCE_S)
        headers = {"Last-Event-ID": last_id} if last_id else {}
        target = f"{STREAM}?output={int(output)}"
        try:
            self._response = _respond(self._connection, "GET", target, None, headers)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise _unanswered("left before it answered", target) from None
        except BaseException:
            self._connection.close()
            raise
        self._sock: socket.socket = self._connection.sock

    @property
    def last_id(self) -> str:
        """Id of the last event that was read."""
        return self._reader.last_id

    def __iter__(self) -> Iterator[Message]:
        try:
            while content := self._response.read1(PIECE_BYTES):
                yield from self._reader.feed(content)
            self.why = "the engine ended the stream"
        except TimeoutError:
            self.why = f"the engine has been silent for {SILENCE_S:g} s"
        except http.client.IncompleteRead:
            self.why = "the connection broke"
        except (OSError, http.client.HTTPException) as error:
            self.why = f"the connection broke: {error}"
        except ValueError:
            self.why = str(UNREADABLE)
        finally:
            self._connection.close()

    def close(self) -> None:
        """End it: whoever reads it comes to its end."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)


class RequestClient:
    """Asks an engine. Every call may raise `NoEngine`; none is sent twice."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._may_act = True

    @property
    def is_near(self) -> bool:
        """Its engine is on this machine."""
        return isinstance(self._door, Path)

    def that_only_looks(self) -> Self:
        """Return a client of the same engine, which refuses whatever it would change."""
        looking = copy.copy(self)
        looking._may_act = False
        return looking

    def hello(self) -> Hello:
        """Return who answers. Raises `CrontermError` if it speaks another API."""
        hello = self._ask("GET", HELLO, None, Hello)
        if hello.api != API_VERSION:
            raise mismatch(hello.api, API_VERSION, version=hello.version)
        return hello

    def snapshot(self) -> Snapshot:
        """Return what is visible now."""
        with contextlib.closing(self.stream(output=False)) as messages:
            for message in messages:
                if isinstance(message, Snapshot):
                    return message
        raise NoEngine("the engine left before it answered", "try again")

    def send(self, command: AnyCommand) -> Answer:
        """Carry out a command; returns after its commit. A refusal is an answer."""
        with_id = msgspec.structs.replace(command, id=command.id or uuid.uuid4().hex)
        return self._ask("POST", SEND, with_id, Answer)

    def query(self, query: Query) -> AnyReply:
        """Answer a question. Raises `CrontermError` when the thing is not there."""
        reply: AnyReply = self._ask("POST", QUERY, query, REPLIES[type(query)])
        return reply

    def stream(self, *, output: bool = True, last_id: str = "") -> Generator[Message, None, None]:
        """Yield messages until the engine ends or is silent for too long."""
        stream = self.open_stream(output=output, last_id=last_id)
        yield from stream
        if stream.why == str(UNREADABLE):
            raise UNREADABLE

    def open_stream(self, *, output: bool = True, last_id: str = "") -> OpenStream:
        """Return a stream that another thread may close."""
        return OpenStream(self._door, output=output, last_id=last_id)

    def _ask(self, method: str, target: str, content: Any, kind: type[T]) -> T:
        body = None if content is None else msgspec.json.encode(content)
        headers = {"Content-Type": "application/json"} if body else {}
        if not self._may_act:
            headers[SCOPE_HEADER] = "read"
        with contextlib.closing(UnixConnection(self._door, ANSWER_S)) as connection:
            try:
                answer = _respond(connection, method, target, body, headers).read()
            except TimeoutError:
                raise _unanswered(f"has not answered for {ANSWER_S:g} s", target) from None
            except (OSError, http.client.HTTPException):
                raise _unanswered("left before it answered", target) from None
        try:
            return msgspec.json.decode(answer, type=kind)
        except ValueError:
            raise UNREADABLE from None


def _unanswered(what: str, target: str) -> NoEngine:
    hint = "the command may have been carried out; look before you repeat it"
    return NoEngine(f"the engine {what}", hint if target == SEND else "try again")


def _respond(
    connection: UnixConnection,
    method: str,
    target: str,
    body: bytes | None,
    headers: dict[str, str],
) -> http.client.HTTPResponse:
    """Return the response of a request that was accepted. Raises what the engine tells."""
    connection.connect()
    connection.request(method, target, body, headers | {API_HEADER: str(API_VERSION)})
    response = connection.getresponse()
    if response.status == 200:
        return response
    try:
        told = msgspec.json.decode(response.read(), type=Trouble)
    except ValueError:
        told = Trouble(f"the engine answered {response.status} {response.reason}")
    raise raised(told)
