"""Which events change what is told of a job."""

from cronterm.model.event import (
    AlertOpened,
    AllPaused,
    AllResumed,
    AnyEvent,
    ClockMoved,
    ConfigLoaded,
    EngineStarted,
    JobAdded,
    JobChanged,
    JobRenamed,
    NextDueMoved,
)


def is_about(event: AnyEvent, job: str) -> bool:
    """Tell whether an event may change what the engine tells of a job."""
    match event:
        case AllPaused() | AllResumed() | ClockMoved() | ConfigLoaded() | EngineStarted():
            return True
        case AlertOpened(alert=alert):
            return alert.job == job
        case JobAdded(job=added) | JobChanged(job=added):
            return added.id == job
        case JobRenamed(job=new, old=old):
            return job in (new, old)
        case NextDueMoved(next_at=moved):
            return job in moved
        case _:
            return getattr(event, "job", "") == job
