"""How an attempt begins: what was asked for becomes a process, with pipes and room for output."""

import os
import re
from pathlib import Path

from cronterm.runner.attempt import Attempt
from cronterm.runner.cgroup import NOWHERE, Cgroup
from cronterm.runner.mask import maskers
from cronterm.runner.output import ERR, OUT, Sink
from cronterm.runner.protocol import Header
from cronterm.runner.rules import OutputRules
from cronterm.runner.start import Start, StartError, StartSpec


class Beginning:
    """An attempt that is about to be one: its output has room, its process is only ready to be."""

    def __init__(
        self, asked: Header, spec: StartSpec, output: Path, cgroup: Cgroup = NOWHERE
    ) -> None:
        """Have ready what a `start` message asks for, `spec` being its process.

        Raises `StartError`; then nothing is left open.
        """
        try:
            self._rules = OutputRules.read(asked.get("rules", {}))
        except re.error as error:
            raise StartError(f"a pattern of success: {error}") from None
        self._asked, self._cgroup = asked, cgroup
        self.id = asked["run"], asked["attempt"]
        """(run, attempt)."""
        name, keep = f"{self.id[0]}-{self.id[1]}", asked.get("keep", "head_tail")
        self._sink = Sink(output, name, asked["max_size"], keep)
        try:
            self._pipes, out, err = open_pipes()
        except OSError as error:
            raise StartError(error.strerror or str(error)) from None
        try:
            self.start = Start(spec, out, err, cgroup)
        except StartError:
            for descriptor in (*self._pipes, out, err):
                os.close(descriptor)
            raise

    def attempt(self) -> Attempt:
        """Return the attempt, its process being made. Raises `StartError` where there is none.

        Its time counts from before its process was made: what a program measures of itself, that
        it has slept so long, is never more than what is told of it.
        """
        start, asked, timeout = self.start, self._asked, self._asked["timeout_us"]
        if start.error is not None:
            for pipe in self._pipes:
                os.close(pipe)
            raise start.error
        return Attempt(
            run=self.id[0],
            number=self.id[1],
            mark=start.spec.mark,
            stop_signal=asked["stop_signal"],
            grace_s=asked["grace_us"] / 1e6,
            pid=start.pid,
            sink=self._sink,
            rules=self._rules,
            pipes=self._pipes,
            started_at=start.began.wall_us,
            started=start.began.monotonic,
            booted=start.began.booted,
            deadline=None if timeout is None else start.began.monotonic + timeout / 1e6,
            maskers=maskers(asked.get("secrets") or {}, (OUT, ERR)),
            kills_leftovers=bool(asked.get("kill_leftovers")),
            cgroup=self._cgroup,
        )


def open_pipes() -> tuple[dict[int, int], int, int]:
    """Return (read ends by stream, write end for stdout, write end for stderr). Raises OSError."""
    out_read, out_write = os.pipe2(os.O_CLOEXEC)
    try:
        err_read, err_write = os.pipe2(os.O_CLOEXEC)
    except OSError:
        os.close(out_read)
        os.close(out_write)
        raise
    os.set_blocking(out_read, False)
    os.set_blocking(err_read, False)
    return {out_read: OUT, err_read: ERR}, out_write, err_write
