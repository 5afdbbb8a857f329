"""Who may come in over TCP: the right Host, no foreign page, a token. Before any route counts.

Everything that is not allowed is refused; `OPEN` names the one path that needs no token.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cronterm.config.tokens import Token, find_token, read_tokens
from cronterm.errors import BadInput
from cronterm.model.audit import Call
from cronterm.remote.backoff import Backoff
from cronterm.remote.operations import refusal

OPEN = frozenset(["/healthz"])
LARGEST_HEAD = 16 << 10  # bytes; what came in one piece has not been looked at before

METHODS = frozenset(["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"])
LONGEST_WHAT = 200
MOST_PUNISHED = 16  # of 64 connections


class TokenFile:
    """The tokens as they are in the file now. A file that cannot be used lets nobody in."""

    def __init__(self, path: Path, *, uid: int, on_trouble: Callable[[str], None]) -> None:
        self._path = path
        self._uid = uid
        self._on_trouble = on_trouble
        self._tokens: tuple[Token, ...] = ()
        self._seen: tuple[int, ...] | None = None
        self._trouble = ""

    def find(self, given: str) -> Token | None:
        """Return the token that `given` is, or None."""
        seen = self._state()
        if seen != self._seen or not self._tokens:
            self._seen = seen
            self._read()
        return find_token(self._tokens, given)

    def _state(self) -> tuple[int, ...]:
        """Return what differs when the file does."""
        try:
            about = self._path.stat()
        except OSError:
            return ()
        return (about.st_mtime_ns, about.st_ctime_ns, about.st_ino, about.st_size)

    def _read(self) -> None:
        trouble = ""
        try:
            self._tokens = read_tokens(self._path, self._uid)
        except BadInput as error:
            self._tokens, trouble = (), str(error)
        if trouble != self._trouble:
            self._trouble = trouble
            if trouble:
                self._on_trouble(trouble)


class Guard:
    """Lets requests through to `app`, with `state.token`, or refuses them."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: TokenFile,
        backoff: Backoff,
        hosts: Iterable[str],
        note: Callable[[Call], None],
        longest_s: float,
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._backoff = backoff
        self._hosts = frozenset(hosts)
        self._note = note
        self._longest_s = longest_s
        self._punished = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(_call(scope, message["status"]))
            await send(message)

        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, noting)
            return
        refused.headers["connection"] = "close"  # a guess costs a connection
        await self._punish(float(refused.headers.get("retry-after", 0)))
        await refused(scope, receive, noting)

    async def _punish(self, wait_s: float) -> None:
        """Hold an answer back, but only so many: who guesses must not take every place."""
        if not wait_s or self._punished >= MOST_PUNISHED:
            return
        self._punished += 1
        try:
            await asyncio.sleep(min(wait_s, self._longest_s))
        finally:
            self._punished -= 1

    def _refusal(self, scope: Scope) -> Response | None:
        """Return why a request is refused, or None; then its token is in `scope["state"]`."""
        if _head_bytes(scope) > LARGEST_HEAD:
            return refusal(431, "the head is too large")
        host = _only(scope, b"host")
        if host is None or not self._is_ours(_name(host), scope):
            hint = "use the address it listens at, or name it in settings.api.hosts"
            return refusal(403, "this is not the name of this machine", hint)
        if not _is_own_page(scope, host):
            return refusal(403, "other pages may not ask")
        if scope["path"] in OPEN:
            return None
        given = _bearer(scope)
        token = None if given is None else self._tokens.find(given)
        if token is not None:
            scope["state"]["token"] = token
            return None
        return self._unknown(scope, is_wrong=given is not None)

    def _unknown(self, scope: Scope, *, is_wrong: bool) -> Response:
        message = "the token is wrong" if is_wrong else "a token is needed"
        answer = refusal(401, message, "send it as `Authorization: Bearer TOKEN`")
        answer.headers["www-authenticate"] = "Bearer"
        wait_s = self._backoff.fail(_peer(scope)) if is_wrong else 0
        if wait_s:
            answer.headers["retry-after"] = str(wait_s)
        return answer

    def _is_ours(self, name: str, scope: Scope) -> bool:
        """Tell whether this machine is called so: by the address that was reached, or a name.

        A page that had its own name point here (DNS rebinding) comes with that name.
        """
        reached = scope["server"][0] if scope.get("server") else ""
        if name in self._hosts or name == reached:
            return True
        return name == "localhost" and (reached == "::1" or reached.startswith("127."))


def _call(scope: Scope, status: int) -> Call:
    """Return a call as it is remembered; of who has no token nothing that they chose."""
    state = scope["state"]
    token: Token | None = state.get("token")
    method = scope["method"] if scope["method"] in METHODS else "other"
    if token is None:
        return Call(_peer(scope), "", method, "", status)
    what = str(state.get("what") or scope["path"])[:LONGEST_WHAT]
    shown = "".join(char if char.isprintable() else "?" for char in what)
    return Call(_peer(scope), token.name, method, shown, status)


def _head_bytes(scope: Scope) -> int:
    headers = sum(len(key) + len(value) + 4 for key, value in scope["headers"])
    return headers + len(scope["raw_path"]) + len(scope["query_string"])


def _only(scope: Scope, name: bytes) -> str | None:
    """Return the value of a header that is there exactly once, or None."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def _name(host: str) -> str:
    """Return a Host without its port, in lower case; empty for what is none."""
    try:
        parts = urlsplit(f"//{host}")
        name, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    has_more = parts.path or parts.query or parts.fragment or "@" in host
    return "" if has_more else name.rstrip(".")


def _is_own_page(scope: Scope, host: str) -> bool:
    """Tell whether no browser asks for a page of somewhere else."""
    for key, value in scope["headers"]:
        if key == b"origin" and _place(value.decode("latin-1")) != host.lower():
            return False
        if key == b"sec-fetch-site" and value not in (b"same-origin", b"none"):
            return False
    return True


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _bearer(scope: Scope) -> str | None:
    """Return the token a request brings, or None where it brings none that can be read."""
    scheme, _, token = (_only(scope, b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
