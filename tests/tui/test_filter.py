"""The words of a filter."""

import pytest
from msgspec.structs import replace

from cronterm.model.snapshot import JobView
from cronterm.tui.filter import matches
from tests.core.clockwork import job

VIEW = JobView(
    job=replace(job("nightly-backup"), owner="dba", group="backups", tags=("db", "critical"))
)


@pytest.mark.parametrize(
    "words",
    ["", "back", "NIGHT", "dba", "backups", "#crit", "is:run", "/^night.*up$/", "nbk", "!other"],
)
def test_a_job_is_found_by_all_that_it_is_called(words: str) -> None:
    assert matches(VIEW, words, "running")


@pytest.mark.parametrize("words", ["other", "#nosuch", "is:failed", "/^up/", "!dba", "back other"])
def test_a_job_is_left_out_by_any_word_that_it_is_not(words: str) -> None:
    assert not matches(VIEW, words, "running")
