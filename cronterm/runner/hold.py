"""The runner's loop: one selector, no threads, nothing that blocks on a socket."""

import os
import resource
import selectors
import signal
import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cronterm.runner.attempt import KILL_EVERY_S, Attempt, mark_of
from cronterm.runner.begin import Beginning
from cronterm.runner.cgroup import Cgroups
from cronterm.runner.door import Door
from cronterm.runner.journal import AttemptId, Fields, Journal
from cronterm.runner.moment import now_us
from cronterm.runner.output import MEMORY
from cronterm.runner.pause_point import pause_point
from cronterm.runner.process import orphans
from cronterm.runner.protocol import PROTOCOL, Header
from cronterm.runner.start import StartError, Surroundings, read_spec, start_all

READ_MOST = 64 << 10
TOGETHER = 48  # processes made before any of them is looked at
PASS_MOST_S = 0.03  # how long starts may keep the rest of the loop waiting
OUTPUT_EVERY_S = 0.1  # ten batches a second: a screen redraws no faster
SPILL_AFTER_US = 1_000_000
ALL_MEMORY = 8 << 20
REMEMBERED = 20_000  # attempts that are over: an id is never started twice


@dataclass(frozen=True)
class Place:
    """Where a runner lives."""

    directory: Path
    output: Path
    store: str
    boot: str
    linger_s: float
    cgroups: Cgroups


class Runner:
    """Holds attempts until they end and the engine has recorded it."""

    def __init__(self, place: Place, listener: socket.socket, journal: Journal) -> None:
        self._place = place
        self._journal = journal
        self._selector = selectors.DefaultSelector()
        self._attempts: dict[AttemptId, Attempt] = {}
        self._by_pid: dict[int, Attempt] = {}
        self._leftover: set[int] = set()
        """Pipes that a background child still holds; read and thrown away."""
        self._over: OrderedDict[AttemptId, None] = OrderedDict()
        self._starts: deque[Header] = deque()
        self._env: Mapping[str, str] = dict(os.environ)
        self._umask = 0o022
        self._surroundings = Surroundings()
        self._is_draining = False
        self._is_terminating = False
        self._alone_since = time.monotonic()
        self._output_at = 0.0
        self._has_orphans: bool | None = None
        """Whether there are any, while those that were reaped together end; None: not known."""
        self._wake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, self._on_term)
        for number in (signal.SIGINT, signal.SIGHUP):
            # Not SIG_IGN: a job would inherit that through exec, a handler it does not.
            signal.signal(number, lambda number, frame: None)
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._door = Door(self._selector, listener, on_hello=self._welcome, on_word=self._obey)

    def _on_term(self, number: int, frame: object) -> None:
        self._is_terminating = True

    # -- the loop --------------------------------------------------------------------------------

    def run(self) -> None:
        """Run until there is nothing left to hold and nobody to hold it for."""
        is_stopping = False
        while not self._may_exit():
            timeout = 0.0 if self._starts else self._timeout()
            for key, _ in self._selector.select(timeout):
                if self._selector.get_map().get(key.fd) is not key:
                    continue  # closed or changed by an event before it
                callback: Callable[[int], None] = key.data
                callback(key.fd)
            if self._is_terminating and not is_stopping:
                is_stopping = True
                self._starts.clear()
                for attempt in list(self._attempts.values()):
                    self._stop(attempt, "shutdown", attempt.stop_signal, attempt.grace_s)
            self._start_some()
            self._keep_deadlines()
            self._flush_output()
            self._door.flush(starts=len(self._starts))

    def _may_exit(self) -> bool:
        if self._attempts or self._starts:
            self._alone_since = time.monotonic()
            return False
        if self._is_terminating:
            return True
        if self._leftover:
            self._alone_since = time.monotonic()
            return False
        if self._is_draining and not self._journal.entries:
            return True
        if self._door.has_engine:
            return False
        return time.monotonic() >= self._leave_at()

    def _leave_at(self) -> float:
        return max(self._alone_since, self._door.left_at) + self._place.linger_s

    def _timeout(self) -> float | None:
        """Return how long nothing needs to be done; idle is silent."""
        now = time.monotonic()
        waits: list[float] = []
        for attempt in self._attempts.values():
            if attempt.stopping is not None:
                is_killing = now >= attempt.stopping.kill_at
                waits.append(KILL_EVERY_S if is_killing else attempt.stopping.kill_at - now)
                if attempt.status is not None:
                    waits.append(KILL_EVERY_S)
            elif attempt.deadline is not None:
                waits.append(attempt.deadline - now)
            if attempt.status is not None:
                waits.append(attempt.drain_until - now)
            if attempt.merger.is_holding or attempt.live or attempt.sink.since is not None:
                waits.append(max(self._output_at + OUTPUT_EVERY_S - now, 0))
        if not self._attempts and not self._door.has_engine and not self._leftover:
            waits.append(self._leave_at() - now)
        return max(min(waits), 0) if waits else None

    def _woken(self, fd: int) -> None:
        with suppress(BlockingIOError):
            os.read(fd, 4096)
        self._reap()

    def _reap(self) -> None:
        ended = list(self._reaped())
        self._has_orphans = bool(ended) and bool(orphans(self._by_pid))
        for attempt in ended:
            if attempt.kills_leftovers and attempt.stopping is None:
                attempt.end_leftovers()
            self._try_finish(attempt)
        self._has_orphans = None

    def _reaped(self) -> Iterator[Attempt]:
        """Yield the attempts whose leader is dead by now, each once."""
        with suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if pid == 0:
                    return
                attempt = self._by_pid.pop(pid, None)
                if attempt is not None:
                    attempt.reaped(status, usage)
                    yield attempt

    # -- attempts --------------------------------------------------------------------------------

    def _start_some(self) -> None:
        """Start what waits; a burst goes before output, but not for ever."""
        until = time.monotonic() + PASS_MOST_S
        while self._starts and time.monotonic() < until:
            self._start_together()

    def _start_together(self) -> None:
        """Start the next that wait: a few are made at the same time."""
        beginnings: list[Beginning] = []
        while self._starts and len(beginnings) < TOGETHER:
            beginning = self._prepare(self._starts.popleft())
            if beginning is not None:
                beginnings.append(beginning)
                if beginning.start.is_alone:
                    break
        start_all((beginning.start for beginning in beginnings), self._surroundings)
        for beginning in beginnings:
            self._take_in(beginning)

    def _prepare(self, asked: Header) -> Beginning | None:
        """Return what is ready to be an attempt; None for one that is known, or cannot be."""
        identity = (asked["run"], asked["attempt"])
        if identity in self._attempts or identity in self._journal.entries:
            self._answer_known(identity)
            return None
        if identity in self._over:
            return None
        mark = mark_of(self._place.store, *identity)
        try:
            self._journal.starting(identity, boot=self._place.boot, mark=mark)
        except OSError as error:
            self._end_unstarted(identity, {"start_error": f"the journal: {error.strerror}"})
            return None
        pause_point("after_journal_starting")
        spec = read_spec(asked, self._env, self._umask, mark)
        try:
            return Beginning(asked, spec, self._place.output, self._place.cgroups.of(mark))
        except StartError as error:
            self._end_unstarted(identity, {"start_error": str(error)})
            return None

    def _take_in(self, beginning: Beginning) -> None:
        """Hold what has begun, or tell why it has not."""
        try:
            attempt = beginning.attempt()
        except StartError as error:
            self._end_unstarted(beginning.id, {"start_error": str(error)})
            return
        pause_point("after_spawn")
        self._attempts[attempt.id] = self._by_pid[attempt.pid] = attempt
        self._journal.started(attempt.id, attempt.pid, attempt.started_at)
        for pipe in attempt.pipes:
            self._selector.register(pipe, selectors.EVENT_READ, self._reader(attempt))
        self._door.tell_started(attempt)

    def _reader(self, attempt: Attempt) -> Callable[[int], None]:
        def read(pipe: int) -> None:
            if attempt.read(pipe, READ_MOST):
                self._close_pipe(attempt, pipe)
                if attempt.status is not None:
                    self._try_finish(attempt)

        return read

    def _close_pipe(self, attempt: Attempt, pipe: int) -> None:
        self._selector.unregister(pipe)
        os.close(pipe)
        del attempt.pipes[pipe]

    def _end_unstarted(self, identity: AttemptId, why: Fields) -> None:
        self._journal.ended(identity, {"ended_at": now_us()} | why, b"")
        self._tell_ended(identity)

    def _stop(self, attempt: Attempt, why: str, name: str, grace_s: float) -> None:
        if attempt.status is None or attempt.stopping is not None:
            attempt.stop(why, name, grace_s)

    def _keep_deadlines(self) -> None:
        now = time.monotonic()
        for attempt in list(self._attempts.values()):
            if attempt.is_overdue(now):
                self._stop(attempt, "timeout", attempt.stop_signal, attempt.grace_s)
            if attempt.status is not None:
                self._try_finish(attempt)
            elif attempt.stopping is not None and now >= attempt.stopping.kill_at:
                attempt.kill_tree()

    def _try_finish(self, attempt: Attempt) -> None:
        """End an attempt whose leader is dead, once its output is read and its tree is settled."""
        now = time.monotonic()
        if attempt.id not in self._attempts:
            return
        if attempt.stopping is not None and not attempt.is_settled(now):
            return
        for pipe in list(attempt.pipes):
            while pipe in attempt.pipes:
                before = attempt.bytes_read
                if attempt.read(pipe, READ_MOST):
                    self._close_pipe(attempt, pipe)
                elif attempt.bytes_read == before:
                    break
        if attempt.pipes and attempt.stopping is None and now < attempt.drain_until:
            return
        self._finish(attempt)

    def _finish(self, attempt: Attempt) -> None:
        attempt.finish_output()
        if attempt.stopping is None:
            attempt.left = self._count_left(attempt)
        for pipe in list(attempt.pipes):
            self._selector.modify(pipe, selectors.EVENT_READ, self._throw_away)
            self._leftover.add(pipe)
        self._door.tell_output(attempt)
        del self._attempts[attempt.id]
        end = attempt.end(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        output = attempt.sink.close()
        self._journal.ended(attempt.id, end, output)
        self._place.cgroups.sweep()
        pause_point("after_journal_end")
        self._tell_ended(attempt.id)

    def _count_left(self, attempt: Attempt) -> int:
        """Count background children; only orphans of ours are worth the look through the table."""
        return len(attempt.tree()) if attempt.pipes or self._any_orphans() else 0

    def _any_orphans(self) -> bool:
        known = self._has_orphans
        return bool(orphans(self._by_pid)) if known is None else known

    def _throw_away(self, pipe: int) -> None:
        try:
            content = os.read(pipe, READ_MOST)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        if not content:
            self._selector.unregister(pipe)
            os.close(pipe)
            self._leftover.discard(pipe)

    # -- output ----------------------------------------------------------------------------------

    def _flush_output(self) -> None:
        now = time.monotonic()
        if now < self._output_at + OUTPUT_EVERY_S or not self._attempts:
            return
        self._output_at = now
        at = now_us()
        in_memory = 0
        for attempt in self._attempts.values():
            attempt.flush_lines()
            self._door.tell_output(attempt)
            since = attempt.sink.since
            if since is not None and at - since > SPILL_AFTER_US:
                attempt.sink.spill()
            in_memory += attempt.sink.in_memory
        if in_memory > ALL_MEMORY - MEMORY:
            for attempt in self._attempts.values():
                attempt.sink.spill()

    # -- the engine ------------------------------------------------------------------------------

    def _obey(self, header: Header) -> None:
        match header["type"]:
            case "start":
                if not self._is_terminating:
                    self._starts.append(header)
            case "stop":
                self._stop_asked((header["run"], header["attempt"]), header)
            case "ack":
                self._acknowledge((header["run"], header["attempt"]))
            case "drain":
                self._is_draining = True

    def _stop_asked(self, identity: AttemptId, asked: Header) -> None:
        attempt = self._attempts.get(identity)
        if attempt is not None:
            self._stop(attempt, asked["why"], asked["signal"], asked["grace_us"] / 1e6)
            return
        for start_asked in self._starts:
            if (start_asked["run"], start_asked["attempt"]) == identity:
                self._starts.remove(start_asked)
                self._end_unstarted(identity, {"stopped_for": asked["why"]})
                return

    def _acknowledge(self, identity: AttemptId) -> None:
        entry = self._journal.entries.get(identity)
        if entry is None or entry.end is None:
            return
        self._journal.acknowledged(identity)
        self._over[identity] = None
        if len(self._over) > REMEMBERED:
            self._over.popitem(last=False)

    def _welcome(self, hello: Header) -> None:
        """Take over to a new engine."""
        self._starts.clear()
        self._env = hello["env"]
        self._umask = hello["umask"]
        self._is_draining = False  # this engine says so again if it has another
        ends = [identity for identity, entry in self._journal.entries.items() if entry.end]
        self._door.tell(
            {
                "type": "welcome",
                "protocol": PROTOCOL,
                "pid": os.getpid(),
                "live": [[a.run, a.number, a.pid, a.started_at] for a in self._attempts.values()],
                "ends": ends,
            }
        )
        for identity in ends:
            self._tell_ended(identity)

    def _answer_known(self, identity: AttemptId) -> None:
        attempt = self._attempts.get(identity)
        if attempt is not None:
            self._door.tell_started(attempt)
        else:
            self._tell_ended(identity)

    def _tell_ended(self, identity: AttemptId) -> None:
        self._door.tell_ended(identity, self._journal.entries.get(identity))
