"""Requests as jobs: what is sent, what is told, and what they refuse. Loopback only."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import MILLISECOND, SECOND
from cronterm.model.action import HttpRequest, HttpTimeouts
from tests.execute.hold import Held, held
from tests.execute.server import CERTIFICATE, Server, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server that the tests of this module share."""
    with serving() as it:
        yield it


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Held]:
    """A runner."""
    async with held(tmp_path) as opened:
        yield opened


def limits(**seconds: float) -> HttpTimeouts:
    """Return timeouts from seconds."""
    return HttpTimeouts(**{name: round(value * SECOND) for name, value in seconds.items()})


async def test_an_answer_is_told_with_status_time_and_body(it: Held, server: Server) -> None:
    end = await it.run(1, HttpRequest(url=server.url("/a%20b/ä?q=1 2#part".replace(" ", "%20"))))
    status, body = it.text(1).decode().splitlines()

    assert end.exit_code == 0
    assert status.startswith("HTTP 200 OK in 0.")
    assert status.endswith("s, text/plain, 25 bytes")
    assert body == "GET /a%20b/%C3%A4?q=1%202"


async def test_method_headers_and_body_are_sent_as_they_are(it: Held, server: Server) -> None:
    request = HttpRequest(
        url=server.url("/hook"),
        method="POST",
        headers=(("Content-Type", "application/json"), ("X-Note", "é"), ("User-Agent", "me")),
        headers_env=(("Authorization", "TOKEN"),),
        body='{"a": "ü"}',
    )
    end = await it.run(1, request, env={"TOKEN": "Bearer s3cret"})
    method, _, headers, body = server.asked[-1]

    assert end.exit_code == 0
    assert (method, body) == ("POST", '{"a": "ü"}'.encode())
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["User-Agent"] == "me"
    assert headers["X-Note"].encode("latin-1").decode("latin-1") == "é"
    assert headers["Host"] == f"127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("path", "words", "code", "told"),
    [
        ("/status/503", {}, 1, "cronterm: unexpected status 503, expected 200 to 299"),
        ("/status/503", {}, 1, "this is what went wrong"),
        ("/status/204", {}, 0, "HTTP 204 No Content"),
        ("/status/404", {"expect_status": (404, 410)}, 0, "HTTP 404 Not Found"),
        ("/echo", {"expect_status": (201,)}, 1, "unexpected status 200, expected 201"),
        ("/echo", {"method": "HEAD"}, 0, "HTTP 200 OK"),
        ("/round/0", {"expect_status": (302,)}, 0, "HTTP 302"),
        ("/round/4", {}, 0, "GET /end"),
        ("/round/5", {}, 1, "redirects: more than 5, the last one to /end"),
        ("/to/302/file:///etc/passwd", {}, 1, "file:///etc/passwd is not a URL of http"),
        ("/to/302/http://[x/", {}, 1, "is not a URL of http"),
        ("/to/302/http://127.0.0.2:1/", {}, 1, "127.0.0.2 is 127.0.0.2, a private address"),
        ("/to/302/http://169.254.169.254/", {}, 1, "a link-local or metadata address"),
        ("/to/302/http://[::ffff:169.254.169.254]/", {}, 1, "link-local or metadata"),
        ("/to/302/http://127.0.0.1:1/", {}, 1, "127.0.0.1, a private address"),
        ("/large", {}, 0, "cronterm: the body is cut at 1,000,000 bytes"),
        ("/broken", {}, 1, "the body broke off, 996 bytes are missing"),
        ("/rubbish", {}, 1, "the answer is not HTTP: BadStatusLine"),
        ("/silent", {"timeouts": limits(read=0.3)}, 1, "timeout: no answer within 0.3 s"),
        (
            "/drip",
            {"timeouts": limits(total=0.5)},
            1,
            "timeout: not done within 0.5 s, while reading the body",
        ),
    ],
)
async def test_each_answer_has_its_end(
    it: Held, server: Server, path: str, words: dict[str, Any], code: int, told: str
) -> None:
    end = await it.run(1, HttpRequest(url=server.url(path), **words))

    assert (end.exit_code, told in it.text(1).decode()) == (code, True), it.text(1)[:2000]
    assert end.output_bytes < 1_010_000


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://nowhere.invalid/", "cronterm: DNS: nowhere.invalid: "),
        ("http://a..b/", "cronterm: DNS: a..b: is not a host name"),
        ("http://169.254.169.254/latest/", "a link-local or metadata address (allow_private"),
        ("http://[fe80::1]/", "a link-local or metadata address"),
        ("http://[64:ff9b::a9fe:a9fe]/", "is 64:ff9b::a9fe:a9fe, a link-local"),
        ("http://224.0.0.1/", "not the address of one machine"),
    ],
)
async def test_what_cannot_be_reached_says_why(it: Held, url: str, told: str) -> None:
    end = await it.run(1, HttpRequest(url=url))

    assert (end.exit_code, told in it.text(1).decode()) == (1, True), it.text(1)


async def test_a_closed_port_is_told_apart(it: Held) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    end = await it.run(1, HttpRequest(url=f"http://127.0.0.1:{port}/"))

    assert end.exit_code == 1
    assert it.text(1).decode() == f"cronterm: refused: 127.0.0.1:{port}: nothing listens there\n"


async def test_a_header_whose_variable_is_missing_or_broken_is_not_sent(
    it: Held, server: Server
) -> None:
    request = HttpRequest(url=server.url("/never"), headers_env=(("X-Key", "NO_SUCH_KEY"),))
    missing = await it.run(1, request)
    broken = await it.run(2, request, env={"NO_SUCH_KEY": "a\r\nX-Evil: 1"})

    assert (missing.exit_code, broken.exit_code) == (1, 1)
    assert b"wants $NO_SUCH_KEY, which is not set" in it.text(1)
    assert b"$NO_SUCH_KEY is not one line" in it.text(2)
    assert b"Evil" not in it.text(2)
    assert not any(path == "/never" for _, path, _, _ in server.asked)


async def test_allow_private_lets_an_answer_lead_to_a_neighbour_without_the_keys(
    it: Held, server: Server
) -> None:
    with serving("127.0.0.2") as neighbour:
        there = neighbour.url("/there", "127.0.0.2")
        request = HttpRequest(
            url=server.url(f"/to/302/{there}"),
            method="POST",
            headers=(("Authorization", "s3cret"), ("X-Api-Key", "s3cret"), ("Accept", "text/a")),
            body="form",
            allow_private=True,
        )
        end = await it.run(1, request)
        method, path, headers, body = neighbour.asked[-1]

    assert end.exit_code == 0
    assert it.text(1).decode().startswith(f"redirected to {there}\nHTTP 200")
    assert (method, path, body) == ("GET", "/there", b"")
    assert headers["Accept"] == "text/a"
    assert "s3cret" not in str(headers)


async def test_a_redirect_that_keeps_the_method_keeps_the_body(it: Held, server: Server) -> None:
    request = HttpRequest(url=server.url("/to/307//again"), method="PUT", body="form")
    end = await it.run(1, request)

    assert end.exit_code == 0
    assert server.asked[-1][:2] == ("PUT", "/again")
    assert server.asked[-1][3] == b"form"


async def test_a_certificate_is_verified(it: Held) -> None:
    with serving(has_tls=True) as server:
        trusted = {"SSL_CERT_FILE": str(CERTIFICATE)}
        plain = server.url("/to/302/http://127.0.0.1:1/")
        strange = await it.run(1, HttpRequest(url=server.url("/")))
        known = await it.run(2, HttpRequest(url=server.url("/")), env=trusted)
        wrong = await it.run(3, HttpRequest(url=server.url("/", "127.0.0.9")), env=trusted)
        down = await it.run(4, HttpRequest(url=plain), env=trusted)

    assert [end.exit_code for end in (strange, known, down)] == [1, 0, 1]
    assert b"TLS: the certificate of 127.0.0.1: self" in it.text(1)
    assert b"HTTP 200" in it.text(2)
    assert wrong.exit_code == 1
    assert b"redirects: from https to plain http" in it.text(4)


async def test_plain_http_where_tls_is_expected_is_told(it: Held, server: Server) -> None:
    url = server.url("/").replace("http:", "https:")
    end = await it.run(1, HttpRequest(url=url, timeouts=limits(connect=5)))

    assert end.exit_code == 1
    assert b"cronterm: TLS: 127.0.0.1: " in it.text(1)


async def test_a_name_of_this_machine_may_be_asked(it: Held, server: Server) -> None:
    end = await it.run(1, HttpRequest(url=server.url("/", "localhost")))

    assert end.exit_code == 0
    assert end.duration_us is not None
    assert end.duration_us > 10 * MILLISECOND
