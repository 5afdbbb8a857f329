"""How long a year takes: `python -m benchmarks.virtual_year [DAYS] [JOBS]`, in virtual time.

Prints seconds, steps and microseconds a step, then how long the core takes over 1,000 jobs that are
due in one second, over their ends, and over one due job among 10,000 idle ones.
"""

import hashlib
import random
import sys
import time
from heapq import heappop, heappush

import msgspec

from cronterm.clock import DAY, MINUTE, SECOND, Instant, Now
from cronterm.core.base import ConfigChanged, Ended, Input
from cronterm.core.scheduler import Scheduler
from cronterm.model.job import Job, Overlap, Retry, Settings, Shell
from cronterm.model.memory import Memory
from cronterm.model.run import AttemptEnd
from cronterm.schedule.parse import parse

START: Instant = 1_767_225_600 * SECOND  # 2026-01-01
SCHEDULES = ("*/15 * * * *", "0 * * * *", "30 2 * * *", "*/30 9-17 * * mon-fri", "@every 47m")
OVERLAPS: tuple[Overlap, ...] = ("skip", "queue", "replace", "allow")


def make_job(number: int, schedule: str) -> Job:
    """Return one of the benchmark's jobs."""
    job_id = f"job-{number}"
    return Job(
        id=job_id,
        source="jobs.yaml",
        directory="/",
        working_dir="/",
        action=Shell("true"),
        schedule=parse(schedule, timezone="Europe/Berlin", job_id=job_id).specs,
        schedule_text=schedule,
        overlap=OVERLAPS[number % 4],
        retry=Retry(attempts=number % 3, jitter=0.2),
    )


def begin(jobs: list[Job]) -> Scheduler:
    """Return a core with these jobs in force."""
    core = Scheduler(Memory(boot_id="boot"), seed=1, boot_id="boot")
    settings = Settings(max_running=20_000)
    core.step(Now(START, 0), [ConfigChanged(tuple(jobs), settings, "sha")])
    return core


def live(days: int, jobs: int) -> tuple[int, str]:
    """Live through `days`; return the number of steps and a digest of what was decided."""
    dice = random.Random(1)
    core = begin([make_job(number, SCHEDULES[number % 5]) for number in range(jobs)])
    ends: list[tuple[Instant, int, int]] = []
    utc, steps, digest = START, 0, hashlib.sha256()
    while utc < START + days * DAY:
        wait = core.wait(Now(utc, utc - START))
        utc += DAY if wait is None else wait
        if ends and ends[0][0] < utc:
            utc = ends[0][0]
        given: list[Input] = []
        while ends and ends[0][0] <= utc:
            _, run, attempt = heappop(ends)
            end = AttemptEnd(ended_at=utc, exit_code=int(dice.random() < 0.1))
            given.append(Ended(run, attempt, end))
        effects = core.step(Now(utc, utc - START), given)
        steps += 1
        for start in effects.starts:
            took = dice.randrange(1, 1800) * SECOND
            heappush(ends, (utc + took, start.run, start.attempt))
        for stop in effects.stops:
            heappush(ends, (utc + SECOND, stop.run, stop.attempt))
        if steps % 100 == 0:  # to digest each step would be most of what is measured
            digest.update(msgspec.json.encode(effects))
    return steps, digest.hexdigest()[:16]


def main(days: int = 365, jobs: int = 50) -> None:
    """Print the figures."""
    began = time.perf_counter()
    steps, digest = live(days, jobs)
    took = time.perf_counter() - began
    each = took / steps * 1e6
    print(f"{days} days of {jobs} jobs: {took:.1f} s, {steps} steps, {each:.1f} µs/step")
    print(f"digest {digest}: the same for the same seed")

    core = begin([make_job(number, "* * * * *") for number in range(1000)])
    due = Now(START + MINUTE, MINUTE)
    timed("1,000 jobs due in one second", core, due, [])
    end = AttemptEnd(ended_at=due.utc, exit_code=0)
    timed("their 1,000 ends", core, due, [Ended(run, 1, end) for run in range(1, 1001)])
    idle = [make_job(number, "0 0 1 1 *") for number in range(10_000)]
    core = begin([*idle, make_job(10_000, "* * * * *")])
    timed("one due job among 10,000 idle", core, due, [])


def timed(what: str, core: Scheduler, now: Now, given: list[Input]) -> None:
    """Print how long one step takes."""
    began = time.perf_counter()
    core.step(now, given)
    print(f"{what}: {(time.perf_counter() - began) * 1e3:.2f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
