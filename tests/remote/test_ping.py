"""Reports by plain requests: `curl --unix-socket … http://x/ping/ID`."""

import os
from pathlib import Path
from typing import Any

import pytest

from cronterm.model.command import PingJob
from cronterm.remote.peer import Limits
from cronterm.remote.ping import LONGEST_TEXT
from cronterm.users import user_name
from tests.remote.door import exchange, house, request


def status(answer: bytes) -> int:
    """Return the status of a raw answer."""
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("method", "path", "body", "report"),
    [
        ("GET", "/ping/backup", b"", {}),
        ("HEAD", "/ping/backup", b"", {}),
        ("POST", "/ping/backup", b"3 files", {"text": "3 files"}),
        ("GET", "/ping/backup/start?rid=a%20b", b"", {"what": "start", "rid": "a b"}),
        ("POST", "/ping/backup/fail", b"no space", {"what": "fail", "text": "no space"}),
        ("POST", "/ping/backup/log", b"\xffhalf", {"what": "log", "text": "\ufffdhalf"}),
        ("GET", "/ping/backup/0", b"", {"what": "end"}),
        ("GET", "/ping/backup/255", b"", {"what": "end", "exit_code": 255}),
    ],
)
async def test_a_request_is_a_report(
    tmp_path: Path, method: str, path: str, body: bytes, report: dict[str, Any]
) -> None:
    async with house(tmp_path / "s") as it:
        answer = await exchange(it.path, request(method, path, body))

    assert status(answer) == 200
    assert it.control.received == [(PingJob(job="backup", **report), user_name(os.geteuid()))]


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/ping/nosuch", 404),
        ("GET", "/ping/backup/256", 404),
        ("GET", "/ping/backup/-1", 404),
        ("GET", "/ping/backup/%D9%A3", 404),
        ("GET", "/ping/backup/start/now", 404),
        ("GET", "/ping/", 404),
        ("DELETE", "/ping/backup", 405),
        ("GET", "/ping/backup?rid=" + "x" * 201, 400),
    ],
)
async def test_what_is_no_report_is_refused(
    tmp_path: Path, method: str, path: str, expected: int
) -> None:
    async with house(tmp_path / "s") as it:
        answer = await exchange(it.path, request(method, path))

    assert status(answer) == expected
    assert [command for command, _ in it.control.received if command != PingJob(job="nosuch")] == []


async def test_a_long_body_is_cut_and_an_endless_one_refused(tmp_path: Path) -> None:
    async with house(tmp_path / "s", limits=Limits(body_bytes=LONGEST_TEXT + 10)) as it:
        cut = await exchange(it.path, request("POST", "/ping/backup", b"x" * (LONGEST_TEXT + 9)))
        refused = await exchange(
            it.path, request("POST", "/ping/backup", b"x" * (LONGEST_TEXT + 11))
        )

    assert (status(cut), status(refused)) == (200, 413)
    ((command, _),) = it.control.received
    assert isinstance(command, PingJob)
    assert len(command.text) == LONGEST_TEXT
