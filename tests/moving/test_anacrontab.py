"""Tests for reading anacrontabs."""

from cronterm.moving.anacrontab import read_anacrontab
from cronterm.moving.base import Found
from tests.moving.here import ROOT, fates, only, reasons

CRONIE = """\
# /etc/anacrontab
SHELL=/bin/sh
MAILTO=root
RANDOM_DELAY=45
START_HOURS_RANGE=3-22

1\t5\tcron.daily\t\tnice run-parts /etc/cron.daily
7\t25\tcron.weekly\t\tnice run-parts /etc/cron.weekly
@monthly 45\tcron.monthly\t\tnice run-parts /etc/cron.monthly
3 1000 every-third nice x
soon 5 bad x
"""


def read(text: str) -> Found:
    """Read an anacrontab."""
    return read_anacrontab(text, "tab", ROOT)


def test_periods_become_times_within_the_hours() -> None:
    assert [(job.id, job.words["schedule"]) for job in read(CRONIE).jobs] == [
        ("cron.daily", "5 3 * * *"),
        ("cron.weekly", "25 3 * * 0"),
        ("cron.monthly", "45 3 1 * *"),
        ("every-third", {"every": "3d", "from": "finish"}),
    ]


def test_each_line_is_told() -> None:
    found = read(CRONIE)

    assert [fate for _, fate in fates(found)] == [
        *("comment", "setting", "setting", "setting", "setting", "comment"),
        *("job", "job", "job", "job", "refused"),
    ]
    assert reasons(found) == [(11, "'soon' is no period (days, @daily, @weekly or @monthly)")]


def test_what_was_overdue_is_made_up_for() -> None:
    words = read(CRONIE).jobs[1].words

    assert words == {
        "schedule": "25 3 * * 0",
        "jitter": "45m",
        "command": "nice run-parts /etc/cron.weekly",
        "shell": "/bin/sh",
        "working_dir": "/",
        "env": {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"},
        "inherit_env": False,
        "overlap": "skip",
        "catch_up": "latest",
        "catch_up_window": "7d",
    }


def test_what_was_made_up_is_told() -> None:
    found = read(CRONIE)

    assert found.jobs[0].remarks[0] == "every 1 days became the time 5 3 * * *"
    assert "counts 3 days from its last end" in found.jobs[3].remarks[0]
    assert "anacron mails" in found.notes[1]


def test_without_hours_it_is_half_past_seven_and_the_delay() -> None:
    assert only(read("1 5 x y")).words["schedule"] == "35 7 * * *"


def test_a_delay_over_midnight_is_told() -> None:
    job = only(read("1 1000 x y"))

    assert job.words["schedule"] == "10 0 * * *"
    assert job.remarks[1] == "its delay of 1000 minutes leads over midnight"


def test_quotes_of_a_variable_are_left_out_and_an_empty_mailto_mails_nothing() -> None:
    found = read('MAILTO=\nA="b c"\n1 5 x y\n')

    assert only(found).words["env"]["A"] == "b c"
    assert len(found.notes) == 1


def test_too_few_words_are_no_entry() -> None:
    assert reasons(read("1 5 x\n"))[0][0] == 1
