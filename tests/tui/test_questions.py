"""What is asked and told."""

from cronterm.model.problem import Problem
from cronterm.tui.questions import problem_lines


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
