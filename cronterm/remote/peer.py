"""Looks at who connects, before anything is read, and how long they take."""

import asyncio
import http
import os
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from cronterm.remote.wire import Trouble

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
    taking_s: float = 60.0
    """For a peer to take what it asked for."""
    streams: int = 256
    punishment_s: float = 2.0
    """The longest that the refusal of a wrong token is held back."""


def peer_uid(sock: Any) -> int:
    """Return the uid of the process at the other end of a Unix socket."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
    return int(CREDENTIALS.unpack(raw)[1])


class PatientProtocol(H11Protocol):
    """HTTP with limits: on the head of a request, on silence, on who does not take the answer.

    h11 on purpose, also where httptools is there: it is the one that limits the head of a request.
    """

    def __init__(self, *given: Any, limits: Limits, **named: Any) -> None:
        super().__init__(*given, **named)
        self._limits = limits
        self._patience: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None
        self._has_begun = False
        self.waiting_since = 0.0
        """When this connection began to wait for a request, by the loop's clock."""

    @property
    def is_waiting(self) -> bool:
        """No request of this connection is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def may_enter(self, transport: asyncio.Transport) -> bool:
        """Tell whether this peer is let in, and note in `app_state` what the routes need."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse who may not enter, before anything is read."""
        super().connection_made(transport)
        if not self.may_enter(transport):
            transport.abort()
            return
        self.app_state = {**self.app_state, "hang_up": transport.abort}
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has begun must become a request in time."""
        self._has_begun = True
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on; the next request is waited for with new patience."""
        self._has_begun = False
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        for timer in (self._patience, self._taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for a peer that reads slowly, but not for ever."""
        super().pause_writing()
        self._taking = self.loop.call_later(self._limits.taking_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        if self._taking is not None:
            self._taking.cancel()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request: 431 where its head is too large, else 400."""
        error = sys.exception()
        is_too_large = isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431
        self._refuse(431 if is_too_large else 400, msg)

    def _refuse(self, status: int, message: str) -> None:
        """Say why, in one piece, and close: there may be no request that could be answered."""
        reason = http.HTTPStatus(status).phrase
        body = msgspec.json.encode(Trouble(message))
        head = (
            f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _watch(self) -> None:
        if self.is_waiting and self._patience is None:
            self.waiting_since = self.loop.time()
            self._patience = self.loop.call_later(self._limits.head_s, self._lose_patience)
        elif not self.is_waiting and self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _lose_patience(self) -> None:
        self._patience = None
        if not self.is_waiting:
            return
        if self._has_begun:
            self._refuse(408, "the request did not come")
        else:
            self.transport.abort()


class PeerProtocol(PatientProtocol):
    """HTTP for this user and root, told to the routes as `state.uid`."""

    def may_enter(self, transport: asyncio.Transport) -> bool:
        """Refuse other users, and more connections than there are descriptors for."""
        uid = peer_uid(transport.get_extra_info("socket"))
        self.app_state = {**self.app_state, "uid": uid}
        is_full = len(self.connections) > self._limits.connections
        return uid in (0, os.geteuid()) and not is_full
