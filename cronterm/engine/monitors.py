"""Monitors from the API beside the jobs of the file. A job of the file hides one of its name."""

import logging
from collections.abc import Collection, Iterable
from pathlib import Path

from cronterm.clock import Instant
from cronterm.config.monitors import read_monitors
from cronterm.errors import BadInput, CrontermError
from cronterm.model.command import DefineMonitor, DropMonitor
from cronterm.model.event import MonitorDefined, MonitorDropped
from cronterm.model.job import Job
from cronterm.model.monitors import MonitorDefinition

log = logging.getLogger("cronterm.reload")

MOST_MONITORS = 1_000  # a token must not fill the table without end


class UnknownMonitor(CrontermError):
    """It was not defined over the API."""


class Monitors:
    """What is defined now. `directory` is that of the jobs file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._definitions: dict[str, MonitorDefinition] = {}
        self._read: tuple[tuple[MonitorDefinition, ...], str, tuple[Job, ...]] = ((), "", ())

    def restore(self, definitions: Iterable[MonitorDefinition]) -> None:
        """Take over what the store remembers."""
        self._definitions = {each.job: each for each in definitions}

    def jobs(self, in_file: Collection[str], timezone: str) -> tuple[Job, ...]:
        """Return those that no job of the file hides; what cannot be read any more is said."""
        hidden = {job.casefold() for job in in_file}
        shown = tuple(d for d in self._definitions.values() if d.job.casefold() not in hidden)
        if (shown, timezone) != self._read[:2]:
            self._read = (shown, timezone, self._readable(shown, timezone))
        return self._read[2]

    def _readable(self, shown: tuple[MonitorDefinition, ...], timezone: str) -> tuple[Job, ...]:
        try:
            return read_monitors(shown, directory=self._directory, timezone=timezone)
        except BadInput:
            found: list[Job] = []
            for each in shown:
                try:
                    found += read_monitors([each], directory=self._directory, timezone=timezone)
                except BadInput as error:
                    log.error("the monitor %s cannot be read: %s", each.job, error)
            return tuple(found)

    def define(
        self, command: DefineMonitor, in_file: Collection[str], *, by: str, at: Instant
    ) -> MonitorDefined:
        """Define a monitor or change it. Raises `CrontermError` where it cannot be."""
        folded = command.job.casefold()
        self._check_free(command.job, in_file)
        known = next((name for name in self._definitions if name.casefold() == folded), None)
        if known not in (None, command.job):
            raise CrontermError(f"there is a monitor {known}, and cases do not tell jobs apart")
        if known is None and len(self._definitions) >= MOST_MONITORS:
            raise CrontermError(f"there are {MOST_MONITORS:,} monitors already")
        definition = MonitorDefinition(
            job=command.job,
            schedule=command.schedule,
            tolerance=command.tolerance,
            max_runtime=command.max_runtime,
            is_heartbeat=command.is_heartbeat,
            by=by,
            defined_at=at,
        )
        read_monitors([definition], directory=self._directory, timezone="UTC")
        self._definitions = {**self._definitions, command.job: definition}
        return MonitorDefined(at=at, definition=definition)

    def drop(
        self, command: DropMonitor, in_file: Collection[str], *, at: Instant
    ) -> MonitorDropped:
        """Forget a monitor. Raises `CrontermError` where it is none of the API's."""
        self._check_free(command.job, in_file)
        if command.job not in self._definitions:
            raise UnknownMonitor(f"there is no job {command.job}")
        left = {name: each for name, each in self._definitions.items() if name != command.job}
        self._definitions = left
        return MonitorDropped(at=at, job=command.job)

    def _check_free(self, job: str, in_file: Collection[str]) -> None:
        if job.casefold() in {each.casefold() for each in in_file}:
            hint = "the file, and the Unix socket, are where it is changed"
            raise CrontermError(f"{job} is defined in the jobs file", hint)

    def __contains__(self, job: str) -> bool:
        return job in self._definitions
