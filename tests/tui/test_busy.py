"""Which minutes are busy, and which are not."""

from datetime import UTC, datetime

import pytest

from cronterm.clock import MINUTE, instant
from cronterm.model.job import Job
from cronterm.model.snapshot import JobView
from cronterm.tui.busy import busy_note, starts_by_minute
from tests.core.clockwork import job

NOW = instant(datetime(2026, 6, 1, 12, 7, 30, tzinfo=UTC))
NIGHT = instant(datetime(2026, 6, 2, 2, tzinfo=UTC))


def views(*schedules: str, **words: object) -> list[JobView]:
    """Return jobs that are due in the next night."""
    jobs: list[Job] = [job(f"j{n}", text, **words) for n, text in enumerate(schedules)]
    return [JobView(job=each, next_at=NIGHT) for each in jobs]


def test_starts_are_counted_by_minute() -> None:
    jobs = [view.job for view in views("30 2 * * *", "*/20 * * * *", "* 2 * * *", "5 3 * * *")]
    counts = starts_by_minute(jobs, NIGHT)

    assert {minute: counts[minute] for minute in (0, 1, 20, 30, 59)} == {
        **{0: 2, 1: 1, 20: 2},
        **{30: 2, 59: 1},
    }


@pytest.mark.parametrize(
    ("schedule", "others", "note"),
    [
        ("30 2 * * *", ["30 2 * * *"] * 2, ""),
        (
            "30 2 * * *",
            ["30 2 * * *"] * 3,
            "! 3 other jobs start at 02:30\n  quiet: 29 2 * * * (02:29, no other job)",
        ),
        (
            "0 2 * * *",
            ["*/5 * * * *"] * 3 + ["1-59 2 * * *"],
            "! 3 other jobs start at 02:00\n  quieter: 1 2 * * * (02:01, 1 other job)",
        ),
        ("0 2 * * *", ["* * * * *"] * 3, "! 3 other jobs start at 02:00"),
        (
            "0 2 * * *",
            ["*/5 * * * *"] * 3 + ["1-59 2 * * *"] * 2,
            "! 3 other jobs start at 02:00\n  quieter: 1 2 * * * (02:01, 2 other jobs)",
        ),
        (
            "*/30 2 * * *",
            ["0 2 * * *"] * 4,
            "! 4 other jobs start at 02:00\n  quiet: 02:01 (no other job)",
        ),
        ("@every 5m", ["* * * * *"] * 3, ""),
        ("@manual", ["* * * * *"] * 3, ""),
    ],
)
def test_a_busy_minute_is_told_with_a_quieter_one(
    schedule: str, others: list[str], note: str
) -> None:
    assert busy_note(job("new", schedule), views(*others), NOW) == note


def test_what_spreads_or_does_not_start_makes_no_minute_busy() -> None:
    mine = job("new", "30 2 * * *")

    assert busy_note(mine, views(*["30 2 * * *"] * 9, enabled=False), NOW) == ""
    assert busy_note(mine, views(*["30 2 * * *"] * 9, jitter=MINUTE), NOW) == ""
    assert busy_note(job("j0", "30 2 * * *"), views(*["30 2 * * *"] * 3), NOW) == ""
    assert busy_note(job("new", "30 2 * * *", jitter=MINUTE), views(*["30 2 * * *"] * 9), NOW) == ""
