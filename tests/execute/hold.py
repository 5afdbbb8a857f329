"""A real runner driven through the executor, for tests."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cronterm.execute.base import Ended, Message, OutputBatch, Started
from cronterm.execute.output import read_output
from cronterm.execute.runner_client import RunnerExecutor
from cronterm.model.action import Custom, HttpRequest
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.job import Job, PythonCall, Shell
from cronterm.model.run import AttemptEnd, Cause

STORE = f"{os.getpid():08x}"  # two tests at once must not end each other's jobs
PATIENCE_S = 20.0


class Held:
    """An executor with what it told so far."""

    def __init__(
        self, directory: Path, *, linger_s: float = 0.5, acknowledges: bool = True
    ) -> None:
        self.directory = directory
        self.acknowledges = acknowledges
        self.started: dict[tuple[int, int], Started] = {}
        self.ended: dict[tuple[int, int], Ended] = {}
        self.told: list[Message] = []
        self.output: list[bytes] = []
        self._news = asyncio.Event()
        self.executor = RunnerExecutor(
            directory, store=STORE, on_message=self._hear, linger_s=linger_s
        )

    def _hear(self, message: Message) -> None:
        self.told.append(message)
        match message:
            case Started():
                self.started[message.run, message.attempt] = message
            case Ended():
                self.ended[message.run, message.attempt] = message
                if self.acknowledges:
                    self.executor.acknowledge_nowait(message.run, message.attempt)
            case OutputBatch():
                self.output += [chunk.data for chunk in message.chunks]
        self._news.set()

    async def wait(self, condition: Callable[[], bool]) -> None:
        """Return once `condition` holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._news.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._news.wait()
                except TimeoutError:
                    continue

    def has_started(self, run: int) -> bool:
        """Tell whether the first attempt of a run started."""
        return (run, 1) in self.started

    async def end(self, run: int, attempt: int = 1) -> AttemptEnd:
        """Return the end of an attempt, once it is told."""
        await self.wait(lambda: (run, attempt) in self.ended)
        return self.ended[run, attempt].end

    async def run(self, run: int, command: Any, **words: Any) -> AttemptEnd:
        """Start a job and return its end."""
        self.executor.start_nowait(start(run, command, **words))
        return await self.end(run)

    def text(self, run: int, attempt: int = 1) -> bytes:
        """Return all that is kept of an attempt's output."""
        part = read_output(
            self.directory / "output" / STORE,
            run=run,
            attempt=attempt,
            blob=self.ended[run, attempt].output or None,
            offset=0,
            max_bytes=1 << 30,
            complete=True,
        )
        return b"".join(chunk.data for chunk in part.chunks)

    def runner_dirs(self) -> list[Path]:
        """Return the directories of the runners."""
        return sorted((self.directory / "runners").iterdir())


@asynccontextmanager
async def held(directory: Path, **words: Any) -> AsyncIterator[Held]:
    """Give an open executor and let its runner go at the end."""
    it = Held(directory, **words)
    await it.executor.open([])
    try:
        yield it
    finally:
        await it.executor.close()


def job(command: Any, **words: Any) -> Job:
    """Return a job that runs in the root directory."""
    action = (
        command
        if isinstance(command, PythonCall | Shell | HttpRequest | Custom)
        else Shell(command)
    )
    settings = {"id": "a-job", "source": "x", "directory": "/", "working_dir": "/"} | words
    return Job(action=action, **settings)


def start(run: int, command: Any, *, attempt: int = 1, **words: Any) -> StartAttempt:
    """Return what starts an attempt."""
    cause = Cause("scheduled", due_at=0, scheduled_at=1_000_000)
    return StartAttempt(
        run=run, attempt=attempt, attempts=1, job=job(command, **words), cause=cause, queued_at=0
    )


def stop(run: int, *, signal: str = "SIGTERM", grace_us: int = 300_000) -> StopAttempt:
    """Return what stops an attempt."""
    return StopAttempt(run=run, attempt=1, why="user", signal=signal, grace_us=grace_us)


def alive(mark: str) -> list[int]:
    """Return the processes, zombies left out, whose command line carries a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark.encode() in words and state != "Z" and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
