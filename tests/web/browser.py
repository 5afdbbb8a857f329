"""A real browser without a window, driven over its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import os
import shutil
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_S = 30.0
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--window-size=1200,800",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # it refuses to run as root with it
)


def find_browser() -> str | None:
    """Return the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._arrived = asyncio.Event()
        self.drawn = ""
        """What the page's own socket was sent for its terminal."""
        self.requests: list[str] = []
        """The addresses that the page asked for."""
        self.statuses: list[int] = []
        """What it got for them."""
        self.errors: list[str] = []
        """Of its sockets."""

    async def listen(self) -> None:
        """Take what the browser tells, until it is gone."""
        async for message in self._socket:
            told = json.loads(message.data)
            given = told.get("params", {})
            match told.get("method"):
                case "Network.webSocketFrameReceived":
                    frame = given["response"]
                    if frame["opcode"] == 2:
                        drawn = base64.b64decode(frame["payloadData"])
                        self.drawn += drawn.decode("utf-8", "replace")
                case "Network.requestWillBeSent":
                    self.requests.append(given["request"]["url"])
                case "Network.webSocketCreated":
                    self.requests.append(given["url"])
                case "Network.responseReceived":
                    self.statuses.append(given["response"]["status"])
                case "Network.webSocketFrameError":
                    self.errors.append(given["errorMessage"])
                case None:
                    self._answers.pop(told["id"]).set_result(told)
            self._arrived.set()

    async def send(self, method: str, **given: object) -> dict[str, Any]:
        """Ask the browser and return its answer."""
        number = next(self._numbers)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": given})
        async with asyncio.timeout(PATIENCE_S):
            told = await answer
        assert "error" not in told, told
        found: dict[str, Any] = told["result"]
        return found

    async def open(self, url: str) -> None:
        """Go to an address."""
        await self.send("Page.navigate", url=url)

    async def press(self, key: str) -> None:
        """Press a key that is a character."""
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def value(self, expression: str) -> Any:
        """Return what a script of the page gives."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return answer["result"].get("value")

    async def picture(self) -> bytes:
        """Return what is to be seen, as PNG."""
        answer = await self.send("Page.captureScreenshot")
        return base64.b64decode(answer["data"])

    async def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Return once `condition` holds."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise AssertionError(f"not seen: {what}\n{self.drawn[-2000:]}") from None

    async def wait_drawn(self, text: str) -> None:
        """Return once `text` was drawn."""
        await self.wait(lambda: text in self.drawn, text)


async def _endpoint(directory: Path) -> str:
    """Return the port that the browser listens at, once it has said so."""
    told = directory / "DevToolsActivePort"
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if told.exists() and "\n" in (lines := told.read_text(encoding="utf-8")):
                return lines.split()[0]
            await asyncio.sleep(0.02)


class Browser:
    """A browser with pages."""

    def __init__(self, endpoint: str, session: aiohttp.ClientSession) -> None:
        self._endpoint = endpoint
        self._session = session

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        """Give a new tab; it is closed at the end of the block."""
        new = f"http://127.0.0.1:{self._endpoint}/json/new"
        async with self._session.put(new) as answer:
            target = await answer.json()
        async with (
            self._session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket,
            asyncio.TaskGroup() as tasks,
        ):
            page = Page(socket)
            listening = tasks.create_task(page.listen(), name="page")
            await page.send("Network.enable")
            await page.send("Page.enable")
            yield page
            async with self._session.get(
                f"http://127.0.0.1:{self._endpoint}/json/close/{target['id']}"
            ):
                listening.cancel()


@asynccontextmanager
async def open_browser(directory: Path) -> AsyncIterator[Browser]:
    """Give a browser with an empty profile in `directory`, and end it."""
    program = find_browser()
    assert program is not None
    process = await asyncio.create_subprocess_exec(
        program,
        *FLAGS,
        f"--user-data-dir={directory}",
        "about:blank",
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        endpoint = await _endpoint(directory)
        async with aiohttp.ClientSession() as session:
            yield Browser(endpoint, session)
    finally:
        process.terminate()
        await process.wait()
