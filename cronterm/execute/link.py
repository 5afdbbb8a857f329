"""A connection to one runner, and how it begins."""

import asyncio
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from cronterm.execute.base import Ended
from cronterm.execute.command import base_environment
from cronterm.execute.telling import ended_of
from cronterm.runner.protocol import PROTOCOL, BadFrame, Frames, Header, connect, encode, frame

ANSWER_S = 1.0  # a runner that hangs delays nothing else
READ_MOST = 1 << 18

AttemptId = tuple[int, int]


def encode_fast(header: Header) -> bytes:
    """Return what `encode` does, in a tenth of the time."""
    try:
        return msgspec.json.encode(header)
    except UnicodeEncodeError:  # a name or value that is not UTF-8: a lone surrogate
        return encode(header)


def decode_fast(text: bytes) -> Any:
    """Return what `json.loads` does, in a third of the time. Raises ValueError."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


@dataclass(eq=False)
class Link:
    """A connection to one runner."""

    runner: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    frames: Frames = field(default_factory=lambda: Frames(decode_fast))
    live: dict[AttemptId, tuple[int, int]] = field(default_factory=dict)
    """(pid, started_at) of what the runner said it held when it answered."""
    ends: dict[AttemptId, Ended] = field(default_factory=dict)
    """Told and not acknowledged."""
    early: list[tuple[Header, bytes]] = field(default_factory=list)
    """What it told before its answer was complete."""
    waiting: list[bytes] = field(default_factory=list)

    def send(self, header: Header) -> None:
        """Send one frame, together with all others of this turn of the loop: one system call."""
        if not self.waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self.waiting.append(frame(encode_fast(header)))

    def flush(self) -> None:
        """Send what waits now."""
        self.writer.write(b"".join(self.waiting))
        self.waiting.clear()

    async def receive(self) -> list[tuple[Header, bytes]]:
        """Return the next frames, none at the end. Raises `OSError` and `BadFrame`."""
        while received := await self.reader.read(READ_MOST):
            if frames := list(self.frames.feed(received)):
                return frames
        return []


async def say_hello(place: Path) -> Link | None:
    """Connect to the runner that lives in `place`; None if it does not answer in a second.

    Its answer is complete with all ends that it announces.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ANSWER_S):
            sock = connect(place / "sock")
            sock.setblocking(False)
            reader, writer = await asyncio.open_unix_connection(sock=sock)
            link = Link(place.name, reader, writer)
            hello = {"protocol": PROTOCOL, "env": base_environment(os.environ), "umask": _umask()}
            link.send({"type": "hello", **hello})
            await _wait_welcome(link)
    except (OSError, TimeoutError, BadFrame):
        if writer is not None:
            writer.transport.abort()
        return None
    return link


async def _wait_welcome(link: Link) -> None:
    announced: set[AttemptId] | None = None
    while announced is None or announced - link.ends.keys():
        frames = await link.receive()
        if not frames:
            raise ConnectionError
        for header, payload in frames:
            match header["type"]:
                case "welcome":
                    announced = {(run, number) for run, number in header["ends"]}
                    for run, number, pid, started_at in header["live"]:
                        link.live[run, number] = (pid, started_at)
                case "ended":
                    ended = ended_of(header, payload)
                    link.ends[ended.run, ended.attempt] = ended
                case _:
                    link.early.append((header, payload))


def _umask() -> int:
    """Return this process's umask; reading it means setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
