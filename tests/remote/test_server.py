"""Tests for the door: who may come in, what is refused, how it closes."""

import asyncio
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cronterm.control import API_VERSION
from cronterm.errors import AlreadyRunning, CrontermError, NoEngine
from cronterm.model.command import Answer, PauseJob, RunJob
from cronterm.model.query import ListRuns
from cronterm.remote.client import RequestClient
from cronterm.remote.peer import Limits
from cronterm.remote.server import bind
from cronterm.remote.wire import HELLO, QUERY, SCOPE_HEADER, SEND, STREAM, Hello, Trouble
from cronterm.users import user_name
from tests.remote.door import connect, exchange, house, request, until

IS_ROOT = os.geteuid() == 0


def status(answer: bytes) -> int:
    """Return the status of a raw answer."""
    return int(answer.split(b" ", 2)[1])


def body(answer: bytes) -> bytes:
    """Return the body of a raw answer with a length."""
    return answer.partition(b"\r\n\r\n")[2]


async def test_hello_tells_who_answers(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        hello = await asyncio.to_thread(it.client.hello)

    assert hello == Hello(API_VERSION, hello.version, os.getpid(), it.control.view.store)


@pytest.mark.parametrize("length", [20, 150])
async def test_the_socket_is_private_wherever_it_lies(tmp_path: Path, length: int) -> None:
    directory = tmp_path / ("d" * length)
    directory.mkdir()
    before = os.umask(0)
    try:
        async with house(directory / "api.sock") as it:
            about = (directory / "api.sock").stat()
            snapshot = await asyncio.to_thread(it.client.snapshot)
    finally:
        os.umask(before)

    assert stat.S_IMODE(about.st_mode) == 0o600
    assert set(snapshot.jobs) == {"backup", "talker"}
    assert list(directory.iterdir()) == []


async def test_who_only_looks_is_refused_what_would_change_something(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        looking = it.client.that_only_looks()
        snapshot = await asyncio.to_thread(looking.snapshot)
        await asyncio.to_thread(looking.query, ListRuns())
        with pytest.raises(CrontermError, match="may look, not act"):
            await asyncio.to_thread(looking.send, PauseJob(job="backup"))
        hook = request("POST", "/hooks/deploy", b"", f"{SCOPE_HEADER}: read")
        refused = await exchange(it.path, hook)
        assert it.control.view.jobs["backup"].pause is None
        answer = await asyncio.to_thread(it.client.send, PauseJob(job="backup"))

    assert set(snapshot.jobs) == {"backup", "talker"}
    assert status(refused) == 403
    assert answer.ok
    assert it.control.view.jobs["backup"].pause is not None


KNOCK = """
import socket, sys
sock = socket.socket(socket.AF_UNIX)
try:
    sock.connect(sys.argv[1])
    sock.sendall(b"GET /api/v1/hello HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print("answer", sock.recv(100))
except OSError as error:
    print("error", type(error).__name__)
"""


async def knock_as_nobody(path: Path) -> str:
    """Return what another user gets."""
    # The system's interpreter: this one may live where nobody else may look.
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    words = ["setpriv", "--reuid=65534", "--clear-groups", python, "-I", "-c", KNOCK]
    done = await asyncio.to_thread(
        subprocess.run, [*words, str(path)], capture_output=True, text=True, check=False, cwd="/"
    )
    return done.stdout.strip() or done.stderr


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


@pytest.mark.skipif(not IS_ROOT, reason="only root can be somebody else")
async def test_another_user_does_not_get_in(open_directory: Path) -> None:
    async with house(open_directory / "s") as it:
        by_the_mode = await knock_as_nobody(open_directory / "s")
        (open_directory / "s").chmod(0o666)
        by_the_peer = await knock_as_nobody(open_directory / "s")
        hello = await asyncio.to_thread(it.client.hello)

    assert by_the_mode == "error PermissionError"
    assert by_the_peer in ("answer b''", "error ConnectionResetError", "error BrokenPipeError")
    assert hello.api == API_VERSION


async def test_a_command_carries_the_name_of_who_sent_it(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        answer = await asyncio.to_thread(it.client.send, PauseJob(job="backup"))

    assert answer.ok
    assert [by for _, by in it.control.received] == [user_name(os.geteuid())]


async def test_a_command_sent_twice_is_carried_out_once(tmp_path: Path) -> None:
    command = RunJob(id="one", job="backup")
    async with house(tmp_path / "s") as it:
        first = await asyncio.to_thread(it.client.send, command)
        second = await asyncio.to_thread(it.client.send, command)

    assert first == second
    assert len(it.control.received) == 1


async def test_a_command_sent_twice_at_once_is_carried_out_once(tmp_path: Path) -> None:
    command = RunJob(id="one", job="backup")
    async with house(tmp_path / "s") as it:
        it.control.gate = asyncio.Event()
        both = [asyncio.ensure_future(asyncio.to_thread(it.client.send, command)) for _ in "ab"]
        await until(lambda: bool(it.control.received))
        it.control.gate.set()
        first, second = await asyncio.gather(*both)

    assert first == second
    assert len(it.control.received) == 1


async def test_a_command_is_carried_out_even_if_its_sender_leaves(tmp_path: Path) -> None:
    command = msgspec.json.encode(PauseJob(id="one", job="backup"))
    async with house(tmp_path / "s") as it:
        it.control.gate = asyncio.Event()
        _, writer = await connect(it.path)
        writer.write(request("POST", SEND, command))
        await until(lambda: bool(it.control.received))
        writer.close()
        it.control.gate.set()
        answer = await asyncio.to_thread(it.client.send, PauseJob(id="one", job="backup"))

    assert answer.ok
    assert it.control.view.jobs["backup"].pause is not None
    assert len(it.control.received) == 1


async def test_an_error_of_the_engine_reaches_the_client_as_it_was(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        answer = await exchange(it.path, request("POST", SEND, b'{"type":"ReloadConfig"}'))

    told = msgspec.json.decode(body(answer), type=Trouble)
    assert (status(answer), told.message) == (409, "ReloadConfig is not for a fake")


BAD_REQUESTS = {
    "no HTTP": (b"\x00\x01\x02\r\n\r\n", 400),
    "no JSON": (request("POST", SEND, b"{"), 400),
    "nothing": (request("POST", SEND), 400),
    "no text": (request("POST", SEND, b'{"type":"RunJob","job":"\xff"}'), 400),
    "no command": (request("POST", SEND, b'{"type":"Fly","job":"a"}'), 400),
    "a command without a job": (request("POST", SEND, b'{"type":"RunJob"}'), 400),
    "too deep": (request("POST", SEND, b'{"type":"AddJob","words":' + b"[" * 300_000), 400),
    "past the year 9999": (
        request("POST", SEND, b'{"type":"PauseJob","job":"backup","until":999999999999999999}'),
        400,
    ),
    "no int64": (request("POST", QUERY, b'{"type":"ReadRun","run":99999999999999999999}'), 400),
    "before the file": (request("POST", QUERY, b'{"type":"ReadOutput","run":1,"offset":-1}'), 400),
    "too large": (request("POST", SEND, b"x" * ((1 << 20) + 1)), 413),
    "a head without end": (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431),
    "another road": (request("GET", "/api/v1/jobs"), 404),
    "a climber": (request("GET", "/api/v1/../../etc/passwd"), 404),
    "upper case": (request("GET", "/API/V1/HELLO"), 404),
    "to get a change": (request("GET", SEND), 405),
    "to post a question": (request("POST", HELLO), 405),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
async def test_what_is_no_request_is_refused_and_the_door_stays_open(
    tmp_path: Path, name: str
) -> None:
    content, expected = BAD_REQUESTS[name]
    async with house(tmp_path / "s") as it:
        answer = await exchange(it.path, content)
        hello = await asyncio.to_thread(it.client.hello)

    assert status(answer) == expected
    assert hello.api == API_VERSION
    assert it.control.received == []


@pytest.mark.parametrize(("spoken", "side"), [("99", "restart the engine"), ("0", "this program")])
async def test_another_api_is_refused_with_the_side_to_restart(
    tmp_path: Path, spoken: str, side: str
) -> None:
    content = request("POST", SEND, b'{"type":"RunJob","job":"backup"}', f"cronterm-api: {spoken}")
    async with house(tmp_path / "s") as it:
        answer = await exchange(it.path, content)

    told = msgspec.json.decode(body(answer), type=Trouble)
    assert status(answer) == 409
    assert f"this program API {spoken}" in told.message
    assert side in told.hint
    assert it.control.received == []


async def test_who_says_nothing_is_let_go(tmp_path: Path) -> None:
    async with house(tmp_path / "s", limits=Limits(head_s=0.05)) as it:
        silent = await exchange(it.path, b"")
        half = await exchange(it.path, b"GET /api/v1/hello HT")

    assert silent == b""
    assert status(half) == 408


async def test_who_promises_a_body_and_sends_none_is_let_go(tmp_path: Path) -> None:
    head = b"POST /api/v1/send HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
    async with house(tmp_path / "s", limits=Limits(body_s=0.05)) as it:
        answer = await exchange(it.path, head)

    assert status(answer) == 408


async def test_connections_are_bounded(tmp_path: Path) -> None:
    async with house(tmp_path / "s", limits=Limits(connections=3)) as it:
        kept = [await connect(it.path) for _ in range(3)]
        refused = await exchange(it.path, request("GET", HELLO))
        for _, writer in kept:
            writer.close()
            await writer.wait_closed()
        hello = await asyncio.to_thread(it.client.hello)

    assert refused == b""
    assert hello.api == API_VERSION


async def test_the_leftover_of_a_dead_engine_is_taken_away(tmp_path: Path) -> None:
    bind(tmp_path / "s").close()
    assert (tmp_path / "s").is_socket()

    async with house(tmp_path / "s") as it:
        assert (await asyncio.to_thread(it.client.hello)).pid == os.getpid()


def test_the_socket_of_a_living_engine_is_left_alone(tmp_path: Path) -> None:
    with bind(tmp_path / "s") as living:
        with pytest.raises(AlreadyRunning):
            bind(tmp_path / "s")

        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(tmp_path / "s"))
            living.accept()[0].close()


def test_a_place_that_cannot_be_bound_is_said(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()

    with pytest.raises(CrontermError, match="directory"):
        bind(tmp_path / "s")


async def test_a_closing_door_answers_what_was_asked(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        it.control.gate = asyncio.Event()
        asked = asyncio.ensure_future(asyncio.to_thread(it.client.send, PauseJob(job="backup")))
        await until(lambda: bool(it.control.received))
        it.serving.cancel()
        await until(lambda: not it.path.exists())
        it.control.gate.set()
        answer = await asked

    assert answer == Answer(ok=True, n=it.control.view.n, message="paused backup")


async def test_a_closing_door_ends_its_streams(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        reader, writer = await connect(it.path)
        writer.write(request("GET", STREAM))
        await reader.readuntil(b"event: snapshot")
        await it.close()
        rest = await reader.read()
        writer.close()

    assert rest.endswith(b"0\r\n\r\n"), "the stream ends as HTTP says"
    assert it.control.readers == 0
    with pytest.raises(NoEngine):
        RequestClient(it.path).hello()
