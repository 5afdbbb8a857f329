"""Tests for how calls over TCP wait to be kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from cronterm.clock import SECOND, Now
from cronterm.engine.audit import MOST_KINDS, REST, Audit
from cronterm.model.audit import AuditRow, Call
from cronterm.store.base import StoreFailing
from tests.remote.door import until

CALL = Call("127.0.0.1", "ci", "GET", "/jobs", 200)


class Moment:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.utc = 0

    def now(self) -> Now:
        """Return it."""
        return Now(self.utc, self.utc)


class Shelf:
    """Keeps rows, unless it fails."""

    def __init__(self) -> None:
        self.batches: list[tuple[AuditRow, ...]] = []
        self.failures = 0

    async def record(self, rows: tuple[AuditRow, ...]) -> None:
        """Keep them."""
        if self.failures:
            self.failures -= 1
            raise StoreFailing("no space")
        self.batches.append(rows)


@contextlib.asynccontextmanager
async def keeping(audit: Audit, shelf: Shelf) -> AsyncIterator[None]:
    """Keep what comes while the block runs."""
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        keeper = tasks.create_task(audit.keep(shelf.record, gather_s=0.001, retry_s=0.001))
        yield
        keeper.cancel()


async def test_equal_calls_are_counted_until_they_are_kept() -> None:
    moment, shelf = Moment(), Shelf()
    audit = Audit(moment)
    audit.note(CALL)
    moment.utc = SECOND
    audit.note(CALL)
    async with keeping(audit, shelf):
        await until(lambda: bool(shelf.batches))
        audit.note(CALL)
        await until(lambda: len(shelf.batches) == 2)

    assert shelf.batches[0] == (AuditRow(call=CALL, first_at=0, last_at=SECOND, count=2),)
    assert shelf.batches[1][0].count == 1
    assert audit.take() == ()


async def test_what_cannot_be_kept_is_tried_again() -> None:
    shelf = Shelf()
    shelf.failures = 3
    audit = Audit(Moment())
    audit.note(CALL)
    async with keeping(audit, shelf):
        await until(lambda: shelf.failures < 3)
        audit.note(CALL)
        await until(lambda: sum(row.count for batch in shelf.batches for row in batch) == 2)


def test_what_waits_is_bounded() -> None:
    audit = Audit(Moment())
    for n in range(MOST_KINDS + 50):
        audit.note(Call("127.0.0.1", "ci", "GET", f"/{n}", 404))
    audit.note(Call("127.0.0.1", "ci", "GET", "/0", 404))
    rows = {row.call: row.count for row in audit.take()}

    assert len(rows) == MOST_KINDS + 1
    assert rows[REST] == 50
    assert rows[Call("127.0.0.1", "ci", "GET", "/0", 404)] == 2
