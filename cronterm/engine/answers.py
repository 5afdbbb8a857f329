"""Answers queries from the store, the output files, the schedules and the jobs file.

Everything here only reads; the engine and the offline control share it.
"""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from cronterm.clock import SECOND, Clock, Instant, aware, rfc3339
from cronterm.config import json_edit
from cronterm.config.edit import job_block
from cronterm.config.gather import is_folder, members
from cronterm.config.resolve import resolve_job
from cronterm.core.explain import explain, explain_alerts, explain_last, explain_past
from cronterm.core.explain_chain import explain_chain
from cronterm.engine.about import read_system
from cronterm.engine.outlook import make_outlook
from cronterm.engine.prospect import MOST_NEXT, bounded, make_timeline, next_due
from cronterm.errors import CrontermError
from cronterm.execute.lines import count_lines, read_lines
from cronterm.execute.output import read_output
from cronterm.model.alert import in_force
from cronterm.model.decision import Decisions
from cronterm.model.lines import CountLines, LineCount, OutputLines, ReadLines
from cronterm.model.outlook import BEHIND, Outlook
from cronterm.model.query import (
    AnyReply,
    ConfigText,
    ListAlerts,
    ListCalls,
    ListMissed,
    ListNext,
    ListNotices,
    ListRuns,
    OutputPart,
    PageRuns,
    Query,
    ReadConfig,
    ReadCounts,
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
)
from cronterm.model.snapshot import Snapshot
from cronterm.model.stats import Resources, Stats
from cronterm.model.unknown import unknown_job
from cronterm.schedule.calendars import Calendars
from cronterm.store.base import Reader
from cronterm.watch.gauges import read_gauges

GAUGED_S = 0.1  # of the machine's time
LARGEST_PAGE = 1_000
MOST_PAGES = 1_000_000_000
MOST_LINES = 5_000
MOST_SEARCHED = 64 << 20  # bytes of output for one answer; who wants more asks again


class Answers:
    """Looks things up for faces. `snapshot` gives what is in force now."""

    def __init__(
        self,
        *,
        reader: Reader,
        output: Path,
        jobs_file: Path,
        clock: Clock,
        snapshot: Callable[[], Snapshot],
        is_offline: bool = False,
    ) -> None:
        self._reader = reader
        self._output = output
        self._jobs_file = jobs_file
        self._clock = clock
        self._snapshot = snapshot
        self._is_offline = is_offline

    async def answer(self, query: Query) -> AnyReply:
        """Answer `query`. Raises `CrontermError` when the thing asked about is not there."""
        snapshot = self._snapshot()
        match query:
            case ListNext():
                views = {job: snapshot.jobs[job] for job in self._named(query.jobs, snapshot)}
                after = self._clock.now().utc if query.after is None else query.after
                limit = min(query.limit, MOST_NEXT)
                calendars = Calendars(snapshot.settings.calendars)
                paused = snapshot.all_paused
                return await asyncio.to_thread(next_due, views, after, limit, calendars, paused)
            case ReadState():
                return snapshot
            case _:
                return await asyncio.to_thread(self._read, query, snapshot)

    def _named(self, jobs: tuple[str, ...], snapshot: Snapshot) -> tuple[str, ...]:
        for job in jobs:
            if job not in snapshot.jobs:
                raise unknown_job(job, snapshot.jobs, snapshot.problems)
        return jobs or tuple(snapshot.jobs)

    def _read(self, query: Query, snapshot: Snapshot) -> AnyReply:
        match query:
            case ListRuns():
                return self._reader.list_runs(query, now=self._clock.now().utc)
            case ReadRun():
                return self._reader.read_run(query)
            case ReadDecisions():
                return self._explained(query, snapshot)
            case ReadCounts():
                return self._reader.counts()
            case ReadOutput():
                return self._part(query)
            case ReadLines():
                return self._lines(query)
            case CountLines():
                return self._count(query)
            case PageRuns():
                return self._reader.page_runs(_bounded(query))
            case ListCalls():
                return self._reader.list_calls(query)
            case ListAlerts():
                return self._reader.list_alerts(query)
            case ListNotices():
                return self._reader.list_notices(query)
            case ListMissed():
                return self._reader.list_missed(query)
            case ReadConfig():
                return self._config(query, snapshot)
            case ReadResolved(job=job):
                if job not in snapshot.jobs:
                    raise unknown_job(job, snapshot.jobs, snapshot.problems)
                return resolve_job(self._jobs_file, snapshot.jobs[job].job)
            case ReadStats():
                return self._stats(query, snapshot)
            case ReadSystem():
                pid = snapshot.engine.pid
                return read_system(pid=pid, output=self._output, reader=self._reader)
            case ReadTimeline():
                query = bounded(query)
                past = self._reader.begun(query)
                return make_timeline(query, snapshot, past, now=self._clock.now().utc)
            case ReadOutlook():
                return self._outlook(query, snapshot)
            case ReadTrends():
                return self._reader.trends(query, now=self._clock.now().utc)
            case _:
                raise CrontermError(f"{type(query).__name__} cannot be answered")

    def _explained(self, query: ReadDecisions, snapshot: Snapshot) -> Decisions:
        """Return decisions with sentences. Raises `CrontermError` for a job never heard of."""
        decisions = self._reader.decisions(query).decisions
        view = snapshot.jobs.get(query.job)
        if view is None and not decisions:
            raise unknown_job(query.job, snapshot.jobs, snapshot.problems)
        now = self._clock.now().utc
        quiet_until = snapshot.engine.started_at + snapshot.settings.startup_delay
        sentences = explain(
            view,
            snapshot.all_paused,
            decisions,
            show=_shown,
            now=now,
            quiet_until=quiet_until if now < quiet_until else 0,
            is_offline=self._is_offline,
        )
        newest = self._reader.list_runs(ListRuns(job=query.job, decisions=False, limit=1)).rows
        last = () if query.at is not None else explain_last(newest, show=_shown)
        alerts = [alert for alert in snapshot.alerts.values() if alert.job == query.job]
        links = explain_chain(view, snapshot.jobs, show=_shown)
        mute = in_force(snapshot.mutes, now).get(query.job)
        notices = {
            alert.id: self._reader.list_notices(ListNotices(alert=alert.id)).rows
            for alert in alerts
        }
        told = explain_alerts(view, alerts, mute, notices=notices, now=now, show=_shown)
        past = explain_past(decisions, show=_shown)
        return Decisions(decisions, (*sentences, *last, *links, *told), past)

    def _outlook(self, query: ReadOutlook, snapshot: Snapshot) -> Outlook:
        view = snapshot.jobs.get(query.job)
        if view is None:
            raise unknown_job(query.job, snapshot.jobs, snapshot.problems)
        now = self._clock.now().utc
        begun = self._reader.quarters(query.job, now - BEHIND)
        limit = min(max(query.limit, 0), MOST_NEXT)
        calendars = Calendars(snapshot.settings.calendars)
        return make_outlook(view, calendars, begun, now=now, limit=limit)

    def _stats(self, query: ReadStats, snapshot: Snapshot) -> Stats:
        """Return the ten groups. Raises `CrontermError` for a job never heard of."""
        now = self._clock.now().utc
        stats = self._reader.stats(query, now=now)
        if query.job and query.job not in snapshot.jobs and query.job not in stats.total_runs:
            raise unknown_job(query.job, snapshot.jobs, snapshot.problems)
        if not query.resources:
            return stats
        place = self._output
        while not place.exists():
            place = place.parent
        load = read_gauges(place, over_s=GAUGED_S)
        resources = Resources(
            measured_at=rfc3339(now // SECOND * SECOND),
            cpu_ratio=round(load.cpu, 4),
            memory_ratio=round(load.memory, 4),
            disk_ratio=round(load.disk, 4),
            disk_path=load.disk_path,
            load=load.load,
        )
        return msgspec.structs.replace(stats, resources=resources)

    def _lines(self, query: ReadLines) -> OutputLines:
        attempts = self._reader.read_run(ReadRun(run=query.run)).attempts
        known = next((row for row in attempts if row.attempt == query.attempt), None)
        if known is None:
            return OutputLines(lines=(), reached=0, complete=True)
        query = msgspec.structs.replace(
            query,
            limit=min(max(query.limit, 1), MOST_LINES),
            max_bytes=min(max(query.max_bytes, 1), MOST_SEARCHED),
        )
        blob = self._reader.output_blob(query.run, query.attempt)
        return read_lines(self._output, query, blob=blob, complete=known.end is not None)

    def _count(self, query: CountLines) -> LineCount:
        most = min(max(query.max_bytes, 1), MOST_SEARCHED)
        query = msgspec.structs.replace(query, max_bytes=most)
        blob = self._reader.output_blob(query.run, query.attempt)
        return count_lines(self._output, query, blob=blob)

    def _part(self, query: ReadOutput) -> OutputPart:
        detail = self._reader.read_run(ReadRun(run=query.run))
        attempt = query.attempt
        if attempt is None:
            attempt = detail.row.attempt or 1
        known = next((row for row in detail.attempts if row.attempt == attempt), None)
        if known is None:
            return OutputPart(run=query.run, attempt=attempt, chunks=(), complete=True)
        return read_output(
            self._output,
            run=query.run,
            attempt=attempt,
            blob=self._reader.output_blob(query.run, attempt),
            offset=query.offset,
            max_bytes=query.max_bytes,
            complete=known.end is not None,
        )

    def _config(self, query: ReadConfig, snapshot: Snapshot) -> ConfigText:
        view = snapshot.jobs.get(query.job)
        path = Path(view.job.source) if view and view.job.source else self._jobs_file
        try:
            raw = _folder_text(path) if is_folder(path) else path.read_bytes()
        except OSError as error:
            raise CrontermError(f"{path}: {error.strerror}") from None
        text, line = raw.decode("utf-8", "replace"), 1
        if query.job and path.suffix == ".json":
            line, text = view.job.line if view else 1, json_edit.job_block(text, query.job)
        elif query.job:
            line, text = job_block(text, query.job)
        return ConfigText(
            path=str(path),
            sha256=hashlib.sha256(raw).hexdigest(),
            text=text,
            line=line,
            problems=snapshot.problems,
        )


def _folder_text(folder: Path) -> bytes:
    """Return the files of a directory one below the other, each under its name."""
    parts = [f"# {path.name}\n".encode() + path.read_bytes() for path in members(folder)]
    return b"\n".join(parts)


def _bounded(query: PageRuns) -> PageRuns:
    """Return a query for a page that there may be."""
    page = min(max(query.page, 1), MOST_PAGES)
    per_page = min(max(query.per_page, 1), LARGEST_PAGE)
    return PageRuns(job=query.job, page=page, per_page=per_page)


def _shown(at: Instant) -> str:
    return f"{aware(at).astimezone():%Y-%m-%d %H:%M:%S}"
