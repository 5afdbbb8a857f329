"""The runner's socket: many may knock, the one that said hello last is the engine."""

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from cronterm.runner.attempt import Attempt
from cronterm.runner.journal import AttemptId, Entry
from cronterm.runner.output import Piece
from cronterm.runner.protocol import BadFrame, Frames, Header, pack

READ_MOST = 256 << 10
SEND_MOST = 4 << 20  # bytes that wait for a slow engine; output beyond is dropped


@dataclass
class Peer:
    """A connection. Only the engine's may ask for anything but to become it."""

    socket: socket.socket
    frames: Frames
    waiting: bytearray


class Door:
    """Hears what the engine asks and tells it what becomes of it, never waiting for it."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        listener: socket.socket,
        *,
        on_hello: Callable[[Header], None],
        on_word: Callable[[Header], None],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._selector = selector
        self._listener = listener
        self._on_hello = on_hello
        self._on_word = on_word
        self._peers: dict[int, Peer] = {}
        self._engine: Peer | None = None
        self._untold: list[tuple[Header, bytes]] = []
        self._untold_bytes = 0
        self.is_watched = False
        """Somebody looks at output as it comes."""
        self.left_at = seconds()
        """When the last engine went, on the monotonic clock."""
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ, self._accept)

    @property
    def has_engine(self) -> bool:
        """An engine is there."""
        return self._engine is not None

    # -- hearing ---------------------------------------------------------------------------------

    def _accept(self, fd: int) -> None:
        try:
            there, _ = self._listener.accept()
        except OSError:
            return
        there.setblocking(False)
        self._peers[there.fileno()] = Peer(there, Frames(), bytearray())
        self._selector.register(there, selectors.EVENT_READ, self._hear)

    def _hear(self, fd: int) -> None:
        peer = self._peers.get(fd)
        if peer is None:
            return
        if self._selector.get_key(peer.socket).events & selectors.EVENT_WRITE:
            self._write(peer)
            if fd not in self._peers:
                return
        try:
            received = peer.socket.recv(READ_MOST)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._drop(peer)
            return
        try:
            for header, _ in peer.frames.feed(received):
                if fd not in self._peers:
                    return
                self._take(peer, header)
        except (BadFrame, KeyError, TypeError):
            self._drop(peer)

    def _take(self, peer: Peer, header: Header) -> None:
        if header["type"] == "hello":
            for other in list(self._peers.values()):
                if other is not peer:
                    self._drop(other)  # what it still has in its socket stays unread
            self._engine = peer
            self._forget()
            self.is_watched = False
            self._on_hello(header)
        elif peer is not self._engine:
            self._drop(peer)
        elif header["type"] == "watch":
            self.is_watched = bool(header["on"])
        else:
            self._on_word(header)

    def _drop(self, peer: Peer) -> None:
        self._peers.pop(peer.socket.fileno(), None)
        self._selector.unregister(peer.socket)
        peer.socket.close()
        if peer is self._engine:
            self._engine = None
            self._forget()
            self.is_watched = False
            self.left_at = self._seconds()

    # -- telling ---------------------------------------------------------------------------------

    def tell(self, header: Header, payload: bytes = b"") -> None:
        """Have the engine told, by the next `flush`."""
        if self._engine is not None:
            self._untold.append((header, payload))
            self._untold_bytes += len(payload)

    def _forget(self) -> None:
        self._untold.clear()
        self._untold_bytes = 0

    def tell_started(self, attempt: Attempt) -> None:
        """Tell which process an attempt became."""
        self.tell(
            {
                "type": "started",
                "run": attempt.run,
                "attempt": attempt.number,
                "pid": attempt.pid,
                "started_at": attempt.started_at,
            }
        )

    def tell_ended(self, identity: AttemptId, entry: Entry | None) -> None:
        """Tell how an attempt ended, if its journal entry says so."""
        if entry is not None and entry.end is not None:
            header = {"type": "ended", "run": identity[0], "attempt": identity[1], "end": entry.end}
            self.tell(header, entry.output)

    def tell_output(self, attempt: Attempt) -> None:
        """Tell what an attempt printed since the last time, if somebody looks and keeps up."""
        pieces = attempt.take_live()
        engine = self._engine
        if not pieces or not self.is_watched or engine is None:
            return
        if len(engine.waiting) + self._untold_bytes > SEND_MOST:
            return
        header = {
            "type": "output",
            "run": attempt.run,
            "attempt": attempt.number,
            "pieces": [_shape(piece) for piece in pieces],
        }
        self.tell(header, b"".join(piece[4] for piece in pieces))

    def flush(self) -> None:
        """Send what is to be told."""
        engine = self._engine
        if engine is not None and self._untold:
            engine.waiting += b"".join(pack(*each) for each in self._untold)
            self._forget()
            self._write(engine)

    def _write(self, peer: Peer) -> None:
        try:
            while peer.waiting:
                sent = peer.socket.send(peer.waiting[:READ_MOST])
                del peer.waiting[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(peer)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.waiting else 0)
        if self._selector.get_key(peer.socket).events != events:
            self._selector.modify(peer.socket, events, self._hear)


def _shape(piece: Piece) -> list[int]:
    offset, at, stream, flags, content = piece
    return [offset, at, stream, flags, len(content)]
