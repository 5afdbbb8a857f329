"""What the engine relies on, whatever holds the processes."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from cronterm.clock import Instant
from cronterm.control import Output
from cronterm.model.effect import StartAttempt, StopAttempt
from cronterm.model.run import AttemptEnd
from cronterm.runner.pause_point import pause_point

__all__ = [
    "ClaimedAttempt",
    "Ended",
    "Executor",
    "Message",
    "NeverStarted",
    "OutputBatch",
    "Started",
    "Verdict",
    "pause_point",
]


class ClaimedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that is claimed in the store and has no end there."""

    run: int
    attempt: int
    runner: str
    job: str = ""
    is_started: bool = False
    """A process of it was seen."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a takeover found out about a claimed attempt."""

    run: int
    attempt: int
    state: Literal["live", "ended", "never_started", "unknown"]
    """`unknown`: its runner lives and does not answer; it counts as running."""
    pid: int = 0
    started_at: Instant = 0
    end: AttemptEnd | None = None
    output: bytes = b""


class Started(msgspec.Struct, frozen=True):
    """The process of an attempt exists."""

    run: int
    attempt: int
    pid: int
    started_at: Instant


class Ended(msgspec.Struct, frozen=True):
    """An attempt is over; `output` is small output, packed, or empty when it is in files."""

    run: int
    attempt: int
    end: AttemptEnd
    output: bytes
    pid: int = 0
    started_at: Instant = 0
    """0 where it never started; told again, because the word of the start may be lost."""


class NeverStarted(msgspec.Struct, frozen=True):
    """The runner that an attempt was sent to is gone, and its journal does not know it."""

    run: int
    attempt: int


class OutputBatch(msgspec.Struct, frozen=True):
    """Output as it came. Droppable."""

    chunks: tuple[Output, ...]


Message: TypeAlias = Started | Ended | NeverStarted | OutputBatch
OnMessage: TypeAlias = Callable[[Message], None]


class Executor(Protocol):
    """Holds attempts. Messages come by a callback on the engine's loop."""

    @property
    def runner_id(self) -> str:
        """Who holds the attempts that are started from now on."""

    async def open(self, claimed: Sequence[ClaimedAttempt]) -> tuple[Verdict, ...]:
        """Take over what runs, and tell of each claimed attempt what became of it."""

    def start_nowait(self, start: StartAttempt) -> None:
        """Start an attempt; `Started` or `Ended` follows."""

    def more_nowait(self) -> None:
        """Tell that more is to start at once: what else there is to do may wait for a moment."""

    def stop_nowait(self, stop: StopAttempt) -> None:
        """End an attempt by its stop rule; `Ended` follows."""

    def acknowledge_nowait(self, run: int, attempt: int) -> None:
        """Tell that an end is recorded; it is not told again."""

    def watch_nowait(self, *, on: bool) -> None:
        """Have output sent, or not."""

    async def close(self) -> None:
        """Let go of the runner; what runs goes on."""
