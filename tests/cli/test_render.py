"""Tests for text for people."""

from datetime import datetime

import pytest

from cronterm.cli.render import show_due, show_duration, show_until, table
from cronterm.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, instant
from cronterm.readable import rough


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, ""),
        (621 * MILLISECOND, "621ms"),
        (1_290 * MILLISECOND, "1.3s"),
        (59_999 * MILLISECOND, "1m00s"),
        (4 * MINUTE + 12 * SECOND, "4m12s"),
        (3 * HOUR + 5 * MINUTE, "3h05m"),
        (2 * DAY + 4 * HOUR, "2d04h"),
    ],
)
def test_durations_are_short(duration: int | None, text: str) -> None:
    assert show_duration(duration) == text


def test_ages_are_shorter() -> None:
    ages = [rough(each) for each in (0, 4 * SECOND, 12 * MINUTE, 3 * HOUR, 2 * DAY)]

    assert ages == ["now", "4s", "12m", "3h", "2d"]
    told = [show_until(each * SECOND) for each in (0, 90, 32 * 3600)]
    assert told == ["now", "in 1m", "in 32h"]


def test_a_table_is_aligned_and_safe() -> None:
    lines = table(("A", "BB"), [("long\x1b[2J\n", "x"), ("s", ("y", "red"))], colors=False)

    assert lines == ["A      BB", "long   x", "s      y"]


def test_a_table_has_colours_where_they_are_wanted() -> None:
    lines = table(("A", "B"), [(("x", "red"), "y")], colors=True)

    assert "\x1b[31mx" in lines[1]


LONG = ("a-job-with-a-long-name", "failed", "it has said too much to be shown in one line")


@pytest.mark.parametrize(
    ("room", "lines"),
    [
        (200, ["a-job-with-a-long-name  failed  it has said too much to be shown in one line"]),
        (60, ["a-job-with-a-long-name  failed  it has said too much to be …"]),
        (
            40,
            [
                "a-job-with-a-long-name  failed",
                "  it has said too much to be shown in",
                "  one line",
            ],
        ),
        (9, ["a-job-with-a-long-name  failed", "  it has", "  said", "  too", "  much t…"]),
    ],
)
def test_a_table_keeps_to_its_room_and_says_what_it_can(room: int, lines: list[str]) -> None:
    assert table(["JOB", "STATE", "WHY"], [LONG], colors=False, room=room)[1:] == lines


def test_a_column_in_the_middle_is_cut() -> None:
    rows = [["1", "x" * 50, "2/2"], ["2", "y", ""]]

    assert table(["RUN", "OUTCOME", "TRY"], rows, colors=False, room=30) == [
        "RUN  OUTCOME               TRY",
        f"1    {'x' * 19}…  2/2",
        "2    y",
    ]


def test_an_instant_that_comes_soon_is_short() -> None:
    now = instant(datetime(2026, 11, 21, 23, 0).astimezone())  # here
    texts = [show_due(now + hours * HOUR, now, is_wide=False) for hours in (0, 3, 7 * 24, -24)]

    assert texts == ["23:00:00", "Sun 02:00", "2026-11-28", "2026-11-20"]
    assert show_due(now, now, is_wide=True) == "2026-11-21 23:00:00"
    assert show_due(None, now, is_wide=False) == ""
