"""Queries: questions that change nothing, and their answers."""

from typing import Literal, TypeAlias

import msgspec

from cronterm.clock import Duration, Instant
from cronterm.model.alert import Alert, Mute
from cronterm.model.audit import AuditRow
from cronterm.model.decision import Decisions
from cronterm.model.lines import CountLines, LineCount, OutputLines, ReadLines
from cronterm.model.notice import NoticeRow
from cronterm.model.outlook import Outlook
from cronterm.model.problem import Problem
from cronterm.model.question import Query as Query
from cronterm.model.resolved import Resolved
from cronterm.model.run import AttemptEnd, CauseKind, Outcome, Reason, RunRow
from cronterm.model.snapshot import Snapshot
from cronterm.model.stats import Stats, Trends
from cronterm.model.system import System
from cronterm.model.timeline import Timeline
from cronterm.model.trigger import FileEvent


class ListRuns(Query, frozen=True, kw_only=True):
    """History: runs and decisions that started nothing. Answer: `Runs`."""

    job: str = ""
    """Of this job only, also one that left the file."""
    outcomes: tuple[Outcome, ...] = ()
    causes: tuple[CauseKind, ...] = ()
    decisions: bool = True
    """With the decisions that started nothing."""
    since: Instant | None = None
    until: Instant | None = None
    """Only what was recorded before it."""
    before_run: int | None = None
    """Only runs with a smaller number (paging back)."""
    after_run: int | None = None
    """Only runs with a greater number (paging forward; after 0 are the oldest)."""
    limit: int | None = None
    """At most that many, the newest, or with `after_run` the oldest. They come oldest first."""

    @property
    def is_forward(self) -> bool:
        """The oldest rows that match are wanted, not the newest."""
        return self.after_run is not None and self.before_run is None


class Runs(msgspec.Struct, frozen=True):
    """Rows, oldest first."""

    rows: tuple[RunRow, ...]


class ReadRun(Query, frozen=True, kw_only=True):
    """One run with its attempts. Answer: `RunDetail`."""

    run: int


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a run."""

    attempt: int
    claimed_at: Instant
    started_at: Instant | None = None
    pid: int | None = None
    end: AttemptEnd | None = None


class RunDetail(msgspec.Struct, frozen=True):
    """A run, its attempts oldest first, and the definition it was bound to (JSON text)."""

    row: RunRow
    attempts: tuple[AttemptRow, ...]
    definition: str = ""


class ReadOutput(Query, frozen=True, kw_only=True):
    """Output of an attempt. Answer: `OutputPart`."""

    run: int
    attempt: int | None = None
    """None is the last one."""
    offset: int | None = None
    """From this byte on (offsets count dropped bytes too); None is from the end back."""
    max_bytes: int = 65_536


class OutputChunk(msgspec.Struct, frozen=True):
    """Bytes of one stream that arrived together."""

    offset: int
    at: Instant
    stream: Literal["out", "err"]
    data: bytes


class OutputPart(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive chunks; `next_offset` continues, `end_offset` is what there is by now."""

    run: int
    attempt: int
    chunks: tuple[OutputChunk, ...]
    first_offset: int = 0
    next_offset: int = 0
    end_offset: int = 0
    dropped: tuple[int, int] | None = None
    """Offsets (from, to) that the size limit dropped, where this part meets them."""
    complete: bool = False
    """The attempt has ended: `end_offset` is final."""


class ListNext(Query, frozen=True, kw_only=True):
    """Coming due instants. Answer: `NextDue`."""

    jobs: tuple[str, ...] = ()
    """Empty is all."""
    after: Instant | None = None
    limit: int = 5
    """Per job, at most 500."""


class HeldBack(msgspec.Struct, frozen=True):
    """An instant that a calendar, a pause or a person keeps back, and which."""

    at: Instant
    why: str
    by_pause: bool = False
    """All that follow are kept back, too, up to `until`; only the first is told."""
    until: Instant | None = None
    """When the pause ends by itself."""
    is_decided: bool = False
    """Ahead of its time: `why` tells of it as well."""


class NextDue(msgspec.Struct, frozen=True):
    """Instants by job, soonest first."""

    next: dict[str, tuple[Instant, ...]]
    held: dict[str, tuple[HeldBack, ...]] = {}
    """Those before the last of them that are kept back, at most 20 of a job."""


class ReadDecisions(Query, frozen=True, kw_only=True):
    """The decision log of a job, for `why`. Answer: `Decisions`."""

    job: str
    at: Instant | None = None
    """Only what covers this instant."""
    until: Instant | None = None
    """With `at`: what covers any instant from `at` up to this one."""
    limit: int = 20


class ReadCounts(Query, frozen=True, kw_only=True):
    """How often what happened, over all time. Answer: `Counts`."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """By job: runs by the kind of their cause, and changes of files by their kind."""

    runs: dict[str, dict[CauseKind, int]]
    files: dict[str, dict[FileEvent, int]]


class ReadConfig(Query, frozen=True, kw_only=True):
    """The jobs file as it is on disk. Answer: `ConfigText`."""

    job: str = ""
    """Only this job's block, as it stands in the file."""


class ConfigText(msgspec.Struct, frozen=True, kw_only=True):
    """`text` of the file or of one block; `sha256` is always the file's."""

    path: str
    sha256: str
    text: str
    line: int = 1
    """Line of the file where `text` begins."""
    problems: tuple[Problem, ...] = ()


class ReadResolved(Query, frozen=True, kw_only=True):
    """Every value of a job as the files have it now, and its place. Answer: `Resolved`."""

    job: str


class ListAlerts(Query, frozen=True, kw_only=True):
    """Alerts, the newest. Answer: `Alerts`."""

    job: str = ""
    """Of this job only."""
    closed: bool = False
    """With those that are over."""
    limit: int = 200


class Alerts(msgspec.Struct, frozen=True):
    """Alerts, oldest first, and the mutes of jobs that have not ended."""

    alerts: tuple[Alert, ...]
    mutes: dict[str, Mute] = {}


class ListNotices(Query, frozen=True, kw_only=True):
    """Who was told of an alert, and who could not be. Answer: `Notices`."""

    alert: int
    limit: int = 50
    """At most that many, the newest."""


class Notices(msgspec.Struct, frozen=True):
    """Rows, oldest first."""

    rows: tuple[NoticeRow, ...]


class ListMissed(Query, frozen=True, kw_only=True):
    """The inbox: missed instants that were neither run nor ignored. Answer: `Missed`."""

    job: str = ""
    """Of this job only."""
    limit: int = 200


class MissedInstants(msgspec.Struct, frozen=True, kw_only=True):
    """Instants that were missed together: one, or `count` of them up to `until`."""

    job: str
    due_at: Instant
    until: Instant
    count: int = 1
    reason: Reason = ""
    decided_at: Instant
    is_range: bool = False
    """An instant of it can still get a row of its own."""


class Missed(msgspec.Struct, frozen=True):
    """Rows, the newest `limit`, oldest first."""

    rows: tuple[MissedInstants, ...]


class ReadState(Query, frozen=True, kw_only=True):
    """What is visible now, also where no engine runs. Answer: `Snapshot`, its pid 0 without one."""


Range: TypeAlias = Literal["1h", "24h", "7d", "30d", "all"]
"""How far back figures go: whole five minutes of an hour, hours of a day, days (UTC) of more."""


class ReadTimeline(Query, frozen=True, kw_only=True):
    """What began and what comes, in equal slots of time. Answer: `Timeline`."""

    since: Instant
    slot: Duration
    slots: int
    """At most 500."""
    jobs: tuple[str, ...] = ()
    """Lanes of these only; the load and the agenda are of all."""
    within: tuple[str, ...] | None = None
    """The load and the agenda are of these only; None is of all."""
    agenda: int = 100
    """At most that many instants, the soonest."""


class ReadOutlook(Query, frozen=True, kw_only=True):
    """What comes of one job, and at which hours of the week it runs. Answer: `Outlook`."""

    job: str
    limit: int = 20
    """At most that many instants that start something, 500 at most."""


class ReadSystem(Query, frozen=True, kw_only=True):
    """The program itself: processes, store, versions. Answer: `System`."""


class ReadStats(Query, frozen=True, kw_only=True):
    """What the history says in figures. Answer: `Stats`."""

    job: str = ""
    """Of this job only."""
    range: Range = "all"
    resources: bool = True
    """With the machine's load, which takes a tenth of a second to measure."""
    days: bool = True
    """With what ran within the last day, and what failed on each of the last fourteen."""


class ReadTrends(Query, frozen=True, kw_only=True):
    """How runs went over a range of time, and over the one before it. Answer: `Trends`."""

    job: str = ""
    """Of this job only."""
    range: Range = "24h"


class PageRuns(Query, frozen=True, kw_only=True):
    """Runs by pages, the newest first. Answer: `RunPage`."""

    job: str = ""
    page: int = 1
    per_page: int = 10


class RunPage(msgspec.Struct, frozen=True):
    """One page, the newest first, and how many runs there are in all."""

    rows: tuple[RunRow, ...]
    total: int


class ListCalls(Query, frozen=True, kw_only=True):
    """Calls over TCP. Answer: `Calls`."""

    limit: int = 200
    """At most that many rows, the newest."""


class Calls(msgspec.Struct, frozen=True):
    """Rows, oldest first."""

    rows: tuple[AuditRow, ...]


AnyQuery: TypeAlias = (
    ListRuns
    | ReadRun
    | ReadOutput
    | ReadLines
    | CountLines
    | ListNext
    | ReadDecisions
    | ReadConfig
    | ReadResolved
    | ReadCounts
    | ReadStats
    | ReadTrends
    | ListAlerts
    | ListNotices
    | ListMissed
    | ReadState
    | PageRuns
    | ListCalls
    | ReadTimeline
    | ReadOutlook
    | ReadSystem
)
AnyReply: TypeAlias = (
    Runs
    | RunDetail
    | OutputPart
    | OutputLines
    | LineCount
    | NextDue
    | Decisions
    | ConfigText
    | Resolved
    | Counts
    | Stats
    | Trends
    | Alerts
    | Notices
    | Missed
    | Snapshot
    | RunPage
    | Calls
    | Timeline
    | Outlook
    | System
)
