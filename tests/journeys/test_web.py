"""The screen in a browser: a real engine, a real server, a real Chromium."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

from tests.journeys.house import House, house, process_states, wait_until
from tests.web.browser import Page, find_browser, open_browser

JOBS = """\
jobs:
  nightly-backup: {command: echo saved, schedule: "30 2 * * *"}
"""
NEEDS_BROWSER = pytest.mark.skipif(
    find_browser() is None, reason="there is no chromium here: apt-get install chromium"
)


class Server:
    """A `cronterm web` that runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.login = self.next_address()
        self.origin = self.login.partition("/?")[0]

    def next_address(self) -> str:
        """Return the address that is printed next."""
        assert self.process.stdout is not None
        address: str = json.loads(self.process.stdout.readline())["url"]
        return address

    def tabs(self) -> list[int]:
        """Return the pids of its tabs."""
        states = process_states()
        return [pid for pid, parent, state in states if parent == self.process.pid and state != "Z"]


@contextmanager
def serve(it: House, *words: str) -> Iterator[Server]:
    """Give a server on an engine, and end it."""
    command = it.command("web", "--port", "0", "--json", *words)
    env = os.environ | {"TERM": "dumb", "LANG": "C", "TMUX": "here"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


class Tab:
    """A tab without a browser."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self.drawn = ""

    async def press(self, *keys: str) -> None:
        """Type."""
        for key in keys:
            await self._socket.send_json(["stdin", key])

    async def wait_drawn(self, text: str) -> None:
        """Return once `text` was drawn since the last time."""
        async with asyncio.timeout(30):
            while text not in plain(self.drawn):
                message = await self._socket.receive()
                assert message.type in (WSMsgType.BINARY, WSMsgType.TEXT)
                if message.type is WSMsgType.BINARY:
                    self.drawn += message.data.decode()
        self.drawn = ""


def plain(drawn: str) -> str:
    """Return what is drawn without colours and moves."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)


@asynccontextmanager
async def open_tab(server: Server) -> AsyncIterator[Tab]:
    """Give a tab of somebody who speaks as a browser does."""
    jar = aiohttp.CookieJar(unsafe=True)  # of a server without a name
    async with aiohttp.ClientSession(server.origin, cookie_jar=jar) as session:
        async with session.get(server.login.removeprefix(server.origin)) as answer:
            found = re.search(r'url=([^"]+)"', await answer.text())
            assert found is not None
        path = f"{found[1]}socket?width=100&height=30"
        async with session.ws_connect(path, headers={"Origin": server.origin}) as socket:
            yield Tab(socket)


def is_gone(pid: int) -> Callable[[], bool]:
    """Return what tells whether a process is over."""
    return lambda: all(each != pid or state == "Z" for each, _, state in process_states())


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An engine with a job that does not run by itself now."""
    with house(tmp_path_factory.mktemp("live"), JOBS) as it:
        it.start()
        yield it
        it.stop()


def ran(it: House) -> int:
    """Return how often the job has ended."""
    return len(it.door().snapshot().jobs["nightly-backup"].recent)


async def save_figures(page: Page, folder: Path) -> str:
    """Have the browser save the figures as CSV, and return them."""
    await page.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    await page.press("3")
    await page.wait_drawn("recoveries")
    f2 = {"key": "F2", "code": "F2", "windowsVirtualKeyCode": 113}
    await page.send("Input.dispatchKeyEvent", type="keyDown", **f2)
    await page.wait_drawn("Export the figures")
    await page.press("c")
    file = folder / "cronterm-stats-24h.csv"
    await asyncio.to_thread(wait_until, file.exists, "the browser saves it")
    page.drawn = ""
    await page.press("1")  # the next screen opens on the view that was left
    await page.wait_drawn("nightly-backup")
    return file.read_text(encoding="utf-8")


async def fly_by(page: Page, target: str) -> None:
    """Open a page of somebody else, which tries to open the socket of a tab."""
    script = f'new WebSocket("{target.replace("http", "ws")}socket")'

    async def show(request: web.Request) -> web.Response:
        text = f"<!doctype html><link rel=icon href=data:,><script>{script}</script>"
        return web.Response(text=text, content_type="text/html")

    foreign = web.Application()
    foreign.router.add_get("/", show)
    async with TestServer(foreign) as server:
        await page.open(str(server.make_url("/")))
        await page.wait(lambda: page.errors != [], "it is refused")
        assert "403" in page.errors[0]


@NEEDS_BROWSER
async def test_a_browser_shows_the_table_takes_keys_and_is_safe_from_others(
    live: House, tmp_path: Path
) -> None:
    before = ran(live)
    with serve(live) as server:
        async with open_browser(tmp_path) as browser:
            async with browser.page() as page:
                await page.open(server.login)
                await page.wait_drawn("nightly-backup")
                empty = await page.picture()
                await page.press("?")
                await page.wait_drawn("trigger now")
                assert await page.picture() != empty
                await page.press("q")
                await page.press("t")
                await page.wait_drawn("Run nightly-backup now?")
                await page.press("t")
                await asyncio.to_thread(wait_until, lambda: ran(live) > before, "t starts a run")
                saved = await save_figures(page, tmp_path / "saved")
                assert saved.startswith("job,")
                place = await page.value("location.href")

                assert place.startswith(f"{server.origin}/")
                assert "token" not in place
                assert {*page.statuses} == {200}
                assert page.errors == []
                own = (server.origin, server.origin.replace("http", "ws"))
                assert [each for each in page.requests if not each.startswith(own)] == []
                assert len(server.tabs()) == 1
            await asyncio.to_thread(wait_until, lambda: server.tabs() == [], "it ends with its tab")
            async with browser.page() as page:
                await fly_by(page, place)
            assert server.tabs() == []


async def test_a_tab_only_attaches_and_has_no_terminal_but_files_for_the_browser(
    live: House,
) -> None:
    with serve(live) as server:
        async with open_tab(server) as tab:
            following = server.next_address()
            assert following.startswith(f"{server.origin}/?token=")
            assert following != server.login
            await tab.wait_drawn("nightly-backup")
            await tab.press("E")
            await tab.wait_drawn("a tab of a browser has no")
            await tab.press("3")
            await tab.wait_drawn("recoveries")
            await tab.press("\x13")
            await tab.wait_drawn("Export the figures")
            await tab.press("c")
            await tab.wait_drawn("the browser saves cronterm-stats-24h.csv")
            await tab.press("1", "q")
            await asyncio.to_thread(wait_until, lambda: server.tabs() == [], "q ends the tab")
        taken = live.run("web", "--port", server.origin.rpartition(":")[2])
    assert live.answers()
    assert taken.returncode == 1
    assert "--port 0" in taken.stderr


async def test_a_tab_that_only_looks_refuses_to_act_and_ends_with_its_server(live: House) -> None:
    before = ran(live)
    with serve(live, "--read-only") as server:
        async with open_tab(server) as tab:
            await tab.wait_drawn("nightly-backup")
            await tab.press("t")
            await tab.wait_drawn("this screen only looks")
            (pid,) = server.tabs()
            server.process.terminate()

            assert await asyncio.to_thread(server.process.wait, 20) == 0
            assert is_gone(pid)()
    assert ran(live) == before
    assert live.door().snapshot().jobs["nightly-backup"].live == {}


async def test_tabs_without_an_engine_say_so_and_end_when_the_server_is_killed(
    tmp_path: Path,
) -> None:
    with house(tmp_path, JOBS) as it:
        it.start()
        with serve(it) as server:
            async with open_tab(server) as tab:
                await tab.wait_drawn("nightly-backup")
                (pid,) = server.tabs()
                it.stop()
                server.login = server.next_address()
                async with open_tab(server) as later:
                    await later.wait_drawn("no engine runs for")
                server.process.kill()
                await asyncio.to_thread(wait_until, is_gone(pid), "the tab ends")
