"""What is worth telling, beyond the dialogues in golden/alerts.txt."""

from typing import Any

import pytest

from cronterm.clock import HOUR, MINUTE, SECOND, Duration
from cronterm.core.base import RunAgain
from cronterm.model.alert import Mute, state_of
from cronterm.model.command import (
    AcknowledgeAlert,
    CommentAlert,
    IgnoreMissed,
    MuteAlerts,
    RunJob,
    RunMissed,
)
from cronterm.model.job import Job, Retry, Shell
from cronterm.model.run import Repeat
from tests.core.clockwork import Clockwork, job


def succeed(it: Clockwork, times: int, took: Duration, output_bytes: int = 10) -> None:
    """Let the one job run so often, each hour."""
    for _ in range(times):
        it.later(HOUR - it.utc % HOUR).tick()
        run = it.claimed()[0]
        it.starts(run).later(took).exits(run, output_bytes=output_bytes)


def telling(*jobs: Job, **settings: Any) -> Clockwork:
    """Return a clockwork whose words have the alerts."""
    it = Clockwork(*jobs, **settings)
    it.tells_alerts = True
    return it


def test_a_success_that_is_far_too_short_is_suspicious_until_one_is_usual() -> None:
    it = telling(job("a", "0 * * * *"))
    succeed(it, 5, 5 * MINUTE)

    succeed(it, 1, 2 * SECOND)
    it.expects("succeeded 6", "alert 1 suspicious a x1: took 2s, usually 5m")
    succeed(it, 1, 4 * MINUTE)
    it.expects("succeeded 7", "alert 1 closed: recovered")


def test_a_success_that_prints_nothing_is_suspicious_where_all_before_did() -> None:
    it = telling(job("a", "0 * * * *"))
    succeed(it, 5, SECOND)

    it.restart()  # what is usual is remembered
    succeed(it, 1, SECOND, output_bytes=0)
    it.expects("succeeded 6", "alert 1 suspicious a x1: printed nothing, always did before")


def test_little_history_and_short_jobs_are_no_ground_for_suspicion() -> None:
    it = telling(job("a", "0 * * * *"))
    succeed(it, 4, 5 * MINUTE)
    succeed(it, 1, SECOND)
    it.expects("succeeded 5")

    quick = telling(job("a", "0 * * * *"))
    succeed(quick, 5, 9 * SECOND)
    succeed(quick, 1, 0)
    quick.expects("succeeded 6")


def test_without_a_max_runtime_ten_times_the_usual_is_long() -> None:
    it = telling(job("a", "0 * * * *"))
    succeed(it, 5, 2 * MINUTE)
    it.at("06:00").tick()
    it.starts(6).at("06:20").tick().expects_nothing()

    it.at("06:20:01").tick()
    it.expects("alert 1 long a x1: runs 10 times as long as usual, 2m")


def test_a_run_is_told_once_to_be_late_also_by_the_next_engine() -> None:
    it = telling(job("a", "0 1 * * *", tolerance=MINUTE), job("b", "@manual"), max_running=1)
    it.at("00:59").ask(RunJob(job="b"))
    it.at("01:00").tick()
    it.at("01:01:01").tick()
    assert [alert.kind for alert in it.remembering.alerts.values()] == ["late"]

    it.later(SECOND).restart()
    assert len(it.remembering.alerts) == 1
    it.exits(1)
    assert it.remembering.alerts == {}


def test_the_wait_ends_when_something_becomes_late_or_long() -> None:
    it = telling(job("a", "0 1 * * *", max_runtime=30 * SECOND))
    it.at("01:00").tick()
    it.starts(1)

    assert it.core.wait(it.now()) == 30 * SECOND + 1


def test_a_failure_is_told_after_the_last_try_only() -> None:
    it = telling(job("a", "0 * * * *", retry=Retry(attempts=1, delay=10 * SECOND)))
    it.at("01:00").tick()
    it.exits(1, code=1).expects("retry 1.2 at 01:00:10Z")
    it.later(10 * SECOND).tick()

    it.exits(1, code=1)
    it.expects("failed(exit) 1", "alert 1 failure a x1: exit 1")


@pytest.mark.parametrize("end", [{"stopped_for": "user"}, {"stopped_for": "replaced"}])
def test_what_a_person_or_the_next_run_ended_is_no_failure(end: dict[str, Any]) -> None:
    it = telling(job("a", "0 * * * *"))
    it.at("01:00").tick()
    it.exits(1, **end)

    assert it.remembering.alerts == {}


def test_the_count_and_what_people_said_outlive_the_engine() -> None:
    it = telling(job("a", "0 * * * *"))
    it.at("01:00").tick()
    it.exits(1, code=1)
    it.ask(AcknowledgeAlert(alert=1))
    it.ask(CommentAlert(alert=1, text=" known \n"))
    it.ask(MuteAlerts(job="a", until=it.utc + HOUR))
    it.restart()
    it.at("02:00").tick()
    it.exits(2, code=1)

    (alert,) = it.remembering.alerts.values()
    assert (alert.count, alert.acknowledged_by, alert.run) == (2, "ann", 2)
    assert [each.text for each in alert.comments] == ["known"]
    assert it.core._books.alerts.mutes == it.remembering.mutes


def test_an_alert_is_open_muted_acknowledged_or_closed() -> None:
    it = telling(job("a", "0 * * * *"))
    it.at("01:00").tick()
    it.exits(1, code=1)
    (alert,) = it.remembering.alerts.values()
    mute = Mute("ann", it.utc, it.utc + HOUR)

    assert state_of(alert, None, it.utc) == "open"
    assert state_of(alert, mute, it.utc) == "muted"
    assert state_of(alert, mute, it.utc + HOUR) == "open"
    it.ask(AcknowledgeAlert(alert=1))
    assert state_of(it.remembering.alerts[1], mute, it.utc) == "acknowledged"
    it.ask(AcknowledgeAlert(alert=1, undo=True))
    assert state_of(it.remembering.alerts[1], None, it.utc) == "open"


def test_what_cannot_be_said_to_an_alert_is_refused() -> None:
    it = telling(job("a", "0 * * * *"))

    assert it.ask(CommentAlert(alert=1, text="x")).kind == "unknown_alert"
    it.at("01:00").tick()
    it.exits(1, code=1)
    assert it.ask(CommentAlert(alert=1, text="  ")).kind == "invalid"
    assert it.ask(MuteAlerts(job="nosuch", until=it.utc)).kind == "unknown_job"


def test_a_missed_instant_is_run_with_its_time_and_settled() -> None:
    it = telling(job("a", "0 * * * *"))
    it.at("03:30").restart()
    due_at = it.utc - HOUR // 2

    answer = it.ask(RunMissed(job="a", due_at=due_at, is_range=True))
    it.expects("queued a 1 catch_up due 03:00:00Z", "start 1.1")
    assert answer.message == "run 1 of a for 2026-06-01T03:00:00Z"
    refused = it.ask(RunMissed(job="a", due_at=due_at))
    assert refused.kind == "overlap"


def test_an_instant_with_a_row_of_its_own_is_run_as_by_hand() -> None:
    it = telling(job("a", "0 * * * *", start_deadline=MINUTE), start_grace=HOUR)
    it.at("01:10").tick()
    it.expects(
        "missed(start_deadline) a 01:00:00Z",
        "alert 1 missed a x1: it could not start before its start_deadline",
    )

    it.ask(RunMissed(job="a", due_at=it.utc - 10 * MINUTE))
    it.expects("queued a 1 manual", "alert 1 closed: run", "start 1.1")
    assert it.effects.starts[0].cause.scheduled_at == it.utc - 10 * MINUTE


def test_ignoring_up_to_an_instant_keeps_the_alert_of_a_later_one() -> None:
    it = telling(job("a", "0 * * * *", start_deadline=MINUTE), start_grace=HOUR)
    it.at("01:10").tick()
    it.ask(IgnoreMissed(job="a", until=it.utc - HOUR))
    it.expects_nothing()

    it.ask(IgnoreMissed(job="a"))
    it.expects("alert 1 closed: ignored")


def test_a_run_is_repeated_by_the_definition_it_had() -> None:
    it = telling(job("a", "@manual"))
    old = it.jobs[0]
    it.configure(job("a", "@manual", action=Shell("false")))

    it.ask(RunAgain(1, old, it.utc, edited=("env",)))
    (start,) = it.effects.starts
    assert start.cause.repeat == Repeat(1, ("env",))
    assert (start.job.action, start.cause.kind) == (Shell("true"), "manual")
    assert start.cause.scheduled_at == it.utc
    assert it.ask(RunAgain(1, job("gone"))).kind == "unknown_job"
