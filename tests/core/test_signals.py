"""Events become decisions: a run each, or a reason why not."""

from typing import Any

import pytest

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.core.base import Drain, Signalled
from cronterm.model.command import FireHook, PauseJob, ResumeJob, RunJob
from cronterm.model.job import Job
from cronterm.model.trigger import OnFile, OnWebhook, Signal, trigger_name
from cronterm.schedule.base import CalendarSpec
from tests.core.clockwork import DAY_START, Clockwork, job

UPLOADS = OnFile(path="/in")
HOOK = OnWebhook(path="deploy")


def waiting(job_id: str = "import", **words: Any) -> Job:
    """Return a job that only waits for files."""
    return job(job_id, "@manual", **{"triggers": (UPLOADS,)} | words)


def uploads(job_id: str = "import", text: str = "created /in/a") -> Signalled:
    """Return what a watcher tells."""
    values = {"PATH": b"/in/a"}
    name = trigger_name(UPLOADS)
    return Signalled(
        job_id, Signal(kind="file", trigger=name, text=text, values=values, counts={"created": 1})
    )


def test_an_event_starts_a_run_at_once() -> None:
    clockwork = Clockwork(waiting())

    clockwork.at("10:00").step(uploads()).expects("queued import 1 signal", "start 1.1")


def test_the_run_knows_what_happened() -> None:
    clockwork = Clockwork(waiting())
    cause = clockwork.at("10:00").step(uploads()).effects.starts[0].cause

    assert (cause.kind, cause.by, cause.due_at) == ("signal", "created /in/a", None)
    assert cause.signal is not None
    assert cause.signal.values == {"PATH": b"/in/a"}


def test_an_event_during_a_run_is_skipped() -> None:
    clockwork = Clockwork(waiting())
    clockwork.at("10:00").step(uploads())

    clockwork.at("10:01").step(uploads()).expects("skipped(overlap) import on created /in/a")


def test_events_queue_up_to_the_limit() -> None:
    clockwork = Clockwork(waiting(overlap="queue", queue_limit=1))
    clockwork.at("10:00").step(uploads())

    clockwork.at("10:01").step(uploads()).expects("queued import 2 signal")
    clockwork.at("10:02").step(uploads()).expects("skipped(queue_full) import on created /in/a")
    clockwork.at("10:03").exits(run=1).expects("succeeded 1", "start 2.1")


def test_an_event_replaces_the_run_before_it() -> None:
    clockwork = Clockwork(waiting(overlap="replace"))
    clockwork.at("10:00").step(uploads())

    clockwork.at("10:01").step(uploads()).expects(
        "queued import 2 signal", "stopping 1 replaced", "stop 1.1 SIGTERM"
    )


def test_events_of_a_paused_job_are_skipped() -> None:
    clockwork = Clockwork(waiting())
    clockwork.at("10:00").ask(PauseJob(job="import"))

    clockwork.at("10:01").step(uploads()).expects("skipped(paused) import on created /in/a")


def test_events_of_a_disabled_job_are_skipped() -> None:
    clockwork = Clockwork(waiting(enabled=False))

    clockwork.at("10:01").step(uploads()).expects("skipped(disabled) import on created /in/a")


def test_events_that_nobody_waits_for_any_more_are_nothing() -> None:
    clockwork = Clockwork(waiting(triggers=(HOOK,)))

    clockwork.step(uploads()).expects_nothing()
    clockwork.step(uploads("gone")).expects_nothing()


def test_an_engine_that_stops_decides_nothing_new() -> None:
    clockwork = Clockwork(waiting())
    clockwork.step(Drain(by="test"))

    clockwork.step(uploads()).expects_nothing()


# -- cooldown ------------------------------------------------------------------------------------


def test_an_event_within_the_cooldown_starts_nothing() -> None:
    clockwork = Clockwork(waiting(cooldown=HOUR))
    clockwork.at("10:00").step(uploads())
    clockwork.at("10:01").exits(run=1)

    clockwork.at("10:59:59").step(uploads()).expects("skipped(cooldown) import on created /in/a")
    clockwork.at("11:00").step(uploads()).expects("queued import 2 signal", "start 2.1")


def test_a_skipped_event_does_not_prolong_the_cooldown() -> None:
    clockwork = Clockwork(waiting(cooldown=HOUR))
    clockwork.at("10:00").step(uploads())
    clockwork.at("10:01").exits(run=1)
    clockwork.at("10:30").step(uploads())

    clockwork.at("11:00").step(uploads()).expects("queued import 2 signal", "start 2.1")


def test_the_cooldown_goes_on_after_a_restart() -> None:
    clockwork = Clockwork(waiting(cooldown=HOUR))
    clockwork.at("10:00").step(uploads())
    clockwork.at("10:01").exits(run=1)
    clockwork.at("10:30").restart()

    clockwork.at("10:59").step(uploads()).expects("skipped(cooldown) import on created /in/a")
    clockwork.at("11:00").step(uploads()).expects("queued import 2 signal", "start 2.1")


def test_the_cooldown_is_elapsed_time() -> None:
    clockwork = Clockwork(waiting(cooldown=HOUR))
    clockwork.at("10:00").step(uploads())
    clockwork.exits(run=1)
    clockwork.set_clock(2 * HOUR)

    clockwork.later(MINUTE).step(uploads()).expects("skipped(cooldown) import on created /in/a")


def test_a_run_by_hand_neither_obeys_nor_starts_the_cooldown() -> None:
    clockwork = Clockwork(waiting(cooldown=HOUR))
    clockwork.at("10:00").ask(RunJob(job="import"))
    clockwork.exits(run=1)
    clockwork.at("10:01").step(uploads()).expects("queued import 2 signal", "start 2.1")
    clockwork.exits(run=2)

    assert clockwork.at("10:02").ask(RunJob(job="import")).ok


# -- the guard against feedback --------------------------------------------------------------------


def burst(clockwork: Clockwork, count: int, *, apart: int = SECOND) -> None:
    """Have `count` events start a run each that ends at once."""
    for _ in range(count):
        run = clockwork.remembering.next_run
        clockwork.step(uploads()).expects(f"queued import {run} signal", f"start {run}.1")
        clockwork.exits(run=run)
        clockwork.later(apart)


def test_the_eleventh_run_within_a_minute_suspends_the_trigger() -> None:
    clockwork = Clockwork(waiting()).at("10:00")
    burst(clockwork, 10)

    clockwork.step(uploads()).expects(
        "TriggerSuspended import", "skipped(suspended) import on created /in/a"
    )
    clockwork.later(HOUR).step(uploads()).expects("skipped(suspended) import on created /in/a")


def test_ten_runs_a_minute_are_no_loop() -> None:
    clockwork = Clockwork(waiting()).at("10:00")

    burst(clockwork, 30, apart=6 * SECOND)


def test_one_trigger_of_a_job_is_suspended_not_the_others() -> None:
    clockwork = Clockwork(waiting(triggers=(UPLOADS, HOOK))).at("10:00")
    burst(clockwork, 10)
    clockwork.step(uploads())
    clockwork.ask(FireHook(hook="deploy"))

    clockwork.expects("queued import 11 signal", "start 11.1")


def test_a_suspended_trigger_is_resumed_by_hand() -> None:
    clockwork = Clockwork(waiting()).at("10:00")
    burst(clockwork, 10)
    clockwork.step(uploads())
    answer = clockwork.ask(ResumeJob(job="import"))

    assert (answer.ok, answer.message) == (True, "resumed the triggers of import")
    burst(clockwork, 1)


def test_a_trigger_stays_suspended_over_a_restart() -> None:
    clockwork = Clockwork(waiting()).at("10:00")
    burst(clockwork, 10)
    clockwork.step(uploads())

    clockwork.restart()
    clockwork.step(uploads()).expects("skipped(suspended) import on created /in/a")


def test_an_edit_of_the_triggers_resumes_them() -> None:
    clockwork = Clockwork(waiting()).at("10:00")
    burst(clockwork, 10)
    clockwork.step(uploads())

    clockwork.configure(waiting(description="only this")).expects("JobChanged import")
    clockwork.configure(waiting(triggers=(UPLOADS, HOOK))).expects(
        "JobChanged import", "TriggersResumed import"
    )


def test_an_edit_while_no_engine_ran_resumes_them_too() -> None:
    clockwork = Clockwork(waiting()).at("10:00")
    burst(clockwork, 10)
    clockwork.step(uploads())
    clockwork.jobs = (waiting(triggers=(HOOK,)),)
    clockwork.restart()

    assert "TriggersResumed import" in clockwork.words()


def test_webhooks_are_not_guarded() -> None:
    clockwork = Clockwork(waiting(triggers=(HOOK,), overlap="allow"))

    assert all(clockwork.ask(FireHook(hook="deploy")).ok for _ in range(50))


# -- webhooks --------------------------------------------------------------------------------------


def test_a_webhook_tells_every_job_that_waits_for_it() -> None:
    jobs = [waiting(name, triggers=(HOOK,)) for name in ("a", "b")]
    clockwork = Clockwork(*jobs, waiting("c"))
    answer = clockwork.ask(FireHook(hook="deploy", body=b"x"))

    assert (answer.ok, answer.message, answer.run) == (True, "run 1 of a; run 2 of b", 1)
    causes = [start.cause for start in clockwork.effects.starts]
    assert [cause.signal.values for cause in causes if cause.signal] == [
        {"NAME": b"deploy", "BODY": b"x"}
    ] * 2


def test_a_webhook_that_starts_nothing_says_why() -> None:
    clockwork = Clockwork(waiting(triggers=(HOOK,)))
    clockwork.ask(FireHook(hook="deploy"))
    answer = clockwork.ask(FireHook(hook="deploy"))

    assert (answer.ok, answer.message) == (False, "import was skipped: overlap")
    clockwork.expects("skipped(overlap) import on webhook deploy")


def test_a_webhook_without_a_job_is_unknown() -> None:
    clockwork = Clockwork(waiting())

    assert clockwork.ask(FireHook(hook="deploy")).kind == "unknown_hook"


# -- beside the schedule ---------------------------------------------------------------------------


def test_an_event_decides_no_instant_of_the_schedule() -> None:
    clockwork = Clockwork(job("both", "0 11 * * *", triggers=(UPLOADS,))).at("10:59:59")
    clockwork.step(uploads("both")).expects("queued both 1 signal", "start 1.1")
    clockwork.exits(run=1)

    clockwork.at("11:00").tick().expects("queued both 2 scheduled due 11:00:00Z", "start 2.1")


@pytest.mark.parametrize("overlap", ["skip", "queue"])
def test_overlap_counts_runs_of_every_cause(overlap: str) -> None:
    clockwork = Clockwork(job("both", "0 11 * * *", triggers=(UPLOADS,), overlap=overlap))
    clockwork.at("11:00").tick()

    clockwork.at("11:01").step(uploads("both")).expects(
        "skipped(overlap) both on created /in/a" if overlap == "skip" else "queued both 2 signal"
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"exclude": (CalendarSpec(weekdays=(0, 1, 2, 3, 4, 5, 6)),)}, "calendar"),
        ({"not_before": DAY_START + 12 * HOUR}, "not_before"),
        ({"not_after": DAY_START + 9 * HOUR}, "not_after"),
        ({"max_runs": 0}, "max_runs"),
    ],
)
def test_events_keep_to_calendars_and_bounds(words: dict[str, Any], reason: str) -> None:
    clockwork = Clockwork(waiting(**words))

    clockwork.at("10:00").step(uploads()).expects(f"skipped({reason}) import on created /in/a")
