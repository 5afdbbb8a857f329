"""Everyone who looks sees every event in order, and nobody who is slow holds anything up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from cronterm.control import Gauges, Lagged, Message, Output
from cronterm.engine import bus as sizes
from cronterm.engine.bus import Bus
from cronterm.model.event import JobPaused, Numbered
from cronterm.model.fold import fold
from cronterm.model.snapshot import Snapshot
from tests.core.clockwork import job
from tests.store.facts import NOON, added


def paused(n: int, by: str = "ann") -> Numbered:
    """Return an event."""
    return Numbered(n, JobPaused(at=NOON + n, job="backup", by=by))


def output(data: bytes = b"x", offset: int = 0) -> Output:
    """Return output of a run."""
    return Output(1, "backup", 1, offset, NOON, "out", data)


def gauges() -> Gauges:
    """Return a reading."""
    return Gauges(NOON, 0.1, 0.2, 0.3, "/")


def new_bus() -> Bus:
    """Return a bus on which one job was added."""
    bus = Bus(Snapshot(store="0123abcd"))
    bus.publish([Numbered(1, added("backup"))])
    return bus


@asynccontextmanager
async def looking(
    bus: Bus, *, after: int | None = None, output: bool = True
) -> AsyncIterator[AsyncIterator[Message]]:
    """Give a stream, closed at the end; nothing is waited for longer than some seconds."""
    async with asyncio.timeout(10), aclosing(bus.stream(after=after, output=output)) as stream:  # type: ignore[type-var]
        yield stream


async def take(stream: AsyncIterator[Message], count: int) -> list[Message]:
    """Return the next messages."""
    return [await anext(stream) for _ in range(count)]


async def is_silent(stream: AsyncIterator[Message]) -> bool:
    """Return whether nothing waits in the stream."""
    coming = asyncio.ensure_future(anext(stream))
    for _ in range(3):
        await asyncio.sleep(0)
    is_done = coming.done()
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    return not is_done


async def test_a_hundred_readers_get_the_same_events_in_order() -> None:
    bus = new_bus()
    events = [paused(n) for n in range(2, 52)]

    async def read() -> list[Message]:
        async with looking(bus) as stream:
            opening = await anext(stream)
            assert isinstance(opening, Snapshot)
            return await take(stream, len(events))

    readers = [asyncio.ensure_future(read()) for _ in range(100)]
    for _ in range(3):
        await asyncio.sleep(0)
    for numbered in events:
        bus.publish([numbered])

    assert await asyncio.gather(*readers) == [events] * 100


async def test_a_snapshot_and_the_events_after_it_are_what_the_engine_sees() -> None:
    bus = new_bus()
    async with looking(bus) as stream:
        seen = await anext(stream)
        assert isinstance(seen, Snapshot)
        bus.publish([paused(2), paused(3, by="bob")])
        for numbered in await take(stream, 2):
            assert isinstance(numbered, Numbered)
            fold(seen, numbered)

    assert seen == bus.snapshot
    pause = seen.jobs["backup"].pause
    assert pause is not None
    assert pause.by == "bob"


async def test_a_slow_reader_is_told_so_and_begins_anew_with_a_snapshot() -> None:
    bus = new_bus()
    async with looking(bus) as slow:
        await anext(slow)
        last = sizes.QUEUE_MESSAGES + 10
        bus.publish([paused(n) for n in range(2, last + 1)])
        lagged, snapshot = await take(slow, 2)
        bus.publish([paused(last + 1)])

        assert lagged == Lagged()
        assert isinstance(snapshot, Snapshot)
        assert snapshot.n == last
        assert await anext(slow) == paused(last + 1)


async def test_a_reader_that_never_reads_costs_the_others_nothing() -> None:
    bus = new_bus()
    async with looking(bus) as stuck, looking(bus) as quick:
        await anext(stuck)
        await anext(quick)
        for n in range(2, sizes.QUEUE_MESSAGES + 100):
            bus.publish([paused(n)])
            assert await anext(quick) == paused(n)


async def test_output_that_nobody_takes_is_dropped_and_events_are_not() -> None:
    bus = new_bus()
    piece = bytes(sizes.QUEUE_OUTPUT_BYTES // 4)
    async with looking(bus) as slow:
        await anext(slow)
        for number in range(50):
            bus.offer(output(piece, offset=number))
        bus.publish([paused(2)])
        messages: list[Message] = []
        while not isinstance(message := await anext(slow), Numbered):
            messages.append(message)

    assert message == paused(2)
    assert [each.offset for each in messages if isinstance(each, Output)] == [0, 1, 2, 3]


async def test_ever_so_many_small_pieces_of_output_leave_room_for_events() -> None:
    bus = new_bus()
    async with looking(bus) as slow:
        await anext(slow)
        for number in range(3 * sizes.QUEUE_MESSAGES):
            bus.offer(output(offset=number))
        bus.publish([paused(2)])
        while isinstance(message := await anext(slow), Output):
            pass

    assert message == paused(2)


async def test_who_lagged_gets_output_again_afterwards() -> None:
    bus = new_bus()
    async with looking(bus) as slow:
        await anext(slow)
        bus.publish([paused(n) for n in range(2, sizes.QUEUE_MESSAGES + 10)])
        for _ in range(20):
            bus.offer(output(bytes(1 << 20)))  # nobody takes them
        assert await anext(slow) == Lagged()
        await anext(slow)
        bus.offer(output(b"hello"))

        assert await anext(slow) == output(b"hello")


async def test_gauges_never_push_out_an_event() -> None:
    bus = new_bus()
    async with looking(bus) as slow:
        await anext(slow)
        bus.publish([paused(n) for n in range(2, sizes.QUEUE_MESSAGES + 2)])
        bus.offer(gauges())
        messages = await take(slow, sizes.QUEUE_MESSAGES)

        assert messages[0] == paused(2)
        assert Lagged() not in messages
        assert await is_silent(slow)


async def test_who_wants_no_output_gets_events_and_gauges_alone() -> None:
    bus = new_bus()
    async with looking(bus, output=False) as stream:
        await anext(stream)
        bus.offer(output())
        bus.offer(gauges())
        bus.publish([paused(2)])

        assert await take(stream, 2) == [gauges(), paused(2)]


async def test_who_comes_back_gets_what_was_missed_as_long_as_the_ring_has_it() -> None:
    bus = new_bus()
    bus.publish([paused(n) for n in range(2, sizes.RING_EVENTS + 12)])
    last = bus.snapshot.n
    oldest = last - sizes.RING_EVENTS + 1

    async with looking(bus, after=last - 2) as near:
        assert await take(near, 2) == [paused(last - 1), paused(last)]
    async with looking(bus, after=oldest - 1) as just:
        assert await anext(just) == paused(oldest)
    async with looking(bus, after=oldest - 2) as far:
        assert isinstance(await anext(far), Snapshot)
    async with looking(bus, after=last) as newest:
        assert await is_silent(newest)


async def test_output_is_asked_for_only_while_somebody_reads_it() -> None:
    bus = new_bus()
    told: list[bool] = []
    bus.on_readers = told.append
    async with looking(bus, output=False) as watcher:
        await anext(watcher)
        assert (bus.has_watchers, bus.has_readers) == (True, False)
        async with looking(bus) as reader:
            await anext(reader)
            assert bus.has_readers

    assert told == [False, True, False, False]
    assert (bus.has_watchers, bus.has_readers) == (False, False)


async def test_what_is_no_event_comes_as_a_new_snapshot() -> None:
    bus = new_bus()
    async with looking(bus) as stream:
        await anext(stream)
        bus.snapshot.engine.trouble = "the disk is full"
        bus.announce()
        told = await anext(stream)

    assert isinstance(told, Snapshot)
    assert told.engine.trouble == "the disk is full"


async def test_a_copy_belongs_to_who_asked() -> None:
    bus = new_bus()
    mine = bus.copy()
    mine.jobs["other"] = mine.jobs["backup"]
    mine.jobs["backup"].job = job("other")

    assert set(bus.snapshot.jobs) == {"backup"}
    assert bus.snapshot.jobs["backup"].job.id == "backup"
