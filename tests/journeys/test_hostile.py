"""The API under attack while fifty jobs a second keep their time. Takes a minute: marked long."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cronterm.model.query import ListRuns, Runs
from tests.journeys.house import House, house, wait_until
from tests.journeys.test_api import TOKEN, ask, free_port, is_served, write_tokens
from tests.remote.test_far import HOSTILE

pytestmark = pytest.mark.long

JOBS = 50
ATTACK_S = 10.0
GIGABYTE = 1 << 30


def jobs_file(port: int) -> str:
    """Return fifty jobs that run each second."""
    api = f'{{listen: "http://127.0.0.1:{port}", token_file: tokens}}'
    lines = [f"settings: {{api: {api}}}", "jobs:"]
    lines += [f'  j{n}: {{schedule: "* * * * * *", command: ["true"]}}' for n in range(JOBS)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def it(tmp_path: Path, port: int) -> Iterator[House]:
    """An engine that is busy and serves the API."""
    write_tokens(tmp_path)
    with house(tmp_path, jobs_file(port)) as made:
        made.start()
        wait_until(lambda: is_served(port), f"the API is served\n{made.log()}")
        yield made


def lateness_ms(it: House, attack: Callable[[float], None]) -> list[float]:
    """Return how late runs started, in order, while `attack` goes on until a time."""
    newest = it.door().query(ListRuns(limit=1, decisions=False))
    assert isinstance(newest, Runs)
    first = (newest.rows[-1].run or 0) if newest.rows else 0
    attack(time.monotonic() + ATTACK_S)
    found = it.door().query(ListRuns(decisions=False, limit=2_000))
    assert isinstance(found, Runs)
    return sorted(
        (row.started_at - row.scheduled_at) / 1000
        for row in found.rows
        if (row.run or 0) > first and row.started_at is not None and row.scheduled_at is not None
    )


def rest(until: float) -> None:
    """Attack nobody."""
    time.sleep(max(until - time.monotonic(), 0))


def together(*attacks: Callable[[float], None]) -> Callable[[float], None]:
    """Return attacks that go on at the same time."""

    def attack(until: float) -> None:
        threads = [threading.Thread(target=each, args=(until,)) for each in attacks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return attack


def connected(port: int) -> socket.socket:
    """Return a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def sit_idle(port: int) -> Callable[[float], None]:
    """Return an attack with five hundred connections, a third of them with half a request."""

    def attack(until: float) -> None:
        with contextlib.ExitStack() as stack:
            for n in range(500):
                sock = stack.enter_context(connected(port))
                if n % 3 == 0:
                    with contextlib.suppress(OSError):
                        sock.sendall(b"GET /jobs HTTP/1.1\r\nX-Slow: ")
            rest(until)

    return attack


def send_a_gigabyte(port: int, told: list[bytes]) -> Callable[[float], None]:
    """Return an attack with one body after the other that is far too large."""
    head = (
        f"POST /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {GIGABYTE}\r\n\r\n"
    ).encode()
    piece = b"x" * (1 << 16)

    def attack(until: float) -> None:
        while time.monotonic() < until:
            with connected(port) as sock:
                with contextlib.suppress(OSError):
                    sock.sendall(head)
                    for _ in range(GIGABYTE // len(piece)):
                        sock.sendall(piece)
                with contextlib.suppress(OSError):
                    told.append(sock.recv(100))
            rest(time.monotonic() + 0.05)

    return attack


def guess(port: int, told: list[bytes]) -> Callable[[float], None]:
    """Return an attack that guesses tokens as fast as it can."""

    def attack(until: float) -> None:
        number = 0
        while time.monotonic() < until:
            number += 1
            with contextlib.suppress(OSError), connected(port) as sock:
                token = f"{number:040}"
                head = f"GET /jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}"
                sock.sendall(f"{head}\r\n\r\n".encode())
                told.append(sock.recv(100))

    return attack


def test_jobs_keep_their_time_and_the_user_is_answered(it: House, port: int) -> None:
    assert it.engine is not None
    engine = psutil.Process(it.engine.pid)
    rest(time.monotonic() + 3)
    peace = lateness_ms(it, rest)
    large: list[bytes] = []
    guesses: list[bytes] = []
    answers: list[int] = []

    def use(until: float) -> None:
        while time.monotonic() < until:
            try:
                answers.append(ask(port, "GET", "/jobs")[0])
            except OSError:
                answers.append(0)
            rest(time.monotonic() + 0.2)

    most: list[int] = []

    def watch(until: float) -> None:
        while time.monotonic() < until:
            most.append(engine.num_fds())
            rest(time.monotonic() + 0.05)

    memory_before = engine.memory_info().rss
    war = lateness_ms(
        it,
        together(sit_idle(port), send_a_gigabyte(port, large), guess(port, guesses), use, watch),
    )
    peace_p99, war_p99 = peace[int(len(peace) * 0.99)], war[int(len(war) * 0.99)]
    grown = (engine.memory_info().rss - memory_before) / (1 << 20)
    figures = {
        "peace p99 ms": peace_p99,
        "war p50 ms": war[len(war) // 2],
        "war p99 ms": war_p99,
        "runs": (len(peace), len(war)),
        "guesses": len(guesses),
        "answers": (answers.count(200), len(answers)),
        "descriptors": max(most),
        "grown MiB": grown,
    }
    print(json.dumps(figures))

    assert len(war) >= JOBS * (ATTACK_S - 2), figures
    assert war_p99 < 200 + peace_p99, figures  # the attackers take CPU as well, on this machine
    assert answers.count(200) > 0.9 * len(answers) > 10, answers
    assert {answer[:12] for answer in guesses if answer} == {b"HTTP/1.1 401"}
    assert b"HTTP/1.1 413" in {answer[:12] for answer in large}
    assert max(most) < 250, figures
    assert grown < 50, figures
    wait_until(lambda: engine.num_fds() < 100, "every connection is let go", 20)


def test_each_hostile_request_gets_its_refusal_from_a_busy_engine(it: House, port: int) -> None:
    got = {}
    for name, (_, words) in HOSTILE.items():
        with connected(port) as sock, contextlib.suppress(OSError):
            got[name] = 0
            sock.sendall(raw(port, words))
            answer = sock.recv(100)
            got[name] = int(answer.split(b" ", 2)[1]) if answer else 0

    assert got == {name: expected for name, (expected, _) in HOSTILE.items()}
    assert ask(port, "GET", "/jobs")[0] == 200


def raw(port: int, words: dict[str, object]) -> bytes:
    """Return the request that these words mean, as `FarHouse.request` does."""
    given = {"method": "GET", "target": "/api/v1/hello", "body": b"", "headers": []} | words
    headers, body = given["headers"], given["body"]
    assert isinstance(headers, list)
    assert isinstance(body, bytes)
    host, token = given.get("host"), given.get("token", TOKEN)
    lines = [f"{given['method']} {given['target']} HTTP/1.1", "Connection: close"]
    lines += [f"Host: {host or f'127.0.0.1:{port}'}"] if host != "" else []
    lines += [f"Authorization: Bearer {token}"] if token is not None else []
    if body and not any(each.lower().startswith("content-type") for each in headers):
        lines.append("Content-Type: application/json")
    lines += [*headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body
