"""What the form says of words that go by calendars and limits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cronterm.clock import HOUR, instant
from cronterm.model.job import Job, Settings, Shell
from cronterm.model.snapshot import JobView
from cronterm.schedule.base import CalendarSpec
from cronterm.tui.coming import coming_runs, next_line, nothing_comes
from cronterm.tui.draft import check_words, directory_of, retry_note, schedule_note, told_at
from cronterm.tui.typed import as_value

NOW = instant(datetime(2026, 6, 1, 12, tzinfo=UTC))  # a Monday
CALENDARS = {"midweek": CalendarSpec(weekdays=(1, 2, 3))}


def days(**words: object) -> list[str]:
    """Return the days of the next runs of a daily job."""
    all_words = {"command": "x", "schedule": "0 6 * * *", "timezone": "UTC"} | words
    job, problems = check_words("a", all_words, Settings(calendars=CALENDARS), ())
    assert problems == {}
    assert job is not None
    view = JobView(job=job, timed_runs=1)
    return [line[:10] for line in coming_runs(job, NOW, CALENDARS, view)]


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


def made(given: Mapping[str, object] | None = None, **words: object) -> Job:
    """Return the job that these words make where the file gives it `given`."""
    settings = Settings(timezone="America/New_York", calendars=CALENDARS)
    job, problems = check_words("a", {"command": "x"} | words, settings, (), given)
    assert problems == {}
    assert job is not None
    return job


def test_a_job_has_what_the_file_gives_it() -> None:
    given = {"jitter": "10m", "env": {"A": "1", "B": "1"}, "only": "midweek", "timezone": "UTC"}
    job = made(given, schedule="30 2 * * *", env={"B": "2"})
    assert (job.timezone, job.env, job.only) == ("UTC", {"A": "1", "B": "2"}, ("midweek",))
    assert schedule_note(job, NOW).splitlines()[1] == "each start waits up to 10m more (jitter)"
    runs = coming_runs(job, NOW, CALENDARS)
    assert [run[:16] for run in runs[:3]] == [
        "Tue 02 Jun 02:30",
        "Wed 03 Jun 02:30",
        "Thu 04 Jun 02:30",
    ]
    assert made().timezone == "America/New_York"


def test_what_is_wrong_with_the_file_is_not_said_of_what_is_typed() -> None:
    settings = Settings(timezone="UTC")
    job, problems = check_words("a", {"command": "x"}, settings, (), {"notify": "gone"})
    assert (job is not None, problems) == (True, {})


def test_a_schedule_that_stays_goes_on_and_another_begins_now() -> None:
    job = made(schedule="@every 7h")
    skipped = NOW + 3 * HOUR
    view = JobView(
        job=job, first_seen_at=NOW - 4 * HOUR, decided=((skipped - 1, skipped),), timed_runs=9
    )
    assert [run.split("in ")[1] for run in coming_runs(job, NOW, {}, view)][:2] == ["10h", "17h"]
    other = made(schedule="@every 5h")
    assert [run.split("in ")[1] for run in coming_runs(other, NOW, {}, view)][:2] == ["5h", "10h"]


def test_why_nothing_comes_is_said() -> None:
    def told(job: Job | None, view: JobView | None = None, *, has_schedule: bool = True) -> str:
        assert job is None or not coming_runs(job, NOW, {}, view)
        return nothing_comes(job, has_schedule=has_schedule, view=view)

    daily = made(schedule="@daily", max_runs=2)
    assert told(None, has_schedule=False) == "no schedule yet"
    assert told(None) == "something is to be mended first"
    assert told(made(schedule="@manual")) == "by hand only"
    assert told(made(schedule="@reboot")) == "at no set time"
    assert told(made({"enabled": False}, schedule="@daily")) == "none by itself: enabled is false"
    assert told(daily, JobView(job=daily, timed_runs=2)) == "none: it has run 2 times (max_runs)"
    over = made(schedule="@daily", not_after="2026-05-01T00:00")
    assert told(over) == "nothing is due"


def test_the_day_is_told_once_in_a_line() -> None:
    runs = coming_runs(made(schedule="15 3,9,21 * * *", timezone="UTC"), NOW, {})
    assert next_line(runs, "", "UTC") == "next Mon 01 Jun 21:15 · Tue 02 Jun 03:15 · 09:15"
    assert next_line(runs[:1], "", "Asia/Tokyo") == "next Mon 01 Jun 21:15 (Asia/Tokyo)"
    assert next_line([], "nothing is due", "UTC") == "nothing is due"


@pytest.mark.parametrize(
    ("retry", "told"),
    [
        (3, "up to 3 more times: after 10s, 20s, 40s"),
        ({"attempts": 1, "delay": "1m"}, "once more: after 1m"),
        ({"delay": "30s", "backoff": 1}, "up to 3 more times: each time after 30s"),
        ({"attempts": 1, "on": "lost"}, "when it is lost, once more: after 10s"),
        (0, ""),
    ],
)
def test_when_it_is_tried_again_is_told(retry: object, told: str) -> None:
    assert retry_note(made(retry=retry)) == told
    assert retry_note(made({"retry": retry})) == told
    assert retry_note(None) == ""


def test_a_variable_without_a_value_is_a_mistake() -> None:
    words = {"command": "x", "env": as_value("env", "A=1 B")}
    assert check_words("a", words, Settings(), ())[1] == {"env": "'B' is not NAME=value"}


def test_when_it_runs_is_told_beside_what_is_wrong_with_another_word() -> None:
    words = {"command": "x", "schedule": "@daily", "timeout": "soon", "nice": 99}
    job, problems = check_words("5", words, Settings(timezone="UTC"), ())
    assert problems.keys() == {"name", "timeout", "nice"}
    assert job is not None
    assert next_line(coming_runs(job, NOW, {}), "", "UTC").startswith("next Tue 02 Jun 00:00")
    for wrong in ({"schedule": "70 * * * *"}, {"timezone": "Nowhere"}, {"only": "gone"}):
        assert check_words("a", words | wrong, Settings(), ())[0] is None


def test_paths_begin_where_the_jobs_file_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    words = {"command": "x", "working_dir": "here"}
    file = str(tmp_path / "jobs.yaml")
    (tmp_path / "jobs.d").mkdir()
    (tmp_path / "jobs.d" / "other.yaml").write_text("jobs: 5")
    job, problems = check_words("a", words, Settings(), (), None, directory_of(None, file))
    assert job is not None, problems
    assert job.working_dir == str(tmp_path / "here")
    assert directory_of(None, str(tmp_path)) == directory_of(JobView(job=job), "x") == str(tmp_path)
    assert directory_of(None, "") == "/form"
