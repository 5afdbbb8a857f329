"""Tests for a screen's control when its engine goes and comes."""

import asyncio
import threading
from pathlib import Path

import pytest

from cronterm.control import Gone
from cronterm.errors import NoEngine
from cronterm.model.command import PauseJob
from cronterm.model.event import Numbered
from cronterm.model.query import ReadSystem
from cronterm.model.snapshot import Snapshot
from cronterm.remote.control import HttpControl
from cronterm.remote.server import bind
from tests.remote.door import PATIENCE_S, house, until
from tests.remote.fake_control import FakeControl

SOON = (0.01,)


async def test_a_broken_stream_is_said_and_goes_on_without_a_gap(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        messages = HttpControl(it.path, backoff_s=SOON).events()
        snapshot = await anext(messages)
        it.control.end_streams()
        gone = await anext(messages)
        await it.control.send(PauseJob(job="backup"))
        event = await anext(messages)
        await messages.aclose()  # type: ignore[attr-defined]

    assert isinstance(snapshot, Snapshot)
    assert isinstance(gone, Gone)
    assert gone.why == "the engine ended the stream"
    assert isinstance(event, Numbered)
    assert event.n == snapshot.n + 1


async def test_an_engine_that_comes_back_with_another_history_gives_a_snapshot(
    tmp_path: Path,
) -> None:
    messages = HttpControl(tmp_path / "s", backoff_s=SOON).events()
    async with house(tmp_path / "s"):
        first = await anext(messages)
    gone = await anext(messages)
    other = FakeControl()
    other.view.store = "0therst0"
    async with house(tmp_path / "s", control=other):
        while isinstance(back := await anext(messages), Gone):
            pass
        await messages.aclose()  # type: ignore[attr-defined]

    assert isinstance(first, Snapshot)
    assert isinstance(gone, Gone)
    assert isinstance(back, Snapshot)
    assert back.store == "0therst0"


async def test_without_an_engine_each_try_says_why(tmp_path: Path) -> None:
    messages = HttpControl(tmp_path / "s", backoff_s=SOON).events()
    first, second = await anext(messages), await anext(messages)
    await messages.aclose()  # type: ignore[attr-defined]

    assert isinstance(first, Gone)
    assert isinstance(second, Gone)
    assert "no engine answers" in second.why


async def test_who_hurries_waits_neither_now_nor_for_the_next_try(tmp_path: Path) -> None:
    control = HttpControl(tmp_path / "s", backoff_s=(3600,))
    messages = control.events()
    await anext(messages)
    control.hurry()
    async with asyncio.timeout(30):
        again = [await anext(messages), await anext(messages)]
        async with house(tmp_path / "s"):
            while isinstance(back := await anext(messages), Gone):
                pass
            await messages.aclose()  # type: ignore[attr-defined]

    assert all(isinstance(message, Gone) for message in again)
    assert isinstance(back, Snapshot)


async def test_an_answer_ends_the_wait_for_the_stream(tmp_path: Path) -> None:
    control = HttpControl(tmp_path / "s", backoff_s=(3600,))
    messages = control.events()
    await anext(messages)
    async with asyncio.timeout(30), house(tmp_path / "s"):
        back = asyncio.ensure_future(anext(messages))
        await control.send(PauseJob(job="backup"))
        first = await back
        await messages.aclose()  # type: ignore[attr-defined]

    assert isinstance(first, Snapshot)


async def test_requests_without_an_engine_are_errors(tmp_path: Path) -> None:
    control = HttpControl(tmp_path / "s")

    with pytest.raises(NoEngine):
        await control.snapshot()
    with pytest.raises(NoEngine):
        await control.send(PauseJob(job="backup"))


async def test_a_question_is_on_its_way_before_its_answer_is_awaited(tmp_path: Path) -> None:
    with bind(tmp_path / "s") as door:
        answer = asyncio.ensure_future(HttpControl(tmp_path / "s").query(ReadSystem()))
        door.listen()
        peer, _ = door.accept()  # nothing has let the loop run yet
        with peer:
            head = peer.recv(1 << 10)
        answer.cancel()

    assert head.startswith(b"POST")


async def test_who_stops_looking_leaves_no_thread_and_no_stream(tmp_path: Path) -> None:
    async with house(tmp_path / "s") as it:
        messages = HttpControl(it.path).events()
        await anext(messages)
        assert it.control.readers == 1
        await messages.aclose()  # type: ignore[attr-defined]

        await until(lambda: it.control.readers == 0)
        await until(lambda: "stream" not in {thread.name for thread in threading.enumerate()})


async def test_who_gives_up_does_not_wait_for_an_engine_that_hangs(tmp_path: Path) -> None:
    with bind(tmp_path / "s"):
        asking = asyncio.ensure_future(HttpControl(tmp_path / "s").snapshot())
        await until(lambda: "request" in {thread.name for thread in threading.enumerate()})
        asking.cancel()
        done, _ = await asyncio.wait([asking], timeout=PATIENCE_S)

    assert done == {asking}
    assert asking.cancelled()
