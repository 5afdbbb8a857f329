"""The views over a long history: `python -m benchmarks.views [RUNS] [JOBS]`, in a pty.

How long each view takes to open, with what it shows, and how the list of all runs scrolls.
"""

import sys
from pathlib import Path
from statistics import median

from benchmarks.ground import running
from benchmarks.history import START, fill
from benchmarks.screen import PAGE_DOWN, open_screen, ratio, tell
from benchmarks.terminal import Terminal
from cronterm.store.sqlite import open_store

OPEN = {
    "2": ("timeline", "Agenda"),
    "3": ("statistics", "1 Runs"),
    "4": ("alerts", "Last 24 hours|nothing"),
    "5": ("runs", "1/500"),
    "6": ("system", "Versions"),
}
"""Of each view its key, its name and what it shows once it has read."""
PAGES = 400


def main(runs: int = 1_000_000, jobs: int = 500) -> None:
    """Fill, open each view, scroll."""
    names = [f"job-{number:05}" for number in range(jobs)]

    def make(directory: Path) -> None:
        with open_store(directory, now=START) as store:
            fill(store, names, runs)

    lines = [f'  {name}: {{schedule: "0 3 1 1 *", command: ["true"]}}' for name in names]
    kept = "defaults: {history: {keep_runs: 100000, keep_days: 3650}}"
    with running("\n".join([kept, "jobs:", *lines, ""]), make) as bench:
        bench.wait_ready()
        with open_screen(bench) as screen:
            screen.wait_for("job-000")
            screen.pump_for(3)
            open_views(screen)
            scroll(screen)


def open_views(screen: Terminal) -> None:
    """Print how long each view takes, the first time and the next ones."""
    for key, (name, shown) in OPEN.items():
        nets = []
        for _ in range(6):
            nets.append(screen.press(key, shown).net_ms)
            screen.settle()
            screen.press("1", "Jobs [0-9]+")
            screen.settle()
        tell(f"{name}, opened the first time", nets[0], "ms", 100)
        tell(f"{name}, opened again", median(nets[1:]), "ms", 100)


def scroll(screen: Terminal) -> None:
    """Print how long a page of the runs takes, and the slowest of many."""
    screen.press("5", "1/500")
    screen.settle()
    paints = []
    for _ in range(PAGES):
        paints.append(screen.press(PAGE_DOWN, "[0-9]/[0-9]+[+]?").net_ms)
        screen.pump_for(0.02)
    tell("a page of the runs: median", median(paints), "ms", 16)
    tell("a page of the runs: p99", ratio(paints, 0.99), "ms", 35)
    tell("a page of the runs: slowest", max(paints), "ms", 50)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
