"""The runner's loop: one selector, no threads, nothing that blocks on a socket."""

import os
import resource
import selectors
import signal
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Set
from contextlib import suppress

from cronterm.runner.attempt import KILL_EVERY_S, Attempt
from cronterm.runner.door import Door
from cronterm.runner.journal import AttemptId, Fields, Journal
from cronterm.runner.moment import now_us
from cronterm.runner.output import MEMORY
from cronterm.runner.pause_point import pause_point
from cronterm.runner.place import Place
from cronterm.runner.process import orphans, owners
from cronterm.runner.protocol import PROTOCOL, Header
from cronterm.runner.starting import Begun, Starting

READ_MOST = 64 << 10
PIPE_HOLDS = 1 << 20  # bytes at most, where nobody has raised the limit (pipe(7))
FINISH_MOST_S = 0.03  # how long ends may keep the rest of the loop waiting
STARTS_FIRST_S = 0.5  # how long what has begun or ended may wait for what is to be started
OUTPUT_EVERY_S = 0.1  # ten batches a second: a screen redraws no faster
SPILL_AFTER_US = 1_000_000
ALL_MEMORY = 8 << 20
REMEMBERED = 20_000  # attempts that are over: an id is never started twice


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
        self._starting = Starting(place, journal, is_new=self._is_new)
        self._unheard: list[Attempt] = []
        """Just begun: their pipes are not listened to."""
        self._ended: dict[AttemptId, Attempt] = {}
        """Their leaders are dead, and nothing else was done about it."""
        self._may_have_ended = False
        self._put_off_at: float | None = None
        self._is_draining = False
        self._is_terminating = False
        self._alone_since = time.monotonic()
        self._output_at = 0.0
        self._left_by: Set[int | str] | None = None
        """Whose children were left behind, while those end that are dead; None: not known."""
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
            for key, _ in self._selector.select(self._timeout()):
                if self._selector.get_map().get(key.fd) is not key:
                    continue  # closed or changed by an event before it
                callback: Callable[[int], None] = key.data
                callback(key.fd)
            if self._is_terminating and not is_stopping:
                is_stopping = True
                self._starting.clear()
                for attempt in list(self._attempts.values()):
                    self._stop(attempt, "shutdown", attempt.stop_signal, attempt.grace_s)
            self._starting.begin_some(self._take_in)
            self._reap()
            self._keep_deadlines()
            if not self._puts_off():
                self._look_after()

    def _puts_off(self) -> bool:
        """Tell whether all but starts has to wait."""
        if not (self._starting or self._starting.expects_s):
            return False
        now = time.monotonic()
        if self._put_off_at is None:
            self._put_off_at = now
        return now < self._put_off_at + STARTS_FIRST_S

    def _look_after(self) -> None:
        """Do all that starts go before: what has begun, what has ended, what is to be told."""
        self._listen_to_new()
        self._finish_ended()
        self._flush_output()
        self._door.flush()
        self._put_off_at = None

    def _may_exit(self) -> bool:
        if self._attempts or self._starting:
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
        if self._starting:
            return 0.0
        if self._put_off_at is not None:
            return self._starting.expects_s
        if self._ended:
            return 0.0
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
        self._may_have_ended = True

    def _reap(self) -> None:
        """Take note of who is dead, and close what they had open: descriptors cost each start."""
        if not self._may_have_ended:
            return
        self._may_have_ended = False
        for attempt in self._reaped():
            self._read_rest(attempt)
            self._ended[attempt.id] = attempt

    def _finish_ended(self) -> None:
        """End what can be ended of those that are dead."""
        if not self._ended:
            return
        until = time.monotonic() + FINISH_MOST_S
        self._left_by = owners(orphans(self._by_pid))
        while self._ended and time.monotonic() < until:
            attempt = self._ended.pop(next(iter(self._ended)))
            if attempt.kills_leftovers and attempt.stopping is None:
                attempt.end_leftovers()
            self._try_finish(attempt)
        self._left_by = None

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

    def _is_new(self, identity: AttemptId) -> bool:
        """Tell whether an attempt has never begun; the engine is told again what became of it."""
        attempt = self._attempts.get(identity)
        if attempt is not None:
            self._door.tell_started(attempt)
        elif identity in self._journal.entries:
            self._tell_ended(identity)
        return attempt is None and not (identity in self._journal.entries or identity in self._over)

    def _take_in(self, begun: Begun) -> None:
        """Hold what has begun, or tell why it has not."""
        attempt = begun.attempt
        if attempt is None:
            self._end_unstarted(begun.id, {"start_error": begun.error})
            return
        self._attempts[attempt.id] = self._by_pid[attempt.pid] = attempt
        self._unheard.append(attempt)
        self._door.tell_started(attempt)

    def _listen_to_new(self) -> None:
        """Hear what has begun and not ended: a short run's output is read when it is over."""
        for attempt in self._unheard:
            if attempt.id in self._attempts:
                for pipe in attempt.pipes:
                    self._selector.register(pipe, selectors.EVENT_READ, self._reader(attempt))
        self._unheard.clear()

    def _reader(self, attempt: Attempt) -> Callable[[int], None]:
        def read(pipe: int) -> None:
            if attempt.read(pipe, READ_MOST):
                self._close_pipe(attempt, pipe)
                if attempt.status is not None:
                    self._try_finish(attempt)

        return read

    def _close_pipe(self, attempt: Attempt, pipe: int) -> None:
        self._ignore(pipe)
        os.close(pipe)
        del attempt.pipes[pipe]

    def _ignore(self, pipe: int) -> None:
        with suppress(KeyError):  # it was not listened to yet
            self._selector.unregister(pipe)

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
            if attempt.id in self._ended:
                continue
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
        self._read_rest(attempt)
        if attempt.pipes and attempt.stopping is None and now < attempt.drain_until:
            return
        self._finish(attempt)

    def _read_rest(self, attempt: Attempt) -> None:
        """Read what the pipes of a dead leader hold; a background child may write on and on."""
        for pipe in list(attempt.pipes):
            most = attempt.bytes_read + PIPE_HOLDS
            while pipe in attempt.pipes and attempt.bytes_read < most:
                before = attempt.bytes_read
                if attempt.read(pipe, READ_MOST):
                    self._close_pipe(attempt, pipe)
                elif attempt.bytes_read == before:
                    break

    def _finish(self, attempt: Attempt) -> None:
        attempt.finish_output()
        if attempt.stopping is None:
            attempt.left = self._count_left(attempt)
        for pipe in list(attempt.pipes):
            self._ignore(pipe)
            self._selector.register(pipe, selectors.EVENT_READ, self._throw_away)
            self._leftover.add(pipe)
        self._door.tell_output(attempt)
        del self._attempts[attempt.id]
        self._ended.pop(attempt.id, None)
        end = attempt.end(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        output = attempt.sink.close()
        self._journal.ended(attempt.id, end, output)
        self._place.cgroups.sweep()
        pause_point("after_journal_end")
        self._tell_ended(attempt.id)

    def _count_left(self, attempt: Attempt) -> int:
        """Count background children; only where there are some, the process table is looked at."""
        left_by = self._left_by
        if left_by is None:
            left_by = owners(orphans(self._by_pid))
        has_left = attempt.pipes or attempt.pid in left_by or attempt.mark in left_by
        return len(attempt.tree()) if has_left else 0

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
                    self._starting.ask(header)
            case "more":
                self._starting.expect()
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
        elif self._starting.withdraw(identity):
            self._end_unstarted(identity, {"stopped_for": asked["why"]})

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
        self._starting.serve(hello["env"], hello["umask"])
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

    def _tell_ended(self, identity: AttemptId) -> None:
        self._door.tell_ended(identity, self._journal.entries.get(identity))
