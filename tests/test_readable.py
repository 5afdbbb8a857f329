"""Durations are rounded in one way."""

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Duration
from cronterm.readable import ago, clock_in, shell_lines, short, span


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0ms"),
        (1, "<1ms"),
        (965, "<1ms"),
        (1_499, "1ms"),
        (1_983, "2ms"),
        (30_600, "31ms"),
        (999_499, "999ms"),
        (999_500, "1.0s"),
        (25_051_000, "25.1s"),
        (59_949_000, "59.9s"),
        (59_950_000, "1m00s"),
        (4 * MINUTE + 12_500_000, "4m13s"),
        (HOUR - SECOND // 2, "1h00m"),
        (3 * HOUR + 5 * MINUTE + 29 * SECOND, "3h05m"),
        (DAY - 30 * SECOND, "1d00h"),
        (2 * DAY + 3 * HOUR + 30 * MINUTE, "2d04h"),
    ],
)
def test_a_duration_is_rounded_to_the_last_place_shown(length: Duration, text: str) -> None:
    assert short(length) == text


def test_how_long_ago_is_said_as_people_do() -> None:
    assert [ago(passed) for passed in (0, SECOND - 1, SECOND, 2 * DAY)] == [
        "just now",
        "just now",
        "1s ago",
        "2d ago",
    ]
    assert [span(length) for length in (0, SECOND, HOUR)] == ["1s", "1s", "1h"]


def test_the_clock_of_another_zone_is_told_where_it_differs() -> None:
    at = 1_800_000_000 * SECOND  # 2027-01-15 08:00 UTC

    assert clock_in(at, "Asia/Tokyo", "UTC") == "17:00 in Asia/Tokyo"
    assert clock_in(at, "Pacific/Honolulu", "UTC") == "Thu 22:00 in Pacific/Honolulu"
    assert clock_in(at, "Europe/Berlin", "Europe/Paris") == ""


def test_a_long_command_is_broken_where_a_shell_reads_it_as_one() -> None:
    path = "/srv/" + "a-long-name/" * 6 + "jobs.yaml"
    command = f"cronterm -f {path} --state-dir '/srv/my state'"

    lines = shell_lines(command, 40)
    assert max(map(len, lines)) <= 40
    assert "".join(f"{line}\n" for line in lines).replace("\\\n", "") == f"{command}\n"
    assert lines[0] == "cronterm -f \\"
    assert shell_lines("cronterm -f jobs.yaml", 40) == ["cronterm -f jobs.yaml"]
