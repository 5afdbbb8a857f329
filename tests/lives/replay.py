"""Writes down what a core is told and answers, and asks another core the same again.

Answers are compared as texts of all fields: JSON leaves out a default only where it is that very
object, which depends on where a definition came from.
"""

import msgspec

from cronterm.clock import Now
from cronterm.core.base import Effects, Input
from cronterm.core.scheduler import Scheduler
from cronterm.model.memory import Memory

_Inputs = tuple[Input, ...]


class Recorder:
    """A core whose every step is kept as text."""

    def __init__(self, memory: Memory, *, seed: int, boot_id: str, is_start: bool) -> None:
        self._memory = msgspec.json.encode(memory)
        self._seed, self._boot_id, self._is_start = seed, boot_id, is_start
        self._core = Scheduler(memory, seed=seed, boot_id=boot_id, is_start=is_start)
        self._encoder = msgspec.json.Encoder()
        self._steps: list[tuple[Now, bytes, str]] = []

    def step(self, now: Now, given: _Inputs) -> Effects:
        """As `Scheduler.step`."""
        effects = self._core.step(now, given)
        self._steps.append((now, self._encoder.encode(given), repr(effects)))
        return effects

    def wait(self, now: Now) -> int | None:
        """As `Scheduler.wait`."""
        return self._core.wait(now)

    def check(self) -> None:
        """A core that is told the same answers the same, to the letter."""
        memory = msgspec.json.decode(self._memory, type=Memory)
        core = Scheduler(memory, seed=self._seed, boot_id=self._boot_id, is_start=self._is_start)
        decoder = msgspec.json.Decoder(_Inputs)
        for now, given, told in self._steps:
            again = core.step(now, decoder.decode(given))
            assert repr(again) == told, "a replay gives other effects"
        self._steps.clear()
