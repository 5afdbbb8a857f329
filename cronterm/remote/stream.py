"""The stream of server-sent events: batched, with signs of life, never ahead of its reader."""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response
from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from cronterm.control import Message

BATCH_BYTES = 64 << 10  # what waits for a slow reader; more waits, bounded, at the source
FAREWELL_S = 0.5
COMMENT = b": \n\n"


class EventStream(Response):
    """Sends what comes, until it ends, the reader goes, or `closing` is set.

    `scope["state"]["hang_up"]` drops a connection at once.

    What came while the loop was busy leaves in one piece: a thousand starts are four thousand
    events, and a write for each costs more than all the rest of them.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        messages: AsyncIterator[Message],
        *,
        encode: Callable[[Message], bytes],
        comment_s: float,
        closing: asyncio.Event,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._messages = messages
        self._encode = encode
        self._comment_s = comment_s
        self._closing = closing
        self._waiting = bytearray()
        self._came = asyncio.Event()
        self._left = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one reader."""
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        try:
            async with asyncio.TaskGroup() as tasks:
                roles = (
                    tasks.create_task(self._collect(), name="stream-collect"),
                    tasks.create_task(self._write(send), name="stream-write"),
                    tasks.create_task(_wait_gone(receive), name="stream-gone"),
                    tasks.create_task(self._wait_closing(), name="stream-closing"),
                )
                await asyncio.wait(roles, return_when=asyncio.FIRST_COMPLETED)
                for role in roles:
                    role.cancel()
        finally:
            close = getattr(self._messages, "aclose", None)
            if close is not None:
                await close()
        try:
            async with asyncio.timeout(FAREWELL_S):
                await send(_body(bytes(self._waiting), more=False))
        except TimeoutError:  # it does not read: nothing more can be said to it
            scope["state"]["hang_up"]()
            await asyncio.sleep(0)

    async def _collect(self) -> None:
        async for message in self._messages:
            self._waiting += self._encode(message)
            self._came.set()
            if len(self._waiting) >= BATCH_BYTES:
                self._left.clear()
                await self._left.wait()

    async def _write(self, send: Send) -> None:
        while True:
            try:
                async with asyncio.timeout(self._comment_s):
                    await self._came.wait()
            except TimeoutError:
                await send(_body(COMMENT))
                continue
            self._came.clear()
            batch = bytes(self._waiting)
            self._waiting.clear()
            await send(_body(batch))
            self._left.set()

    async def _wait_closing(self) -> None:
        await self._closing.wait()


async def _wait_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(content: bytes, *, more: bool = True) -> AsgiMessage:
    return {"type": "http.response.body", "body": content, "more_body": more}
