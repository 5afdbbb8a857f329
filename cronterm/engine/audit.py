"""Remembers every call over TCP: gathered for a second, then kept in the store."""

import asyncio
from collections.abc import Awaitable, Callable

from cronterm.clock import Clock, Instant
from cronterm.model.audit import AuditRow, Call
from cronterm.store.base import StoreFailing

GATHER_S = 1.0
MOST_KINDS = 1_000  # that wait to be kept; more are one row, for who makes them does it on purpose
RETRY_S = 5.0
REST = Call("", "", "", "others", 0)


class Audit:
    """Counts equal calls until they are kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[Call, tuple[Instant, Instant, int]] = {}
        self._came = asyncio.Event()

    def note(self, call: Call) -> None:
        """Count a call."""
        now = self._clock.now().utc
        if call not in self._calls and len(self._calls) >= MOST_KINDS:
            call = REST
        first, _, count = self._calls.get(call, (now, now, 0))
        self._calls[call] = (first, now, count + 1)
        self._came.set()

    async def keep(
        self,
        record: Callable[[tuple[AuditRow, ...]], Awaitable[None]],
        *,
        gather_s: float = GATHER_S,
        retry_s: float = RETRY_S,
    ) -> None:
        """Hand over what came, in batches, until cancelled; `take` gives what is left then."""
        while True:
            await self._came.wait()
            await asyncio.sleep(gather_s)
            rows = self.take()
            try:
                await record(rows)
            except StoreFailing:
                self._put_back(rows)
                await asyncio.sleep(retry_s)

    def take(self) -> tuple[AuditRow, ...]:
        """Return what waits to be kept; it does not wait any more."""
        calls, self._calls = self._calls, {}
        self._came.clear()
        return tuple(
            AuditRow(call=call, first_at=first, last_at=last, count=count)
            for call, (first, last, count) in calls.items()
        )

    def _put_back(self, rows: tuple[AuditRow, ...]) -> None:
        newer, self._calls = self._calls, {}
        for row in rows:
            self._calls[row.call] = (row.first_at, row.last_at, row.count)
        for call, (first, last, count) in newer.items():
            before = self._calls.get(call, (first, last, 0))
            self._calls[call] = (before[0], last, before[2] + count)
        self._came.set()
