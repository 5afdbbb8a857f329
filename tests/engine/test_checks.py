"""Conditions looked at beside the loop: each question gets one answer, whatever happens."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cronterm.control import Output
from cronterm.core.base import Checked
from cronterm.engine.checks import MOST_HANGING, Checks, command_job, unmet_command
from cronterm.execute.base import (
    ClaimedAttempt,
    Ended,
    NeverStarted,
    OutputBatch,
    Started,
    Verdict,
)
from cronterm.model.command import RunJob
from cronterm.model.effect import CheckCondition, StartAttempt, StopAttempt
from cronterm.model.gates import Condition
from cronterm.model.job import Shell
from cronterm.model.run import AttemptEnd, Cause
from tests.core.clockwork import job
from tests.engine.bench import bench

OK = AttemptEnd(ended_at=0, exit_code=0)


class FakeExecutor:
    """Remembers what it was asked; ends nothing by itself."""

    runner_id = "r1"

    def __init__(self) -> None:
        self.started: asyncio.Queue[StartAttempt] = asyncio.Queue()
        self.acknowledged: list[tuple[int, int]] = []
        self.stopped: list[StopAttempt] = []

    async def open(self, claimed: object) -> tuple[Verdict, ...]:
        """Nothing to take over."""
        assert isinstance(claimed, ClaimedAttempt | tuple)
        return ()

    def start_nowait(self, start: StartAttempt) -> None:
        """Remember."""
        self.started.put_nowait(start)

    def more_nowait(self) -> None:
        """Nothing else is asked for."""

    def stop_nowait(self, stop: StopAttempt) -> None:
        """Remember."""
        self.stopped.append(stop)

    def acknowledge_nowait(self, run: int, attempt: int) -> None:
        """Remember."""
        self.acknowledged.append((run, attempt))

    def watch_nowait(self, *, on: bool) -> None:
        """Nobody looks."""

    async def close(self) -> None:
        """Nothing is open."""


class Desk:
    """Checks with what they answered."""

    def __init__(
        self, output: Path, facts: Callable[[Condition], str], *, limit_s: float = 10.0
    ) -> None:
        self.executor = FakeExecutor()
        self.answers: asyncio.Queue[Checked] = asyncio.Queue()
        self.output = output
        self.checks = Checks(
            self.executor,
            output=output,
            first=100,
            answer=self.answers.put_nowait,
            facts=facts,
            facts_limit_s=limit_s,
        )

    def ask(self, condition: Condition, run: int = 7) -> None:
        """Ask whether a condition holds."""
        asked = job("a", "@manual", condition=condition, stdin="for the job alone")
        self.checks.check_nowait(
            CheckCondition(run=run, job=asked, cause=Cause("manual"), queued_at=0)
        )

    async def end(self, end: AttemptEnd) -> StartAttempt:
        """Wait for a command to be started, and end it."""
        start = await self.executor.started.get()
        assert self.checks.hear(Ended(start.run, start.attempt, end, b""))
        return start


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    it = Desk(tmp_path, lambda condition: "")
    yield it
    await it.checks.close()


async def test_a_command_is_an_attempt_below_zero_bounded_in_time(desk: Desk) -> None:
    desk.ask(Condition(command="mountpoint /srv"))
    start = await desk.end(OK)

    assert await desk.answers.get() == Checked(7, True)
    assert (start.run, start.attempt) == (7, -101)
    assert start.job.action == Shell("mountpoint /srv")
    assert (start.job.timeout, start.job.stdin) == (30_000_000, None)
    assert desk.executor.acknowledged == [(7, -101)]


async def test_what_a_command_wrote_is_not_kept(desk: Desk) -> None:
    desk.ask(Condition(command="chatty"))
    (desk.output / "7--101.log").write_text("much", encoding="ascii")
    await desk.end(AttemptEnd(ended_at=0, exit_code=3))

    assert await desk.answers.get() == Checked(7, False, "its command exits with 3")
    assert list(desk.output.iterdir()) == []


async def test_the_command_is_not_run_when_a_fact_does_not_hold(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lambda condition: "the load is 7")
    desk.ask(Condition(command="true", load_below=5.0))

    assert await desk.answers.get() == Checked(7, False, "the load is 7")
    assert desk.executor.started.empty()


async def test_the_end_of_a_command_that_nobody_waits_for_frees_its_runner(desk: Desk) -> None:
    assert desk.checks.hear(Ended(3, -55, OK, b""))

    assert desk.executor.acknowledged == [(3, -55)]
    assert desk.answers.empty()


async def test_the_command_for_a_run_that_was_stopped_is_stopped_too(desk: Desk) -> None:
    desk.ask(Condition(command="sleep 100"))
    start = await desk.executor.started.get()
    desk.checks.forget_nowait(99)
    assert desk.executor.stopped == []

    desk.checks.forget_nowait(7)
    stop = StopAttempt(
        run=7, attempt=start.attempt, why="user", signal="SIGTERM", grace_us=10_000_000
    )
    assert desk.executor.stopped == [stop]

    assert desk.checks.hear(Ended(7, start.attempt, AttemptEnd(ended_at=0, signal=15), b""))
    desk.ask(Condition(command="true"), run=8)
    await desk.end(OK)
    assert await desk.answers.get() == Checked(8, True)  # and nobody is told of run 7


async def test_no_command_is_run_for_a_run_that_was_stopped_meanwhile(desk: Desk) -> None:
    desk.ask(Condition(command="true"))
    desk.checks.forget_nowait(7)
    desk.ask(Condition(command="true"), run=8)

    assert (await desk.end(OK)).run == 8


async def test_a_command_whose_runner_died_is_a_no(desk: Desk) -> None:
    desk.ask(Condition(command="true"))
    start = await desk.executor.started.get()
    assert desk.checks.hear(Started(start.run, start.attempt, 4711, 0))
    assert desk.checks.hear(NeverStarted(start.run, start.attempt))

    assert await desk.answers.get() == Checked(7, False, "its runner died")


def test_what_is_told_of_runs_is_not_for_conditions(tmp_path: Path) -> None:
    checks = Desk(tmp_path, lambda condition: "").checks

    for attempt, is_ours in ((1, False), (-1, True)):
        output = Output(7, "a", attempt, 0, 0, "out", b"x")
        assert checks.hear(OutputBatch((output,))) is is_ours
        assert checks.hear(Started(7, attempt, 4711, 0)) is is_ours
        assert checks.hear(Ended(7, attempt, OK, b"")) is is_ours


async def test_a_file_system_that_hangs_is_a_no(tmp_path: Path) -> None:
    let_go = threading.Event()

    def hang(condition: Condition) -> str:
        let_go.wait(60)
        return ""

    desk = Desk(tmp_path, hang, limit_s=0.05)
    for run in range(MOST_HANGING):
        desk.ask(Condition(load_below=1.0), run)
    answers = [await desk.answers.get() for _ in range(MOST_HANGING)]
    assert {answer.message for answer in answers} == {"its file system did not answer within 0.05s"}

    desk.ask(Condition(load_below=1.0), 99)
    assert await desk.answers.get() == Checked(99, False, "file systems do not answer")
    let_go.set()
    answer = Checked(0, False)
    while not answer.passed:  # until the threads are back
        desk.ask(Condition(load_below=1.0), 99)
        answer = await desk.answers.get()


async def test_a_hundred_conditions_at_once_are_no_sign_of_a_hang(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lambda condition: "")
    for run in range(100):
        desk.ask(Condition(load_below=1.0), run)

    assert all([(await desk.answers.get()).passed for _ in range(100)])


async def test_a_fact_that_cannot_be_read_is_a_no(tmp_path: Path) -> None:
    def fail(condition: Condition) -> str:
        raise OSError(5, "Input/output error")

    desk = Desk(tmp_path, fail)
    desk.ask(Condition(load_below=1.0))

    answer = await desk.answers.get()
    assert not answer.passed
    assert "Input/output error" in answer.message


async def test_the_loop_asks_after_its_commit_and_starts_after_the_answer(tmp_path: Path) -> None:
    backup = job("backup", "@manual", condition=Condition(load_below=1.0))
    async with bench(tmp_path, backup) as it:
        await it.engine.command(RunJob(job="backup"), by="ann")
        view = it.bus.snapshot.jobs["backup"]
        assert [check.run for check in it.checks] == [1]
        assert view.waits_for(it.now()) == "its condition is looked at"
        assert it.executor.started == []

        it.engine.tell(Checked(1, True))
        await it.until(lambda: view.state == "running")
        assert [start.run for start in it.executor.started] == [1]
        assert view.live[1].hold is None


async def test_a_core_that_is_built_anew_asks_again(tmp_path: Path) -> None:
    backup = job("backup", "@manual", condition=Condition(load_below=1.0))
    async with bench(tmp_path, backup) as it:
        await it.engine.command(RunJob(job="backup"), by="ann")
    async with bench(tmp_path, backup) as it:
        assert [check.run for check in it.checks] == [1]


ENDS = {
    "": OK,
    "its command could not be started: no such file": AttemptEnd(
        ended_at=0, start_error="no such file"
    ),
    "its command took longer than 30s": AttemptEnd(ended_at=0, signal=15, stopped_for="timeout"),
    "its command exits with 1": AttemptEnd(ended_at=0, exit_code=1),
    "its runner died": AttemptEnd(ended_at=0, lost="runner_died"),
    "its command was ended by a signal": AttemptEnd(ended_at=0, signal=9),
}


@pytest.mark.parametrize("message", ENDS)
def test_each_end_of_a_command_has_its_words(message: str) -> None:
    assert unmet_command(ENDS[message]) == message


def test_a_command_uses_the_shell_of_its_job() -> None:
    one = job("a", "@manual")
    assert command_job(one, ("test", "-d", "/srv")).action == Shell(("test", "-d", "/srv"))
