"""Tests for the server of the tabs, with a small program in place of the screen."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import AppRunner

from cronterm.web.server import Service, Tabs
from cronterm.web.visitors import Visitors
from tests.web.test_tab import is_there, words

ECHO = """
packet(b"D", b"pid %d;" % os.getpid())
while (taken := take())[1] not in (b'', b'{"type": "quit"}'):
    if taken[1].startswith(b"file "): packet(b"M", taken[1][5:])
    else: packet(b"D", taken[1])
"""


@dataclass
class Seat:
    """A server, and somebody before a browser."""

    client: TestClient  # type: ignore[type-arg]  # of any kind of server
    visitors: Visitors
    logins: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """What our own pages have as theirs."""
        return f"http://127.0.0.1:{self.client.port}"

    async def log_in(self) -> None:
        """Open the printed address; what follows is sent with the cookie."""
        answer = await self.client.get(self.visitors.login)
        assert answer.status == 200

    async def status(self, path: str, **headers: str) -> int:
        """Return what is answered."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.client.get(path, headers=given, allow_redirects=False)
        return answer.status

    @asynccontextmanager
    async def tab(self) -> AsyncIterator[ClientWebSocketResponse]:
        """Give the socket of a new tab."""
        path = f"{self.visitors.place}socket?width=90&height=30"
        async with self.client.ws_connect(path, headers={"Origin": self.origin}) as socket:
            yield socket


class PatientServer(TestServer):
    """One that does as the real one: a request whose browser is gone ends by itself.

    A `TestServer` cancels it, and the process of its tab would not be waited for.
    """

    async def _make_runner(self, **kwargs: Any) -> AppRunner:
        return AppRunner(self.app, **kwargs | {"handler_cancellation": False})


@asynccontextmanager
async def open_seat(program: str) -> AsyncIterator[Seat]:
    """Give a server for two tabs, and somebody before it; both are gone when the block is left."""
    visitors = Visitors()
    logins: list[str] = []
    service = Service(words(program), {}, "a<b>.yaml", 2)
    tabs = Tabs(service, visitors, on_login=lambda: logins.append(visitors.login))
    jar = aiohttp.CookieJar(unsafe=True)  # of a server without a name
    async with TestClient(PatientServer(tabs.app()), cookie_jar=jar) as client:
        yield Seat(client, visitors, logins)


@pytest.fixture
async def seat() -> AsyncIterator[Seat]:
    """A server whose tabs draw what is typed."""
    async with open_seat(ECHO) as seat:
        yield seat


async def drawn(socket: ClientWebSocketResponse, pattern: str) -> str:
    """Return what a tab has drawn once it has `pattern`."""
    text = ""
    async with asyncio.timeout(10):
        while not re.search(pattern, text):
            text += (await socket.receive_bytes()).decode()
    return text


async def test_without_the_printed_address_nothing_is_shown(seat: Seat) -> None:
    place = seat.visitors.place
    for path in ("/", "/?token=x", place, f"{place}static/js/textual.js", "/nosuch", "/static/"):
        assert await seat.status(path) == 401

    assert await seat.status(f"{place}socket", Origin=seat.origin) == 401
    assert seat.logins == []


async def test_the_printed_address_is_exchanged_for_a_strict_cookie_once(seat: Seat) -> None:
    login = seat.visitors.login
    answer = await seat.client.get(login)

    cookie = answer.headers["Set-Cookie"]
    assert cookie.endswith(f"; HttpOnly; Path={seat.visitors.place}; SameSite=Strict")
    assert f'content="0;url={seat.visitors.place}"' in await answer.text()
    assert await seat.status(login) == 401
    assert seat.logins == [seat.visitors.login]
    assert seat.logins != [login]


async def test_a_look_at_the_head_uses_no_address_up(seat: Seat) -> None:
    assert (await seat.client.head(seat.visitors.login)).status == 401

    await seat.log_in()


async def test_the_page_and_all_of_its_parts_come_from_here(seat: Seat) -> None:
    await seat.log_in()
    answer = await seat.client.get(seat.visitors.place)
    page = await answer.text()

    assert "<title>a&lt;b&gt;.yaml</title>" in page
    assert "//" not in page.lower().replace("<!doctype", "")
    for part in re.findall(r'(?:src|href|url)[=(]"([a-z][^":]*)"', page):
        assert await seat.status(seat.visitors.place + part) == 200, part


async def test_every_answer_keeps_other_pages_away(seat: Seat) -> None:
    for path in ("/", seat.visitors.login, "/nosuch", seat.visitors.place):
        answer = await seat.client.get(path)

        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "aiohttp" not in answer.headers["Server"]


async def test_nothing_is_listed(seat: Seat) -> None:
    await seat.log_in()
    for path in ("static/", "static", "static/js", "static/js/"):
        assert await seat.status(seat.visitors.place + path) in (403, 404)


async def test_a_foreign_name_page_or_nobody_in_particular_is_refused(seat: Seat) -> None:
    await seat.log_in()
    place = seat.visitors.place

    assert await seat.status(place) == 200
    assert await seat.status(place, Host="evil.example") == 421
    assert await seat.status(place, Origin="https://evil.example") == 403
    assert await seat.status(place, Sec_Fetch_Site="cross-site") == 403
    assert await seat.status(seat.visitors.login, Origin="https://evil.example") == 403
    assert await seat.status(f"{place}socket") == 403
    assert await seat.status(f"{place}socket", Origin="https://evil.example") == 403


async def test_a_foreign_page_gets_no_socket_though_the_browser_has_the_cookie(seat: Seat) -> None:
    await seat.log_in()

    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await seat.client.ws_connect(
            f"{seat.visitors.place}socket", headers={"Origin": "https://evil.example"}
        )

    assert caught.value.status == 403


async def test_keys_go_to_the_process_and_drawings_come_back(seat: Seat) -> None:
    await seat.log_in()
    async with seat.tab() as socket:
        await socket.send_json(["stdin", "t"])
        await socket.send_json(["resize", {"width": 100, "height": 10**9}])
        await socket.send_json(["blur"])
        text = await drawn(socket, "blur")
        await socket.send_json(["ping", "42"])

        assert re.fullmatch(r'pid \d+;t\{"type": "resize".*\}\{"type": "blur"\}', text)
        assert '"height": 1000}' in text
        assert await socket.receive_json() == ["pong", "42"]


@pytest.mark.parametrize("sent", ["", "{", "[" * 100_000, "7", '["stdin", 7]', '["resize", 1]'])
async def test_rubbish_from_a_page_is_passed_over(seat: Seat, sent: str) -> None:
    await seat.log_in()
    async with seat.tab() as socket:
        await socket.send_str(sent)
        await socket.send_bytes(b"t")
        await socket.send_json(["stdin", "here"])

        assert re.fullmatch(r"pid \d+;here", await drawn(socket, "here"))


async def test_more_tabs_than_there_may_be_are_refused_until_one_is_closed(seat: Seat) -> None:
    await seat.log_in()
    socket = f"{seat.visitors.place}socket"
    async with seat.tab() as first, seat.tab() as second:
        await drawn(first, "pid")
        await drawn(second, "pid")
        answer = await seat.client.get(seat.visitors.place)

        assert (answer.status, answer.headers["Refresh"]) == (503, "3")
        assert "2 tabs are open" in await answer.text()
        assert await seat.status(socket, Origin=seat.origin) == 503
    async with asyncio.timeout(10):
        while True:
            if await seat.status(seat.visitors.place) == 200:
                break
            await asyncio.sleep(0.01)


async def test_a_file_of_a_tab_is_given_once_to_who_knows_its_key(seat: Seat) -> None:
    await seat.log_in()
    async with seat.tab() as socket:
        await drawn(socket, "pid")
        await socket.send_json(["stdin", 'file {"type": "file", "name": "a b.csv", "text": "x"}'])
        kind, key = await socket.receive_json(timeout=10)
        path = f"{seat.visitors.place}files/{key}"
        assert kind == "deliver_file_start"
        assert await seat.status(path, Origin="https://evil.example") == 403
        assert await seat.status(f"{seat.visitors.place}files/other") == 404
        answer = await seat.client.get(path)

        assert answer.headers["Content-Disposition"] == 'attachment; filename="a_b.csv"'
        assert answer.content_type == "application/octet-stream"
        assert await answer.text() == "x"
        assert await seat.status(path) == 404


async def test_a_process_that_ends_closes_its_tab(seat: Seat) -> None:
    await seat.log_in()
    async with seat.tab() as socket:
        await drawn(socket, "pid")
        await socket.send_str('["stdin", ""]')  # what the program takes for the end

        assert (await socket.receive(10)).type is WSMsgType.CLOSE


async def test_a_server_ends_after_the_processes_of_its_tabs() -> None:
    async with open_seat(ECHO + "time.sleep(0.3)") as seat:
        await seat.log_in()
        async with seat.tab() as socket:
            pid = int((await drawn(socket, "pid (\\d+);"))[4:-1])

    assert not is_there(pid)
