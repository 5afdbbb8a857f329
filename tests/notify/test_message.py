"""The words of messages."""

from typing import Any

from cronterm.clock import DAY, HOUR
from cronterm.model.job import Job
from cronterm.model.notice import Notice
from cronterm.model.rule import NOTICE_EVENTS
from cronterm.notify.base import Message
from cronterm.notify.message import compose_message, trial_message
from tests.core.clockwork import job

NOON = 20_000 * DAY + 12 * HOUR


def notice(number: int = 1, **words: Any) -> Notice:
    """Return a notice."""
    given: dict[str, Any] = {
        "id": number,
        "notifier": "chat",
        "event": "failure",
        "job": "backup",
        "message": "exit 1",
        "happened_at": NOON,
        "ready_at": NOON,
        "run": 57,
    }
    return Notice(**(given | words))


def composed(*notices: Notice, about: Job | None = None, output: str = "") -> Message:
    """Return the message of notices."""
    jobs = {} if about is None else {about.id: about}
    return compose_message(notices, jobs, output=output, host="mars", store="c0ffee00")


def test_one_notice_says_all_that_helps() -> None:
    about = job(
        "backup",
        description="Dump the database",
        owner="dba",
        runbook="https://wiki.example.com/backup",
        timezone="Europe/Berlin",
    )

    message = composed(notice(count=3, due_at=NOON, more=2), about=about)
    assert message.title == "backup failed: exit 1"
    assert message.text.splitlines() == [
        "what: exit 1",
        "job: backup",
        "about: Dump the database",
        "run: 57",
        "in a row: 3",
        "due: 2024-10-04 14:00:00 CEST",
        "when: 2024-10-04 14:00:00 CEST",
        "host: mars",
        "owner: dba",
        "runbook: https://wiki.example.com/backup",
        "and 2 more like this since the message before",
    ]


def test_each_event_has_its_title() -> None:
    titles = {
        "start": ("", "backup started"),
        "success": ("", "backup succeeded"),
        "timeout": ("ran into its timeout", "backup ran into its timeout"),
        "killed": ("SIGSEGV", "backup was killed: SIGSEGV"),
        "retry": ("try 2 follows", "backup failed, try 2 follows"),
        "missed": ("nothing was reported in time", "backup missed 2 times: nothing was reported"),
        "late": ("due and not started", "backup is late: due and not started"),
        "long": ("runs longer than 1s", "backup runs longer than 1s"),
        "suspicious": ("took 2s, usually 5m", "backup had an odd success: took 2s, usually 5m"),
        "recovery": ("it succeeded again", "backup has recovered: it succeeded again"),
        "skipped": ("overlap", "backup was skipped: overlap"),
        "paused": ("by ann", "backup was paused by ann"),
        "changed": ("its definition", "backup was changed: its definition"),
    }
    assert {*titles, "failure"} == set(NOTICE_EVENTS)
    for event, (text, expected) in titles.items():
        assert composed(notice(event=event, message=text, count=2)).title.startswith(expected)


def test_nothing_in_it_acts_on_a_terminal_or_begins_another_line() -> None:
    message = composed(notice(message="exit 1\n\x1b]52;c;x\x07owner: me"), output="a\x1b[2Jb\n" * 3)

    assert "\x1b" not in message.title + message.text + message.output
    assert "\n" not in message.title
    assert [line for line in message.text.splitlines() if line.startswith("owner")] == []


def test_what_cronterm_itself_missed_is_about_no_job() -> None:
    message = composed(notice(job="", event="missed", message="3 instants passed", run=None))

    assert message.title == "cronterm was away: 3 instants passed"
    assert (message.jobs, message.job) == ((), "")


def test_the_same_of_several_jobs_is_one_message() -> None:
    message = composed(notice(1, job="a"), notice(2, job="b"), notice(3, job="a"))

    assert message.title == "2 jobs failed: exit 1"
    assert message.text.splitlines() == ["- a", "- b", "", "host: mars"]


def test_long_words_are_cut() -> None:
    message = composed(notice(message="x" * 10_000), output="y" * 100_000)

    assert len(message.title) <= 150
    assert len(message.output) <= 6_000


def test_a_trial_says_that_it_is_one() -> None:
    message = trial_message("chat", host="mars", store="c0ffee00", now=NOON)

    assert message.title == "cronterm on mars: a test of chat"
    assert message.is_good
