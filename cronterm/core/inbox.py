"""The missed inbox: instants that were missed are run once after all, or ignored."""

from cronterm.clock import Instant, rfc3339
from cronterm.core.books import Books
from cronterm.core.due import queue_catch_up
from cronterm.core.records import JobRecord, RunRecord
from cronterm.core.runs import admission, arrive, queue_run
from cronterm.model.command import Answer, IgnoreMissed, RunMissed
from cronterm.model.event import MissedSettled
from cronterm.model.run import Cause


def run_missed(books: Books, record: JobRecord, command: RunMissed, by: str) -> Answer:
    """Run a job for an instant that it missed: the engine looked it up in the history.

    An instant of a range gets its own row, so that this happens once. One that has a row already
    is run as by hand, with its instant told to the job.
    """
    job, due_at = record.job.id, command.due_at
    if due_at is None:
        return Answer(ok=False, kind="invalid", message=f"{job} missed nothing")
    if record.job.is_monitor:
        hint = f"`cronterm missed ignore {job}`"
        return Answer(
            ok=False, kind="invalid", message=f"{job} is run by something else", hint=hint
        )
    admitted = admission(books, record)
    if admitted in ("skip", "queue_full"):
        return Answer(ok=False, kind="overlap", message=f"a run of {job} is open", hint="wait")
    run: RunRecord | None
    if command.is_range and not record.is_planned_out:
        run = queue_catch_up(books, record, due_at)
        assert run is not None
    else:
        cause = Cause("manual", by=by, scheduled_at=due_at)
        run = queue_run(books, record, cause, ready_at=books.now.utc)
        arrive(books, record, run, admitted)
    _settle(books, job, by, due_at, run.run)
    return Answer(ok=True, message=f"run {run.run} of {job} for {rfc3339(due_at)}", run=run.run)


def ignore_missed(books: Books, command: IgnoreMissed, by: str) -> Answer:
    """Settle what was missed without running it."""
    until = books.now.utc if command.until is None else command.until
    _settle(books, command.job, by, until, None)
    return Answer(ok=True, message=f"ignored what {command.job or 'any job'} missed")


def _settle(books: Books, job: str, by: str, until: Instant, run: int | None) -> None:
    books.events.append(MissedSettled(at=books.now.utc, job=job, by=by, until=until, run=run))
