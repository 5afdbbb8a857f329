"""What comes of one job is told with its marks, its week is counted hour by hour."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cronterm.clock import HOUR, Instant, instant
from cronterm.engine.outlook import SKIPPED, make_outlook
from cronterm.model.outlook import HOURS, Outlook
from cronterm.model.snapshot import JobView
from cronterm.schedule.base import CalendarSpec
from cronterm.schedule.calendars import Calendars
from tests.core.clockwork import job

MONDAY = instant(datetime(2026, 6, 1, tzinfo=UTC))
SPRING = instant(datetime(2027, 3, 26, 12, tzinfo=UTC))
NIGHTS = CalendarSpec(windows=tuple((day * 86_400, day * 86_400 + 21_600) for day in range(7)))


def outlook(schedule: str, *, now: Instant = MONDAY, limit: int = 20, **words: Any) -> Outlook:
    """Return what comes of a job."""
    begun = words.pop("begun", ())
    decided = words.pop("decided", ())
    view = JobView(job=job("a", schedule, **words), first_seen_at=MONDAY, decided=decided)
    return make_outlook(view, Calendars({"nights": NIGHTS}), begun, now=now, limit=limit)


def test_the_clock_that_is_set_marks_the_instants_it_touches() -> None:
    told = outlook("30 2 * * *", now=SPRING, timezone="Europe/Berlin")
    assert [each.mark for each in told.coming[:3]] == ["", "02:30 does not exist", ""]
    assert [each.mark for each in told.changes] == ["02:30 does not exist", "first of two 02:30"]
    assert len(told.coming) == 20


def test_what_a_calendar_keeps_back_is_one_row_between_what_comes() -> None:
    told = outlook("0 * * * *", exclude=("nights",))
    first = told.coming[0]
    assert (first.held, first.count) == ("excluded by nights", 5)
    assert (first.at, first.until) == (MONDAY + HOUR, MONDAY + 5 * HOUR)
    assert [each.held for each in told.coming].count("excluded by nights") == 2
    assert sum(not each.held for each in told.coming) == 20
    assert told.due[:8] == (0, 0, 0, 0, 0, 0, 4, 4)
    assert sum(told.due) == 4 * 7 * 18


def test_calendars_that_let_nothing_through_still_say_what_they_keep() -> None:
    told = outlook("0 3 * * *", exclude=("nights",))
    (only,) = told.coming
    assert (only.held, only.count) == ("excluded by nights", 366)
    assert sum(told.due) == 0


def test_what_a_person_skipped_stands_between_what_comes() -> None:
    at = MONDAY + 2 * HOUR
    told = outlook("0 * * * *", decided=((at - 1, at),), limit=3)
    assert [each.held for each in told.coming] == ["", SKIPPED, "", ""]


@pytest.mark.parametrize(
    ("schedule", "zone", "count"),
    [
        ("* * * * * *", "UTC", 4 * 7 * 24 * 3600),
        ("*/15 * * * *", "Asia/Kolkata", 4 * 7 * 96),
        ("@every 90s", "Europe/Berlin", 4 * 7 * 960),
        ("@manual", "UTC", 0),
    ],
)
def test_all_instants_of_four_weeks_are_in_the_week(schedule: str, zone: str, count: int) -> None:
    told = outlook(schedule, timezone=zone)
    assert len(told.due) == HOURS
    assert sum(told.due) == count


def test_hours_of_the_week_are_those_of_the_schedule() -> None:
    told = outlook("0 9 * * mon", timezone="Asia/Kolkata")
    assert [hour for hour, count in enumerate(told.due) if count] == [9]
    begun = [(MONDAY, 2, 1), (MONDAY + 7 * 24 * HOUR, 1, 0), (MONDAY + HOUR // 4, 4, 0)]
    told = outlook("0 9 * * mon", timezone="Asia/Kolkata", begun=begun)
    assert (told.runs[5], told.failed[5], sum(told.runs)) == (7, 1, 7)
    assert told.runs_since == MONDAY


def test_what_is_off_or_used_up_has_only_its_past() -> None:
    for words in ({"enabled": False}, {"max_runs": 0}):
        told = outlook("0 * * * *", begun=[(MONDAY, 1, 0)], **words)
        assert (told.coming, sum(told.due), sum(told.runs)) == ((), 0, 1)


def test_no_more_comes_than_the_job_may_run() -> None:
    assert len(outlook("0 * * * *", max_runs=3).coming) == 3
