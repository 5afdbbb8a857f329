"""A small engine in memory: commands become events, events fold into a snapshot."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from cronterm.clock import SECOND, Instant
from cronterm.control import Gauges, Lagged, Message, Output
from cronterm.errors import CrontermError
from cronterm.execute.lines import count_lines, read_lines
from cronterm.model.audit import Call
from cronterm.model.command import (
    AcknowledgeAlert,
    AddJob,
    Answer,
    AnyCommand,
    CommentAlert,
    DefineMonitor,
    DeleteJob,
    DropMonitor,
    EditJob,
    IgnoreMissed,
    MoveJob,
    MuteAlerts,
    PauseJob,
    PingJob,
    RenameJob,
    RerunRun,
    ResumeJob,
    RunJob,
    RunMissed,
    ShutDown,
    SkipNext,
    StopRun,
)
from cronterm.model.decision import Decision, Decisions
from cronterm.model.engine_view import EngineView
from cronterm.model.event import (
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    EngineStarted,
    JobAdded,
    JobPaused,
    JobResumed,
    Numbered,
    RunEnded,
    RunQueued,
)
from cronterm.model.fold import fold
from cronterm.model.job import Job, Settings, Shell
from cronterm.model.lines import CountLines, ReadLines
from cronterm.model.notice import NoticeRow
from cronterm.model.outlook import Ahead, Outlook
from cronterm.model.problem import Problem
from cronterm.model.query import (
    Alerts,
    AnyReply,
    AttemptRow,
    Calls,
    ConfigText,
    ListAlerts,
    ListCalls,
    ListMissed,
    ListNext,
    ListNotices,
    ListRuns,
    Missed,
    MissedInstants,
    NextDue,
    Notices,
    OutputChunk,
    OutputPart,
    PageRuns,
    Query,
    ReadConfig,
    ReadDecisions,
    ReadOutlook,
    ReadOutput,
    ReadResolved,
    ReadRun,
    ReadState,
    ReadStats,
    ReadSystem,
    ReadTimeline,
    ReadTrends,
    RunDetail,
    RunPage,
    Runs,
)
from cronterm.model.resolved import Resolved
from cronterm.model.rollup import Rollup
from cronterm.model.run import AttemptEnd, Cause, RunRow
from cronterm.model.snapshot import Snapshot
from cronterm.model.stats import Categories, FileEvents, Trends, make_stats
from cronterm.model.system import StoreView, System
from cronterm.model.tally import Tally, count_event
from cronterm.model.timeline import Lane, Timeline
from cronterm.runner.output import OUT, pack_pieces
from cronterm.schedule.parse import parse

START: Instant = 1_800_000_000 * SECOND
RING_EVENTS = 50
STORE = "5eed0042"


def job(job_id: str, command: str = "true", **words: object) -> Job:
    """Return a job that never starts by itself."""
    parsed = parse("@manual", timezone="UTC", job_id=job_id)
    return msgspec.structs.replace(
        Job(
            id=job_id,
            source="/etc/jobs.yaml",
            directory="/etc",
            working_dir="/",
            action=Shell(command),
            schedule=parsed.specs,
            schedule_text=parsed.text,
        ),
        **words,
    )


class Listener(Protocol):
    """Where messages go."""

    def put_nowait(self, message: Message | None, /) -> None:
        """Take a message; None is the end."""


class FakeControl:
    """Serves commands at once: a run of `talker` prints a line, any run ends with code 0."""

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        self.view = Snapshot(store=STORE, engine=EngineView(host="here", jobs_file="jobs.yaml"))
        self.counts = Tally()
        self.calls: list[Call] = []
        self.refusal: Answer | None = None
        """The answer to every command, where there is one."""
        self.page = RunPage((), 0)
        self.audit = Calls(())
        self.stats = make_stats((), Categories(0, 0, 0), FileEvents())
        self.received: list[tuple[AnyCommand, str | None]] = []
        self.gate: asyncio.Event | None = None
        """Where there is one, a command waits for it."""
        self.is_stopped = False
        self.output: dict[int, bytes] = {}
        self.leaves_open = False
        """A run stays running."""
        self.exit_code = 0
        self.tries = 1
        """How many a run has needed."""
        self.end_as: AttemptEnd | None = None
        self.missed: tuple[MissedInstants, ...] = ()
        """The inbox."""
        self.edits_as = ""
        """The diff of an edit, where edits are taken."""
        self.is_mute = False
        """Streams lose all but snapshots, as one that lags."""
        self._ring: list[Numbered] = []
        self._queues: list[tuple[Listener, bool]] = []
        self._at = START
        self._configured = asyncio.Event()
        self._runs: dict[int, str] = {}
        self.tell(EngineStarted(at=START, pid=4242, version="9.9"))
        for each in jobs or (job("backup"), job("talker")):
            self.tell(JobAdded(at=START, job=each, counts_from=START, first_seen_at=START))

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return len(self._queues)

    def listen(self, listener: Listener, *, output: bool) -> None:
        """Tell `listener` what comes."""
        self._queues.append((listener, output))

    @property
    def waiting(self) -> int:
        """How many messages nobody has taken yet."""
        return sum(queue.qsize() for queue, _ in self._queues if isinstance(queue, asyncio.Queue))

    def tell(self, event: AnyEvent) -> None:
        """Record and publish an event."""
        numbered = Numbered(self.view.n + 1, event)
        count_event(self.counts, self.view, event)
        fold(self.view, numbered)
        self._ring = [*self._ring, numbered][-RING_EVENTS:]
        for queue, _ in self._queues:
            queue.put_nowait(self._copy() if self.is_mute else numbered)

    def offer(self, message: Output | Gauges | Lagged) -> None:
        """Hand out a message that is not recorded."""
        for queue, wants_output in self._queues:
            if wants_output or not isinstance(message, Output):
                queue.put_nowait(message)

    def end_streams(self) -> None:
        """End every stream, as a dying engine would."""
        for queue, _ in self._queues:
            queue.put_nowait(None)

    async def snapshot(self) -> Snapshot:
        """Return a copy."""
        return self._copy()

    def _copy(self) -> Snapshot:
        return msgspec.json.decode(msgspec.json.encode(self.view), type=Snapshot)

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """Yield a snapshot or what was missed, then what comes."""
        queue: asyncio.Queue[Message | None] = asyncio.Queue()
        if after is not None and self._ring[0].n <= after + 1 and after <= self.view.n:
            for numbered in self._ring:
                if numbered.n > after:
                    queue.put_nowait(numbered)
        else:
            queue.put_nowait(await self.snapshot())
        entry = (queue, output)
        self._queues.append(entry)
        try:
            while (message := await queue.get()) is not None:
                yield message
                if isinstance(message, Lagged):
                    yield await self.snapshot()
        finally:
            self._queues.remove(entry)

    def lent_events(self, *, after: int | None, output: bool) -> AsyncIterator[Message]:
        """Yield the same."""
        return self.events(after=after, output=output)

    def look(self) -> Snapshot:
        """Return what there is."""
        return self.view

    def tally(self) -> Tally:
        """Return what was counted."""
        return self.counts

    def configure(self, settings: Settings) -> None:
        """Put other settings into force."""
        self.view.settings = settings
        self._configured.set()
        self._configured = asyncio.Event()

    async def wait_settings(self, known: Settings) -> Settings:
        """Return the settings in force once they differ."""
        while self.view.settings == known:
            await self._configured.wait()
        return self.view.settings

    def note_call(self, call: Call) -> None:
        """Remember it."""
        self.calls.append(call)

    def tell_listeners(self, urls: tuple[str, ...], trouble: str) -> None:
        """Note them."""
        self.view.engine.listeners, self.view.engine.listeners_trouble = urls, trouble

    async def send(self, command: AnyCommand, *, by: str | None = None) -> Answer:
        """Carry out at once."""
        self.received.append((command, by))
        if self.gate is not None:
            await self.gate.wait()
        if self.refusal is not None:
            return self.refusal
        name = getattr(command, "job", "")
        if name and name not in self.view.jobs:
            message, hint = f"there is no job {name}", "did you mean backup?"
            return Answer(ok=False, message=message, hint=hint, kind="unknown_job")
        match command:
            case RunJob():
                return self._run(command, by or "me")
            case PauseJob():
                view = self.view.jobs.get(command.job)
                is_paused = view is not None and view.pause is not None
                self.tell(
                    JobPaused(
                        at=self._at,
                        job=command.job,
                        by=by or "me",
                        until=command.until,
                        reason=command.reason,
                    )
                )
                message = f"{'changed the pause of' if is_paused else 'paused'} {command.job}"
                hint = "it was until resumed: a move" if is_paused else ""
                return Answer(ok=True, n=self.view.n, message=message, hint=hint)
            case ResumeJob():
                self.tell(
                    JobResumed(at=self._at, job=command.job, by=by or "me", counts_from=self._at)
                )
                return Answer(ok=True, n=self.view.n, message=f"resumed {command.job}")
            case AddJob() | EditJob() | DeleteJob() | RenameJob() | MoveJob() if self.edits_as:
                return Answer(ok=True, message="done", diff=self.edits_as)
            case StopRun():
                return Answer(ok=True, n=self.view.n, message="stopping")
            case PingJob() | RerunRun() | RunMissed() | IgnoreMissed() | SkipNext():
                return Answer(ok=True, n=self.view.n, message="noted", run=1)
            case AcknowledgeAlert() | CommentAlert() | MuteAlerts():
                return Answer(ok=True, n=self.view.n, message="noted")
            case DefineMonitor() | DropMonitor():
                return Answer(ok=True, n=self.view.n, message="noted")
            case ShutDown():
                self.is_stopped = True
                return Answer(ok=True, n=self.view.n, message="stopping")
            case _:
                raise CrontermError(f"{type(command).__name__} is not for a fake")

    def _run(self, command: RunJob, by: str) -> Answer:
        run = len(self._runs) + 1
        self._runs[run] = command.job
        at = self._at
        self.tell(
            RunQueued(
                at=at,
                run=run,
                job=command.job,
                cause=Cause("manual", by=by),
                ready_at=at,
                attempts=1,
            )
        )
        n = self.view.n
        self.tell(AttemptClaimed(at=at, run=run, job=command.job, attempt=1))
        self.tell(AttemptStarted(at=at, run=run, job=command.job, attempt=1, pid=99, started_at=at))
        if command.job == "talker":
            self.say(run, b"hello\n")
        if not self.leaves_open:
            end = AttemptEnd(ended_at=at + SECOND, exit_code=self.exit_code)
            self.end(run, self.end_as or end)
        return Answer(ok=True, n=n, run=run, message=f"run {run} of {command.job} queued")

    def say(self, run: int, content: bytes) -> None:
        """Let a run print."""
        offset = len(self.output.get(run, b""))
        self.output[run] = self.output.get(run, b"") + content
        self.offer(Output(run, self._runs[run], 1, offset, self._at, "out", content))

    def end(self, run: int, end: AttemptEnd) -> None:
        """End a run."""
        name = self._runs[run]
        self.tell(AttemptEnded(at=self._at, run=run, job=name, attempt=1, end=end))
        if end.stopped_for == "timeout":
            self.tell(RunEnded(at=self._at, run=run, job=name, outcome="timed_out", reason=""))
        elif end.signal is not None:
            self.tell(RunEnded(at=self._at, run=run, job=name, outcome="failed", reason="signal"))
        elif end.exit_code:
            self.tell(RunEnded(at=self._at, run=run, job=name, outcome="failed", reason="exit"))
        else:
            self.tell(RunEnded(at=self._at, run=run, job=name, outcome="succeeded", reason=""))

    async def query(self, query: Query) -> AnyReply:
        """Answer from memory."""
        match query:
            case ListRuns():
                rows = tuple(
                    row
                    for row in map(self._row, self._runs)
                    if query.job in ("", row.job)
                    and (not query.outcomes or row.outcome in query.outcomes)
                    and (query.before_run is None or (row.run or 0) < query.before_run)
                    and (query.after_run is None or (row.run or 0) > query.after_run)
                )
                if query.limit is None:
                    return Runs(rows)
                return Runs(rows[: query.limit] if query.is_forward else rows[-query.limit :])
            case ReadRun():
                if query.run not in self._runs:
                    raise CrontermError(f"there is no run {query.run}", "`cronterm history`")
                attempt = AttemptRow(attempt=1, claimed_at=START, started_at=START)
                return RunDetail(self._row(query.run), (attempt,))
            case ReadOutput():
                return self._part(query)
            case ReadLines(run=run):
                return read_lines(Path(), query, blob=self._blob(run), complete=True)
            case CountLines(run=run):
                return count_lines(Path(), query, blob=self._blob(run))
            case ListNext():
                names = query.jobs or tuple(self.view.jobs)
                return NextDue(dict.fromkeys(names, (START + SECOND,)))
            case ReadDecisions():
                if query.job not in self.view.jobs:
                    raise CrontermError(f"there is no job {query.job}", "did you mean backup?")
                end = self._row(1).outcome if 1 in self._runs else None
                decision = Decision(
                    job=query.job, due_at=START, decided_at=START, run=1, outcome=end
                )
                return Decisions((decision,), ("It is due next at noon.",))
            case ListAlerts():
                return Alerts(tuple(self.view.alerts.values()), self.view.mutes)
            case ListNotices():
                row = NoticeRow(notifier="chat", event="failure", state="sent", at=START)
                return Notices((row,))
            case ListMissed():
                return Missed(self.missed)
            case ReadConfig():
                problem = Problem(file="jobs.yaml", line=3, column=5, message="no", hint="yes")
                return ConfigText(path="jobs.yaml", sha256="0", text="jobs:", problems=(problem,))
            case ReadResolved():
                return Resolved(job=query.job, file="jobs.yaml", line=3, values=())
            case ReadState():
                return self._copy()
            case ReadSystem():
                return System(store=StoreView(path="history.db"), versions={"cronterm": "0.1.0"})
            case ReadTimeline():
                names = query.jobs or tuple(self.view.jobs)
                return Timeline(
                    now=START,
                    lanes={name: Lane() for name in names},
                    load=(0,) * query.slots,
                    agenda=((START + SECOND, "backup"),),
                    total=1,
                )
            case ListCalls():
                return self.audit
            case ReadOutlook():
                return Outlook(timezone="UTC", coming=(Ahead(START + SECOND),))
            case ReadStats():
                return self.stats
            case ReadTrends():
                return Trends(since=START, until=START, step=SECOND, total=Rollup(scheduled=1))
            case PageRuns():
                return self.page
            case _:
                raise CrontermError("what?")

    def _row(self, run: int) -> RunRow:
        is_open = run in self.view.jobs[self._runs[run]].live
        past = next((p for p in self.view.jobs[self._runs[run]].recent if p.run == run), None)
        return RunRow(
            run=run,
            job=self._runs[run],
            cause="manual",
            by="me",
            queued_at=START,
            started_at=START,
            ended_at=None if is_open else START + SECOND,
            outcome=past.outcome if past else None,
            reason=past.reason if past else "",
            exit_code=past.exit_code if past else None,
            signal=past.signal if past else None,
            attempt=self.tries,
            cpu_us=12_500,
            output_bytes=len(self.output.get(run, b"")),
        )

    def _blob(self, run: int) -> bytes:
        return pack_pieces([(0, START, OUT, 0, self.output.get(run, b""))])

    def _part(self, query: ReadOutput) -> OutputPart:
        if query.run not in self._runs:
            raise CrontermError(f"there is no run {query.run}")
        whole = self.output.get(query.run, b"")
        start = max(len(whole) - query.max_bytes, 0) if query.offset is None else query.offset
        part = whole[start : start + query.max_bytes]
        chunk = OutputChunk(offset=start, at=START, stream="out", data=part)
        return OutputPart(
            run=query.run,
            attempt=1,
            chunks=(chunk,) if part else (),
            first_offset=start,
            next_offset=start + len(part),
            end_offset=len(whole),
            complete=query.run not in self.view.jobs[self._runs[query.run]].live,
        )
