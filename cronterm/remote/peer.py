"""Looks at who connects, before anything is read, and how long they take."""

import asyncio
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True)
class Limits:
    """What one peer may cost."""

    connections: int = 256
    """Far below the 1,024 descriptors that a process has by default."""
    head_s: float = 10.0
    """For the head of a request to come."""
    body_s: float = 10.0
    body_bytes: int = 1 << 20
    comment_s: float = 15.0
    """Between signs of life on a silent stream: both sides notice a dead one."""


def peer_uid(sock: Any) -> int:
    """Return the uid of the process at the other end of a Unix socket."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(raw)[1])


def user_name(uid: int) -> str:
    """Return the name of `uid`, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class PeerProtocol(H11Protocol):
    """HTTP for this user and root. Tells the routes who asks, as `state.uid`, and how to
    be rid of them, as `state.hang_up`.

    h11 on purpose, also where httptools is there: it is the one that limits the head of a request.
    """

    def __init__(self, *given: Any, limits: Limits, **named: Any) -> None:
        super().__init__(*given, **named)
        self._limits = limits
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse other users, and more connections than there are descriptors for."""
        uid = peer_uid(transport.get_extra_info("socket"))
        super().connection_made(transport)
        if uid not in (0, os.geteuid()) or len(self.connections) > self._limits.connections:
            transport.abort()
            return
        self.app_state = {**self.app_state, "uid": uid, "hang_up": transport.abort}
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has begun must become a request in time."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        is_waiting = self.cycle is None or self.cycle.response_complete
        if is_waiting and self._patience is None:
            self._patience = self.loop.call_later(self._limits.head_s, self._lose_patience)
        elif not is_waiting and self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
