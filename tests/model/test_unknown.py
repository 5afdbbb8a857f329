"""What is said of a job that is not there."""

from cronterm.model.problem import Problem
from cronterm.model.unknown import unknown_job


def test_a_name_that_is_near_and_a_file_that_is_refused_are_hints() -> None:
    problems = (Problem(file="/etc/jobs.yaml", line=3, message="is not YAML"),) * 2
    refused = "jobs.yaml is refused and may have it: `cronterm validate`"

    assert unknown_job("noisy", ["other"]).hint == ""
    assert unknown_job("noisy", ["other"], problems).hint == refused
    assert unknown_job("nois", ["noisy"], problems).hint == f"did you mean noisy?; {refused}"
    two = (*problems, Problem(file="/etc/more.yaml", message="is empty"))
    assert unknown_job("noisy", [], two).hint == refused.replace("jobs.yaml is", "2 files are")
