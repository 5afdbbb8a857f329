"""The sensors of all triggers: exactly those that the jobs need, kept while they are the same."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from cronterm.clock import SECOND, Duration
from cronterm.model.job import Job
from cronterm.model.trigger import OnFile, OnWebhook, Polled, Signal, Trigger, trigger_name
from cronterm.watch.bursts import FileSensor
from cronterm.watch.changes import place_of
from cronterm.watch.ears import Ears
from cronterm.watch.event_files import EventFiles
from cronterm.watch.polls import Poll, Polls
from cronterm.watch.readings import Machine, reading_of

log = logging.getLogger("cronterm.watch")

READY_S = 2.0  # a file system that hangs holds nothing else up
JOIN_S = 5.0

OnSignal: TypeAlias = Callable[[str, Signal], None]
"""Told the job and what happened, on any thread."""


class Sensors:
    """Use `follow` from one thread at a time."""

    def __init__(
        self,
        *,
        on_signal: OnSignal,
        files: EventFiles,
        own: Path,
        variables: Path,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """`own` is the engine's directory, `variables` a file that remembers digests of its env."""
        self._on_signal = on_signal
        self._files = files
        self._own = own
        self._variables = variables
        self._environ = environ
        self._known: dict[str, str] = _read_digests(variables)
        self._saved = dict(self._known)
        self._sensors: dict[tuple[str, Trigger], FileSensor | Poll] = {}
        self._polls = Polls()
        self._ears = Ears(on_exhausted=_say_exhausted)
        self._turn = threading.Lock()

    def follow(self, jobs: Iterable[Job], *, poll_interval: Duration = 2 * SECOND) -> None:
        """Have the sensors of `jobs`; return when new ones see what happens, after 2 s at most."""
        with self._turn:
            wanted = {
                (job.id, trigger): None
                for job in jobs
                for trigger in job.triggers
                if not isinstance(trigger, OnWebhook)
            }
            _end([self._sensors.pop(key) for key in [*self._sensors] if key not in wanted])
            for sensor in self._sensors.values():
                if isinstance(sensor, FileSensor):
                    sensor.poll_s = poll_interval / SECOND
            new = [key for key in wanted if key not in self._sensors]
            for key in new:
                try:
                    self._sensors[key] = self._begin(*key, poll_s=poll_interval / SECOND)
                except RuntimeError as error:  # no more threads; tried again with the next change
                    log.error("%s of %s: %s", trigger_name(key[1]), key[0], error)
            until = time.monotonic() + READY_S
            for sensor in [self._sensors[key] for key in new if key in self._sensors]:
                sensor.is_ready.wait(max(until - time.monotonic(), 0))
            self._remember()

    def close(self) -> None:
        """End all sensors; nothing is told any more."""
        with self._turn:
            _end([*self._sensors.values()])
            self._sensors.clear()
            self._polls.close()
            self._ears.close()

    def _begin(self, job: str, trigger: Trigger, *, poll_s: float) -> FileSensor | Poll:
        def tell(signal: Signal) -> None:
            self._on_signal(job, signal)

        assert not isinstance(trigger, OnWebhook)
        if isinstance(trigger, OnFile):
            sensor = FileSensor(
                trigger,
                on_signal=tell,
                files=self._files,
                ears=self._ears,
                own=place_of(self._own),
                poll_s=poll_s,
            )
            sensor.start()
            return sensor
        poll = self._poll(trigger, tell)
        self._polls.add(poll)
        return poll

    def _poll(self, trigger: Polled, tell: Callable[[Signal], None]) -> Poll:
        reading = reading_of(
            trigger, environ=self._environ, known=self._known, measure=Machine().measure
        )
        every_s = trigger.every / SECOND
        return Poll(trigger_name(trigger), reading, every_s=every_s, on_signal=tell)

    def _remember(self) -> None:
        """Keep digests of the engine's variables, for the next engine to compare with."""
        if self._known == self._saved:
            return
        self._saved = dict(self._known)
        beside = self._variables.with_suffix(".new")
        try:
            beside.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="ascii") as file:
                json.dump(self._saved, file)
            beside.replace(self._variables)
        except OSError as error:
            log.warning("variables of the engine are not remembered: %s", error)


def _end(sensors: Sequence[FileSensor | Poll]) -> None:
    """End all at once, and return when none tells anything any more."""
    for sensor in sensors:
        sensor.end()
    until = time.monotonic() + JOIN_S
    for sensor in sensors:
        if isinstance(sensor, FileSensor):
            sensor.join(max(until - time.monotonic(), 0))


def _say_exhausted(error: OSError) -> None:
    log.warning(
        "not all file events come (%s): the files of triggers are looked at now and then instead;"
        " sysctl fs.inotify.max_user_watches and max_user_instances are the limits",
        error,
    )


def _read_digests(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    is_ours = isinstance(found, dict) and all(isinstance(each, str) for each in found.values())
    return found if is_ours else {}
