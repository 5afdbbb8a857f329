"""The log viewer: `python -m benchmarks.log_view [MIB] [SECONDS]`, SCREENS_MEASURED.md section 5.

Opens a run that printed a gigabyte at its end, goes through it, searches it; then follows a job
that prints 20,000 lines a second and looks for each of them in the ring and in the file.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.ground import Bench, read_figures, running, tell
from cronterm.clock import SystemClock
from cronterm.control import Control
from cronterm.model.lines import CountLines, LineCount
from cronterm.remote.control import HttpControl
from cronterm.tui.app import CrontermApp
from cronterm.tui.home import Hosting
from cronterm.tui.screens.log_view import LogView
from cronterm.tui.widgets.run_log import RunLog

LINE = (
    "INFO request {:09} handled in 12 ms by worker-17, GET /api/v1/orders/list 200 ok, cache warm"
)
PACE = 20_000  # lines a second
REPEATS = 5
SLOW_S = 120.0
PRINT = """\
import sys, time
count, pace = int(sys.argv[1]), int(sys.argv[2])
line = {line!r}
began = time.monotonic()
for start in range(0, count, 2000):
    lines = (line.format(number) for number in range(start, min(start + 2000, count)))
    sys.stdout.write("\\n".join(lines) + "\\n")
    sys.stdout.flush()
    if pace:
        time.sleep(max(began + (start + 2000) / pace - time.monotonic(), 0))
"""


def main(mib: int = 1000, seconds: int = 60) -> None:
    """Measure both."""
    count = (mib << 20) // (len(LINE.format(0)) + 1)
    jobs = "jobs:\n" + "".join(
        f"  {name}: {{schedule: '@manual', output: {{max_size: 4GB}}, "
        f"command: [{sys.executable}, print.py, '{lines}', '{pace}']}}\n"
        for name, lines, pace in (("large", count, 0), ("live", PACE * seconds, PACE))
    )
    with running(jobs) as bench:
        (bench.directory / "print.py").write_text(PRINT.format(line=LINE))
        bench.wait_ready()
        began = time.perf_counter()
        bench.ask("run", "large", "--wait")
        took = time.perf_counter() - began
        print(f"{mib} MiB of output, {count:,} lines, written in {took:.1f} s")
        asyncio.run(open_and_search(bench))
        asyncio.run(follow(bench, seconds))


@asynccontextmanager
async def screen(bench: Bench) -> AsyncIterator[CrontermApp]:
    """Give a screen of 120 by 40 that is attached."""
    control: Control = HttpControl(bench.directory / "s" / "api.sock")
    hosting = Hosting(has_started=False, start=None, jobs_file="")
    app = CrontermApp(control, clock=SystemClock(), hosting=hosting)
    async with app.run_test(size=(120, 40)):
        await until(lambda: app.picture.is_live)
        await asyncio.sleep(1)
        yield app


async def until(holds: Callable[[], bool]) -> float:
    """Wait for a condition; return how many ms it took. Raises TimeoutError."""
    began = time.perf_counter()
    async with asyncio.timeout(SLOW_S):
        while not holds():  # noqa: ASYNC110  what is timed has no event of its own
            await asyncio.sleep(0.001)
    return (time.perf_counter() - began) * 1e3


def has_lines(app: CrontermApp) -> bool:
    """Tell whether a log is open and lines are painted."""
    logs = app.screen.query(RunLog)
    return isinstance(app.screen, LogView) and any(log.lines and log._strips for log in logs)


def rss_mib(bench: Bench) -> tuple[float, float]:
    """Return the memory of this screen and of the engine."""
    return read_figures(int(Path("/proc/self").readlink().name)).rss_mib, read_figures(
        bench.process.pid
    ).rss_mib


async def open_and_search(bench: Bench) -> None:
    """Open, page, go, count, search."""
    async with screen(bench) as app:
        before = rss_mib(bench)
        opened, cpu = [], time.process_time()
        for _ in range(REPEATS):
            began = time.perf_counter()
            app.open_log("large")
            await until(lambda: has_lines(app))
            opened.append((time.perf_counter() - began) * 1e3)
            after = rss_mib(bench)
            app.pop_screen()
        cpu = (time.process_time() - cpu) / REPEATS * 1e3
        tell("to open at its end", median(opened), "ms", 150)
        print(f"  first {opened[0]:.1f} ms, CPU {cpu:.0f} ms")
        app.open_log("large")
        await until(lambda: has_lines(app))
        view = app.screen
        assert isinstance(view, LogView)
        counted = await until(lambda: view.page.view.total is not None)
        print(f"{counted:8.1f} ms  until its {view.page.view.total or 0:,} lines are counted")
        await go_about(view)
        await search(view)
        growth = [there - here for here, there in zip(before, after, strict=True)]
        last = [there - here for here, there in zip(before, rss_mib(bench), strict=True)]
        tell("more memory of the screen, opened", growth[0], "MiB", 10)
        print(f"  of the engine {growth[1]:.1f} MiB")
        print(f"{last[0]:8.1f} MiB more ({last[1]:.1f}) after all of this")


async def go_about(view: LogView) -> None:
    """Page up, go to both ends."""
    page = view.page
    steps = []
    for _ in range(200):
        began = time.perf_counter()
        page.action_scroll_page(-1)
        await until(lambda: page.view.owed == 0)
        steps.append((time.perf_counter() - began) * 1e3)
    print(f"{median(steps):8.1f} ms  a page up, {sorted(steps)[-2]:.1f} the slowest but one of 200")
    page.read(page.view.read_start)
    took = await until(lambda: bool(page.lines) and page.lines[0].place <= 0)
    print(f"{took:8.1f} ms  to the first line")
    page.read(page.view.read_end)
    took = await until(lambda: page.view.is_following and not page.view.window.has_newer)
    print(f"{took:8.1f} ms  to the last one")


async def search(view: LogView) -> None:
    """Search for what is near, what is at the other end, and what is nowhere."""
    page = view.page
    for words, where in (("000000017", "at the other end"), ("Nowhere", "nowhere, exact letters")):
        view.search_for(words)
        found = await until(lambda: page.match is not None or view.total is not None)
        counted = await until(lambda: view.total is not None)
        print(
            f"{found:8.1f} ms  to find what is {where}; {counted:.1f} more to count: {view.found}"
        )
    view.end_search()


async def follow(bench: Bench, seconds: int) -> None:
    """Follow 20,000 lines a second on the dashboard, and in the viewer."""
    for where in ("dashboard", "viewer"):
        async with screen(bench) as app:
            bench.ask("run", "live")
            if where == "viewer":
                app.open_log("live")
            stream = app.picture.stream
            await until(lambda: bool(app.picture.snapshot.jobs["live"].live))
            run = max(app.picture.snapshot.jobs["live"].live)
            before, began, cpu = stream.total, time.perf_counter(), time.process_time()
            await asyncio.sleep(seconds - 2)
            taken = time.process_time() - cpu
            took = time.perf_counter() - began
            await until(lambda: not app.picture.snapshot.jobs["live"].live)
            await asyncio.sleep(1)
            written = await count_lines(app.control, run)
            numbers = [int(line.text.split()[2]) for line in stream.lines if "request" in line.text]
            gaps = sum(b != a + 1 for a, b in pairwise(numbers))
            print(
                f"{where}: {(stream.total - before) / took:,.0f} lines/s to the ring, UI CPU "
                f"{taken / took:.1%}; ring holds {len(numbers):,} lines up to {numbers[-1]:,} with "
                f"{gaps} gaps, file {written:,} of {PACE * seconds:,}"
            )


async def count_lines(control: Control, run: int) -> int:
    """Return how many lines a run printed, by its file."""
    lines, reached, end = 0, 0, 1
    while reached < end:
        reply = await control.query(
            CountLines(run=run, attempt=1, start=reached, max_bytes=1 << 26)
        )
        assert isinstance(reply, LineCount)
        lines, reached, end = lines + reply.lines, reply.reached, reply.end_offset
    return lines


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
