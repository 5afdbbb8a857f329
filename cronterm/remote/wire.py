"""What goes over the door: paths, server-sent events, and the types of answers."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from cronterm.control import Gauges, Gone, Lagged, Message, Output
from cronterm.errors import AlreadyRunning, BadInput, CrontermError, NoEngine
from cronterm.model.command import AnyCommand
from cronterm.model.decision import Decisions
from cronterm.model.event import Numbered
from cronterm.model.lines import CountLines, LineCount, OutputLines, ReadLines
from cronterm.model.outlook import Outlook
from cronterm.model.query import (
    Alerts,
    AnyQuery,
    Calls,
    ConfigText,
    Counts,
    ListAlerts,
    ListCalls,
    ListMissed,
    ListNext,
    ListNotices,
    ListRuns,
    Missed,
    NextDue,
    Notices,
    OutputPart,
    PageRuns,
    Query,
    ReadConfig,
    ReadCounts,
    ReadDecisions,
    ReadOutlook,
    ReadOutput,
    ReadResolved,
    ReadRun,
    ReadState,
    ReadStats,
    ReadSystem,
    ReadTimeline,
    ReadTrends,
    RunDetail,
    RunPage,
    Runs,
)
from cronterm.model.resolved import Resolved
from cronterm.model.snapshot import Snapshot
from cronterm.model.stats import Stats, Trends
from cronterm.model.system import System
from cronterm.model.timeline import Timeline

HEALTH = "/healthz"
OPENAPI = "/openapi.json"
METRICS = "/metrics"
HELLO = "/api/v1/hello"
STREAM = "/api/v1/stream"
SEND = "/api/v1/send"
QUERY = "/api/v1/query"
HOOK = "/hooks/{hook}"

API_HEADER = "cronterm-api"
"""The API number of the client: a request of another one is refused, not misread."""

SCOPE_HEADER = "cronterm-scope"
"""A request that says `read` may look, not act, whoever asks."""

LONGEST_ADDRESS = 100  # bytes; the kernel takes 107
LATEST = 253_402_300_799_999_999  # the last microsecond of the year 9999
MOST_OUTPUT_BYTES = 4 << 20  # of one answer; who wants more asks again

REPLIES: dict[type[Query], type] = {
    ListRuns: Runs,
    ReadRun: RunDetail,
    ReadOutput: OutputPart,
    ReadLines: OutputLines,
    CountLines: LineCount,
    ListNext: NextDue,
    ReadDecisions: Decisions,
    ReadConfig: ConfigText,
    ReadResolved: Resolved,
    ReadCounts: Counts,
    ListAlerts: Alerts,
    ListNotices: Notices,
    ListMissed: Missed,
    ReadState: Snapshot,
    ReadStats: Stats,
    ReadTrends: Trends,
    PageRuns: RunPage,
    ListCalls: Calls,
    ReadTimeline: Timeline,
    ReadOutlook: Outlook,
    ReadSystem: System,
}

KINDS: dict[str, type] = {
    "snapshot": Snapshot,
    "event": Numbered,
    "output": Output,
    "gauges": Gauges,
    "lagged": Lagged,
    "gone": Gone,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


class Hello(msgspec.Struct, frozen=True):
    """Who answers."""

    api: int
    version: str
    pid: int
    store: str


class Trouble(msgspec.Struct, frozen=True):
    """Why a request was not answered."""

    message: str
    hint: str = ""
    exit_code: int = 1


def trouble(error: CrontermError) -> Trouble:
    """Return an error as it goes over the wire."""
    return Trouble(error.message, error.hint, error.exit_code)


def raised(told: Trouble) -> CrontermError:
    """Return the error that a `Trouble` was made of."""
    for kind in (BadInput, NoEngine, AlreadyRunning):
        if kind.exit_code == told.exit_code:
            return kind(told.message, told.hint)
    return CrontermError(told.message, told.hint)


def mismatch(engine: int, client: int, *, version: str) -> CrontermError:
    """Return the error of an engine and a client that speak different APIs."""
    said = f"the engine ({version}) speaks API {engine}, this program API {client}"
    if engine < client:
        return CrontermError(said, "restart the engine: `cronterm down`, then start it again")
    return CrontermError(said, "restart this program, with the engine's version")


def read_command(body: bytes) -> AnyCommand:
    """Return the command in `body`. Raises ValueError."""
    command: Any = decoded(body, AnyCommand)
    _check_range(command)
    return command  # type: ignore[no-any-return]


def read_query(body: bytes) -> Query:
    """Return the query in `body`, its answer bounded. Raises ValueError."""
    query: Any = decoded(body, AnyQuery)
    _check_range(query)
    if isinstance(query, ReadOutput):
        return msgspec.structs.replace(query, max_bytes=min(query.max_bytes, MOST_OUTPUT_BYTES))
    return query  # type: ignore[no-any-return]


def decoded(body: bytes, kind: Any) -> Any:
    """Return the JSON in `body` as `kind`. Raises ValueError."""
    try:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.ValidationError:
            whole = msgspec.json.encode(_with_whole_numbers(msgspec.json.decode(body)))
            return msgspec.json.decode(whole, type=kind)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _with_whole_numbers(content: Any) -> Any:
    """Return a JSON value with 3 for 3.0: to JSON they are the same number."""
    match content:
        case float() if content.is_integer() and abs(content) < 1 << 63:
            return int(content)
        case dict():
            return {key: _with_whole_numbers(value) for key, value in content.items()}
        case list():
            return [_with_whole_numbers(value) for value in content]
        case _:
            return content


def _check_range(request: msgspec.Struct) -> None:
    """Every number is an instant, a count or an offset: none is negative or past the year 9999."""
    for name in request.__struct_fields__:
        value = getattr(request, name)
        if isinstance(value, int) and not 0 <= value <= LATEST:
            raise ValueError(f"{name} is out of range")


@contextlib.contextmanager
def address(path: Path) -> Iterator[str]:
    """Give a name of `path` that fits a socket address, good while the block runs."""
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)


_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Message]] = {
    name: msgspec.json.Decoder(kind) for name, kind in KINDS.items()
}


def to_sse(message: Message, store: str) -> bytes:
    """Return a message as one server-sent event; events and snapshots carry an id."""
    name = _NAMES[type(message)]
    n = message.n if isinstance(message, Numbered | Snapshot) else None
    head = f"event: {name}\n" if n is None else f"id: {store}.{n}\nevent: {name}\n"
    return head.encode() + b"data: " + _encoder.encode(message) + b"\n\n"


class SseReader:
    """Takes the bytes of a stream as they come, gives messages."""

    def __init__(self) -> None:
        self.last_id = ""
        """Of the last event or snapshot that was given."""
        self._rest = bytearray()

    def feed(self, content: bytes) -> Iterator[Message]:
        """Yield the messages that `content` completes. Raises ValueError for what is none.

        Events of types that this program does not know are left out (CONTRACTS 12).
        """
        self._rest += content
        if b"\n\n" not in content and not content.startswith(b"\n"):
            return  # a large snapshot comes in many pieces: looked at once
        whole, self._rest = self._rest, bytearray()
        start, end = 0, whole.find(b"\n\n")
        while end >= 0:
            yield from self._read(whole, start, end)
            start, end = end + 2, whole.find(b"\n\n", end + 2)
        self._rest += whole[start:]

    def _read(self, whole: bytearray, start: int, end: int) -> Iterator[Message]:
        """Yield the message of a block. What is decoded is not copied: it may be megabytes."""
        fields = {}
        while start < end:
            line = whole.find(b"\n", start, end)
            line = end if line < 0 else line
            colon = whole.find(b": ", start, line)
            if colon >= 0:
                fields[bytes(whole[start:colon])] = (colon + 2, line)
            start = line + 1
        name = _field(whole, fields.get(b"event"))
        decoder = _decoders.get(name)
        if decoder is not None:
            data = memoryview(whole)[slice(*fields.get(b"data", (0, 0)))]
            try:
                yield decoder.decode(data)
            except msgspec.ValidationError:
                if name != "event":
                    raise
        if b"id" in fields:
            self.last_id = _field(whole, fields[b"id"])


def _field(whole: bytearray, place: tuple[int, int] | None) -> str:
    return whole[slice(*place)].decode() if place is not None else ""
