"""What a run is repeated as."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cronterm.core.base import RunAgain
from cronterm.engine.again import again_of
from cronterm.errors import CrontermError
from cronterm.model.command import RerunEdited, RerunRun, RunJob
from cronterm.model.identity import Secret
from cronterm.model.job import Job, Shell
from cronterm.model.query import RunDetail
from cronterm.model.run import RunRow
from tests.core.clockwork import job


def detail(definition: Job | None) -> RunDetail:
    """Return what the history has of a run."""
    row = RunRow(run=7, job="a", cause="manual", queued_at=0, params={"whom": "you"})
    text = "" if definition is None else msgspec.json.encode(definition).decode()
    return RunDetail(row, (), text)


def again(command: RerunRun | RerunEdited, definition: Job | None) -> RunAgain | RunJob:
    """Return what the core is asked for."""
    return asyncio.run(again_of(command, detail(definition)))


def test_a_run_is_repeated_with_the_words_that_were_changed() -> None:
    asked = RerunEdited(run=7, words={"command": "ls"}, params={"whom": "me"})
    found = again(asked, job("a", "@manual"))

    assert isinstance(found, RunAgain)
    assert (found.run, found.params, found.edited) == (7, {"whom": "me"}, ("command",))
    assert found.definition.action == Shell("ls")


def test_without_changes_it_is_what_it_was() -> None:
    before = job("a", "@manual")
    found = RunAgain(7, before, None, {"whom": "you"})

    assert again(RerunRun(run=7), before) == again(RerunEdited(run=7), before) == found
    assert again(RerunRun(run=7), None) == RunJob(job="a", params={"whom": "you"})


def test_what_never_started_has_nothing_to_change() -> None:
    with pytest.raises(CrontermError, match="run 7 never started"):
        again(RerunEdited(run=7, words={"command": "ls"}), None)


@pytest.mark.parametrize(
    "given",
    [
        {"words": {"command": "login --password hunter2"}},
        {"words": {"env": {"PASSWORD": "hunter2"}}},
        {"params": {"whom": "hunter2"}},
    ],
)
def test_the_value_of_a_secret_does_not_come_into_the_history(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")
    secrets = {
        "GONE": Secret(file=str(tmp_path / "gone")),
        "ASKED": Secret(command="exit 1"),
        "PASSWORD": Secret(file=str(tmp_path / "secret")),
    }
    with pytest.raises(CrontermError, match="has the value of the secret PASSWORD") as raised:
        again(RerunEdited(run=7, **given), job("a", "@manual", secrets=secrets))

    assert "hunter2" not in str(raised.value)
