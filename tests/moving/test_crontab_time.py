"""Tests for the second reading of crontab(5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import Instant, aware, instant
from cronterm.errors import BadInput
from cronterm.moving.crontab_time import CrontabTime
from cronterm.schedule.build import build
from cronterm.schedule.parse import parse, parse_moment


def utc(expression: str, zone: str, after: str, limit: int) -> list[str]:
    """Return instants as UTC text."""
    found = CrontabTime(expression, zone).instants(parse_moment(after, "UTC"), limit)
    return [f"{aware(at):%m-%d %H:%M}" for at in found]


def test_a_fixed_time_in_the_gap_of_spring_comes_once_after_it() -> None:
    assert utc("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 2) == [
        "03-29 01:00",
        "03-30 00:30",
    ]


def test_a_fixed_time_that_autumn_repeats_comes_the_first_time() -> None:
    assert utc("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", 2) == [
        "10-25 00:30",
        "10-26 01:30",
    ]


def test_a_wildcard_time_comes_whenever_the_clock_shows_it() -> None:
    assert utc("0 */2 * * *", "Europe/Berlin", "2026-03-28T22:30Z", 3) == [
        "03-28 23:00",
        "03-29 02:00",
        "03-29 04:00",
    ]
    assert utc("30 * * * *", "Europe/Berlin", "2026-10-25T00:00Z", 2) == [
        "10-25 00:30",
        "10-25 01:30",
    ]


def test_both_day_fields_mean_either_and_a_star_means_both() -> None:
    assert utc("0 0 13 * fri", "UTC", "2026-02-01T00:00Z", 3) == [
        "02-06 00:00",
        "02-13 00:00",
        "02-20 00:00",
    ]
    assert utc("0 0 */2 * sun", "UTC", "2026-02-01T12:00Z", 1) == ["02-15 00:00"]


def test_what_never_comes_ends() -> None:
    assert utc("0 0 30 2 *", "UTC", "2026-02-01T00:00Z", 1) == []


@pytest.mark.parametrize(
    "expression",
    [
        "* * * *",
        "60 * * * *",
        "5/10 * * * *",
        "5-1 * * * *",
        "x * * * *",
        "*/0 * * * *",
        "* * 0 * *",
    ],
)
def test_what_crontab_does_not_have_is_refused(expression: str) -> None:
    with pytest.raises(BadInput):
        CrontabTime(expression, "UTC")


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    """Give fields of a crontab."""
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda ends: f"{min(ends)}-{max(ends)}")
    step = st.integers(1, max(1, (high - low) // 2)).map(lambda by: f"*/{by}")
    item = st.one_of(number.map(str), span)
    return st.one_of(
        st.just("*"), step, st.lists(item, min_size=1, max_size=3, unique=True).map(",".join)
    )


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.sampled_from(["2026-03-07T12:00Z", "2026-03-28T12:00Z", "2026-10-24T12:00Z"]),
)
def test_two_readings_of_crontab_5_agree(words: tuple[str, ...], zone: str, after: str) -> None:
    expression = " ".join(words)
    start = parse_moment(after, "UTC")
    specs = parse(expression, timezone=zone, job_id="x").specs
    ours = build(specs, first_seen_at=start, last_end_at=None)
    expected: list[Instant] = []
    at = start
    while len(expected) < 8 and (next_at := ours.next_after(at)) is not None:
        expected.append(next_at)
        at = next_at

    assert CrontabTime(expression, zone).instants(start, 8) == expected


def test_instants_are_aware_microseconds() -> None:
    (at,) = CrontabTime("0 12 * * *", "UTC").instants(parse_moment("2026-03-07T12:00Z", "UTC"), 1)

    assert at == instant(aware(at))
