"""Tests for the moments that people name."""

import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.errors import BadInput
from cronterm.schedule.moments import (
    coming_moment,
    end_of_hold,
    newest_moment,
    past_moment,
    place_in_time,
)
from tests.store.facts import NOON


@pytest.mark.parametrize(
    ("word", "after"),
    [
        ("18:00", 6 * HOUR),
        ("8:30", 20 * HOUR + 30 * MINUTE),
        ("12:00", DAY),
        ("today 12:00:05", 5 * SECOND),
        ("today 08:00", -4 * HOUR),
        ("tomorrow", 12 * HOUR),
        ("Tomorrow 08:00", 20 * HOUR),
    ],
)
def test_a_time_of_day_is_the_next_one(word: str, after: int) -> None:
    assert coming_moment(word, NOON) == NOON + after


def test_a_time_of_day_is_by_the_clock_of_a_zone() -> None:
    assert coming_moment("18:00", NOON, "Asia/Tokyo") == NOON + 21 * HOUR
    assert coming_moment("tomorrow", NOON, "Asia/Tokyo") == NOON + 3 * HOUR


@pytest.mark.parametrize("word", ["soon", "25:00", "yesterday 08:00", "12", ""])
def test_what_is_no_time_is_refused_with_the_forms(word: str) -> None:
    with pytest.raises(BadInput, match="tomorrow 08:00"):
        coming_moment(word, NOON)


@pytest.mark.parametrize(
    ("word", "after"),
    [
        ("11:59", -MINUTE),
        ("12:00", 0),
        ("13:00", -23 * HOUR),
        ("today 13:00", HOUR),
        ("yesterday 08:00:01", -28 * HOUR + SECOND),
        ("2026-01-01T02:00", -10 * HOUR),
    ],
)
def test_a_time_that_is_past_is_the_last_one(word: str, after: int) -> None:
    assert newest_moment(word, NOON) == past_moment(word, NOON) == NOON + after


def test_what_is_no_past_time_is_refused_with_the_forms() -> None:
    for word in ("soon", "24:30", "tomorrow 08:00"):
        with pytest.raises(BadInput, match="yesterday 01:24"):
            newest_moment(word, NOON)


@pytest.mark.parametrize(
    ("word", "after"),
    [
        ("2h", 2 * HOUR),
        (" 1d 12h ", DAY + 12 * HOUR),
        ("2 hours", 2 * HOUR),
        ("1 Day 30 minutes", DAY + 30 * MINUTE),
        ("18:00", 6 * HOUR),
        ("tomorrow", 12 * HOUR),
    ],
)
def test_something_is_held_for_a_while_or_until_a_time(word: str, after: int) -> None:
    assert end_of_hold(word, NOON) == NOON + after


@pytest.mark.parametrize(
    ("word", "after"),
    [("3:00", 15 * HOUR), ("today 08:00", -4 * HOUR), ("90m", 90 * MINUTE), (" -2h ", -2 * HOUR)],
)
def test_a_place_in_time_is_ahead_or_back(word: str, after: int) -> None:
    assert place_in_time(word, NOON) == NOON + after


@pytest.mark.parametrize("word", ["soon", "-soon", "-08:00", "-"])
def test_a_place_in_time_that_is_none_is_refused_with_the_forms(word: str) -> None:
    with pytest.raises(BadInput, match=f"'{word}' is no length and no time.*-90m"):
        place_in_time(word, NOON)


@pytest.mark.parametrize(
    ("word", "why"),
    [("soon", "no length and no time"), ("today 08:00", "is over"), ("0s", "is over")],
)
def test_nothing_is_held_until_what_is_over_or_no_time(word: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"{why}.*tomorrow 08:00"):
        end_of_hold(word, NOON)
