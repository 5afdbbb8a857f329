"""What a job starts, and what starts it."""

from typing import Any

from cronterm.model.gates import Need
from cronterm.model.job import Job, Shell
from cronterm.model.snapshot import JobView
from cronterm.model.starts import need_success
from cronterm.schedule.parse import parse


def known(*jobs: Job) -> dict[str, JobView]:
    """Return the rows of jobs."""
    return {job.id: JobView(job=job) for job in jobs}


def job(name: str, **words: Any) -> Job:
    """Return a job without a schedule."""
    return Job(
        id=name,
        source="jobs.yaml",
        directory="/srv",
        working_dir="/srv",
        action=Shell("true"),
        **words,
    )


def after(name: str, need: Need, **words: Any) -> Job:
    """Return a job that depends on `extract`."""
    return job(name, depends_on={"extract": need}, **words)


def test_those_that_need_a_success_are_told_in_the_order_of_the_file() -> None:
    jobs = known(
        job(
            "extract",
            on_success=("mail", "gone", "log"),
            on_complete=("log",),
            on_failure=("alarm",),
        ),
        after("load", "success"),
        after("clean", "complete"),
        after("page", "failure"),
        after("old", "success", enabled=False),
        after(
            "nightly", "success", schedule=parse("@daily", timezone="UTC", job_id="nightly").specs
        ),
        job("mail"),
        job("log"),
        job("alarm"),
    )

    assert need_success(["extract"], jobs) == ["load", "mail"]
    assert need_success(["load", "no-such"], jobs) == []
