"""Every form of a schedule is read, everything else is refused with a mend."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, instant, rfc3339
from cronterm.errors import BadInput
from cronterm.schedule.base import (
    AtSpec,
    CronSpec,
    EverySpec,
    GridSpec,
    InSpec,
    ManualSpec,
    RebootSpec,
    ScheduleSpec,
    StartupSpec,
)
from cronterm.schedule.build import build
from cronterm.schedule.describe import describe, warnings
from cronterm.schedule.duration import format_duration, parse_duration
from cronterm.schedule.forecast import first_dst_marks, upcoming
from cronterm.schedule.parse import BadSchedule, Parsed, parse, parse_moment

BERLIN = "Europe/Berlin"
NOW = instant(datetime(2026, 11, 21, tzinfo=UTC))


def read(words: object) -> Parsed:
    """Parse with a zone and a job."""
    return parse(words, timezone=BERLIN, job_id="backup")


@pytest.mark.parametrize(
    ("words", "spec"),
    [
        ("*/5 * * * *", CronSpec("*/5 * * * *", BERLIN)),
        ("*/5  *\t* * MON-FRI", CronSpec("*/5 * * * mon-fri", BERLIN)),
        ("@hourly", CronSpec("0 * * * *", BERLIN)),
        ("@every 90s", EverySpec(90 * SECOND)),
        ("@every 10", EverySpec(10 * SECOND)),
        ("@in 30m", InSpec(30 * MINUTE)),
        ("@reboot", RebootSpec()),
        ("@Startup", StartupSpec()),
        ("@manual", ManualSpec()),
        ({"every": "10m", "from": "finish"}, EverySpec(10 * MINUTE, "finish")),
        ({"every": 60, "from": "clock"}, EverySpec(MINUTE, "clock")),
        ({"cron": "0 8 1-7 * 1", "day_match": "and"}, CronSpec("0 8 1-7 * 1", BERLIN, "and")),
        ({"cron": "0 8 * * *", "timezone": "UTC"}, CronSpec("0 8 * * *", "UTC")),
        ({"in": "1h"}, InSpec(HOUR)),
    ],
)
def test_each_form_is_read(words: object, spec: ScheduleSpec) -> None:
    assert read(words).specs == (spec,)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026-12-01T02:00:00Z", "2026-12-01T02:00:00Z"),
        ("2026-12-01T02:00:00+05:30", "2026-11-30T20:30:00Z"),
        ("@at 2026-12-01T02:00", "2026-12-01T01:00:00Z"),
        ("2026-12-01", "2026-11-30T23:00:00Z"),
        ("2026-12-01T02:00:00.000Z", "2026-12-01T02:00:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ({"at": "2026-12-01 02:00", "timezone": "UTC"}, "2026-12-01T02:00:00Z"),
    ],
)
def test_moments_without_an_offset_are_wall_times_of_the_zone(words: object, expected: str) -> None:
    spec = read(words).specs[0]

    assert isinstance(spec, AtSpec)
    assert rfc3339(spec.at) == expected


def test_a_list_is_due_whenever_a_part_is() -> None:
    parsed = read(["0 9 * * mon-fri", {"cron": "0 11 * * sat,sun", "timezone": "UTC"}])
    schedule = build(parsed.specs, first_seen_at=NOW, last_end_at=None)

    assert parsed.text == "0 9 * * mon-fri; 0 11 * * sat,sun UTC"
    assert rfc3339(schedule.next_after(NOW) or 0) == "2026-11-21T11:00:00Z"
    assert schedule.count_between(NOW, NOW + 7 * DAY) == 7
    assert rfc3339(schedule.latest_at_or_before(NOW) or 0) == "2026-11-20T08:00:00Z"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("* * * *", "5, 6 or 7 fields, not 4"),
        ("61 * * * *", "minute 61 is out of range"),
        ("0 24 * * *", "hour 24 is out of range"),
        ("5/10 * * * *", "5-59/10"),
        ("0 22-6 * * *", "22-23,0-6"),
        ("*/0 * * * *", "the step is 1 to 59"),
        ("R * * * *", "random"),
        ("@once", "@at 2026"),
        ("@dayly", "unknown schedule"),
        ("@daily 5", "unknown schedule"),
        ("CRON_TZ=UTC 0 0 * * *", "timezone"),
        ("0 0 L * 5", "cannot be joined"),
        ("0 0 1 * 5#2", "cannot be joined"),
        ("0 0 40W * *", "1W to 31W"),
        ("0 0 * * 9L", "0 to 7"),
        ("0 0 * * foo", "not understood|not acceptable"),
        ("H(5-90) * * * *", "H ranges"),
        ("H/90 * * * *", "the step is 1 to 60"),
        ("50~70 * * * *", "0 to 59"),
        ("*-5 * * * *", "not understood"),
        ("0 0 31 2 *", "never fires"),
        ("@every 0", "too short"),
        ("@in 0", "1s is the shortest"),
        ({"in": 0}, "1s is the shortest"),
        ("@every ٥m", "not a duration"),
        ("٥ * * * *", "not understood"),
        ("@at ٢٠٢٦-12-01", "not a time"),
        ("0 0 L * */2", "cannot be joined"),
        ("@at 2026-12-01T02:00:00.5Z", "whole seconds"),
        ({"on_calendar": "Mo"}, "not a weekday"),
        ({"on_calendar": 5}, "on_calendar is a text"),
        ({"on_calendar": "daily UTC", "timezone": "UTC"}, "stands twice"),
        ({"on_calendar": "daily", "cron": "* * * * *"}, "exactly one of cron, every"),
        ({"cron": "@every 5m"}, "write every, at or in"),
        ("every 5 minutes", '"@every 5m"'),
        ("every hour", '"@every 1h"'),
        ("every now and then", '"@every 5m"'),
        ("P1D", '"@every 1d"'),
        ("PT1H30M", '"@every 1h30m"'),
        ("* * * * * 2026", "a year needs all seven fields"),
        ("59/2 * * * *", "59 alone says the same"),
        ("0 0 * * mon/9", "the step is 1 to 7"),
        ("0 0 * * mon/7", "mon-7/7"),
        ({"cron": 5, 10**5000: 5}, "unknown key this"),
        ((10**5000,), "quotes"),
        ({"every": 10**5000}, "this is not"),
        ({"every": "5m", "from": 10**5000}, "this is not"),
        ({"cron": "* * * * *", "timezone": 10**5000}, "timezone this"),
        ("@every soon", "not a duration"),
        ("@in", "not a duration"),
        ("@at tomorrow", "not a time"),
        ("@at 1969-12-31T00:00", "year is out of range"),
        ("2026-02-30T00:00", "not a time"),
        ("2026-12-01T02:00+99:99", "not a time"),
        ("", "empty"),
        ([], "empty"),
        ("x" * 3000, "at most"),
        ("1," * 600 + "1 * * * *", "at most"),
        (["* * * * *"] * 101, "at most 100"),
        (5, "quotes"),
        (None, "quotes"),
        ({"cron": 5}, "quotes"),
        ({"cron": "* * * * *", "every": 5}, "exactly one"),
        ({"cron": "* * * * *", "zone": 5}, "unknown key"),
        ({"every": "5m", "anchor": "x"}, "not a time"),
        ({"every": "5m", "anchor": "2026-01-01", "from": "start"}, "an anchor or a from"),
        ({"every": "5m", "timezone": "UTC"}, "matters to an anchor only"),
        ({"every": "5m", "from": "end"}, "not one of"),
        ({"cron": "* * * * *", "timezone": "America"}, "add a city, like America/"),
        ({"cron": "* * * * *", "timezone": "New York"}, "did you mean America/New_York"),
        ({"cron": "* * * * *", "timezone": "utc"}, "did you mean UTC"),
        ({"cron": "* * * * *", "timezone": "PST"}, "did you mean America/Los_Angeles"),
        ({"cron": "* * * * *", "timezone": "right/Europe/Berlin"}, "did you mean Europe/Berlin"),
        ({"cron": "* * * * *", "timezone": "posix/UTC"}, "did you mean UTC"),
        ({"cron": "* * * * *", "timezone": "qqqqqqqq"}, "use a name like"),
        ({"cron": "* * * * *", "timezone": "Europe/Berln"}, "Europe/Berlin"),
        ({"cron": "* * * * *", "timezone": "x" * 300}, "unknown timezone"),
        ({"cron": "* * * * *", "timezone": 5}, "unknown timezone"),
        ({"at": 5}, "not a time"),
    ],
)
def test_what_is_not_a_schedule_is_refused_with_a_mend(words: object, message: str) -> None:
    with pytest.raises(BadSchedule, match=message.replace("(", r"\(")) as caught:
        read(words)

    assert len(str(caught.value)) < 300


def test_a_problem_in_a_list_tells_its_place() -> None:
    with pytest.raises(BadSchedule) as caught:
        read(["@daily", {"cron": "* * * * *", "timezone": "Nowhere"}])

    assert caught.value.path == (1, "timezone")


RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(RUBBISH | st.text("0123456789*/-,~LWH#@? RTZ:+", max_size=40))
def test_rubbish_is_refused_and_nothing_else_happens(words: Any) -> None:
    try:
        parsed = read(words)
    except BadSchedule:
        return
    describe(parsed.specs)
    warnings(parsed.specs)
    build(parsed.specs, first_seen_at=NOW, last_end_at=None).next_after(NOW)


def test_hashes_are_stable_and_differ_between_jobs() -> None:
    minutes = {parse("H * * * *", timezone="UTC", job_id=f"job-{n}").specs[0] for n in range(50)}

    assert len(minutes) > 20
    assert read("H * * * *") == read("H * * * *")
    assert read("H H(1-4) * * *") != read("H H(10-14) * * *")
    build(read("H/15 H H H H").specs, first_seen_at=0, last_end_at=None)
    build(read("6~15 * * * *").specs, first_seen_at=0, last_end_at=None)


def test_intervals_keep_to_their_grid() -> None:
    every = build((EverySpec(10 * SECOND),), first_seen_at=NOW, last_end_at=None)
    clock = build((EverySpec(7 * SECOND, "clock"),), first_seen_at=NOW + 1, last_end_at=None)
    finish = build((EverySpec(MINUTE, "finish"),), first_seen_at=NOW, last_end_at=NOW + HOUR)

    assert every.next_after(NOW - DAY) == NOW + 10 * SECOND
    assert every.next_after(NOW + 10 * SECOND) == NOW + 20 * SECOND
    assert every.latest_at_or_before(NOW + 9 * SECOND) is None
    assert every.latest_at_or_before(NOW + 25 * SECOND) == NOW + 20 * SECOND
    assert every.count_between(NOW - DAY, NOW + MINUTE) == 6
    assert (clock.next_after(NOW) or 0) % (7 * SECOND) == 0
    assert finish.next_after(NOW) == NOW + HOUR + MINUTE
    assert finish.latest_at_or_before(NOW) is None
    assert finish.latest_at_or_before(NOW + DAY) == NOW + HOUR + MINUTE
    assert finish.count_between(NOW, NOW + DAY) == 1


def test_what_has_no_instants_never_comes() -> None:
    schedule = build((RebootSpec(), ManualSpec()), first_seen_at=NOW, last_end_at=None)

    assert schedule.next_after(NOW) is None
    assert schedule.latest_at_or_before(NOW) is None
    assert schedule.count_between(0, NOW) == 0
    assert build((InSpec(HOUR),), first_seen_at=NOW, last_end_at=None).next_after(0) == NOW + HOUR


@cache
def instants(spec: ScheduleSpec, first_seen_at: int, after: int, until: int) -> Sequence[int]:
    """Return the instants of one part in (after, until], found one by one."""
    part = build((spec,), first_seen_at=first_seen_at, last_end_at=None)
    found = []
    at = part.next_after(after)
    while at is not None and at <= until:
        found.append(at)
        at = part.next_after(at)
    return found


def walked(words: list[object], first_seen_at: int, after: int, until: int) -> int:
    """Count the instants of all parts in (after, until], walked to the longest end at once."""
    longest = after + 3 * DAY + 777 * SECOND
    parts = [
        # When a job was first seen counts for intervals only.
        instants(spec, 0 if isinstance(spec, CronSpec) else first_seen_at, after, longest)
        for spec in read(words).specs
    ]
    return len({at for part in parts for at in part if at <= until})


@pytest.mark.parametrize(
    "words",
    [
        ["*/2 * * * *", "*/3 * * * *"],
        ["0 9 * * *", "0 9 * * mon", "@every 1d"],
        ["* * * * *", "*/7 * * * * *", "30 2 * * *"],
        ["*/20 * * * * *", {"cron": "*/50 * 2,3 * * *", "timezone": "America/St_Johns"}],
        ["@every 90s", "* * * * *", "@every 50s"],
        ["@every 50s", "@every 80s", "*/40 * * * * *", "@in 5000s", "2026-10-25T02:00"],
        ["@every 31500ms", "@every 21s", {"every": "45s", "from": "clock"}, "*/15 * * * * *"],
    ],
)
@pytest.mark.parametrize("fraction", [0, 250_000])
@pytest.mark.parametrize("days", [0, 1, 3])
def test_common_instants_count_once(words: list[object], fraction: int, days: int) -> None:
    for day in ("2026-03-28", "2026-10-24"):
        after = instant(datetime.fromisoformat(f"{day}T12:34:56.7+00:00"))
        seen, until = after - HOUR // 7 * 7 + fraction - 700_000, after + days * DAY + 777 * SECOND
        schedule = build(read(words).specs, first_seen_at=seen, last_end_at=None)

        assert schedule.count_between(after, until) == walked(words, seen, after, until)
        assert schedule.count_between(until, after) == 0


def test_years_of_dense_parts_are_counted_exactly_without_a_walk() -> None:
    specs = read(["*/2 * * * * *", "*/3 * * * * *", "* * * * *"]).specs
    schedule = build(specs, first_seen_at=0, last_end_at=None)

    assert schedule.count_between(NOW, NOW + 365 * DAY) == 365 * DAY // SECOND * 2 // 3


def test_intervals_finer_than_a_millisecond_stay_whole() -> None:
    specs = read([{"every": 1.000001, "from": "clock"}, {"every": 1.000002, "from": "clock"}]).specs
    schedule = build(specs, first_seen_at=0, last_end_at=None)

    assert schedule.count_between(0, 100 * SECOND) == 198
    assert schedule.count_between(0, DAY) == DAY // 1_000_001 + DAY // 1_000_002


def test_parts_that_begin_later_have_no_instants_before() -> None:
    specs = read(["@every 1s", "* * * * * *"]).specs
    schedule = build(specs, first_seen_at=NOW + 2 * DAY, last_end_at=None)

    assert schedule.count_between(NOW, NOW + 3 * DAY) == 3 * DAY // SECOND


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("30 2 * * *", "daily at 02:30"),
        ("*/5 * * * *", "every 5 minutes"),
        ("*/25 * * * * *", "at seconds 0, 25 and 50"),
        ("*/45 * * * *", "at minutes 0 and 45"),
        ("*/7 */5 * * *", "every 7 minutes of each hour, from 0 on, at hours 0, 5, 10, 15 and 20"),
        ("0 0 */7 */5 *", "at 00:00, on days 1, 8, 15, 22 and 29, in months 1, 6 and 11"),
        ("0 0 */31 * *", "at 00:00, on days 1"),
        ("0 9 * * mon-fri", "at 09:00, Monday through Friday"),
        ("0 0 * * Lfri", "at 00:00, on the last Friday of the month"),
        ("@every 90s", "every 90 seconds"),
        ("@every 1h", "every hour"),
        ("@every 1500ms", "every 1s500ms"),
        ({"every": "10m", "from": "finish"}, "every 10 minutes after the last end"),
        ("2026-12-01T02:00:00Z", "once on 2026-12-01 at 02:00:00 UTC"),
        ("@in 30m", "once, 30m after it was first seen"),
        ("@reboot", "at boot"),
        ("@startup", "when the engine starts"),
        ("@manual", "by hand"),
        (["@daily", "@every 5m"], "daily at 00:00; every 5 minutes"),
    ],
)
def test_schedules_have_words(words: object, expected: str) -> None:
    assert describe(read(words).specs) == expected


def test_what_has_no_words_is_shown_as_it_was_written() -> None:
    assert describe((CronSpec("0 0 * *", "UTC"),)) == "0 0 * *"


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("0 0 1 * 1", 1),
        ("0 0 */2 * 1", 1),
        ("*/35 * * * *", 1),
        ("*/7 0 1 * 1", 2),
        ("@every 1d", 1),
        ("0 0 * * *", 0),
        ("*/15 * * * * *", 0),
        ("@manual", 0),
    ],
)
def test_what_may_surprise_is_said(words: object, count: int) -> None:
    assert len(warnings(read(words).specs)) == count


CLOCK_WAS_SET = "the clock was set: intervals move against it"


@pytest.mark.parametrize(
    ("words", "after", "marks"),
    [
        ("30 2 * * *", "2026-03-28T23:00Z", ["02:30 does not exist", ""]),
        ("0 3 * * *", "2026-03-28T23:00Z", ["", ""]),
        ("*/30 * * * *", "2026-03-29T00:00Z", ["", "", "", ""]),
        ("0-45/15 2,3 * * *", "2026-03-28T23:00Z", ["02:00 to 02:45 do not exist", "", "", ""]),
        ("30 30 2 * * *", "2026-03-28T23:00Z", ["02:30:30 does not exist"]),
        ("30 2 * * *", "2026-10-24T22:00Z", ["first of two 02:30", ""]),
        (
            "30 */2 * * *",
            "2026-10-24T21:00Z",
            ["", "first of two 02:30", "second of two 02:30", ""],
        ),
        ("@every 12h", "2026-03-28T22:00Z", ["", CLOCK_WAS_SET, CLOCK_WAS_SET, ""]),
        (["@every 12h", "0 11 * * *"], "2026-03-29T08:00Z", ["", CLOCK_WAS_SET, CLOCK_WAS_SET]),
    ],
)
def test_daylight_saving_leaves_its_mark(words: object, after: str, marks: list[str]) -> None:
    specs = read(words).specs
    start = instant(datetime.fromisoformat(after))
    schedule = build(specs, first_seen_at=start - 9 * HOUR - SECOND // 2, last_end_at=None)

    found = upcoming(schedule, specs, timezone=BERLIN, after=start, limit=len(marks))
    assert [each.mark for each in found] == marks


def test_the_coming_year_tells_what_daylight_saving_will_do() -> None:
    specs = read("30 2 * * *").specs
    schedule = build(specs, first_seen_at=NOW, last_end_at=None)

    marked = first_dst_marks(schedule, specs, timezone=BERLIN, after=NOW)
    assert [f"{each.local:%F %H:%M} {each.mark}" for each in marked] == [
        "2027-03-28 03:00 02:30 does not exist",
        "2027-10-31 02:30 first of two 02:30",
    ]
    assert first_dst_marks(schedule, (ManualSpec(),), timezone=BERLIN, after=NOW) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("90s", 90 * SECOND),
        ("1h30m", 90 * MINUTE),
        (" 2 d ", 2 * DAY),
        ("1w", 7 * DAY),
        ("250ms", 250_000),
        ("1.5h", 90 * MINUTE),
        ("45", 45 * SECOND),
        (45, 45 * SECOND),
        (0.5, 500_000),
        (0, 0),
    ],
)
def test_durations_are_read(words: object, expected: int) -> None:
    assert parse_duration(words) == expected


@pytest.mark.parametrize(
    "words",
    ["", "m5", "5 fortnights", "-5s", -1, True, None, [], 1e300, float("nan"), "9" * 15 + "w"],
)
def test_what_is_not_a_duration_is_refused(words: object) -> None:
    with pytest.raises(BadInput):
        parse_duration(words)


@given(st.integers(0, 10**15))
def test_durations_read_back_what_was_written(duration: int) -> None:
    assert abs(parse_duration(format_duration(duration)) - duration) <= duration // 10**13


def test_a_grid_begins_at_its_anchor_and_stays_on_it() -> None:
    parsed = read({"every": "6h", "anchor": "2026-06-01T01:00", "timezone": BERLIN})
    anchor = parse_moment("2026-05-31T23:00Z", "UTC")
    grid = build(parsed.specs, first_seen_at=anchor + 5, last_end_at=None)

    assert parsed.specs == (GridSpec(6 * HOUR, anchor),)
    assert grid.next_after(0) == anchor
    assert grid.next_after(anchor) == anchor + 6 * HOUR
    assert grid.latest_at_or_before(anchor - 1) is None
    assert describe(parsed.specs) == "every 6 hours from 2026-05-31 23:00:00 UTC on"
    assert warnings(read({"every": "2d", "anchor": "2026-06-01"}).specs)


def test_a_calendar_expression_is_said_as_it_is_written_and_marked_like_cron() -> None:
    parsed = read({"on_calendar": "*-*-*  02:30", "timezone": BERLIN})
    schedule = build(parsed.specs, first_seen_at=0, last_end_at=None)
    after = parse_moment("2026-03-28T12:00Z", "UTC")
    found = upcoming(schedule, parsed.specs, timezone="UTC", after=after, limit=2)
    marks = first_dst_marks(schedule, parsed.specs, timezone="UTC", after=after)

    assert parsed.text == "on_calendar *-*-* 02:30 Europe/Berlin"
    assert describe(parsed.specs) == "when the calendar says *-*-* 02:30"
    assert [each.mark for each in found] == ["02:30 does not exist", ""]
    assert [each.mark for each in marks] == ["02:30 does not exist", "first of two 02:30"]
