"""A job: a definition in jobs.yaml, complete, with every default filled in."""

import hashlib
import sys
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import msgspec

from cronterm.clock import DAY, MINUTE, SECOND, Duration, Instant
from cronterm.model.action import Custom, HttpRequest, Monitor
from cronterm.model.api import Api
from cronterm.model.gates import Condition, Need
from cronterm.model.identity import Limits, Param, Secret
from cronterm.model.rule import Rule
from cronterm.model.success import OutputKeep, Success
from cronterm.model.trigger import Trigger
from cronterm.schedule.base import (
    CalendarSpec,
    CronSpec,
    ManualSpec,
    OnCalendarSpec,
    ScheduleSpec,
)

Overlap: TypeAlias = Literal["skip", "queue", "replace", "allow"]
SHELL = ("/bin/sh", "-c")
CatchUp: TypeAlias = Literal["skip", "latest", "all"]


class Shell(msgspec.Struct, frozen=True, gc=False, tag="shell"):
    """A command line: text goes to `shell` as its last argument, a list runs as it is."""

    command: str | tuple[str, ...]
    shell: tuple[str, ...] = SHELL

    def __post_init__(self) -> None:
        """Share the usual shell: most jobs have it."""
        if self.shell == SHELL:
            msgspec.structs.force_setattr(self, "shell", SHELL)


class PythonCall(msgspec.Struct, frozen=True, tag="python"):
    """A call of `target` (`pkg.mod:func` or `file.py:func`) in an interpreter of its own."""

    target: str
    args: tuple[Any, ...] = ()
    """JSON values."""
    kwargs: dict[str, Any] = {}


Action: TypeAlias = Shell | PythonCall | HttpRequest | Custom | Monitor


class Retry(msgspec.Struct, frozen=True):
    """How a failed run is tried again. `attempts` counts the tries after the first."""

    attempts: int = 0
    delay: Duration = 10 * SECOND
    backoff: float = 2.0
    max_delay: Duration = 5 * MINUTE
    jitter: float = 0.0
    """Ratio 0 to 1: each delay is spread by plus or minus this part of itself."""
    on: tuple[Literal["failure", "timeout", "lost"], ...] = ("failure", "timeout")
    exit_codes: tuple[int, ...] | None = None
    """Retry a failure only on these; None is every failing code."""

    def delay_after(self, attempt: int) -> Duration:
        """Return how long it waits after attempt `attempt` (from 1), before it is spread."""
        try:
            grown = self.delay * self.backoff ** (attempt - 1)
        except OverflowError:
            return self.max_delay
        return round(min(self.max_delay, grown))


class Keep(msgspec.Struct, frozen=True):
    """How much history stays: the newest `runs`, and nothing older than `age`."""

    runs: int = 1000
    age: Duration = 90 * DAY


class Job(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One definition, all defaults applied, all paths absolute."""

    id: str
    source: str
    """The file it was read from."""
    line: int = 0
    """Its first line in `source`, from 1."""
    directory: str
    """Directory of `source`: python files and env files are relative to it."""
    description: str = ""
    owner: str = ""
    """Who is asked when it fails, and `runbook`, where it says what to do: for people only."""
    runbook: str = ""
    tags: tuple[str, ...] = ()
    group: str = ""
    schedule: tuple[ScheduleSpec, ...] = ()
    """Any of them makes the job due; empty is `@manual`."""
    schedule_text: str = ""
    """The schedule as the user wrote it, parts joined by `; `, for people."""
    timezone: str = "UTC"
    jitter: Duration = 0
    action: Action
    working_dir: str
    env: dict[str, str] = {}
    env_files: tuple[str, ...] = ()
    stdin: str | None = None
    timeout: Duration | None = None
    """Per attempt; the whole process tree is ended after it."""
    stop_signal: str = "SIGTERM"
    stop_grace_period: Duration = 10 * SECOND
    retry: Retry = Retry()
    overlap: Overlap = "skip"
    queue_limit: int = 1
    max_instances: int | None = None
    """None: 1, or without limit under `overlap: allow`."""
    catch_up: CatchUp = "skip"
    catch_up_window: Duration = DAY
    start_deadline: Duration | None = None
    success_exit_codes: tuple[int, ...] = (0,)
    skip_exit_codes: tuple[int, ...] = ()
    output_max_size: int = 10_000_000
    """Bytes."""
    keep: Keep = Keep()
    enabled: bool = True
    success: Success = Success()
    """What an attempt with a good exit code must keep to as well."""
    output_keep: OutputKeep = "head_tail"
    output_timestamps: bool = False
    """`cronterm logs` shows when each line came."""
    # who it is and what it is given
    user: str = ""
    """`name` or `name:group`; empty is the engine's own."""
    umask: int | None = None
    nice: int | None = None
    ionice: str = ""
    """`idle`, `best-effort` or `best-effort:N`, N from 0 (first) to 7."""
    limits: Limits = Limits()
    inherit_env: bool | tuple[str, ...] | None = None
    """Which variables of the engine it gets; None: all, or with `user` none."""
    optional_env_files: tuple[str, ...] = ()
    """Those of `env_files` that need not be there."""
    secrets: dict[str, Secret] = {}
    params: dict[str, Param] = {}
    kill_leftovers: bool = False
    """End background children after a normal exit."""
    shutdown_runs: Literal["keep", "stop"] = "keep"
    """What an orderly end of the engine does to its runs."""
    renamed_from: str = ""
    """The id it had before: its history, pause and count go on under the new one."""
    # what it follows and what holds it back
    depends_on: dict[str, Need] = {}
    """Without a schedule it starts when all of them are met; with one they are a gate."""
    depends_window: Duration | None = None
    """How old their ends may be; None: since the previous due instant, for ever without one."""
    depends_wait: Duration = 0
    on_success: tuple[str, ...] = ()
    """Jobs that each success of this one starts."""
    on_failure: tuple[str, ...] = ()
    on_complete: tuple[str, ...] = ()
    pool: str = ""
    priority: int = 0
    """Higher starts first, where several wait."""
    condition: Condition | None = None
    exclude: tuple[str | CalendarSpec, ...] = ()
    """Calendars that keep its instants back: names of `Settings.calendars`, or its own."""
    only: tuple[str | CalendarSpec, ...] = ()
    """Its instants are let through where any of these calendars has them."""
    not_before: Instant | None = None
    not_after: Instant | None = None
    """The last moment at which it may be due."""
    max_runs: int | None = None
    """How often it runs by itself; runs by hand do not count."""
    jitter_mode: Literal["stable", "random"] = "stable"
    auto_pause: int | None = None
    """It is paused after so many failed runs in a row."""
    # what starts it besides its schedule
    triggers: tuple[Trigger, ...] = ()
    cooldown: Duration = 0
    """After an event started a run, further ones start none for so long."""
    tolerance: Duration | None = None
    """How long after it is due a start may come before it is late; None is by its period."""
    max_runtime: Duration | None = None
    """A run that takes longer is told; it goes on."""
    notify: tuple[str | Rule, ...] = ()
    """Who is told of what: names of `Settings.alert_policies`, or its own rules."""

    def __post_init__(self) -> None:
        """Share what many jobs have alike: 10,000 of them are kept, and sent to every screen."""
        for name in SHARED:
            msgspec.structs.force_setattr(self, name, sys.intern(getattr(self, name)))
        for name, usual in USUAL:
            if getattr(self, name) == usual:  # what is the default itself is not sent
                msgspec.structs.force_setattr(self, name, usual)
        for name in OFTEN_EMPTY:
            if not getattr(self, name):
                msgspec.structs.force_setattr(self, name, NOTHING)
        msgspec.structs.force_setattr(self, "schedule", _one_of(self.schedule))

    @property
    def is_monitor(self) -> bool:
        """Something else runs it."""
        return isinstance(self.action, Monitor)

    @property
    def instances(self) -> int | None:
        """How many runs may be open at once; None is no limit."""
        if self.max_instances is not None:
            return self.max_instances
        return None if self.overlap == "allow" else 1


@lru_cache(maxsize=4096)
def _one_of(schedule: tuple[ScheduleSpec, ...]) -> tuple[ScheduleSpec, ...]:
    """Return the first of all schedules that are equal."""
    return schedule


SHARED = ("source", "directory", "working_dir", "group", "timezone", "schedule_text")
OFTEN_EMPTY = ("env", "secrets", "params", "depends_on")
NOTHING: dict[str, Any] = {}
"""The one empty dict of all jobs: a definition is never changed, only replaced."""
USUAL = [
    (field.name, field.default)
    for field in msgspec.structs.fields(Job)
    if field.name in ("success_exit_codes", "output_max_size", "keep", "success", "retry", "limits")
]


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How the jobs file is watched."""

    poll_interval: Duration = 2 * SECOND
    """Between looks at what gives no events."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The `settings` of a jobs file, defaults filled in."""

    timezone: str = "UTC"
    max_running: int = 1000
    shutdown_grace: Duration = 10 * SECOND
    start_grace: Duration = 60 * SECOND
    pools: dict[str, int] = {}
    """Slots of each pool."""
    startup_delay: Duration = 0
    """Nothing starts by itself before the engine is so old."""
    calendars: dict[str, CalendarSpec] = {}
    watch: Watch = Watch()
    api: Api = Api()
    notifiers: dict[str, str] = {}
    """What each notifier is, for people; how it is reached is nowhere to be seen."""
    alert_policies: dict[str, tuple[Rule, ...]] = {}


def is_timed(job: Job) -> bool:
    """Tell whether `job` has instants of its own: then what it depends on is a gate."""
    return any(not isinstance(spec, ManualSpec) for spec in job.schedule)


def zone_of(job: Job) -> str:
    """Return the zone that the schedule of `job` is read in."""
    zones = {spec.timezone for spec in job.schedule if isinstance(spec, CronSpec | OnCalendarSpec)}
    return zones.pop() if len(zones) == 1 else job.timezone


def schedule_hash(job: Job) -> str:
    """Return what changes exactly when the timing of `job` does (16 hex digits)."""
    timing: tuple[object, ...] = (job.schedule, job.jitter)
    limits = (job.not_before, job.not_after, job.max_runs)
    if limits != (None, None, None):  # jobs without them keep the hash they always had
        timing = (*timing, limits)
    return hashlib.sha256(msgspec.json.encode(timing)).hexdigest()[:16]


def definition_hash(job: Job) -> str:
    """Return what changes exactly when the meaning of `job` does, not its place in the file."""
    here = msgspec.structs.asdict(job) | {"line": 0}  # a struct would leave its defaults out
    return hashlib.sha256(msgspec.json.encode(here, order="sorted")).hexdigest()[:16]


def action_text(action: Action) -> str:
    """Return the action as one line for people (newlines kept inside the text)."""
    match action:
        case Shell(command=str() as text):
            return text
        case Shell(command=argv):
            return " ".join(argv)
        case PythonCall(target=target):
            return f"python {target}"
        case HttpRequest(method=method, url=url):
            return f"http {method} {url}"
        case Custom(kind=kind, argv=argv):
            return f"{kind}: {' '.join(argv)}"
        case Monitor(kind="heartbeat"):
            return "nothing: it waits for heartbeats"
        case Monitor():
            return "nothing: it waits for reports"
