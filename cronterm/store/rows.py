"""Turns rows of the tables into the words of the model."""

from typing import Any

from cronterm.model.run import FAILED, AttemptEnd, RunRow
from cronterm.store.entries import decode_params, decode_repeat

END_COLUMNS = (
    "ended_at_us, exit_code, signal, start_error, stopped_for, lost, cpu_us, max_rss_bytes,"
    " output_bytes, left_processes, survivors, duration_us, broken_rule, broken_by"
)

RUN_COLUMNS = (
    "run, job_state.job, cause, asked_by, scheduled_at_us, queued_at_us, started_at_us,"
    " ended_at_us, outcome, reason, message, exit_code, signal, attempt, attempts, cpu_us,"
    " max_rss_bytes, output_bytes, params, upstream_run, client, repeat"
)

WAS_RUN = f"(started_at_us IS NOT NULL OR outcome IN {FAILED})"
"""It started, or failed to (`PastRun.is_run`); what was decided not to run is none."""


def attempt_end(row: tuple[Any, ...]) -> AttemptEnd:
    """Return the end of an attempt from END_COLUMNS."""
    (
        ended_at,
        exit_code,
        signal,
        start_error,
        stopped_for,
        lost,
        cpu_us,
        max_rss_bytes,
        output_bytes,
        left_processes,
        survivors,
        duration_us,
        broken_rule,
        broken_by,
    ) = row
    return AttemptEnd(
        ended_at=ended_at,
        exit_code=exit_code,
        signal=signal,
        start_error=start_error,
        stopped_for=stopped_for,
        lost=lost,
        cpu_us=cpu_us,
        max_rss_bytes=max_rss_bytes,
        output_bytes=output_bytes,
        left_processes=left_processes,
        survivors=tuple(map(int, survivors.split())),
        duration_us=duration_us,
        broken_rule=broken_rule,
        broken_by=broken_by,
    )


def run_row(row: tuple[Any, ...]) -> RunRow:
    """Return a line of the history from RUN_COLUMNS."""
    (
        run,
        job,
        cause,
        by,
        scheduled_at,
        queued_at,
        started_at,
        ended_at,
        outcome,
        reason,
        message,
        exit_code,
        signal,
        attempt,
        attempts,
        cpu_us,
        max_rss_bytes,
        output_bytes,
        params,
        upstream_run,
        client,
        repeat,
    ) = row
    return RunRow(
        run=run,
        job=job,
        cause=cause,
        by=by,
        upstream_run=upstream_run,
        scheduled_at=scheduled_at,
        queued_at=queued_at,
        started_at=started_at,
        ended_at=None if outcome is None else ended_at,
        outcome=outcome,
        reason=reason,
        message=message,
        exit_code=exit_code,
        signal=signal,
        attempt=attempt,
        attempts=attempts,
        cpu_us=cpu_us,
        max_rss_bytes=max_rss_bytes,
        output_bytes=output_bytes,
        params=decode_params(params),
        client=client,
        repeat=decode_repeat(repeat),
    )


def decision_row(row: tuple[Any, ...]) -> RunRow:
    """Return a decision that started nothing as a line of the history.

    `row`: job, cause, due_at, until, count, decided_at, outcome, reason, message.
    """
    job, cause, due_at, until, count, decided_at, outcome, reason, message = row
    return RunRow(
        run=None,
        job=job,
        cause=cause,
        scheduled_at=due_at,
        scheduled_until=until if count > 1 else None,
        count=count,
        queued_at=decided_at,
        outcome=outcome,
        reason=reason,
        message=message,
    )
