"""The `Control` of a screen: an engine in another process, with a stream that comes back."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar

from cronterm.clock import Clock, SystemClock
from cronterm.control import Gone, Message
from cronterm.errors import CrontermError
from cronterm.model.command import Answer, AnyCommand
from cronterm.model.query import AnyReply, Query
from cronterm.model.snapshot import Snapshot
from cronterm.remote.client import OpenStream, RequestClient

T = TypeVar("T")

BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
NEAR_BACKOFF_S = (1.0, 2.0)  # of a socket here: to find nobody costs nothing
HURRY_S = 0.2
HURRIED_S = 20.0  # a slow machine takes ten to start an engine
BATCH_MESSAGES = 5_000  # read ahead of a busy loop; more waits in the engine, which may say Lagged


class HttpControl:
    """A `Control` over the door at a path, or over what asks another machine."""

    def __init__(
        self,
        door: Path | RequestClient,
        *,
        clock: Clock | None = None,
        backoff_s: Sequence[float] = (),
    ) -> None:
        self._client = RequestClient(door) if isinstance(door, Path) else door
        self._clock = clock or SystemClock()
        self._backoff_s = backoff_s or (NEAR_BACKOFF_S if self._client.is_near else BACKOFF_S)
        self._is_away = False
        """The stream is broken."""
        self._hurry = asyncio.Event()
        self._hurried_until = 0.0
        """Of the monotonic clock, in seconds."""

    def hurry(self) -> None:
        """Try to reach the engine at once, and often for a while: one is about to come."""
        self._hurried_until = monotonic() + HURRIED_S
        self._hurry.set()

    async def snapshot(self) -> Snapshot:
        """Return a snapshot of its own to the caller."""
        return await self._ask(self._client.snapshot)

    async def send(self, command: AnyCommand) -> Answer:
        """Carry out a command; it is sent once."""
        return await self._ask(lambda: self._client.send(command))

    def query(self, query: Query) -> Awaitable[AnyReply]:
        """Answer a question: it is on its way already."""
        return self._ask(lambda: self._client.query(query))

    def _ask(self, ask: Callable[[], T]) -> asyncio.Future[T]:
        """Return what `ask` does; an answer ends the wait for a broken stream."""
        answer = _on_thread(ask)
        answer.add_done_callback(self._note_answer)
        return answer

    def _note_answer(self, answer: asyncio.Future[T]) -> None:
        if not answer.cancelled() and answer.exception() is None and self._is_away:
            self._hurry.set()

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """Yield what happens, for ever.

        Each time the engine cannot be reached there is one `Gone`; then it tries again after 1 and
        2 s, a far one after 4 to 30 s too, more often after `hurry`, and at once where it answers
        something else. Back at the same engine it goes on where it was; another one gives a
        snapshot.
        """
        last_id, pid, failures = "", 0, 0
        while True:
            try:
                hello = await _on_thread(self._client.hello)
                if after is not None:
                    last_id, after = f"{hello.store}.{after}", None
                elif hello.pid != pid:
                    last_id = ""
                pid = hello.pid
                again = partial(self._client.open_stream, output=output, last_id=last_id)
                stream = await _on_thread(again)
                self._is_away, feed = False, _Feed(stream)
                try:
                    async for message in feed.messages():
                        failures = 0
                        yield message
                finally:
                    feed.close()
                last_id, why = stream.last_id or last_id, stream.why
            except CrontermError as error:
                why = str(error)
            self._is_away = True
            yield Gone(since=self._clock.now().utc, why=why)
            is_hurried = await self._rest(failures)
            failures = 0 if is_hurried else failures + 1

    async def _rest(self, failures: int) -> bool:
        """Wait before the next try; tell whether that is hurried."""
        wait_s = self._backoff_s[min(failures, len(self._backoff_s) - 1)]
        if monotonic() < self._hurried_until:
            wait_s = min(wait_s, HURRY_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), wait_s)
        self._hurry.clear()
        return monotonic() < self._hurried_until


class _Feed:
    """Reads one stream on a thread; the loop takes what came in one go."""

    def __init__(self, stream: OpenStream) -> None:
        self._stream = stream
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._room = threading.Condition()
        self._batch: list[Message] = []
        self._is_over = False
        threading.Thread(target=self._read, name="stream", daemon=True).start()

    def _read(self) -> None:
        for message in self._stream:
            with self._room:
                self._room.wait_for(lambda: len(self._batch) < BATCH_MESSAGES or self._is_over)
                self._batch.append(message)
                is_first = len(self._batch) == 1
            if is_first:
                self._tell()
        with self._room:
            self._is_over = True
        self._tell()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody looks any more
            self._loop.call_soon_threadsafe(self._arrived.set)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield messages until the stream ends."""
        is_over = False
        while not is_over:
            await self._arrived.wait()
            self._arrived.clear()
            with self._room:
                batch, self._batch = self._batch, []
                is_over = self._is_over
                self._room.notify()
            for message in batch:
                yield message

    def close(self) -> None:
        """End the stream; its thread ends with it."""
        self._stream.close()
        with self._room:
            self._is_over = True
            self._room.notify()


def _on_thread(ask: Callable[[], T]) -> asyncio.Future[T]:
    """Return what `ask` does, from a thread of its own, which has begun.

    Not the loop's pool: who quits does not wait for an engine that hangs.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()
    threading.Thread(target=_fulfil, args=(answer, ask), name="request", daemon=True).start()
    return asyncio.wrap_future(answer)


def _fulfil(answer: Future[T], ask: Callable[[], T]) -> None:
    try:
        answer.set_result(ask())
    except Exception as error:  # noqa: BLE001  handed over to who waits
        answer.set_exception(error)
