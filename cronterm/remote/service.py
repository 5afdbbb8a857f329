"""What every door serves: one control, and what is known of the engine without asking it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from cronterm.control import Message
from cronterm.model.audit import Call
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.job import Settings
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.model.tally import Tally
from cronterm.remote.figures import Figures

Render: TypeAlias = Callable[[Figures], bytes]


class Served(Protocol):
    """What the door serves: a `Control` whose commands carry the peer's name."""

    async def snapshot(self) -> Snapshot:
        """As in `Control`."""

    def lent_events(self, *, after: int | None, output: bool) -> AsyncIterator[Message]:
        """As `Control.events`, with snapshots that are to be read before anything is awaited."""

    async def send(self, command: AnyCommand, *, by: str | None = None) -> Answer:
        """As in `Control`, in the name of `by`."""

    async def query(self, query: Query) -> AnyReply:
        """As in `Control`."""

    def look(self) -> Snapshot:
        """Return the engine's own snapshot: to be read at once, never kept, never changed."""

    def tally(self) -> Tally:
        """Return the engine's own counts: to be read at once, never kept, never changed."""

    async def wait_settings(self, known: Settings) -> Settings:
        """Return the settings in force, once they are not `known` any more."""

    def note_call(self, call: Call) -> None:
        """Remember a call over TCP; returns at once."""

    def tell_listeners(self, urls: tuple[str, ...], trouble: str) -> None:
        """Note where the API is served over TCP, and what keeps it from being served."""


@dataclass(frozen=True)
class Service:
    """What every door serves."""

    control: Served
    store: str
    render: Render
    """Makes the text of `/metrics`; called on a thread."""
