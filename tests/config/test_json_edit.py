"""Edits of jobs in JSON files."""

import json
from typing import Any

import pytest

from cronterm.config.json_edit import add_job, delete_job, edit_job, job_block
from cronterm.config.notation import EditRefused

OURS = '{\n    "jobs": {\n        "a": {"command": "x", "timeout": "5m"}\n    }\n}\n'
LISTED = '{"jobs": [{"name": "a", "command": "x"}, {"id": "b", "command": "y"}]}'
SEED = '{"job_id": "a", "task": {"type": "execute_command", "command": "x"}}'


def test_a_job_is_added_changed_and_deleted() -> None:
    added = add_job(OURS, "b", {"command": "é", "timeout": None})
    assert json.loads(added)["jobs"]["b"] == {"command": "é"}
    assert added.startswith('{\n    "jobs": {\n        "a"')

    changed = edit_job(added, "a", {"timeout": None, "tags": ["t"]})
    assert json.loads(changed)["jobs"]["a"] == {"command": "x", "tags": ["t"]}
    assert json.loads(delete_job(changed, "a")) == {"jobs": {"b": {"command": "é"}}}


def test_listed_jobs_are_edited_too() -> None:
    assert json.loads(add_job(LISTED, "c", {"command": "z"}))["jobs"][2]["name"] == "c"
    assert json.loads(edit_job(LISTED, "b", {"command": "z"}))["jobs"][1]["command"] == "z"
    assert len(json.loads(delete_job(LISTED, "a"))["jobs"]) == 1
    assert not edit_job(LISTED, "b", {}).endswith("\n")


def test_the_form_of_another_system_is_kept() -> None:
    changed = json.loads(edit_job(SEED, "a", {"command": "y", "timeout": "1m"}))

    assert changed["task"] == {"type": "execute_command", "command": "y"}
    assert changed["timeout"] == "1m"
    assert json.loads(job_block(SEED, "a")) == {"a": {"command": "x"}}
    assert json.loads(job_block(OURS, "a")) == {"a": {"command": "x", "timeout": "5m"}}


def test_the_first_job_makes_the_file() -> None:
    assert json.loads(add_job("", "a", {"command": "x"})) == {"jobs": {"a": {"command": "x"}}}
    assert edit_job("\ufeff" + OURS, "a", {"command": "y"}).startswith("\ufeff{")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda: add_job(OURS, "a", {"command": "x"}), "there is a job a already"),
        (lambda: add_job(SEED, "b", {"command": "x"}), "another system's form"),
        (lambda: edit_job(OURS, "b", {}), "there is no job b"),
        (lambda: delete_job(OURS, "b"), "there is no job b"),
        (lambda: delete_job(SEED, "a"), "the file is this one job"),
        (lambda: job_block(OURS, "b"), "there is no job b"),
        (lambda: edit_job("{jobs: 1}", "b", {}), "mended first"),
        (lambda: edit_job('{"a": 1, "a": 2}', "b", {}), "mended first: .* stands twice"),
        (lambda: edit_job("5", "b", {}), "not a mapping"),
    ],
)
def test_what_cannot_be_is_refused(edit: Any, message: str) -> None:
    with pytest.raises(EditRefused, match=message):
        edit()
