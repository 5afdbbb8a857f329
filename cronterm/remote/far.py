"""The API on TCP: where `settings.api` says, with its tokens, as long as it says so."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

from cronterm.model.api import Api, Listener
from cronterm.remote.backoff import Backoff
from cronterm.remote.guard import Guard, TokenFile
from cronterm.remote.peer import Limits, PatientProtocol
from cronterm.remote.routes import Door
from cronterm.remote.server import BACKLOG, LAST_ANSWERS_S, DoorServer, server_config
from cronterm.remote.service import Service

log = logging.getLogger("cronterm.api")

BIND_AGAIN_S = 5.0
FAR = Limits(connections=64, streams=16, taking_s=30.0)


class FarProtocol(PatientProtocol):
    """HTTP for everybody who can connect, within limits; who waits longest makes room."""

    def may_enter(self, transport: asyncio.Transport) -> bool:
        """Let in; where all places are taken, in place of one that asks for nothing."""
        if len(self.connections) <= self._limits.connections:
            return True
        waiting = [
            each
            for each in self.connections
            if isinstance(each, FarProtocol) and each is not self and each.is_waiting
        ]
        if not waiting:
            return False
        min(waiting, key=lambda each: each.waiting_since).leave()
        return True

    def leave(self) -> None:
        """Make room."""
        self.connections.discard(self)
        self.transport.abort()


class FarDoor:
    """Serves a control over TCP while its settings ask for it."""

    def __init__(
        self,
        service: Service,
        *,
        limits: Limits = FAR,
        bind_again_s: float = BIND_AGAIN_S,
        backoff: Backoff | None = None,
    ) -> None:
        self._service = service
        self._control = service.control
        self._limits = limits
        self._bind_again_s = bind_again_s
        self._backoff = backoff or Backoff(asyncio.get_running_loop().time)

    async def run(self) -> None:
        """Follow the settings until cancelled."""
        while True:
            settings = self._control.look().settings
            api = settings.api
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(self._serve(api), name="api")
                try:
                    while settings.api == api:
                        settings = await self._control.wait_settings(settings)
                finally:
                    serving.cancel()

    async def _serve(self, api: Api) -> None:
        """Serve as `api` says until cancelled; then open requests have a second."""
        if not api.listen:
            self._control.tell_listeners((), "")
            return
        door = Door(self._service, self._limits, has_metrics=api.metrics)
        async with self._bound(api) as socks:
            urls = tuple(_url(sock) for sock in socks)
            config = server_config(self._guarded(door, api), FarProtocol, self._limits)
            server = DoorServer(config, lambda: self._ready(urls))
            serving = asyncio.ensure_future(server.serve(sockets=list(socks)))
            try:
                await asyncio.shield(serving)
            finally:
                door.close()
                server.stop()
                await asyncio.wait([serving], timeout=2 * LAST_ANSWERS_S)

    def _ready(self, urls: tuple[str, ...]) -> None:
        log.info("the API is served", extra={"at": " ".join(urls)})
        self._control.tell_listeners(urls, "")

    def _guarded(self, door: Door, api: Api) -> Guard:
        tokens = TokenFile(Path(api.token_file), uid=os.geteuid(), on_trouble=_say_tokens)
        return Guard(
            door.app(),
            tokens=tokens,
            backoff=self._backoff,
            hosts=api.hosts,
            note=self._control.note_call,
            longest_s=self._limits.punishment_s,
        )

    @contextlib.asynccontextmanager
    async def _bound(self, api: Api) -> AsyncIterator[tuple[socket.socket, ...]]:
        """Give sockets at all of the addresses, as soon as all can be had."""
        with contextlib.ExitStack() as stack:
            socks: tuple[socket.socket, ...] = ()
            while not socks:
                try:
                    with contextlib.ExitStack() as trial:
                        socks = tuple(trial.enter_context(bind(each)) for each in api.listen)
                        stack.push(trial.pop_all())
                except OSError as error:
                    self._say_unbound(str(error))
                    await asyncio.sleep(self._bind_again_s)
            yield socks

    def _say_unbound(self, trouble: str) -> None:
        trouble = f"the API is not served: {trouble}"
        if self._control.look().engine.listeners_trouble != trouble:
            log.error("%s", trouble)
        self._control.tell_listeners((), trouble)


def bind(listener: Listener) -> socket.socket:
    """Return a socket that listens at an address. Raises OSError that names it."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((listener.host, listener.port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise OSError(f"{listener.url}: {error.strerror}") from None
    return sock


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return Listener(host, port).url


def _say_tokens(trouble: str) -> None:
    log.error("the API lets nobody in: %s", trouble)
