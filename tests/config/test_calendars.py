"""Calendars and the limits of a job, as jobs.yaml says them."""

from pathlib import Path

import pytest

from cronterm.clock import HOUR, SECOND
from cronterm.config.attempt import Known
from cronterm.config.load import Loaded, load, load_text
from cronterm.schedule.base import CalendarSpec, GridSpec, OnCalendarSpec
from cronterm.schedule.parse import parse_moment

DAY_S = 86_400


def read(text: str, directory: str = "/srv/ops") -> Loaded:
    """Read a text as if it stood in a directory."""
    return load_text(text, path=Path(directory, "jobs.yaml"), local_timezone="UTC")


def calendar(words: str) -> CalendarSpec:
    """Return the one calendar of these words."""
    loaded = read(f"calendars: {{it: {words}}}\njobs: {{}}")
    assert loaded.problems == ()
    return loaded.settings.calendars["it"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("{dates: [2026-12-26, '2026-12-25']}", CalendarSpec(dates=("2026-12-25", "2026-12-26"))),
        ("{dates: 2026-12-25}", CalendarSpec(dates=("2026-12-25",))),
        ("{days: [L, -2, 1]}", CalendarSpec(days=(-2, -1, 1))),
        ("{weekdays: [sat, Sunday]}", CalendarSpec(weekdays=(5, 6))),
        ("{weekdays: fri-mon}", CalendarSpec(weekdays=(0, 4, 5, 6))),
        (
            "{windows: ['Sun 02:00-04:00']}",
            CalendarSpec(windows=((6 * DAY_S + 7200, 6 * DAY_S + 14_400),)),
        ),
        (  # over midnight, and over the end of the week
            "{windows: 'sat,sun 23:00-01:00'}",
            CalendarSpec(
                windows=(
                    (0, 3600),
                    (5 * DAY_S + 23 * 3600, 6 * DAY_S + 3600),
                    (6 * DAY_S + 23 * 3600, 7 * DAY_S),
                )
            ),
        ),
        (
            "{windows: '12:00:30-24:00'}",
            CalendarSpec(windows=tuple((n * DAY_S + 43_230, (n + 1) * DAY_S) for n in range(7))),
        ),
        (
            "{from: '2026-12-18T18:00', until: '2027-01-04T08:00+01:00'}",
            CalendarSpec(
                start="2026-12-18T18:00:00", until=parse_moment("2027-01-04T07:00Z", "UTC")
            ),
        ),
    ],
)
def test_each_part_of_a_calendar_is_read(words: str, expected: CalendarSpec) -> None:
    assert calendar(words) == expected


def test_the_words_of_a_job_name_calendars_or_hold_them() -> None:
    loaded = read(
        """
settings: {timezone: Europe/Berlin, startup_delay: 5s}
calendars:
  holidays: {dates: [2026-12-25]}
  month_end: {days: [L]}
defaults: {exclude: holidays, not_before: "2026-01-01"}
jobs:
  a: {command: x}
  b: {command: x, exclude: [month_end, {weekdays: [sun]}], only: holidays, timezone: UTC}
  c:
    command: x
    schedule: {on_calendar: "Mon..Fri *-*-* 08..18:00/30:00"}
  d: {command: x, schedule: {every: 6h, anchor: "2026-01-01T01:00"}}
"""
    )
    a, b, c, d = loaded.jobs

    assert loaded.problems == ()
    assert loaded.settings.startup_delay == 5 * SECOND
    assert list(loaded.settings.calendars) == ["holidays", "month_end"]
    assert (a.exclude, a.not_before) == (("holidays",), parse_moment("2026-01-01", "Europe/Berlin"))
    assert b.exclude == ("month_end", CalendarSpec(weekdays=(6,)))
    assert (b.only, b.not_before) == (("holidays",), parse_moment("2026-01-01", "UTC"))
    assert c.schedule == (OnCalendarSpec("Mon..Fri *-*-* 08..18:00/30:00", "Europe/Berlin"),)
    assert d.schedule == (GridSpec(6 * HOUR, parse_moment("2026-01-01T00:00Z", "UTC")),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("calendars: [a]", "1:12: a list where a mapping is expected"),
        ("calendars: {a: {}}", "the calendar is empty (give it dates"),
        ("calendars: {a: {dates: []}}", "the calendar is empty"),
        ("calendars: {-a: {days: 1}}", "'-a' cannot name a calendar"),
        ("calendars: {a: {dats: []}}", "1:17: unknown key 'dats' (did you mean dates?)"),
        ("calendars: {a: {dates: [26-12-25]}}", "'26-12-25' is not a date (write it like"),
        ("calendars: {a: {dates: [2026-02-30]}}", "is not a time"),
        ("calendars: {a: {days: [0]}}", "there is no day 0 (1 to 31; L or -1 is the last"),
        ("calendars: {a: {days: [32]}}", "32 is not between -31 and 31"),
        ("calendars: {a: {days: Mon-Fri}}", "not a day of the month (weekdays: Mon-Fri)"),
        ("calendars: {a: {hours: '8-18'}}", 'it is called windows here: "mon-fri 08:00-18:00"'),
        ("calendars: {a: {weekdays: [fryday]}}", "'fryday' is not a weekday (mon, mon-fri"),
        ("calendars: {a: {windows: [25:00-26:00]}}", "has times that no clock shows"),
        ("calendars: {a: {windows: [10:00-10:00]}}", "the window has no length (a whole day is"),
        ("calendars: {a: {windows: [at noon]}}", "'at noon' is not a window"),
        ("calendars: {a: {windows: ['x 1:00-2:00']}}", "'x' is not a weekday"),
        ("calendars: {a: {from: soon}}", "'soon' is not a time"),
        ("calendars: {a: {from: 2027-01-01, until: 2026-01-01}}", "from is not before until"),
        ("calendars: {a: {ics: no.ics}}", "no.ics cannot be read: No such file"),
        ("calendars: {a: {ics: /dev/zero}}", "/dev/zero is not a regular file"),
        ("calendars: {a: {ics: ~nobody-here/x}}", "has no home directory"),
        ("jobs: {b: {command: x, exclude: [nope]}}", "1:34: there is no calendar 'nope' (write it"),
        (
            "calendars: {holiday: {days: 1}}\njobs: {b: {command: x, only: holidays}}",
            "2:30: there is no calendar 'holidays' (did you mean holiday?)",
        ),
        (
            "calendars: {a: {days: 1}}\njobs: {b: {command: x, only: frozen}}",
            "there is no calendar 'frozen' (known: a)",
        ),
        ("jobs: {b: {command: x, exclude: {days: 99}}}", "99 is not between"),
        ("jobs: {b: {command: x, blackout: a}}", "it is called exclude here"),
        ("jobs: {b: {command: x, expires_at: 2026-01-01}}", "it is called not_after here"),
        ("jobs: {b: {command: x, repeat: 3}}", "it is called max_runs here"),
        ("jobs: {b: {command: x, not_after: soon}}", "'soon' is not a time"),
        ("jobs: {b: {command: x, not_after: [1]}}", "is not a time"),
        (
            "jobs: {b: {command: x, not_before: 2027-01-01, not_after: 2026-01-01}}",
            "not_before is later than not_after",
        ),
        ("jobs: {b: {command: x, max_runs: 0}}", "0 is not between 1 and"),
        ("jobs: {b: {command: x, jitter_mode: wild}}", "'wild' is not one of stable, random"),
        ("jobs: {b: {command: x, auto_pause: {}}}", "after_failures is missing"),
        ("jobs: {b: {command: x, auto_pause: 3}}", "a mapping is expected"),
        ("jobs: {b: {command: x, auto_pause: {after: 3}}}", "unknown key 'after'"),
        ("jobs: {b: {command: x, schedule: {on_calendar: '*/5:00'}}}", "1:48: hour '*/5'"),
        ("settings: {startup_delay: soon}", "is not a duration"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_mend(text: str, expected: str) -> None:
    whole = text if "jobs" in text else f"{text}\njobs: {{}}"
    problems = [str(problem) for problem in read(whole).problems]

    assert len(problems) == 1, problems
    assert expected in problems[0]


def test_a_wrong_calendar_is_told_once() -> None:
    text = "calendars: {a: {days: 99}}\njobs: {b: {command: x, exclude: a}}"

    assert len(read(text).problems) == 1


@pytest.mark.parametrize("word", ["only", "exclude"])
def test_a_calendar_of_a_job_without_a_schedule_is_warned_of(word: str) -> None:
    words = f"command: x, {word}: {{weekdays: mon-fri}}"
    loaded = read(f"jobs:\n  a: {{{words}, schedule: '@daily'}}\n  b: {{{words}, depends_on: [a]}}")

    assert loaded.problems == ()
    assert [str(each) for each in loaded.warnings] == [
        f"/srv/ops/jobs.yaml:3:3: {word} picks among the times of a schedule, and there is none"
        " (what else starts this job starts it at any time)"
    ]


def test_an_ics_file_belongs_to_the_jobs_file(tmp_path: Path) -> None:
    events = tmp_path / "free.ics"
    text = "calendars: {free: {ics: free.ics}}\njobs: {a: {command: x, exclude: free}}\n"
    (tmp_path / "jobs.yaml").write_text(text)
    missing = load(tmp_path / "jobs.yaml", local_timezone="UTC")
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART:20261225", "END:VEVENT", "END:VCALENDAR"]
    events.write_text("\r\n".join(lines))
    there = load(tmp_path / "jobs.yaml", local_timezone="UTC")
    events.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nRDATE:20261225\n")
    broken = load(tmp_path / "jobs.yaml", local_timezone="UTC")

    assert missing.beside == {str(events): ""}
    assert there.problems == ()
    assert there.settings.calendars["free"] == CalendarSpec(
        spans=(("2026-12-25T00:00:00", "2026-12-26T00:00:00"),), ics=(str(events),)
    )
    assert "free.ics, line 3: RDATE is not understood" in broken.problems[0].message
    assert len({each.beside[str(events)] for each in (missing, there, broken)}) == 3
    assert missing.sha256 == there.sha256
    given = load_text(text, path=tmp_path / "jobs.yaml", local_timezone="UTC", texts=there.beside)
    assert given.settings == there.settings


def test_calendars_of_elsewhere_may_be_known() -> None:
    known = {"holidays": CalendarSpec(days=(1,))}
    text = "jobs: {a: {command: x, exclude: holidays}}"
    loaded = load_text(text, path=Path("/jobs.yaml"), local_timezone="UTC", known=Known(known))

    assert loaded.problems == ()
    assert loaded.settings.calendars == known
