"""W1: `python -m benchmarks.burst [JOBS] [PAIRS]`: jobs due in one second, against APScheduler.

Each job notes itself when it began. Interleaved pairs with APScheduler 3.11 (200 threads,
`subprocess.run(capture_output=True)`, no history), and with a bare loop that starts the same
commands and does nothing else: the limit of one starting process.

A job is a program of a few system calls, so that what is measured is who starts it. `--libc`: one
with a C library, as most have, which here takes more than half of the time itself.

`--lasting SECONDS`: the jobs go on so long. Then the peer waits for its 200 threads. `--max-running
N`: ours for as many places, and what counts is how fast one that is free is taken again.

`--busy LOOPS`: beside so many endless loops, as on a server that has other things to do.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from platform import machine
from statistics import median

from benchmarks.ground import compile_stamp, read_stamps, running, settle

LEAD_S = 5
ENGINE_LEAD_S = 10  # it comes to rest before the jobs are due
PATIENCE_S = 30.0
KEPT = 400  # pipes that the loop keeps open, as a scheduler would

APSCHEDULER = """
import subprocess, sys, time
from datetime import datetime, timezone
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

due, jobs, command = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
scheduler = BackgroundScheduler(
    executors={"default": ThreadPoolExecutor(200)},
    job_defaults={"misfire_grace_time": None},
    timezone="UTC",
)
for _ in range(jobs):
    scheduler.add_job(
        subprocess.run,
        "date",
        run_date=datetime.fromtimestamp(due, timezone.utc),
        args=[command],
        kwargs={"capture_output": True},
    )
scheduler.start()
time.sleep(max(due - time.time(), 0))
while scheduler.get_jobs():
    time.sleep(0.05)
scheduler.shutdown(wait=True)
"""


def main(
    jobs: int = 1000,
    pairs: int = 5,
    *,
    lasting: float = 0.0,
    max_running: int | None = None,
    busy: int = 0,
    libc: bool = False,
) -> None:
    """Print each pair and the medians of the ratios."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        command = [str(compile_stamp(directory, lean=not libc and machine() == "x86_64"))]
        words = [f"{lasting:g}"] if lasting else []
        peer = install_peer(directory / "peer")
        rows = []
        for _ in range(busy):
            stack.enter_context(endless_loop())
        for number in range(pairs):
            out = [directory / f"{name}-{number}" for name in ("ours", "peer", "limit")]
            ours = run_ours(jobs, [*command, str(out[0]), *words], out[0], max_running)
            theirs = run_peer(peer, jobs, [*command, str(out[1]), *words], out[1])
            limit = run_limit(jobs, [*command, str(out[2]), *words], out[2])
            rows.append((ours, theirs, limit))
            print(f"last start: cronterm {ours:.3f} s, APScheduler {theirs:.3f}, loop {limit:.3f}")
        print(f"median ratio to APScheduler {median(row[0] / row[1] for row in rows):.2f}")
        print(f"median ratio to the loop    {median(row[0] / row[2] for row in rows):.2f}")


@contextmanager
def endless_loop() -> Iterator[None]:
    """Keep one processor busy meanwhile."""
    command = [sys.executable, "-c", "while True: pass"]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            yield
        finally:
            process.kill()


def next_due(lead_s: int = LEAD_S) -> int:
    """Return a full second that leaves time to get ready."""
    return int(time.time()) + lead_s


def wait_stamps(out: Path, jobs: int) -> float:
    """Return when the last began, in seconds since 1970."""
    until = time.monotonic() + PATIENCE_S
    while len(stamps := read_stamps(out)) < jobs:
        if time.monotonic() > until:
            raise TimeoutError(f"{len(stamps)} of {jobs} began")
        time.sleep(0.1)
    return stamps[-1]


def run_ours(jobs: int, command: Sequence[str], out: Path, max_running: int | None) -> float:
    """Return after how many seconds the last began; all must be in the history, with success."""
    due = next_due(ENGINE_LEAD_S) + jobs // 1000
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
    argv = ", ".join(command)
    lines = [f'  job-{number}: {{schedule: "{at}", command: [{argv}]}}' for number in range(jobs)]
    settings = [] if max_running is None else [f"settings: {{max_running: {max_running}}}"]
    with running("\n".join([*settings, "jobs:", *lines, ""])) as bench:
        bench.wait_ready()
        pids = (bench.process.pid, bench.runner_pid)
        before = settle(pids)
        if time.time() > due:
            raise TimeoutError("the engine came to rest too late: the machine is busy")
        last = wait_stamps(out, jobs)
        after = settle(pids)
        while len(history := bench.history()) < jobs:
            continue
        succeeded = sum(run["outcome"] == "succeeded" for run in history)
    if succeeded != jobs or len(read_stamps(out)) != jobs:
        raise AssertionError(f"{succeeded} succeeded, {len(read_stamps(out))} began, of {jobs}")
    spent = [(late - early) / jobs * 1e6 for early, late in zip(before, after, strict=True)]
    print(f"CPU a run: engine with store {spent[0]:.0f} us, runner {spent[1]:.0f} us")
    return last - due


def install_peer(directory: Path) -> Path:
    """Return an interpreter with APScheduler 3."""
    venv.create(directory, with_pip=True)
    python = directory / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "-q", "apscheduler>=3.11,<4"]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return python


def run_peer(python: Path, jobs: int, command: Sequence[str], out: Path) -> float:
    """Return after how many seconds APScheduler's last began."""
    due = next_due()
    words = [str(python), "-c", APSCHEDULER, str(due), str(jobs), *command]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
        try:
            return wait_stamps(out, jobs) - due
        finally:
            process.wait()


def run_limit(jobs: int, command: Sequence[str], out: Path) -> float:
    """Return the same for a loop around `posix_spawn` with two pipes, nothing read."""
    reading: list[int] = []
    began = time.time()
    for _ in range(jobs):
        pipes = [os.pipe(), os.pipe()]
        os.posix_spawn(
            command[0],
            [*command],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, write, stream) for stream, (_, write) in enumerate(pipes, 1)
            ],
            setsid=True,
            setsigdef=[signal.SIGPIPE],
        )
        for read, write in pipes:
            os.close(write)
            reading.append(read)
        while len(reading) > KEPT:
            os.close(reading.pop(0))
    last = wait_stamps(out, jobs)
    for _ in range(jobs):
        os.wait()
    for read in reading:
        os.close(read)
    return last - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.burst")
    parser.add_argument("jobs", type=int, nargs="?", default=1000)
    parser.add_argument("pairs", type=int, nargs="?", default=5)
    parser.add_argument("--lasting", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--max-running", type=int, metavar="N")
    parser.add_argument("--busy", type=int, default=0, metavar="LOOPS")
    parser.add_argument("--libc", action="store_true")
    main(**vars(parser.parse_args()))
