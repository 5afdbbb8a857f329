"""A fake behind a real door, and raw means to knock at it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from cronterm.remote.client import RequestClient
from cronterm.remote.metrics import render_metrics
from cronterm.remote.peer import Limits
from cronterm.remote.routes import Door
from cronterm.remote.server import serve
from cronterm.remote.service import Service
from cronterm.remote.wire import address
from tests.remote.fake_control import FakeControl

PATIENCE_S = 20.0


@dataclass
class House:
    """A fake, its socket, and the task that serves it."""

    control: FakeControl
    path: Path
    serving: asyncio.Task[None]

    @property
    def client(self) -> RequestClient:
        """A client of this door; it blocks, so call it on a thread."""
        return RequestClient(self.path)

    async def close(self) -> None:
        """Close the door."""
        self.serving.cancel()
        await asyncio.wait([self.serving])


@contextlib.asynccontextmanager
async def house(
    path: Path, *, control: FakeControl | None = None, limits: Limits | None = None
) -> AsyncIterator[House]:
    """Serve a fake at `path` while the block runs."""
    control = control or FakeControl()
    ready = asyncio.Event()
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(
            serve(
                Door(Service(control, control.view.store, render_metrics), limits or Limits()),
                path,
                on_ready=ready.set,
            )
        )
        await ready.wait()
        yield House(control, path, serving)
        serving.cancel()


async def connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a raw connection."""
    with address(path) as name:
        return await asyncio.open_unix_connection(name, limit=1 << 26)


async def exchange(path: Path, content: bytes) -> bytes:
    """Send raw bytes, say no more, and return all that comes back until the other side closes."""
    reader, writer = await connect(path)
    try:
        writer.write(content)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(method: str, target: str, body: bytes = b"", *headers: str) -> bytes:
    """Return one request that closes its connection."""
    lines = (f"{method} {target} HTTP/1.1", "Host: x", "Connection: close", *headers)
    length = f"Content-Length: {len(body)}"
    return "\r\n".join((*lines, length, "", "")).encode() + body


async def until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; the limit is the caller's."""
    while not condition():  # noqa: ASYNC110  what is waited for is none of ours
        await asyncio.sleep(0.005)
