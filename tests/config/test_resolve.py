"""The values of one job are found without reading the others."""

from pathlib import Path

import msgspec
import pytest

from cronterm.config.load import load
from cronterm.config.resolve import resolve, resolve_job
from cronterm.errors import CrontermError

MAIN = """\
include: [more.yaml]
settings:
  timezone: Europe/Berlin
defaults:
  timeout: 5m
  env: {A: "1"}
jobs:
  a:
    schedule: "@hourly"
    command: "true"
    env: {B: "2"}
"""
MORE = """\
defaults: {overlap: queue}
jobs:
  b: {schedule: "@daily", command: "true"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two files, one in the other."""
    (tmp_path / "more.yaml").write_text(MORE)
    path = tmp_path / "jobs.yaml"
    path.write_text(MAIN)
    return path


def test_one_job_has_the_values_that_all_of_them_have(file: Path) -> None:
    told = {each.job: each for each in resolve(file, local_timezone="UTC").jobs}
    jobs = load(file, local_timezone="UTC").jobs
    assert {job.id: resolve_job(file, job) for job in jobs} == told
    (overlap,) = (each for each in told["b"].values if each.word == "overlap")
    assert overlap.place == f"defaults {file.parent}/more.yaml:1"
    assert [each.line for each in told["a"].values if each.word == "env"] == [11, 6]


def test_another_job_may_be_wrong(file: Path) -> None:
    (job, _) = load(file, local_timezone="UTC").jobs
    file.write_text(MAIN + "  c: {schedule: '70 * * * *', command: [1, 2]}\n")
    assert resolve_job(file, job).values


@pytest.mark.parametrize("text", ["jobs: {}", "jobs: [", ""])
def test_a_job_that_is_not_in_the_file_now_is_said_so(file: Path, text: str) -> None:
    (job, _) = load(file, local_timezone="UTC").jobs
    file.write_text(text)
    with pytest.raises(CrontermError, match=f"no job {job.id} that can be read"):
        resolve_job(file, msgspec.structs.replace(job, source=str(file)))


def test_what_a_job_would_be_given_for_its_own_words_is_there_as_well(file: Path) -> None:
    file.write_text(MAIN + "    timeout: 1m\n    timezone: UTC\n")
    (other, job) = load(file, local_timezone="UTC").jobs
    told = resolve_job(file, job)
    assert [(each.word, each.text, each.origin) for each in told.hidden] == [
        ("timeout", "5m", "defaults"),
        ("timezone", "Europe/Berlin", "settings"),
    ]
    assert resolve_job(file, other).hidden == ()
