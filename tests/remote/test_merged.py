"""Tests for several engines as one."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cronterm.clock import SECOND
from cronterm.control import Gone, Message, Output
from cronterm.errors import CrontermError, NoEngine
from cronterm.model.alert import Alert
from cronterm.model.command import (
    AddJob,
    AnyCommand,
    PauseJob,
    RunJob,
    StopRun,
)
from cronterm.model.decision import Decisions
from cronterm.model.event import (
    InstantDecided,
    JobPaused,
    Numbered,
    RunEnded,
    RunHeld,
    RunQueued,
)
from cronterm.model.gates import Hold
from cronterm.model.query import (
    ListNext,
    ListRuns,
    NextDue,
    OutputPart,
    ReadConfig,
    ReadOutput,
    ReadRun,
    ReadTimeline,
    RunDetail,
    Runs,
)
from cronterm.model.snapshot import Snapshot
from cronterm.model.timeline import Timeline
from cronterm.remote.merged import MergedControl
from cronterm.remote.names import Names
from cronterm.remote.timelines import own_timeline
from tests.remote.fake_control import START, FakeControl, job

PATIENCE_S = 20.0


class Far(FakeControl):
    """A machine whose line can break: then nothing is heard until it is mended."""

    def __init__(self) -> None:
        super().__init__([job("backup"), job("talker")])
        self.is_broken = False
        self.breaks = asyncio.Event()

    async def snapshot(self) -> Snapshot:
        """As in `Control`."""
        if self.is_broken:
            raise NoEngine("no route")
        return await super().snapshot()

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """As in `Control`."""
        if self.is_broken:
            yield Gone(since=START, why="no route")
            await asyncio.Event().wait()
        async for message in super().events(after=after, output=output):
            yield message
            if self.breaks.is_set():
                self.breaks.clear()
                yield Gone(since=START, why="ssh ended")


@pytest.fixture
def machines() -> dict[str, Far]:
    """Two machines with jobs of the same names."""
    return {"a": Far(), "b": Far()}


@pytest.fixture
def merged(machines: dict[str, Far]) -> MergedControl:
    """Both as one."""
    return MergedControl(machines)


@asynccontextmanager
async def listening(control: MergedControl) -> AsyncIterator[AsyncGenerator[Message, None]]:
    """Give what a control tells, closed at the end."""
    messages = control.events()
    assert isinstance(messages, AsyncGenerator)
    try:
        yield messages
    finally:
        await messages.aclose()


async def test_the_picture_has_every_job_of_every_machine(merged: MergedControl) -> None:
    snapshot = await merged.snapshot()

    assert [*snapshot.jobs] == ["a:backup", "a:talker", "b:backup", "b:talker"]
    assert [view.job.id for view in snapshot.jobs.values()] == [*snapshot.jobs]
    assert snapshot.hosts == ("a", "b")
    assert snapshot.gone == {}


async def test_a_machine_that_does_not_answer_stays_with_what_was_known(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    await merged.snapshot()
    machines["b"].is_broken = True
    snapshot = await merged.snapshot()

    assert "b:backup" in snapshot.jobs
    assert snapshot.gone == {"b": "no route"}
    assert snapshot.engine.trouble == "b is gone: no route"


async def test_a_command_goes_to_the_machine_of_its_job(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    answer = await merged.send(RunJob(job="b:backup"))

    assert machines["a"].received == []
    assert [each for each, _ in machines["b"].received] == [RunJob(job="backup")]
    assert answer.message.startswith(f"b: run {answer.run}")
    detail = await merged.query(ReadRun(run=answer.run or 0))
    assert isinstance(detail, RunDetail)
    assert detail.row.job == "b:backup"
    assert detail.row.run == answer.run


async def test_a_command_for_all_goes_to_all(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    machines["a"].view.jobs[""] = machines["a"].view.jobs["backup"]
    answer = await merged.send(PauseJob())

    assert [len(each.received) for each in machines.values()] == [1, 1]
    assert "a: " in answer.message
    assert "b: " in answer.message


@pytest.mark.parametrize("command", [AddJob(job="", words={}), RunJob(job="backup")])
async def test_a_command_that_names_no_machine_is_refused(
    merged: MergedControl, machines: dict[str, Far], command: AnyCommand
) -> None:
    try:
        is_done = (await merged.send(command)).ok
    except CrontermError:
        is_done = False

    assert not is_done
    assert all(each.received == [] for each in machines.values())
    with pytest.raises(CrontermError):
        await merged.query(ReadConfig())


async def test_a_run_is_stopped_by_its_number_among_all(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    for host in machines:
        await merged.send(RunJob(job=f"{host}:backup"))
    runs = await merged.query(ListRuns())
    assert isinstance(runs, Runs)
    numbers = {row.job: row.run for row in runs.rows}
    await merged.send(StopRun(run=numbers["b:backup"]))

    assert machines["b"].received[-1][0] == StopRun(run=1)
    assert len({*numbers.values()}) == 2


async def test_histories_and_outputs_are_found_by_their_names(merged: MergedControl) -> None:
    answer = await merged.send(RunJob(job="a:talker"))
    part = await merged.query(ReadOutput(run=answer.run or 0))
    mine = await merged.query(ListRuns(job="b:talker"))
    coming = await merged.query(ListNext(jobs=("a:backup", "b:talker")))

    assert isinstance(part, OutputPart)
    assert part.chunks[0].data == b"hello\n"
    assert mine == Runs(())
    assert isinstance(coming, NextDue)
    assert {*coming.next} == {"a:backup", "b:talker"}


async def test_the_timelines_of_all_are_one(merged: MergedControl) -> None:
    whole = await merged.query(ReadTimeline(since=0, slot=SECOND, slots=2))
    some = await merged.query(ReadTimeline(since=0, slot=SECOND, slots=2, jobs=("b:talker",)))

    assert isinstance(whole, Timeline)
    assert isinstance(some, Timeline)
    assert set(whole.lanes) == {"a:backup", "a:talker", "b:backup", "b:talker"}
    assert set(some.lanes) == {"b:talker"}
    at = START + SECOND
    assert whole.agenda == some.agenda == ((at, "a:backup"), (at, "b:backup"))
    assert (whole.total, whole.load) == (2, (0, 0))


def test_each_machine_is_asked_for_its_own_jobs() -> None:
    def own(**words: Any) -> ReadTimeline:
        return own_timeline(ReadTimeline(since=0, slot=1, slots=1, **words), Names("a", 0, 2))

    assert own() == ReadTimeline(since=0, slot=1, slots=1)
    assert own(jobs=("b:x",)).jobs == ("",)
    assert own(jobs=("b:x", "a:y"), within=("a:y",)).jobs == ("y",)
    assert own(within=("b:x",)).within == ()


async def test_what_happens_is_told_in_the_names_of_all(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    async with asyncio.timeout(PATIENCE_S), listening(merged) as messages:
        first = await anext(messages)
        await machines["b"].send(RunJob(job="talker"), by="me")
        told = [await anext(messages) for _ in range(6)]

    assert isinstance(first, Snapshot)
    queued = told[0]
    assert isinstance(queued, Numbered)
    assert isinstance(queued.event, RunQueued)
    assert queued.event.job == "b:talker"
    assert queued.n > first.n
    (output,) = (each for each in told if isinstance(each, Output))
    assert (output.job, output.run) == ("b:talker", queued.event.run)
    last = told[-1]
    assert isinstance(last, Numbered)
    assert isinstance(last.event, RunEnded)


async def test_a_machine_that_leaves_and_comes_back_is_seen(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    def pause() -> None:
        machines["b"].tell(JobPaused(at=START, job="backup", by="me"))

    async with asyncio.timeout(PATIENCE_S), listening(merged) as messages:
        await anext(messages)
        machines["b"].breaks.set()
        pause()
        paused, gone = await anext(messages), await anext(messages)
        pause()
        back = await anext(messages)

    assert isinstance(paused, Numbered)
    assert isinstance(gone, Snapshot)
    assert gone.gone == {"b": "ssh ended"}
    assert isinstance(back, Snapshot)
    assert back.gone == {}


async def test_one_that_never_answers_keeps_nobody_waiting(
    merged: MergedControl, machines: dict[str, Far]
) -> None:
    machines["a"].is_broken = True
    async with asyncio.timeout(PATIENCE_S), listening(merged) as messages:
        first = await anext(messages)

    assert isinstance(first, Snapshot)
    assert first.gone == {"a": "no route"}
    assert "b:backup" in first.jobs


def test_alerts_and_runs_have_numbers_of_their_own() -> None:
    alert = Alert(
        id=7,
        kind="failure",
        job="backup",
        message="exit 3",
        opened_at=START,
        last_at=START + SECOND,
        run=3,
    )
    told = [Names(host, place, 2).out(alert) for place, host in enumerate("ab")]

    assert [(each.id, each.run, each.job) for each in told] == [
        (14, 6, "a:backup"),
        (15, 7, "b:backup"),
    ]


def test_what_an_engine_says_of_runs_names_them_as_they_are_among_all() -> None:
    names = Names("b", 1, 2)
    skipped = InstantDecided(
        at=START,
        job="backup",
        due_at=START,
        outcome="skipped",
        reason="overlap",
        schedule_hash="",
        message="run 41, scheduled, and 2 more",
    )
    told = names.out_any(skipped)
    assert isinstance(told, InstantDecided)
    assert told.message == "run 83, scheduled, and 2 more"
    held = RunHeld(at=START, run=4, job="load", hold=Hold("dependency", "run 3 of a.b is running"))
    told = names.out_any(held)
    assert isinstance(told, RunHeld)
    assert told.hold == Hold("dependency", "run 7 of b:a.b is running")
    failed = RunEnded(at=START, run=4, job="load", outcome="failed", reason="exit", message="run 3")
    told = names.out_any(failed)
    assert isinstance(told, RunEnded)
    assert told.message == "run 3"  # that is what a program said
    why = names.out(Decisions((), ("Skipped: run 5 of load.",), ("run 5 failed.",)))
    assert (why.sentences, why.past) == (("Skipped: run 11 of b:load.",), ("run 11 failed.",))
    why = names.out(Decisions((), ("It is suspended. `cronterm resume` ends that.",), ()))
    assert why.sentences == ("It is suspended. `cronterm -H b resume` ends that.",)
