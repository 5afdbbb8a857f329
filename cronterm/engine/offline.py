"""Answers from what lies on the disk, when no engine runs. Commands need one."""

import asyncio
import platform

from cronterm.clock import Clock, Instant
from cronterm.config.load import Loaded
from cronterm.engine.answers import Answers
from cronterm.engine.last_good import load_for_start
from cronterm.engine.monitors import Monitors
from cronterm.engine.prospect import next_due
from cronterm.engine.recovery import live_run
from cronterm.errors import BadInput
from cronterm.instance import Instance
from cronterm.model.engine_view import EngineView
from cronterm.model.memory import Memory
from cronterm.model.query import AnyReply, ListNext, ListRuns, Query, ReadDecisions, ReadState
from cronterm.model.run import RunRow
from cronterm.model.snapshot import JobView, PastRun, Snapshot
from cronterm.schedule.calendars import Calendars
from cronterm.store.base import Reader
from cronterm.store.reader import open_reader


def ask_offline(instance: Instance, query: Query, *, clock: Clock, local_timezone: str) -> AnyReply:
    """Answer `query` read-only. Raises `BadInput` when it needs a jobs file that is broken."""
    loaded = _loaded(instance, query, local_timezone)
    with open_reader(instance.state_dir) as reader:
        memory = reader.memory()
        known = {job.id: job for job in memory.jobs}
        monitors = Monitors(instance.jobs_file.parent)
        monitors.restore(memory.monitors)
        shown = monitors.jobs({job.id for job in loaded.jobs}, loaded.settings.timezone)
        now = clock.now().utc
        snapshot = Snapshot(settings=loaded.settings)
        for job in (*loaded.jobs, *shown):
            seen = known.get(job.id)
            snapshot.jobs[job.id] = JobView(
                job=job,
                first_seen_at=seen.first_seen_at if seen is not None else now,
                pause=seen.pause if seen is not None else None,
                timed_runs=seen.timed_runs if seen is not None and seen.present else 0,
                decided=seen.decided if seen is not None else (),
            )
        snapshot.all_paused = memory.all_paused
        _adopt(snapshot, memory)
        if isinstance(query, ReadState):
            _fill(snapshot, loaded, reader, instance=instance, now=now)
        elif isinstance(query, ReadDecisions) and query.job in snapshot.jobs:
            _look_ahead(snapshot, [query.job], reader, now)
        answers = Answers(
            reader=reader,
            output=instance.output_dir(reader.store_id()),
            jobs_file=instance.jobs_file,
            clock=clock,
            snapshot=lambda: snapshot,
            is_offline=True,
        )
        return asyncio.run(answers.answer(query))


def _fill(
    snapshot: Snapshot, loaded: Loaded, reader: Reader, *, instance: Instance, now: Instant
) -> None:
    """Add what an engine would know: problems, the last run of each job, when it is due next."""
    snapshot.engine = EngineView(host=platform.node(), jobs_file=str(instance.jobs_file))
    snapshot.problems, snapshot.sha256 = loaded.problems, loaded.sha256
    _look_ahead(snapshot, list(snapshot.jobs), reader, now)


def _look_ahead(snapshot: Snapshot, jobs: list[str], reader: Reader, now: Instant) -> None:
    """Add the last run of each of `jobs`, and when it would be due next."""
    calendars = Calendars(snapshot.settings.calendars)
    for job in jobs:
        view = snapshot.jobs[job]
        rows = reader.list_runs(ListRuns(job=job, decisions=False, limit=1)).rows
        view.recent = [past for row in rows if (past := _past(row)) is not None]
        coming = next_due({job: view}, now, 1, calendars).next[job]
        view.next_at = coming[0] if coming else None


def _adopt(snapshot: Snapshot, memory: Memory) -> None:
    """Add the runs without an end, as they were when an engine last heard of them."""
    for run in memory.runs:
        view = snapshot.jobs.get(run.job)
        if view is not None:
            view.live[run.run] = live_run(run, view.job)


def _past(row: RunRow) -> PastRun | None:
    """Return a row as charts know it, None while the run is open."""
    if row.ended_at is None or row.outcome is None:
        return None
    return PastRun(
        run=row.run,
        ended_at=row.ended_at,
        outcome=row.outcome,
        reason=row.reason,
        started_at=row.started_at,
        duration=row.ended_at - row.started_at if row.started_at is not None else None,
        exit_code=row.exit_code,
        signal=row.signal,
        attempt=row.attempt,
    )


def _loaded(instance: Instance, query: Query, local_timezone: str) -> Loaded:
    loaded = load_for_start(instance.jobs_file, instance.cache_dir, local_timezone=local_timezone)
    if not loaded.is_usable and isinstance(query, ListNext | ReadDecisions):
        raise BadInput("\n".join(map(str, loaded.problems)))
    return loaded
