"""A forecast of the coming days from jobs file and history, with or without an engine.

Reads, never writes: it may be asked beside a running engine, which hears nothing of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from cronterm.clock import DAY, HOUR, Clock, Duration, Instant
from cronterm.core.base import ConfigChanged
from cronterm.core.habits import Habits, habit_of
from cronterm.core.scheduler import Scheduler
from cronterm.core.simulation import Simulation
from cronterm.core.tally import Tally
from cronterm.engine.last_good import load_for_start
from cronterm.errors import BadInput
from cronterm.instance import Instance
from cronterm.model.forecast import Forecast, Habit, SimulationRequest
from cronterm.model.job import Job, Settings
from cronterm.model.memory import KnownJob, Memory
from cronterm.model.query import ListRuns, ReadRun
from cronterm.model.run import REPORTED, OpenRun
from cronterm.schedule.base import ScheduleSpec
from cronterm.schedule.build import build
from cronterm.store.base import Reader
from cronterm.store.reader import open_reader

LEARN_FROM = 200  # runs of each job, the newest
UPTIME: Duration = 30 * DAY  # of the virtual machine: no boot and no start of an engine is due
TELL_EVERY = HOUR

Progress = Callable[[float], None]
"""Told now and then which part is done, 0 to 1."""


class Past(NamedTuple):
    """What is known of the time before a simulation, beside what the core remembers."""

    habits: Mapping[str, Habit] = {}
    began: Mapping[int, Instant] = {}
    """When the attempt of an open run was started."""


def simulate_instance(
    instance: Instance,
    request: SimulationRequest,
    *,
    clock: Clock,
    local_timezone: str,
    progress: Progress,
) -> Forecast:
    """Return what a simulation finds. Raises `BadInput` when the jobs file is broken."""
    loaded = load_for_start(instance.jobs_file, instance.cache_dir, local_timezone=local_timezone)
    if not loaded.is_usable:
        raise BadInput("\n".join(map(str, loaded.problems)))
    start = clock.now().utc if request.start is None else request.start
    jobs = tuple(job for job in loaded.jobs if not job.is_monitor)  # what others run is not seen
    with open_reader(instance.state_dir) as reader:
        memory = reader.memory()
        names = [job.id for job in jobs]
        known = read_habits(reader, names, by_tries=request.with_failures)
        began = read_starts(reader, memory.runs)
    return foresee(
        jobs,
        loaded.settings,
        memory_at(memory, jobs, start, goes_on=request.start is None),
        Past(known, began),
        msgspec.structs.replace(request, start=start),
        progress=progress,
    )


def read_starts(reader: Reader, runs: Sequence[OpenRun]) -> dict[int, Instant]:
    """Return when the attempt of each run that is under way was claimed."""
    live = [run.run for run in runs if run.state in ("running", "stopping")]
    return {run: reader.read_run(ReadRun(run=run)).attempts[-1].claimed_at for run in live}


def read_habits(reader: Reader, jobs: Sequence[str], *, by_tries: bool = False) -> dict[str, Habit]:
    """Return what the history tells of each job that has run."""
    habits: dict[str, Habit] = {}
    for job in jobs:
        query = ListRuns(job=job, decisions=False, limit=LEARN_FROM)
        habit = habit_of(reader.list_runs(query).rows, by_tries=by_tries)
        if habit is not None:
            habits[job] = habit
    return habits


def memory_at(memory: Memory, jobs: Iterable[Job], start: Instant, *, goes_on: bool) -> Memory:
    """Return what is remembered as if all before `start` were decided.

    Anchors of intervals and pauses stay. `goes_on` keeps the open runs as well: they are of now.
    """
    schedules = {job.id: job.schedule for job in jobs}
    return msgspec.structs.replace(
        memory,
        jobs=tuple(
            known
            if goes_on and _is_decided(known, schedules.get(known.id, ()), start)
            else _known_at(known, start)
            for known in memory.jobs
        ),
        runs=tuple(run for run in memory.runs if goes_on and run.runner != REPORTED),
    )


def _is_decided(known: KnownJob, specs: tuple[ScheduleSpec, ...], start: Instant) -> bool:
    """Tell whether no instant up to `start` is open, as it is while an engine runs."""
    schedule = build(specs, first_seen_at=known.first_seen_at, last_end_at=known.last_end_at)
    due_at = schedule.next_after(known.counts_from)
    return due_at is None or due_at > start


def _known_at(known: KnownJob, start: Instant) -> KnownJob:
    last_end_at = None if known.last_end_at is None else min(known.last_end_at, start)
    return msgspec.structs.replace(known, counts_from=start, decided=(), last_end_at=last_end_at)


def _without_monitors(jobs: tuple[Job, ...], memory: Memory) -> tuple[tuple[Job, ...], Memory]:
    monitors = {job.id for job in jobs if job.is_monitor}
    left = tuple(
        msgspec.structs.replace(
            job,
            depends_on={
                name: need for name, need in job.depends_on.items() if name not in monitors
            },
        )
        for job in jobs
        if job.id not in monitors
    )
    runs = tuple(run for run in memory.runs if run.runner != REPORTED)
    return left, msgspec.structs.replace(memory, runs=runs)


def foresee(
    jobs: tuple[Job, ...],
    settings: Settings,
    memory: Memory,
    past: Past,
    request: SimulationRequest,
    *,
    progress: Progress,
) -> Forecast:
    """Live through the days of `request`, whose start is set.

    What something else runs and reports is left out, also where other jobs depend on it.
    """
    assert request.start is not None
    start, end = request.start, request.start + request.duration
    jobs, memory = _without_monitors(jobs, memory)
    habits = Habits(
        past.habits, assumed=request.assumed, seed=request.seed, failures=request.with_failures
    )
    core = Scheduler(memory, seed=request.seed, boot_id=memory.boot_id, is_start=False)
    simulation = Simulation(core, start=start, predict=habits.predict, elapsed=UPTIME)
    tally = Tally([job.id for job in jobs], start=start, end=end, habit=habits.of)
    simulation.adopt(memory.runs, past.began)
    tally.adopt(memory.runs)
    tally.take(simulation.step([ConfigChanged(jobs, settings, "")]))
    told = start
    for step in simulation.steps(end):
        tally.take(step)
        if step.now.utc - told >= TELL_EVERY:
            told = step.now.utc
            progress((told - start) / request.duration)
    progress(1.0)
    tally.close()
    disabled = tuple(job.id for job in jobs if not job.enabled)
    return Forecast(
        start=start,
        end=end,
        seed=request.seed,
        with_failures=request.with_failures,
        assumed=request.assumed,
        jobs=tuple(each for each in tally.jobs if each.runs or each.job not in disabled),
        disabled=disabled,
        most_at_once=tally.most_at_once,
        most_at=tally.most_at,
        max_running=settings.max_running,
        busiest=tally.busiest(),
        hours=tally.hours(),
        open_at_end=tally.open,
    )
