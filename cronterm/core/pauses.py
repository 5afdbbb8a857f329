"""Pauses of one job or of everything, as a person begins and lifts them; `due` does the rest."""

from cronterm.clock import SECOND, Instant, rfc3339
from cronterm.core.books import Books
from cronterm.core.due import decide, resume, resume_all
from cronterm.core.records import JobRecord
from cronterm.core.signals import resume_triggers
from cronterm.model.command import Answer, PauseJob, ResumeJob
from cronterm.model.event import AllPaused, JobPaused
from cronterm.model.snapshot import Pause


def pause(books: Books, record: JobRecord, command: PauseJob, by: str) -> Answer:
    """Hold back the timed starts of a job from now on; or change how it is paused already."""
    now, was = books.now.utc, record.pause
    if record.sieve is not None:
        decide(books, record)
    books.set_pause(record, _new_pause(books, command, by, was))
    books.events.append(
        JobPaused(
            at=now,
            job=record.job.id,
            by=by,
            until=command.until,
            reason=command.reason,
            since=_since(was),
        )
    )
    books.watch_job(record)
    return _paused(record.job.id, was)


def pause_all(books: Books, command: PauseJob, by: str) -> Answer:
    """Hold back all timed starts from now on; or change how they are held back already."""
    now, was = books.now.utc, books.all_paused
    decide_sifted(books)
    books.all_paused = _new_pause(books, command, by, was)
    books.events.append(
        AllPaused(at=now, by=by, until=command.until, reason=command.reason, since=_since(was))
    )
    for record in books.jobs.values():
        books.watch_job(record)
    return _paused("everything", was)


def _new_pause(books: Books, command: PauseJob, by: str, was: Pause | None) -> Pause:
    """Return the pause from now on: it began when that began which it changes."""
    return Pause(by, _since(was) or books.now.utc, command.until, command.reason)


def _since(was: Pause | None) -> Instant | None:
    return was.at if was is not None else None


def _paused(what: str, was: Pause | None) -> Answer:
    """Tell what was paused; where it `was` already, how."""
    if was is None:
        return Answer(ok=True, message=f"paused {what}")
    end = (
        f"until {rfc3339(was.until // SECOND * SECOND)}"
        if was.until is not None
        else "until resumed"
    )
    reason = f": {was.reason}" if was.reason else ""
    message = f"changed the pause of {what}"
    return Answer(ok=True, message=message, hint=f"it was {end}{reason}")


def lift(books: Books, record: JobRecord, command: ResumeJob, by: str) -> Answer:
    """End the pause of a job, and the suspension of its triggers."""
    has_resumed = resume_triggers(books, record, by=by)
    if record.pause is None:
        what = "resumed the triggers of {}" if has_resumed else "{} was not paused"
        return Answer(ok=True, message=what.format(record.job.id))
    resume(books, record, by=by, at=books.now.utc, catch_up=command.catch_up)
    return Answer(ok=True, message=f"resumed {record.job.id}")


def lift_all(books: Books, command: ResumeJob, by: str) -> Answer:
    """End the pause of everything; jobs that are paused one by one stay so."""
    if books.all_paused is None:
        return Answer(ok=True, message="nothing was paused as a whole")
    resume_all(books, by=by, at=books.now.utc, catch_up=command.catch_up)
    return Answer(ok=True, message="resumed everything")


def decide_sifted(books: Books) -> None:
    """Decide what is due of the jobs that calendars keep back: they are looked at now and then."""
    for record in books.jobs.values():
        if record.sieve is not None:
            decide(books, record)
