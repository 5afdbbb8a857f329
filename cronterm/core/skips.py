"""A person does not want a run that comes: its instant is decided ahead of time, or free again."""

from cronterm.clock import Instant, rfc3339
from cronterm.core.books import Books
from cronterm.core.corrections import MOST_SPANS, joined
from cronterm.core.due import decide
from cronterm.core.records import JobRecord
from cronterm.model.command import Answer, SkipNext
from cronterm.model.event import CountingMoved, InstantDecided, SkipLifted


def skip_next(books: Books, record: JobRecord, command: SkipNext, by: str) -> Answer:
    """Skip the next instant of a job, or lift such a skip as long as its instant is to come."""
    if command.undo:
        return _lift(books, record, command, by)
    job = record.job.id
    if record.sieve is not None:
        decide(books, record)
    due_at = record.next_start()
    past = [end for _, end in record.decided if end <= books.now.utc]
    spans = [span for span in record.decided if span[1] > books.now.utc]
    if refused := _refusal(books, record, len(spans)):
        return Answer(ok=False, kind="invalid", message=refused[0], hint=refused[1])
    if command.due_at is None and (before := _skipped(record, books.now.utc, due_at)):
        return _skipped_already(job, before[-1], due_at)
    if due_at is None:
        return Answer(ok=False, kind="invalid", message=f"{job} is not due by itself")
    if command.due_at is not None and command.due_at != due_at:
        message = f"{job} is due next at {rfc3339(due_at)}"
        return Answer(ok=False, kind="stale", message=message, hint="look again")
    record.counts_from = max([record.counts_from, *past])  # all up to now is decided
    record.decided = joined([*spans, (due_at - 1, due_at)])
    reason = f": {command.reason}" if command.reason else ""
    books.events += (
        InstantDecided(
            at=books.now.utc,
            job=job,
            due_at=due_at,
            outcome="skipped",
            reason="user",
            schedule_hash=record.schedule_hash,
            message=f"by {by}{reason}",
        ),
        CountingMoved(
            at=books.now.utc, job=job, counts_from=record.counts_from, decided=record.decided
        ),
    )
    books.watch_job(record)
    return Answer(ok=True, message=f"skipped {job} at {rfc3339(due_at)}")


def _lift(books: Books, record: JobRecord, command: SkipNext, by: str) -> Answer:
    job, now = record.job.id, books.now.utc
    skipped = _skipped(record, now)
    due_at = command.due_at or max(skipped, default=None)
    if due_at is None or due_at not in skipped:
        message = f"no coming run of {job} is skipped"
        if due_at is not None:
            message = f"{job} at {rfc3339(due_at)} is not skipped, or over"
        return Answer(ok=False, kind="invalid", message=message)
    record.decided = tuple(span for span in record.decided if span != (due_at - 1, due_at))
    books.events += (
        SkipLifted(at=now, job=job, due_at=due_at, by=by),
        CountingMoved(at=now, job=job, counts_from=record.counts_from, decided=record.decided),
    )
    books.watch_job(record)
    return Answer(ok=True, message=f"{job} is due at {rfc3339(due_at)} again")


def _skipped(record: JobRecord, now: Instant, before: Instant | None = None) -> list[Instant]:
    """Return the instants to come that a person has skipped, in order; of those `before` one."""
    skipped = [end for start, end in record.decided if end - start == 1 and end > now]
    return [at for at in skipped if before is None or at < before]


def _skipped_already(job: str, at: Instant, due_at: Instant | None) -> Answer:
    """Refuse what would skip two runs where who asks knows of one."""
    again = f"`cronterm skip {job} --again` skips that of {{}} too"
    return Answer(
        ok=False,
        kind="invalid",
        message=f"the run of {job} due {rfc3339(at)} is skipped already",
        hint=again.format(rfc3339(due_at)) if due_at is not None else "",
    )


def _refusal(books: Books, record: JobRecord, ahead: int) -> tuple[str, str] | None:
    """Return why no instant of a job can be decided ahead, and what may be done instead."""
    job = record.job
    pause = f"`cronterm pause {job.id} --until TIME`"
    if job.is_monitor:
        return f"{job.id} is run by something else", ""
    if books.is_held(record):
        return f"{job.id} is held back already: nothing starts by itself", ""
    if record.counts_from_ends:
        return f"what comes next of {job.id} follows from its last end", pause
    if ahead >= MOST_SPANS:
        return f"{ahead} instants of {job.id} are skipped already", pause
    return None
