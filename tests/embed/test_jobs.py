"""Jobs defined in code are read and refused as those of a file are."""

import functools
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cronterm import BadInput, Job
from cronterm.config.load import load_text
from cronterm.embed.jobs import jobs_text
from cronterm.model import job as model
from tests.embed.tasks import Group, sample_task

HERE = Path("/nowhere/jobs.json")


def read(*jobs: Job) -> dict[str, model.Job]:
    """Return what the engine will read."""
    text = jobs_text(jobs, None, HERE)
    return {job.id: job for job in load_text(text, path=HERE, local_timezone="UTC").jobs}


def test_words_mean_what_they_mean_in_a_file() -> None:
    job = Job("backup", schedule="30 2 * * *", command="./backup.sh", timeout="2h", overlap="queue")

    found = read(job)["backup"]

    assert found.action == model.Shell("./backup.sh", ("/bin/sh", "-c"))
    assert (found.schedule_text, found.overlap) == ("30 2 * * *", "queue")
    assert found.timeout == 2 * 3_600_000_000
    assert found.working_dir == str(Path.cwd())


def test_a_timedelta_is_a_duration() -> None:
    job = Job("a", command="true", timeout=timedelta(minutes=90), stop_grace_period=timedelta(0))

    found = read(job)["a"]

    assert (found.timeout, found.stop_grace_period) == (5_400_000_000, 0)


def test_a_function_is_called_by_its_name_with_its_arguments() -> None:
    job = Job("task", python=sample_task, args=[1, "two"], kwargs={"suffix": "!"})

    found = read(job)["task"]

    assert found.action == model.PythonCall(
        "tests.embed.tasks:sample_task", (1, "two"), {"suffix": "!"}
    )
    root = Path(__file__).parents[2]
    assert Path(found.env["PYTHONPATH"].split(":")[0]) == root


def test_a_function_of_the_standard_library_needs_no_place() -> None:
    assert "env" not in Job("dump", python=json.dumps, args=[[1]]).words


def nested() -> Callable[[], None]:
    """Return a function that no import finds."""

    def inside() -> None:
        """Do nothing."""

    return inside


@pytest.mark.parametrize(
    "function",
    [lambda: None, nested(), functools.partial(sample_task, 1), Group().method],
    ids=["lambda", "nested", "partial", "method"],
)
def test_what_no_other_interpreter_finds_is_refused(function: Callable[..., object]) -> None:
    with pytest.raises(BadInput, match=r"jobs\.a\.python: .* cannot be imported by its name"):
        Job("a", python=function)


@pytest.mark.parametrize("argument", [object(), {1, 2}, float("nan"), b"bytes"])
def test_an_argument_that_json_does_not_carry_is_refused(argument: object) -> None:
    with pytest.raises(BadInput, match=r"jobs\.a\.args: "):
        Job("a", python=sample_task, args=[argument])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"command": "true", "schedule": "61 * * * *"}, "jobs.a.schedule"),
        ({"command": "true", "timeut": "1h"}, "timeout"),
        ({"command": "true", "timeout": "soon"}, "is not a duration"),
        ({"command": "true", "tags": object()}, "nothing that a jobs file can say"),
        ({"command": "\ud800"}, "surrogates"),
        ({}, "jobs.a"),
    ],
)
def test_bad_words_are_refused_with_their_place(words: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(Job("a", **words))

    assert told in str(refused.value)


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="stands twice"):
        read(Job("a", command="true"), Job("a", command="false"))
