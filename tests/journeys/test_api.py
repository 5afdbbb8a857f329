"""The API over TCP with a real engine: asked for, reached, closed again, refused."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house, wait_until

TOKEN = "a" * 40
READ = "b" * 40

JOBS = """
settings:
  api: {{listen: "http://127.0.0.1:{port}", token_file: tokens, metrics: true}}
jobs:
  greet: {{command: "echo $WORD", env: {{WORD: hunter2}}}}
  hooked: {{command: 'test "$CRONTERM_EVENT_BODY" = now', triggers: [{{webhook: {{path: go}}}}]}}
"""
SILENT = """
jobs:
  greet: {command: "echo hello"}
"""


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def write_tokens(directory: Path) -> None:
    """Write the file of tokens."""
    path = directory / "tokens"
    path.write_text(f"operate ci {TOKEN}\nread eyes {READ}\n", encoding="ascii")
    path.chmod(0o600)


def ask(
    port: int, method: str, path: str, content: Any = None, *, token: str = TOKEN
) -> tuple[int, str]:
    """Return status and text of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = None
    if content is not None:
        headers["Content-Type"] = "application/json"
        body = json.dumps(content)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def it(tmp_path: Path, port: int) -> Iterator[House]:
    """An engine that serves the API."""
    write_tokens(tmp_path)
    with house(tmp_path, JOBS.format(port=port)) as made:
        made.start()
        wait_until(lambda: is_served(port), f"the API is served\n{made.log()}")
        yield made


def is_served(port: int) -> bool:
    """Tell whether somebody answers."""
    try:
        return ask(port, "GET", "/healthz", token="")[0] == 200
    except OSError:
        return False


def test_a_run_is_started_followed_and_shown_without_its_secrets(it: House, port: int) -> None:
    status, answer = ask(port, "POST", "/api/v1/send", {"type": "RunJob", "job": "greet"})
    it.wait_idle()
    _, runs = ask(port, "POST", "/api/v1/query", {"type": "ListRuns"}, token=READ)
    _, run = ask(port, "POST", "/api/v1/query", {"type": "ReadRun", "run": 1})
    _, metrics = ask(port, "GET", "/metrics", token=READ)

    assert status == 200
    assert json.loads(answer)["run"] == 1
    assert [(row["outcome"], row["by"]) for row in json.loads(runs)["rows"]] == [
        ("succeeded", "api:ci")
    ]
    assert "WORD" in run
    assert "hunter2" not in run
    assert 'cronterm_job_runs_total{job="greet"} 1.0' in metrics
    assert it.status()["engine"]["listeners"] == [f"http://127.0.0.1:{port}"]


def test_a_webhook_is_called_with_a_token_that_may_act(it: House, port: int) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/hooks/go", b"now", headers)
    called = connection.getresponse().status
    connection.close()
    unknown, _ = ask(port, "POST", "/hooks/nothing")
    looked, _ = ask(port, "POST", "/hooks/go", token=READ)
    it.wait_idle()

    assert [called, unknown, looked] == [202, 404, 403]
    assert [(row["job"], row["outcome"]) for row in it.history()] == [("hooked", "succeeded")]


def test_nothing_is_defined_over_tcp(it: House, port: int) -> None:
    before = it.jobs_file.read_bytes()
    added = {"type": "AddJob", "job": "x", "words": {"command": "id"}, "based_on": ""}
    status, told = ask(port, "POST", "/api/v1/send", added)

    assert status == 403
    assert "Unix socket" in told
    assert it.jobs_file.read_bytes() == before


def test_it_follows_the_jobs_file(it: House, port: int) -> None:
    it.jobs_file.write_text(SILENT, encoding="utf-8")
    wait_until(lambda: not is_served(port), "the API is closed")
    wait_until(lambda: it.status()["engine"]["listeners"] == [], "it is told that it is closed")
    it.jobs_file.write_text(JOBS.format(port=port), encoding="utf-8")
    wait_until(lambda: is_served(port), "the API is served again")


def test_a_port_that_is_taken_keeps_no_job_from_running(tmp_path: Path, port: int) -> None:
    write_tokens(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with house(tmp_path, JOBS.format(port=port)) as it:
            it.start()
            it.run("run", "greet", "--wait")
            trouble = it.status()["engine"]["listeners_trouble"]

    assert f"http://127.0.0.1:{port}: Address already in use" in trouble


def test_an_engine_whose_api_has_no_token_does_not_start(tmp_path: Path, port: int) -> None:
    (tmp_path / "tokens").touch(0o600)
    with house(tmp_path, JOBS.format(port=port)) as it:
        done = it.run("--headless")

    assert done.returncode == 65
    assert "jobs.yaml:3:" in done.stderr
    assert "holds no token" in done.stderr


def test_a_reload_that_loses_the_token_keeps_what_was_in_force(it: House, port: int) -> None:
    (it.directory / "tokens").write_text("", encoding="ascii")
    it.jobs_file.write_text(JOBS.format(port=port) + "  new: {command: x}\n", encoding="utf-8")
    wait_until(lambda: bool(it.status()["engine"]["problems"]), "the file is rejected")
    status, _ = ask(port, "GET", "/api/v1/hello")

    assert status == 401, "an empty file of tokens lets nobody in"
    assert list(it.status()["jobs"]) == ["greet", "hooked"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_cannot_read_the_token(it: House) -> None:
    words = ["setpriv", "--reuid=65534", "--clear-groups", "cat", str(it.directory / "tokens")]

    assert os.spawnvp(os.P_WAIT, words[0], words) != 0
