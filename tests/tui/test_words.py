"""Short texts of the screens."""

from msgspec.structs import replace

from cronterm.clock import HOUR, SECOND
from cronterm.model.event import RunEnded
from cronterm.model.run import AttemptEnd, Cause, RunRow
from cronterm.model.snapshot import JobView, LiveRun, Pause
from cronterm.model.trigger import OnFile, OnWebhook
from cronterm.tui.words import (
    end_text,
    never_again,
    pause_text,
    row_text,
    run_end_text,
    schedule_words,
    took_text,
    with_days,
)
from tests.core.clockwork import job
from tests.tui.scene import NOW, row


def test_a_run_that_failed_with_a_good_exit_code_says_by_what() -> None:
    end = AttemptEnd(
        ended_at=2 * SECOND, exit_code=0, broken_rule="output_reject", broken_by="ERROR 7"
    )
    live = LiveRun(
        run=1,
        job="a",
        cause=Cause("manual"),
        state="running",
        queued_at=0,
        ready_at=0,
        started_at=0,
        last_end=end,
    )
    event = RunEnded(
        at=0, run=1, job="a", outcome="failed", reason="output_reject", message="ERROR 7"
    )

    assert end_text(end) == "output reject"
    assert run_end_text(event, live) == "output reject in 2.0s — ERROR 7"


def test_a_pause_says_first_when_it_ends() -> None:
    pause = Pause("ann", NOW, NOW + HOUR, "disk swap")
    told = pause_text(pause, NOW)
    assert told == "until today 15:32:07 · by ann since today 14:32:07: disk swap"
    assert pause_text(Pause("ann", NOW), NOW) == "by ann since today 14:32:07"


def test_a_chained_job_says_when_it_starts() -> None:
    needs = {"a": "success", "b": "failure", "c": "complete"}

    assert schedule_words(job("x", "@manual", depends_on=needs)) == (
        "once a succeeded and b failed and c ended"
    )
    assert schedule_words(job("x", "0 8 * * *", depends_on=needs)) == "daily at 08:00"


def test_a_run_that_did_not_start_says_what_kept_it() -> None:
    event = RunEnded(
        at=0, run=1, job="a", outcome="skipped", reason="condition", message="the load is 7"
    )
    assert run_end_text(event, None) == "skipped: condition — the load is 7"

    row = RunRow(run=1, job="a", cause="manual", by="ann", queued_at=0)
    assert row_text(row) == "waits for its start"


def test_a_run_that_followed_another_says_which() -> None:
    row = RunRow(
        run=2,
        job="b",
        cause="upstream",
        by="a",
        upstream_run=1,
        queued_at=0,
        started_at=1,
        ended_at=2,
        outcome="succeeded",
    )
    assert row_text(row) == "exit 0 after a 1"


def test_what_starts_a_job_besides_its_schedule_is_in_words() -> None:
    triggers = (OnWebhook(path="go"), OnFile(path="/in"))
    only = job("a", "@manual", triggers=triggers)
    both = job("a", "@daily", triggers=triggers)

    assert schedule_words(only) == "webhook go; file /in"
    assert schedule_words(both).endswith("; webhook go; file /in")


def test_a_job_that_will_not_run_again_says_why() -> None:
    once = JobView(job("a", "@in 5s"))
    often = JobView(job("a", "@daily", max_runs=1), timed_runs=1)
    past = JobView(job("a", "@daily", not_after=-1))
    others = [
        JobView(job("a", "@daily"), next_at=5),
        JobView(job("a", "@reboot")),
        JobView(job("a", "@manual")),
        JobView(job("a", "@in 5s", enabled=False)),
    ]

    assert never_again(once, 0) == "its time is over"
    assert never_again(often, 0) == "it has run 1 time (max_runs)"
    assert never_again(past, 0).startswith("not_after was ")
    assert [never_again(view, 0) for view in others] == [""] * 4


def test_times_of_the_engine_are_told_by_the_day() -> None:
    told = "skipped the run at 2026-11-22T02:30:00Z (not 2026-99-22T02:30:00Z)"

    assert with_days(told, NOW) == "skipped the run tomorrow 02:30:00 (not 2026-99-22T02:30:00Z)"


def test_a_run_that_goes_on_says_for_how_long() -> None:
    ended = row(1)
    goes_on = replace(ended, outcome=None, started_at=NOW - 37 * SECOND, ended_at=None)

    assert took_text(ended, NOW) == "1.4s"
    assert took_text(goes_on, NOW) == "0:37"
    assert took_text(replace(goes_on, started_at=None), NOW) == "·"
    assert took_text(replace(goes_on, outcome="lost"), NOW) == "·"
