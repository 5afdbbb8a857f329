"""What the benchmarks stand on: an engine of their own, a stamping job, figures of processes."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STAMP_C = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec now;
    char line[64];
    clock_gettime(CLOCK_REALTIME, &now);
    int length = snprintf(line, sizeof line, "%ld.%09ld\n", now.tv_sec, now.tv_nsec);
    int file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0600);
    int failed = write(file, line, length) != length;
    if (argc == 3)
        usleep(atof(argv[2]) * 1e6);
    puts("done");
    return failed;
}
"""
LEAN_STAMP_C = r"""
static long call(long number, long a, long b, long c, long d)
{
    long result;
    register long fourth __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}

static char *digits(char *end, long number, int width)
{
    for (; width > 0 || number; width--, number /= 10)
        *--end = '0' + number % 10;
    return end;
}

__attribute__((used)) static void run(long *stack)
{
    char **argv = (char **)(stack + 1), line[64], *end = line + sizeof line;
    long now[2], pause[2] = {0, 0}, scale = 0;
    call(228, 0, (long)now, 0, 0); /* clock_gettime(CLOCK_REALTIME) */
    *--end = '\n';
    end = digits(end, now[1], 9);
    *--end = '.';
    end = digits(end, now[0], 1);
    long length = line + sizeof line - end;
    long file = call(2, (long)argv[1], 02101, 0600, 0); /* open: append, create, write */
    int failed = call(1, file, (long)end, length, 0) != length;
    for (char *at = stack[0] == 3 ? argv[2] : ""; *at; at++)
        if (*at == '.')
            scale = 100000000;
        else if (scale) {
            pause[1] += (*at - '0') * scale;
            scale /= 10;
        } else
            pause[0] = pause[0] * 10 + *at - '0';
    if (pause[0] + pause[1])
        call(35, (long)pause, 0, 0, 0); /* nanosleep */
    call(1, 1, (long)"done\n", 5, 0);
    call(231, failed, 0, 0, 0); /* exit_group */
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call run\n");
"""
READY_S = 30.0


@dataclass(frozen=True)
class Figures:
    """Of one process: seconds of CPU, context switches, MiB of memory."""

    cpu_s: float
    switches: int
    rss_mib: float


def read_figures(pid: int) -> Figures:
    """Read them from /proc."""
    place = Path(f"/proc/{pid}")
    fields = (place / "stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    switches = int(status["voluntary_ctxt_switches"]) + int(status["nonvoluntary_ctxt_switches"])
    ticks = int(fields[11]) + int(fields[12])
    memory = int(status["VmRSS"].split()[0]) / 1024
    return Figures(ticks / os.sysconf("SC_CLK_TCK"), switches, memory)


def compile_stamp(directory: Path, *, lean: bool) -> Path:
    """Compile the job that notes when it began, and lasts as long as it is told; needs a compiler.

    Its words are the file and, if it is to last, the seconds. A lean one has no C library, which
    asks the processor for all it can before `main`: in a virtual machine that costs more than all
    else that a process does.
    """
    source, program = directory / "stamp.c", directory / "stamp"
    source.write_text(LEAN_STAMP_C if lean else STAMP_C)
    flags = ["-nostdlib", "-static", "-fno-stack-protector"] if lean else []
    subprocess.run(["cc", "-O2", *flags, "-o", program, source], check=True)
    return program


def settle(pids: Sequence[int], *, idle_s: float = 0.5) -> list[float]:
    """Return how many seconds of CPU processes have used, once they use no more."""
    used: list[float] = []
    while used != (now := [read_figures(pid).cpu_s for pid in pids]):
        used = now
        time.sleep(idle_s)
    return used


def read_stamps(path: Path) -> list[float]:
    """Return when jobs began, in seconds since 1970, sorted."""
    return sorted(map(float, path.read_text().split())) if path.exists() else []


def tell(what: str, measured: float, unit: str, goal: float, note: str = "") -> None:
    """Print what was measured beside its goal: at most so much."""
    verdict = "" if measured <= goal else "  MISSED"
    note = f"  ({note})" if note else ""
    print(f"{what:58} {measured:8.1f} {unit:6} goal {goal:g}{verdict}{note}", flush=True)


class Bench:
    """A running engine."""

    def __init__(self, directory: Path, process: "subprocess.Popen[bytes]") -> None:
        self.directory = directory
        self.process = process

    def ask(self, *words: str) -> str:
        """Return what a command prints; empty when it fails."""
        place = ["-f", str(self.directory / "jobs.yaml"), "--state-dir", str(self.directory / "s")]
        command = [sys.executable, "-m", "cronterm", *place, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def history(self) -> list[dict[str, object]]:
        """Return all runs."""
        return [json.loads(line) for line in self.ask("history", "--json").splitlines()]

    @property
    def runner_pid(self) -> int:
        """The pid of its runner."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        children = [pid for thread in threads for pid in (thread / "children").read_text().split()]
        return int(children[0])

    def wait_ready(self) -> None:
        """Return when `status` answers. Raises TimeoutError."""
        until = time.monotonic() + READY_S
        while not self.ask("status", "--json"):
            if time.monotonic() > until:
                raise TimeoutError("the engine does not come up")


@contextmanager
def running(jobs_yaml: str, fill: Callable[[Path], None] | None = None) -> Iterator[Bench]:
    """Run an engine on these jobs in a temporary directory; `fill` may make its history first."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        if fill is not None:
            (directory / "s").mkdir(mode=0o700)
            fill(directory / "s")
        (directory / "jobs.yaml").write_text(jobs_yaml)
        command = [sys.executable, "-m", "cronterm", "--headless", "--log-level", "error"]
        command += ["-f", str(directory / "jobs.yaml"), "--state-dir", str(directory / "s")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            bench = Bench(directory, process)
            try:
                yield bench
            finally:
                bench.ask("down", "--stop-runs", "--yes")  # what runs would outlive the engine
                process.terminate()
                process.wait()
