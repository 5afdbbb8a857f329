"""Calendars: what they hold, until when, and how forecasts and decisions go by them."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Instant, aware, instant
from cronterm.schedule.base import CalendarSpec, CronSpec
from cronterm.schedule.calendars import Bounded, Calendar, Calendars, Sieve, Sifted
from cronterm.schedule.cron import cron_schedule
from cronterm.schedule.simple import Interval
from cronterm.schedule.zone import zone

HOUR_S, DAY_S = 3600, 86_400
SUNDAY_NIGHT = CalendarSpec(windows=((6 * DAY_S + 2 * HOUR_S, 6 * DAY_S + 4 * HOUR_S),))


def utc(*parts: int) -> Instant:
    """Return an instant of a UTC date and time."""
    return instant(datetime(*parts, tzinfo=UTC))  # type: ignore[misc,arg-type]


def sieve(
    exclude: Sequence[CalendarSpec] = (),
    only: Sequence[CalendarSpec] = (),
    timezone: str = "UTC",
) -> Sieve:
    """Return the sieve of calendars called c0, c1 …; those of `only` go on counting."""
    specs = {f"c{n}": spec for n, spec in enumerate([*exclude, *only])}
    names = list(specs)
    found = Calendars(specs).sieve(names[: len(exclude)], names[len(exclude) :], timezone=timezone)
    assert found is not None
    return found


def holds(spec: CalendarSpec, at: Instant, timezone: str = "UTC") -> bool:
    """Tell whether a calendar has a moment."""
    return Calendar(spec, zone(timezone)).at(at // SECOND)[0]


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        (CalendarSpec(dates=("2026-12-25",)), utc(2026, 12, 25, 23, 59), utc(2026, 12, 26)),
        (CalendarSpec(days=(-1, -2)), utc(2026, 2, 27), utc(2026, 2, 26, 23)),
        (CalendarSpec(days=(31,)), utc(2026, 3, 31), utc(2026, 4, 30)),
        (CalendarSpec(weekdays=(5, 6)), utc(2026, 6, 6), utc(2026, 6, 5)),
        (SUNDAY_NIGHT, utc(2026, 6, 7, 3, 59), utc(2026, 6, 7, 4)),
        (
            CalendarSpec(start="2026-12-18T18:00:00", until="2027-01-04T08:00:00"),
            utc(2027, 1, 4, 7, 59),
            utc(2027, 1, 4, 8),
        ),
        (CalendarSpec(start=utc(2026, 1, 1)), utc(2126, 1, 1), utc(2025, 12, 31)),
        (
            CalendarSpec(spans=((utc(2026, 1, 1), "2026-01-02T00:00:00"),)),
            utc(2026, 1, 1, 5),
            utc(2026, 1, 2),
        ),
        (  # from and until limit what the other parts hold
            CalendarSpec(weekdays=(0,), start="2026-06-02T00:00:00", until="2026-06-09T00:00:00"),
            utc(2026, 6, 8),
            utc(2026, 6, 1),
        ),
        (  # any part is enough
            CalendarSpec(weekdays=(0,), days=(2,)),
            utc(2026, 6, 2),
            utc(2026, 6, 3),
        ),
    ],
)
def test_a_calendar_has_what_its_parts_say(
    spec: CalendarSpec, inside: Instant, outside: Instant
) -> None:
    assert holds(spec, inside)
    assert not holds(spec, outside)


def test_a_calendar_is_read_in_the_zone_of_who_asks() -> None:
    christmas = CalendarSpec(dates=("2026-12-25",))

    assert holds(christmas, utc(2026, 12, 24, 23), "Europe/Berlin")
    assert not holds(christmas, utc(2026, 12, 25, 23), "Europe/Berlin")
    assert holds(christmas, utc(2026, 12, 26, 4), "America/New_York")


def wall_says(spec: CalendarSpec, at: Instant, timezone: str) -> bool:
    """Tell what zoneinfo's wall clock makes of the parts of a calendar, without from and until."""
    wall = aware(at).astimezone(ZoneInfo(timezone))
    of_week = wall.weekday() * DAY_S + wall.hour * 3600 + wall.minute * 60 + wall.second
    length = (date(wall.year + wall.month // 12, wall.month % 12 + 1, 1) - timedelta(days=1)).day
    return (
        wall.date().isoformat() in spec.dates
        or wall.weekday() in spec.weekdays
        or any(low <= of_week < high for low, high in spec.windows)
        or wall.day in spec.days
        or wall.day - length - 1 in spec.days
    )


WINDOWS = st.tuples(st.integers(0, 7 * 48 - 1), st.integers(1, 60)).map(
    lambda pair: (pair[0] * 1800, min(pair[0] * 1800 + pair[1] * 1800, 7 * DAY_S))
)
SPECS = st.builds(
    CalendarSpec,
    dates=st.lists(st.sampled_from(["2026-03-29", "2026-10-25", "2026-04-05"]), max_size=2).map(
        tuple
    ),
    days=st.lists(st.sampled_from([1, 5, 25, 29, 31, -1, -2, -7]), max_size=3).map(tuple),
    weekdays=st.lists(st.integers(0, 6), max_size=3).map(tuple),
    windows=st.lists(WINDOWS, max_size=3).map(tuple),
).filter(lambda spec: spec != CalendarSpec())
EDGES = {  # around the days on which the clocks are set, two of them at midnight
    "Europe/Berlin": [utc(2026, 3, 29), utc(2026, 10, 25)],
    "Australia/Lord_Howe": [utc(2026, 4, 4, 12), utc(2026, 10, 3, 12)],
    "America/Havana": [utc(2026, 3, 8), utc(2026, 11, 1)],
    "America/St_Johns": [utc(2006, 4, 2), utc(2006, 10, 29)],
}


@settings(max_examples=150, deadline=None)
@given(
    spec=SPECS,
    place=st.sampled_from([(name, at) for name, found in EDGES.items() for at in found]),
    offset=st.integers(-3 * 96, 3 * 96),
)
def test_an_answer_is_the_wall_clocks_and_holds_as_long_as_it_says(
    spec: CalendarSpec, place: tuple[str, Instant], offset: int
) -> None:
    timezone, edge = place
    calendar = Calendar(spec, zone(timezone))
    at = edge + offset * 15 * MINUTE
    inside, end = calendar.at(at // SECOND)

    assert inside == wall_says(spec, at, timezone)
    assert end is None or end * SECOND > at
    last = at + 4 * DAY if end is None else min(end * SECOND - SECOND, at + 4 * DAY)
    for probe in {*range(at, last, 10 * MINUTE), last}:
        assert wall_says(spec, probe, timezone) == inside


@settings(max_examples=60, deadline=None)
@given(exclude=SPECS, only=SPECS, start=st.integers(0, 24 * 300))
def test_stretches_and_forecasts_agree_with_a_walk(
    exclude: CalendarSpec, only: CalendarSpec, start: int
) -> None:
    schedule = cron_schedule(CronSpec("*/20 * * * *", "Europe/Berlin"))
    low = utc(2026, 1, 1) + start * HOUR
    high = low + 5 * DAY
    through = sieve([exclude], [only], "Europe/Berlin")
    walked = []
    at = schedule.next_after(low)
    while at is not None and at <= high:
        blocked = wall_says(exclude, at, "Europe/Berlin")
        walked.append((at, not blocked and wall_says(only, at, "Europe/Berlin")))
        at = schedule.next_after(at)

    found = list(through.stretches(schedule, low, high))
    sifted = Sifted(schedule, through)
    foreseen = []
    at = sifted.next_after(low)
    while at is not None and at <= high:
        foreseen.append(at)
        at = sifted.next_after(at)

    assert foreseen == [at for at, is_through in walked if is_through]
    assert sum(schedule.count_between(each.first - 1, each.last) for each in found) == len(walked)
    assert all(
        (not each.why) == is_through
        for at, is_through in walked
        for each in found
        if each.first <= at <= each.last
    )
    assert all(one.why != other.why and one.last < other.first for one, other in pairwise(found))


EVERYTHING = [
    [CalendarSpec(weekdays=tuple(range(7)))],
    [CalendarSpec(days=tuple(range(1, 32)))],
    [CalendarSpec(windows=((0, 3 * DAY_S), (3 * DAY_S, 7 * DAY_S)))],
    [CalendarSpec(days=tuple(range(1, 16))), CalendarSpec(days=tuple(range(16, 32)))],
    [CalendarSpec(windows=((0, 4 * DAY_S),)), CalendarSpec(windows=((4 * DAY_S, 7 * DAY_S),))],
    [CalendarSpec(start=0)],
]


@pytest.mark.parametrize("exclude", EVERYTHING)
@pytest.mark.parametrize("expression", ["* * * * * *", "0 0 29 2 *", "30 2 * * *"])
def test_a_search_that_finds_nothing_ends_soon(
    exclude: list[CalendarSpec], expression: str
) -> None:
    sifted = Sifted(cron_schedule(CronSpec(expression, "Europe/Berlin")), sieve(exclude))
    started = time.process_time()

    assert sifted.next_after(utc(2026, 6, 1)) is None
    assert time.process_time() - started < 1
    started = time.process_time()
    for minute in range(100):
        assert sifted.next_after(utc(2026, 6, 1) + minute * MINUTE) is None
    assert time.process_time() - started < 1


def test_a_search_goes_over_what_is_kept_back_for_years() -> None:
    freeze = CalendarSpec(start=utc(2026, 1, 1), until=utc(2031, 1, 1))
    sifted = Sifted(cron_schedule(CronSpec("* * * * * *", "UTC")), sieve([freeze]))

    assert sifted.next_after(utc(2026, 6, 1)) == utc(2031, 1, 1)
    assert sifted.next_after(utc(2026, 6, 2)) == utc(2031, 1, 1)
    assert sifted.next_after(utc(2031, 1, 1)) == utc(2031, 1, 1, 0, 0, 1)


def test_what_keeps_an_instant_back_is_named() -> None:
    through = sieve(
        [CalendarSpec(weekdays=(0,))], [CalendarSpec(days=(1,)), CalendarSpec(days=(2,))]
    )

    assert through.at(utc(2026, 6, 1))[0] == "excluded by c0"
    assert through.at(utc(2026, 6, 2))[0] == ""
    assert through.at(utc(2026, 6, 3))[0] == "only in c1 or in c2"
    own = Calendars({}).sieve([CalendarSpec(weekdays=(0,))], [], timezone="UTC")
    assert own is not None
    assert own.at(utc(2026, 6, 1))[0] == "excluded on Mon"


def test_a_calendar_is_worked_out_once_in_each_zone() -> None:
    calendars = Calendars({"a": CalendarSpec(days=(1,))})

    assert calendars.sieve([], [], timezone="UTC") is None
    first = calendars.sieve(["a"], [], timezone="UTC")
    second = calendars.sieve(["a"], [], timezone="UTC")
    assert first is not None
    assert second is not None
    assert first._exclude[0][1] is second._exclude[0][1]


def test_bounds_count_and_nothing_lies_beyond_them() -> None:
    whole = Interval(0, HOUR)
    bounded = Bounded(whole, 3 * HOUR, 5 * HOUR)

    assert bounded.next_after(0) == 3 * HOUR
    assert bounded.next_after(4 * HOUR) == 5 * HOUR
    assert bounded.next_after(5 * HOUR) is None
    assert bounded.latest_at_or_before(99 * HOUR) == 5 * HOUR
    assert bounded.latest_at_or_before(2 * HOUR) is None
    assert bounded.count_between(0, 99 * HOUR) == 3
    assert bounded.count_between(6 * HOUR, 99 * HOUR) == 0
    assert Bounded(whole, None, HOUR).next_after(0) == HOUR
    assert Bounded(whole, 2 * HOUR, None).latest_at_or_before(HOUR) is None
