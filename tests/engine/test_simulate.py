"""Tests that a forecast is what then happens: an engine with stub jobs lives through it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from cronterm.clock import HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant, Now
from cronterm.config.load import load
from cronterm.core.base import ConfigChanged
from cronterm.core.scheduler import Scheduler
from cronterm.core.simulation import Fate, Predict, Simulation
from cronterm.engine.simulate import UPTIME, simulate_instance
from cronterm.instance import Instance
from cronterm.model.effect import StartAttempt
from cronterm.model.event import AttemptClaimed, InstantDecided, RunEnded, RunQueued
from cronterm.model.forecast import Forecast, SimulationRequest
from cronterm.model.memory import Memory
from cronterm.model.query import ListRuns
from cronterm.model.run import RunRow
from cronterm.store.reader import open_reader
from tests.core.clockwork import DAY_START
from tests.engine.virtual import BOOT, StubRunner, VirtualEngine, constant

SOON = SECOND  # the engine gathers ends; a simulation hears of them at once

FILE = """
settings: {max_running: 4}
pools: {disk: {slots: 1}}
calendars: {lunch: {windows: ["12:00-13:00"]}}
jobs:
  quick: {schedule: "*/5 * * * *", command: "true"}
  tight: {schedule: "*/10 * * * *", command: "true", overlap: skip}
  patient: {schedule: "*/20 * * * *", command: "true", overlap: queue, queue_limit: 2}
  eager: {schedule: "0 * * * *", command: "true", overlap: replace}
  many: {schedule: "*/15 * * * *", command: "true", overlap: allow, max_instances: 3}
  cut: {schedule: "30 * * * *", command: "true", timeout: 4m}
  spread: {schedule: "*/6 * * * *", command: "true", jitter: 3m, start_deadline: 90s}
  after: {schedule: {every: 25m, from: finish}, command: "true"}
  grid: {schedule: "@every 37m", command: "true", exclude: [lunch]}
  dump: {schedule: "15 * * * *", command: "true", pool: disk, on_success: [upload]}
  sweep: {schedule: "15 * * * *", command: "true", pool: disk, priority: 1}
  upload: {command: "true", condition: {path_exists: /}}
  merge: {command: "true", depends_on: [dump, sweep]}
  report: {schedule: "18 * * * *", command: "true", depends_on: [sweep], depends_wait: 5m}
  hasty: {schedule: "16 * * * *", command: "true", depends_on: [dump]}
  few: {schedule: "*/30 * * * *", command: "true", max_runs: 5}
"""

ROOMY = FILE.replace("max_running: 4", "max_running: 8")

TAKES: dict[str, Duration] = {
    "quick": 41_300 * MILLISECOND,
    "tight": 13 * MINUTE + 700 * MILLISECOND,
    "patient": 27 * MINUTE + 900 * MILLISECOND,
    "eager": 71 * MINUTE + 300 * MILLISECOND,
    "many": 33 * MINUTE + 100 * MILLISECOND,
    "cut": 9 * MINUTE,
    "spread": 65 * SECOND + 500 * MILLISECOND,
    "after": 11 * MINUTE + 600 * MILLISECOND,
    "grid": 5 * MINUTE + 200 * MILLISECOND,
    "dump": 4 * MINUTE + 400 * MILLISECOND,
    "sweep": 5 * MINUTE + 100 * MILLISECOND,
    "upload": 50 * SECOND,
    "merge": 20 * SECOND,
    "report": 10 * SECOND,
    "hasty": 10 * SECOND,
    "few": 15 * SECOND,
}


class Place:
    """An instance with a jobs file, and engines that live there one after the other."""

    def __init__(self, directory: Path, text: str, predict: Predict) -> None:
        self.instance = Instance(directory / "jobs.yaml", directory / "state")
        self.instance.jobs_file.write_text(text, encoding="utf-8")
        self.instance.prepare()
        self.runner = StubRunner(predict)
        self.loaded = load(self.instance.jobs_file, local_timezone="Europe/Berlin")
        assert self.loaded.problems == ()

    def live(self, start: Instant, duration: Duration) -> None:
        """Let an engine live here."""
        VirtualEngine(
            self.instance.state_dir,
            self.loaded.jobs,
            self.loaded.settings,
            start=start,
            runner=self.runner,
        ).live(start + duration)

    def rows(self, since: Instant) -> tuple[RunRow, ...]:
        """Return the history from `since` on."""
        with open_reader(self.instance.state_dir) as reader:
            return reader.list_runs(ListRuns(since=since)).rows

    def forecast(self, now: Instant, duration: Duration) -> Forecast:
        """Return what a simulation of what comes next finds."""
        return simulate_instance(
            self.instance,
            SimulationRequest(duration=duration),
            clock=StoppedClock(now),
            local_timezone="Europe/Berlin",
            progress=lambda part: None,
        )


class StoppedClock:
    """A clock that stands still."""

    def __init__(self, now: Instant) -> None:
        self._now = now

    def now(self) -> Now:
        """Return both readings."""
        return Now(self._now, self._now)


def story(rows: Iterable[RunRow]) -> Counter[tuple[object, ...]]:
    """Return what became of each run, to the minute, and how many instants started nothing.

    Ends are gathered, which moves the instants that count from them by less than a minute.
    """
    told: Counter[tuple[object, ...]] = Counter()
    for row in rows:
        due_at = None if row.scheduled_at is None or row.run is None else row.scheduled_at // MINUTE
        told[row.job, due_at, row.outcome, row.reason, row.attempt] += row.count
    return told


def simulated_rows(
    place: Place, start: Instant, duration: Duration, predict: Predict
) -> list[RunRow]:
    """Simulate the jobs of a place from nothing; return what its history would be."""
    core = Scheduler(Memory(boot_id=BOOT), seed=1, boot_id=BOOT)
    simulation = Simulation(core, start=start, predict=predict, elapsed=UPTIME)
    rows: dict[int, RunRow] = {}
    decided: list[RunRow] = []
    first = simulation.step([ConfigChanged(place.loaded.jobs, place.loaded.settings, "sha")])
    for step in (first, *simulation.steps(start + duration)):
        for event in step.effects.events:
            match event:
                case RunQueued():
                    rows[event.run] = RunRow(
                        run=event.run,
                        job=event.job,
                        cause=event.cause.kind,
                        scheduled_at=event.cause.due_at,
                        queued_at=event.at,
                    )
                case AttemptClaimed():
                    row = replace(rows[event.run], attempt=event.attempt)
                    began_at = row.started_at if row.started_at is not None else event.at
                    rows[event.run] = replace(row, started_at=began_at)
                case RunEnded():
                    ended = {"ended_at": event.at, "outcome": event.outcome}
                    rows[event.run] = replace(rows[event.run], reason=event.reason, **ended)
                case InstantDecided():
                    row = RunRow(
                        run=None,
                        job=event.job,
                        cause="scheduled",
                        scheduled_at=event.due_at,
                        scheduled_until=event.until,
                        count=event.count,
                        queued_at=event.at,
                        outcome=event.outcome,
                        reason=event.reason,
                    )
                    decided.append(row)
                case _:
                    pass
    return [*rows.values(), *decided]


def shaky(start: StartAttempt) -> Fate:
    """Predict tries that take their time, and every third of some jobs fails."""
    took = TAKES[start.job.id] + start.run % 7 * 100 * MILLISECOND
    return Fate(took, has_failed=start.job.id in ("quick", "grid") and start.run % 3 == 0)


def test_an_engine_does_what_was_simulated(tmp_path: Path) -> None:
    text = FILE + "defaults: {retry: {attempts: 2, delay: 20s, jitter: 0.3}}\n"
    place = Place(tmp_path, text, shaky)
    start = DAY_START + 20 * MINUTE + 7 * SECOND
    place.live(start, 12 * HOUR)
    lived = place.rows(0)
    simulated = simulated_rows(place, start, 12 * HOUR, shaky)

    assert story(lived) == story(simulated)
    assert {row.outcome for row in lived} >= {"succeeded", "failed", "timed_out", "replaced"}
    assert {row.reason for row in lived} >= {"overlap", "start_deadline", "calendar", "dependency"}
    by_run = {row.run: row for row in lived if row.run is not None}
    for row in simulated:
        if row.run is not None and row.started_at is not None:
            began_at = by_run[row.run].started_at
            assert began_at is not None
            assert abs(began_at - row.started_at) < SOON


class Lived:
    """A forecast, and the history that then came true."""

    def __init__(self, forecast: Forecast, all_rows: Sequence[RunRow]) -> None:
        self.forecast = forecast
        self.all_rows = [
            row for row in all_rows if row.outcome is None or self._ended(row) > forecast.start
        ]
        """Runs that were open at the start as well."""
        self.rows = [row for row in self.all_rows if row.queued_at > forecast.start]

    def _ended(self, row: RunRow) -> Instant:
        return row.ended_at or row.queued_at

    def outcome_of(self, row: RunRow) -> object:
        """Return job and outcome of a run that ran and ended."""
        return (row.job, row.outcome) if row.started_at and row.outcome else None

    def reason_of(self, row: RunRow) -> object:
        """Return job and reason of an instant or run that started nothing."""
        return (row.job, row.reason) if row.outcome and not row.started_at else None

    def edges(self) -> list[tuple[Instant, int]]:
        """Return the starts (1) and ends (-1) of all runs, ends first where they meet."""
        starts = [(row.started_at, 1) for row in self.all_rows if row.started_at]
        ends = [(row.ended_at, -1) for row in self.all_rows if row.started_at and row.ended_at]
        return sorted([*starts, *ends])


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """A forecast after a day of history, and what the engine then made of it."""
    place = Place(tmp_path_factory.mktemp("place"), ROOMY, constant(TAKES))
    morning = DAY_START + 12 * HOUR + 7 * MINUTE + 13 * SECOND
    place.live(DAY_START, morning - DAY_START)
    forecast = place.forecast(morning, 12 * HOUR)
    place.live(morning, 12 * HOUR)
    return Lived(forecast, place.rows(0))


def counts(rows: Iterable[RunRow], key: Callable[[RunRow], object]) -> Counter[object]:
    """Return how many instants and runs share a key; a key of None does not count."""
    found: Counter[object] = Counter()
    for row in rows:
        found[key(row)] += row.count
    del found[None]
    return found


def test_a_forecast_counts_what_is_due(lived: Lived) -> None:
    foreseen = {job.job: job.due for job in lived.forecast.jobs if job.due}

    assert foreseen == counts(lived.rows, lambda row: row.job if row.scheduled_at else None)


def test_a_forecast_foresees_every_outcome(lived: Lived) -> None:
    foreseen = {
        (job.job, outcome): count
        for job in lived.forecast.jobs
        for outcome, count in job.outcomes.items()
    }

    assert foreseen == counts(lived.all_rows, lived.outcome_of)


def test_a_forecast_foresees_what_starts_nothing(lived: Lived) -> None:
    foreseen = {
        (job.job, reason): count
        for job in lived.forecast.jobs
        for reason, count in (job.skipped | job.missed).items()
    }

    assert foreseen == counts(lived.all_rows, lived.reason_of)


def test_a_forecast_foresees_the_most_at_once(lived: Lived) -> None:
    running = most = 0
    for _, step in lived.edges():
        running += step
        most = max(most, running)

    assert lived.forecast.most_at_once == most
    assert most > 5


def test_a_forecast_foresees_the_starts_of_each_hour(lived: Lived) -> None:
    began = [row.started_at for row in lived.all_rows if row.started_at]
    started = [at for at in began if at > lived.forecast.start]
    hours = Counter(at // HOUR * HOUR for at in started)

    assert {hour.at: hour.starts for hour in lived.forecast.hours if hour.starts} == hours


def test_a_forecast_foresees_waits(lived: Lived) -> None:
    waits = {job.job: job for job in lived.forecast.jobs}

    assert waits["patient"].waits.keys() == {"overlap"}
    assert waits["patient"].longest_wait > 0
    assert waits["dump"].waits == {"pool": 12}
    assert waits["report"].waits == {"dependency": 12}
    assert waits["cut"].waits == {}
