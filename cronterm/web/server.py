"""The server of the tabs: a page, the terminal in it, and a process for each that is open."""

import asyncio
import contextlib
import html
import json
import re
import secrets
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web

from cronterm.web.tab import Size, Tab, open_tab
from cronterm.web.visitors import COOKIE, Visitors

HERE = Path(__file__).parent
STATIC = Path(textual_serve.__file__).parent / "static"

HEARTBEAT_S = 15.0  # a browser that is gone without a word is noticed within one and a half
LARGEST_PASTE = 1 << 20  # bytes
CLOSE_S = 2.0  # a browser that does not answer
SHUTDOWN_S = 5.0  # the end of a tab, and a margin
MOST_FILES = 2  # of a tab that wait to be saved
NO_NAME = re.compile(r"[^A-Za-z0-9._-]")
RETRY_S = 3  # a page that finds no place asks again

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self';"
    " style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "cronterm",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer: nothing comes from elsewhere, nobody frames it, no address is passed on."""

LOGIN = """\
<!doctype html>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0;url=PLACE">
"""
LOGIN_FIRST = """\
Open the address that `cronterm web` printed. It is good for one browser; the program prints
another one for the next.
"""


@dataclass(frozen=True)
class Service:
    """What is served: a screen, started anew for each tab."""

    words: tuple[str, ...]
    """The argv of its process."""
    env: Mapping[str, str]
    """What its environment has besides ours."""
    title: str
    most_tabs: int


@dataclass
class Tabs:
    """The pages of one server."""

    service: Service
    visitors: Visitors
    on_login: Callable[[], None]
    """Called when an address was used, and there is a new one."""
    _open: set[web.WebSocketResponse] = field(default_factory=set)
    _files: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Names and texts that browsers are to save, by what each can be had with, once."""

    def app(self) -> web.Application:
        """Return what serves it."""
        inner = web.Application()
        inner.add_routes(
            [
                web.get("/", self._show_page),
                web.get("/page.js", self._show_script),
                web.get("/socket", self._serve_tab),
                web.get("/files/{key}", self._give_file, allow_head=False),
                web.static("/static", STATIC),
            ]
        )
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._log_in)
        app.add_subapp(self.visitors.place.rstrip("/"), inner)
        app.on_response_prepare.append(_add_headers)
        app.on_shutdown.append(self._close_all)
        return app

    @web.middleware
    async def _guard(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Let known browsers through, and whoever comes to log in."""
        is_login = request.path == "/"
        refused = self.visitors.refuse_stranger(
            _only(request, "Host"), _reached(request), request.headers, is_login=is_login
        )
        if refused is not None:
            return web.Response(status=refused.status, text=f"{refused.why}\n")
        is_socket = request.path == f"{self.visitors.place}socket"
        if is_socket and "Origin" not in request.headers:
            return web.Response(status=403, text="Only our own page may ask.\n")
        if not is_login and not self.visitors.knows(request.cookies.get(COOKIE, "")):
            return web.Response(status=401, text=LOGIN_FIRST)
        return await handler(request)

    async def _log_in(self, request: web.Request) -> web.Response:
        """Exchange the address for a cookie.

        The page goes on by itself: a redirect would still count as the foreign page's whose link
        was followed, and no strict cookie goes with it.
        """
        token = request.query.get("token", "")
        cookie = self.visitors.let_in(token) if request.method == "GET" else None
        if cookie is None:
            return web.Response(status=401, text=LOGIN_FIRST)
        place = self.visitors.place
        text = LOGIN.replace("PLACE", place)
        answer = web.Response(text=text, content_type="text/html")
        answer.set_cookie(
            COOKIE,
            cookie,
            path=place,
            httponly=True,
            samesite="Strict",
            secure=self.visitors.is_secure(request.host),
        )
        answer.headers["Cache-Control"] = "no-store"
        self.on_login()
        return answer

    async def _show_page(self, request: web.Request) -> web.Response:
        if len(self._open) >= self.service.most_tabs:
            return self._full()
        page = (HERE / "page.html").read_text(encoding="utf-8")
        page = page.replace("TITLE", html.escape(self.service.title))
        headers = {"Cache-Control": "no-store"}
        return web.Response(text=page, content_type="text/html", headers=headers)

    async def _show_script(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(HERE / "page.js")

    async def _give_file(self, request: web.Request) -> web.Response:
        """Give a file to save, once: nothing of it is shown as a page of ours."""
        name, text = self._files.pop(request.match_info["key"], ("", ""))
        if not name:
            raise web.HTTPNotFound
        headers = {
            "Content-Disposition": f'attachment; filename="{NO_NAME.sub("_", name)}"',
            "Cache-Control": "no-store",
        }
        return web.Response(body=text.encode(), headers=headers)

    def _full(self) -> web.Response:
        """Say that there is no place; whoever reloads a tab gets its own back in a moment."""
        text = f"{self.service.most_tabs} tabs are open, and there is no place for more.\n"
        headers = {"Refresh": f"{RETRY_S}", "Cache-Control": "no-store"}
        return web.Response(status=503, text=text, headers=headers)

    async def _serve_tab(self, request: web.Request) -> web.StreamResponse:
        """Run the process of a tab as long as its socket is open."""
        if len(self._open) >= self.service.most_tabs:
            return self._full()
        websocket = web.WebSocketResponse(
            timeout=CLOSE_S, heartbeat=HEARTBEAT_S, max_msg_size=LARGEST_PASTE
        )
        self._open.add(websocket)
        keys: list[str] = []

        async def hand_over(name: str, text: str) -> None:
            keys.append(secrets.token_urlsafe(16))
            if len(keys) > MOST_FILES:
                self._files.pop(keys.pop(0), None)
            self._files[keys[-1]] = name, text
            with contextlib.suppress(ConnectionError):
                await websocket.send_json(["deliver_file_start", keys[-1]])

        try:
            await websocket.prepare(request)
            size = Size.of(request.query.get("width"), request.query.get("height"))
            async with (
                open_tab(self.service.words, self.service.env, size) as tab,
                asyncio.TaskGroup() as tasks,
            ):
                drawing = tasks.create_task(_show(tab, websocket, hand_over), name="tab")
                await _take_keys(websocket, tab)
                drawing.cancel()
        finally:
            self._open.discard(websocket)
            for key in keys:
                self._files.pop(key, None)
        return websocket

    async def _close_all(self, app: web.Application) -> None:
        leaving = (each.close(code=WSCloseCode.GOING_AWAY) for each in [*self._open])
        await asyncio.gather(*leaving)


async def _show(
    tab: Tab, websocket: web.WebSocketResponse, hand_over: Callable[[str, str], Awaitable[None]]
) -> None:
    async def draw(drawn: bytes) -> None:
        with contextlib.suppress(ConnectionError):  # a screen that leaves still draws
            await websocket.send_bytes(drawn)

    await tab.show(draw, hand_over)
    await websocket.close()


async def _take_keys(websocket: web.WebSocketResponse, tab: Tab) -> None:
    """Pass on what the page sends until it is closed, or nobody takes it any more."""
    with contextlib.suppress(OSError, TimeoutError):
        async for message in websocket:
            if message.type is WSMsgType.TEXT:
                match _parsed(message.data):
                    case ["stdin", str(text)]:
                        await tab.type(text)
                    case ["resize", {"width": width, "height": height}]:
                        size = Size.of(width, height)
                        await tab.tell("resize", width=size.columns, height=size.rows)
                    case ["focus" | "blur" as kind]:
                        await tab.tell(kind)
                    case ["ping", str(sent)]:
                        await websocket.send_json(["pong", sent])


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _only(request: web.Request, name: str) -> str:
    """Return the value of a header that is there exactly once, or nothing."""
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else ""


def _reached(request: web.Request) -> str:
    """Return the address of this machine that a request came to."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return str(name[0]) if name else ""


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


async def serve_tabs(tabs: Tabs, sock: socket.socket, on_ready: Callable[[], None]) -> None:
    """Serve at a socket until SIGTERM or SIGINT; every tab has ended then."""
    leaving = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leaving.set)
    runner = web.AppRunner(tabs.app(), access_log=None, shutdown_timeout=SHUTDOWN_S)
    try:
        await runner.setup()
        await web.SockSite(runner, sock).start()
        on_ready()
        await leaving.wait()
    finally:
        await runner.cleanup()
