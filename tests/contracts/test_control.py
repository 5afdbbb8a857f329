"""What every `Control` promises: the fake, the real engine, and both from far away."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeVar

import pytest

from cronterm.clock import SystemClock
from cronterm.control import Control, Message, Output
from cronterm.engine.host import Host, HostOptions
from cronterm.engine.local import LocalControl
from cronterm.errors import CrontermError
from cronterm.instance import Instance
from cronterm.model.command import PauseJob, ResumeJob, RunJob, ShutDown
from cronterm.model.decision import Decisions
from cronterm.model.event import JobPaused, JobResumed, Numbered, RunEnded
from cronterm.model.fold import fold
from cronterm.model.lines import CountLines, LineCount, OutputLines, ReadLines
from cronterm.model.outlook import Outlook
from cronterm.model.query import (
    Alerts,
    ConfigText,
    ListAlerts,
    ListMissed,
    ListNext,
    ListNotices,
    ListRuns,
    Missed,
    NextDue,
    Notices,
    OutputPart,
    Query,
    ReadConfig,
    ReadDecisions,
    ReadOutlook,
    ReadOutput,
    ReadResolved,
    ReadRun,
    ReadState,
    ReadSystem,
    ReadTimeline,
    RunDetail,
    Runs,
)
from cronterm.model.resolved import Resolved
from cronterm.model.snapshot import Snapshot
from cronterm.model.system import System
from cronterm.model.timeline import Timeline
from cronterm.remote.control import HttpControl
from cronterm.remote.metrics import render_metrics
from cronterm.remote.routes import Door
from cronterm.remote.server import NEAR, serve
from cronterm.remote.service import Served, Service
from tests.remote.fake_control import FakeControl

M = TypeVar("M")

JOBS = """\
jobs:
  backup:
    schedule: "@manual"
    command: "true"
  talker:
    schedule: "@manual"
    command: echo hello
"""
PATIENCE_S = 20.0


@contextlib.asynccontextmanager
async def served(control: Served, path: Path, store: str) -> AsyncIterator[Control]:
    """Give `control` as it looks from another process."""
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        door = tasks.create_task(
            serve(Door(Service(control, store, render_metrics), NEAR), path, on_ready=ready.set)
        )
        await ready.wait()
        yield HttpControl(path, clock=SystemClock())
        door.cancel()


@contextlib.asynccontextmanager
async def fake(directory: Path) -> AsyncIterator[Control]:
    """Give the fake itself."""
    yield FakeControl()


@contextlib.asynccontextmanager
async def far_fake(directory: Path) -> AsyncIterator[Control]:
    """Give the fake over a socket."""
    control = FakeControl()
    async with served(control, directory / "api.sock", control.view.store) as far:
        yield far


@contextlib.asynccontextmanager
async def engine(directory: Path) -> AsyncIterator[LocalControl]:
    """Give the engine of an instance, in this process."""
    instance = Instance(directory / "jobs.yaml", directory / "state")
    instance.jobs_file.write_text(JOBS, encoding="utf-8")
    opened: asyncio.Future[LocalControl] = asyncio.get_running_loop().create_future()

    async def hold(control: LocalControl, store: str, is_open: Callable[[], None]) -> None:
        opened.set_result(control)
        is_open()
        await asyncio.Event().wait()

    host = Host(HostOptions(instance, "UTC"), serve=hold)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(host.run())
            control = await opened
            yield control
            await control.send(ShutDown(now=True))
    finally:
        end_runners(directory)


@contextlib.asynccontextmanager
async def far_engine(directory: Path) -> AsyncIterator[Control]:
    """Give the engine of an instance over its door."""
    async with engine(directory) as control:
        store = (await control.snapshot()).store
        async with served(control, directory / "state" / "api.sock", store) as far:
            yield far


def end_runners(directory: Path) -> None:
    """End the runners that would wait a minute for the next engine."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes()
                if b"cronterm.runner" in words and os.fsencode(directory) in words:
                    os.kill(int(entry.name), signal.SIGKILL)


Make = Callable[[Path], AbstractAsyncContextManager[Control]]


EVERY = [fake, far_fake, engine, far_engine]


@pytest.fixture(params=EVERY, ids=lambda make: make.__name__)
async def control(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Control]:
    """Each implementation in turn."""
    make: Make = request.param
    async with make(tmp_path) as control:
        yield control


@contextlib.asynccontextmanager
async def looking(
    control: Control, *, after: int | None = None, output: bool = False
) -> AsyncIterator[AsyncIterator[Message]]:
    """Give a stream of `control`, closed at the end; nothing is waited for longer than patience."""
    async with asyncio.timeout(PATIENCE_S):
        messages = control.events(after=after, output=output)
        try:
            yield messages
        finally:
            await messages.aclose()  # type: ignore[attr-defined]


async def first(messages: AsyncIterator[Message], kind: type[M]) -> M:
    """Return the next message of a kind."""
    async for message in messages:
        if isinstance(message, kind):
            return message
    raise AssertionError(f"the stream ended without {kind.__name__}")


async def first_event(messages: AsyncIterator[Message], kind: type[M]) -> tuple[int, M]:
    """Return the next event of a kind, with its number."""
    while True:
        numbered = await first(messages, Numbered)
        if isinstance(numbered.event, kind):
            return numbered.n, numbered.event


async def test_a_stream_is_a_snapshot_and_then_every_event_without_a_gap(control: Control) -> None:
    async with looking(control) as messages:
        seen = await anext(messages)
        assert isinstance(seen, Snapshot)
        await control.send(PauseJob(job="backup", reason="a move"))
        last = (await control.send(ResumeJob(job="backup"))).n
        while seen.n < last:
            numbered = await first(messages, Numbered)
            assert numbered.n == seen.n + 1
            fold(seen, numbered)

    whole = await control.snapshot()
    assert whole.n == seen.n
    assert whole.jobs == seen.jobs


async def test_everyone_sees_the_same_events(control: Control) -> None:
    async with looking(control) as one, looking(control) as other:
        await first(one, Snapshot)
        await first(other, Snapshot)
        await control.send(PauseJob(job="backup"))

        assert await first_event(one, JobPaused) == await first_event(other, JobPaused)


async def test_who_knows_a_number_gets_what_came_after_it_and_no_snapshot(
    control: Control,
) -> None:
    n = (await control.snapshot()).n
    await control.send(PauseJob(job="backup"))

    async with looking(control, after=n) as messages:
        message = await anext(messages)

    assert isinstance(message, Numbered)
    assert message.n == n + 1
    assert isinstance(message.event, JobPaused)


async def test_who_knows_the_last_number_gets_what_comes(control: Control) -> None:
    await control.send(PauseJob(job="backup"))
    n = (await control.snapshot()).n

    async with looking(control, after=n) as messages:
        coming = asyncio.ensure_future(first(messages, Numbered))
        await control.send(ResumeJob(job="backup"))
        numbered = await coming

    assert numbered.n == n + 1
    assert isinstance(numbered.event, JobResumed)


@pytest.mark.parametrize("control", EVERY, indirect=True)
async def test_who_knows_a_number_that_never_was_gets_a_snapshot(control: Control) -> None:
    n = (await control.snapshot()).n

    async with looking(control, after=n + 1000) as messages:
        assert isinstance(await anext(messages), Snapshot)


async def test_an_answer_comes_after_its_event_can_be_seen(control: Control) -> None:
    answer = await control.send(PauseJob(job="backup", reason="a move"))
    seen = await control.snapshot()

    assert answer.ok
    assert seen.n >= answer.n > 0
    pause = seen.jobs["backup"].pause
    assert pause is not None
    assert pause.reason == "a move"
    assert pause.by != ""


async def test_a_refusal_is_an_answer(control: Control) -> None:
    answer = await control.send(RunJob(job="bakcup"))

    assert not answer.ok
    assert answer.kind == "unknown_job"
    assert "backup" in answer.hint


async def test_a_snapshot_belongs_to_who_asked(control: Control) -> None:
    mine = await control.snapshot()
    mine.jobs.clear()

    assert set((await control.snapshot()).jobs) == {"backup", "talker"}


async def test_a_run_is_told_with_its_output_from_its_start_to_its_end(control: Control) -> None:
    async with looking(control, output=True) as messages:
        await first(messages, Snapshot)
        answer = await control.send(RunJob(job="talker"))
        output = await first(messages, Output)
        _, ended = await first_event(messages, RunEnded)

    assert (output.run, output.job, output.attempt) == (answer.run, "talker", 1)
    assert (output.offset, output.stream, output.data) == (0, "out", b"hello\n")
    assert (ended.run, ended.outcome) == (answer.run, "succeeded")


async def test_who_wants_no_output_gets_none(control: Control) -> None:
    kinds = set()
    async with looking(control, output=False) as messages:
        await first(messages, Snapshot)
        await control.send(RunJob(job="talker"))
        async for message in messages:
            kinds.add(type(message))
            if isinstance(message, Numbered) and isinstance(message.event, RunEnded):
                break

    assert Output not in kinds


async def test_every_question_has_its_kind_of_answer(control: Control) -> None:
    async with looking(control) as messages:
        await first(messages, Snapshot)
        run = (await control.send(RunJob(job="talker"))).run
        assert run is not None
        await first_event(messages, RunEnded)

    rows = await control.query(ListRuns(job="talker"))
    detail = await control.query(ReadRun(run=run))
    output = await control.query(ReadOutput(run=run))
    lines = await control.query(ReadLines(run=run, attempt=1, words=("hell",)))
    counted = await control.query(CountLines(run=run, attempt=1))

    assert isinstance(rows, Runs)
    assert [row.run for row in rows.rows] == [run]
    assert isinstance(detail, RunDetail)
    assert detail.row.outcome == "succeeded"
    assert isinstance(output, OutputPart)
    assert b"".join(chunk.data for chunk in output.chunks) == b"hello\n"
    assert isinstance(lines, OutputLines)
    assert [line.text for line in lines.lines] == [b"hello"]
    assert counted == LineCount(lines=1, reached=6, end_offset=6)
    assert isinstance(await control.query(ListNext(jobs=("backup",))), NextDue)
    assert isinstance(await control.query(ReadDecisions(job="backup")), Decisions)
    assert isinstance(await control.query(ReadConfig()), ConfigText)
    resolved = await control.query(ReadResolved(job="backup"))
    assert isinstance(resolved, Resolved)
    assert resolved.job == "backup"
    assert await control.query(ListAlerts()) == Alerts(())
    assert isinstance(await control.query(ListNotices(alert=1)), Notices)
    assert await control.query(ListMissed()) == Missed(())
    assert isinstance(await control.query(ReadState()), Snapshot)
    system = await control.query(ReadSystem())
    assert isinstance(system, System)
    assert "cronterm" in system.versions
    timeline = await control.query(ReadTimeline(since=0, slot=60_000_000, slots=3))
    assert isinstance(timeline, Timeline)
    assert timeline.load == (0, 0, 0)
    outlook = await control.query(ReadOutlook(job="backup", limit=1))
    assert isinstance(outlook, Outlook)
    assert len(outlook.due) == 168


@pytest.mark.parametrize("query", [ReadRun(run=404), ReadDecisions(job="nosuch")], ids=str)
async def test_a_question_about_what_is_not_there_is_an_error(
    control: Control, query: Query
) -> None:
    with pytest.raises(CrontermError, match=r"404|nosuch"):
        await control.query(query)
