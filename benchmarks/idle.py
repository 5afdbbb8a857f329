"""W3: `python -m benchmarks.idle [SECONDS]`: 100, 1,000 and 10,000 jobs of which none is due.

Prints time to ready (until `status` answers), CPU, wake-ups and memory of engine and runner, and
how long one changed job among them takes to be in force.
"""

import sys
import time

from benchmarks.ground import read_figures, running

SIZES = (100, 1000, 10_000)


def main(seconds: int = 20) -> None:
    """Measure each size."""
    for jobs in SIZES:
        measure(jobs, seconds)


def measure(jobs: int, seconds: int) -> None:
    """Print the figures of one size."""
    lines = [
        f'  job-{number}: {{schedule: "{number % 60} 3 1 1 *", command: ["true"]}}'
        for number in range(jobs)
    ]
    began = time.perf_counter()
    with running("\n".join(["jobs:", *lines, ""])) as bench:
        bench.wait_ready()
        ready = time.perf_counter() - began
        time.sleep(3)
        before = read_figures(bench.process.pid)
        time.sleep(seconds)
        after = read_figures(bench.process.pid)
        runner = read_figures(bench.runner_pid)
        path = bench.directory / "jobs.yaml"
        began = time.perf_counter()
        path.write_text(path.read_text().replace("job-5:", "job-five:"))
        while not bench.ask("next", "job-five"):
            continue
        changed = time.perf_counter() - began
    wake_ups = (after.switches - before.switches) / seconds
    print(
        f"{jobs:6} jobs: ready {ready:.2f} s, one change {changed:.2f} s, idle CPU "
        f"{(after.cpu_s - before.cpu_s) / seconds:.2%}, {wake_ups:.1f}"
        f" wake-ups a second, engine {after.rss_mib:.0f} MiB, runner {runner.rss_mib:.0f} MiB"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
