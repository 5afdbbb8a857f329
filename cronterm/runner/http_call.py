"""Makes the request of an `http:` job, in a process of its own.

Standard library only; it does not import cronterm. The request comes as JSON on stdin: url, method,
headers, headers_env, body, expect_status, connect_s, read_s, total_s, allow_private. The answer's
status and the time it took go to stdout, then its body; what is wrong goes to stderr.
"""

import http.client
import ipaddress
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit

MOST_BODY = 1_000_000  # bytes of an answer that are read
MOST_REDIRECTS = 5
READ_MOST = 64 << 10
REDIRECTS = (301, 302, 303, 307, 308)
STRANGERS_MAY_KNOW = frozenset(
    ["accept", "accept-encoding", "accept-language", "user-agent", "content-type"]
)
"""Headers that go along when an answer leads to another server."""

METADATA = tuple(
    ipaddress.ip_network(each)
    for each in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32")
)
"""Link-local addresses and those where clouds tell a machine its secrets."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Failure(Exception):
    """The request failed; the text is for a person."""


@dataclass
class Request:
    """What to ask for, and where it has got to."""

    url: str
    method: str
    headers: dict[str, str]
    body: bytes | None
    connect_s: float
    read_s: float
    allow_private: bool
    expect_status: Sequence[int]
    named: tuple[str, int] = ("", 0)
    """Host and port that the jobs file names."""
    stage: str = "starting"
    redirects: list[str] = field(default_factory=list)


def read_request(text: str, environ: Mapping[str, str]) -> Request:
    """Return the request of a JSON text. Raises `Failure` for a variable that is not there."""
    asked = json.loads(text)
    headers = {"User-Agent": "cronterm", "Accept": "*/*", "Accept-Encoding": "identity"}
    given = dict(asked["headers"])
    for name, variable in asked["headers_env"]:
        if variable not in environ:
            raise Failure(f"the header {name} wants ${variable}, which is not set")
        given[name] = environ[variable].strip()
        if not all(32 <= ord(each) < 256 and ord(each) != 127 for each in given[name]):
            raise Failure(f"the header {name}: ${variable} is not one line of Latin-1 text")
    lower = {name.lower() for name in given}
    headers = {name: value for name, value in headers.items() if name.lower() not in lower}
    body = asked["body"].encode("utf-8") if asked["body"] else None
    return Request(
        url=asked["url"],
        method=asked["method"],
        headers=headers | given,
        body=body,
        connect_s=asked["connect_s"],
        read_s=asked["read_s"],
        allow_private=asked["allow_private"],
        expect_status=asked["expect_status"],
        named=place_of(urlsplit(asked["url"])),
    )


def place_of(parts: SplitResult) -> tuple[str, int]:
    """Return host and port of a URL."""
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


# -- where it may go -----------------------------------------------------------------------------


def refusal(address: Address, *, is_named: bool) -> str:
    """Return why an address is not asked, or nothing.

    The author of the jobs file may name any host of this network, but link-local addresses, where
    clouds keep a machine's keys, are nobody's service. An answer may lead to public ones only.
    """
    if isinstance(address, ipaddress.IPv6Address):  # some are a coat for an IPv4 address
        inside = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inside or address
    if any(address in network for network in METADATA if network.version == address.version):
        return "a link-local or metadata address"
    if address.is_multicast or address == ipaddress.ip_address("255.255.255.255"):
        return "not the address of one machine"
    return "" if is_named or address.is_global else "a private address"


def resolve(request: Request, parts: SplitResult) -> list[tuple[int, Any]]:
    """Return (family, socket address) of a host, checked: these are connected to, no others."""
    host, port = place_of(parts)
    is_named = host == request.named[0] and port in (request.named[1], 80, 443)
    request.stage = f"looking up {host}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else "is not a host name"
        raise Failure(f"DNS: {host}: {reason}") from None
    if not request.allow_private:
        for _, _, _, _, where in found:
            address = ipaddress.ip_address(str(where[0]).partition("%")[0])
            why = refusal(address, is_named=is_named)
            if why:
                hint = "allow_private: true lets it"
                raise Failure(f"refused: {host} is {address}, {why} ({hint})")
    return [(family, where) for family, _, _, _, where in found]


def connect(request: Request, parts: SplitResult) -> socket.socket:
    """Return a connection to one of the host's addresses, with TLS where the URL says so."""
    problem: OSError = OSError("it has no address")
    host = parts.hostname or ""
    for family, where in resolve(request, parts):
        request.stage = f"connecting to {where[0]} port {where[1]}"
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.settimeout(request.connect_s)
        try:
            plain.connect(where)
        except OSError as error:
            plain.close()
            problem = error
            continue
        if parts.scheme == "http":
            return plain
        return _secured(request, plain, host)
    if isinstance(problem, TimeoutError):
        raise Failure(f"timeout: no connection within {request.connect_s:g} s") from None
    if isinstance(problem, ConnectionRefusedError):
        raise Failure(f"refused: {parts.netloc}: nothing listens there") from None
    raise Failure(f"connection: {parts.netloc}: {problem.strerror or problem}") from None


def _secured(request: Request, plain: socket.socket, host: str) -> socket.socket:
    request.stage = f"agreeing on TLS with {host}"
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        plain.close()
        raise Failure(f"TLS: the certificate of {host}: {error.verify_message}") from None
    except TimeoutError:
        plain.close()
        raise Failure(f"timeout: no TLS with {host} within {request.connect_s:g} s") from None
    except (OSError, ValueError) as error:
        plain.close()
        reason = getattr(error, "reason", None) or error
        raise Failure(f"TLS: {host}: {reason}") from None


# -- one request ---------------------------------------------------------------------------------


def ask(request: Request) -> http.client.HTTPResponse:
    """Send the request to where its URL leads by now; return the answer, its body unread."""
    parts = urlsplit(request.url)
    host, port = place_of(parts)
    connection = http.client.HTTPConnection(host, port)
    connection.sock = connect(request, parts)
    connection.sock.settimeout(request.read_s)
    request.stage = f"waiting for the answer of {host}"
    target = quote(parts.path or "/", safe="/%:=&?~#+!$,;'@()*[]")
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:=&?~#+!$,;'@()*[]")
    headers = {"Host": _host(parts), "Connection": "close"} | request.headers
    if any(name.lower() == "host" for name in request.headers):
        del headers["Host"]
    try:
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1"))
        if request.body is not None or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body or b"")))
        connection.endheaders(request.body)
        return connection.getresponse()
    except TimeoutError:
        raise Failure(f"timeout: no answer within {request.read_s:g} s") from None
    except http.client.HTTPException as error:
        raise Failure(f"the answer is not HTTP: {type(error).__name__}: {error}") from None
    except OSError as error:
        raise Failure(f"connection: {host}: {error.strerror or error}") from None


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    is_usual = parts.port in (None, 443 if parts.scheme == "https" else 80)
    return host if is_usual else f"{host}:{parts.port}"


def follow(request: Request) -> http.client.HTTPResponse:
    """Ask, and go where answers lead, five times at most."""
    while True:
        answer = ask(request)
        to = answer.getheader("Location")
        if answer.status not in REDIRECTS or answer.status in request.expect_status or not to:
            return answer
        answer.close()
        if len(request.redirects) == MOST_REDIRECTS:
            raise Failure(f"redirects: more than {MOST_REDIRECTS}, the last one to {shown(to)}")
        redirect(request, answer.status, to)


def redirect(request: Request, status: int, to: str) -> None:
    """Turn the request to where an answer leads. Raises `Failure` where it may not go."""
    before = urlsplit(request.url)
    try:
        url = urljoin(request.url, to)
        after = urlsplit(url)
        is_good = after.scheme in ("http", "https") and bool(after.hostname) and url.isprintable()
        origins = [(each.scheme, each.hostname, each.port) for each in (before, after)]
    except ValueError:
        is_good = False
    if not is_good or " " in url:
        raise Failure(f"redirects: {shown(to)} is not a URL of http or https")
    if (before.scheme, after.scheme) == ("https", "http"):
        raise Failure(f"redirects: from https to plain http: {shown(url)}")
    if origins[0] != origins[1]:
        request.headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() in STRANGERS_MAY_KNOW
        }
    if status == 303 or (status in (301, 302) and request.method == "POST"):
        request.method = "HEAD" if request.method == "HEAD" else "GET"
        request.body = None
        request.headers = {
            name: value for name, value in request.headers.items() if name.lower() != "content-type"
        }
    request.url = url
    request.redirects.append(url)


def read_body(request: Request, answer: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """Return the body, at most `MOST_BODY` bytes of it, and whether that is all."""
    request.stage = "reading the body"
    body = bytearray()
    try:
        while len(body) <= MOST_BODY and (part := answer.read1(READ_MOST)):
            body += part
    except TimeoutError:
        raise Failure(f"timeout: the body stopped coming for {request.read_s:g} s") from None
    except (OSError, http.client.HTTPException) as error:
        raise Failure(f"connection: the body broke off: {error}") from None
    is_whole = len(body) <= MOST_BODY
    if is_whole and answer.length:  # what was announced and never came
        raise Failure(f"connection: the body broke off, {answer.length:,} bytes are missing")
    return bytes(body[:MOST_BODY]), is_whole


def shown(text: str) -> str:
    """Return what a server said as it may be printed in a message."""
    return "".join(each if each.isprintable() else "?" for each in text[:200])


# -- the process ---------------------------------------------------------------------------------


def run(request: Request) -> bool:
    """Make the request and print its answer; return whether its status is as expected."""
    begun = time.monotonic()
    answer = follow(request)
    body, is_whole = read_body(request, answer)
    took = time.monotonic() - begun
    for url in request.redirects:
        print(f"redirected to {shown(url)}")
    kind = shown(answer.getheader("Content-Type") or "no type")
    size = f"{len(body):,} bytes" if is_whole else f"more than {MOST_BODY:,} bytes"
    print(f"HTTP {answer.status} {shown(answer.reason)} in {took:.3f} s, {kind}, {size}")
    sys.stdout.flush()
    sys.stdout.buffer.write(body)
    if body and not body.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
    if not is_whole:
        say(f"the body is cut at {MOST_BODY:,} bytes")
    expected = request.expect_status
    is_expected = answer.status in expected if expected else 200 <= answer.status < 300
    if not is_expected:
        wanted = ", ".join(map(str, expected)) or "200 to 299"
        say(f"unexpected status {answer.status}, expected {wanted}")
    return is_expected


def say(text: str) -> None:
    """Print a line for people."""
    print(f"cronterm: {text}", file=sys.stderr, flush=True)


def main() -> None:
    """Make the request of stdin within its time; exit with 0, or with 1 and the reason."""
    asked = sys.stdin.read()
    total_s = json.loads(asked)["total_s"]
    outcome: list[bool] = []

    def attempt() -> None:
        try:
            outcome.append(run(request))
        except Failure as failure:
            say(str(failure))

    try:
        request = read_request(asked, os.environ)
    except Failure as failure:
        say(str(failure))
        sys.exit(1)
    # A thread, because nothing else ends the wait for a name server in time.
    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(total_s)
    if thread.is_alive():
        say(f"timeout: not done within {total_s:g} s, while {request.stage}")
        os._exit(1)
    sys.exit(0 if outcome == [True] else 1)


if __name__ == "__main__":
    main()
