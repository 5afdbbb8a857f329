"""Says how a job stands with those that it follows."""

from collections.abc import Iterator, Mapping

from cronterm.core.explain import Show
from cronterm.model.snapshot import JobView


def explain_chain(
    view: JobView | None, jobs: Mapping[str, JobView], *, show: Show
) -> tuple[str, ...]:
    """Return a sentence for each job that starts this one or must end before it."""
    return () if view is None else (*_upstreams(view, jobs, show), *_callers(view, jobs))


def _upstreams(view: JobView, jobs: Mapping[str, JobView], show: Show) -> Iterator[str]:
    for name, need in view.job.depends_on.items():
        upstream = jobs.get(name)
        stand = "it is not in the file" if upstream is None else _stand(upstream, show)
        yield f"It depends on {name} ({need}): {stand}."


def _stand(view: JobView, show: Show) -> str:
    last = view.last
    past = (
        []
        if last is None
        else [f"run {last.run} {last.outcome.replace('_', ' ')} at {show(last.ended_at)}"]
    )
    live = [f"run {run.run} is {run.state}" for run in view.live.values()]
    held = ["it is disabled"] if not view.job.enabled else ["it is paused"] if view.pause else []
    return ", ".join([*past, *live, *held]) or "it has not run yet"


def _callers(view: JobView, jobs: Mapping[str, JobView]) -> Iterator[str]:
    for other in jobs.values():
        job = other.job
        named = (("success", job.on_success), ("failure", job.on_failure), ("end", job.on_complete))
        for end, names in named:
            if view.job.id in names:
                yield f"Each {end} of {job.id} starts it."
