"""Tests for times of systemd."""

from pathlib import Path

import pytest

from cronterm.clock import rfc3339
from cronterm.errors import BadInput
from cronterm.moving.base import Unreadable
from cronterm.moving.systemd_time import calendar_instants, calendar_schedule, span
from tests.moving.here import MORNING


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90", "1m30s"),
        ("1h 30min", "1h30m"),
        ("1.5h", "1h30m"),
        ("2 weeks 1d", "2w1d"),
        ("500ms", "500ms"),
        ("1M", "4w2d10h30m"),
    ],
)
def test_a_span_is_a_duration(text: str, duration: str) -> None:
    assert span(text) == duration


@pytest.mark.parametrize("text", ["soon", "5 fortnights", "-5s"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        span(text)


def test_a_calendar_expression_that_nobody_knows_is_refused() -> None:
    with pytest.raises(Unreadable, match="OnCalendar=every day at noon: "):
        calendar_schedule("every day at noon", "UTC")


def systemd_analyze(directory: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program of that name first on the path."""
    program = directory / "systemd-analyze"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")


def test_systemd_itself_tells_its_instants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (
        '[ "$TZ $*" = "Europe/Berlin calendar --iterations=2 --base-time=@1800000000 daily" ]'
        " || exit 9\n"
        "cat <<'END'\n"
        "  Original form: daily\n"
        "Normalized form: *-*-* 00:00:00\n"
        "    Next elapse: Sat 2027-01-16 00:00:00 CET\n"
        "       (in UTC): Fri 2027-01-15 23:00:00 UTC\n"
        "       From now: 12h left\n"
        "       Iter. #2: Sun 2027-01-17 00:00:00 CET\n"
        "       (in UTC): Sat 2027-01-16 23:00:00 UTC\n"
        "END"
    )
    systemd_analyze(tmp_path, monkeypatch, said)
    instants = calendar_instants(["daily"], "Europe/Berlin")

    assert instants is not None
    assert [rfc3339(at) for at in instants(MORNING, 2)] == [
        "2027-01-15T23:00:00Z",
        "2027-01-16T23:00:00Z",
    ]


def test_an_expression_that_systemd_refuses_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd_analyze(tmp_path, monkeypatch, "echo 'Failed to parse' >&2; exit 1")
    instants = calendar_instants(["x"], "UTC")

    assert instants is not None
    with pytest.raises(BadInput, match="Failed to parse"):
        instants(MORNING, 2)


def test_without_systemd_there_is_nothing_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert calendar_instants(["daily"], "UTC") is None
