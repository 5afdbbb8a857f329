"""What a program sees of an engine and asks of it, wherever that runs."""

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cronterm.clock import Instant, SystemClock, instant, local_zone
from cronterm.engine.offline import ask_offline
from cronterm.errors import BadInput, CrontermError, NoEngine
from cronterm.instance import Instance, find_instance, no_engine
from cronterm.model.command import Answer, AnyCommand, PauseJob, ResumeJob, RunJob, StopRun
from cronterm.model.decision import Decisions
from cronterm.model.event import Numbered, RunEnded
from cronterm.model.query import (
    AnyReply,
    ListNext,
    ListRuns,
    NextDue,
    OutputPart,
    Query,
    ReadDecisions,
    ReadOutput,
    ReadRun,
    ReadState,
    RunDetail,
    Runs,
)
from cronterm.model.run import RunRow
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.remote.client import OpenStream, RequestClient

R = TypeVar("R", bound=AnyReply)


class Connection:
    """An instance as a program sees it.

    What reads works without an engine too, from file and history; what changes something raises
    `NoEngine` then. Every call may raise `CrontermError`, whose `hint` names the mend. Calls take
    milliseconds and block: in an asyncio program `await asyncio.to_thread(connection.runs)`. They
    may come from any thread. Instants are microseconds since 1970 (UTC), `cronterm.aware` makes a
    datetime of one; durations are microseconds.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        """Where jobs file, state directory, socket and log lie."""
        self._door = RequestClient(instance.socket)

    # -- changes ---------------------------------------------------------------------------------

    def run(self, job: str, *, params: dict[str, str] | None = None, force: bool = False) -> int:
        """Start a run now and return its number. `overlap` decides, unless `force`."""
        answer = self._send(RunJob(job=job, params=params or {}, force=force))
        if answer.run is None:
            raise CrontermError(f"{job}: {answer.message}", answer.hint)
        return answer.run

    def stop(self, job: str = "", *, run: int | None = None) -> None:
        """End the open runs of `job`, or one run by its number, with all their processes."""
        if bool(job) == (run is not None):
            raise BadInput("stop takes a job or the number of a run")
        self._send(StopRun(job=job, run=run))

    def pause(self, job: str = "", *, until: datetime | None = None, reason: str = "") -> None:
        """Hold back timed starts of `job`, or of all jobs, until an aware datetime or `resume`."""
        if until is not None and until.tzinfo is None:
            raise BadInput(f"{until} has no time zone", "give an aware datetime")
        moment = None if until is None else instant(until)
        self._send(PauseJob(job=job, until=moment, reason=reason))

    def resume(self, job: str = "", *, catch_up: bool = False) -> None:
        """End a pause. With `catch_up` the job's word decides about the instants in it."""
        self._send(ResumeJob(job=job, catch_up=catch_up))

    def wait(self, run: int, *, timeout_s: float | None = None) -> RunRow:
        """Return what became of a run, once it has ended.

        Raises `CrontermError` if it has not after `timeout_s` seconds, `NoEngine` if the engine
        ends before it.
        """
        row = self._row(run)
        if row.outcome is not None:
            return row
        stream = self._client().open_stream(output=False)
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            stream.close()

        timer = threading.Timer(timeout_s or 0, give_up)
        timer.daemon = True
        try:
            if timeout_s is not None:
                timer.start()
            self._listen(stream, run)
        finally:
            timer.cancel()
        row = self._row(run)
        if row.outcome is None and is_late.is_set():
            raise CrontermError(f"run {run} has not ended after {timeout_s:g} s")
        if row.outcome is None:
            raise NoEngine(f"the engine left before run {run} ended", "the next one records it")
        return row

    # -- what is, was and will be ----------------------------------------------------------------

    def jobs(self) -> dict[str, JobView]:
        """Return each job as it is now: definition, state, open runs, last runs, next instant."""
        return self._read(ReadState(), Snapshot).jobs

    def runs(
        self, job: str = "", *, since: datetime | None = None, limit: int = 100
    ) -> tuple[RunRow, ...]:
        """Return the newest `limit` runs of `job`, or of all, oldest first; open ones as well.

        Decisions that started nothing are among them, their `run` is None.
        """
        moment = None if since is None else instant(since)
        return self._read(ListRuns(job=job, since=moment, limit=limit), Runs).rows

    def output(self, run: int, *, attempt: int | None = None) -> bytes:
        """Return what a run has printed so far in an attempt, the last one unless it is named."""
        parts, offset = [], 0
        while True:
            part = self._read(ReadOutput(run=run, attempt=attempt, offset=offset), OutputPart)
            parts += [chunk.data for chunk in part.chunks]
            if part.next_offset <= offset:
                return b"".join(parts)
            offset = part.next_offset

    def why(self, job: str) -> tuple[str, ...]:
        """Return sentences: what is so with `job` now, and what was decided about its instants."""
        return self._read(ReadDecisions(job=job), Decisions).sentences

    def next(self, job: str, *, limit: int = 5) -> tuple[Instant, ...]:
        """Return the coming due instants of `job`, soonest first; at most 500."""
        return self._read(ListNext(jobs=(job,), limit=limit), NextDue).next.get(job, ())

    # -- how -------------------------------------------------------------------------------------

    def _client(self) -> RequestClient:
        if not self.instance.is_held():
            raise no_engine(self.instance)
        return self._door

    def _send(self, command: AnyCommand) -> Answer:
        answer = self._client().send(command)
        if not answer.ok:
            raise CrontermError(answer.message, answer.hint)
        return answer

    def _read(self, query: Query, kind: type[R]) -> R:
        """Ask the engine, or file and history where none runs."""
        try:
            reply = self._client().query(query)
        except NoEngine:
            if not self.instance.is_known():
                raise
            # A thread, because it runs a loop: this one may have a loop that runs already.
            with ThreadPoolExecutor(1) as pool:
                reply = pool.submit(self._ask_offline, query).result()
        assert isinstance(reply, kind)
        return reply

    def _ask_offline(self, query: Query) -> AnyReply:
        zone = local_zone()
        return ask_offline(self.instance, query, clock=SystemClock(), local_timezone=zone)

    def _row(self, run: int) -> RunRow:
        return self._read(ReadRun(run=run), RunDetail).row

    def _listen(self, stream: OpenStream, run: int) -> None:
        """Return when a run, or the stream, has ended."""
        with contextlib.closing(stream):
            for message in stream:
                match message:
                    case Snapshot() if self._row(run).outcome is not None:
                        return  # it ended before anyone listened
                    case Numbered(event=RunEnded() as event) if event.run == run:
                        return


def connect(
    jobs_file: str | os.PathLike[str] | None = None,
    *,
    state_dir: str | os.PathLike[str] | None = None,
) -> Connection:
    """Return a connection to the instance that `cronterm -f JOBS_FILE` means.

    Without `jobs_file` it is the usual one, as for commands; no engine need run.

    Raises `AlreadyRunning` where the state directory belongs to another jobs file.
    """
    instance = find_instance(_text(jobs_file), _text(state_dir))
    instance.check()
    return Connection(instance)


def _text(path: str | os.PathLike[str] | None) -> str | None:
    return None if path is None else str(Path(path))
