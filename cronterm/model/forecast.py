"""A forecast: what a simulation of the coming days found. Counts are of the simulated time only."""

import msgspec

from cronterm.clock import DAY, SECOND, Duration, Instant


class SimulationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be simulated."""

    start: Instant | None = None
    """None goes on from now, with what runs."""
    duration: Duration = 7 * DAY
    seed: int = 1
    with_failures: bool = False
    """Tries fail as often as they did; else all succeed."""
    assumed: Duration = 30 * SECOND
    """What an attempt of a job without history takes."""


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """How a job's attempts went until now, or what is assumed of one that has not run."""

    median: Duration
    p95: Duration
    longest: Duration
    shortest: Duration = 0
    failures: float = 0.0
    """Ratio 0 to 1 of the runs that ended that failed or were lost."""
    runs: int = 0
    """How many runs this was learnt from; 0 is an assumption."""


class JobForecast(msgspec.Struct, kw_only=True):
    """What becomes of one job."""

    job: str
    habit: Habit
    due: int = 0
    """Instants that were decided."""
    runs: int = 0
    """Runs that were started, also before the forecast begins."""
    retries: int = 0
    outcomes: dict[str, int] = {}
    """Ended runs that were started, by outcome."""
    skipped: dict[str, int] = {}
    """Instants and runs that started nothing, by reason."""
    missed: dict[str, int] = {}
    waits: dict[str, int] = {}
    """Attempts that could not start when they were ready, by what held them."""
    waited: Duration = 0
    longest_wait: Duration = 0
    late: int = 0
    """First starts more than a minute after they were due."""
    busy: Duration = 0
    """Time under way, of all attempts together."""
    most_at_once: int = 0


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What happens in one stretch of time."""

    at: Instant
    starts: int
    running: int
    """The most attempts at once."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulation found."""

    start: Instant
    end: Instant
    seed: int
    with_failures: bool
    assumed: Duration
    """What an attempt of a job without history is assumed to take."""
    jobs: tuple[JobForecast, ...]
    """As in the file; jobs that left it and still run come last."""
    most_at_once: int
    most_at: Instant
    max_running: int
    busiest: tuple[Load, ...]
    """The busiest minutes, by starts and then by what runs."""
    hours: tuple[Load, ...]
    disabled: tuple[str, ...] = ()
    """Jobs that start nothing by themselves; they are among `jobs` only if a run of theirs is."""
    open_at_end: int = 0
