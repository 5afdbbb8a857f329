"""What happens as plain lines, for screen readers and terminals that cannot move a cursor.

First a line for the engine and one for each job, then a line whenever one of them would be another.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cronterm.cli.base import Desk, say
from cronterm.cli.render import local, show_time
from cronterm.clock import Instant, SystemClock
from cronterm.control import Message
from cronterm.errors import CrontermError
from cronterm.model.event import Numbered
from cronterm.model.fold import fold
from cronterm.model.snapshot import (
    JobView,
    Snapshot,
)

TRY_AGAIN_S = 2.0


@dataclass
class Speaker:
    """Knows what was said of each job, and says what differs."""

    of_job: Callable[[JobView, Snapshot], tuple[str, str]]
    """What is said of a job ("" leaves it as it was), and what is added, but not said alone."""
    of_engine: Callable[[Snapshot], list[str]]
    """Who answers, and what it keeps."""
    of_trouble: Callable[[Snapshot], list[str]]
    """What is wrong with it; told again once it is settled."""
    jobs: tuple[str, ...] = ()
    """Those that are meant; none is all."""
    _snapshot: Snapshot = field(default_factory=Snapshot)
    _said: dict[str, str] = field(default_factory=dict)
    _engine: list[str] = field(default_factory=list)
    _troubles: list[str] = field(default_factory=list)
    _why: str = ""

    def take(self, message: Message) -> Iterator[str]:
        """Yield what a message of the stream makes worth saying."""
        self._why = ""
        match message:
            case Snapshot():
                self._snapshot = message
                yield from self._about(message.jobs)
            case Numbered(event=event):
                fold(self._snapshot, message)
                job = getattr(event, "job", "")
                is_one = isinstance(job, str) and job in self._snapshot.jobs
                yield from self._about([str(job)] if is_one else self._snapshot.jobs)

    def lose(self, why: str) -> Iterator[str]:
        """Yield why nothing is heard any more, once."""
        if why != self._why:
            self._why, self._engine = why, []
            yield why

    def _about(self, jobs: Iterable[str]) -> Iterator[str]:
        engine, troubles = self.of_engine(self._snapshot), self.of_trouble(self._snapshot)
        yield from (line for line in engine if line not in self._engine)
        yield from (line for line in troubles if line not in self._troubles)
        yield from (f"settled: {line}" for line in self._troubles if line not in troubles)
        self._engine, self._troubles = engine, troubles
        for job in jobs:
            text, more = self.of_job(self._snapshot.jobs[job], self._snapshot)
            if text and text != self._said.get(job) and job in (self.jobs or (job,)):
                self._said[job] = text
                yield f"{job}: {text}{f', {more}' if more else ''}"
        for job in self._said.keys() - self._snapshot.jobs.keys():
            del self._said[job]
            yield f"{job}: removed"


def speak(at: Desk, speaker: Speaker) -> None:
    """Print what is there as lines; with --watch go on with what changes, until Ctrl-C."""
    if not at.watches:
        for line in speaker.take(at.client.snapshot()):
            say(line)
        return
    while True:
        try:
            with contextlib.closing(at.client.stream(output=False)) as messages:
                for message in messages:
                    _print(speaker.take(message))
            why = "the engine ended"
        except CrontermError as error:
            why = str(error)
        _print(speaker.lose(why))
        time.sleep(TRY_AGAIN_S)


def _print(lines: Iterable[str]) -> None:
    now = SystemClock().now().utc
    for line in lines:
        say(f"{local(now):%H:%M:%S} {line}")
    sys.stdout.flush()


def when(at: Instant | None, now: Instant) -> str:
    """Return an instant as it is said: without the day where that is today."""
    is_today = at is not None and local(at).date() == local(now).date()
    return show_time(at).partition(" ")[2] if is_today else show_time(at)
