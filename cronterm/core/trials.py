"""A run of a job that is in no file yet: it is in force for the moment in which that starts."""

import msgspec

from cronterm.core.base import RunAgain
from cronterm.core.books import Books
from cronterm.core.changes import add_job, carry_out, remove_job
from cronterm.core.runs import start_waiting
from cronterm.model.command import Answer
from cronterm.model.job import Retry
from cronterm.model.params import BadParam, read_params


def is_unsaved(books: Books, command: RunAgain) -> bool:
    """Tell whether no file has the job of a command."""
    return command.definition.id not in books.jobs


def run_trial(books: Books, command: RunAgain, by: str) -> Answer:
    """Run a job that is in no file, once, at once or not at all.

    It has no schedule, no condition and no tries; its history stays, as that of a removed job.
    """
    job = msgspec.structs.replace(
        command.definition,
        schedule=(),
        triggers=(),
        depends_on={},
        condition=None,
        retry=Retry(),
        enabled=False,
    )
    try:
        read_params(job.params, command.params)
    except BadParam as error:
        return Answer(ok=False, kind="invalid", message=str(error))
    if books.is_draining or job.is_monitor:
        why = "the engine is stopping" if books.is_draining else f"{job.id} runs nothing here"
        return Answer(ok=False, kind="invalid", message=why)
    open_runs = [run for run in books.runs.values() if run.job == job.id]
    add_job(books, job, books.absent.pop(job.id, None), open_runs)
    answer = carry_out(books, msgspec.structs.replace(command, definition=job), by)
    start_waiting(books)
    is_waiting = answer.run in books.waiting
    remove_job(books, job.id)
    if answer.ok and is_waiting:
        return Answer(ok=False, kind="overlap", message="there is no room to run it now")
    return answer
