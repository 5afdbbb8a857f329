"""Since when a job fails, and whether what failed is tried again."""

from cronterm.clock import Instant
from cronterm.model.job import Job
from cronterm.model.run import FAILED
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Snapshot
from cronterm.tui.words import countdown, past_text, short_moment


def failing_words(snapshot: Snapshot, job: str, now: Instant) -> str:
    """Return `failing since 14:10:07, 4 in a row`, or nothing."""
    row = snapshot.jobs[job].totals.failed_in_a_row
    if not row:
        return ""
    since = failing_since(snapshot, job)
    began = f" since {short_moment(since, now)}" if since is not None else ""
    return f"failing{began}, {row} in a row" if row > 1 else f"failing{began}"


def failing_since(snapshot: Snapshot, job: str) -> Instant | None:
    """Return when the first run failed that no success followed; None where that is not known."""
    view = snapshot.jobs[job]
    row, first = view.totals.failed_in_a_row, None
    for past in reversed(view.recent):
        if not row or past.outcome == "succeeded":
            return first
        if past.outcome in FAILED:
            row, first = row - 1, past.ended_at
    if not row:
        return first
    told = (alert for alert in snapshot.alerts.values() if alert.job == job)
    return min((alert.opened_at for alert in told if alert.kind == "failure"), default=None)


def retry_words(view: JobView, now: Instant) -> str:
    """Return whether the newest failure is tried again: `retry 2 of 3 in 30s`, or nothing."""
    tried = [run for run in view.live.values() if _retry_number(run)]
    if tried:
        return _retry(tried[0], now)
    last = view.last
    return "" if last is None or last.outcome not in FAILED else _no_retry(view.job, last)


def _retry_number(run: LiveRun) -> int:
    """Return which retry comes or goes on; 0 is none, the first try."""
    return run.attempt if run.state in ("retrying", "queued") else max(run.attempt - 1, 0)


def _retry(run: LiveRun, now: Instant) -> str:
    when = f"in {countdown(run.ready_at - now)}" if run.state == "retrying" else f"is {run.state}"
    return f"retry {_retry_number(run)} of {run.attempts - 1} {when}"


def _no_retry(job: Job, last: PastRun) -> str:
    retry = job.retry
    if not retry.attempts:
        return "not retried: retry is 0"
    if last.attempt > retry.attempts:
        times = f"{retry.attempts} {'retry' if retry.attempts == 1 else 'retries'}"
        return f"given up after {times}"
    return f"not retried: retry is not for {past_text(last)}"
