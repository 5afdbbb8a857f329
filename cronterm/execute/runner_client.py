"""The engine's side of the runners: one for new attempts, older ones until they are empty."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cronterm.clock import SystemClock
from cronterm.errors import CrontermError
from cronterm.execute.base import (
    ClaimedAttempt,
    Ended,
    NeverStarted,
    OnMessage,
    Started,
    Verdict,
)
from cronterm.execute.command import needs_time, start_header
from cronterm.execute.link import ANSWER_S, AttemptId, Link
from cronterm.execute.runner_processes import RunnerProcesses
from cronterm.execute.secrets import Secrets
from cronterm.execute.telling import ended_of, output_of
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.run import AttemptEnd
from cronterm.runner.protocol import BadFrame, Header

log = logging.getLogger("cronterm.execute")

RETRY_S = 1.0
PREPARERS = 8


class RunnerExecutor:
    """Holds attempts in runners below `<state>/runners`. Use on one event loop."""

    def __init__(
        self, state_dir: Path, *, store: str, on_message: OnMessage, linger_s: float = 60.0
    ) -> None:
        self._processes = RunnerProcesses(state_dir, store=store, linger_s=linger_s)
        self._on_message = on_message
        self._clock = SystemClock()
        self._links: dict[str, Link] = {}
        self._holders: dict[AttemptId, str] = {}
        self._names: dict[AttemptId, str] = {}
        self._begun: set[AttemptId] = set()
        """Those of the holders' that had a process."""
        self._hanging: set[str] = set()
        """Runners that live and do not answer."""
        self._listeners: set[asyncio.Task[None]] = set()
        self._succession = asyncio.Lock()
        """Of two that start at once, either may replay a journal: which knows is not known."""
        self._secrets = Secrets(os.environ)
        self._preparing: set[AttemptId] = set()
        """Attempts that will be sent once it is known how they start."""
        # Threads of their own: what a slow command holds, reloads and answers do not wait for.
        self._preparers = ThreadPoolExecutor(PREPARERS, thread_name_prefix="prepare")
        self._is_closing = False
        self._is_watching = False
        self.runner_id = ""

    # -- opening ---------------------------------------------------------------------------------

    async def open(self, claimed: Sequence[ClaimedAttempt]) -> tuple[Verdict, ...]:
        """Say hello to every runner, have one for new attempts, and judge each claimed attempt."""
        for attempt in claimed:
            identity = (attempt.run, attempt.attempt)
            self._holders[identity], self._names[identity] = attempt.runner, attempt.job
            if attempt.is_started:
                self._begun.add(identity)
        names = self._processes.names()
        links = await asyncio.gather(*(self._say_hello(name) for name in names))
        for link in links:
            if link is not None:
                self._links[link.runner] = link
        silent = {name for name in names if name not in self._links}
        self._hanging = {name for name in silent if self._processes.is_alive(name)}
        if not self._links or any(map(self._processes.left_journal, silent - self._hanging)):
            await self._start_runner()
        self.runner_id = self.runner_id or next(iter(self._links))
        self._drain_others()
        self._tell_unclaimed({(each.run, each.attempt) for each in claimed})
        if self._hanging:
            hanging = " ".join(sorted(self._hanging))
            log.warning("runners do not answer", extra={"runners": hanging})
            self._spawn(self._reach())
        return tuple(self._judge(attempt) for attempt in claimed)

    def _tell_unclaimed(self, claimed: set[AttemptId]) -> None:
        """Tell ends that are recorded already: the engine died between commit and word of it."""
        for link in self._links.values():
            for identity, ended in list(link.ends.items()):
                if identity not in claimed:
                    self._on_message(ended)

    def _judge(self, attempt: ClaimedAttempt) -> Verdict:
        identity = (attempt.run, attempt.attempt)
        run, number = identity
        for link in self._links.values():
            if identity in link.live:
                self._holders[identity] = link.runner
                pid, started_at = link.live[identity]
                return Verdict(
                    run=run, attempt=number, state="live", pid=pid, started_at=started_at
                )
            if identity in link.ends:
                self._holders[identity] = link.runner
                ended = link.ends[identity]
                return Verdict(
                    run=run,
                    attempt=number,
                    state="ended",
                    pid=ended.pid,
                    started_at=ended.started_at,
                    end=ended.end,
                    output=ended.output,
                )
        if self._hanging and attempt.runner not in self._links:
            return Verdict(run=run, attempt=number, state="unknown")
        self._holders.pop(identity, None)
        if identity in self._begun:
            return Verdict(run=run, attempt=number, state="ended", end=self._lost())
        return Verdict(run=run, attempt=number, state="never_started")

    def _lost(self) -> AttemptEnd:
        """Return the end of an attempt that had a process and is in no journal."""
        return AttemptEnd(ended_at=self._clock.now().utc, lost="runner_died")

    async def _say_hello(self, name: str) -> Link | None:
        link = await self._processes.say_hello(name)
        if link is not None:
            self._take_in(link)
        return link

    def _take_in(self, link: Link) -> None:
        """Hear a runner that has answered, what it told before and what it will."""
        for identity in (*link.live, *link.ends):
            self._holders[identity] = link.runner
        for header, payload in link.early:
            self._hear(link, header, payload)
        link.early.clear()
        if self._is_watching:
            link.send({"type": "watch", "on": True})
        self._spawn(self._listen(link))

    async def _start_runner(self) -> None:
        """Have a runner for new attempts. Raises `CrontermError` when it does not come up."""
        link = await self._processes.start()
        self._take_in(link)
        self._links[link.runner] = link
        self.runner_id = link.runner

    async def _reach(self) -> None:
        """Try again and again to reach runners that hang, until they answer or die."""
        while self._hanging and not self._is_closing:
            await asyncio.sleep(RETRY_S)
            for name in sorted(self._hanging):
                link = await self._say_hello(name)
                if link is not None:
                    self._hanging.discard(name)
                    self._links[name] = link
                    self._drain_others()
                    self._tell_again(link)
                    self._tell_forgotten({name})
                elif not self._processes.is_alive(name):
                    self._hanging.discard(name)
                    await self._succeed(name)

    def _drain_others(self) -> None:
        """Let runners that get no starts any more leave when they are empty."""
        for link in self._links.values():
            if link.runner != self.runner_id:
                link.send({"type": "drain"})

    # -- starting and stopping -------------------------------------------------------------------

    def start_nowait(self, start: StartAttempt) -> None:
        """Send an attempt to the newest runner, at once if it is known how it starts."""
        identity = (start.run, start.attempt)
        if needs_time(start.job):
            if identity not in self._preparing:
                self._preparing.add(identity)
                self._spawn(self._prepare(start))
            return
        try:
            header = start_header(start)
        except CrontermError as error:
            self._fail(identity, str(error))
            return
        self._send_start(start, header)

    async def _prepare(self, start: StartAttempt) -> None:
        """Find out on a thread how an attempt starts, then send it if it is still wanted."""
        identity = (start.run, start.attempt)

        def work() -> Header:
            return start_header(start, self._secrets.fetch(start.job))

        try:
            header = await asyncio.get_running_loop().run_in_executor(self._preparers, work)
        except (CrontermError, OSError) as error:
            if identity in self._preparing:
                self._fail(identity, str(error))
        else:
            if identity in self._preparing:
                self._send_start(start, header)
        finally:
            self._preparing.discard(identity)

    def _send_start(self, start: StartAttempt, header: Header) -> None:
        identity = (start.run, start.attempt)
        self._holders[identity], self._names[identity] = self.runner_id, start.job.id
        link = self._links.get(self.runner_id)
        if link is not None:  # else the runner that comes next is told that it never started
            link.send(header)

    def _fail(self, identity: AttemptId, why: str) -> None:
        self._end_unstarted(identity, AttemptEnd(ended_at=self._clock.now().utc, start_error=why))

    def _end_unstarted(self, identity: AttemptId, end: AttemptEnd) -> None:
        ended = Ended(identity[0], identity[1], end, b"")
        asyncio.get_running_loop().call_soon(self._on_message, ended)

    def more_nowait(self) -> None:
        """Tell the newest runner that more starts follow at once."""
        link = self._links.get(self.runner_id)
        if link is not None:
            link.send({"type": "more"})

    def stop_nowait(self, stop: StopAttempt) -> None:
        """Send a stop to the runner that holds the attempt."""
        identity = (stop.run, stop.attempt)
        if identity in self._preparing:
            self._preparing.discard(identity)
            end = AttemptEnd(ended_at=self._clock.now().utc, stopped_for=stop.why)
            self._end_unstarted(identity, end)
            return
        link = self._links.get(self._holders.get(identity, ""))
        if link is not None:
            link.send(
                {
                    "type": "stop",
                    "run": stop.run,
                    "attempt": stop.attempt,
                    "why": stop.why,
                    "signal": stop.signal,
                    "grace_us": stop.grace_us,
                }
            )

    def acknowledge_nowait(self, run: int, attempt: int) -> None:
        """Tell the runner that an end is recorded."""
        identity = (run, attempt)
        link = self._links.get(self._holders.pop(identity, ""))
        self._names.pop(identity, None)
        self._begun.discard(identity)
        if link is not None:
            link.ends.pop(identity, None)
            link.send({"type": "ack", "run": run, "attempt": attempt})

    def watch_nowait(self, *, on: bool) -> None:
        """Have output sent, or not."""
        if on != self._is_watching:
            self._is_watching = on
            for link in self._links.values():
                link.send({"type": "watch", "on": on})

    async def close(self) -> None:
        """Close the connections; the runners go on."""
        self._is_closing = True
        self._preparing.clear()
        self._secrets.close()
        self._preparers.shutdown(wait=False, cancel_futures=True)
        for link in self._links.values():
            link.flush()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await link.writer.drain()
            link.writer.close()
        for listener in list(self._listeners):
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        self._processes.let_go()

    # -- hearing ---------------------------------------------------------------------------------

    def _spawn(self, coroutine: "asyncio._CoroutineLike[None]") -> None:
        task = asyncio.get_running_loop().create_task(coroutine, name="runner")
        self._listeners.add(task)
        task.add_done_callback(self._listeners.discard)

    async def _listen(self, link: Link) -> None:
        try:
            while frames := await link.receive():
                for header, payload in frames:
                    self._hear(link, header, payload)
        except (OSError, BadFrame) as error:
            log.warning("lost a runner", extra={"runner": link.runner, "why": str(error)})
        finally:
            link.writer.close()
        if not self._is_closing:
            await self._replace(link)

    def _hear(self, link: Link, header: Header, payload: bytes) -> None:
        match header["type"]:
            case "started":
                run, attempt = header["run"], header["attempt"]
                self._begun.add((run, attempt))
                started = Started(run, attempt, header["pid"], header["started_at"])
                self._on_message(started)
            case "ended":
                ended = ended_of(header, payload)
                link.ends[ended.run, ended.attempt] = ended
                self._holders[ended.run, ended.attempt] = link.runner
                self._on_message(ended)
            case "output":
                job = self._names.get((header["run"], header["attempt"]), "")
                self._on_message(output_of(header, payload, job))

    async def _replace(self, lost: Link) -> None:
        """A runner is gone: it left in peace, or another must tell what became of its attempts."""
        self._links.pop(lost.runner, None)
        self._spawn(self._processes.reap(lost.runner))
        if lost.runner == self.runner_id or lost.runner in self._holders.values():
            await self._succeed(lost.runner)

    async def _succeed(self, name: str) -> None:
        """Have a new runner, which replays the journal that a dead one left."""
        async with self._succession:
            while not self._is_closing:
                try:
                    await self._start_runner()
                except (CrontermError, OSError) as error:
                    log.error("no runner: %s", error)  # a state, not a bug
                    await asyncio.sleep(RETRY_S)
                    continue
                self._drain_others()
                self._tell_again(self._links[self.runner_id])
                self._tell_forgotten({name})
                return

    def _tell_again(self, link: Link) -> None:
        """Tell what a takeover found, as if it came just now."""
        for (run, attempt), (pid, started_at) in link.live.items():
            self._on_message(Started(run, attempt, pid, started_at))
        for ended in list(link.ends.values()):
            self._on_message(ended)

    def _tell_forgotten(self, asked: set[str]) -> None:
        """Tell of attempts that the runners `asked`, or ones long gone, held and no runner knows.

        While a runner hangs it may be the one that knows.
        """
        known = {each for link in self._links.values() for each in (*link.live, *link.ends)}
        for identity, name in list(self._holders.items()):
            is_gone = name not in self._links and not self._hanging
            if identity in known or not (name in asked or is_gone):
                continue
            del self._holders[identity]
            if identity in self._begun:
                self._on_message(Ended(*identity, self._lost(), b""))
            else:
                self._on_message(NeverStarted(*identity))
