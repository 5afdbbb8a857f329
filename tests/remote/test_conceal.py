"""Tests for what is not shown over TCP."""

import msgspec

from cronterm.model.action import Custom, HttpRequest
from cronterm.model.event import JobAdded, JobChanged, JobRemoved, Numbered, RunQueued
from cronterm.model.job import Action, Job, PythonCall
from cronterm.model.query import RunDetail, Runs
from cronterm.model.run import Cause, RunRow
from cronterm.model.snapshot import JobView, Snapshot
from cronterm.remote.conceal import conceal_job, conceal_message, conceal_reply
from tests.remote.fake_control import job

SECRET = "hunter2"
ACTIONS: list[Action] = [
    PythonCall("a:b", (SECRET, 1), {"key": SECRET}),
    HttpRequest(url="https://x", headers=(("Authorization", SECRET),), body=SECRET),
    Custom(kind="k", argv=("x",), env={"KEY": SECRET}, stdin=SECRET),
]


def secretive(action: Action) -> Job:
    """Return a job that names secrets wherever it can."""
    made = job("a", env={"KEY": SECRET}, stdin=SECRET)
    return msgspec.structs.replace(made, action=action)


def test_names_are_shown_and_values_are_not() -> None:
    for action in [*ACTIONS, job("a").action]:
        shown = msgspec.json.encode(conceal_job(secretive(action)))

        assert SECRET.encode() not in shown
        assert b'"KEY"' in shown


def test_every_message_with_a_definition_is_concealed() -> None:
    whole = secretive(ACTIONS[0])
    view = Snapshot(jobs={"a": JobView(job=whole)})
    added = JobAdded(at=0, job=whole, counts_from=0, first_seen_at=0)
    changed = JobChanged(at=0, job=whole)

    assert SECRET.encode() not in msgspec.json.encode(conceal_reply(view))
    assert view.jobs["a"].job == whole, "it may be the engine's own"
    again = RunQueued(
        at=0, run=1, job="a", cause=Cause("manual"), ready_at=0, attempts=1, definition=whole
    )
    for message in (view, Numbered(1, added), Numbered(2, changed), Numbered(3, again)):
        assert SECRET.encode() not in msgspec.json.encode(conceal_message(message))


def test_other_messages_and_answers_go_as_they_are() -> None:
    removed = Numbered(1, JobRemoved(at=0, job="a"))

    assert conceal_message(removed) is removed
    assert conceal_reply(Runs(())) == Runs(())


def test_the_definition_of_a_run_is_concealed() -> None:
    row = RunRow(run=1, job="a", cause="manual", queued_at=0)
    bound = RunDetail(row, (), msgspec.json.encode(secretive(ACTIONS[1])).decode())

    shown = conceal_reply(bound)

    assert isinstance(shown, RunDetail)
    assert SECRET not in shown.definition
    assert msgspec.json.decode(shown.definition, type=Job).id == "a"
    assert conceal_reply(RunDetail(row, ())) == RunDetail(row, ())
