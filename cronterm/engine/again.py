"""What runs again: a run as it was, or with words that were changed for this once."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import msgspec

from cronterm.config.once import changed_words, with_words
from cronterm.core.base import RunAgain
from cronterm.errors import CrontermError
from cronterm.execute.secrets import Secrets
from cronterm.model.command import RerunEdited, RerunRun, RunJob
from cronterm.model.job import Job
from cronterm.model.query import RunDetail


async def again_of(command: RerunRun | RerunEdited, detail: RunDetail) -> RunAgain | RunJob:
    """Return what the core is asked for. Raises `CrontermError` where words cannot be taken."""
    row = detail.row
    if isinstance(command, RerunRun):
        if not detail.definition:  # it never started: it is what the job is now
            return RunJob(job=row.job, scheduled_at=row.scheduled_at, params=row.params)
        definition = msgspec.json.decode(detail.definition, type=Job)
        return RunAgain(command.run, definition, row.scheduled_at, row.params)
    if not detail.definition:
        message = f"run {command.run} never started: there is nothing to change of it"
        raise CrontermError(message, f"`cronterm run {row.job}`")
    before = msgspec.json.decode(detail.definition, type=Job)
    definition = with_words(before, command.words)
    params = row.params if command.params is None else command.params
    await _check_secrets(definition, command)
    return RunAgain(
        command.run, definition, row.scheduled_at, params, changed_words(before, definition)
    )


async def _check_secrets(job: Job, command: RerunEdited) -> None:
    """Refuse the value of a secret in what is typed: it would stand in the history for all to see.

    Those that only a command tells are not asked for twice.
    """
    told = [*_texts(command.words), *_texts(command.params)]
    secrets = Secrets(os.environ)
    for name, secret in job.secrets.items():
        if secret.command:
            continue
        try:
            value = await asyncio.to_thread(secrets.value, secret, job.directory)
        except CrontermError:
            continue  # the start will say so
        if any(value in text for text in told):
            message = f"what was typed has the value of the secret {name}"
            raise CrontermError(message, f"write ${name}: it is in the environment")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a value, names of mappings included."""
    match value:
        case str():
            yield value
        case dict():
            for name, below in value.items():
                yield from (str(name), *_texts(below))
        case list() | tuple():
            for below in value:
                yield from _texts(below)
