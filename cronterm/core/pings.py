"""Pings: what others report of the jobs that they run (SEMANTICS 14)."""

from collections.abc import Iterable

from cronterm.clock import Instant
from cronterm.core.books import Books
from cronterm.core.due import decide_range
from cronterm.core.limits import count_start, newest_start
from cronterm.core.monitors import early_by
from cronterm.core.policies import judge
from cronterm.core.records import JobRecord, RunRecord
from cronterm.core.runs import end_run, queue_run
from cronterm.model.action import Monitor
from cronterm.model.command import Answer, PingJob
from cronterm.model.effect import ReportedLine
from cronterm.model.event import AttemptClaimed, AttemptEnded, AttemptStarted, InstantDecided
from cronterm.model.run import REPORTED, AttemptEnd, Cause

MOST_OPEN = 100  # reported runs of a job, whatever its overlap allows
FAILED = 1  # the exit code of a `fail`


def take_ping(books: Books, record: JobRecord, ping: PingJob, by: str) -> Answer:
    """Take in a report; a refusal is an answer."""
    job = record.job
    if not isinstance(job.action, Monitor):
        return _refused(f"{job.id} is run here, it takes no reports", "`monitor: true` makes it so")
    if job.action.kind == "heartbeat" and ping.what == "start":
        return _refused(f"{job.id} takes heartbeats, not starts", "`monitor: true` takes both")
    if not 0 <= ping.exit_code <= 255:
        return _refused(f"{ping.exit_code} is not an exit status", "0 to 255")
    run = _open_run(record, ping.rid)
    if ping.what == "log" and run is None:
        return _refused(f"no run of {job.id} is open", "report its start first")
    is_known = run is not None
    if run is None or (ping.what == "start" and not ping.rid):
        run, is_known = _start(books, record, ping, by), False
    if ping.text:
        _keep(books, run, ping.text)
    if ping.what in ("end", "heartbeat", "fail"):
        _end(books, run, ping)
    books.watch_job(record)
    return Answer(ok=True, message=_said(run, ping, is_known=is_known), run=run.run)


def end_reported(books: Books, record: JobRecord) -> None:
    """End the reported runs of a job that takes no reports any more."""
    lose_reports(books, record.open.values(), "its job takes no reports any more")


def lose_reports(books: Books, runs: Iterable[RunRecord], message: str) -> None:
    """End those of `runs` that are reported: their end will not be heard."""
    for run in [run for run in runs if run.is_reported]:
        end_run(books, run, "lost", "no_end", message)


def settle_reports(books: Books, record: JobRecord) -> None:
    """Decide the instants that still wait for a report, before their schedule goes."""
    if not record.job.is_monitor or books.is_held(record) or record.is_used_up:
        return
    low, now = record.counts_from, books.now.utc
    count = record.schedule.count_between(low, now) if low < now else 0
    if not count:
        return
    first, last = record.schedule.next_after(low), record.schedule.latest_at_or_before(now)
    assert first is not None
    assert last is not None
    books.events.append(
        InstantDecided(
            at=now,
            job=record.job.id,
            due_at=first,
            until=last,
            count=count,
            outcome="skipped",
            reason="removed",
            schedule_hash=record.schedule_hash,
            message="the file changed before a report came",
        )
    )
    record.counts_from = last


def _refused(message: str, hint: str) -> Answer:
    return Answer(ok=False, kind="invalid", message=message, hint=hint)


def _open_run(record: JobRecord, rid: str) -> RunRecord | None:
    """Return the open run that a report means: that of its `rid`, else the newest."""
    found = [run for run in record.open.values() if run.is_reported]
    named = [run for run in found if run.cause.rid == rid]
    if rid or named:
        return named[-1] if named else None
    return found[-1] if found else None


def _start(books: Books, record: JobRecord, ping: PingJob, by: str) -> RunRecord:
    """Begin a reported run; those it leaves no place for have lost their end."""
    job, now = record.job, books.now.utc
    open_runs = [run for run in record.open.values() if run.is_reported]
    places = min(job.instances or MOST_OPEN, MOST_OPEN)
    for old in open_runs[: max(len(open_runs) - places + 1, 0)]:
        end_run(books, old, "lost", "no_end", "the next start came before its end")
    due_at = _covered(books, record)
    cause = Cause("signal", by=f"ping ({by})", rid=ping.rid, client=ping.client)
    if due_at is not None:
        cause = Cause("scheduled", due_at, by, due_at, rid=ping.rid, client=ping.client)
    run = queue_run(books, record, cause, ready_at=now)
    run.state, run.attempt, run.definition = "running", 1, job
    run.is_reported = run.is_started = run.is_arrived = True
    run.started_at = now
    record.started_n = books.next_order()
    books.events += (
        AttemptClaimed(
            at=now,
            run=run.run,
            job=job.id,
            attempt=1,
            runner=REPORTED,
            definition=record.definition_hash,
            timed_runs=count_start(books, run),
        ),
        AttemptStarted(at=now, run=run.run, job=job.id, attempt=1, pid=0, started_at=now),
    )
    return run


def _covered(books: Books, record: JobRecord) -> Instant | None:
    """Return the undecided instant that a report now is about; older ones are folded into it."""
    if books.is_held(record):
        return None
    covered, low = _newest(books, record), record.counts_from
    if covered is None:
        covered = record.next_start()
        if covered is None or covered - books.now.utc > early_by(record, covered):
            return None
    for start, end in record.decided:
        if start < covered <= end:
            return None
        decide_range(books, record, low, min(start, covered - 1), "missed", "coalesced")
        low = max(low, end)
    decide_range(books, record, low, covered - 1, "missed", "coalesced")
    record.counts_from = covered
    return covered


def _newest(books: Books, record: JobRecord) -> Instant | None:
    """Return the newest undecided instant up to now that its calendars let through."""
    first, now = record.next_due(), books.now.utc
    if first is None or first > now:
        return None
    newest = record.schedule.latest_at_or_before(now)
    assert newest is not None
    return newest_start(books, record, max(record.counts_from, first - 1), newest)


def _end(books: Books, run: RunRecord, ping: PingJob) -> None:
    code = FAILED if ping.what == "fail" else ping.exit_code if ping.what == "end" else 0
    end = AttemptEnd(
        ended_at=books.now.utc,
        exit_code=code,
        output_bytes=run.reported_bytes,
    )
    run.last_end = end
    books.events.append(
        AttemptEnded(at=books.now.utc, run=run.run, job=run.job, attempt=run.attempt, end=end)
    )
    outcome, reason, message = judge(end, books.definition(run))
    if ping.what == "fail":
        outcome, reason, message = "failed", "exit", "reported as failed"
    end_run(books, run, outcome, reason, message)


def _keep(books: Books, run: RunRecord, text: str) -> None:
    content = (text if text.endswith("\n") else f"{text}\n").encode("utf-8", "replace")
    run.reported_bytes += len(content)
    books.lines.append(
        ReportedLine(
            run=run.run,
            job=run.job,
            attempt=run.attempt,
            at=books.now.utc,
            data=content,
            most=books.definition(run).output_max_size,
        )
    )


def _said(run: RunRecord, ping: PingJob, *, is_known: bool) -> str:
    match ping.what:
        case "start" if is_known:
            return f"run {run.run} of {run.job} is already open"
        case "start":
            return f"run {run.run} of {run.job} has started"
        case "log":
            return f"kept with run {run.run} of {run.job}"
        case _:
            return f"run {run.run} of {run.job} has ended"
