"""Lives of random jobs files: what must hold whatever happens, in virtual time.

Every due instant has exactly one decision and none is lost; no two runs overlap that may not; pools
and max_running are never exceeded; attempts stay within their limit; chains follow once; a replay
of the recorded inputs gives the same effects.
"""

import random
from collections import Counter
from pathlib import Path

import pytest

from cronterm.config.words import SETTINGS, WORDS
from cronterm.store.sqlite import open_store
from tests.lives.files import JobsFile
from tests.lives.life import Life
from tests.lives.words import SETTINGS as settings_drawn

SHORT = range(16)
FILES = range(40)
LONG = range(500)
CHUNK = 10
OF_FACES = {"notify", "api"}
"""Words that change nothing in what the core decides."""
KINDS = {"reloads", "refused files", "commands", "drained", "store failed", "runs", "attempts"}
"""What happens in every ten lives."""


def live(seed: int, directory: Path, *, hours: float, things: int) -> Life:
    """Live one life."""
    with open_store(directory, now=0) as store:
        life = Life(seed, store, hours=hours, things=things)
        life.live()
    return life


@pytest.mark.parametrize("seed", SHORT)
def test_every_rule_holds_in_the_life_of_a_random_file(seed: int, tmp_path: Path) -> None:
    assert live(seed, tmp_path, hours=1, things=12).counted["instants"] > 0


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("first", LONG[::CHUNK])
def test_every_rule_holds_in_five_hundred_lives(first: int, tmp_path: Path) -> None:
    counted: Counter[str] = Counter()
    for seed in range(first, first + CHUNK):
        directory = tmp_path / str(seed)
        directory.mkdir()
        counted += live(seed, directory, hours=4, things=80).counted

    assert counted.keys() >= KINDS


def test_the_files_have_every_word_there_is() -> None:
    written: set[str] = set()
    for seed in FILES:
        file = JobsFile(random.Random(seed), zone="UTC", start="2026-01-01", end="2027-01-01")
        for _ in range(5):
            file.edit()
        written |= file.words

    missing = set(WORDS) - written - OF_FACES
    assert not missing, "give a new word its values in tests/lives/words.py"
    assert set(settings_drawn) == set(SETTINGS) - OF_FACES
