"""What is said of further tries."""

import pytest

from cronterm.clock import SECOND
from cronterm.model.job import Retry
from cronterm.model.retrying import brief_words


@pytest.mark.parametrize(
    ("retry", "told"),
    [
        (Retry(3), "3 after 10s, 20s, 40s"),
        (Retry(5), "5 after 10s, 20s, 40s, …"),
        (Retry(1), "1 × 10s"),
        (Retry(3, 30 * SECOND, 1.0), "3 × 30s"),
        (Retry(9, 30 * SECOND, 1.0), "9 × 30s"),
    ],
)
def test_delays_that_are_the_same_are_told_once(retry: Retry, told: str) -> None:
    assert brief_words(retry) == told
