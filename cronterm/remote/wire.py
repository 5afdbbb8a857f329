"""What goes over the door: paths, server-sent events, and the types of answers."""

from collections.abc import Iterator

import msgspec

from cronterm.control import Gauges, Gone, Lagged, Message, Output
from cronterm.model.event import Numbered
from cronterm.model.query import (
    ConfigText,
    Decisions,
    ListNext,
    ListRuns,
    NextDue,
    OutputPart,
    Query,
    ReadConfig,
    ReadDecisions,
    ReadOutput,
    ReadRun,
    RunDetail,
    Runs,
)
from cronterm.model.snapshot import Snapshot

HELLO = "/api/v1/hello"
STREAM = "/api/v1/stream"
SEND = "/api/v1/send"
QUERY = "/api/v1/query"

REPLIES: dict[type[Query], type] = {
    ListRuns: Runs,
    ReadRun: RunDetail,
    ReadOutput: OutputPart,
    ListNext: NextDue,
    ReadDecisions: Decisions,
    ReadConfig: ConfigText,
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
    """Why a question was not answered."""

    message: str
    hint: str = ""


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
    """Takes lines of a stream, gives messages."""

    def __init__(self) -> None:
        self.last_id = ""
        self._name = ""
        self._id = ""
        self._data = b""

    def feed(self, line: bytes) -> Iterator[Message]:
        """Take one line without its end; yield the message it completes."""
        if line.startswith(b"data: "):
            self._data = line[6:]
        elif line.startswith(b"event: "):
            self._name = line[7:].decode()
        elif line.startswith(b"id: "):
            self._id = line[4:].decode()
        elif not line and self._name:
            decoder = _decoders.get(self._name)
            if self._id:
                self.last_id = self._id
            if decoder is not None:
                yield decoder.decode(self._data)
            self._name, self._id, self._data = "", "", b""
