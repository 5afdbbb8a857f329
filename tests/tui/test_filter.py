"""The words of a filter."""

import pytest
from msgspec.structs import replace

from cronterm.clock import HOUR, MINUTE
from cronterm.model.snapshot import JobView, PastRun
from cronterm.tui.filter import find_jobs, read_filter
from tests.core.clockwork import job

NOW = 100 * HOUR
PAST = PastRun(1, NOW - HOUR // 2, "succeeded", "", NOW - HOUR // 2 - 7 * MINUTE, 7 * MINUTE)
VIEW = JobView(
    job=replace(job("nightly-backup"), owner="dba", group="backups", tags=("db", "critical")),
    next_at=NOW + 2 * HOUR,
    recent=[PAST],
)


def is_found(view: JobView, words: str) -> bool:
    return read_filter(words).keeps(view, lambda view: "running", NOW)


@pytest.mark.parametrize(
    "words",
    ["", "back", "NIGHT", "dba", "backups", "#crit", "is:run", "/^night.*up$/", "!other"],
)
def test_a_job_is_found_by_all_that_it_is_called(words: str) -> None:
    assert is_found(VIEW, words)


@pytest.mark.parametrize("words", ["other", "#nosuch", "is:failed", "/^up/", "!dba", "back other"])
def test_a_job_is_left_out_by_any_word_that_it_is_not(words: str) -> None:
    assert not is_found(VIEW, words)


@pytest.mark.parametrize(
    "words",
    [
        "last:<1h",
        "last:1h",
        "last:>10m",
        "next:<3h",
        "took:>5m",
        "group:back",
        "owner:DB",
        r"/\D+/",
    ],
)
def test_a_job_is_found_by_its_fields(words: str) -> None:
    assert is_found(VIEW, words)


@pytest.mark.parametrize(
    "words", ["last:<10m", "last:>1h", "next:<1h", "took:>8m", "group:ops", "owner:ops", "!last:1h"]
)
def test_a_job_is_left_out_by_a_field_that_differs(words: str) -> None:
    assert not is_found(VIEW, words)


@pytest.mark.parametrize("words", ["last:<", "last:<1x", "is:", "/(", "!", "#", "next:"])
def test_what_is_half_typed_leaves_nothing_out(words: str) -> None:
    assert is_found(VIEW, words)


def test_a_job_that_never_ran_has_no_last_run_to_compare() -> None:
    never = replace(VIEW, recent=[])

    assert not is_found(never, "last:<1h")
    assert not is_found(never, "last:>1h")


def test_a_name_with_a_colon_is_a_word_and_no_field() -> None:
    assert is_found(replace(VIEW, job=replace(VIEW.job, id="web1:backup")), "web1:back")


def found(words: str, *names: str) -> dict[str, str]:
    """Return the jobs that words find, with the letters that are marked in capitals."""
    views = [JobView(job=job(name)) for name in names]
    meant, kept = find_jobs(words, views, lambda view: "never", NOW)
    return {
        view.job.id: "".join(
            letter.upper() if at in meant.spots_in(view.job.id) else letter
            for at, letter in enumerate(view.job.id)
        )
        for view in kept
    }


def test_letters_may_stand_apart_where_no_job_has_them_together() -> None:
    names = ("scrub-disks", "stuck-query", "secret-rotation")

    assert found("scr", *names) == {"scrub-disks": "SCRub-disks"}
    assert found("scr", *names[1:]) == {
        "stuck-query": "StuCk-queRy",
        "secret-rotation": "SeCRet-rotation",
    }
    assert found("skq", *names) == {"stuck-query": "StucK-Query"}
    assert found("sk", *names) == {"scrub-disks": "scrub-diSKs"}
    assert found("sq", *names) == {}  # two letters are too few
    assert found("nosuch", *names) == {}


def test_what_is_left_out_is_left_out_by_whole_words() -> None:
    assert set(found("skq !dsk", "disk-query", "stuck-query")) == {"disk-query", "stuck-query"}


def test_the_letters_of_a_name_are_found_where_they_stand_nearest() -> None:
    assert found("bkp", "b-a-backup-k-p") == {"b-a-backup-k-p": "b-a-BacKuP-k-p"}
    assert found("aa", "aaa-b-aa") == {"aaa-b-aa": "AAA-b-AA"}
    assert found("/b.$/ a", "ab-xbx") == {"ab-xbx": "Ab-xBX"}


def test_a_name_whose_letters_change_their_number_has_no_marks() -> None:
    assert found("masse", "maße") == {"maße": "maße"}
