"""What begins a pause, of one job or of everything; `due` ends it."""

from cronterm.core.books import Books, JobRecord
from cronterm.core.due import decide
from cronterm.model.command import Answer, PauseJob
from cronterm.model.event import AllPaused, JobPaused
from cronterm.model.snapshot import Pause


def pause(books: Books, record: JobRecord, command: PauseJob, by: str) -> Answer:
    """Hold back the timed starts of a job from now on."""
    now = books.now.utc
    if record.sieve is not None:
        decide(books, record)
    books.set_pause(record, Pause(by, now, command.until, command.reason))
    books.events.append(
        JobPaused(at=now, job=record.job.id, by=by, until=command.until, reason=command.reason)
    )
    books.watch_job(record)
    return Answer(ok=True, message=f"paused {record.job.id}")


def pause_all(books: Books, command: PauseJob, by: str) -> Answer:
    """Hold back all timed starts from now on."""
    now = books.now.utc
    decide_sifted(books)
    books.all_paused = Pause(by, now, command.until, command.reason)
    books.events.append(AllPaused(at=now, by=by, until=command.until, reason=command.reason))
    for record in books.jobs.values():
        books.watch_job(record)
    return Answer(ok=True, message="paused everything")


def decide_sifted(books: Books) -> None:
    """Decide what is due of the jobs that calendars keep back: they are looked at now and then."""
    for record in books.jobs.values():
        if record.sieve is not None:
            decide(books, record)
