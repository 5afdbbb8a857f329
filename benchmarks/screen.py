"""W6: `python -m benchmarks.screen [PART...]`: the screen in a pty, on an engine of its own.

Parts: start, keys, load, lines, idle, table, storm; all of them where none is named. Milliseconds
of keys are net: without the time in which the screen or this program could run and had no core. A
key that is not painted within ten seconds ends the program: none may be lost.
"""

import compileall
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import psutil

import cronterm
from benchmarks.ground import Bench, running, tell
from benchmarks.terminal import Cell, Paint, Terminal, read_sched
from cronterm.remote.client import RequestClient

FEW, MANY = 50, 10_000
WIDE = (120, 40)
DOWN, PAGE_DOWN = "\x1b[B", "\x1b[6~"
AWAY, BACK = "\x1b[O", "\x1b[I"
CURSOR = "▌"
LINES = """\
import time
at = 0
while True:
    print(*(f"request {{number}} was handled" for number in range(at, at + {0})), sep=chr(10))
    print(end="", flush=True)
    at += {0}
    time.sleep(0.1)
"""
SNAPSHOTS = 6
COMMANDS = 5


def main(*parts: str) -> None:
    """Print what was measured beside its goal."""
    # As an installed wheel is; a source tree may be told to keep no compiled files.
    compileall.compile_dir(Path(cronterm.__file__).parent, quiet=1)
    for part in parts or PARTS:
        PARTS[part]()


def ratio(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of the values do not exceed."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def quiet_jobs(many: int, *, is_still: bool = False) -> str:
    """Return jobs of which one or two run in a minute at most, and none of thousands."""
    is_still = is_still or many > 60
    times = ["0 3 1 1 *" if is_still else f"{number} * * * *" for number in range(many)]
    lines = [
        f'  job-{number:05}: {{schedule: "{at}", command: ["true"], group: g{number % 100:02}}}'
        for number, at in enumerate(times)
    ]
    return "\n".join(["jobs:", *lines, ""])


def busy_jobs(lines: int, starts: int) -> str:
    """Return jobs that print lines and start runs, so many a second, below fifty that rest."""
    told = [
        f'  z-{number:03}: {{schedule: "@every 1s", command: ["true"]}}' for number in range(starts)
    ]
    talk = json.dumps([sys.executable, "-c", LINES.format(lines // 10)])  # JSON is YAML
    told.append(f'  zz-talk: {{schedule: "@every 1s", command: {talk}}}')
    return quiet_jobs(FEW) + "\n".join([*told, ""])


def open_screen(bench: Bench, size: tuple[int, int] = WIDE, *, has_cells: bool = False) -> Terminal:
    """Start the screen of an engine that runs."""
    place = ["-f", str(bench.directory / "jobs.yaml"), "--state-dir", str(bench.directory / "s")]
    return Terminal([sys.executable, "-m", "cronterm", *place], *size, has_cells=has_cells)


def sort_by_name(screen: Terminal) -> None:
    """Wait until it is live, then let no row move by itself."""
    screen.wait_for("NAME")
    screen.pump_for(2.5)
    screen.press("s", "duration")
    screen.press("n", "NAME ▲")
    screen.settle()
    screen.send("g")
    screen.settle()


# -- the parts -----------------------------------------------------------------------------------


def measure_start() -> None:
    """Time from exec to the first live frame."""
    for many, goal in ((FEW, 500.0), (MANY, 900.0)):
        with running(quiet_jobs(many)) as bench:
            bench.wait_ready()
            walls, nets, ran = [], [], []
            for _ in range(5):
                waited = read_sched(bench.process.pid)[1]
                with open_screen(bench) as screen:
                    walls.append((screen.wait_for("job-000") - screen.began) * 1e3)
                    spent, idle = read_sched(screen.pid)
                idle += read_sched(bench.process.pid)[1] - waited
                nets.append(max(walls[-1] - idle, 0.0))
                ran.append(spent)
            tell(f"first live frame, {many:,} jobs", median(nets), "ms", goal)
            print(f"  wall {median(walls):.0f} ms, of it CPU of the screen {median(ran):.0f} ms")
            if many == FEW:
                tell_command(bench, "--version")
                tell_command(bench, "ls")


def tell_command(bench: Bench, *words: str) -> None:
    """Print the CPU that a command costs."""
    spent = []
    for _ in range(COMMANDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        bench.ask(*words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    tell(f"cronterm {' '.join(words)}: CPU", median(spent) * 1e3, "ms", 120)


def measure_keys() -> None:
    """Time from a key to its paint while nothing else happens."""
    with running(quiet_jobs(FEW)) as bench:
        bench.wait_ready()
        with open_screen(bench) as screen:
            sort_by_name(screen)
            tell_keys("idle", press_down(screen, 200), 8, 35)


def measure_load() -> None:
    """Time from a key to its paint while much happens."""
    with running(busy_jobs(1000, 200)) as bench:
        bench.wait_ready()
        with open_screen(bench) as screen:
            sort_by_name(screen)
            tell_keys("1,000 lines/s, 200 starts/s", press_down(screen, 300), 35, 50)
            tell_rest(screen, "  meanwhile", 30, 45, seconds=10)


def measure_lines() -> None:
    """CPU and bytes while a job prints."""
    with running(busy_jobs(200, 0)) as bench:
        bench.wait_ready()
        with open_screen(bench) as screen:
            sort_by_name(screen)
            tell_rest(screen, "200 lines/s at 120x40", 15, 35, seconds=10)


def press_down(screen: Terminal, times: int) -> list[Paint]:
    """Move the cursor down and up again over rows that rest, at uneven moments."""
    paints = []
    for number in range(times):
        row = number % 14
        key = DOWN if number // 14 % 2 == 0 else "\x1b[A"
        if row == 0 and number:
            continue  # at the end of a way nothing has to move
        paints.append(screen.press(key, f"{CURSOR}"))
        screen.pump_for(0.03 + 0.013 * (number % 7))
    return paints


def tell_keys(when: str, paints: Sequence[Paint], typical: float, worst: float) -> None:
    """Print the middle and the 99th percentile."""
    nets = [paint.net_ms for paint in paints]
    walls = [paint.wall_ms for paint in paints]
    tell(f"key to paint, {when}: median", median(nets), "ms", typical)
    tell(f"key to paint, {when}: p99", ratio(nets, 0.99), "ms", worst)
    tell(f"key to paint, {when}: slowest", max(nets), "ms", 100)
    print(
        f"  wall: median {median(walls):.1f}, p99 {ratio(walls, 0.99):.1f} ms, {len(paints)} keys"
    )


def measure_idle() -> None:
    """CPU and bytes while nobody does anything."""
    with running(quiet_jobs(FEW)) as bench:
        bench.wait_ready()
        for size, cpu, written in (((80, 24), 1.0, 2.0), (WIDE, 1.5, 2.0), ((200, 60), 2.0, 3.0)):
            with open_screen(bench, size) as screen:
                screen.wait_for("job-000")
                screen.pump_for(4)
                name = f"{size[0]}x{size[1]}"
                tell_rest(screen, f"idle at {name}", cpu, written)
                if size == WIDE:
                    screen.send(AWAY)
                    screen.pump_for(1)
                    tell_rest(screen, f"idle at {name}, another window has the focus", 0.3, 1.0)


def tell_rest(screen: Terminal, when: str, cpu: float, written: float, seconds: float = 20) -> None:
    """Print CPU and bytes over some seconds."""
    before, began = read_sched(screen.pid)[0], time.perf_counter()
    total, packed = screen.total, screen.packed
    screen.pump_for(seconds)
    took = time.perf_counter() - began
    tell(f"{when}: CPU", (read_sched(screen.pid)[0] - before) / took / 10, "%", cpu)
    tell(f"{when}: bytes", (screen.total - total) / took / 1024, "KiB/s", written)
    tell(f"{when}: bytes, packed", (screen.packed - packed) / took / 1024, "KiB/s", written / 10)


def measure_table() -> None:
    """Page, sort and filter many jobs; memory with them."""
    with running(quiet_jobs(MANY)) as bench:
        bench.wait_ready()
        with open_screen(bench) as screen:
            sort_by_name(screen)
            act(screen, "page down", [(PAGE_DOWN, CURSOR)] * 12, 16)
            act(screen, "sort the other way", [("S", "NAME (▲|▼)")] * 8, 30)
            screen.press("/", "filter: ")
            letters = [
                ("0", "matching|/0"),
                ("1", "/01"),
                ("2", "/012"),
                ("\x7f", "/01"),
                ("7", "/017"),
            ]
            act(screen, "a letter of the filter", letters, 30)
            memory = psutil.Process(screen.pid).memory_info().rss / 2**20
            tell(f"memory with {MANY:,} jobs", memory, "MiB", 70)
        for _ in range(SNAPSHOTS):
            RequestClient(bench.directory / "s" / "api.sock").snapshot()
        memory = psutil.Process(bench.process.pid).memory_info().rss / 2**20
        tell(f"  of the engine, after {SNAPSHOTS} more screens", memory, "MiB", 90)


def act(screen: Terminal, what: str, keys: Sequence[tuple[str, str]], goal: float) -> None:
    """Print the CPU that keys cost."""
    paints = []
    for key, pattern in keys:
        screen.settle()
        paints.append(screen.press(key, pattern, settles=True))
    tell(f"{what}, {MANY:,} jobs: CPU", median(paint.cpu_ms for paint in paints), "ms", goal)
    print(f"  to paint: median {median(paint.net_ms for paint in paints):.1f} ms")


def measure_storm() -> None:
    """Resize twenty times a second, then compare each cell with a screen that was just opened."""
    sizes = random.Random(1)
    with running(quiet_jobs(FEW, is_still=True)) as bench:
        bench.wait_ready()
        with open_screen(bench, has_cells=True) as screen:
            screen.wait_for("job-000")
            screen.pump_for(2)
            for _ in range(100):
                screen.resize(sizes.randint(20, 300), sizes.randint(5, 100))
                screen.pump_for(0.05)
            screen.resize(*WIDE)
            screen.pump_for(2)
            with open_screen(bench, has_cells=True) as fresh:
                fresh.wait_for("job-000")
                for _ in range(4):  # both must have drawn the same second
                    screen.pump_for(0.5)
                    fresh.pump_for(0.5)
                screen.pump_for(0.3)
                wrong = differing(shown(screen), shown(fresh))
    tell("cells that differ after a storm of 100 sizes", len(wrong), "cells", 0)
    for line, column, ours, theirs in wrong[:5]:
        print(f"  line {line} column {column}: {ours!r} and not {theirs!r}")


def shown(screen: Terminal) -> list[list[Cell]]:
    """Return its cells."""
    assert screen.grid is not None
    return screen.grid.lines()


Difference = tuple[int, int, Cell, Cell]


def differing(ours: list[list[Cell]], theirs: list[list[Cell]]) -> list[Difference]:
    """Return the cells that differ, the two lines of clock and gauges apart."""
    return [
        (y, x, ours[y][x], theirs[y][x])
        for y in range(2, len(theirs))
        for x in range(len(theirs[y]))
        if ours[y][x] != theirs[y][x]
    ]


PARTS: dict[str, Callable[[], None]] = {
    "start": measure_start,
    "keys": measure_keys,
    "load": measure_load,
    "lines": measure_lines,
    "idle": measure_idle,
    "table": measure_table,
    "storm": measure_storm,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
