"""The views over a long history: `python -m benchmarks.views [DAYS] [JOBS] [KEYS]`, in a pty.

How long each view, tab and filter takes to show what it reads, and how the list of all runs
scrolls: 86,400 runs a day, a million in twelve days. Half of them are of one job. CPU is that of
the screen and of the engine together until the paint: on a machine that others use it says more
than the time that passed.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.ground import Bench, running, tell
from benchmarks.past import BATCH, RUNS_A_DAY, History, half_of_one, make_days
from benchmarks.screen import DOWN, PAGE_DOWN, open_screen, ratio
from benchmarks.terminal import Paint, Terminal, read_sched
from cronterm.clock import DAY, SECOND, Instant, SystemClock, aware
from cronterm.model.alert import Alert
from cronterm.model.event import AlertClosed, AlertOpened, AnyEvent
from cronterm.store.sqlite import open_store

PAGE_UP, ENTER = "\x1b[5~", "\r"
JOBS = "NAME ▲"  # the head of the table, which only a change of view paints
REPEATS = 5
ALERTS, OPEN_ALERTS = 20_000, 200
PLACE = "[0-9]/[0-9]+[+]?|oldest"
"""What the list of runs says of its cursor, and does not before it has read something."""

Way = Sequence[tuple[str, str]]
"""Keys, and for each what is painted once it has done all: the last of them is timed."""

STATS = ("3", "read [0-9]")
WEEK = ("l", "(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [0-9]")
RUNS = ("5", "1/500")
JOB = (ENTER, "[0-9]/h")
TABS = {
    "runs": "1/500",
    "log": "exit [01] after",
    "alerts": "recovered",
    "why": "It is due",
    "schedule": "01-01",
    "config": "built in",
}
"""Of each tab of a job what it shows once it has read, in their order."""
STEPS = {"j held": "j", "arrow down": DOWN, "page down": PAGE_DOWN}
FILTERS = (
    "",
    "is:failed",
    "is:lost",
    "job-00000",
    "job-00000 is:failed",
    "cause:scheduled",
    "last:30d",
    "job-00001 last:30d",
    "job-00000 cause:manual",
    "is:failed cause:manual",
)


def ways(start: Instant, now: Instant) -> dict[str, Way]:
    """Return how views are reached from the jobs, where the history begins at `start`."""
    timeline = ("2", "(×|·|▌){2}|nothing")
    month = ("l", f"{aware(now - 29 * DAY).astimezone():%d %b}")
    ever = ("l", f"{aware(start // DAY * DAY).astimezone():%d %b}")
    return {
        "timeline": [timeline],
        "timeline, 7 d": [timeline, ("-", "starts per 2 h")],
        "statistics, 24 h": [STATS],
        "statistics, 7 d": [STATS, WEEK],
        "statistics, 30 d": [STATS, WEEK, month],
        "statistics, all": [STATS, WEEK, month, ever],
        "alerts": [("4", "█")],
        "system": [("6", "SQLite")],
        "runs": [RUNS],
        "logs of three runs together": [RUNS, ("   ", "3 marked"), ("l", "(?s)(exit [01].*){3}")],
    }


def main(days: int = 12, jobs: int = 500, keys: int = 600) -> None:
    """Fill, open, scroll."""
    names = [f"job-{number:05}" for number in range(jobs)]
    now = SystemClock().now().utc
    start = now - days * DAY

    def make(directory: Path) -> None:
        make_days(directory, History(half_of_one(names), start), days)
        with open_store(directory, now=start) as store:
            for first in range(1, ALERTS + 1, BATCH):
                numbers = range(first, first + BATCH)
                told = (alerts(number, days * RUNS_A_DAY, start) for number in numbers)
                store.record([each for some in told for each in some])

    lines = [f'  {name}: {{schedule: "0 3 1 1 *", command: ["true"]}}' for name in names]
    kept = "defaults: {history: {keep_runs: 1000000, keep_days: 3650}}"
    with running("\n".join([kept, "jobs:", *lines, ""]), make) as bench:
        bench.wait_ready()
        with open_screen(bench) as screen:
            screen.wait_for("job-000")
            screen.pump_for(3)
            screen.press("s", "duration")
            screen.press("n", "NAME ▲")
            screen.send("g")
            screen.settle()
            for name, way in ways(start, now).items():
                open_view(bench, screen, name, way)
            open_tabs(bench, screen)
            scroll(bench, screen, keys)


def alerts(number: int, runs: int, start: Instant) -> list[AnyEvent]:
    """Return how an alert was opened, and of all but the newest how it was closed."""
    run = max(number * runs // ALERTS, 1)
    at, job = start + run * SECOND, f"job-{number % 100:05}"
    alert = Alert(
        id=number,
        kind="failure",
        job=job,
        message="exit 1",
        run=run,
        outcome="failed",
        reason="exit",
        opened_at=at,
        last_at=at,
    )
    opened = AlertOpened(at=at, alert=alert)
    if number > ALERTS - OPEN_ALERTS:
        return [opened]
    closed = AlertClosed(at=at, alert=number, job=job, kind="failure", closed_for="recovered")
    return [opened, closed]


class Spent:
    """What keys cost until what they ask for is painted, of CPU on both sides."""

    def __init__(self, bench: Bench, screen: Terminal) -> None:
        self.paints: list[Paint] = []
        self.cpu: list[float] = []
        self._engine = bench.process.pid
        self._screen = screen

    def press(self, keys: str, pattern: str) -> None:
        """Press keys, wait, and let all become quiet."""
        before = read_sched(self._engine)[0]
        paint = self._screen.press(keys, pattern)
        self.paints.append(paint)
        self.cpu.append(paint.cpu_ms + read_sched(self._engine)[0] - before)
        self._screen.settle()

    def tell(self, what: str, goal: float) -> None:
        """Print the middle of them: net or CPU, each of which is more than a free machine takes."""
        net, cpu = median(paint.net_ms for paint in self.paints), median(self.cpu)
        wall = median(paint.wall_ms for paint in self.paints)
        note = f"net {net:.0f}, CPU {cpu:.0f}, wall {wall:.0f}; first CPU {self.cpu[0]:.0f}"
        tell(what, min(net, cpu), "ms", goal, note)


def open_view(bench: Bench, screen: Terminal, name: str, way: Way) -> None:
    """Print how long the last step of a way takes."""
    spent = Spent(bench, screen)
    for _ in range(REPEATS):
        for keys, pattern in way[:-1]:
            screen.press(keys, pattern)
            screen.settle()
        spent.press(*way[-1])
        screen.press("1", JOBS)
        screen.settle()
    spent.tell(f"{name}, opened", 100)


def open_tabs(bench: Bench, screen: Terminal) -> None:
    """Print how long the page of the job with half of all runs takes, and its tabs."""
    page, tabs = Spent(bench, screen), {name: Spent(bench, screen) for name in TABS}
    for _ in range(REPEATS):
        page.press(*JOB)
        for name, pattern in TABS.items():
            tabs[name].press("]", pattern)
        screen.press("1", JOBS)
        screen.settle()
    page.tell("a job with half of the runs, opened", 100)
    for name, spent in tabs.items():
        spent.tell(f"  its {name}", 100)


def scroll(bench: Bench, screen: Terminal, keys: int) -> None:
    """Print how long filters take, and keys that move among what they leave."""
    screen.press(*RUNS)
    screen.settle()
    ends = Spent(bench, screen)
    for words in FILTERS:
        if words:
            screen.press("/", "filter")
            screen.send("\x15" + words)
            screen.settle()
            filtered = Spent(bench, screen)
            # Its title names the filter once it has read; the frame is drawn anew before.
            filtered.press(ENTER, f"/{words}")
            filtered.tell(f"runs, filtered by {words}", 100)
            if screen.last_painted(PLACE) == "0/0+":
                screen.pump_for(1)  # the clock drew it before the answer came
            if screen.last_painted(PLACE) == "0/0":
                continue  # nothing moves: what is painted next is no answer to a key
        for what, key in STEPS.items():
            tell_scroll(screen, f"{what}, {words or 'all runs'}", key, keys // len(STEPS))
        if screen.press_or_rest("G", PLACE) is not None:
            tell_scroll(screen, f"page up from the end, {words or 'all runs'}", PAGE_UP, keys // 9)
            ends.press("G", PLACE)
            ends.press("g", PLACE)
    ends.tell("to the oldest run, and to the newest", 50)


def tell_scroll(screen: Terminal, what: str, key: str, times: int) -> None:
    """Hold a key and print how long its paints took."""
    paints = []
    for _ in range(times):
        place = screen.press_or_rest(key, PLACE)
        if place is None:
            break  # at the end of the list nothing has to move
        paints.append(place)
        screen.pump_for(0.02)
    if not paints:
        return
    nets, cpu = [paint.net_ms for paint in paints], [paint.cpu_ms for paint in paints]
    note = f"p50 {median(nets):.0f}, slowest {max(nets):.0f}"
    note += f"; CPU p50 {median(cpu):.0f}, p99 {ratio(cpu, 0.99):.0f}"
    tell(f"{what}: p99 of {len(paints)} keys", ratio(nets, 0.99), "ms", 35, note)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
