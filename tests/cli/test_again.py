"""Tests for `rerun`."""

import msgspec
import pytest

from cronterm.cli.again import draft_of, edited_run
from cronterm.errors import CrontermError
from cronterm.model.command import RerunEdited, RerunRun
from cronterm.model.identity import Param
from cronterm.model.run import RunRow
from tests.cli.desk import Desk
from tests.remote.fake_control import job

PARAMS = {
    "target": Param(choices=("a", "b")),
    "tries": Param("int", "3"),
    "dry": Param("bool", "true"),
}
JOB = msgspec.structs.replace(job("deploy", "./deploy.sh"), params=PARAMS, env={"STAGE": "1"})
ROW = RunRow(
    run=57,
    job="deploy",
    cause="manual",
    queued_at=0,
    outcome="failed",
    reason="exit",
    exit_code=2,
    params={"target": "b"},
)
DRAFT = """# Run 57 of deploy failed: exit 2.
# What stands here is run once; the jobs file stays as it is.
# Save it unchanged, and nothing runs.

command: ./deploy.sh
# stdin: what it reads
env:
  STAGE: "1"
working_dir: /
# timeout: ends the whole process tree after this duration
params:
  target: b
  tries: "3"
  dry: "true"
"""


def test_rerun_names_the_run(desk: Desk) -> None:
    assert desk.run("rerun", "57").exit_code == 0
    assert [command for command, _ in desk.client.control.received] == [RerunRun(run=57)]


def test_the_draft_has_what_may_be_changed() -> None:
    assert draft_of(ROW, JOB) == DRAFT


def test_only_what_differs_is_asked_for() -> None:
    same = RerunEdited(run=57, params={"target": "b"})
    assert edited_run(ROW, JOB, DRAFT) == same

    text = DRAFT.replace('STAGE: "1"', "STAGE: 2").replace("# timeout: ends", "timeout: 5m # ends")
    text = text.replace("target: b", "target: a").replace('dry: "true"', "dry: false")
    words = {"env": {"STAGE": 2}, "timeout": "5m"}
    params = {"target": "a", "dry": "false"}
    assert edited_run(ROW, JOB, text) == RerunEdited(run=57, words=words, params=params)


def test_what_is_taken_out_and_what_is_unknown_is_asked_for_too() -> None:
    text = DRAFT.replace("command: ./deploy.sh\n", "").replace("working_dir", "user")
    asked = edited_run(ROW, JOB, text)

    assert asked.words == {"command": None, "working_dir": None, "user": "/"}


def test_a_draft_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(CrontermError):
        edited_run(ROW, JOB, "command: [")
    with pytest.raises(CrontermError, match="params"):
        edited_run(ROW, JOB, "params: [a]")
