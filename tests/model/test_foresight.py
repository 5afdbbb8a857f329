"""What a job usually takes tells whether its timeout is too short."""

from typing import Any

import pytest

from cronterm.clock import MINUTE, SECOND, Duration
from cronterm.model.foresight import short_timeout
from cronterm.model.snapshot import JobView, PastRun
from cronterm.readable import against_timeout
from tests.core.clockwork import job


def told(found: JobView) -> str:
    """Return in words what is found, without the word that it is about."""
    short = short_timeout(found)
    return against_timeout(*short).removeprefix("timeout ") if short else ""


def view(timeout: Duration | None, *lengths: Duration, **ends: Any) -> JobView:
    """Return a job with these runs."""
    outcome, attempt = ends.get("outcome", "succeeded"), ends.get("attempt", 1)
    recent = [
        PastRun(n, 0, outcome, started_at=0, duration=length, attempt=attempt)
        for n, length in enumerate(lengths)
    ]
    return JobView(job=job("a", timeout=timeout), recent=recent)


@pytest.mark.parametrize(
    ("lengths", "words"),
    [
        ((590, 600, 660), "10m00s, usually takes 10m00s (p95 11m00s)"),
        ((540, 540, 540), "10m00s, usually takes 9m00s"),
        ((400, 400, 400, 601), "10m00s, usually takes 6m40s (p95 10m01s)"),
        ((539, 539, 539), ""),
        ((700, 700), ""),
    ],
)
def test_a_timeout_near_what_a_job_usually_takes_is_told(
    lengths: tuple[int, ...], words: str
) -> None:
    assert told(view(10 * MINUTE, *(each * SECOND for each in lengths))) == words


def test_without_a_timeout_nothing_is_told() -> None:
    assert told(view(None, *[MINUTE] * 5)) == ""


def test_runs_that_were_cut_short_took_no_less_than_the_timeout() -> None:
    cut = told(view(MINUTE, *[61 * SECOND] * 3, outcome="timed_out"))
    assert cut == "1m00s, usually takes 1m01s"
    assert told(view(10 * MINUTE, *[61 * SECOND] * 3, outcome="timed_out")) == ""


def test_what_fails_at_once_and_the_delays_of_retries_tell_nothing() -> None:
    assert told(view(SECOND, *[SECOND] * 5, outcome="failed")) == ""
    assert told(view(MINUTE, *[5 * MINUTE] * 5, attempt=3)) == ""
    tried = view(MINUTE, *[5 * MINUTE] * 5, attempt=3, outcome="timed_out")
    assert told(tried) == "1m00s, usually takes 1m00s"


def test_a_few_that_hung_do_not_make_a_timeout_short() -> None:
    found = view(MINUTE, *[SECOND] * 9)
    hung = PastRun(99, 0, "timed_out", started_at=0, duration=61 * SECOND, attempt=1)
    found.recent.append(hung)
    assert told(found) == ""
