"""What an engine does before its first tick: takes over where another one stopped."""

from collections.abc import Iterable, Mapping, Sequence

from cronterm.core.base import Ended, Input, NeverStarted, Started
from cronterm.execute.base import ClaimedAttempt, Verdict
from cronterm.model.job import Job
from cronterm.model.memory import Memory
from cronterm.model.run import REPORTED, OpenRun
from cronterm.model.snapshot import JobView, LiveRun, PastRun, Snapshot, Totals


def claimed_attempts(memory: Memory) -> tuple[ClaimedAttempt, ...]:
    """Return the attempts that were claimed and have no recorded end."""
    return tuple(
        ClaimedAttempt(
            run=run.run,
            attempt=run.attempt,
            runner=run.runner,
            job=run.job,
            is_started=run.started,
        )
        for run in memory.runs
        if run.state in ("running", "stopping") and run.runner != REPORTED
    )


def takeover_inputs(verdicts: Iterable[Verdict]) -> tuple[Input, ...]:
    """Return what the core is told of each claimed attempt; one that hangs tells nothing yet."""
    given: list[Input] = []
    for verdict in verdicts:
        match verdict.state:
            case "live":
                given.append(Started(verdict.run, verdict.attempt, verdict.pid, verdict.started_at))
            case "ended":
                assert verdict.end is not None
                if verdict.started_at:
                    started = (verdict.pid, verdict.started_at)
                    given.append(Started(verdict.run, verdict.attempt, *started))
                given.append(Ended(verdict.run, verdict.attempt, verdict.end))
            case "never_started":
                given.append(NeverStarted(verdict.run, verdict.attempt))
            case "unknown":
                pass
    return tuple(given)


def takeover_outputs(verdicts: Iterable[Verdict]) -> dict[tuple[int, int], bytes]:
    """Return the small output of the attempts that ended while no engine ran."""
    return {
        (verdict.run, verdict.attempt): verdict.output for verdict in verdicts if verdict.output
    }


def known_names(memory: Memory, jobs: Iterable[Job]) -> list[str]:
    """Return what the store calls each of `jobs` before the engine has told it of renames."""
    known = {job.id for job in memory.jobs}
    return [job.id if job.id in known else job.renamed_from or job.id for job in jobs]


def first_snapshot(
    memory: Memory,
    jobs: Sequence[Job],
    views: Mapping[str, tuple[list[PastRun], Totals]],
) -> Snapshot:
    """Return what was visible when the engine before this one stopped.

    Jobs that are new in the file come by their own events, those that left it go by theirs, and
    those that were renamed still have their old names.
    """
    known = {job.id: job for job in memory.jobs if job.present}
    names = known_names(memory, jobs)
    snapshot = Snapshot(all_paused=memory.all_paused)
    snapshot.alerts = {alert.id: alert for alert in memory.alerts}
    snapshot.mutes = dict(memory.mutes)
    snapshot.notices = {notice.id: notice for notice in memory.notices}
    live: dict[str, dict[int, LiveRun]] = {}
    for run in memory.runs:
        live.setdefault(run.job, {})[run.run] = live_run(run)
    for job, name in zip(jobs, names, strict=True):
        if name not in known:
            continue
        recent, totals = views.get(name, ([], Totals()))
        snapshot.jobs[name] = JobView(
            job=job,
            first_seen_at=known[name].first_seen_at,
            pause=known[name].pause,
            live=live.pop(name, {}),
            recent=recent,
            totals=totals,
            timed_runs=known[name].timed_runs,
            suspended=known[name].suspended,
            decided=known[name].decided,
        )
    snapshot.removed = live
    return snapshot


def live_run(run: OpenRun, job: Job | None = None) -> LiveRun:
    """Return a run without an end as it was last heard of; `job` says what it would start now."""
    definition = run.definition or job
    return LiveRun(
        run=run.run,
        job=run.job,
        cause=run.cause,
        state=run.state,
        queued_at=run.queued_at,
        ready_at=run.ready_at,
        attempts=1 + (definition.retry.attempts if definition else 0),
        attempt=run.attempt,
        last_end=run.last_end,
        hold=run.hold,
        started_at=run.started_at,
        is_reported=run.runner == REPORTED,
    )
