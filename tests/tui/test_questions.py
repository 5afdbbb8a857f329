"""What is asked and told."""

from cronterm.model.command import Answer
from cronterm.model.engine_view import EngineView
from cronterm.model.identity import Param
from cronterm.model.problem import Problem
from cronterm.model.run import Cause
from cronterm.model.snapshot import JobView, LiveRun, Snapshot
from cronterm.tui.picture import Picture
from cronterm.tui.questions import (
    ask_mute,
    ask_pause,
    doubt_of,
    is_forced,
    problem_lines,
    quit_lines,
    tell_diff,
    told_defaults,
    trouble_lines,
)
from tests.tui.scene import NOW, job


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


def test_the_jobs_before_a_broken_file_are_said_to_go_on() -> None:
    snapshot = Snapshot(
        problems=(Problem(file="a.yaml", message="bad"),),
        jobs={"a": JobView(job=job("a", "@hourly"))},
    )
    assert trouble_lines(Picture(snapshot))[-1] == "the jobs before it stay in force"


def test_a_run_by_hand_beside_an_open_one_is_said_and_forced() -> None:
    live = LiveRun(9, "a", Cause("scheduled"), "running", NOW, NOW)
    view = JobView(job=job("a", "@hourly"), live={9: live})

    assert is_forced(view)
    assert doubt_of(view) == (
        "! a is running already, overlap is skip: Run runs it beside that all the same"
    )
    assert "refused until that has ended" in doubt_of(view, is_again=True)
    waits = JobView(job=job("a", "@hourly", overlap="queue"), live={9: live})
    assert not is_forced(waits)
    assert doubt_of(waits).endswith("overlap is queue: it waits for that")


def test_a_question_about_several_jobs_names_the_first_ones() -> None:
    many = ["a", "b", "c", "d", "e"]
    lines = [*ask_pause(many, "p")._text, *ask_mute(many[:3], is_muted=False)._text]
    assert "Hold back the timed starts of 5 jobs (a, b, c and 2 more)?" in lines
    assert "Mute the alerts of 3 jobs (a, b, c) for how long?" in lines
    assert ask_pause(["a"], "p")._text[0] == "Hold back the timed starts of a?"


def test_a_run_by_hand_tells_the_params_that_it_has() -> None:
    params = {"day": Param(default="yesterday"), "note": Param(default="a\x1b[2Jb")}

    assert told_defaults(params) == "with day=yesterday, note=ab"


def test_an_api_that_is_not_served_is_told() -> None:
    trouble = "the API is not served: http://127.0.0.1:80: Permission denied"
    snapshot = Snapshot(engine=EngineView(listeners_trouble=trouble))

    assert trouble_lines(Picture(snapshot)) == [f"! {trouble}"]


def test_quitting_names_the_command_that_attaches_to_this_engine() -> None:
    way = "cronterm -f '/srv/my jobs.yaml' --state-dir /srv/state"

    assert f"  {way}" in quit_lines(Snapshot(), way)


def test_what_was_written_beside_a_mistake_is_told_with_it() -> None:
    answer = Answer(ok=True, diff="-a\n+b\n", not_in_force="not in force: jobs.yaml:87:14: bad")

    question = tell_diff("mean", answer)

    assert question._title == "Saved mean, not in force"
    assert question._text[0] == "! not in force: jobs.yaml:87:14: bad"
    assert question._text[-2:] == ["-a", "+b"]
