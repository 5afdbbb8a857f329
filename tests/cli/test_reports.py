"""Tests for `ping`."""

from typing import Any

import pytest

from cronterm.model.command import AnyCommand, PingJob
from tests.cli.desk import Desk


def sent(desk: Desk) -> list[AnyCommand]:
    """Return the commands that came."""
    return [command for command, _ in desk.client.control.received]


@pytest.mark.parametrize(
    ("words", "report"),
    [
        ([], {}),
        (["start"], {"what": "start"}),
        (["fail", "-m", "no space"], {"what": "fail", "text": "no space"}),
        (["log", "-m", "half way"], {"what": "log", "text": "half way"}),
        (["0"], {"what": "end"}),
        (["255", "--rid", "x"], {"what": "end", "exit_code": 255, "rid": "x"}),
    ],
)
def test_ping_reports_what_it_is_told(desk: Desk, words: list[str], report: dict[str, Any]) -> None:
    done = desk.run("ping", "backup", *words)

    assert (done.exit_code, done.stdout) == (0, "noted\n")
    assert sent(desk) == [PingJob(job="backup", **report)]


@pytest.mark.parametrize("word", ["done", "256", "-1", "1.5", "\u0663"])
def test_what_is_no_report_is_refused_before_anything_is_sent(desk: Desk, word: str) -> None:
    done = desk.run("ping", "backup", "--", word)

    assert done.exit_code == 2
    assert "is no report: say start, fail, log or a status, 0 to 255" in done.stderr
    assert sent(desk) == []
