"""What the form says of words that go by calendars and limits."""

from datetime import UTC, datetime

from cronterm.clock import instant
from cronterm.model.job import Settings, Shell
from cronterm.schedule.base import CalendarSpec
from cronterm.tui.draft import check_words, coming_runs, told_at

NOW = instant(datetime(2026, 6, 1, 12, tzinfo=UTC))  # a Monday
CALENDARS = {"midweek": CalendarSpec(weekdays=(1, 2, 3))}


def days(**words: object) -> list[str]:
    """Return the days of the next runs of a daily job."""
    all_words = {"command": "x", "schedule": "0 6 * * *", "timezone": "UTC"} | words
    job, problems = check_words("a", all_words, Settings(calendars=CALENDARS), ())
    assert problems == {}
    assert job is not None
    return [line[:10] for line in coming_runs(job, NOW, CALENDARS, timed_runs=1)]


def test_the_next_runs_pass_over_what_is_kept_back() -> None:
    assert days(exclude=["midweek"])[:2] == ["Fri 05 Jun", "Sat 06 Jun"]
    assert days(only="midweek")[:4] == ["Tue 02 Jun", "Wed 03 Jun", "Thu 04 Jun", "Tue 09 Jun"]
    assert days(max_runs=3) == ["Tue 02 Jun", "Wed 03 Jun"]
    assert days(not_before="2026-07-01T00:00", not_after="2026-07-01T12:00") == ["Wed 01 Jul"]
    assert days(exclude={"weekdays": "mon-sun"}) == []


def test_letters_beyond_the_first_65_536_may_be_typed() -> None:
    job, problems = check_words("a", {"command": "echo 🎉"}, Settings(), ())

    assert (problems, job is not None and job.action) == ({}, Shell("echo 🎉"))


def test_what_is_wrong_with_the_whole_is_told_without_a_place() -> None:
    _, problems = check_words("a", {"command": "\ud800"}, Settings(), ())

    assert [told_at(*each) for each in problems.items()] == [
        "is not JSON: half of a surrogate pair"
    ]
    assert told_at("timeout", "is too long") == "timeout: is too long"


def test_an_unknown_calendar_is_said_at_its_word() -> None:
    words = {"command": "x", "exclude": ["midwek"]}
    _, problems = check_words("a", words, Settings(calendars=CALENDARS), ())

    assert problems == {"exclude": "there is no calendar 'midwek' (did you mean midweek?)"}


def test_the_form_may_name_pools_and_jobs_of_the_file() -> None:
    words = {"command": "x", "pool": "heavy", "depends_on": ["b"]}
    settings = Settings(pools={"heavy": 1})

    assert check_words("a", words, settings, ["a", "b"])[1] == {}
    assert check_words("a", words, Settings(), ["a"])[1].keys() == {"pool", "depends_on"}
