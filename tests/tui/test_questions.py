"""What is asked and told."""

from cronterm.model.engine_view import EngineView
from cronterm.model.problem import Problem
from cronterm.model.snapshot import Snapshot
from cronterm.tui.questions import problem_lines, quit_lines, trouble_lines


def test_trouble_is_told_file_by_file() -> None:
    problems = (
        Problem(file="/srv/jobs/a.yaml", line=2, column=3, message="bad", hint="mend it"),
        Problem(file="/srv/jobs/b.json", message="is not a regular file"),
        Problem(file="/srv/jobs/a.yaml", line=9, column=1, message="worse"),
    )

    assert problem_lines(problems) == [
        "a.yaml is not taken over:",
        "! line 2:3: bad (mend it)",
        "! line 9:1: worse",
        "b.json is not taken over:",
        "! is not a regular file",
    ]


def test_an_api_that_is_not_served_is_told() -> None:
    trouble = "the API is not served: http://127.0.0.1:80: Permission denied"
    snapshot = Snapshot(engine=EngineView(listeners_trouble=trouble))

    assert trouble_lines(snapshot, None) == [f"! {trouble}"]


def test_quitting_names_the_command_that_attaches_to_this_engine() -> None:
    snapshot = Snapshot(engine=EngineView(jobs_file="/srv/my jobs.yaml"))

    assert "  cronterm -f '/srv/my jobs.yaml'" in quit_lines(snapshot)
