"""Events: recorded facts, past tense. The store keeps them, faces fold them.

`step` returns events without numbers; the store numbers them at the commit (`Numbered`).
New fields may be added; readers ignore types they do not know.
"""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.alert import Alert, AlertKind, ClosedFor
from cronterm.model.fact import Event
from cronterm.model.gates import Hold, Need
from cronterm.model.job import Job, Settings
from cronterm.model.monitors import MonitorDefinition
from cronterm.model.notice import NoticeFact
from cronterm.model.problem import Problem
from cronterm.model.run import AttemptEnd, Cause, Outcome, Reason
from cronterm.model.trigger import Signal


class EngineStarted(Event, frozen=True, kw_only=True):
    """An engine took this instance over."""

    pid: int
    version: str
    boot_id: str = ""
    """`@reboot` jobs have fired for this boot."""


class EngineStopping(Event, frozen=True, kw_only=True):
    """The engine decides nothing new and will end."""

    by: str
    stop_runs: bool = False


class ConfigLoaded(Event, frozen=True, kw_only=True):
    """A jobs file was read and is in force."""

    sha256: str
    settings: Settings
    jobs: int


class ConfigRejected(Event, frozen=True, kw_only=True):
    """A jobs file has problems; the definitions before it stay in force."""

    sha256: str
    problems: tuple[Problem, ...]
    is_partial: bool = False
    """Only some files of a directory have; the others are in force."""


class JobAdded(Event, frozen=True, kw_only=True):
    """A job is in the file that was not. It counts from `counts_from`."""

    job: Job
    counts_from: Instant
    first_seen_at: Instant
    """The anchor of its intervals; kept when a job comes back with the same schedule."""


class JobChanged(Event, frozen=True, kw_only=True):
    """A definition differs. Where its schedule does, it counts from `counts_from`."""

    job: Job
    counts_from: Instant | None = None
    first_seen_at: Instant | None = None


class JobRemoved(Event, frozen=True, kw_only=True):
    """A job left the file. Its history stays, its pause goes."""

    job: str


class JobRenamed(Event, frozen=True, kw_only=True):
    """What was known as `old` goes on as `job`; a `JobChanged` or `JobAdded` follows."""

    job: str
    old: str


class JobPaused(Event, frozen=True, kw_only=True):
    """Timed starts of a job are held back."""

    job: str
    by: str
    until: Instant | None = None
    reason: str = ""
    since: Instant | None = None
    """When the pause began that this one changes; None where it begins now."""


class JobResumed(Event, frozen=True, kw_only=True):
    """Timed starts of a job go on; it counts from `counts_from`."""

    job: str
    by: str
    counts_from: Instant


class AllPaused(Event, frozen=True, kw_only=True):
    """Timed starts of all jobs are held back."""

    by: str
    until: Instant | None = None
    reason: str = ""
    since: Instant | None = None
    """When the pause began that this one changes; None where it begins now."""


class AllResumed(Event, frozen=True, kw_only=True):
    """The pause of everything is over; jobs paused one by one stay paused."""

    by: str


class ClockMoved(Event, frozen=True, kw_only=True):
    """The wall clock was corrected by `by`; each job counts anew from now."""

    by: Duration


class CountingMoved(Event, frozen=True, kw_only=True):
    """A job counts from `counts_from`; `decided` spans (from, to] ahead are not repeated."""

    job: str
    counts_from: Instant
    decided: tuple[tuple[Instant, Instant], ...] = ()


class InstantDecided(Event, frozen=True, kw_only=True):
    """Due instants that start nothing: one, or a range that ends at `until`."""

    job: str
    cause: Literal["scheduled", "catch_up"] = "scheduled"
    due_at: Instant
    until: Instant | None = None
    """The last instant of a range; None for a point. A range extends the row before it when that
    has the same outcome, reason and schedule and nothing lies between."""
    count: int = 1
    outcome: Outcome
    reason: Reason
    schedule_hash: str
    message: str = ""


class SkipLifted(Event, frozen=True, kw_only=True):
    """An instant that a person had skipped ahead of time is undecided again."""

    job: str
    due_at: Instant
    by: str


class RunQueued(Event, frozen=True, kw_only=True):
    """A run exists. Its instant, where it has one, is decided with it."""

    run: int
    job: str
    cause: Cause
    ready_at: Instant
    """Not before: the due instant plus its jitter."""
    attempts: int
    """The most attempts there may be."""
    schedule_hash: str = ""
    after: dict[int, Need] = msgspec.field(default_factory=dict)
    """Runs that must end so before this one comes; else it is skipped."""
    definition: Job | None = None
    """What it runs, whatever the job is when it starts; None: what the job is then."""


class RunHeld(Event, frozen=True, kw_only=True):
    """A gate holds a queued run back, or (None) does not any more."""

    run: int
    job: str
    hold: Hold | None


class SignalDecided(Event, frozen=True, kw_only=True):
    """An event that starts nothing, and why."""

    job: str
    signal: Signal
    outcome: Outcome
    reason: Reason
    message: str = ""


class TriggerSuspended(Event, frozen=True, kw_only=True):
    """A trigger started too many runs in a short time: it starts none until it is resumed."""

    job: str
    trigger: str


class TriggersResumed(Event, frozen=True, kw_only=True):
    """The suspended triggers of a job may start runs again."""

    job: str
    by: str


class AttemptClaimed(Event, frozen=True, kw_only=True):
    """An attempt will be started; committed before the runner hears of it."""

    run: int
    job: str
    attempt: int
    runner: str = ""
    """Filled in by the engine."""
    definition: str = ""
    """Hash of the definition that the run is bound to."""
    timed_runs: int | None = None
    """How often the job has run by itself now; None for a retry and for a run by hand."""


class AttemptStarted(Event, frozen=True, kw_only=True):
    """The runner started the process."""

    run: int
    job: str
    attempt: int
    pid: int
    started_at: Instant


class AttemptEnded(Event, frozen=True, kw_only=True):
    """The runner told how an attempt ended."""

    run: int
    job: str
    attempt: int
    end: AttemptEnd


class RetryScheduled(Event, frozen=True, kw_only=True):
    """The run will be tried again."""

    run: int
    job: str
    attempt: int
    """The attempt that comes."""
    ready_at: Instant


class RunStopping(Event, frozen=True, kw_only=True):
    """A running attempt is being ended."""

    run: int
    job: str
    why: Literal["user", "replaced", "shutdown"]
    by: str = ""


class RunEnded(Event, frozen=True, kw_only=True):
    """A run is final."""

    run: int
    job: str
    outcome: Outcome
    reason: Reason
    message: str = ""


class AlertOpened(Event, frozen=True, kw_only=True):
    """Something is worth telling."""

    alert: Alert


class AlertRepeated(Event, frozen=True, kw_only=True):
    """It goes on: `count` is the new one, the rest is about the newest run or instant."""

    alert: int
    job: str
    kind: AlertKind
    count: int
    message: str
    run: int | None = None
    due_at: Instant | None = None
    outcome: Outcome | None = None
    reason: Reason = ""


class AlertAcknowledged(Event, frozen=True, kw_only=True):
    """A person knows of it, or with an empty `by` does not any more."""

    alert: int
    job: str
    by: str


class AlertCommented(Event, frozen=True, kw_only=True):
    """A person wrote something to it."""

    alert: int
    job: str
    by: str
    text: str


class AlertClosed(Event, frozen=True, kw_only=True):
    """It is over: a failure that is `recovered`, or for another of the words of `ClosedFor`."""

    alert: int
    job: str
    kind: AlertKind
    closed_for: ClosedFor


class AlertsMuted(Event, frozen=True, kw_only=True):
    """The alerts of a job are silent until `until`; they are recorded all the same."""

    job: str
    by: str
    until: Instant


class MissedSettled(Event, frozen=True, kw_only=True):
    """What a job missed up to `until` was run now or is ignored. An empty job is all."""

    job: str
    by: str
    until: Instant
    run: int | None = None
    """The run that makes up for it; None is ignored."""


class NextDueMoved(Event, frozen=True, kw_only=True):
    """When each of these jobs is due next; None is never."""

    next_at: dict[str, Instant | None]


class MonitorDefined(Event, frozen=True, kw_only=True):
    """A monitor was defined or changed over the API; a `JobAdded` or `JobChanged` follows."""

    definition: MonitorDefinition


class MonitorDropped(Event, frozen=True, kw_only=True):
    """A monitor of the API is no more."""

    job: str


AnyEvent: TypeAlias = (
    EngineStarted
    | EngineStopping
    | ConfigLoaded
    | ConfigRejected
    | JobAdded
    | JobChanged
    | JobRemoved
    | JobRenamed
    | JobPaused
    | JobResumed
    | AllPaused
    | AllResumed
    | ClockMoved
    | CountingMoved
    | InstantDecided
    | SkipLifted
    | RunQueued
    | RunHeld
    | SignalDecided
    | TriggerSuspended
    | TriggersResumed
    | AttemptClaimed
    | AttemptStarted
    | AttemptEnded
    | RetryScheduled
    | RunStopping
    | RunEnded
    | AlertOpened
    | AlertRepeated
    | AlertAcknowledged
    | AlertCommented
    | AlertClosed
    | AlertsMuted
    | MissedSettled
    | MonitorDefined
    | MonitorDropped
    | NextDueMoved
    | NoticeFact
)


class Numbered(msgspec.Struct, frozen=True):
    """An event with its number; numbers of a store rise by one and never repeat."""

    n: int
    event: AnyEvent
