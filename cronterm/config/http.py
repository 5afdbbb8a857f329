"""The word `http`: a request as a job."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import yaml

from cronterm.config.fields import Bad, Reading
from cronterm.config.reader import Node, short
from cronterm.model.action import HttpRequest, HttpTimeouts

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LONGEST_BODY = 1 << 20

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = frozenset(
    ["connection", "content-length", "transfer-encoding", "te", "upgrade", "expect", "trailer"]
)
"""Headers that belong to the connection, not to the request."""


def read_http(r: Reading, node: Node, path: str) -> HttpRequest:
    """Return the request that `http` describes; a text alone is its url."""
    if isinstance(node, yaml.ScalarNode):
        return HttpRequest(url=_url(r, node, path))
    how: dict[str, Callable[[Node, str], Any]] = {
        "url": lambda node, path: _url(r, node, path),
        "method": lambda node, path: _method(r, node, path),
        "headers": lambda node, path: _headers(r, node, path),
        "body": lambda node, path: _body(r, node, path),
        "expect_status": r.one_or_list(r.integer(100, 599)),
        "timeout": lambda node, path: _timeouts(r, node, path),
        "allow_private": r.truth,
    }
    found = r.words(node, path, how)
    values = r.read_words(found, path, how)
    if "url" not in values:
        raise r.bad(node, path, "url is missing")
    timeouts = values.pop("timeout", HttpTimeouts())
    headers, headers_env = values.pop("headers", ((), ()))
    body, is_json = values.pop("body", ("", False))
    if is_json and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, ("Content-Type", "application/json"))
    return HttpRequest(
        headers=headers, headers_env=headers_env, body=body, timeouts=timeouts, **values
    )


def _url(r: Reading, node: Node, path: str) -> str:
    url = r.line(node, path)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise r.bad(node, path, f"{short(url)!r} is not a URL: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise r.bad(
            node, path, f"{short(url)!r} is not a URL", "it begins with http:// or https://"
        )
    if parts.username is not None or parts.password is not None:
        hint = "headers: {Authorization: {env: NAME}}"
        raise r.bad(node, path, "a URL with a password is shown to everybody", hint)
    if not url.isprintable() or " " in url:
        raise r.bad(node, path, f"{short(url)!r} has a space in it", "write %20")
    return url


def _method(r: Reading, node: Node, path: str) -> str:
    method = r.line(node, path).upper()
    if method not in METHODS:
        raise r.bad(node, path, f"{short(method)!r} is not one of {', '.join(METHODS)}")
    return method


def _headers(
    r: Reading, node: Node, path: str
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return headers with their values, and those whose value is a variable."""
    plain: list[tuple[str, str]] = []
    from_env: list[tuple[str, str]] = []
    seen: set[str] = set()
    for name, (key, value) in r.mapping(node, path).items():
        place = f"{path}.{name}"
        if not _TOKEN.fullmatch(name):
            raise r.bad(key, place, f"{short(name)!r} is not the name of a header")
        if name.lower() in _OURS or name.lower() in seen:
            why = "stands twice" if name.lower() in seen else "is set by cronterm itself"
            raise r.bad(key, place, f"the header {short(name)} {why}")
        seen.add(name.lower())
        if isinstance(value, yaml.MappingNode):
            from_env.append((name, _variable(r, value, place)))
        else:
            plain.append((name, _header_value(r, value, place)))
    return tuple(plain), tuple(from_env)


def _header_value(r: Reading, node: Node, path: str) -> str:
    text = r.loose_text(node, path)
    if not all(each == "\t" or each.isprintable() for each in text) or not _is_latin(text):
        raise r.bad(node, path, "a header is one line of Latin-1 text")
    return text.strip()


def _is_latin(text: str) -> bool:
    return all(ord(each) < 256 for each in text)


def _variable(r: Reading, node: Node, path: str) -> str:
    unknown = r.unknown_keys
    found = r.words(node, path, ["env"])
    if "env" not in found and r.unknown_keys > unknown:
        raise Bad
    if "env" not in found:
        raise r.bad(node, path, "env is missing", "{env: NAME} is a variable of the job")
    name = r.line(found["env"][1], f"{path}.env")
    if not _VARIABLE.fullmatch(name):
        raise r.bad(found["env"][1], f"{path}.env", f"{short(name)!r} is not a variable's name")
    return name


def _body(r: Reading, node: Node, path: str) -> tuple[str, bool]:
    """Return the body, and whether it is JSON made of a mapping or a list."""
    is_text = isinstance(node, yaml.ScalarNode)
    body = r.text(node, path) if is_text else json.dumps(r.json_value(node, path))
    if len(body.encode("utf-8", "surrogatepass")) > LONGEST_BODY:
        raise r.bad(node, path, "is longer than 1 MiB", "send it with a command: curl -d @FILE")
    return body, not is_text


def _timeouts(r: Reading, node: Node, path: str) -> HttpTimeouts:
    """Return the time limits; one duration is the limit of all of it."""
    if not isinstance(node, yaml.MappingNode):
        total = r.some_duration(node, path)
        return HttpTimeouts(connect=total, read=total, total=total)
    how = dict.fromkeys(("connect", "read", "total"), r.some_duration)
    found = r.words(node, path, how)
    return HttpTimeouts(**r.read_words(found, path, how))
