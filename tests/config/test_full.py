"""The example with every key loads without a word."""

import os
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from cronterm.config.edit import job_block
from cronterm.config.load import Loaded, load
from cronterm.config.reader import compose, plain
from cronterm.config.words import SETTINGS, TOP, WORDS

FULL = Path(__file__).parent / "fixtures" / "full.yaml"


def content() -> Any:
    """Return what the example says."""
    root = compose(FULL.read_text("utf-8"), "full.yaml")
    assert root is not None
    return plain(root)


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Return the example as root's engine reads it; what it names is there."""
    file, token = tmp_path / "jobs.yaml", tmp_path / "token"
    copyfile(FULL, file)
    file.chmod(0o600)
    token.touch(mode=0o600)
    token.write_text(f"{'t' * 40}\n", encoding="utf-8")
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "more.yaml").write_text("jobs: {}\n", encoding="utf-8")
    return load(file, local_timezone="UTC")


def test_it_has_every_key() -> None:
    example = content()
    words = {word for job in example["jobs"].values() for word in job}

    assert set(TOP) == set(example)
    assert set(SETTINGS) == set(example["settings"])
    assert set(WORDS) - words == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="its jobs of other users need root")
def test_it_loads_without_a_word(loaded: Loaded) -> None:
    assert [str(problem) for problem in loaded.problems] == []
    assert [str(warning) for warning in loaded.warnings] == []
    assert [job.id for job in loaded.jobs] == list(content()["jobs"])


def test_each_of_its_jobs_can_be_found_in_its_text(loaded: Loaded) -> None:
    for job in loaded.jobs:
        line, block = job_block(loaded.text, job.id)
        assert line == job.line
        assert job.id in block
