"""Tests for the moments that people name."""

import pytest

from cronterm.cli.moments import coming_moment
from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.errors import BadInput
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


@pytest.mark.parametrize("word", ["soon", "25:00", "yesterday 08:00", "12", ""])
def test_what_is_no_time_is_refused_with_the_forms(word: str) -> None:
    with pytest.raises(BadInput, match="tomorrow 08:00"):
        coming_moment(word, NOON)
