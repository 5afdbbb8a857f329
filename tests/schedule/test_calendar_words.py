"""Tests for calendars in words."""

from pathlib import Path

import pytest

from cronterm.config.load import load
from cronterm.schedule.base import CalendarSpec
from cronterm.schedule.calendar_words import doubts, keeping, words_of
from cronterm.schedule.calendars import Calendars


def job_with(tmp_path: Path, written: str) -> tuple[str, ...]:
    """Return what the calendars of a job do, and what may surprise, of `only: ...` as written."""
    file = tmp_path / "jobs.yaml"
    file.write_text(
        "calendars:\n"
        "  office: {weekdays: mon-fri}\n"
        '  nights: {windows: ["01:00-05:00"]}\n'
        f'jobs: {{a: {{command: "true", schedule: "@hourly", {written}}}}}\n',
        encoding="utf-8",
    )
    loaded = load(file, local_timezone="UTC")
    assert loaded.problems == ()
    job, calendars = loaded.jobs[0], loaded.settings.calendars
    # What is told is what is done: those words come with the sieve as well.
    assert Calendars(calendars).sieve(job.exclude, job.only, timezone="UTC") is not None
    return (*keeping(job.exclude, job.only, calendars), *doubts(job.only, calendars))


ENOUGH = ": any of these is enough"
DOUBT = (
    "only has days, and hours of every day: either is enough"
    ' (windows: ["mon-fri 01:00-05:00"] needs both)'
)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            'only: [{weekdays: mon-fri}, {windows: ["01:00-05:00"]}]',
            (f"runs only on Mon-Fri, or between 01:00 and 05:00{ENOUGH}", DOUBT),
        ),
        (
            'only: {weekdays: mon-fri, windows: ["01:00-05:00"]}',
            (f"runs only on Mon-Fri, or between 01:00 and 05:00{ENOUGH}", DOUBT),
        ),
        (
            "only: [office, nights]",
            (
                f"runs only in office (on Mon-Fri), or in nights (between 01:00 and 05:00){ENOUGH}",
                DOUBT,
            ),
        ),
        (
            'only: {windows: ["mon-fri 01:00-05:00"]}',
            ("runs only on Mon-Fri between 01:00 and 05:00",),
        ),
        (
            'only: {weekdays: mon-fri, windows: ["sat 10:00-12:00"]}',
            (f"runs only on Mon-Fri, or on Sat between 10:00 and 12:00{ENOUGH}",),
        ),
        (
            'only: office, exclude: [{dates: ["2026-12-25"]}, {weekdays: "tue,thu"}]',
            ("runs only in office (on Mon-Fri)", "never runs on 2026-12-25, or on Tue, Thu"),
        ),
        (
            "only: {days: [1, L]}",
            ("runs only on day 1 or the last day of the month",),
        ),
        (
            'only: {days: [1, 15, -2], from: "2026-12-01", until: "2026-12-31T08:00Z"}',
            (
                "runs only from 2026-12-01 00:00 until 2026-12-31 08:00 UTC"
                " (on day 1, 15 or the last day but 1 of the month)",
            ),
        ),
        ('only: {until: "2027-01-01"}', ("runs only until 2027-01-01 00:00",)),
        (
            'exclude: {windows: ["22:00-06:00"]}',
            ("never runs between 22:00 and 06:00",),
        ),
        (
            'exclude: {windows: ["sun 22:00-06:00", "sat 00:00-24:00"]}',
            ("never runs on Sat between 00:00 and 24:00, or on Sun between 22:00 and 06:00",),
        ),
    ],
)
def test_what_calendars_do_to_a_job(tmp_path: Path, written: str, told: tuple[str, ...]) -> None:
    assert job_with(tmp_path, written) == told


def test_many_dates_are_counted_and_days_meet_over_the_weekend(tmp_path: Path) -> None:
    dates = ", ".join(f'"2026-12-{day}"' for day in range(20, 26))
    written = f"exclude: [{{dates: [{dates}]}}, {{weekdays: fri-mon}}]"
    expected = ("never runs on 2026-12-20, 2026-12-21, 2026-12-22 and 3 more dates, or on Fri-Mon",)
    assert job_with(tmp_path, written) == expected


def test_the_events_of_a_file_are_named_by_it() -> None:
    assert words_of(CalendarSpec(ics=("/srv/free.ics",))) == "in the events of free.ics"
