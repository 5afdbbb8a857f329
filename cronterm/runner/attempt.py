"""One attempt while the runner holds it."""

import os
import resource
import signal
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from cronterm.runner.cgroup import NOWHERE, Cgroup
from cronterm.runner.mask import Masker
from cronterm.runner.moment import now_us, since_boot
from cronterm.runner.output import LineMerger, Piece, Sink
from cronterm.runner.process import find_tree, send, signal_number, signal_tree
from cronterm.runner.rules import OutputRules

KILL_EVERY_S = 0.02
KILL_FOR_S = 1.0  # what is left then is reported, never hidden
DRAIN_S = 2.0  # a background child that holds stdout must not keep the run open
CLOCK_SET_US = 2_000_000  # by so much it was set, not slewed
LIVE_BYTES = 256 << 10  # output that waits for the engine; older pieces are dropped
LIVE_LINES = 2_500  # the same in lines: a screen follows 25,000 a second, `yes` writes millions


def mark_of(store: str, run: int, attempt: int) -> str:
    """Return the marker of an attempt's processes: that of its run.

    A command that looks at the condition of a run has a number below zero and a marker of its own:
    at its time limit the run itself may have begun.
    """
    return f"{store}-{run}" if attempt > 0 else f"{store}-{run}-condition{-attempt}"


@dataclass
class Stopping:
    """A stop rule at work."""

    why: str
    kill_at: float
    give_up_at: float


@dataclass
class Attempt:
    """A process, its pipes, its output, its deadlines (monotonic seconds)."""

    run: int
    number: int
    mark: str
    stop_signal: str
    grace_s: float
    pid: int
    """The leader's, also its session and group."""
    sink: Sink
    pipes: dict[int, int]
    """Descriptor → stream."""
    started_at: int
    """Wall time in µs, and `started` on the monotonic clock: before there was a process."""
    started: float
    deadline: float | None
    booted: float = field(default_factory=since_boot)
    """Seconds from the machine's start to its own, suspend included."""
    rules: OutputRules | None = None
    maskers: dict[int, Masker] = field(default_factory=dict)
    """By stream; empty where there are no secrets."""
    kills_leftovers: bool = False
    cgroup: Cgroup = NOWHERE
    bytes_read: int = 0
    """What came out of the pipes; some of it may be held back."""
    merger: LineMerger = field(default_factory=LineMerger)
    live: deque[Piece] = field(default_factory=deque)
    live_bytes: int = 0
    live_lines: int = 0
    stopping: Stopping | None = None
    status: int | None = None
    """Wait status of the leader, once it was reaped."""
    usage: resource.struct_rusage | None = None
    ended_at: int = 0
    ended: float = 0.0
    drain_until: float = 0.0
    survivors: set[int] = field(default_factory=set)
    left: int = 0

    @property
    def id(self) -> tuple[int, int]:
        """(run, attempt)."""
        return self.run, self.number

    # -- output ----------------------------------------------------------------------------------

    def read(self, pipe: int, most: int) -> bool:
        """Read what a pipe has, `most` bytes at most; return whether it is at its end."""
        try:
            content = os.read(pipe, most)
        except BlockingIOError:
            return False
        except OSError:
            return True
        if not content:
            return True
        self.bytes_read += len(content)
        stream = self.pipes[pipe]
        if self.maskers:
            content = self.maskers[stream].feed(content)
        self._merge(stream, content)
        return False

    def _merge(self, stream: int, content: bytes) -> None:
        whole, flags = self.merger.feed(stream, content)
        if whole:
            self._take(stream, whole, flags)

    def finish_output(self) -> None:
        """Pass on all that is held back: nothing more will be read."""
        for stream, masker in self.maskers.items():
            self._merge(stream, masker.finish())
        self.flush_lines()

    def flush_lines(self) -> None:
        """Pass unfinished lines on: a prompt or a progress bar is not held back."""
        for stream, rest in self.merger.flush():
            self._take(stream, rest, 1)

    def _take(self, stream: int, content: bytes, flags: int) -> None:
        if self.rules is not None:
            self.rules.feed(stream, content)
        piece = last_lines(self.sink.take(stream, now_us(), content, flags))
        self.live.append(piece)
        self.live_bytes += len(piece[4])
        self.live_lines += piece[4].count(b"\n")
        while self.live_bytes > LIVE_BYTES or self.live_lines > LIVE_LINES:
            dropped = self.live.popleft()[4]
            self.live_bytes -= len(dropped)
            self.live_lines -= dropped.count(b"\n")

    def take_live(self) -> list[Piece]:
        """Return and forget what waits for the engine."""
        pieces = list(self.live)
        self.live.clear()
        self.live_bytes = self.live_lines = 0
        return pieces

    # -- ending ----------------------------------------------------------------------------------

    def reaped(self, status: int, usage: resource.struct_rusage) -> None:
        """Take note that the leader is dead."""
        self.status, self.usage, self.ended_at = status, usage, now_us()
        self.ended = time.monotonic()
        passed_us = int((since_boot() - self.booted) * 1e6)
        moved_us = self.ended_at - self.started_at - passed_us
        if abs(moved_us) > max(CLOCK_SET_US, passed_us // 1000):  # slewed, it gains 0.05 % at most
            self.ended_at = self.started_at + passed_us
        self.drain_until = self.ended + DRAIN_S

    def stop(self, why: str, name: str, grace_s: float) -> None:
        """Begin or sharpen the stop rule: signal, grace, SIGKILL to the whole tree."""
        now = time.monotonic()
        if self.stopping is None:
            self.stopping = Stopping(why, now + grace_s, now + grace_s + KILL_FOR_S)
        else:
            kill_at = min(self.stopping.kill_at, now + grace_s)
            self.stopping = Stopping(self.stopping.why, kill_at, kill_at + KILL_FOR_S)
        if name != "SIGKILL":
            signal_tree(self.pid, self.tree(), signal_number(name))

    def end_leftovers(self) -> None:
        """End what outlives a normal exit by the stop rule; how it ended stays as it is."""
        tree = self.tree()
        if not tree:
            return
        now = time.monotonic()
        self.stopping = Stopping("", now + self.grace_s, now + self.grace_s + KILL_FOR_S)
        send(tree, signal_number(self.stop_signal))
        send(tree, signal.SIGCONT)

    def kill_tree(self) -> bool:
        """SIGKILL what is left of the tree; return whether there is nothing left to try."""
        assert self.stopping is not None
        self.cgroup.kill()
        tree = self.tree()
        refused = send(tree, signal.SIGKILL)
        self.survivors = refused
        if time.monotonic() > self.stopping.give_up_at:
            self.survivors = tree
            return True
        return not tree - refused

    def tree(self) -> set[int]:
        """Return the living processes of this attempt."""
        tree = find_tree(self.pid, self.mark) | self.cgroup.members()
        if self.status is not None:
            tree.discard(self.pid)  # reaped: the number may be another's by now
        return tree

    def is_overdue(self, now: float) -> bool:
        """Tell whether its timeout is over and nothing has been done about it yet."""
        is_free = self.stopping is None and self.status is None
        return is_free and self.deadline is not None and now >= self.deadline

    def is_settled(self, now: float) -> bool:
        """Tell whether the tree of a stopped attempt is gone, ending what outlives its grace."""
        assert self.stopping is not None
        return not self.tree() or (now >= self.stopping.kill_at and self.kill_tree())

    # -- telling ---------------------------------------------------------------------------------

    def end(self, own_peak_kib: int) -> dict[str, Any]:
        """Return how it ended, in the words of the protocol."""
        assert self.status is not None
        assert self.usage is not None
        by_signal = os.WIFSIGNALED(self.status)
        peak = self.usage.ru_maxrss
        broken_rule, broken_by = self.rules.finish() if self.rules is not None else ("", "")
        return {
            "pid": self.pid,
            "started_at": self.started_at,
            "ended_at": self.ended_at,
            "exit_code": None if by_signal else os.WEXITSTATUS(self.status),
            "signal": os.WTERMSIG(self.status) if by_signal else None,
            "stopped_for": self.stopping.why if self.stopping is not None else "",
            "cpu_us": round((self.usage.ru_utime + self.usage.ru_stime) * 1e6),
            # Linux carries the parent's high-water mark through vfork and exec.
            "max_rss_bytes": peak * 1024 if peak > own_peak_kib else None,
            "output_bytes": self.sink.bytes,
            "left_processes": self.left,
            "survivors": sorted(self.survivors),
            "duration_us": round((self.ended - self.started) * 1e6),
            "broken_rule": broken_rule,
            "broken_by": broken_by,
        }


def last_lines(piece: Piece) -> Piece:
    """Return what of a piece may be told live: its last `LIVE_LINES` lines."""
    offset, at, stream, flags, content = piece
    if content.count(b"\n") <= LIVE_LINES:
        return piece
    kept = content.split(b"\n", content.count(b"\n") - LIVE_LINES)[-1]
    return offset + len(content) - len(kept), at, stream, flags, kept
