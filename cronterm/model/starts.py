"""What starts a job besides its schedule, in words."""

from collections.abc import Iterator, Mapping

from cronterm.model.job import Job, is_timed
from cronterm.model.snapshot import JobView
from cronterm.model.trigger import trigger_name

NEEDS = {"success": "succeeded", "failure": "failed", "complete": "ended"}


def met_words(job: Job) -> str:
    """Return what a job depends on: `extract succeeded and load ended`; or nothing."""
    return " and ".join(f"{name} {NEEDS[need]}" for name, need in job.depends_on.items())


def starters(job: Job, jobs: Mapping[str, JobView]) -> tuple[str, ...]:
    """Return what starts a job by itself that is no instant: `once extract succeeded`."""
    return tuple(_starters(job, jobs))


def _starters(job: Job, jobs: Mapping[str, JobView]) -> Iterator[str]:
    if job.depends_on and not is_timed(job):
        yield f"once {met_words(job)}"
    for trigger in job.triggers:
        yield f"on {trigger_name(trigger)}"
    for name, view in jobs.items():
        other = view.job
        if job.id in other.on_complete:
            yield f"whenever {name} ended"
            continue
        if job.id in other.on_success:
            yield f"whenever {name} succeeded"
        if job.id in other.on_failure:
            yield f"whenever {name} failed"
