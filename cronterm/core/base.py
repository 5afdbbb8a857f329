"""What the core is told and what it answers."""

from typing import TypeAlias

import msgspec

from cronterm.clock import Instant
from cronterm.model.command import (
    AcknowledgeAlert,
    Answer,
    CommentAlert,
    FireHook,
    IgnoreMissed,
    MuteAlerts,
    PauseJob,
    PingJob,
    ResumeJob,
    RunJob,
    RunMissed,
    SkipNext,
    StopRun,
)
from cronterm.model.effect import CheckCondition, ReportedLine, StartAttempt, StopAttempt
from cronterm.model.event import AnyEvent
from cronterm.model.job import Job, Settings
from cronterm.model.run import AttemptEnd
from cronterm.model.trigger import Signal


class RunAgain(msgspec.Struct, frozen=True, tag=True):
    """Run by a definition that the engine looked up: what run `run` was, or what is not saved."""

    run: int | None
    definition: Job
    scheduled_at: Instant | None = None
    params: dict[str, str] = {}
    edited: tuple[str, ...] = ()
    """Words of the definition that are not as they were."""


AlertCommand: TypeAlias = AcknowledgeAlert | CommentAlert | MuteAlerts
RunCommand: TypeAlias = (
    RunJob
    | StopRun
    | PauseJob
    | ResumeJob
    | FireHook
    | PingJob
    | RunAgain
    | RunMissed
    | IgnoreMissed
    | SkipNext
    | AlertCommand
)


class Tick(msgspec.Struct, frozen=True, tag=True):
    """Nothing happened but time. Every step decides what is due, with or without it."""


class ConfigChanged(msgspec.Struct, frozen=True, tag=True):
    """A complete new set of definitions is in force. `first` at engine start."""

    jobs: tuple[Job, ...]
    settings: Settings
    sha256: str


class Commanded(msgspec.Struct, frozen=True, tag=True):
    """A person asked. `token` comes back with the answer. `by` is the peer's user name."""

    command: RunCommand
    by: str
    token: int


class Started(msgspec.Struct, frozen=True, tag=True):
    """The runner started an attempt. Told again after a takeover: harmless."""

    run: int
    attempt: int
    pid: int
    started_at: Instant


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The runner told an end (or recovery found one). Told again: harmless."""

    run: int
    attempt: int
    end: AttemptEnd


class NeverStarted(msgspec.Struct, frozen=True, tag=True):
    """Recovery found a claim that its runner never heard of: start it now if still in time."""

    run: int
    attempt: int


class Checked(msgspec.Struct, frozen=True, tag=True):
    """Whether the condition of a queued run holds; `message` says for people why not."""

    run: int
    passed: bool
    message: str = ""


class Signalled(msgspec.Struct, frozen=True, tag=True):
    """A watcher saw a trigger of a job come true."""

    job: str
    signal: Signal


class Delivered(msgspec.Struct, frozen=True, tag=True):
    """A notifier took one message for these notices, or did not."""

    notifier: str
    notices: tuple[tuple[int, int], ...]
    """(number, what it stood for in `more` when it was sent)."""
    channel: str = ""
    title: str = ""
    error: str = ""
    """Why it could not be sent; without `retry_at` it is given up."""
    retry_at: Instant | None = None


class Drain(msgspec.Struct, frozen=True, tag=True):
    """The engine stops: decide nothing new. With `stop_runs` every open attempt is stopped."""

    by: str
    stop_runs: bool = False


Input: TypeAlias = (
    Tick
    | ConfigChanged
    | Commanded
    | Started
    | Ended
    | NeverStarted
    | Checked
    | Signalled
    | Delivered
    | Drain
)


class Effects(msgspec.Struct, frozen=True):
    """In this order: record `events` in one transaction, stop, start, answer, publish."""

    events: tuple[AnyEvent, ...] = ()
    stops: tuple[StopAttempt, ...] = ()
    starts: tuple[StartAttempt, ...] = ()
    answers: tuple[tuple[int, Answer], ...] = ()
    """(token, answer) for each `Commanded` of the batch."""
    checks: tuple[CheckCondition, ...] = ()
    lines: tuple[ReportedLine, ...] = ()
    """Kept after the commit, in order."""
    forgotten: tuple[int, ...] = ()
    """Runs that ended while their condition was looked at: nobody waits for it any more."""
