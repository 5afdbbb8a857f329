"""What a store remembers for the core: enough to go on where another engine stopped."""

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.alert import Alert, Mute
from cronterm.model.gates import Result
from cronterm.model.monitors import MonitorDefinition
from cronterm.model.notice import LastNotice, Notice, Told
from cronterm.model.run import OpenRun
from cronterm.model.snapshot import Pause


class KnownJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the store remembers of a job that is or was in the file."""

    id: str
    schedule_hash: str
    definition_hash: str
    present: bool
    """It was in the file when the engine was last told."""
    enabled: bool = True
    first_seen_at: Instant
    counts_from: Instant
    """Every due instant at or before it is decided or does not count."""
    decided: tuple[tuple[Instant, Instant], ...] = ()
    """Spans (from, to] after `counts_from` that are decided (the clock was set back)."""
    pause: Pause | None = None
    in_fired: bool = False
    """Its `@in` has fired."""
    last_signal_at: Instant | None = None
    """When an event started a run of it the last time."""
    suspended: dict[str, Instant] = {}
    """Its triggers that start nothing, and since when."""
    last_end_at: Instant | None = None
    """Of its last run, or of the last decision that started nothing."""
    result: Result | None = None
    started_n: int = 0
    """Orders its last start among the results of the jobs it depends on."""
    timed_runs: int = 0
    """How often it has run by itself since it came into the file."""
    failures: int = 0
    """Failed runs in a row since then, or since it was resumed."""


USUAL_RUNS = 10  # the newest successes of a job say what is usual


class Success(msgspec.Struct, frozen=True, array_like=True):
    """How a run was that succeeded: what is usual."""

    duration: Duration
    output_bytes: int


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """All that a core needs to go on where another stopped."""

    next_run: int = 1
    jobs: tuple[KnownJob, ...] = ()
    runs: tuple[OpenRun, ...] = ()
    all_paused: Pause | None = None
    boot_id: str = ""
    """The boot at which `@reboot` jobs last fired."""
    next_alert: int = 1
    alerts: tuple[Alert, ...] = ()
    """Those that are not closed, oldest first."""
    mutes: dict[str, Mute] = {}
    usual: dict[str, tuple[Success, ...]] = {}
    """The newest successes of each job, oldest first."""
    monitors: tuple[MonitorDefinition, ...] = ()
    """Those that were defined over the API."""
    next_notice: int = 1
    notices: tuple[Notice, ...] = ()
    """Those that wait, oldest first."""
    told: tuple[Told, ...] = ()
    """Who was told of the alerts that are open."""
    last_notices: tuple[LastNotice, ...] = ()
