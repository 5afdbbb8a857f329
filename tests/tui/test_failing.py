"""Since when a job fails, and whether what failed is tried again."""

import pytest
from msgspec.structs import replace

from cronterm.clock import HOUR, MINUTE, SECOND
from cronterm.model.alert import Alert
from cronterm.model.job import Retry
from cronterm.model.run import Cause, Outcome
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Snapshot, Totals
from cronterm.tui.failing import failing_words, retry_words
from tests.tui.scene import NOW, job


def failing(*outcomes: Outcome, row: int, retries: int = 0) -> JobView:
    """Return a job whose last runs ended so, an hour apart, the last one an hour ago."""
    ends = [NOW - (len(outcomes) - n) * HOUR for n in range(len(outcomes))]
    recent = [
        PastRun(n, at, outcome, "exit", at - MINUTE, exit_code=1, attempt=1)
        for n, (at, outcome) in enumerate(zip(ends, outcomes, strict=True))
    ]
    defined = job("a", "@hourly", retry=Retry(attempts=retries))
    return JobView(job=defined, recent=recent, totals=Totals(failed_in_a_row=row))


def words(view: JobView, *alerts: Alert) -> str:
    """Return since when it fails."""
    snapshot = Snapshot(jobs={"a": view}, alerts={each.id: each for each in alerts})
    return failing_words(snapshot, "a", NOW)


def test_a_job_fails_since_the_first_failure_after_its_last_success() -> None:
    view = failing("failed", "succeeded", "failed", "skipped", "timed_out", row=2)
    assert words(view) == "failing since 11:32:07, 2 in a row"


def test_the_alert_knows_since_when_where_the_recent_runs_do_not() -> None:
    view = failing("failed", "failed", row=90)
    assert words(view) == "failing, 90 in a row"

    began = NOW - 5 * HOUR
    alert = Alert(
        id=1, kind="failure", job="a", message="", count=1, opened_at=began, last_at=began
    )
    assert words(view, alert) == "failing since 09:32:07, 90 in a row"


def test_a_job_that_is_well_is_not_failing() -> None:
    assert words(failing("failed", "succeeded", row=0)) == ""
    assert retry_words(failing("failed", "succeeded", row=0), NOW) == ""


def test_a_failure_says_whether_it_was_to_be_retried() -> None:
    assert retry_words(failing("failed", row=1), NOW) == "not retried: retry is 0"
    others = failing("failed", row=1, retries=3)
    assert retry_words(others, NOW) == "not retried: retry is not for exit 1"
    others.recent[-1] = replace(others.recent[-1], attempt=4)
    assert retry_words(others, NOW) == "given up after 3 retries"


@pytest.mark.parametrize(
    ("state", "attempt", "told"),
    [
        ("running", 1, ""),
        ("retrying", 1, "retry 1 of 3 in 30s"),
        ("running", 2, "retry 1 of 3 is running"),
        ("queued", 2, "retry 2 of 3 is queued"),
        ("queued", 0, ""),
    ],
)
def test_a_run_that_is_tried_again_says_which_try_comes_when(
    state: str, attempt: int, told: str
) -> None:
    view = failing("succeeded", row=0, retries=3)
    run = LiveRun(
        run=9,
        job="a",
        cause=Cause("scheduled"),
        state=state,  # type: ignore[arg-type]
        queued_at=NOW - MINUTE,
        ready_at=NOW + 30 * SECOND,
        attempts=4,
        attempt=attempt,
    )
    view.live[9] = run
    assert retry_words(view, NOW) == told
