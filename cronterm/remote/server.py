"""The door: HTTP on a private Unix socket, for this user and root only."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from cronterm.errors import AlreadyRunning, CrontermError
from cronterm.remote.peer import Limits, PatientProtocol, PeerProtocol
from cronterm.remote.routes import Door
from cronterm.remote.wire import address

LARGEST_HEAD = 16 << 10
LAST_ANSWERS_S = 1  # for requests that are open when the door closes
BACKLOG = 128
ACCEPTED_AT_ONCE = 8  # before what came in on the others is read: a flood must not starve them
NEAR = Limits()


class DoorServer(uvicorn.Server):
    """A server that leaves signals to the engine and sleeps while nobody asks.

    Uvicorn's own loop wakes ten times a second, for dates and limits that are not used here.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._stopping = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; few are accepted at once, but more may wait for it."""
        await super().startup(sockets)
        for sock in sockets or ():
            sock.listen(BACKLOG)

    async def main_loop(self) -> None:
        """Wait for `stop`; the socket accepts by now."""
        self._on_ready()
        await self._stopping.wait()

    def stop(self) -> None:
        """Accept nothing new, answer what was asked, end."""
        self.should_exit = True
        self._stopping.set()


def bind(path: Path) -> socket.socket:
    """Return a listening socket at `path`, private to this user.

    Takes the leftover of a dead engine away. Raises `AlreadyRunning` when somebody answers there,
    `CrontermError` when it cannot be had.
    """
    if _answers(path):
        raise AlreadyRunning(f"somebody answers at {path} already")
    try:
        path.unlink(missing_ok=True)
        return _listening(path)
    except OSError as error:
        raise CrontermError(f"{path}: {error.strerror}", "use another --state-dir") from None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        try:
            with address(path) as name:
                sock.connect(name)
        except BlockingIOError:  # its backlog is full
            return True
        except OSError:
            return False
    return True


def _listening(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)  # uvicorn would open its own socket to everybody (uvicorn #2731)
    try:
        with address(path) as name:
            sock.bind(name)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(mask)
    return sock


async def serve(door: Door, path: Path, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Open `door` at `path` until cancelled; `on_ready` is called once it answers.

    Cancelled, it takes the socket away, ends the streams and gives open requests a second.
    Raises as `bind`.
    """
    config = server_config(door.app(), PeerProtocol, door.limits)
    server = DoorServer(config, on_ready)
    async with asyncio.TaskGroup() as tasks:
        with bind(path) as sock:
            serving = tasks.create_task(server.serve(sockets=[sock]), name="door")
            try:
                await asyncio.shield(serving)
            finally:
                unbind(path)
                door.close()
                server.stop()
                await asyncio.wait([serving], timeout=2 * LAST_ANSWERS_S)


def unbind(path: Path) -> None:
    """Take the socket away: a connect fails at once."""
    path.unlink(missing_ok=True)


def server_config(app: ASGIApp, protocol: type[PatientProtocol], limits: Limits) -> uvicorn.Config:
    """Return how an application is served, by this protocol."""
    return uvicorn.Config(
        app,
        http=cast(type[asyncio.Protocol], partial(protocol, limits=limits)),
        ws="none",
        lifespan="off",
        access_log=False,
        proxy_headers=False,
        log_config=None,
        backlog=ACCEPTED_AT_ONCE,
        log_level="error",  # a warning for each bad request would be a way to fill the log
        date_header=False,
        server_header=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_graceful_shutdown=LAST_ANSWERS_S,
    )
