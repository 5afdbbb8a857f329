"""Words that are changed for one run."""

from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import MINUTE
from cronterm.config.load import load_text
from cronterm.config.once import BadWord, changed_words, with_words, words_once
from cronterm.model.job import Job

TEXT = """
defaults: {env: {STAGE: prod}}
jobs:
  text: {command: "ls -l", env: {A: "1"}, stdin: "x\\n", timeout: 1h30m, shell: [bash, -c]}
  listed: {command: [ls, -l], working_dir: /srv}
  python: {python: "tasks.py:run", args: [1, two], kwargs: {deep: true}}
  http: {http: {url: "https://example.com/", method: POST}}
"""


def job(name: str) -> Job:
    """Return a definition."""
    loaded = load_text(TEXT, path=Path("/srv/ops/jobs.yaml"), local_timezone="UTC")
    assert not loaded.problems
    return next(each for each in loaded.jobs if each.id == name)


@pytest.mark.parametrize("name", ["text", "listed", "python", "http"])
def test_what_is_not_changed_is_as_it_was(name: str) -> None:
    before = job(name)

    assert with_words(before, words_once(before)) == before
    assert with_words(before, {}) == before
    assert changed_words(before, before) == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("text", {"command": "ls", "stdin": None}),
        ("text", {"command": ["ls", "-a"]}),
        ("text", {"env": {"B": 2}, "timeout": "5m", "working_dir": "sub"}),
        ("python", {"args": [], "kwargs": {"deep": False}}),
        ("http", {"env": {"TOKEN": "x"}, "timeout": None}),
    ],
)
def test_words_are_changed_for_one_run(name: str, words: dict[str, Any]) -> None:
    before = job(name)
    after = with_words(before, words)

    assert set(changed_words(before, after)) == {w for w in words if w != "timeout" or words[w]}
    assert after.params == before.params
    assert with_words(after, words_once(before)) == before


def test_values_are_read_as_the_file_is() -> None:
    after = with_words(job("text"), {"env": {"B": 2}, "timeout": 90, "working_dir": "sub"})

    assert (after.env, after.timeout) == ({"B": "2"}, 3 * MINUTE // 2)
    assert after.working_dir == "/srv/ops/sub"
    assert with_words(job("text"), {"env": {"B": "🎉"}}).env == {"B": "🎉"}


@pytest.mark.parametrize(
    ("name", "words", "word", "message"),
    [
        ("text", {"timeout": "soon"}, "timeout", "is not a duration"),
        ("text", {"env": {"CRONTERM_X": "1"}}, "env", "CRONTERM_"),
        ("text", {"command": None}, "command", "it is needed"),
        ("text", {"user": "root"}, "", "cannot be changed for one run"),
        ("http", {"command": "ls"}, "", "cannot be changed for one run"),
        ("text", {"args": [1]}, "", "cannot be changed for one run"),
    ],
)
def test_what_the_file_would_refuse_is_refused(
    name: str, words: dict[str, Any], word: str, message: str
) -> None:
    with pytest.raises(BadWord, match=message) as raised:
        with_words(job(name), words)

    assert raised.value.word == word
