"""How a job stands with those it follows, in sentences."""

from cronterm.clock import MINUTE, rfc3339
from cronterm.core.explain_chain import explain_chain
from cronterm.model.run import Cause
from cronterm.model.snapshot import JobView, LiveRun, PastRun
from tests.core.clockwork import job


def say(*views: JobView) -> tuple[str, ...]:
    """Explain the first job among all of them."""
    jobs = {view.job.id: view for view in views}
    return explain_chain(views[0], jobs, show=lambda at: rfc3339(at)[11:])


def test_each_upstream_is_named_with_how_its_newest_run_ended() -> None:
    ended = JobView(
        job=job("b"), recent=[PastRun(4, MINUTE, "failed", "exit", started_at=1, duration=MINUTE)]
    )
    running = JobView(
        job=job("c", enabled=False), live={7: LiveRun(7, "c", Cause("manual"), "running", 0, 0)}
    )
    needs = {"b": "success", "c": "complete", "d": "failure", "e": "success"}

    assert say(
        JobView(job=job("a", "@manual", depends_on=needs)), ended, running, JobView(job=job("d"))
    ) == (
        "It depends on b (success): run 4 failed at 00:01:00Z.",
        "It depends on c (complete): run 7 is running, it is disabled.",
        "It depends on d (failure): it has not run yet.",
        "It depends on e (success): it is not in the file.",
    )


def test_each_job_that_starts_it_is_named() -> None:
    others = (
        job("b", on_success=("a",)),
        job("c", on_failure=("a", "d")),
        job("d", on_complete=("a",)),
    )

    assert say(JobView(job=job("a", "@manual")), *(JobView(job=each) for each in others)) == (
        "Each success of b starts it.",
        "Each failure of c starts it.",
        "Each end of d starts it.",
    )
    assert explain_chain(None, {}, show=str) == ()
