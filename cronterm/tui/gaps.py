"""Live output in order and whole: what was dropped on its way is read before what follows it."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Protocol

import msgspec

from cronterm.clock import Instant
from cronterm.control import Control, Message, Output
from cronterm.errors import CrontermError
from cronterm.model.event import AnyEvent, AttemptEnded, AttemptStarted, Numbered
from cronterm.model.query import OutputPart, ReadOutput

READ_BYTES = 256 << 10  # at once: a hundredth of a second of the screen
MOST_BYTES = 4 << 20  # of a gap that is worth reading: the log stream holds no more
MOST_LINES = 50_000  # read in a second, as many as the log stream holds
RETRY_S = 0.2
TRIES = 25  # a runner writes what it has after a second or two

Key = tuple[int, int]
"""Run and attempt."""


class Reader(Protocol):
    """Takes what happens, output in order."""

    def take(self, message: Message, now: Instant) -> None:
        """Take anything but output."""

    def take_whole(self, output: Output) -> None:
        """Take what follows on what was taken before."""

    def skip(self, output: Output, count: int) -> None:
        """Say that so many bytes before an output are left out."""

    def hold_back(self, run: int) -> None:
        """Keep what is told of a run until its output is there."""

    def catch_up(self, run: int) -> None:
        """Go on with what was kept."""


class Gaps:
    """Notes up to where the output of each attempt was taken, and fills what is missing."""

    def __init__(
        self,
        control: Control,
        reader: Reader,
        start: Callable[[Coroutine[None, None, None]], object],
    ) -> None:
        self._control = control
        self._reader = reader
        self._start = start
        self._reached: dict[Key, int] = {}
        self._held: dict[Key, deque[Output]] = {}
        self._second = 0
        self._lines = 0

    def take(self, message: Message, now: Instant) -> None:
        """Pass a message on; output waits until what is missing before it was read."""
        if isinstance(message, Output):
            self._take_output(message)
            return
        if isinstance(message, Numbered):
            self._take_event(message.event)
        self._reader.take(message, now)

    def _take_output(self, output: Output) -> None:
        key = (output.run, output.attempt)
        held = self._held.get(key)
        if held is not None:
            held.append(output)
            while sum(len(each.data) for each in held) > MOST_BYTES and len(held) > 1:
                held.popleft()  # it is in the file by then
        elif output.offset > self._reached.get(key, output.offset):
            self._held[key] = deque([output])
            self._begin(key)
        else:
            self._pass(output)

    def _take_event(self, event: AnyEvent) -> None:
        """Note where an attempt begins and ends, before anybody else hears of it."""
        if isinstance(event, AttemptStarted):
            self._reached.setdefault((event.run, event.attempt), 0)
        elif isinstance(event, AttemptEnded):
            self._finish(event, (event.run, event.attempt))

    def _finish(self, event: AttemptEnded, key: Key) -> None:
        """Let what is told of an end wait for what is missing of the output."""
        end = event.end
        # Without bytes it is the end: nothing comes behind it.
        last = Output(
            event.run, event.job, event.attempt, end.output_bytes, end.ended_at, "out", b""
        )
        if key in self._held:
            self._held[key].append(last)
        elif self._reached.get(key, last.offset) < last.offset:
            self._held[key] = deque([last])
            self._begin(key)
        else:
            self._reached.pop(key, None)
            return
        self._reader.hold_back(event.run)

    def _begin(self, key: Key) -> None:
        self._start(self._fill(key))

    def _pass(self, output: Output) -> None:
        key = (output.run, output.attempt)
        reached = self._reached.get(key, output.offset)
        after = output.offset + len(output.data)
        if after > reached:
            self._reached[key] = after
            cut = reached - output.offset
            self._reader.take_whole(
                msgspec.structs.replace(output, offset=reached, data=output.data[cut:])
                if cut
                else output
            )

    async def _fill(self, key: Key) -> None:
        held, tries, is_over = self._held[key], 0, False
        try:
            while held:
                first, reached = held[0], self._reached[key]
                if first.offset <= reached:
                    self._pass(held.popleft())
                    is_over = not first.data
                    continue
                is_too_much = first.offset - reached > MOST_BYTES or self._is_busy
                came = False if is_too_much else await self._read(first, reached)
                tries = 0 if came else tries + 1
                if is_too_much or tries > TRIES:
                    self._reader.skip(first, first.offset - reached)
                    self._reached[key] = first.offset
                elif not came:
                    await asyncio.sleep(RETRY_S)
        finally:
            del self._held[key]
            if is_over:
                del self._reached[key]
            self._reader.catch_up(key[0])

    async def _read(self, first: Output, reached: int) -> bool:
        """Read on towards what is held; tell whether something came."""
        start, size = reached, min(first.offset - reached, READ_BYTES)
        query = ReadOutput(run=first.run, attempt=first.attempt, offset=reached, max_bytes=size)
        try:
            part = await self._control.query(query)
        except CrontermError:
            return False
        for chunk in part.chunks if isinstance(part, OutputPart) else ():
            if chunk.offset > reached:
                self._reader.skip(first, chunk.offset - reached)  # by the size limit
                self._reached[first.run, first.attempt] = chunk.offset
            self._lines += chunk.data.count(b"\n")
            reached = chunk.offset + len(chunk.data)
            self._pass(
                Output(
                    first.run,
                    first.job,
                    first.attempt,
                    chunk.offset,
                    chunk.at,
                    chunk.stream,
                    chunk.data,
                )
            )
        return reached > start

    @property
    def _is_busy(self) -> bool:
        """More was read in this second than anybody can look at."""
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._lines = second, 0
        return self._lines > MOST_LINES
