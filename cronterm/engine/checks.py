"""Looks whether conditions hold, for the core: facts on a thread, commands in the runner.

A command is an attempt like those of runs, under a number below zero: the runner starts it as the
job's own user, ends its whole tree at the limit, and outlives the engine. Whatever becomes of it,
the core gets an answer, and soon.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from cronterm.clock import SECOND
from cronterm.core.base import Checked
from cronterm.execute.base import (
    Ended,
    Executor,
    Message,
    NeverStarted,
    OutputBatch,
    Started,
)
from cronterm.execute.output import remove_output
from cronterm.model.effect import CheckCondition, StartAttempt, StopAttempt
from cronterm.model.gates import Condition
from cronterm.model.job import Job, Retry, Shell
from cronterm.model.run import AttemptEnd
from cronterm.model.success import Success
from cronterm.sanitize import sanitize_line
from cronterm.watch.conditions import has_facts, unmet_facts

log = logging.getLogger("cronterm.engine")

COMMAND_LIMIT_S = 30
FACTS_LIMIT_S = 10.0
ANSWER_MARGIN_S = 15.0  # for the grace of a command that does not end at its limit
OUTPUT_BYTES = 64_000
MOST_HANGING = 8  # threads that wait for a file system which does not answer

Facts = Callable[[Condition], str]


class Checks:
    """Answers the core's questions about conditions. Use on the engine's loop."""

    def __init__(
        self,
        executor: Executor,
        *,
        output: Path,
        first: int,
        answer: Callable[[Checked], None],
        facts: Facts = unmet_facts,
        facts_limit_s: float = FACTS_LIMIT_S,
    ) -> None:
        """Number attempts from `-first` downwards, so that no two engines use one number."""
        self._executor = executor
        self._output = output
        self._next = first
        self._answer = answer
        self._facts = facts
        self._facts_limit_s = facts_limit_s
        self._commands: dict[tuple[int, int], asyncio.Future[AttemptEnd]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked: dict[int, CheckCondition] = {}
        self._hanging = 0

    def check_nowait(self, check: CheckCondition) -> None:
        """Look whether a condition holds; the answer follows."""
        self._asked[check.run] = check
        task = asyncio.get_running_loop().create_task(self._check(check), name="condition")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget_nowait(self, run: int) -> None:
        """Look no further for a run that ended meanwhile: its command is stopped with it."""
        check = self._asked.pop(run, None)
        if check is None:
            return
        for number, attempt in self._commands:
            if number == run:
                job = check.job
                self._executor.stop_nowait(
                    StopAttempt(
                        run=run,
                        attempt=attempt,
                        why="user",
                        signal=job.stop_signal,
                        grace_us=job.stop_grace_period,
                    )
                )

    def hear(self, message: Message) -> bool:
        """Take in what the runner tells of a command; tell whether it was about one.

        The end of a command of an engine before this one only frees the runner.
        """
        match message:
            case OutputBatch(chunks=chunks):
                return bool(chunks) and chunks[0].attempt < 0
            case Started() | Ended() | NeverStarted() if message.attempt > 0:
                return False
            case Ended():
                self._take_end((message.run, message.attempt), message.end)
            case NeverStarted():
                lost = AttemptEnd(ended_at=0, lost="runner_died")
                self._take_end((message.run, message.attempt), lost)
            case Started():
                pass
        return True

    def _take_end(self, identity: tuple[int, int], end: AttemptEnd) -> None:
        self._executor.acknowledge_nowait(*identity)
        remove_output(self._output, *identity)
        waiting = self._commands.get(identity)
        if waiting is not None and not waiting.done():
            waiting.set_result(end)

    async def close(self) -> None:
        """Leave what is under way; the next engine looks anew."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _check(self, check: CheckCondition) -> None:
        condition = check.job.condition
        assert condition is not None
        try:
            why_not = await self._unmet_facts(condition) if has_facts(condition) else ""
            is_asked = self._asked.get(check.run) is check
            if is_asked and not why_not and condition.command is not None:
                why_not = await self._run_command(check, condition.command)
        except Exception as error:
            log.exception("a condition could not be looked at", extra={"job": check.job.id})
            why_not = f"it could not be looked at: {error}"
        if self._asked.pop(check.run, None) is not None:
            self._answer(Checked(check.run, not why_not, sanitize_line(why_not)))

    async def _unmet_facts(self, condition: Condition) -> str:
        """Look at the facts on a thread of its own: a file system may take for ever."""
        if self._hanging >= MOST_HANGING:
            return "file systems do not answer"
        loop = asyncio.get_running_loop()
        found: asyncio.Future[str] = loop.create_future()

        def note(why_not: str) -> None:
            if found.done():
                self._hanging -= 1  # it was given up
            else:
                found.set_result(why_not)

        def look() -> None:
            try:
                why_not = self._facts(condition)
            except OSError as error:
                why_not = f"it could not be looked at: {error}"
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(note, why_not)

        threading.Thread(target=look, name="condition", daemon=True).start()
        try:
            async with asyncio.timeout(self._facts_limit_s):
                return await asyncio.shield(found)
        except TimeoutError:
            found.cancel()
            self._hanging += 1
            return f"its file system did not answer within {self._facts_limit_s:g}s"

    async def _run_command(self, check: CheckCondition, command: str | tuple[str, ...]) -> str:
        """Run the command of a condition; return why it does not hold, empty when it does."""
        self._next += 1
        identity = (check.run, -self._next)
        ended: asyncio.Future[AttemptEnd] = asyncio.get_running_loop().create_future()
        self._commands[identity] = ended
        self._executor.start_nowait(
            StartAttempt(
                run=check.run,
                attempt=-self._next,
                attempts=0,
                job=command_job(check.job, command),
                cause=check.cause,
                queued_at=check.queued_at,
            )
        )
        grace_s = check.job.stop_grace_period / SECOND
        try:
            async with asyncio.timeout(COMMAND_LIMIT_S + grace_s + ANSWER_MARGIN_S):
                end = await ended
        except TimeoutError:
            return "its command did not end in time"
        finally:
            del self._commands[identity]
        return unmet_command(end)


def command_job(job: Job, command: str | tuple[str, ...]) -> Job:
    """Return `job` with the command of its condition as its action, bounded in time and output."""
    shell = job.action.shell if isinstance(job.action, Shell) else ("/bin/sh", "-c")
    return msgspec.structs.replace(
        job,
        action=Shell(command, shell),
        stdin=None,
        timeout=COMMAND_LIMIT_S * SECOND,
        retry=Retry(),
        success=Success(),
        output_max_size=OUTPUT_BYTES,
    )


def unmet_command(end: AttemptEnd) -> str:
    """Return why the end of a condition's command says that it does not hold."""
    if end.start_error:
        return f"its command could not be started: {end.start_error}"
    if end.stopped_for == "timeout":
        return f"its command took longer than {COMMAND_LIMIT_S}s"
    if end.exit_code is not None:
        return f"its command exits with {end.exit_code}" if end.exit_code else ""
    return "its runner died" if end.lost else "its command was ended by a signal"
