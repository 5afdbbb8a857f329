"""Who is told of what and when: policies, one dialogue each."""

from typing import Any

import msgspec
import pytest

from cronterm.clock import DAY, HOUR, MINUTE, SECOND
from cronterm.core.base import Delivered
from cronterm.core.quiet import quiet_until
from cronterm.model.command import AcknowledgeAlert, MuteAlerts, PauseJob, RunJob
from cronterm.model.job import Job, Retry
from cronterm.model.notice import NoticeDropped, NoticeQueued
from cronterm.model.rule import Rule
from tests.core.clockwork import DAY_START, Clockwork, job

MAIL = Rule(to=("mail",))
NIGHT = ((22 * 3600, 30 * 3600),)  # Monday 22:00 to Tuesday 06:00; the first day is a Monday


def rule(*on: Any, to: str = "mail", **words: Any) -> Rule:
    """Return a rule."""
    return Rule(to=(to,), on=on, **words)


def told(it: Clockwork) -> list[str]:
    """Return what the last step would tell whom, and when where that is not now."""
    lines = []
    for event in it.effects.events:
        match event:
            case NoticeQueued(notice=notice):
                wait = (notice.ready_at - it.utc) // SECOND
                later = f" in {wait}s" if wait > 0 else ""
                more = f" +{notice.more}" if notice.more else ""
                who = f"{notice.notifier} {notice.event} {notice.job or '*'}"
                lines.append(f"{notice.id} {who}{more}{later}")
            case NoticeDropped(notice=number):
                lines.append(f"{number} dropped")
            case _:
                pass
    return lines


def deliver(it: Clockwork, *numbers: int, **words: Any) -> Clockwork:
    """Tell the core that notices were sent, as they are now."""
    waiting = it.remembering.notices
    notices = tuple((number, waiting[number].more) for number in numbers)
    return it.step(Delivered(notifier="mail", notices=notices, channel="email", **words))


def one(*notify: Any, schedule: object = "* * * * *", **words: Any) -> Clockwork:
    """Return a clockwork with one job that fails or succeeds each minute."""
    return Clockwork(job("a", schedule, notify=notify, **words))


def ends(it: Clockwork, code: int, *, after: int = MINUTE) -> list[str]:
    """Let the next run end with `code`; return what is told of that end."""
    it.later(after).tick()
    run = it.claimed()[0]
    it.starts(run).later(SECOND).exits(run, code)
    return told(it)


def test_a_failure_is_told_once_and_its_recovery_to_who_got_it() -> None:
    it = one(MAIL, rule("success", "recovery", to="chat"))

    assert ends(it, 1) == ["1 mail failure a"]
    deliver(it, 1)
    assert ends(it, 1) == []
    assert ends(it, 0) == ["2 chat success a", "3 mail recovery a"]


def test_a_rule_after_three_fires_at_the_third_failure_in_a_row() -> None:
    it = one(rule("failure", after=3))

    assert [ends(it, 1), ends(it, 1), ends(it, 0)] == [[], [], []]
    assert [ends(it, 1), ends(it, 1)] == [[], []]
    assert ends(it, 1) == ["1 mail failure a"]
    assert ends(it, 1) == []


def test_a_job_failing_each_second_is_told_once_in_a_quarter_of_an_hour() -> None:
    it = one(rule("failure", "recovery"), schedule="* * * * * *")
    lines = []
    for n in range(1200):
        it.later(SECOND - it.utc % SECOND).tick()
        run = it.claimed()[0]
        it.starts(run).exits(run, n % 2)
        lines += told(it)
        ready = [each.id for each in it.remembering.notices.values() if each.ready_at <= it.utc]
        if ready:
            deliver(it, *ready)
            lines.append(f"sent {ready}")

    sent = [line for line in lines if line.startswith("sent")]
    assert len(sent) <= 5
    assert max(each.more for each in it.remembering.all_notices.values()) > 400


def test_it_is_told_again_as_often_as_the_rule_says() -> None:
    it = one(rule("failure", repeat=2 * HOUR), schedule="0 * * * *")
    it.at("00:59")
    assert ends(it, 1) == ["1 mail failure a"]
    deliver(it, 1)
    assert ends(it, 1, after=HOUR) == []
    assert it.core.wait(it.now()) is not None

    it.at("03:00:01").tick()
    assert told(it) == ["2 mail failure a"]
    it.restart()
    assert told(it) == []
    it.at("05:00:01").tick()
    assert told(it) == []  # the one before still waits
    deliver(it, 2)
    it.at("07:00:02").tick()
    assert told(it) == ["3 mail failure a"]


def test_what_is_known_or_muted_is_not_told_again() -> None:
    it = one(rule("failure", repeat=HOUR), schedule="0 0 * * *")
    ends(it, 1, after=DAY)
    deliver(it, 1)
    it.ask(MuteAlerts(job="a", until=it.utc + 90 * MINUTE))
    it.later(HOUR).tick()
    assert told(it) == []
    it.later(30 * MINUTE).tick()
    assert told(it) == ["2 mail failure a"]

    deliver(it, 2)
    it.ask(AcknowledgeAlert(alert=1))
    it.later(HOUR).tick()
    assert told(it) == []


def test_a_muted_job_tells_nobody_and_what_goes_on_then_is_told_after() -> None:
    it = one(MAIL)
    it.ask(MuteAlerts(job="a", until=it.utc + 90 * SECOND))

    assert ends(it, 1) == []
    assert ends(it, 1) == ["1 mail failure a"]


def test_quiet_hours_delay_and_never_drop() -> None:
    it = one(rule("failure", "recovery", quiet=NIGHT))
    it.at("22:59")

    assert ends(it, 1) == ["1 mail failure a in 25199s"]
    assert ends(it, 0) == ["2 mail recovery a in 25138s"]
    assert [each.ready_at for each in it.remembering.notices.values()] == [
        DAY_START + 30 * HOUR,
        DAY_START + 30 * HOUR,
    ]


def test_a_recovery_between_two_failures_that_wait_is_not_told() -> None:
    it = one(rule("failure", "recovery", quiet=NIGHT))
    it.at("22:59")
    ends(it, 1)
    ends(it, 0)

    lines = ends(it, 1)
    assert lines[0] == "2 dropped"
    assert lines[1].startswith("1 mail failure a +1 in")
    assert list(it.remembering.notices) == [1]


def test_what_came_while_it_was_sent_is_told_later() -> None:
    it = one(rule("failure", "recovery"))
    ends(it, 1)
    deliver(it, 1)
    ends(it, 0)
    deliver(it, 2)
    ends(it, 1)
    waiting = dict(it.remembering.notices)
    ends(it, 0)
    ends(it, 1)

    sent = tuple((number, notice.more) for number, notice in waiting.items())
    it.step(Delivered(notifier="mail", notices=sent, channel="email", title="t"))
    assert told(it) == ["5 mail failure a in 900s"]
    assert list(it.remembering.notices) == [5]


def test_a_failed_try_keeps_it_and_giving_up_does_not() -> None:
    it = one(MAIL)
    ends(it, 1)
    deliver(it, 1, error="refused", retry_at=it.utc + MINUTE)
    assert list(it.remembering.notices) == [1]

    it.restart()
    deliver(it, 1, error="refused")
    assert it.remembering.notices == {}
    assert ends(it, 0) == ["2 mail recovery a"]


def test_policies_are_found_by_name_and_change_with_the_file() -> None:
    policies = {"p": (rule("failure"), rule("timeout", to="chat"))}
    it = Clockwork(job("a", notify=("p",), timeout=MINUTE), alert_policies=policies)

    it.later(MINUTE).tick()
    it.starts(1).later(SECOND).exits(1, 0, stopped_for="timeout")
    assert told(it) == ["1 chat timeout a"]
    it.settings = msgspec.structs.replace(it.settings, alert_policies={"p": (rule("timeout"),)})
    it.configure(*it.jobs)
    it.later(MINUTE).tick()
    it.starts(2).later(SECOND).exits(2, 0, stopped_for="timeout")
    assert told(it) == ["2 mail timeout a"]


def test_a_signal_is_a_failure_and_a_kill() -> None:
    it = one(rule("killed"), rule("failure", to="chat"))
    it.later(MINUTE).tick()
    it.starts(1).later(SECOND).exits(1, signal=11)

    assert told(it) == ["1 mail killed a", "2 chat failure a"]


def test_late_long_and_missed_are_told() -> None:
    rules = rule("late", "long", "missed", "recovery")
    words: dict[str, Any] = {"overlap": "queue", "max_runtime": MINUTE, "tolerance": MINUTE}
    it = one(rules, schedule="0 0 * * *", start_deadline=HOUR, **words)
    it.later(DAY).tick()
    it.starts(1).later(2 * MINUTE).tick()
    assert told(it) == ["1 mail long a"]

    it.later(DAY - 2 * MINUTE).tick()
    it.later(40 * MINUTE).tick()
    it.later(HOUR).tick()
    lines = [each.event for each in it.remembering.all_notices.values()]
    assert lines == ["long", "late", "missed"]


def test_a_suspicious_success_is_told_once_until_one_is_usual_again() -> None:
    it = one(rule("suspicious", "recovery"), schedule="0 * * * *")
    for run in range(1, 6):
        it.later(HOUR - it.utc % HOUR).tick().starts(run).later(5 * MINUTE).exits(run)

    assert ends(it, 0, after=HOUR - it.utc % HOUR) == ["1 mail suspicious a"]
    assert it.remembering.notices[1].message == "took 1s, usually 5m"
    deliver(it, 1)
    assert ends(it, 0, after=HOUR) == []
    it.later(HOUR - it.utc % HOUR).tick().starts(8).later(5 * MINUTE).exits(8)
    assert told(it) == []  # nobody waits to hear that a success was as usual


def test_a_downtime_is_told_once_for_all_jobs() -> None:
    jobs = [job(name, "0 * * * *", notify=(rule("missed"),)) for name in "abc"]
    it = Clockwork(*jobs)
    it.later(3 * HOUR).restart()

    assert told(it)[-1].startswith("1 mail missed *")
    assert len(it.remembering.notices) == 1


def test_by_hand_nothing_is_told_but_the_end_of_what_was() -> None:
    everything = rule("start", "success", "failure", "killed", "recovery", "skipped")
    it = one(everything, schedule="@manual")
    for code in (1, 0):
        it.ask(RunJob(job="a"))
        run = it.claimed()[0]
        it.starts(run).exits(run, code)

    assert it.remembering.all_notices == {}


def test_each_step_of_a_run_can_be_asked_for() -> None:
    it = one(rule("start", "retry", "success", "skipped", "paused"), retry=Retry(1, MINUTE))
    it.later(MINUTE).tick()
    it.starts(1)
    assert told(it) == ["1 mail start a"]
    it.exits(1, 1)
    assert told(it) == ["2 mail retry a"]
    it.later(MINUTE).tick()
    assert told(it) == ["3 mail skipped a"]
    it.starts(1, attempt=2).exits(1, 0, attempt=2)
    assert told(it) == ["4 mail success a"]
    it.ask(PauseJob(job="a"))
    assert told(it) == ["5 mail paused a"]


def test_a_new_definition_can_be_told() -> None:
    it = one(rule("changed"))
    changed: Job = msgspec.structs.replace(it.jobs[0], description="other")

    it.configure(changed)
    assert told(it) == ["1 mail changed a"]


def test_a_renamed_job_keeps_what_it_was_told() -> None:
    it = one(rule("failure", "recovery"))
    ends(it, 1)
    it.configure(job("b", notify=(rule("failure", "recovery"),), renamed_from="a"))
    assert [each.job for each in it.core._books.notices.pending.values()] == ["b"]

    it.later(MINUTE).tick()
    run = it.claimed()[0]
    it.starts(run).exits(run, 0)
    assert told(it) == ["2 mail recovery b"]


@pytest.mark.parametrize(
    ("at", "windows", "expected"),
    [
        (DAY_START, ((3600, 7200),), DAY_START),
        (DAY_START + HOUR, ((3600, 7200),), DAY_START + 2 * HOUR),
        (DAY_START + HOUR, ((3600, 7200), (7200, 9000)), DAY_START + 150 * MINUTE),
        (DAY_START + 6 * DAY, ((6 * 86400, 7 * 86400), (0, 60)), DAY_START + 7 * DAY + MINUTE),
    ],
)
def test_quiet_ends_with_its_window(at: int, windows: Any, expected: int) -> None:
    assert quiet_until(at, windows, "UTC") == expected
