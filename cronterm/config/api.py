"""The words of `settings.api`."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cronterm.config.fields import Reading
from cronterm.config.reader import Node, short
from cronterm.config.tokens import read_tokens
from cronterm.errors import BadInput
from cronterm.model.api import Api, Listener

MOST_LISTENERS = 10

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")


def read_api(
    r: Reading, node: Node, path: str, *, place: Callable[[Node, str], str], uid: int
) -> Api:
    """Return what `settings.api` says; `place` reads a path, `uid` is the engine's user."""
    how: dict[str, Callable[[Node, str], Any]] = {
        "listen": r.one_or_list(lambda node, path: _listener(r, node, path)),
        "expose": r.truth,
        "token_file": lambda node, path: _token_file(r, node, path, place, uid),
        "hosts": r.one_or_list(lambda node, path: _host(r, node, path)),
        "metrics": r.truth,
        "stats_file": place,
    }
    found = r.words(node, path, how)
    values = {word: how[word](value, f"{path}.{word}") for word, (_, value) in found.items()}
    exposed = values.pop("expose", False)
    api = Api(**values)
    if not api.listen:
        return api
    key, listen = found["listen"]
    if len(api.listen) > MOST_LISTENERS or len(set(api.listen)) < len(api.listen):
        hint = f"at most {MOST_LISTENERS}, each once"
        raise r.bad(listen, f"{path}.listen", "too many addresses", hint)
    if not api.token_file:
        hint = "token_file: ~/.config/cronterm/token"
        raise r.bad(key, f"{path}.listen", "nobody is let in without a token", hint)
    _check_exposure(r, listen, f"{path}.listen", api, exposed=exposed)
    return api


def _check_exposure(r: Reading, node: Node, path: str, api: Api, *, exposed: bool) -> None:
    """Beyond loopback has to be said twice."""
    open_to_all = [each for each in api.listen if not _is_loopback(each)]
    if not open_to_all:
        return
    url = open_to_all[0].url
    if not exposed:
        message = f"{url} can be reached from other machines"
        raise r.bad(node, path, message, "say `expose: true` as well, or listen at 127.0.0.1")
    message = f"{url} carries the token in clear text"
    r.warn(node, path, message, "put a proxy with TLS before it, or use ssh")


def _is_loopback(listener: Listener) -> bool:
    return ipaddress.ip_address(listener.host).is_loopback


def _listener(r: Reading, node: Node, path: str) -> Listener:
    written = r.line(node, path)
    hint = "http://127.0.0.1:7878"
    try:
        parts = urlsplit(written)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise r.bad(node, path, f"{short(written)!r} is not an address", hint) from None
    if parts.scheme == "https":
        message = "TLS is not spoken here"
        raise r.bad(node, path, message, "listen with http:// and put a proxy before it")
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme != "http" or not port or has_more:
        raise r.bad(node, path, f"{short(written)!r} is not an address", hint)
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        message = f"{short(host)!r} is a name"
        raise r.bad(node, path, message, f"listen at an address: {hint}") from None
    if getattr(address, "scope_id", None):
        raise r.bad(node, path, f"{short(host)!r} has a zone", f"listen at an address: {hint}")
    return Listener(str(address), port)


def _host(r: Reading, node: Node, path: str) -> str:
    name = r.line(node, path)
    if not _HOST.fullmatch(name):
        hint = "cron.example.com, without port"
        raise r.bad(node, path, f"{short(name)!r} is not the name of a host", hint)
    return name.lower()


def _token_file(
    r: Reading, node: Node, path: str, place: Callable[[Node, str], str], uid: int
) -> str:
    file = place(node, path)
    try:
        read_tokens(Path(file), uid)
    except BadInput as error:
        r.texts[file] = ""  # watched like what was read: mended, it makes the jobs file good
        raise r.bad(node, path, error.message, error.hint) from None
    return file
