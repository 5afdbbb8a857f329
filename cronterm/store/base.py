"""What the engine relies on, whatever keeps the history."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

import msgspec

from cronterm.clock import Instant
from cronterm.errors import CrontermError
from cronterm.model.audit import AuditRow
from cronterm.model.decision import Decisions
from cronterm.model.event import AnyEvent, Numbered
from cronterm.model.job import Keep
from cronterm.model.memory import Memory
from cronterm.model.query import (
    Alerts,
    Calls,
    Counts,
    ListAlerts,
    ListCalls,
    ListMissed,
    ListNotices,
    ListRuns,
    Missed,
    Notices,
    PageRuns,
    ReadDecisions,
    ReadRun,
    ReadStats,
    ReadTimeline,
    ReadTrends,
    RunDetail,
    RunPage,
    Runs,
)
from cronterm.model.snapshot import PastRun, Totals
from cronterm.model.stats import Stats, Trends
from cronterm.model.system import StoreView
from cronterm.model.timeline import Past

AttemptId = tuple[int, int]
"""(run, attempt)."""


class StoreFailing(CrontermError):
    """Nothing was recorded: no space, an I/O error, a lost file. Trying again is right."""


class NewerSchema(CrontermError):
    """The history was written by a newer cronterm; it is left untouched."""


class InstantTaken(Exception):
    """An instant of the batch is already decided; nothing of the batch was recorded."""

    def __init__(self, job: str, due_at: Instant) -> None:
        super().__init__(f"{job}: the instant {due_at} is already decided")
        self.job = job
        self.due_at = due_at


class PrunedRuns(msgspec.Struct, frozen=True):
    """What one slice of retention removed."""

    runs: int = 0
    decisions: int = 0
    attempts: tuple[AttemptId, ...] = ()
    """Their output files may go."""


class Store(Protocol):
    """Remembers. Calls come from one thread at a time; any may raise `StoreFailing`."""

    @property
    def id(self) -> str:
        """Eight random hex digits, new with each new database."""

    @property
    def last_n(self) -> int:
        """The number of the last recorded event."""

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the banner: what had to be set aside or done without."""

    def record(
        self, events: Sequence[AnyEvent], *, outputs: Mapping[AttemptId, bytes] = ...
    ) -> tuple[Numbered, ...]:
        """Number and record all of `events` in one transaction; durable when it returns.

        `outputs` are kept with their attempts. Raises `InstantTaken`.
        """

    def memory(self, *, now: Instant) -> Memory:
        """Return what a core needs to go on from here."""

    def views(self, jobs: Sequence[str]) -> dict[str, tuple[list[PastRun], Totals]]:
        """Return the newest ended runs (oldest first) and the totals of each job.

        A job that is not known has neither.
        """

    def prune(self, keep: Mapping[str, Keep], *, now: Instant, limit: int) -> PrunedRuns:
        """Remove at most `limit` runs beyond their job's `Keep`; jobs not named get the default."""

    def record_calls(self, rows: Sequence[AuditRow]) -> None:
        """Keep calls over TCP, the newest of them."""

    def close(self) -> None:
        """Write everything into the one file and let it go."""


class Reader(Protocol):
    """Looks things up. May be called from any thread, also while no engine runs."""

    def list_runs(self, query: ListRuns, *, now: Instant | None = None) -> Runs:
        """Return matching runs and decisions up to `now`, oldest first."""

    def read_run(self, query: ReadRun) -> RunDetail:
        """Return one run; raises `CrontermError` when there is none."""

    def decisions(self, query: ReadDecisions) -> Decisions:
        """Return the newest decisions about a job, oldest first."""

    def list_alerts(self, query: ListAlerts) -> Alerts:
        """Return the newest alerts, oldest first."""

    def page_runs(self, query: PageRuns) -> RunPage:
        """Return one page of runs, the newest first."""

    def list_calls(self, query: ListCalls) -> Calls:
        """Return the newest calls over TCP, oldest first."""

    def list_notices(self, query: ListNotices) -> Notices:
        """Return what became of the notices about an alert, oldest first."""

    def list_missed(self, query: ListMissed) -> Missed:
        """Return the inbox, oldest first."""

    def counts(self) -> Counts:
        """Return how often what happened, over all time."""

    def stats(self, query: ReadStats, *, now: Instant) -> Stats:
        """Return what the history says in figures, the resources left out."""

    def trends(self, query: ReadTrends, *, now: Instant) -> Trends:
        """Return how runs went over a range of time."""

    def begun(self, query: ReadTimeline) -> Past:
        """Return what began in slots of time."""

    def quarters(self, job: str, since: Instant) -> list[tuple[Instant, int, int]]:
        """Return (quarter of an hour, runs that began in it, failed ones) of a job, in order."""

    def about(self) -> StoreView:
        """Return what the history is as a file, output files left out."""

    def output_blob(self, run: int, attempt: int) -> bytes | None:
        """Return the output that was kept with an attempt, or None when it is in a file."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
