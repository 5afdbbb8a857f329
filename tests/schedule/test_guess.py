"""Words that people use for a schedule, and the cron expression they are told."""

import pytest

from cronterm.schedule.guess import meant


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("every 15 minutes on weekdays", "*/15 * * * 1-5"),
        ("every minute on Saturdays and Sunday", "* * * * 6,0"),
        ("every 2 hours on weekends", "0 */2 * * 0,6"),
        ("daily at 2:30", "30 2 * * *"),
        ("Every day at 2:30 pm", "30 14 * * *"),
        ("every monday at 12 am", "0 0 * * 1"),
        ("weekdays at noon", "0 12 * * 1-5"),
        ("nightly", "0 0 * * *"),
        ("at midnight", "0 0 * * *"),
        ("every tue, wed and thursday", "0 0 * * 2,3,4"),
        ("every 7 minutes on mondays", ""),
        ("every 0 minutes on mondays", ""),
        ("daily at 25:00", ""),
        ("daily at 13 pm", ""),
        ("every 5 minutes at noon", ""),
        ("every second monday", ""),
        ("every", ""),
        ("30 2 * * *", ""),
        ("day " * 100, ""),
    ],
)
def test_plain_words_are_guessed_or_left_alone(words: str, expected: str) -> None:
    assert meant(words) == expected
