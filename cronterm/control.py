"""The one door: what every face may see and ask, wherever the engine is.

A `Control` is the engine in this process, an HTTP client on its Unix socket, or the read-only
one over file and store when no engine runs. No face can tell which; `tests/contracts` holds all of
them to the same behaviour.
"""

from collections.abc import AsyncIterator, Awaitable
from typing import Literal, Protocol, TypeAlias, TypeVar

import msgspec

from cronterm.clock import Instant
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.event import Numbered
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot

API_VERSION = 1

Reply = TypeVar("Reply", bound=AnyReply)


class Output(msgspec.Struct, frozen=True, tag="output"):
    """Output of a running attempt, as it came. Droppable: a face reads gaps by offset."""

    run: int
    job: str
    attempt: int
    offset: int
    at: Instant
    stream: Literal["out", "err"]
    data: bytes


class Gauges(msgspec.Struct, frozen=True, tag="gauges"):
    """The machine's load, each a ratio 0 to 1. Droppable. Sent only while someone looks."""

    at: Instant
    cpu: float
    memory: float
    disk: float
    disk_path: str
    load: float = 0.0
    """One-minute load average, not a ratio."""
    memory_bytes: int = 0
    memory_used_bytes: int = 0


class Lagged(msgspec.Struct, frozen=True, tag="lagged"):
    """The subscriber was too slow; what follows is a new snapshot."""


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The engine does not answer any more; the stream will try again by itself."""

    since: Instant
    why: str


Message: TypeAlias = Snapshot | Numbered | Output | Gauges | Lagged | Gone


class Control(Protocol):
    """Four verbs. All may raise `NoEngine` when the engine cannot be reached."""

    async def snapshot(self) -> Snapshot:
        """Return a snapshot of its own to the caller, who may fold events into it."""

    def events(self, *, after: int | None = None, output: bool = True) -> AsyncIterator[Message]:
        """Yield a snapshot at n, then every event after n without a gap, and droppable messages.

        With `after` still in the engine's ring (10,000 events) no snapshot comes first.
        """

    async def send(self, command: AnyCommand) -> Answer:
        """Ask for a change; answered after the commit. A refusal is an answer, not an error."""

    def query(self, query: Query) -> Awaitable[AnyReply]:
        """Ask a question. Raises `CrontermError` when the thing asked about is not there.

        Who asks another process has asked it once this returns, before the answer is awaited.
        """
