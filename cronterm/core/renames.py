"""A job that has another name now goes on as itself."""

from collections.abc import Iterable

import msgspec

from cronterm.core.books import Books
from cronterm.model.event import JobRenamed
from cronterm.model.job import Job


def rename_jobs(books: Books, jobs: Iterable[Job]) -> None:
    """Give what is known of a job to the one that was renamed from it.

    Only a name that was never heard of takes over: from then on it has a history of its own.
    """
    for job in jobs:
        old = job.renamed_from
        if old and job.id not in books.jobs and job.id not in books.absent:
            _rename(books, old, job.id)


def _rename(books: Books, old: str, new: str) -> None:
    record, known = books.jobs.pop(old, None), books.absent.pop(old, None)
    if record is not None:
        record.job = msgspec.structs.replace(record.job, id=new)
        books.jobs[new] = record
        if books.paused.pop(old, None) is not None:
            books.paused[new] = record
    elif known is not None:
        books.absent[new] = msgspec.structs.replace(known, id=new)
    else:
        return
    for run in books.runs.values():
        if run.job == old:
            run.job = new
    renamed = JobRenamed(at=books.now.utc, job=new, old=old)
    books.events.append(renamed)
    books.alerts.rename(renamed)
    books.notices.rename(old, new)
