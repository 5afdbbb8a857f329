"""systemd's calendar expressions: what they mean, and what is refused."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import instant, rfc3339
from cronterm.errors import BadInput
from cronterm.schedule.base import CronSpec, OnCalendarSpec
from cronterm.schedule.cron import cron_schedule
from cronterm.schedule.on_calendar import on_calendar_schedule, parse_on_calendar

JUNE = instant(datetime(2026, 6, 1, tzinfo=UTC)) - 1


def coming(expression: str, zone: str = "UTC", after: int = JUNE, count: int = 3) -> list[str]:
    """Return the next instants as text."""
    schedule = on_calendar_schedule(parse_on_calendar(expression, zone))
    found = []
    at: int | None = after
    for _ in range(count):
        assert at is not None
        at = schedule.next_after(at)
        assert at is not None
        found.append(rfc3339(at))
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [  # as `systemd-analyze calendar --iterations=3` of systemd 252 says
        (
            "Mon..Fri *-*-* 08..18:00/30:00",
            ["2026-06-01T08:00:00Z", "2026-06-01T08:30:00Z", "2026-06-01T09:00:00Z"],
        ),
        (
            "*-*~07/1 00:00",
            ["2026-06-24T00:00:00Z", "2026-06-25T00:00:00Z", "2026-06-26T00:00:00Z"],
        ),
        (
            "Mon *-05~07/1",
            ["2027-05-31T00:00:00Z", "2028-05-29T00:00:00Z", "2029-05-28T00:00:00Z"],
        ),
        (
            "*-02~03..5 1:00",
            ["2027-02-24T01:00:00Z", "2027-02-25T01:00:00Z", "2027-02-26T01:00:00Z"],
        ),
        (
            "Sat,Sun 08:05",
            ["2026-06-06T08:05:00Z", "2026-06-07T08:05:00Z", "2026-06-13T08:05:00Z"],
        ),
        (
            "2026/2-01~1 0:0",
            ["2028-01-31T00:00:00Z", "2030-01-31T00:00:00Z", "2032-01-31T00:00:00Z"],
        ),
        ("quarterly", ["2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"]),
        ("0/2:30", ["2026-06-01T00:30:00Z", "2026-06-01T02:30:00Z", "2026-06-01T04:30:00Z"]),
        ("weekly UTC", ["2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z", "2026-06-15T00:00:00Z"]),
        ("12-24", ["2026-12-24T00:00:00Z", "2027-12-24T00:00:00Z", "2028-12-24T00:00:00Z"]),
        (
            "*:*:0/25",
            ["2026-06-01T00:00:00Z", "2026-06-01T00:00:25Z", "2026-06-01T00:00:50Z"],
        ),
        ("Thursday", ["2026-06-04T00:00:00Z", "2026-06-11T00:00:00Z", "2026-06-18T00:00:00Z"]),
        (
            "daily Europe/Berlin",
            ["2026-06-01T22:00:00Z", "2026-06-02T22:00:00Z", "2026-06-03T22:00:00Z"],
        ),
    ],
)
def test_an_expression_means_what_systemd_says(expression: str, expected: list[str]) -> None:
    assert coming(expression) == expected


def test_a_fixed_time_in_the_spring_gap_comes_once_after_it() -> None:
    march = instant(datetime(2026, 3, 28, 12, tzinfo=UTC))

    assert coming("*-*-* 02:30", "Europe/Berlin", march, 2) == [
        "2026-03-29T01:00:00Z",
        "2026-03-30T00:30:00Z",
    ]


def test_no_hour_is_lost_in_autumn() -> None:
    october = instant(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))

    assert coming("*:0/20", "Europe/Berlin", october, 4) == [
        "2026-10-25T00:40:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T01:20:00Z",
        "2026-10-25T01:40:00Z",
    ]
    assert coming("02:30", "Europe/Berlin", october - 1, 2) == [
        "2026-10-25T00:30:00Z",
        "2026-10-26T01:30:00Z",
    ]


TWINS = [
    ("*:0/7", "*/7 * * * *"),
    ("Mon..Fri 8..17:15", "15 8-17 * * 1-5"),
    ("*-1,4,7-1/2 3:05:10", "10 5 3 1-31/2 1,4,7 *"),
    ("0/3:0", "0 */3 * * *"),
    ("hourly", "0 * * * *"),
    ("*-*-31 2:59", "59 2 31 * *"),
]


@settings(max_examples=60, deadline=None)
@given(
    twin=st.sampled_from(TWINS),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    start=st.integers(1_767_225_600, 1_798_761_600),
)
def test_days_and_daylight_saving_are_those_of_cron(
    twin: tuple[str, str], zone: str, start: int
) -> None:
    ours = on_calendar_schedule(OnCalendarSpec(twin[0].replace("hourly", "*-*-* *:00:00"), zone))
    cron = cron_schedule(CronSpec(twin[1], zone))
    at = start * 1_000_000
    for _ in range(30):
        found = ours.next_after(at)
        assert found == cron.next_after(at)
        assert found is not None
        assert ours.latest_at_or_before(found) == found
        at = found


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "is empty"),
        ("*/5:00", "write 0/5"),
        ("*-*-*/2 1:00", "write 1/2"),
        ("Fri..Mon 1:00", "runs backwards"),
        ("8-17:00", "write 8..17"),
        ("Mon..Wed *-*-* 4", "'4' is not a time"),
        ("24:00", "hour 24 is out of range"),
        ("08:00:00.5", "whole numbers only"),
        ("0/0:00", "leads nowhere"),
        ("18..8:00", "the smaller first"),
        ("*-02-30", "never fires"),
        ("*-*~*", "counts no day from the end"),
        ("Mo", "'Mo' is not a weekday"),
        ("08:00 2026-01-01", "the date stands before the time"),
        ("*/5 * * * *", "write it under cron"),
        ("daily Europe/Berln", "Europe/Berlin"),
        ("soon", "not a weekday"),
        ("2026-01-01-01 8:00", "is not a date"),
        ("1999-13-01", "month 13 is out of range"),
        ("99-01-01", "year 99 is out of range"),
        ("1" * 600, "at most 500 characters"),
        ("@1234567890", "is not a date"),
        ("Mon *-*-* 08:00 09:00", "is not a calendar expression"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_mend(expression: str, message: str) -> None:
    with pytest.raises(BadInput, match=message.replace(".", r"\.").replace("*", r"\*")) as caught:
        parse_on_calendar(expression, "UTC")

    assert len(str(caught.value)) < 300


@settings(max_examples=300, deadline=None)
@given(st.text("MonFri.,-*/~:0123456789 ", max_size=30))
def test_nothing_but_bad_input_is_raised(text: str) -> None:
    with suppress(BadInput):
        parse_on_calendar(text, "UTC")
