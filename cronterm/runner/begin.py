"""How an attempt begins: what was asked for becomes a process, with pipes and room for output."""

import os
import re
import time
from pathlib import Path

from cronterm.runner.attempt import Attempt, now_us
from cronterm.runner.cgroup import NOWHERE, Cgroup
from cronterm.runner.mask import maskers
from cronterm.runner.output import ERR, OUT, Sink
from cronterm.runner.process import StartError, StartSpec, Surroundings, start
from cronterm.runner.protocol import Header
from cronterm.runner.rules import OutputRules


def begin(
    asked: Header,
    spec: StartSpec,
    output: Path,
    surroundings: Surroundings,
    cgroup: Cgroup = NOWHERE,
) -> Attempt:
    """Start what a `start` message asks for, `spec` being its process. Raises `StartError`.

    Its time counts from before its process is made: what a program measures of itself, that it has
    slept so long, is never more than what is told of it.
    """
    try:
        rules = OutputRules.read(asked.get("rules", {}))
    except re.error as error:
        raise StartError(f"a pattern of success: {error}") from None
    run, number, timeout = asked["run"], asked["attempt"], asked["timeout_us"]
    sink = Sink(output, f"{run}-{number}", asked["max_size"], asked.get("keep", "head_tail"))
    try:
        pipes, out, err = open_pipes()
    except OSError as error:
        raise StartError(error.strerror or str(error)) from None
    started, started_at = time.monotonic(), now_us()
    try:
        pid = start(spec, surroundings, out, err, cgroup)
    except StartError:
        for pipe in pipes:
            os.close(pipe)
        raise
    finally:
        os.close(out)
        os.close(err)
    return Attempt(
        run=run,
        number=number,
        mark=spec.mark,
        stop_signal=asked["stop_signal"],
        grace_s=asked["grace_us"] / 1e6,
        pid=pid,
        sink=sink,
        rules=rules,
        pipes=pipes,
        started_at=started_at,
        started=started,
        deadline=None if timeout is None else started + timeout / 1e6,
        maskers=maskers(asked.get("secrets") or {}, (OUT, ERR)),
        kills_leftovers=bool(asked.get("kill_leftovers")),
        cgroup=cgroup,
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
