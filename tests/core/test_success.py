"""What counts as success, in its order, and what a retry and a restart make of it."""

from typing import Any

import pytest

from cronterm.clock import SECOND
from cronterm.model.event import RunEnded
from cronterm.model.job import Job, Retry
from cronterm.model.run import Outcome, Reason
from cronterm.model.success import Success
from tests.core.clockwork import Clockwork, job

STRICT = Success(
    stdout_match="backup complete",
    output_reject="ERROR",
    stderr_empty=True,
    max_output=1000,
    min_duration=20 * SECOND,
)

LONG: dict[str, Any] = {"duration_us": 30 * SECOND}
BROKEN: dict[str, Any] = {"broken_rule": "output_reject", "broken_by": "ERROR 7"}
BIG: dict[str, Any] = {"output_bytes": 1001}
SHORT: dict[str, Any] = {"duration_us": 1_500_000}


@pytest.mark.parametrize(
    ("end", "outcome", "reason", "message"),
    [
        (LONG, "succeeded", "", ""),
        ({}, "succeeded", "", ""),  # a runner that tells no duration
        (SHORT, "failed", "min_duration", "took 1.5s, less than 20s"),
        (BIG | SHORT, "failed", "max_output", "wrote 1,001 bytes, more than 1,000"),
        (BROKEN | BIG | SHORT, "failed", "output_reject", "ERROR 7"),
        (
            LONG | {"broken_rule": "stdout_match"},
            "failed",
            "stdout_match",
            "no line matched 'backup complete'",
        ),
        (LONG | {"broken_rule": "stderr_empty", "broken_by": "oh"}, "failed", "stderr_empty", "oh"),
        (
            LONG | {"broken_rule": "output_reject"},
            "failed",
            "output_reject",
            "a blank line matched 'ERROR'",
        ),
        (
            LONG | {"broken_rule": "stderr_empty"},
            "failed",
            "stderr_empty",
            "wrote a blank line to stderr",
        ),
        (BROKEN | {"code": 1}, "failed", "exit", ""),
        (BROKEN | {"code": 77}, "skipped", "exit_code", ""),
        (BROKEN | {"signal": 9}, "failed", "signal", "SIGKILL"),
        (BROKEN | {"signal": 15, "stopped_for": "timeout"}, "timed_out", "", ""),
        (BROKEN | {"code": 0, "stopped_for": "user"}, "stopped", "user", ""),
    ],
)
def test_rules_come_after_codes_and_signals(
    end: dict[str, Any], outcome: Outcome, reason: Reason, message: str
) -> None:
    clockwork = Clockwork(job("a", success=STRICT, skip_exit_codes=(77,)))
    clockwork.at("00:01").tick()

    clockwork.exits(1, **end)

    (ended,) = [event for event in clockwork.effects.events if isinstance(event, RunEnded)]
    assert (ended.outcome, ended.reason, ended.message) == (outcome, reason, message)


def broken_and_retried() -> tuple[Clockwork, Job]:
    """Return a clockwork whose run 1 broke a rule and waits for its retry."""
    it = job("a", success=STRICT, retry=Retry(attempts=1, delay=30 * SECOND))
    clockwork = Clockwork(it)
    clockwork.at("00:01").tick()
    clockwork.exits(1, **BROKEN).expects("retry 1.2 at 00:01:30Z")
    return clockwork, it


def test_a_broken_rule_is_a_failure_that_is_retried() -> None:
    clockwork, _ = broken_and_retried()

    clockwork.at("00:01:30").tick().expects("start 1.2")
    clockwork.exits(1, attempt=2, **LONG).expects("succeeded 1")


def test_a_cancelled_retry_ends_with_the_broken_rule_after_a_restart_too() -> None:
    clockwork, _ = broken_and_retried()
    clockwork.restart()

    clockwork.jobs = ()
    clockwork.configure()

    ended = [event for event in clockwork.effects.events if isinstance(event, RunEnded)]
    assert [(event.outcome, event.reason) for event in ended] == [("failed", "output_reject")]


def test_a_run_is_judged_by_the_rules_it_started_with() -> None:
    clockwork = Clockwork(job("a", success=Success(min_duration=20 * SECOND)))
    clockwork.at("00:01").tick()
    clockwork.configure(job("a"))

    clockwork.exits(1, **SHORT).expects("failed(min_duration) 1")
