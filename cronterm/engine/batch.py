"""What the engine takes in between two commits."""

import asyncio

from cronterm.core.base import Input
from cronterm.model.event import AnyEvent


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
