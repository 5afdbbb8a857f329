"""The bus: what was recorded goes to everyone who looks, in order and without gaps.

Events wait in a ring for subscribers; output and gauges are offered and may be dropped. Each
subscriber has one bounded queue: who falls behind is told `Lagged` and begins anew.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from cronterm.control import Gauges, Lagged, Message, Output
from cronterm.model.event import ConfigLoaded, Numbered
from cronterm.model.fold import fold
from cronterm.model.job import Settings
from cronterm.model.notice import NoticeQueued, NoticesSent
from cronterm.model.snapshot import Snapshot
from cronterm.model.tally import Tally, count_event

RING_EVENTS = 10_000  # CONTRACTS 12: how far back a reconnecting face may resume
QUEUE_MESSAGES = 20_000  # a burst of a thousand starts is four thousand events
QUEUE_OUTPUT_BYTES = 1 << 20  # output beyond it is dropped; faces read gaps by offset
WAKES_DELIVERY = (NoticeQueued, NoticesSent, ConfigLoaded)
QUEUE_OUTPUTS = QUEUE_MESSAGES // 2  # small ones must not take the place of events


class Subscriber:
    """One face's queue."""

    def __init__(self, *, output: bool) -> None:
        self.wants_output = output
        self.is_lagging = False
        self._messages: deque[Message] = deque()
        self._output_bytes = 0
        self._arrived = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Queue a message; droppable ones are dropped when the queue is full."""
        if self.is_lagging:
            return  # a whole snapshot comes next
        if isinstance(message, Output):
            if not self._has_room(message):
                return
            self._output_bytes += len(message.data)
        elif len(self._messages) >= QUEUE_MESSAGES:
            if isinstance(message, Gauges):
                return
            self._messages.clear()
            self._output_bytes = 0
            self.is_lagging = True
        if not self.is_lagging:
            self._messages.append(message)
        self._arrived.set()

    def _has_room(self, output: Output) -> bool:
        if not self.wants_output or len(self._messages) >= QUEUE_OUTPUTS:
            return False
        return self._output_bytes + len(output.data) <= QUEUE_OUTPUT_BYTES

    async def wait_message(self) -> Message | None:
        """Return the next message, or None when this subscriber lagged and must begin anew."""
        while not self._messages and not self.is_lagging:
            self._arrived.clear()
            await self._arrived.wait()
        if self.is_lagging:
            self.is_lagging = False
            return None
        message = self._messages.popleft()
        if isinstance(message, Output):
            self._output_bytes -= len(message.data)
        return message


class Bus:
    """Owns the snapshot, the fold of all that was published."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.tally = Tally()
        """What was published since the start."""
        self.on_readers: Callable[[bool], None] = lambda has_readers: None
        """Told when the first face wants output, and when the last one leaves."""
        self.on_notices: Callable[[], None] = lambda: None
        """Told when something is to be told to people, or may be told otherwise."""
        self._ring: deque[Numbered] = deque(maxlen=RING_EVENTS)
        self._subscribers: set[Subscriber] = set()
        self._configured = asyncio.Event()

    @property
    def has_watchers(self) -> bool:
        """Somebody looks: gauges are worth reading."""
        return bool(self._subscribers)

    @property
    def has_readers(self) -> bool:
        """Somebody wants output."""
        return any(subscriber.wants_output for subscriber in self._subscribers)

    def publish(self, events: Sequence[Numbered]) -> None:
        """Fold recorded events into the snapshot and hand them to every subscriber."""
        for numbered in events:
            count_event(self.tally, self.snapshot, numbered.event)
            fold(self.snapshot, numbered)
            self._ring.append(numbered)
            if isinstance(numbered.event, ConfigLoaded):
                self._configured.set()
                self._configured = asyncio.Event()
        if any(isinstance(each.event, WAKES_DELIVERY) for each in events):
            self.on_notices()
        for subscriber in self._subscribers:
            for numbered in events:
                subscriber.offer(numbered)

    async def wait_settings(self, known: Settings) -> Settings:
        """Return the settings in force, once they are not `known` any more."""
        while self.snapshot.settings == known:
            await self._configured.wait()
        return self.snapshot.settings

    def offer(self, message: Output | Gauges) -> None:
        """Hand a droppable message to every subscriber."""
        for subscriber in self._subscribers:
            subscriber.offer(message)

    def announce(self) -> None:
        """Give every subscriber a new snapshot: something outside the events changed."""
        for subscriber in self._subscribers:
            subscriber.offer(self.copy())

    def copy(self) -> Snapshot:
        """Return a snapshot that its receiver may fold into."""
        return msgspec.msgpack.decode(msgspec.msgpack.encode(self.snapshot), type=Snapshot)

    async def stream(
        self, *, after: int | None, output: bool, lends: bool = False
    ) -> AsyncIterator[Message]:
        """Yield a snapshot (or the missed events), then everything from then on.

        `lends`: snapshots may be the bus's own, right until the caller awaits anything.
        """
        subscriber = Subscriber(output=output)
        missed = self._missed(after)
        for numbered in missed or ():
            subscriber.offer(numbered)
        self._subscribers.add(subscriber)
        self.on_readers(self.has_readers)
        try:
            if missed is None:
                yield self.snapshot if lends else self.copy()
            while True:
                message = await subscriber.wait_message()
                if message is None:
                    yield Lagged()
                    yield self.snapshot if lends else self.copy()
                else:
                    yield message
        finally:
            self._subscribers.discard(subscriber)
            self.on_readers(self.has_readers)

    def _missed(self, after: int | None) -> list[Numbered] | None:
        """Return what came after an event; None where only a snapshot tells."""
        if after is None or after > self.snapshot.n:
            return None
        if after == self.snapshot.n:
            return []
        if self._ring and self._ring[0].n <= after + 1:
            return [numbered for numbered in self._ring if numbered.n > after]
        return None
