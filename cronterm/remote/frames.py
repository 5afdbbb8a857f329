"""Many connections over one pair of pipes: frames, channels, and credit for each.

Each side may have WINDOW bytes of a channel under way that the other has not handed on yet: a
stream that nobody reads holds up itself and nothing else.
"""

import contextlib
import os
import selectors
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

HEAD = struct.Struct("!BII")
"""Kind, channel, length."""

MAGIC = b"\x00cronterm-bridge-1\x00"
"""What a login shell prints comes before it."""

WINDOW = 256 << 10
PIECE_BYTES = 64 << 10
LARGEST_FRAME = 64 << 20  # an answer to a question; data comes in pieces
LONGEST_NOISE = 1 << 20  # before MAGIC


class Kind(IntEnum):
    """What a frame is."""

    HELLO = 1
    OPEN = 2
    DATA = 3
    CREDIT = 4
    """So many bytes of the channel were handed on."""
    CLOSE = 5
    ASK = 6
    ANSWER = 7


class LineBroken(Exception):
    """What comes is no frame."""


class FrameReader:
    """Takes bytes as they come, gives (kind, channel, content)."""

    def __init__(self, *, has_magic: bool) -> None:
        self._content = bytearray()
        self._has_begun = not has_magic

    def feed(self, content: bytes) -> Iterator[tuple[Kind, int, bytes]]:
        """Yield the frames that `content` completes. Raises `LineBroken`."""
        self._content += content
        if not self._has_begun and not self._find_magic():
            return
        while len(self._content) >= HEAD.size:
            kind, channel, length = HEAD.unpack_from(self._content)
            if length > LARGEST_FRAME or kind not in Kind.__members__.values():
                raise LineBroken("what comes is not a cronterm bridge")
            end = HEAD.size + length
            if len(self._content) < end:
                return
            whole = bytes(self._content[HEAD.size : end])
            del self._content[:end]
            yield Kind(kind), channel, whole

    def _find_magic(self) -> bool:
        place = self._content.find(MAGIC)
        if place < 0:
            if len(self._content) > LONGEST_NOISE:
                raise LineBroken("what comes is not a cronterm bridge")
            return False
        del self._content[: place + len(MAGIC)]
        self._has_begun = True
        return True


@dataclass
class Channel:
    """One connection: what waits to go into it, and how much may come out of it."""

    sock: socket.socket
    waiting: bytearray = field(default_factory=bytearray)
    credit: int = WINDOW
    is_ending: bool = False
    """The other side has closed: what waits still goes in."""


class Pump:
    """Moves bytes between the line and its channels. One thread runs it."""

    def __init__(
        self,
        read: int,
        write: int,
        *,
        has_magic: bool,
        on_frame: Callable[[Kind, int, bytes], None],
    ) -> None:
        self._read, self._write = read, write
        self._reader = FrameReader(has_magic=has_magic)
        self._on_frame = on_frame
        self._out = bytearray()
        self._channels: dict[int, Channel] = {}
        self._last = 0
        self._selector = selectors.DefaultSelector()
        self._events: dict[int, int] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._waking = threading.Lock()
        self._is_over = self._has_ended = False
        self._new: deque[socket.socket] = deque()
        for each in (read, write):
            os.set_blocking(each, False)

    # -- from any thread -------------------------------------------------------------------------

    def stop(self) -> None:
        """End `run`."""
        self._is_over = True
        self.wake()

    def wake(self) -> None:
        """Let `run` look again."""
        with self._waking:  # once it is closed its number may be another file's
            if not self._has_ended:
                with contextlib.suppress(BlockingIOError):
                    os.write(self._wake_write, b"\0")

    def put(self, kind: Kind, channel: int = 0, content: bytes = b"") -> None:
        """Send a frame; call `wake` from another thread."""
        self._out += HEAD.pack(kind, channel, len(content)) + content

    def adopt(self, sock: socket.socket) -> bool:
        """Let `sock` be the end of a new channel; tell whether the line is still there."""
        self._new.append(sock)
        self.wake()
        if self._has_ended:
            sock.close()
        return not self._has_ended

    # -- the loop --------------------------------------------------------------------------------

    def run(self) -> None:
        """Move bytes until the line ends or `stop`. Raises `LineBroken`."""
        try:
            while not self._is_over:
                self._wait()
        finally:
            with self._waking:
                self._has_ended = True
            for channel in [*self._channels]:
                self._drop(channel)
            for sock in self._new:
                sock.close()
            self._selector.close()
            os.close(self._wake_read)
            os.close(self._wake_write)

    def open(self, channel: int, sock: socket.socket) -> None:
        """Let `sock` be the end of a channel."""
        sock.setblocking(False)
        self._channels[channel] = Channel(sock)

    def _wait(self) -> None:
        self._want(self._read, selectors.EVENT_READ)
        self._want(self._wake_read, selectors.EVENT_READ)
        self._want(self._write, selectors.EVENT_WRITE if self._out else 0)
        while self._new:
            self._last += 1
            self.open(self._last, self._new.popleft())
            self.put(Kind.OPEN, self._last)
            self._want(self._write, selectors.EVENT_WRITE)
        sockets = {each.sock.fileno(): number for number, each in self._channels.items()}
        for number, channel in self._channels.items():
            wanted = selectors.EVENT_READ if channel.credit > 0 and not channel.is_ending else 0
            wanted |= selectors.EVENT_WRITE if channel.waiting or channel.is_ending else 0
            self._want(self._channels[number].sock.fileno(), wanted)
        for key, events in self._selector.select():
            place = key.fd
            if place == self._wake_read:
                os.read(place, 4096)
            elif place == self._read:
                self._hear()
            elif place == self._write:
                self._say()
            elif place in sockets and sockets[place] in self._channels:
                self._serve(sockets[place], events)

    def _want(self, place: int, events: int) -> None:
        before = self._events.get(place, 0)
        if events == before:
            return
        if not events:
            self._selector.unregister(place)
        elif not before:
            self._selector.register(place, events)
        else:
            self._selector.modify(place, events)
        self._events[place] = events

    def _hear(self) -> None:
        try:
            content = os.read(self._read, PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            self._is_over = True
        for kind, channel, whole in self._reader.feed(content):
            self._take(kind, channel, whole)

    def _say(self) -> None:
        try:
            written = os.write(self._write, self._out[:PIECE_BYTES])
        except BlockingIOError:
            return
        except OSError:
            self._is_over = True
            return
        del self._out[:written]

    def _take(self, kind: Kind, number: int, content: bytes) -> None:
        channel = self._channels.get(number)
        if kind is Kind.DATA and channel is not None:
            channel.waiting += content
        elif kind is Kind.CREDIT and channel is not None:
            channel.credit += int.from_bytes(content, "big")
        elif kind is Kind.CLOSE and channel is not None:
            channel.is_ending = True
        elif kind in (Kind.HELLO, Kind.OPEN, Kind.ASK, Kind.ANSWER):
            self._on_frame(kind, number, content)

    def _serve(self, number: int, events: int) -> None:
        channel = self._channels[number]
        if events & selectors.EVENT_READ and not self._read_from(number, channel):
            return
        if events & selectors.EVENT_WRITE:
            self._write_into(number, channel)

    def _read_from(self, number: int, channel: Channel) -> bool:
        try:
            content = channel.sock.recv(min(PIECE_BYTES, channel.credit))
        except BlockingIOError:
            return True
        except OSError:
            content = b""
        if not content:
            self.put(Kind.CLOSE, number)
            self._drop(number)
            return False
        channel.credit -= len(content)
        self.put(Kind.DATA, number, content)
        return True

    def _write_into(self, number: int, channel: Channel) -> None:
        if channel.waiting:
            try:
                sent = channel.sock.send(channel.waiting[:PIECE_BYTES])
            except BlockingIOError:
                return
            except OSError:
                self.put(Kind.CLOSE, number)
                self._drop(number)
                return
            del channel.waiting[:sent]
            self.put(Kind.CREDIT, number, sent.to_bytes(4, "big"))
        if channel.is_ending and not channel.waiting:
            self._drop(number)

    def _drop(self, number: int) -> None:
        channel = self._channels.pop(number)
        place = channel.sock.fileno()
        if self._events.pop(place, 0):
            self._selector.unregister(place)
        channel.sock.close()
