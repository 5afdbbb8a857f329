"""What jobs, runs and alerts of one of several machines are called among all."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from cronterm.model.event import AnyEvent
from cronterm.readable import commands_by

T = TypeVar("T", bound=msgspec.Struct)

SEPARATOR = ":"  # no job has it in its name
JOB_NAMES = ("job", "old", "upstream_job")
RUN_NAMES = ("run", "upstream_run", "before_run", "after_run", "alert")
JOB_LISTS = ("jobs", "on_success", "on_failure", "on_complete")
JOB_KEYS = ("jobs", "removed", "next_at", "next", "held", "mutes", "depends_on", "runs", "files")
SENTENCES = ("sentences", "past")
RUN_KEYS = ("live", "after", "alerts")

TOLD_RUN = re.compile(r"\brun (\d+)\b(?: of ([\w.-]*\w))?")
"""A run in a sentence of an engine, with its job."""


class Names:
    """What the jobs, runs and alerts of one of several machines are called among all."""

    def __init__(self, host: str, place: int, count: int) -> None:
        self.host = host
        self._place = place
        self._count = count

    def job(self, job: str) -> str:
        """Return the name of a job among all."""
        return f"{self.host}{SEPARATOR}{job}" if job else ""

    def run(self, run: int) -> int:
        """Return the number of a run or an alert among all."""
        return run * self._count + self._place

    def text(self, text: str) -> str:
        """Return a sentence of an engine with its runs, and their jobs, as they are among all.

        A command in it is one for that machine.
        """
        there = commands_by(f"cronterm -H {self.host}", text)
        return TOLD_RUN.sub(self._told_run, there)

    def _told_run(self, told: re.Match[str]) -> str:
        of = f" of {self.job(told[2])}" if told[2] else ""
        return f"run {self.run(int(told[1]))}{of}"

    def out(self, value: T) -> T:
        """Return what a machine told in the names of all."""
        told = self._renamed(msgspec.to_builtins(value))
        return msgspec.convert(told, type(value))

    def out_any(self, event: AnyEvent) -> AnyEvent:
        """Return an event in the names of all."""
        found: AnyEvent = self.out(event)
        return found

    def _renamed(self, value: Any) -> Any:
        if isinstance(value, dict):
            is_job = "working_dir" in value and "action" in value
            is_alert = "opened_at" in value
            found = {name: self._field(name, each) for name, each in value.items()}
            if is_job:
                found["id"] = self.job(value["id"])
            elif is_alert:
                found["id"] = self.run(value["id"])
            if value.get("outcome") == "skipped" or "gate" in value:
                found["message"] = self.text(value.get("message", ""))
            return found
        if isinstance(value, list | tuple):
            return [self._renamed(each) for each in value]
        return value

    def _field(self, name: str, value: Any) -> Any:
        if name in JOB_NAMES and isinstance(value, str):
            return self.job(value)
        if name in RUN_NAMES and isinstance(value, int):
            return self.run(value)
        if name in JOB_LISTS and isinstance(value, list | tuple):
            return [
                self.job(each) if isinstance(each, str) else self._renamed(each) for each in value
            ]
        if name in SENTENCES and isinstance(value, list | tuple):
            return [
                self.text(each) if isinstance(each, str) else self._renamed(each) for each in value
            ]
        if name == "recent" and isinstance(value, list | tuple):
            return [self._past(each) for each in value]
        if not isinstance(value, dict):
            return self._renamed(value)
        if name == "removed":
            return {self.job(job): self._keys(runs) for job, runs in value.items()}
        if name in JOB_KEYS:
            return {self.job(job): self._renamed(each) for job, each in value.items()}
        if name in RUN_KEYS:
            return self._keys(value)
        return self._renamed(value)

    def _keys(self, runs: Mapping[Any, Any]) -> dict[int, Any]:
        return {self.run(int(run)): self._renamed(each) for run, each in runs.items()}

    def _past(self, past: Sequence[Any]) -> list[Any]:
        run, *rest = past
        return [None if run is None else self.run(run), *rest]
