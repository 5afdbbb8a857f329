"""The process behind one tab: it draws what the browser shows, and ends with it."""

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from textual_serve.app_service import AppService

from cronterm.sanitize import sanitize

GRACE_S = 2.0  # a screen leaves within a tenth of a second
PATIENCE_S = 10.0  # a screen that reads no keys for so long hangs
MOST_CELLS = 1_000  # wide or high; no screen is larger
LARGEST_DRAWING = 64 << 10  # bytes, about a pipe of it
LONGEST_WORDS = 4_096  # bytes of what a process says when it fails
READY = b"__GANGLION__\n"  # textual-serve's word for: what follows are packets

# The terminal is the browser's, whatever the server was started in.
TERMINAL = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "TEXTUAL_COLOR_SYSTEM": "truecolor",
    "LC_ALL": "C.UTF-8",
}
FOREIGN = frozenset(
    (
        "TMUX",
        "TMUX_PANE",
        "STY",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "TERM_PROGRAM",
        "TEXTUAL",
        "TEXTUAL_LOG",
    )
)
"""What is about a terminal or a desktop that the browser is not in."""


class Size(NamedTuple):
    """How large a terminal is, in cells."""

    columns: int
    rows: int

    @classmethod
    def of(cls, columns: Any, rows: Any) -> "Size":
        """Return what a browser asks for, within bounds; 80 by 24 for what is no number."""
        try:
            asked = int(columns), int(rows)
        except (TypeError, ValueError, OverflowError):
            asked = 80, 24
        return cls(*(min(max(each, 1), MOST_CELLS) for each in asked))


class Tab:
    """One process that speaks textual-serve's packets."""

    def __init__(self, process: Process) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._stderr = process.stderr

    async def type(self, text: str) -> None:
        """Hand over what was typed. Raises `OSError` or `TimeoutError` where nobody reads it."""
        await self._put(b"D", text.encode("utf-8", "replace"))

    async def tell(self, kind: str, **more: object) -> None:
        """Tell of the terminal: resize, focus, blur, quit. Raises as `type` does."""
        await self._put(b"M", json.dumps({"type": kind, **more}).encode())

    async def _put(self, kind: Literal[b"D", b"M"], payload: bytes) -> None:
        self._stdin.write(AppService.encode_packet(kind, payload))
        async with asyncio.timeout(PATIENCE_S):
            await self._stdin.drain()

    async def show(
        self,
        draw: Callable[[bytes], Awaitable[None]],
        hand_over: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """Draw what the process draws, until it ends; what it says instead, where it fails.

        Each file that it has the browser save is handed over, as a name and a text.
        """
        words, _ = await asyncio.gather(self._read_words(), self._draw(draw, hand_over))
        if words:
            await draw(sanitize(words).replace("\n", "\r\n").encode())

    async def _read_words(self) -> str:
        """Return the end of what it says on stderr, read to its end."""
        said = b""
        while part := await self._stderr.read(LONGEST_WORDS):
            said = (said + part)[-LONGEST_WORDS:]
        return said.decode("utf-8", "replace")

    async def _draw(
        self,
        draw: Callable[[bytes], Awaitable[None]],
        hand_over: Callable[[str, str], Awaitable[None]],
    ) -> None:
        """Pass on drawings and files; what comes before the first one, or is neither, is not."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            await self._stdout.readuntil(READY)
            while True:
                head = await self._stdout.readexactly(5)
                payload = await self._stdout.readexactly(int.from_bytes(head[1:], "big"))
                if head[:1] == b"D":
                    await draw(payload)
                elif head[:1] == b"M":
                    match json.loads(payload):
                        case {"type": "file", "name": str(name), "text": str(text)}:
                            await hand_over(name, text)

    async def end(self, grace_s: float) -> None:
        """End the process: asked to at first, and killed soon. Nobody may be in `show`."""
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leave(), grace_s)
        finally:  # also where this is not waited for any more
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
        await asyncio.wait_for(self._reap(), PATIENCE_S)

    async def _leave(self) -> None:
        with contextlib.suppress(OSError):
            await self.tell("quit")
        await self._reap()

    async def _reap(self) -> None:
        """Wait for its end; it does not come while a pipe is full, nor is it told then."""
        await asyncio.gather(_drain(self._stdout), _drain(self._stderr), self._process.wait())


async def _drain(pipe: asyncio.StreamReader) -> None:
    while await pipe.read(LARGEST_DRAWING):
        pass


@contextlib.asynccontextmanager
async def open_tab(
    words: tuple[str, ...], env: Mapping[str, str], size: Size, *, grace_s: float = GRACE_S
) -> AsyncIterator[Tab]:
    """Give the process of a tab, started without a shell; it is gone when the block is left."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=_environment() | {"COLUMNS": str(size.columns), "ROWS": str(size.rows)} | dict(env),
        start_new_session=True,  # ^C at the server is for the server, which ends its tabs
    )
    tab = Tab(process)
    try:
        yield tab
    finally:
        await tab.end(grace_s)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return kept | TERMINAL
