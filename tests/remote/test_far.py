"""Tests for the API on TCP: real requests over loopback, most of them hostile."""

import asyncio
import http.client
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cronterm.model.api import Api, Listener
from cronterm.model.command import PauseJob
from cronterm.model.query import Runs
from cronterm.remote.backoff import Backoff
from cronterm.remote.far import FAR, bind
from cronterm.remote.guard import MOST_PUNISHED
from cronterm.remote.wire import HELLO, OPENAPI, QUERY, SEND, STREAM
from tests.remote.door import until
from tests.remote.fake_control import FakeControl, job
from tests.remote.far import OPERATE, READ, FarHouse, far_house, write_tokens

PAUSE = b'{"type":"PauseJob","job":"backup"}'


def status(answer: bytes) -> int:
    """Return the status of a raw answer."""
    return int(answer.split(b" ", 2)[1])


def body(answer: bytes) -> bytes:
    """Return the body of a raw answer with a length."""
    return answer.partition(b"\r\n\r\n")[2]


async def test_a_command_is_carried_out_in_the_name_of_its_token(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        answer = await it.ask(it.request("POST", SEND, PAUSE))

    assert status(answer) == 200
    assert it.control.received == [(PauseJob(job="backup"), "api:ops")]


async def test_a_token_that_may_look_may_not_act(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        looks = await it.ask(it.request("POST", QUERY, b'{"type":"ListRuns"}', token=READ))
        acts = await it.ask(it.request("POST", SEND, PAUSE, token=READ))

    assert msgspec.json.decode(body(looks), type=Runs) == Runs(())
    assert status(acts) == 403
    assert it.control.received == []


NEAR_ONLY = [
    (SEND, {"type": "AddJob", "job": "x", "words": {"command": "id"}, "based_on": ""}),
    (SEND, {"type": "EditJob", "job": "backup", "words": {"command": "id"}, "based_on": ""}),
    (SEND, {"type": "DeleteJob", "job": "backup", "based_on": ""}),
    (SEND, {"type": "RewriteJob", "job": "backup", "text": "backup: {command: id}"}),
    (SEND, {"type": "RenameJob", "job": "backup", "new": "x"}),
    (SEND, {"type": "MoveJob", "job": "backup", "to": "x.yaml"}),
    (SEND, {"type": "UndoEdit", "based_on": ""}),
    (
        SEND,
        {"type": "RewriteJob", "job": "backup", "text": "backup:\n  command: id\n", "based_on": ""},
    ),
    (SEND, {"type": "RenameJob", "job": "backup", "new": "x", "based_on": ""}),
    (SEND, {"type": "ReloadConfig"}),
    (SEND, {"type": "ShutDown"}),
    (QUERY, {"type": "ReadConfig"}),
    (QUERY, {"type": "ReadResolved", "job": "backup"}),
]


@pytest.mark.parametrize(("path", "asked"), NEAR_ONLY, ids=lambda each: str(each)[:20])
async def test_what_defines_commands_is_for_the_unix_socket(
    tmp_path: Path, path: str, asked: dict[str, Any]
) -> None:
    async with far_house(tmp_path) as it:
        answer = await it.ask(it.request("POST", path, msgspec.json.encode(asked)))

    assert status(answer) == 403
    assert it.control.received == []


async def test_environments_are_not_shown_over_tcp(tmp_path: Path) -> None:
    control = FakeControl([job("backup", env={"PASSWORD": "hunter2"}, stdin="hunter2")])
    async with far_house(tmp_path, control=control) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(it.request("GET", STREAM))
        await reader.readuntil(b"event: snapshot")
        snapshot = await reader.readuntil(b"\n\n")
        writer.close()

    assert b"PASSWORD" in snapshot
    assert b"hunter2" not in snapshot


async def test_everybody_is_told_that_somebody_answers(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        answer = await it.ask(it.request("GET", "/healthz", token=None))

    assert (status(answer), body(answer)) == (200, b'{"ok":true}')


Hostile = dict[str, Any]

HOSTILE: dict[str, tuple[int, Hostile]] = {
    "no token": (401, {"token": None}),
    "an empty token": (401, {"token": ""}),
    "a wrong token": (401, {"token": "x" * 40}),
    "most of a token": (401, {"token": OPERATE[:-1]}),
    "more than a token": (401, {"token": OPERATE + "x"}),
    "a token of two lines": (400, {"token": f"{OPERATE}\r\n x\x00"}),
    "the token as a password": (401, {"token": None, "headers": [f"Authorization: Basic {READ}"]}),
    "two tokens": (401, {"headers": [f"Authorization: Bearer {OPERATE}"]}),
    "the token in the query": (401, {"token": None, "target": f"{HELLO}?token={OPERATE}"}),
    "the token in a cookie": (401, {"token": None, "headers": [f"Cookie: token={OPERATE}"]}),
    "no host": (400, {"host": ""}),
    "a foreign host": (403, {"host": "evil.example"}),
    "a foreign host with our port": (403, {"host": "evil.example:7878"}),
    "our name inside another": (403, {"host": "127.0.0.1.evil.example"}),
    "a user in the host": (403, {"host": "127.0.0.1@evil.example"}),
    "another address of ours": (403, {"host": "127.0.0.2"}),
    "every address": (403, {"host": "0.0.0.0"}),
    "a host that is none": (403, {"host": "[::1"}),
    "two hosts": (400, {"headers": ["Host: evil.example"]}),
    "a forwarded host": (403, {"host": "evil", "headers": ["X-Forwarded-Host: 127.0.0.1"]}),
    "a foreign page": (403, {"headers": ["Origin: https://evil.example"]}),
    "a page of another port": (403, {"headers": ["Origin: http://127.0.0.1:1"]}),
    "a page of nowhere": (403, {"headers": ["Origin: null"]}),
    "a page without a name": (403, {"headers": ["Origin: http://["]}),
    "a browser across sites": (403, {"headers": ["Sec-Fetch-Site: cross-site"]}),
    "a foreign page before a token": (403, {"token": None, "headers": ["Origin: http://x"]}),
    "upper case": (404, {"target": "/API/V1/HELLO"}),
    "two slashes": (404, {"target": "//api/v1/hello"}),
    "a slash more": (404, {"target": "/api/v1/hello/"}),
    "a climber": (404, {"target": "/healthz/../api/v1/hello"}),
    "a climber in disguise": (404, {"target": "/healthz/%2e%2e/api/v1/hello"}),
    "a slash in disguise": (404, {"target": "/healthz%2f..%2fapi%2fv1%2fhello"}),
    "an open road as a start": (401, {"token": None, "target": "/healthz/api/v1/hello"}),
    "an open road in another case": (401, {"token": None, "target": "/Healthz"}),
    "an open road with a semicolon": (401, {"token": None, "target": "/healthz;/api/v1/hello"}),
    "an open road behind a climber": (401, {"token": None, "target": "/api/../healthz"}),
    "a semicolon": (404, {"target": "/api/v1/hello;x=/healthz"}),
    "NUL": (404, {"target": "/api/v1/hello%00"}),
    "a NUL as it is": (400, {"target": "/api/v1/hello\x00"}),
    "no UTF-8": (404, {"target": "/api/v1/%ff"}),
    "a whole address": (404, {"target": "http://evil.example/api/v1/hello"}),
    "a place in another file": (404, {"target": "/../../../../etc/passwd"}),
    "another method in a header": (
        405,
        {"target": SEND, "headers": ["X-HTTP-Method-Override: POST"]},
    ),
    "another method in the query": (405, {"target": f"{SEND}?_method=POST"}),
    "a change by GET": (405, {"target": SEND}),
    "TRACE": (405, {"method": "TRACE"}),
    "CONNECT": (404, {"method": "CONNECT", "target": "127.0.0.1:22"}),
    "OPTIONS from afar": (403, {"method": "OPTIONS", "headers": ["Origin: https://evil.example"]}),
    "a form": (
        415,
        {"method": "POST", "target": SEND, "body": PAUSE, "headers": ["Content-Type: text/plain"]},
    ),
    "a form of a page": (
        415,
        {
            "method": "POST",
            "target": SEND,
            "body": PAUSE,
            "headers": ["Content-Type: application/x-www-form-urlencoded"],
        },
    ),
    "no type at all": (
        415,
        {"method": "POST", "target": SEND, "body": PAUSE, "headers": ["Content-Type:"]},
    ),
    "a command without a body": (415, {"method": "POST", "target": SEND}),
    "no JSON": (400, {"method": "POST", "target": SEND, "body": b"{"}),
    "deep JSON": (400, {"method": "POST", "target": SEND, "body": b"[" * 100_000}),
    "too large a body": (413, {"method": "POST", "target": SEND, "body": b"x" * (2 << 20)}),
    "a header without end": (431, {"headers": ["X: " + "x" * 40_000]}),
    "headers without end": (431, {"headers": [f"X-{n}: {'x' * 100}" for n in range(400)]}),
    "a header with a space": (400, {"headers": ["X : y"]}),
    "two lengths": (400, {"headers": ["Content-Length: 5"]}),
    "a length that is none": (400, {"headers": ["Content-Length: -1"]}),
    "a web socket": (401, {"token": None, "headers": ["Upgrade: websocket"]}),
}
assert len(HOSTILE) >= 60


def build(it: FarHouse, words: Hostile) -> bytes:
    """Return the request that these words mean."""
    left: Hostile = {"method": "GET", "target": HELLO, "body": b"", "headers": []} | words
    headers = left.pop("headers")
    given = (left.pop("method"), left.pop("target"), left.pop("body"))
    return it.request(*given, *headers, **left)


async def test_each_hostile_request_gets_its_refusal(tmp_path: Path) -> None:
    got = {}
    async with far_house(tmp_path) as it:
        for name, (_, words) in HOSTILE.items():
            answer = await it.ask(build(it, words))
            got[name] = status(answer) if answer else 0
        fine = await it.ask(it.request("GET", HELLO))

    assert got == {name: expected for name, (expected, _) in HOSTILE.items()}
    assert status(fine) == 200
    assert it.control.received == []


async def test_what_is_refused_is_refused_on_every_road(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        described = await it.ask(it.request("GET", OPENAPI))
        paths = msgspec.json.decode(body(described))["paths"]
        got = {
            (path, method): status(await it.ask(it.request(method.upper(), path, token=None)))
            for path, methods in paths.items()
            for method in methods
        }

    assert {at for at, code in got.items() if code != 401} == {("/healthz", "get")}


LYING_BODIES = {
    "two ways to end": (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\nGET /"),
    "a chunk that is no number": (b"Transfer-Encoding: chunked", b"zz\r\nabc\r\n0\r\n\r\n"),
    "a chunk longer than it says": (b"Transfer-Encoding: chunked", b"2\r\nabcdef\r\n0\r\n\r\n"),
    "an unknown way to end": (b"Transfer-Encoding: gzip", b"x"),
}


@pytest.mark.parametrize("name", LYING_BODIES)
async def test_bodies_that_lie_are_refused(tmp_path: Path, name: str) -> None:
    header, content = LYING_BODIES[name]
    async with far_house(tmp_path) as it:
        head = it.request("POST", SEND, b"", "Content-Type: application/json")
        head = head.replace(b"Content-Length: 0", header)
        answer = await it.ask(head + content)

    assert answer == b"" or status(answer) in (400, 501)
    assert answer.count(b"HTTP/1.1") <= 1
    assert it.control.received == []


async def test_who_waits_for_leave_is_refused_before_a_body_is_sent(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        head = it.request(
            "POST", SEND, b"", "Content-Type: application/json", "Expect: 100-continue"
        )
        answer = await it.ask(head.replace(b"Content-Length: 0", b"Content-Length: 1000000000"))

    assert status(answer) == 413


async def test_answers_to_wrong_tokens_are_held_back_and_right_ones_are_heard(
    tmp_path: Path,
) -> None:
    async with far_house(tmp_path, limits=replace(FAR, punishment_s=0.05)) as it:
        loop = asyncio.get_running_loop()
        wrong, took = [], []
        for _ in range(8):
            asked_at = loop.time()
            wrong.append(await it.ask(it.request("GET", HELLO, token="x" * 40)))
            took.append(loop.time() - asked_at)
        right = await it.ask(it.request("GET", HELLO))

    assert [status(answer) for answer in wrong] == [401] * 8
    assert [b"retry-after" in answer for answer in wrong] == [False] * 5 + [True] * 3
    assert b"retry-after: 4" in wrong[-1]
    assert min(took[5:]) > 0.045
    assert status(right) == 200


async def test_few_answers_are_held_back_at_once(tmp_path: Path) -> None:
    known = Backoff(lambda: 0.0)
    for _ in range(20):
        known.fail("127.0.0.1")  # from now on a guess waits longer than the test lasts
    async with far_house(tmp_path, limits=replace(FAR, punishment_s=60.0), backoff=known) as it:
        guess = it.request("GET", HELLO, token="x" * 40)
        guesses = [asyncio.ensure_future(it.ask(guess)) for _ in range(40)]
        await until(lambda: sum(each.done() for each in guesses) >= 40 - MOST_PUNISHED)
        right = await it.ask(it.request("GET", HELLO))
        held = [each for each in guesses if not each.done()]
        for each in held:
            each.cancel()
        await asyncio.wait(guesses)

    assert len(held) == MOST_PUNISHED
    assert status(right) == 200


async def test_a_request_that_comes_too_slowly_is_let_go(tmp_path: Path) -> None:
    async with far_house(tmp_path, limits=replace(FAR, head_s=0.05, body_s=0.05)) as it:
        no_head = await it.ask(b"GET /api/v1/hello HTTP/1.1\r\nX-Slow: ")
        head = it.request("POST", SEND, b"", "Content-Type: application/json")
        no_body = await it.ask(head.replace(b"Content-Length: 0", b"Content-Length: 9") + b"{")
        silent = await it.ask(b"")

    assert [status(no_head), status(no_body), silent] == [408, 408, b""]


async def test_idle_connections_make_room_for_who_asks(tmp_path: Path) -> None:
    async with far_house(tmp_path, limits=replace(FAR, connections=8)) as it:
        idle = [await asyncio.open_connection("127.0.0.1", it.port) for _ in range(50)]
        answer = await it.ask(it.request("GET", HELLO))
        ends = await asyncio.gather(*(_is_ended(reader) for reader, _ in idle[:40]))
        for _, writer in idle:
            writer.close()

    assert status(answer) == 200
    assert all(ends), "the first ones were let go"


async def _is_ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def test_who_does_not_read_is_let_go(tmp_path: Path) -> None:
    control = FakeControl([job(f"job-{n}", "x" * 2_000) for n in range(2_000)])
    async with far_house(tmp_path, control=control, limits=replace(FAR, taking_s=0.05)) as it:
        with socket.create_connection(("127.0.0.1", it.port)) as sock:
            sock.sendall(it.request("GET", STREAM))
            await until(lambda: it.control.readers == 1)
            await until(lambda: it.control.readers == 0)


async def test_streams_are_bounded(tmp_path: Path) -> None:
    async with far_house(tmp_path, limits=replace(FAR, streams=2)) as it:
        open_ones = []
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
            writer.write(it.request("GET", STREAM))
            await reader.readuntil(b"event: snapshot")
            open_ones.append(writer)
        refused = await it.ask(it.request("GET", STREAM))
        for writer in open_ones:
            writer.close()

    assert status(refused) == 503


async def test_requests_one_behind_the_other_are_answered_in_order(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        ask = it.request("GET", HELLO).replace(b"Connection: close\r\n", b"")
        last = it.request("GET", "/nowhere")
        answers = await it.ask(ask * 20 + last)

    assert answers.count(b"HTTP/1.1 200") == 20
    assert answers.count(b"HTTP/1.1 404") == 1


async def test_a_token_that_is_taken_away_counts_no_more(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        before = await it.ask(it.request("GET", HELLO))
        write_tokens(it.token_file, "n" * 40)
        await until_status(it, 401)
        new = await it.ask(it.request("GET", HELLO, token="n" * 40))
        it.token_file.chmod(0o644)
        await until_status(it, 401, token="n" * 40)
        it.token_file.unlink()
        nobody = await it.ask(it.request("GET", HELLO, token="n" * 40))

    assert [status(before), status(new), status(nobody)] == [200, 200, 401]


async def until_status(it: FarHouse, expected: int, token: str = OPERATE) -> None:
    """Return once a request gets this status."""
    got = 0
    while got != expected:
        got = status(await it.ask(it.request("GET", HELLO, token=token)))


async def test_a_host_that_is_named_is_ours(tmp_path: Path) -> None:
    async with far_house(tmp_path, hosts=("cron.example.com",)) as it:
        named = await it.ask(it.request("GET", HELLO, host="Cron.Example.com:443"))
        page = "Origin: https://cron.example.com"
        own = await it.ask(it.request("GET", HELLO, b"", page, host="cron.example.com"))
        local = await it.ask(it.request("GET", HELLO, host="localhost:8000"))

    assert [status(named), status(own), status(local)] == [200, 200, 200]


async def test_it_is_served_as_long_as_the_settings_say_so(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        first = it.port
        it.configure(Api())
        await until(lambda: not it.urls)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", first)
        it.configure(Api(listen=(Listener("127.0.0.1", 0),), token_file=str(it.token_file)))
        await until(lambda: bool(it.urls))
        answer = await it.ask(it.request("GET", HELLO))

    assert status(answer) == 200


async def test_a_place_that_is_taken_is_said_and_waited_for(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        with bind(Listener("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            api = Api(listen=(Listener("127.0.0.1", port),), token_file=str(it.token_file))
            it.configure(api)
            await until(lambda: bool(it.control.view.engine.listeners_trouble))
            trouble = it.control.view.engine.listeners_trouble
        await until(lambda: bool(it.urls))
        answer = await it.ask(it.request("GET", HELLO))

    assert f"http://127.0.0.1:{port}: Address already in use" in trouble
    assert status(answer) == 200
    assert it.control.view.engine.listeners_trouble == ""


async def test_it_is_served_on_ipv6_too(tmp_path: Path) -> None:
    try:
        bind(Listener("::1", 0)).close()
    except OSError:
        pytest.skip("no IPv6 here")
    async with far_house(tmp_path) as it:
        it.configure(Api(listen=(Listener("::1", 0),), token_file=str(it.token_file)))
        await until(lambda: it.urls[:1] != () and "[::1]" in it.urls[0])
        connection = http.client.HTTPConnection("::1", it.port, timeout=10)
        connection.request("GET", HELLO, headers={"Authorization": f"Bearer {READ}"})
        answer = await asyncio.to_thread(connection.getresponse)
        connection.close()

    assert answer.status == 200


async def test_closing_ends_the_streams(tmp_path: Path) -> None:
    async with far_house(tmp_path) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(it.request("GET", STREAM))
        await reader.readuntil(b"event: snapshot")
        it.configure(Api())
        rest = await reader.read()
        writer.close()

    assert rest.endswith(b"0\r\n\r\n")
