"""What starts a job besides its schedule, in words."""

from collections.abc import Collection, Iterator, Mapping

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


def need_success(stopped: Collection[str], jobs: Mapping[str, JobView]) -> list[str]:
    """Return the jobs that a run of one of these starts by its success, and not by its end.

    Those with instants of their own are left out: a later success may still let them start.
    """
    ended = [jobs[name].job for name in stopped if name in jobs]
    named = {name for job in ended for name in job.on_success if name not in job.on_complete}
    return [
        name for name, view in jobs.items() if view.job.enabled and _needs(view.job, named, stopped)
    ]


def _needs(job: Job, named: Collection[str], stopped: Collection[str]) -> bool:
    """Tell whether `job` is `named` to follow a success, or depends on one of a `stopped` job."""
    is_chained = not is_timed(job) and any(job.depends_on.get(n) == "success" for n in stopped)
    return job.id in named or is_chained


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
