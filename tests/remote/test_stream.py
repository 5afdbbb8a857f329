"""Tests for the stream of events over a socket."""

import asyncio
from pathlib import Path

import pytest

from cronterm.clock import SECOND
from cronterm.control import Gauges, Lagged, Output
from cronterm.model.command import PauseJob
from cronterm.model.event import JobPaused, Numbered
from cronterm.model.snapshot import Snapshot
from cronterm.remote.peer import Limits
from cronterm.remote.wire import STREAM
from tests.remote.door import connect, house, request, until
from tests.remote.fake_control import START, STORE

SNAPSHOT = b"event: snapshot"
EVENT = b"event: event"


def output(size: int) -> Output:
    """Return that much output."""
    return Output(1, "talker", 1, 0, START, "out", b"x" * size)


async def test_events_and_snapshots_have_an_id_and_what_may_be_dropped_has_none(
    tmp_path: Path,
) -> None:
    async with house(tmp_path / "s") as it:
        reader, writer = await connect(it.path)
        writer.write(request("GET", STREAM))
        await reader.readuntil(b"\r\n\r\n")
        snapshot = await reader.readuntil(b"\n\n")
        it.control.offer(Gauges(START, 0.5, 0.5, 0.5, "/"))
        gauges = await reader.readuntil(b"\n\n")
        await it.control.send(PauseJob(job="backup"))
        event = await reader.readuntil(b"\n\n")
        writer.close()

    n = it.control.view.n
    assert f"id: {STORE}.{n - 1}\nevent: snapshot\ndata: ".encode() in snapshot
    assert b"event: gauges\ndata: " in gauges
    assert b"id:" not in gauges
    assert f"id: {STORE}.{n}\nevent: event\ndata: ".encode() in event


@pytest.mark.parametrize(
    ("last_id", "expected"),
    [
        (f"{STORE}.2", EVENT),
        (f"{STORE}.0", EVENT),
        ("0therst0.2", SNAPSHOT),
        (f"{STORE}.999", SNAPSHOT),
        (f"{STORE}.{'9' * 5000}", SNAPSHOT),
        (f"{STORE}.-1", SNAPSHOT),
        (f"{STORE}.", SNAPSHOT),
        ("2", SNAPSHOT),
    ],
    ids=lambda given: given[:16].decode() if isinstance(given, bytes) else given[:16],
)
async def test_a_stream_resumes_where_its_reader_was_if_that_is_known(
    tmp_path: Path, last_id: str, expected: bytes
) -> None:
    async with house(tmp_path / "s") as it:
        reader, writer = await connect(it.path)
        writer.write(request("GET", STREAM, b"", f"Last-Event-ID: {last_id}"))
        await reader.readuntil(b"\r\n\r\n")
        first = await reader.readuntil(b"\n\n")
        writer.close()

    assert expected in first


async def test_a_silent_stream_gives_signs_of_life(tmp_path: Path) -> None:
    async with house(tmp_path / "s", limits=Limits(comment_s=0.02)) as it:
        reader, writer = await connect(it.path)
        writer.write(request("GET", STREAM))
        await reader.readuntil(b": \n\n")
        await reader.readuntil(b": \n\n")
        writer.close()


async def test_who_leaves_is_forgotten(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        reader, writer = await connect(it.path)
        writer.write(request("GET", STREAM))
        await reader.readuntil(SNAPSHOT)
        assert it.control.readers == 1
        writer.close()

        await until(lambda: it.control.readers == 0)


async def test_a_burst_leaves_in_few_pieces(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        reader, writer = await connect(it.path)
        writer.write(request("GET", STREAM))
        await reader.readuntil(SNAPSHOT)
        await reader.readuntil(b"\r\n")
        for number in range(100):
            it.control.tell(JobPaused(at=START + number * SECOND, job="backup", by="me"))
        burst = await reader.readuntil(f"id: {STORE}.{it.control.view.n}\n".encode())
        writer.close()

    assert burst.count(b"event: event") == 99
    assert burst.count(b"\r\n") <= 4, "two line ends a chunk of HTTP"


async def test_a_slow_reader_does_not_make_the_engine_keep_everything(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        reader, writer = await connect(it.path)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(request("GET", STREAM))
        await until(lambda: it.control.readers == 1)
        for _ in range(100):
            it.control.offer(output(100_000))
        for _ in range(200):
            await asyncio.sleep(0)
        waiting = it.control.waiting
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        it.control.offer(Lagged())
        await reader.readuntil(b"event: lagged")
        await reader.readuntil(SNAPSHOT)
        writer.close()

    assert waiting > 80, "what waits, waits at the source, which bounds it"


async def test_a_reader_that_does_not_read_does_not_hold_the_door(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path / "s") as it:
        _, writer = await connect(it.path)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(request("GET", STREAM))
        await until(lambda: it.control.readers == 1)
        for _ in range(100):
            it.control.offer(output(100_000))
        await until(lambda: it.control.waiting < 100)
        await it.close()
        writer.close()

    assert caplog.records == []


async def test_a_client_reads_a_large_snapshot_and_what_follows(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        it.control.view.engine.trouble = "t" * 3_000_000
        messages = it.client.stream()
        snapshot = await asyncio.to_thread(next, messages)
        it.control.offer(output(10))
        followed = await asyncio.to_thread(next, messages)
        await it.control.send(PauseJob(job="backup"))
        event = await asyncio.to_thread(next, messages)
        it.control.end_streams()
        ended = await asyncio.to_thread(next, messages, None)

    assert isinstance(snapshot, Snapshot)
    assert len(snapshot.engine.trouble) == 3_000_000
    assert followed == output(10)
    assert isinstance(event, Numbered)
    assert ended is None
