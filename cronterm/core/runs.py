"""The life of a run: queued, admitted, claimed, ended, retried, stopped."""

from collections.abc import Sequence
from typing import Literal

from cronterm.clock import Duration, Instant
from cronterm.core.books import Books
from cronterm.core.gates import Gates
from cronterm.core.limits import count_start, is_surplus, note_outcome
from cronterm.core.policies import Admission, admit, judge, may_retry, retry_delay
from cronterm.core.records import JobRecord, RunRecord
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.event import (
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    RetryScheduled,
    RunEnded,
    RunQueued,
    RunStopping,
)
from cronterm.model.gates import Need
from cronterm.model.job import Job, definition_hash
from cronterm.model.run import AttemptEnd, Cause, Outcome, Reason


def admission(books: Books, record: JobRecord, run: RunRecord | None = None) -> Admission:
    """Decide what a new run of the job may do now; `run` itself does not count.

    Under `replace` and `allow` a pending retry gives way to what comes after it (SEMANTICS 6).
    """
    return admit(record.job, [other.state for other in _in_the_way(record, run)])


def _in_the_way(record: JobRecord, run: RunRecord | None) -> list[RunRecord]:
    others = [other for other in record.open.values() if other is not run and other.is_in_the_way]
    if record.job.overlap in ("replace", "allow"):
        others = [other for other in others if other.state != "retrying"]
    return others


def turned_away(
    record: JobRecord, admitted: Literal["skip", "queue_full"], run: RunRecord | None = None
) -> tuple[Reason, str]:
    """Return why a run is not let in, and the runs in its way: the oldest with its cause."""
    oldest, *others = _in_the_way(record, run)
    more = f", and {len(others)} more" if others else ""
    reason: Reason = "overlap" if admitted == "skip" else "queue_full"
    return reason, f"run {oldest.run}, {oldest.cause.text}{more}"


def queue_run(
    books: Books,
    record: JobRecord,
    cause: Cause,
    *,
    ready_at: Instant,
    is_forced: bool = False,
    after: dict[int, Need] | None = None,
    definition: Job | None = None,
) -> RunRecord:
    """Record a new run. It is admitted when it is ready, and what it comes `after` has ended.

    With a `definition` it is bound to that; else to what the job is when it starts.
    """
    run = RunRecord(
        run=books.next_run,
        job=record.job.id,
        cause=cause,
        state="queued",
        queued_at=books.now.utc,
        ready_at=ready_at,
        is_forced=is_forced,
        after=after or {},
        definition=definition,
    )
    books.next_run += 1
    books.runs[run.run] = run
    record.open[run.run] = run
    books.events.append(
        RunQueued(
            at=books.now.utc,
            run=run.run,
            job=run.job,
            cause=cause,
            ready_at=ready_at,
            attempts=1 + (definition or record.job).retry.attempts,
            schedule_hash=record.schedule_hash,
            after=dict(run.after),
            definition=definition,
        )
    )
    return run


def arrive(books: Books, record: JobRecord, run: RunRecord, admitted: Admission) -> None:
    """Let a ready run in as `admitted` says; it starts when there is a place."""
    if admitted == "skip" or admitted == "queue_full":
        end_run(books, run, "skipped", *turned_away(record, admitted, run))
        return
    if admitted == "replace":
        _make_room(books, record, run)
    if record.job.overlap in ("replace", "allow"):
        for other in books.others(run):
            if other.state == "retrying":
                _give_up_retry(books, other)
    run.is_arrived = True
    books.waiting[run.run] = run


def _make_room(books: Books, record: JobRecord, run: RunRecord) -> None:
    """Stop or cancel the oldest runs, as many as the new one needs places."""
    others = [
        other for other in books.others(run) if other.is_in_the_way and other.state != "retrying"
    ]
    surplus = len(others) - (record.job.instances or 1) + 1
    for other in others[:surplus]:
        if other.state == "running":
            stop_attempt(books, other, "replaced", by="")
        elif other.state == "queued":
            end_run(books, other, "replaced", "")


def _give_up_retry(books: Books, run: RunRecord) -> None:
    """End a run whose retry is pending with what its last attempt ended with."""
    assert run.last_end is not None
    outcome, reason, message = judge(run.last_end, books.definition(run))
    end_run(books, run, outcome, reason, message or "the next run cancelled its retry")


def start_waiting(books: Books) -> None:
    """Start what waits and may, by priority and due instant, and drop what is too late."""
    if not books.waiting:
        return
    gates = Gates(books)
    waiting = sorted(books.waiting.values(), key=_due_order)
    if books.has_priorities:
        waiting.sort(key=lambda run: -books.definition(run).priority)  # it keeps their order
    caught_up: set[str] = set()  # jobs whose oldest run that made it through downtime was looked at
    for run in waiting:
        latest = books.latest_start(run)
        if latest is not None and books.now.utc > latest:
            end_run(books, run, "missed", "start_deadline")
            continue
        if is_surplus(books, run):
            end_run(books, run, "skipped", "max_runs")
            continue
        refusal = gates.refusal(run)
        if refusal is not None:
            end_run(books, run, "skipped", *refusal)
            continue
        if run.cause.kind == "catch_up" and run.state == "queued":
            if run.job in caught_up:
                continue
            caught_up.add(run.job)
        if books.is_quiet and run.cause.kind != "manual":
            continue
        if gates.may_start(run, _has_instance):
            del books.waiting[run.run]
            claim(books, run)


def _due_order(run: RunRecord) -> tuple[Instant, int]:
    return (run.cause.due_at if run.cause.due_at is not None else run.queued_at), run.run


def _has_instance(books: Books, run: RunRecord) -> bool:
    if run.is_forced or run.state == "retrying":
        return True
    others = books.others(run)
    holding = [other for other in others if other.is_holding]
    if run.cause.kind == "catch_up":
        if any(other.cause.kind == "catch_up" for other in holding):
            return False  # one at a time per job, whatever its overlap allows
        if any(other.is_in_the_way and not other.is_holding for other in others):
            return False  # what is due now goes before what was due then
    instances = books.definition(run).instances
    return instances is None or len(holding) < instances


def claim(books: Books, run: RunRecord) -> None:
    """Claim the next attempt of a run and have it started."""
    if run.definition is None:
        run.definition = books.jobs[run.job].job
        definition = books.jobs[run.job].definition_hash
    else:
        definition = definition_hash(run.definition)
    run.attempt += 1
    run.state = "running"
    run.retry_at = None
    run.is_started = False
    run.hold = None
    books.running += 1
    if run.attempt == 1:
        books.jobs[run.job].started_n = books.next_order()
    books.events.append(
        AttemptClaimed(
            at=books.now.utc,
            run=run.run,
            job=run.job,
            attempt=run.attempt,
            definition=definition,
            timed_runs=count_start(books, run),
        )
    )
    books.starts.append(start_of(run))


def start_of(run: RunRecord) -> StartAttempt:
    """Return the effect that starts the claimed attempt of `run`."""
    assert run.definition is not None
    return StartAttempt(
        run=run.run,
        attempt=run.attempt,
        attempts=1 + run.definition.retry.attempts,
        job=run.definition,
        cause=run.cause,
        queued_at=run.queued_at,
    )


def note_started(books: Books, run: int, attempt: int, pid: int, started_at: Instant) -> None:
    """Record that the runner started an attempt; told again it is not news."""
    record = books.runs.get(run)
    if record is None or record.attempt != attempt or record.state not in ("running", "stopping"):
        return
    if record.is_started:
        return
    record.is_started = True
    record.started_at = record.started_at if record.started_at is not None else started_at
    books.events.append(
        AttemptStarted(
            at=books.now.utc,
            run=run,
            job=record.job,
            attempt=attempt,
            pid=pid,
            started_at=started_at,
        )
    )


def note_ended(books: Books, run: int, attempt: int, end: AttemptEnd) -> None:
    """Record how an attempt ended, and end or retry its run; told again it is not news."""
    record = books.runs.get(run)
    if record is None or record.attempt != attempt or record.state not in ("running", "stopping"):
        return
    books.running -= 1
    books.events.append(
        AttemptEnded(at=books.now.utc, run=run, job=record.job, attempt=attempt, end=end)
    )
    record.last_end = end
    job = books.definition(record)
    outcome, reason, message = judge(end, job)
    gives_way = record.job not in books.jobs or not books.jobs[record.job].job.enabled
    if record.state == "running" and may_retry(end, outcome, job, attempt) and not gives_way:
        _schedule_retry(books, record, retry_delay(job, attempt, f"{books.seed}-{run}"))
    else:
        end_run(books, record, outcome, reason, message)


def _schedule_retry(books: Books, run: RunRecord, delay: Duration) -> None:
    run.state = "retrying"
    run.retry_at = books.now.elapsed + delay
    run.ready_at = books.now.utc + delay
    books.watch_run(run)
    books.events.append(
        RetryScheduled(
            at=books.now.utc,
            run=run.run,
            job=run.job,
            attempt=run.attempt + 1,
            ready_at=run.ready_at,
        )
    )


def end_run(
    books: Books, run: RunRecord, outcome: Outcome, reason: Reason, message: str = ""
) -> None:
    """Record a run's final state and forget it."""
    books.events.append(
        RunEnded(
            at=books.now.utc,
            run=run.run,
            job=run.job,
            outcome=outcome,
            reason=reason,
            message=message,
        )
    )
    del books.runs[run.run]
    books.waiting.pop(run.run, None)
    books.held_back.pop(run.run, None)
    if run.run in books.asked:
        books.asked.remove(run.run)
        books.forgotten.append(run.run)
    books.ended.append((run, outcome, reason))
    record = books.jobs.get(run.job)
    if record is not None and record.open.pop(run.run, None) is not None:
        note_end(books, record)
        note_outcome(books, record, outcome)


def note_end(books: Books, record: JobRecord) -> None:
    """Move the schedules that count from the last end."""
    record.last_end_at = books.now.utc
    if record.counts_from_ends:
        record.build()
        books.watch_job(record)


def stop_attempt(
    books: Books,
    run: RunRecord,
    why: Literal["user", "replaced", "shutdown"],
    *,
    by: str,
    signal: str = "",
) -> None:
    """Have a running attempt ended by its stop rule, or by `signal`."""
    run.state = "stopping"
    books.events.append(RunStopping(at=books.now.utc, run=run.run, job=run.job, why=why, by=by))
    books.stops.append(stop_of(books, run, why, signal))


def stop_of(
    books: Books, run: RunRecord, why: Literal["user", "replaced", "shutdown"], signal: str = ""
) -> StopAttempt:
    """Return the effect that stops the running attempt of `run`."""
    job = books.definition(run)
    return StopAttempt(
        run=run.run,
        attempt=run.attempt,
        why=why,
        signal=signal or job.stop_signal,
        grace_us=0 if signal == "SIGKILL" else job.stop_grace_period,
    )


def stop_runs(books: Books, runs: Sequence[RunRecord], *, by: str, signal: str = "") -> int:
    """Stop what runs and cancel what waits; return how many runs that concerned."""
    for run in runs:
        if run.is_reported:
            end_run(
                books, run, "stopped", "user", "its record was closed; where it runs it goes on"
            )
        elif run.state in ("running", "stopping"):
            stop_attempt(books, run, "user", by=by, signal=signal)
        else:
            end_run(books, run, "stopped", "user")
    return len(runs)


def cancel_waiting(books: Books, runs: Sequence[RunRecord], reason: Reason) -> None:
    """Cancel queued runs, and end those whose retry is pending with their last attempt's end."""
    for run in runs:
        if run.state == "queued":
            end_run(books, run, "skipped", reason)
        elif run.state == "retrying":
            assert run.last_end is not None
            outcome, why, message = judge(run.last_end, books.definition(run))
            end_run(books, run, outcome, why, message or f"its retry was cancelled: {reason}")
