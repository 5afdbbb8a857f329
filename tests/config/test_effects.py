"""Every key of a jobs file has a test that shows what it does, and is suggested for its typo."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cronterm.config.load import load_text
from cronterm.config.shapes import JOB_SHAPES
from cronterm.config.words import SETTINGS, TOP, WORDS
from tests.config.effects import JOB_EFFECTS, SETTINGS_EFFECTS, TOP_EFFECTS
from tests.config.test_schema import inner_words

TESTS = Path(__file__).parents[1]
DIALOGUE = re.compile(r"\[(\w+)\]$")
INNER = sorted({pair for word in WORDS for pair in inner_words(JOB_SHAPES[word], word)})


def test_every_key_is_in_the_table() -> None:
    assert set(JOB_EFFECTS) == set(WORDS), "name the test that shows the effect of a new word"
    assert set(SETTINGS_EFFECTS) == set(SETTINGS)
    assert set(TOP_EFFECTS) == set(TOP)


@pytest.mark.parametrize(
    "named",
    sorted({*JOB_EFFECTS.values(), *SETTINGS_EFFECTS.values(), *TOP_EFFECTS.values()}),
)
def test_the_test_of_each_key_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    name = DIALOGUE.sub("", test)

    assert re.search(rf"^(?:async )?def {name}\(", (TESTS / path).read_text("utf-8"), re.MULTILINE)
    for dialogue in DIALOGUE.findall(test):
        assert (TESTS / "core" / "golden" / f"{dialogue}.txt").is_file()


def typos(word: str) -> list[str]:
    """Return how a hand slips: a letter twice, one left out, two turned round."""
    middle = len(word) // 2
    turned = word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    found = [word + word[-1], word[:middle] + word[middle + 1 :], turned]
    return [each for each in found[: 3 if len(word) > 4 else 1] if each != word]


def hints(content: Any) -> list[str]:
    """Return what is suggested for the keys that are not known."""
    loaded = load_text(json.dumps(content), path=Path("/srv/jobs.yaml"), local_timezone="UTC")
    return [each.hint for each in loaded.problems if each.message.startswith("unknown key")]


@pytest.mark.parametrize("word", WORDS)
def test_a_typo_in_a_word_of_a_job_is_refused_with_the_right_one(word: str) -> None:
    for typo in typos(word):
        assert hints({"jobs": {"a": {"command": "x", typo: "x"}}}) == [f"did you mean {word}?"]


@pytest.mark.parametrize("word", SETTINGS)
def test_a_typo_in_a_setting_is_refused_with_the_right_one(word: str) -> None:
    for typo in typos(word):
        assert hints({"settings": {typo: "x"}, "jobs": {}}) == [f"did you mean {word}?"]


@pytest.mark.parametrize("word", TOP)
def test_a_typo_at_the_top_is_refused_with_the_right_one(word: str) -> None:
    for typo in typos(word):
        assert hints({typo: {}, "jobs": {}}) == [f"did you mean {word}?"]


@pytest.mark.parametrize(("path", "word"), INNER)
def test_a_typo_in_an_inner_word_is_refused_with_the_right_one(path: str, word: str) -> None:
    if path == "schedule" or len(word) < 4:
        return  # its reader says which maps there are; two letters are like many words
    first, *steps = path.split(".")
    value: Any = {word + word[-1]: "x"}
    for step in reversed(steps):
        value = {step: value}
    job = {first: [value] if first == "triggers" else value, "command": "x"}

    assert f"did you mean {word}?" in hints({"jobs": {"a": job}})
