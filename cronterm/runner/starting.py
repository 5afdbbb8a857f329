"""What is to be started waits here, and begins a few at a time."""

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cronterm.runner.attempt import Attempt, mark_of
from cronterm.runner.begin import Beginning
from cronterm.runner.environment import Environment
from cronterm.runner.journal import AttemptId, Journal
from cronterm.runner.pause_point import pause_point
from cronterm.runner.place import Place
from cronterm.runner.protocol import Header
from cronterm.runner.start import StartError, StartSpec, Surroundings, read_spec, start_all

TOGETHER = 48  # processes made before any of them is looked at
PASS_MOST_S = 0.03  # how long starts may keep the rest of the loop waiting
MORE_MOST_S = 0.05  # how long more that was announced is waited for


@dataclass(frozen=True)
class Begun:
    """What a start that was asked for has become."""

    id: AttemptId
    attempt: Attempt | None = None
    error: str = ""
    """Why there is none."""


class Starting:
    """Begins what an engine asks for, in that order, each attempt once."""

    def __init__(
        self, place: Place, journal: Journal, *, is_new: Callable[[AttemptId], bool]
    ) -> None:
        """`is_new` is asked right before an attempt begins: no attempt begins twice."""
        self._place = place
        self._journal = journal
        self._is_new = is_new
        self._waiting: deque[Header] = deque()
        self._env = Environment(os.environ)
        self._umask = 0o022
        self._surroundings = Surroundings()
        self._is_more_to_come = False
        self._ran_dry_at = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    def serve(self, env: Mapping[str, str], umask: int) -> None:
        """Begin what this engine asks for, in its environment and umask, and nothing else."""
        self._waiting.clear()
        self._env, self._umask = Environment(env), umask

    def ask(self, header: Header) -> None:
        """Take a `start` message."""
        self._waiting.append(header)
        self._is_more_to_come = False

    def expect(self) -> None:
        """Take a `more` message: other starts follow at once."""
        self._is_more_to_come = True
        self._ran_dry_at = time.monotonic()

    @property
    def expects_s(self) -> float:
        """How long more is to be waited for, in seconds; 0 where none was announced."""
        if not self._is_more_to_come:
            return 0.0
        return max(self._ran_dry_at + MORE_MOST_S - time.monotonic(), 0.0)

    def withdraw(self, identity: AttemptId) -> bool:
        """Forget a start; return whether it waited."""
        for asked in self._waiting:
            if (asked["run"], asked["attempt"]) == identity:
                self._waiting.remove(asked)
                return True
        return False

    def clear(self) -> None:
        """Forget all that waits."""
        self._waiting.clear()

    def begin_some(self, take: Callable[[Begun], None]) -> None:
        """Begin what waits, for `PASS_MOST_S`, and hand over what became of each."""
        until = time.monotonic() + PASS_MOST_S
        while self._waiting and time.monotonic() < until:
            for begun in self._begin_together():
                take(begun)
            self._ran_dry_at = time.monotonic()

    def _begin_together(self) -> list[Begun]:
        """Begin the next that wait: a few are made at the same time."""
        asked = self._next()
        if not asked:
            return []
        marks = [(identity, spec.mark) for identity, (_, spec) in asked.items()]
        try:
            self._journal.starting(marks, boot=self._place.boot)
        except OSError as error:
            why = f"the journal: {error.strerror}"
            return [Begun(identity, error=why) for identity in asked]
        pause_point("after_journal_starting")
        begun: list[Begun] = []
        ready: list[Beginning] = []
        for identity, (header, spec) in asked.items():
            cgroup = self._place.cgroups.of(spec.mark)
            try:
                ready.append(Beginning(header, spec, self._place.output, cgroup))
            except StartError as error:
                begun.append(Begun(identity, error=str(error)))
        start_all((beginning.start for beginning in ready), self._surroundings)
        for beginning in ready:
            try:
                begun.append(Begun(beginning.id, beginning.attempt()))
            except StartError as error:
                begun.append(Begun(beginning.id, error=str(error)))
        attempts = [each.attempt for each in begun if each.attempt is not None]
        if attempts:
            pause_point("after_spawn")
            self._journal.started([(each.id, each.pid, each.started_at) for each in attempts])
        return begun

    def _next(self) -> dict[AttemptId, tuple[Header, StartSpec]]:
        """Return what begins together: all of it new, and nothing behind what takes a fork."""
        asked: dict[AttemptId, tuple[Header, StartSpec]] = {}
        while self._waiting and len(asked) < TOGETHER:
            header = self._waiting.popleft()
            identity = (header["run"], header["attempt"])
            if identity in asked or not self._is_new(identity):
                continue
            mark = mark_of(self._place.store, *identity)
            spec = read_spec(header, self._env, self._umask, mark)
            asked[identity] = header, spec
            if spec.identity is not None or self._place.cgroups.are_delegated:
                break
        return asked
