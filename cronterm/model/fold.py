"""The one reducer that folds events into what is visible.

The engine folds what it publishes, each face folds what it receives: no face can see a thing that
the engine does not, and nobody reads the core's own state.
"""

from cronterm.model.alert_fold import fold_alert
from cronterm.model.event import (
    AllPaused,
    AllResumed,
    AnyEvent,
    AttemptClaimed,
    AttemptEnded,
    AttemptStarted,
    ConfigLoaded,
    ConfigRejected,
    CountingMoved,
    EngineStarted,
    EngineStopping,
    InstantDecided,
    JobAdded,
    JobChanged,
    JobPaused,
    JobRemoved,
    JobRenamed,
    JobResumed,
    NextDueMoved,
    Numbered,
    RetryScheduled,
    RunEnded,
    RunHeld,
    RunQueued,
    RunStopping,
    SignalDecided,
    SkipLifted,
    TriggersResumed,
    TriggerSuspended,
)
from cronterm.model.notice_fold import fold_notice
from cronterm.model.run import REPORTED
from cronterm.model.snapshot import RECENT_RUNS, JobView, LiveRun, PastRun, Pause, Snapshot, count


def fold(snapshot: Snapshot, numbered: Numbered) -> None:
    """Apply one event to `snapshot`. Events at or below its number are ignored."""
    if numbered.n <= snapshot.n:
        return
    snapshot.n = numbered.n
    _fold(snapshot, numbered.event)
    fold_notice(snapshot.notices, snapshot.notifiers, numbered.event)


def _fold(snapshot: Snapshot, event: AnyEvent) -> None:
    match event:
        case NextDueMoved(next_at=moved):
            for job, at in moved.items():
                if view := snapshot.jobs.get(job):
                    view.next_at = at
        case RunQueued():
            _queue(snapshot, event)
        case AttemptClaimed():
            view = snapshot.jobs.get(event.job)
            if view and event.timed_runs is not None:
                view.timed_runs = event.timed_runs
            if live := snapshot.live_run(event.job, event.run):
                live.state, live.attempt, live.pid = "running", event.attempt, None
                live.hold = None
                live.is_reported = event.runner == REPORTED
        case RunHeld():
            if live := snapshot.live_run(event.job, event.run):
                live.hold = event.hold
        case AttemptStarted():
            if live := snapshot.live_run(event.job, event.run):
                live.pid, live.attempt_started_at = event.pid, event.started_at
                live.started_at = live.started_at or event.started_at
        case AttemptEnded():
            if live := snapshot.live_run(event.job, event.run):
                live.last_end, live.pid = event.end, None
        case RetryScheduled():
            if live := snapshot.live_run(event.job, event.run):
                live.state, live.ready_at = "retrying", event.ready_at
        case RunStopping():
            if live := snapshot.live_run(event.job, event.run):
                live.state = "stopping"
        case RunEnded():
            _end(snapshot, event)
        case InstantDecided() | SignalDecided():
            if view := snapshot.jobs.get(event.job):
                _remember(view, PastRun(None, event.at, event.outcome, event.reason))
        case _:
            _fold_rare(snapshot, event)


def _fold_rare(snapshot: Snapshot, event: AnyEvent) -> None:
    match event:
        case JobAdded(job=job):
            live = snapshot.removed.pop(job.id, {})
            snapshot.jobs[job.id] = JobView(job=job, first_seen_at=event.first_seen_at, live=live)
        case JobChanged(job=job):
            if view := snapshot.jobs.get(job.id):
                view.job = job
                if event.first_seen_at is not None:
                    view.first_seen_at, view.decided = event.first_seen_at, ()
        case CountingMoved(job=name):
            if view := snapshot.jobs.get(name):
                view.decided = event.decided
        case SkipLifted(job=name):
            if view := snapshot.jobs.get(name):
                _forget_skip(view)
        case JobRemoved():
            gone = snapshot.jobs.pop(event.job, None)
            if gone and gone.live:
                snapshot.removed[event.job] = gone.live
            fold_alert(snapshot.alerts, snapshot.mutes, event)
        case JobRenamed():
            _rename(snapshot, event.old, event.job)
            fold_alert(snapshot.alerts, snapshot.mutes, event)
        case JobPaused():
            if view := snapshot.jobs.get(event.job):
                view.pause = paused(event)
        case JobResumed():
            if view := snapshot.jobs.get(event.job):
                view.pause = None
        case TriggerSuspended():
            if view := snapshot.jobs.get(event.job):
                view.suspended = view.suspended | {event.trigger: event.at}
        case TriggersResumed():
            if view := snapshot.jobs.get(event.job):
                view.suspended = {}
        case AllPaused():
            snapshot.all_paused = paused(event)
        case AllResumed():
            snapshot.all_paused = None
        case ConfigLoaded():
            snapshot.sha256, snapshot.loaded_at = event.sha256, event.at
            snapshot.settings = event.settings
            snapshot.problems, snapshot.rejected_sha256 = (), ""
        case ConfigRejected():
            snapshot.problems, snapshot.rejected_sha256 = event.problems, event.sha256
        case EngineStarted():
            engine = snapshot.engine
            engine.pid, engine.version, engine.started_at = event.pid, event.version, event.at
            engine.state = "running"
        case EngineStopping():
            snapshot.engine.state = "stopping"
        case _:
            fold_alert(snapshot.alerts, snapshot.mutes, event)


def paused(event: JobPaused | AllPaused) -> Pause:
    """Return the pause that is meant: one that is changed began when it began."""
    return Pause(event.by, event.since or event.at, event.until, event.reason)


def _rename(snapshot: Snapshot, old: str, new: str) -> None:
    """Give a job another name, at its old place."""
    jobs = snapshot.jobs
    if old in jobs:
        renamed = {new if job == old else job: view for job, view in jobs.items()}
        jobs.clear()
        jobs.update(renamed)
    if old in snapshot.removed:
        snapshot.removed[new] = snapshot.removed.pop(old)
    for run in snapshot.open_runs(new).values():
        run.job = new


def _queue(snapshot: Snapshot, event: RunQueued) -> None:
    if view := snapshot.jobs.get(event.job):
        view.live[event.run] = LiveRun(
            run=event.run,
            job=event.job,
            cause=event.cause,
            state="queued",
            queued_at=event.at,
            ready_at=event.ready_at,
            attempts=event.attempts,
        )


def _end(snapshot: Snapshot, event: RunEnded) -> None:
    live = snapshot.open_runs(event.job).pop(event.run, None)
    view = snapshot.jobs.get(event.job)
    if view is None:
        if not snapshot.removed.get(event.job):
            snapshot.removed.pop(event.job, None)
        return
    end = live.last_end if live else None
    started_at = live.started_at if live else None
    ended_at = end.ended_at if end else event.at
    duration = ended_at - started_at if started_at is not None else None
    past = PastRun(
        run=event.run,
        ended_at=ended_at,
        outcome=event.outcome,
        reason=event.reason,
        started_at=started_at,
        duration=duration,
        exit_code=end.exit_code if end else None,
        signal=end.signal if end else None,
        attempt=live.attempt if live else 0,
    )
    _remember(view, past)
    count(view.totals, past)


def _forget_skip(view: JobView) -> None:
    """Forget the newest decision of a person that an instant starts nothing."""
    for place in range(len(view.recent) - 1, -1, -1):
        past = view.recent[place]
        if past.run is None and past.reason == "user":
            del view.recent[place]
            return


def _remember(view: JobView, past: PastRun) -> None:
    view.recent.append(past)
    if len(view.recent) > RECENT_RUNS:
        del view.recent[0]
