"""`why` in sentences."""

from typing import Any

from msgspec.structs import replace

from cronterm.clock import MINUTE, SECOND, rfc3339
from cronterm.core.explain import explain, explain_alerts
from cronterm.model.alert import Alert, Mute
from cronterm.model.decision import Decision
from cronterm.model.gates import Hold
from cronterm.model.notice import NoticeRow
from cronterm.model.run import Cause
from cronterm.model.snapshot import JobView, LiveRun, Pause
from cronterm.model.trigger import OnWebhook
from tests.core.clockwork import DAY_START, job

HOOK = OnWebhook(path="go")


def say(view: JobView | None, *decisions: Decision, pause: Pause | None = None) -> tuple[str, ...]:
    """Explain with RFC 3339 times."""
    return explain(view, pause, decisions, show=lambda at: rfc3339(at)[11:])


def test_the_present_comes_first() -> None:
    live = LiveRun(
        run=7,
        job="a",
        cause=Cause("manual"),
        state="running",
        queued_at=0,
        ready_at=0,
        started_at=0,
    )
    view = JobView(job=job("a"), live={7: live}, next_at=DAY_START)

    assert say(view) == ("Run 7 is running since 00:00:00Z.", "It is due next at 00:00:00Z.")


def test_who_to_ask_and_where_to_read_on_comes_last() -> None:
    view = JobView(job=job("a", owner="dba", runbook="https://wiki/a"), next_at=DAY_START)

    assert say(view) == (
        "It is due next at 00:00:00Z.",
        "Its runbook: https://wiki/a",
        "Its owner: dba",
    )


def waiting(**words: Any) -> JobView:
    """Return a job with a queued run."""
    live = LiveRun(
        run=7, job="a", cause=Cause("manual"), state="queued", queued_at=0, ready_at=0, **words
    )
    return JobView(job=job("a"), live={7: live})


def test_what_a_run_waits_for_is_said() -> None:
    held = waiting(hold=Hold("pool", "pool p is full (slots: 1)"))
    hopeful = waiting(hold=Hold("condition", "the load is 7", 60_000_000))

    assert say(held) == ("Run 7 is queued since 00:00:00Z: pool p is full (slots: 1).",)
    assert say(hopeful) == (
        "Run 7 is queued since 00:00:00Z: the load is 7 (it gives up at 00:01:00Z).",
    )


def test_a_run_that_no_gate_holds_waits_for_a_place() -> None:
    view = waiting()
    assert view.waits_for(0) == "all places of the engine are taken (max_running)"

    view.live[7].ready_at = 1
    assert view.waits_for(0) == ""  # its jitter
    view.live[7].ready_at = 0
    view.live[6] = LiveRun(
        run=6, job="a", cause=Cause("manual"), state="running", queued_at=0, ready_at=0
    )
    assert view.waits_for(0) == "the run before it is still open"


def test_a_chained_job_says_what_it_follows() -> None:
    view = JobView(job=job("a", "@manual", depends_on={"b": "success", "c": "failure"}))

    assert say(view) == (
        "It starts when all of these have ended so since its last start: b (success), c (failure).",
    )


def test_what_holds_a_job_back_is_named() -> None:
    pause = Pause("ann", 0, DAY_START, "moving")
    view = JobView(job=job("a", enabled=False), pause=pause)

    assert say(view, pause=Pause("bob", 0)) == (
        "It is disabled in the file (enabled: false): nothing starts by itself.",
        "It is paused by ann since 00:00:00Z until 00:00:00Z: moving.",
        "Everything is paused by bob since 00:00:00Z.",
    )
    assert say(None) == ("The job is not in the file any more.",)
    by_hand = ("It is never due by itself: it has no schedule.",)
    assert say(JobView(job=job("a", "@manual"))) == by_hand
    assert say(JobView(job=job("a"))) == ("It is not due any more: it has no coming instant.",)


def test_decisions_are_sentences() -> None:
    view = JobView(job=job("a"), next_at=DAY_START)
    due = Decision(job="a", due_at=DAY_START, decided_at=DAY_START)

    assert say(
        view,
        replace(due, outcome="skipped", reason="overlap"),
        replace(
            due,
            until=DAY_START + 1,
            count=9,
            outcome="missed",
            reason="downtime",
            decided_at=DAY_START + 35 * SECOND + 1,
        ),
        replace(due, run=4),
        replace(due, run=5, outcome="failed", reason="exit", message="not found"),
    )[1:] == (
        "00:00:00Z was skipped: the run before it was still open (overlap: skip).",
        "00:00:00Z to 00:00:00.000001Z (9 instants) was missed: no engine ran then, and 35s later"
        " neither start_grace (for the newest) nor catch_up (for older ones) took it.",
        "00:00:00Z run 4 is open.",
        "00:00:00Z run 5 failed by its exit code (not found).",
    )


def test_what_began_late_says_by_which_rule() -> None:
    due = Decision(job="a", due_at=DAY_START, decided_at=DAY_START, run=4, outcome="succeeded")

    assert say(
        JobView(job=job("a"), next_at=DAY_START),
        replace(due, decided_at=DAY_START + SECOND),
        replace(due, decided_at=DAY_START + 35 * SECOND),
        replace(due, decided_at=DAY_START + 35 * MINUTE, cause="catch_up"),
        replace(due, decided_at=DAY_START + 35 * SECOND, run=None, outcome="skipped"),
    )[1:] == (
        "00:00:00Z run 4 succeeded.",
        "00:00:00Z run 4 (35s late, within start_grace) succeeded.",
        "00:00:00Z run 4 (caught up 35m later) succeeded.",
        "00:00:00Z skipped.",
    )


def test_what_limits_a_job_is_named() -> None:
    due = Decision(job="a", due_at=DAY_START, decided_at=DAY_START, outcome="skipped")
    skipped = replace(due, reason="calendar", message="excluded by holidays")
    queued = LiveRun(
        run=7,
        job="a",
        cause=Cause("scheduled"),
        state="queued",
        queued_at=DAY_START,
        ready_at=DAY_START,
    )
    used_up = JobView(job=job("a", max_runs=3), timed_runs=3)
    over = JobView(job=job("a", not_after=DAY_START))
    shut = JobView(job=job("a", exclude=("holidays",)))

    assert say(JobView(job=job("a"), next_at=DAY_START), skipped)[1:] == (
        "00:00:00Z was skipped by a calendar (excluded by holidays).",
    )
    assert say(used_up, replace(due, reason="max_runs")) == (
        "It is not due any more: it has run 3 times (max_runs).",
        "00:00:00Z was skipped: the job has run as often as it may (max_runs).",
    )
    assert say(over) == ("It is not due any more: nothing comes up to not_after, 00:00:00Z.",)
    assert say(shut) == ("Its calendars let nothing through as far as can be seen.",)
    view = JobView(job=job("a"), live={7: queued}, next_at=DAY_START)
    sentences = explain(view, None, (), show=lambda at: rfc3339(at)[11:], quiet_until=DAY_START + 1)
    assert sentences[0] == (
        "Run 7 is queued since 00:00:00Z and waits until 00:00:00.000001Z (startup_delay)."
    )


def test_events_and_what_became_of_them_are_said() -> None:
    view = JobView(job=job("a", "@manual", triggers=(HOOK,)), suspended={"webhook go": DAY_START})
    ran = Decision(
        job="a", due_at=DAY_START, decided_at=DAY_START, cause="signal", by="webhook go", run=7
    )
    skipped = replace(
        ran,
        run=None,
        count=3,
        until=DAY_START + MINUTE,
        outcome="skipped",
        reason="cooldown",
    )

    assert say(view, ran, skipped) == (
        "Its trigger webhook go is suspended since 00:00:00Z: it had started more than ten runs"
        " within a minute. `cronterm resume` ends that.",
        "It waits for webhook go.",
        "00:00:00Z event: webhook go; run 7 is open.",
        "00:00:00Z to 00:01:00Z (3 events): webhook go; started nothing: the event before it was"
        " too recent (cooldown).",
    )


def test_a_run_that_needed_more_than_one_attempt_says_so() -> None:
    ran = Decision(job="a", due_at=DAY_START, decided_at=DAY_START, run=7, outcome="succeeded")
    tried = replace(ran, attempt=3)

    assert say(None, replace(ran, attempt=1), tried)[-2:] == (
        "00:00:00Z run 7 succeeded.",
        "00:00:00Z run 7 succeeded at attempt 3.",
    )


def test_who_is_told_of_an_alert_later_is_named_with_the_time() -> None:
    alert = Alert(
        id=2, kind="failure", job="a", message="exit 1", opened_at=0, last_at=0, outcome="failed"
    )
    waits = NoticeRow(notifier="mail", event="failure", state="waiting", at=15 * MINUTE)
    tried = replace(waits, notifier="chat", tries=1)
    told = explain_alerts(
        None, (alert,), notices={2: (waits, tried)}, now=MINUTE, show=lambda at: rfc3339(at)[11:]
    )

    assert told == (
        "Alert 2 since 00:00:00Z: failure, exit 1.",
        "mail is told of alert 2 at 00:15:00Z, not before: of the same kind and job it hears once"
        " in 15 minutes, in its quiet hours nothing.",
    )


def test_a_mute_is_told_with_its_end() -> None:
    told = explain_alerts(None, (), Mute("ann", 0, MINUTE), show=lambda at: rfc3339(at)[11:])

    assert told == (
        "Its alerts are muted by ann since 00:00:00Z until 00:01:00Z: nobody is told of them.",
    )
