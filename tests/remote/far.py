"""A fake behind a real door on TCP, and raw means to knock at it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cronterm.model.api import Api, Listener
from cronterm.model.job import Settings
from cronterm.remote.backoff import Backoff
from cronterm.remote.far import FAR, FarDoor
from cronterm.remote.metrics import render_metrics
from cronterm.remote.peer import Limits
from cronterm.remote.service import Service
from tests.remote.door import until
from tests.remote.fake_control import FakeControl

OPERATE = "operate-token-0123456789abcdef012345"
READ = "read-token-0123456789abcdef0123456789"
PATIENCE_S = 30.0


@dataclass
class FarHouse:
    """A fake that is served over TCP."""

    control: FakeControl
    token_file: Path

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it is served by now."""
        return self.control.view.engine.listeners

    @property
    def port(self) -> int:
        """The port of its first listener."""
        return int(self.urls[0].rpartition(":")[2])

    def configure(self, api: Api) -> None:
        """Put other settings into force."""
        self.control.configure(Settings(api=api))

    def request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *headers: str,
        token: str | None = OPERATE,
        host: str | None = None,
    ) -> bytes:
        """Return one request that closes its connection; what is given replaces what is usual."""
        lines = [f"{method} {target} HTTP/1.1", "Connection: close"]
        lines += [f"Host: {host or f'127.0.0.1:{self.port}'}"] if host != "" else []
        lines += [f"Authorization: Bearer {token}"] if token is not None else []
        if body and not any(each.lower().startswith("content-type") for each in headers):
            lines.append("Content-Type: application/json")
        lines += [*headers, f"Content-Length: {len(body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + body

    async def ask(self, content: bytes) -> bytes:
        """Send raw bytes and return all that comes back until the other side closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        got = bytearray()
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(content)
                await writer.drain()
            with contextlib.suppress(ConnectionError):
                while piece := await reader.read(1 << 16):
                    got += piece
        finally:
            writer.close()
        return bytes(got)


def write_tokens(path: Path, *lines: str) -> Path:
    """Write a token file as it should be."""
    path.write_text("\n".join(lines) + "\n", encoding="ascii")
    path.chmod(0o600)
    return path


@contextlib.asynccontextmanager
async def far_house(
    directory: Path,
    *,
    limits: Limits = FAR,
    control: FakeControl | None = None,
    backoff: Backoff | None = None,
    **words: object,
) -> AsyncIterator[FarHouse]:
    """Serve a fake at a free port of 127.0.0.1 while the block runs."""
    control = control or FakeControl()
    tokens = write_tokens(directory / "tokens", f"operate ops {OPERATE}", f"read eyes {READ}")
    api = Api(listen=(Listener("127.0.0.1", 0),), token_file=str(tokens))
    control.configure(Settings(api=msgspec.structs.replace(api, **words)))
    service = Service(control, control.view.store, render_metrics)
    door = FarDoor(service, limits=limits, bind_again_s=0.01, backoff=backoff)
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(door.run())
        house = FarHouse(control, tokens)
        await until(lambda: bool(house.urls))
        yield house
        serving.cancel()
