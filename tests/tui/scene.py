"""A fixed picture for screens: jobs in every state, a clock that stands still."""

import asyncio
import inspect
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cronterm.clock import DAY, HOUR, MINUTE, SECOND, Clock, Duration, Instant, Now, instant
from cronterm.control import Gauges, Message, Output
from cronterm.engine.outlook import make_outlook
from cronterm.engine.prospect import make_timeline
from cronterm.errors import CrontermError
from cronterm.execute.lines import count_lines, read_lines
from cronterm.model.alert import Alert, AlertKind, ClosedFor, Comment, Mute
from cronterm.model.command import Answer, AnyCommand, TryJob, UndoEdit
from cronterm.model.decision import Decision, Decisions
from cronterm.model.engine_view import EngineView
from cronterm.model.event import (
    AnyEvent,
    AttemptStarted,
    InstantDecided,
    Numbered,
    RetryScheduled,
)
from cronterm.model.job import Job, Settings, Shell
from cronterm.model.lines import CountLines, ReadLines
from cronterm.model.notice import NoticeRow
from cronterm.model.problem import Problem
from cronterm.model.query import (
    Alerts,
    AnyReply,
    AttemptRow,
    ConfigText,
    ListAlerts,
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
    Query,
    ReadConfig,
    ReadDecisions,
    ReadOutlook,
    ReadOutput,
    ReadResolved,
    ReadRun,
    ReadStats,
    ReadSystem,
    ReadTimeline,
    ReadTrends,
    RunDetail,
    Runs,
)
from cronterm.model.resolved import Resolved, Value
from cronterm.model.run import Cause, Reason, RunRow
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Pause, Snapshot, count
from cronterm.model.system import ProcessView, RunnerView, StoreView, System
from cronterm.model.timeline import Begun, Past
from cronterm.runner.output import ERR, OUT, pack_pieces
from cronterm.schedule.base import CalendarSpec
from cronterm.schedule.calendars import Calendars
from cronterm.schedule.parse import parse
from cronterm.tui.app import CrontermApp
from cronterm.tui.home import Hosting
from cronterm.tui.look import UNICODE, Glyphs
from cronterm.tui.personal import Person
from cronterm.tui.remembered import Remembered
from cronterm.tui.screens.compare import PART_BYTES
from cronterm.tui.words import moment
from tests.tui import figures

MANY_RUNS = 1_200
OLD_DEFINITION = '{"id": "invoice-export", "timeout": 300, "line": 40}'
DEFINITION = '{"id": "invoice-export", "timeout": 60, "line": 41}'
NIGHTS = tuple((day * 86_400, day * 86_400 + 7 * 3600) for day in range(7))
CALENDARS = {"nights": CalendarSpec(windows=NIGHTS), "sundays": CalendarSpec(weekdays=(6,))}
NOW = instant(datetime(2026, 11, 21, 14, 32, 7, tzinfo=UTC))

JOBS = (
    ("db-backup-nightly", "30 2 * * *", "Dump the database and ship it off", 621, 0),
    ("wal-archive", "*/5 * * * *", "Archive write-ahead logs", 591, 0),
    ("invoice-export", "0 */4 * * *", "Export new invoices to the ERP", 1400, 4),
    ("search-reindex", "*/30 * * * *", "Rebuild the search index", 20_900, 0),
    ("cert-renew", "15 3 * * 1", "Renew certificates", 1200, 0),
    ("flaky-upload", "*/10 * * * *", "Upload with retries", 3000, 0),
    ("log-rotate", "30 0 * * *", "Rotate logs", 275, 0),
    ("mail-queue-flush", "@every 90s", "Flush the mail queue", 194, 0),
    ("s3-sync-eu", "0 9 * * mon-fri", "Mirror the bucket", 123_000, 0),
    ("report-weekly", "0 8 * * mon", "Weekly report", 3900, 1),
    ("retired", "@hourly", "Kept for reference", 0, 0),
    ("new-job", "@manual", "Never ran", 0, 0),
)


DIFF = "--- jobs.yaml\n+++ jobs.yaml\n@@ -1 +1 @@\n-    command: ls\n+    command: ls -l\n"


class StillClock:
    """Always the same moment."""

    def now(self) -> Now:
        """Return it."""
        return Now(NOW, NOW)


class MovingClock(StillClock):
    """Goes on when the test says so."""

    passed: Duration = 0

    def now(self) -> Now:
        """Return it."""
        return Now(NOW + self.passed, NOW + self.passed)


def job(job_id: str, schedule: str, **words: Any) -> Job:
    """Return a definition."""
    parsed = parse(schedule, timezone="UTC", job_id=job_id)
    return Job(
        id=job_id,
        source="/srv/ops/jobs.yaml",
        directory="/srv/ops",
        working_dir="/srv/ops",
        schedule=parsed.specs,
        schedule_text=parsed.text,
        action=Shell(f"/opt/bin/{job_id} --since=1h"),
        **words,
    )


def past(job_number: int, number: int, took: int, *, is_failed: bool) -> PastRun:
    """Return an ended run whose duration varies in a fixed way."""
    ended_at = NOW - (30 - number) * 10 * MINUTE - job_number * MINUTE
    length = took * (80 + (number * 37 + job_number * 11) % 50) * 10
    return PastRun(
        run=number * 20 + job_number,
        ended_at=ended_at,
        outcome="failed" if is_failed else "succeeded",
        reason="exit" if is_failed else "",
        started_at=ended_at - length,
        duration=length,
        exit_code=1 if is_failed else 0,
        attempt=1,
    )


def scene() -> Snapshot:
    """Return the snapshot that all pictures are made of."""
    settings = Settings(calendars=CALENDARS, max_running=256)
    snapshot = Snapshot(n=100, store="abcd1234", settings=settings, sha256="0" * 64)
    snapshot.loaded_at = NOW - 12 * SECOND
    snapshot.engine = EngineView(
        pid=812,
        version="0.1.0",
        started_at=NOW - DAY,
        host="prod-db-01",
        jobs_file="/srv/ops/jobs.yaml",
    )
    for number, (name, schedule, text, took, failures) in enumerate(JOBS):
        words: dict[str, Any] = {"description": text, "tags": ("db",) if number < 3 else ()}
        if name == "search-reindex":
            words |= {"exclude": ("nights", "sundays"), "jitter": 2 * MINUTE}
        view = JobView(job=job(name, schedule, enabled=name != "retired", **words))
        if took:
            for each in range(30):
                ended = past(number, each, took, is_failed=each >= 30 - failures)
                view.recent.append(ended)
                count(view.totals, ended)
            view.next_at = NOW + (number * number * 7 + 8) * SECOND
        snapshot.jobs[name] = view
    _live(snapshot, "search-reindex", 901, "running", NOW - 252 * SECOND)
    _live(snapshot, "flaky-upload", 902, "retrying", NOW - 40 * SECOND)
    snapshot.jobs["cert-renew"].pause = Pause("ann", NOW - HOUR, reason="disk swap")
    _told(snapshot, "failure", "report-weekly", "exit 1", NOW - 19 * MINUTE)
    _told(snapshot, "failure", "invoice-export", "exit 1", NOW - 12 * MINUTE, count=4)
    text = "runs 10 times as long as usual, 20.9s"
    _told(snapshot, "long", "search-reindex", text, NOW - 42 * SECOND)
    _told_and_known(snapshot)
    return snapshot


def _told_and_known(snapshot: Snapshot) -> None:
    """Add alerts that need no look: one is acknowledged and commented, one is muted."""
    text = "took 0.4s, usually 194s"
    _told(snapshot, "suspicious", "mail-queue-flush", text, NOW - 5 * HOUR, count=2)
    text = "nothing was reported in time"
    _told(snapshot, "missed", "s3-sync-eu", text, NOW - 26 * HOUR)
    snapshot.mutes["mail-queue-flush"] = Mute("ann", NOW - HOUR, NOW + 3 * HOUR)
    said = Comment("bob", NOW - HOUR, "the mirror is serviced until 16:00, ticket OPS-2211")
    snapshot.alerts[5] = msgspec.structs.replace(
        snapshot.alerts[5],
        due_at=NOW - 26 * HOUR,
        acknowledged_by="ann",
        acknowledged_at=NOW - 2 * HOUR,
        comments=(Comment("ann", NOW - 2 * HOUR, "known, vendor asked"), said),
    )
    snapshot.alerts[2] = msgspec.structs.replace(
        snapshot.alerts[2], run=1200, opened_at=NOW - 9 * HOUR, comments=(said,)
    )


def _told(
    snapshot: Snapshot, kind: AlertKind, name: str, text: str, at: Instant, *, count: int = 1
) -> None:
    number = len(snapshot.alerts) + 1
    snapshot.alerts[number] = Alert(
        id=number, kind=kind, job=name, message=text, count=count, opened_at=at, last_at=at
    )


def _live(snapshot: Snapshot, name: str, run: int, state: Any, started_at: Instant) -> None:
    snapshot.jobs[name].live[run] = LiveRun(
        run=run,
        job=name,
        cause=Cause("scheduled", due_at=started_at),
        state=state,
        queued_at=started_at,
        ready_at=NOW + 20 * SECOND if state == "retrying" else started_at,
        attempts=3,
        attempt=1,
        pid=48213 if state == "running" else None,
        started_at=started_at,
        attempt_started_at=started_at,
    )


class FakeControl:
    """Tells the scene, remembers what it was asked, answers from fixed rows."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.scene = scene() if snapshot is None else snapshot
        self.sent: list[AnyCommand] = []
        self.refusal: Answer | None = None
        self.undoable = Answer(ok=False, kind="invalid", message="there is nothing to undo")
        """What is said to the question what would be undone."""
        self.action = "command: |\n      cd /srv\n      ls -l\n"
        """The last word of each job's part of the file."""
        self.missed: list[MissedInstants] = []
        """The inbox, oldest first."""
        self.idle: set[str] = set()
        """Jobs of which nothing ran."""
        self.gate = asyncio.Event()
        """Closed, no question is answered."""
        self.gate.set()
        self.answering = asyncio.Event()
        """Closed, no command is answered."""
        self.answering.set()
        self.more: asyncio.Queue[Message] = asyncio.Queue()

    async def snapshot(self) -> Snapshot:
        """Return the scene."""
        return self.scene

    async def events(
        self, *, after: int | None = None, output: bool = True
    ) -> AsyncIterator[Message]:
        """Yield the scene, a little life, then what the test adds."""
        yield self.scene
        for step in range(-120, 1):
            cpu = 0.41 + (step * 37 % 17 + step * step % 11 - 8 * (step % 40 > 25)) / 100
            yield Gauges(NOW, cpu, 0.61 + step / 900, 0.87, "/var", 0.62, 16 << 30, 10 << 30)
        for message in life():
            yield message
        while True:
            yield await self.more.get()

    async def send(self, command: AnyCommand) -> Answer:
        """Remember the command, unless it only looks."""
        if isinstance(command, UndoEdit) and command.dry_run:
            return self.undoable
        self.sent.append(command)
        await self.answering.wait()
        if self.refusal is not None:
            return self.refusal
        run = 9 if isinstance(command, TryJob) else None
        return Answer(ok=True, message="done", sha256=f"{len(self.sent)}" * 64, diff=DIFF, run=run)

    async def query(self, query: Query) -> AnyReply:
        """Answer from fixed rows."""
        await self.gate.wait()
        match query:
            case ListRuns(job="", limit=500):
                return self._all_runs(query)
            case ListRuns(job=name) if name in self.idle:
                return Runs(())
            case ListRuns(outcomes=outcomes, before_run=before, since=since, until=until):
                rows = (row(number) for number in range(1, min(before or 13, 13)))
                rows = (r for r in rows if not outcomes or r.outcome in outcomes)
                low, high = since or 0, until or NOW
                return Runs(tuple(r for r in rows if low <= r.queued_at < high))
            case ReadRun(run=run):
                attempt = AttemptRow(attempt=1, claimed_at=NOW, started_at=NOW, end=None)
                shown = row(run % 12 or 12)
                is_old = shown.outcome == "succeeded"
                return RunDetail(shown, (attempt,), OLD_DEFINITION if is_old else DEFINITION)
            case ReadOutput(run=run, max_bytes=max_bytes) if max_bytes == PART_BYTES and run < 10:
                return OutputPart(run=run, attempt=1, chunks=good_chunks())
            case ReadOutput(run=run):
                return OutputPart(
                    run=run, attempt=1, chunks=chunks(), next_offset=400, end_offset=400
                )
            case ReadLines():
                return read_lines(Path(), query, blob=printed(), complete=False)
            case CountLines():
                return count_lines(Path(), query, blob=printed())
            case ListNext(jobs=jobs):
                return NextDue({name: tuple(NOW + n * HOUR for n in range(1, 6)) for name in jobs})
            case ReadDecisions(job=name, at=int(since), until=int(until)):
                return decided(self.scene.jobs[name], since, until)
            case ReadDecisions(job=name, at=at):
                last = why(name)[-1:]
                return Decisions((), why(name) if at is None else ("It is due.", *last), last)
            case ListAlerts(job=name):
                past = past_alerts() if self.scene.alerts else ()
                past = tuple(each for each in past if name in ("", each.job))
                return Alerts((*past, *self.scene.alerts.values()), self.scene.mutes)
            case ListNotices(alert=alert):
                return Notices(told_of(alert))
            case ListMissed(limit=limit):
                return Missed(tuple(self.missed[-limit:]))
            case ReadSystem():
                return system()
            case ReadTimeline():
                return make_timeline(query, self.scene, begun(query, self.scene), now=NOW)
            case ReadOutlook(job=name, limit=limit):
                view, calendars = self.scene.jobs[name], Calendars(CALENDARS)
                return make_outlook(view, calendars, quarters(), now=NOW, limit=limit)
            case ReadConfig(job=name):
                text = (
                    f"  {name}:\n    schedule: '0 */4 * * *'  # often\n    overlap: queue\n"
                    f"    {self.action}"
                )
                return ConfigText(path="/srv/ops/jobs.yaml", sha256="0" * 64, text=text, line=41)
            case ReadResolved(job=name):
                return Resolved(job=name, file="/srv/ops/jobs.yaml", line=41, values=values(name))
            case ReadStats(range=within):
                return figures.stats(within, NOW)
            case ReadTrends(range=within, job=name):
                return figures.trends(within, NOW, name)
            case _:
                raise CrontermError("not asked here")

    def _all_runs(self, query: ListRuns) -> Runs:
        last = min(query.before_run or MANY_RUNS + 1, MANY_RUNS + 1)
        most = query.limit or last
        if query.after_run is not None:
            numbers = range(query.after_run + 1, min(query.after_run + 1 + most, last))
        else:
            numbers = range(max(last - most, 1), last)
        rows = (any_row(number) for number in numbers)
        wanted = [row for row in rows if not query.outcomes or row.outcome in query.outcomes]
        return Runs(tuple(row for row in wanted if not query.causes or row.cause in query.causes))


def quarters() -> list[tuple[Instant, int, int]]:
    """Return when each job of the scene began in twelve weeks, and how often that failed."""
    at = [NOW - n * 4 * HOUR - n % 7 * HOUR for n in range(480, 0, -1)]
    return [(each // HOUR * HOUR, 1 + n % 3, int(n % 97 == 5)) for n, each in enumerate(at)]


def values(name: str) -> tuple[Value, ...]:
    """Return the values of a job, from all kinds of places."""
    own: dict[str, Any] = {"origin": "job", "file": "/srv/ops/jobs.yaml"}
    above: dict[str, Any] = {"origin": "defaults", "file": "/srv/ops/conf.d/finance.yaml"}
    return (
        Value(word="schedule", text='"0 */4 * * *"', line=42, **own),
        Value(word="timezone", text="UTC", origin="settings", file="/srv/ops/jobs.yaml", line=2),
        Value(word="jitter", text="0s", origin="built in"),
        Value(word="catch_up", text="latest", line=7, **above),
        Value(word="overlap", text="queue", line=43, **own),
        Value(word="command", text=f"/opt/bin/{name} --since=1h", line=44, **own),
        Value(word="shell", text="/bin/sh", origin="built in"),
        Value(word="env", text="{LANG: C.UTF-8}", line=45, **own),
        Value(word="env", text="{PATH: /usr/bin}", line=9, **above),
        Value(word="timeout", text="5m", line=11, **above),
        Value(word="stop_signal", text="SIGTERM", origin="built in"),
        Value(word="retry", text="{attempts: 3, delay: 30s}", line=12, **above),
        Value(word="history", text="{keep_runs: 1000, keep_days: 90}", origin="built in"),
    )


def past_alerts() -> tuple[Alert, ...]:
    """Return alerts that are over, oldest first."""
    told: tuple[tuple[AlertKind, str, ClosedFor], ...] = (
        ("failure", "exit 2: disk full", "recovered"),
        ("late", "due and not started", "started"),
        ("long", "runs longer than its max_runtime, 15m", "ended"),
    )
    found = []
    for number in range(24):
        kind, text, closed_for = told[number * 7 % 3]
        at = NOW - (24 - number) * (50 + number * 13 % 40) * MINUTE
        found.append(
            Alert(
                id=100 + number,
                kind=kind,
                job=JOBS[number * 5 % 7][0],
                message=text,
                opened_at=at,
                last_at=at,
                closed_at=at + 11 * MINUTE,
                closed_for=closed_for,
            )
        )
    return tuple(found)


def told_of(alert: int) -> tuple[NoticeRow, ...]:
    """Return who was told of an alert: of the second, one cannot be."""
    if alert != 2:
        return ()
    at, error = NOW - 11 * MINUTE, "timed out after 10s"
    return (
        NoticeRow(notifier="ops-mail", event="failure", state="sent", at=at),
        NoticeRow(notifier="chat", event="failure", state="sent", at=at + 2 * SECOND),
        NoticeRow(notifier="pager", event="failure", state="waiting", at=at, tries=3, error=error),
    )


def missed() -> list[MissedInstants]:
    """Return an inbox: what a downtime of a night left, and a start that came too late."""
    told: tuple[tuple[str, int, int, int, Reason], ...] = (
        ("report-weekly", 30 * HOUR, 30 * HOUR, 1, "start_deadline"),
        ("log-rotate", 14 * HOUR, 14 * HOUR, 1, "downtime"),
        ("wal-archive", 14 * HOUR, 7 * HOUR, 85, "downtime"),
        ("db-backup-nightly", 12 * HOUR, 12 * HOUR, 1, "downtime"),
        ("search-reindex", 11 * HOUR, 7 * HOUR, 9, "downtime"),
        ("wal-archive", 3 * HOUR, 2 * HOUR, 12, "downtime"),
    )
    return [
        MissedInstants(
            job=name,
            due_at=NOW - since,
            until=NOW - until,
            count=count,
            reason=reason,
            decided_at=NOW - until,
            is_range=count > 1,
        )
        for name, since, until, count, reason in told
    ]


def system() -> System:
    """Return the program as it is in the scene."""
    taken = {"rss_bytes": 43_200_000, "cpu_us": 72 * SECOND}
    engine = ProcessView(pid=812, started_at=NOW - DAY, threads=4, files=31, **taken)
    old = ProcessView(pid=640, started_at=NOW - 9 * DAY, rss_bytes=14_100_000, cpu_us=40 * SECOND)
    new = ProcessView(pid=813, started_at=NOW - DAY, rss_bytes=13_900_000, cpu_us=9 * SECOND)
    return System(
        engine=engine,
        runners=(
            RunnerView(name="0c9a1f22", process=old, version="0.0.9", children=1),
            RunnerView(name="5e21b0aa", process=new, version="0.1.0", children=2),
        ),
        inotify_instances=3,
        inotify_watches=17,
        store=StoreView(
            path="/var/lib/cronterm/jobs-1a2b3c4d/history.db",
            store="abcd1234",
            schema=7,
            bytes=118_300_000,
            log_bytes=4_100_000,
            unused_bytes=2_300_000,
            runs=412_893,
            total_runs=1_204_511,
            jobs=14,
            oldest_at=NOW - 90 * DAY,
            output_files=1_204,
            output_bytes=880_000_000,
        ),
        versions={
            "cronterm": "0.1.0",
            "Python": "3.13.1",
            "SQLite": "3.46.0",
            "Linux": "6.12.9",
            "msgspec": "0.20.0",
            "PyYAML": "6.0.3",
            "textual": "8.2.8",
        },
    )


def begun(query: ReadTimeline, snapshot: Snapshot) -> Past:
    """Return what the scene's jobs did in slots of time."""
    found: dict[str, list[Begun]] = {}
    load: Counter[int] = Counter()
    for name, view in snapshot.jobs.items():
        cells: dict[int, Begun] = {}
        for ended in view.recent:
            slot = ((ended.started_at or 0) - query.since) // query.slot
            if 0 <= slot < query.slots:
                known = cells.get(slot)
                runs = 1 if known is None else known.runs + 1
                last = (ended.ended_at - query.since) // query.slot
                cells[slot] = Begun(slot, runs, ended.outcome, last)
        for run in view.live.values():
            slot = ((run.started_at or 0) - query.since) // query.slot
            cells[slot] = Begun(slot, 1, "running", query.slots - 1)
        found[name] = [cells[slot] for slot in sorted(cells)]
        if query.within is None or name in query.within:
            load.update({cell.slot: cell.runs for cell in found[name]})
    return Past(lanes=found, load=load, read_from=query.since)


def decided(view: JobView, since: Instant, until: Instant) -> Decisions:
    """Return what was decided about the timed runs that began within a time."""
    rows = [(row(number).queued_at, number, row(number).outcome) for number in range(1, 13)]
    rows = [each for each in rows if each[1] != 4]
    if not any(since <= at < until for at, _, _ in rows):
        rows = [(each.started_at or 0, each.run or 0, each.outcome) for each in view.recent]
    found = [each for each in rows if since <= each[0] < until]
    ends = {"failed": "failed by its exit code", "succeeded": "succeeded"}
    past = tuple(
        f"{moment(at)} run {run} {ends[outcome or 'failed']}." for at, run, outcome in found
    )
    decisions = tuple(
        Decision(job=view.job.id, due_at=at, decided_at=NOW, run=run) for at, run, _ in found
    )
    return Decisions(decisions, (*why(view.job.id)[:2], *past), past)


def why(name: str) -> tuple[str, ...]:
    """Return sentences of the engine."""
    return (
        f"{name} is due next 2026-11-21 16:00:00, by its schedule 0 */4 * * *.",
        "Its last 4 runs failed: exit 1, the newest 2026-11-21 12:00:00. "
        "Nobody has acknowledged the alert about that.",
        "2026-11-21 12:00:00: run 12 was started on time and failed: exit 1 after 1.4s.",
    )


def any_row(number: int) -> RunRow:
    """Return a line of the history of all jobs."""
    shown = row(number % 12 + 1)
    name = JOBS[number % 7][0]
    at = NOW - (MANY_RUNS + 1 - number) * 7 * MINUTE
    return msgspec.structs.replace(
        shown, run=number, job=name, queued_at=at, started_at=at, ended_at=at + number * 9_000
    )


def row(number: int) -> RunRow:
    """Return a line of the history."""
    is_failed = number > 9
    started_at = NOW - (13 - number) * 4 * HOUR
    return RunRow(
        run=number,
        job="invoice-export",
        cause="manual" if number == 4 else "scheduled",
        by="ann" if number == 4 else "",
        queued_at=started_at,
        started_at=started_at,
        ended_at=started_at + 1_400_000,
        outcome="failed" if is_failed else "succeeded",
        reason="exit" if is_failed else "",
        exit_code=int(is_failed),
        attempt=1,
        attempts=4,
    )


def chunks() -> tuple[OutputChunk, ...]:
    """Return output with colours, stderr and things that must not reach a terminal."""
    lines = [
        ("out", b"INFO  connecting to erp-gw:8443\n"),
        ("out", b"\x1b[32mok\x1b[0m tls handshake \x1b]52;c;ZXZpbA==\x07(TLS1.3)\n"),
        ("err", b"Traceback (most recent call last):\n"),
        ("err", b"ConnectionRefusedError: [Errno 111] erp-gw:8443\n"),
        ("out", b"[@click=app.bell]not a link[/]\n"),
    ]
    return tuple(
        OutputChunk(number * 80, NOW + number * SECOND, stream, content)  # type: ignore[arg-type]
        for number, (stream, content) in enumerate(lines)
    )


def printed() -> bytes:
    """Return the same as the store keeps it."""
    pieces, offset = [], 0
    for chunk in chunks():
        pieces.append((offset, chunk.at, OUT if chunk.stream == "out" else ERR, 0, chunk.data))
        offset += len(chunk.data)
    return pack_pieces(pieces)


def good_chunks() -> tuple[OutputChunk, ...]:
    """Return what a run printed that succeeded."""
    lines = [
        b"INFO  connecting to erp-gw:9443\n",
        b"ok tls handshake (TLS1.3)\n",
        b"INFO  1,204 invoices exported in 1.2s\n",
        b"INFO  bye\n",
    ]
    return tuple(
        OutputChunk(number * 80, NOW + number * SECOND, "out", content)
        for number, content in enumerate(lines)
    )


def life() -> list[Message]:
    """Return a few events and lines for the log stream."""
    events: list[AnyEvent] = [
        AttemptStarted(
            at=NOW - 9 * SECOND,
            run=901,
            job="search-reindex",
            attempt=1,
            pid=48213,
            started_at=NOW - 252 * SECOND,
        ),
        InstantDecided(
            at=NOW - 7 * SECOND,
            job="s3-sync-eu",
            due_at=NOW - 7 * SECOND,
            outcome="skipped",
            reason="overlap",
            schedule_hash="",
        ),
        RetryScheduled(
            at=NOW - 3 * SECOND, run=902, job="flaky-upload", attempt=2, ready_at=NOW + 20 * SECOND
        ),
    ]
    told: list[Message] = [Numbered(101 + n, event) for n, event in enumerate(events)]
    told.append(
        Output(901, "search-reindex", 1, 0, NOW - SECOND, "out", b"batch 41/120  1.9k docs/s\n")
    )
    return told


def broken() -> Snapshot:
    """Return the scene with a rejected file."""
    snapshot = scene()
    snapshot.problems = (
        Problem(file="/srv/ops/jobs.yaml", line=41, column=15, message="minute 70 is out of range"),
    )
    return snapshot


class Staged(CrontermApp):
    """Is left as a real one: what is read for a page ends before the page goes.

    Textual's `run_async` cancels the workers and takes the pages down after that; its `run_test`
    only takes the pages down, under the hands of whoever still reads.
    """

    CSS_PATH = str(Path(inspect.getfile(CrontermApp)).with_name("cronterm.tcss"))

    async def _shutdown(self) -> None:
        self.workers.cancel_all()
        await super()._shutdown()


def app(
    control: FakeControl | None = None,
    *,
    theme: str = "cronterm-dark",
    glyphs: Glyphs = UNICODE,
    has_started: bool = True,
    is_read_only: bool = False,
    person: Person | None = None,
    kind: type[CrontermApp] = Staged,
    clock: Clock | None = None,
) -> CrontermApp:
    """Return the app over a fake engine."""
    hosting = Hosting(
        has_started=has_started,
        start=lambda: None,
        jobs_file="/srv/ops/jobs.yaml",
        way="cronterm -f /srv/ops/jobs.yaml",
        is_read_only=is_read_only,
    )
    return kind(
        control or FakeControl(),
        clock=clock or StillClock(),
        hosting=hosting,
        glyphs=glyphs,
        theme=theme,
        person=person or Person(tastes=_tastes()),
    )


def _tastes() -> Remembered:
    """Return what is kept of a person who has seen the first steps."""
    tastes = Remembered()
    tastes.put(guided=True)
    return tastes
