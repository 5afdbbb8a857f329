"""The schema takes what the reader takes, and refuses what it refuses for its form."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from cronterm.config.load import load_text
from cronterm.config.reader import compose, plain
from cronterm.config.schema import JOB_SHAPES, SETTINGS_SHAPES, TOP_WORDS, jobs_schema, part
from cronterm.config.words import SETTINGS, TOP, WORDS
from cronterm.errors import CrontermError
from tests.config.test_load import WORD_VALUES

EXAMPLE = (Path(__file__).parents[2] / "jobs.example.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def check() -> Callable[[Any], Any]:
    """Return what raises for content that the schema refuses."""
    found: Callable[[Any], Any] = fastjsonschema.compile(jobs_schema())
    return found


def content(text: str) -> Any:
    """Return what a text says."""
    root = compose(text, "f")
    return None if root is None else plain(root)


def test_every_word_is_described_and_most_have_a_shape() -> None:
    schema = jobs_schema()

    assert set(schema["properties"]) == set(TOP)
    assert set(schema["definitions"]["job"]["properties"]) >= set(WORDS)
    assert all(each["description"] for each in schema["definitions"]["job"]["properties"].values())
    assert set(TOP_WORDS) <= set(TOP)
    shapeless = {*(set(WORDS) - set(JOB_SHAPES)), *(set(SETTINGS) - set(SETTINGS_SHAPES))}
    assert len(shapeless) < len(WORDS) / 2


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE,
        "jobs:\n",
        "jobs: []\ndefaults:\nsettings:\nx-a: 5\n",
        "include: a/*.yaml\njobs: [{name: a, command: x}, {id: b, python: 'a:b', x-n: 1}]",
        "version: 1\ninclude: [a]\nsettings: {watch: {poll_interval: 5s}}\njobs: {}",
        *(
            "jobs:\n  a:\n    command: x\n    " + words.replace("\n", "\n    ")
            for words in WORD_VALUES
        ),
    ],
)
def test_what_the_reader_takes_the_schema_takes(check: Callable[[Any], Any], text: str) -> None:
    check(content(text))


@pytest.mark.parametrize(
    "text",
    [
        "jobs: 5",
        "jobz: {}",
        "version: 2",
        "jobs: {a: {comand: x}}",
        "jobs: {5: {command: x}}",
        "jobs: {a b: {command: x}}",
        "jobs: {a: {command: 5}}",
        "jobs: {a: {command: []}}",
        "jobs: {a: {command: x, timeout: soon}}",
        "jobs: {a: {command: x, overlap: Forbid}}",
        "jobs: {a: {command: x, enabled: no}}",
        "jobs: {a: {command: x, retry: {limit: 3}}}",
        "jobs: {a: {command: x, history: {keep_runs: 0}}}",
        "jobs: {a: {command: x, output: {max_size: big}}}",
        "settings: {max_running: 0}\njobs: {}",
        "defaults: {command: x}\njobs: {}",
    ],
)
def test_what_it_refuses_the_reader_refuses(check: Callable[[Any], Any], text: str) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        check(content(text))
    assert load_text(text, path=Path("/j.yaml"), local_timezone="UTC").problems


def test_a_part_is_found_by_its_path() -> None:
    schema = jobs_schema()

    assert part(schema, "jobs") == schema["definitions"]["job"]
    assert part(schema, "jobs.any.timeout")["description"] == WORDS["timeout"]
    assert part(schema, "retry.delay") == part(schema, "jobs.x.retry.delay")
    assert part(schema, "settings.output.max_size")["examples"]
    assert part(schema, "") is schema
    with pytest.raises(CrontermError, match="there is no frob in a jobs file"):
        part(schema, "frob")
