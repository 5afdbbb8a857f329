"""What the engine takes in between two commits."""

import asyncio

from cronterm.core.base import Input
from cronterm.model.event import AnyEvent

STARTS_FIRST_S = 0.5  # how long what the runner tells may wait while a burst is decided


class Burst:
    """Jobs that are due at once, as long as they are being decided."""

    def __init__(self) -> None:
        self._since: float | None = None

    def holds(self, goes_on: bool, now: float) -> bool:
        """Tell whether what arrives is to wait; `now` is in seconds."""
        if not goes_on:
            self._since = None
        elif self._since is None:
            self._since = now
        return self._since is not None and now < self._since + STARTS_FIRST_S


class Batch:
    """What arrived since the last commit."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.facts: list[AnyEvent] = []
        self.outputs: dict[tuple[int, int], bytes] = {}
        self.is_urgent = False
        self.waiting: list[asyncio.Future[bool]] = []
        """Told whether the batch was recorded."""

    def __bool__(self) -> bool:
        return bool(self.inputs or self.facts)

    def settle(self, *, is_recorded: bool) -> None:
        """Tell those who wait."""
        for done in self.waiting:
            if not done.done():
                done.set_result(is_recorded)
        self.waiting.clear()
