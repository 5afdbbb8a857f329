"""Tests for making fit what was found."""

from dataclasses import replace

from cronterm.config.words import LATER_JOB
from cronterm.moving.base import Found, Gathering, Meaning, Moved, Words
from cronterm.moving.crontab import read_crontab
from cronterm.moving.fit import fit, job_text, shared, without_later
from tests.moving.here import ME, reasons


def moved(name: str = "x", **words: object) -> Moved:
    """Return a job that was found."""
    given: Words = {"schedule": "@daily", "command": "x", **words}
    return Moved(name, given, "tab:1", 1, "text", Meaning("@daily", "UTC"))


def found(*jobs: Moved) -> Found:
    """Return jobs as a source gives them."""
    gathering = Gathering("tab", list(jobs))
    for job in jobs:
        gathering.note_line(job.line, "job", job.text)
    return gathering.found()


def test_names_are_made_unique_over_all_sources_and_those_in_use() -> None:
    fitted = fit([found(moved("a"), moved("A")), found(moved("a"))], "UTC", taken=["a-2"])

    assert [job.id for each in fitted for job in each.jobs] == ["a", "A-3", "a-4"]


def test_a_job_that_would_not_load_is_told_with_its_line() -> None:
    (fitted,) = fit([read_crontab("0 0 31 2 * never\n0 0 1 1 * x\n", "tab", ME)], "UTC")

    assert [job.id for job in fitted.jobs] == ["x"]
    ((number, reason),) = reasons(fitted)
    assert (number, "never fires" in reason) == (1, True)


def test_bytes_that_are_no_text_are_refused() -> None:
    text = b"0 1 * * * echo \xff\xfe\n".decode("utf-8", "surrogateescape")
    (fitted,) = fit([read_crontab(text, "tab", ME)], "UTC")

    assert (len(fitted.jobs), len(fitted.refused)) == (0, 1)


def test_a_refused_job_leaves_its_name_free() -> None:
    bad = replace(moved("a", schedule="never"), line=2)
    (fitted,) = fit([found(bad, moved("a"))], "UTC")

    assert [job.id for job in fitted.jobs] == ["a"]


def test_words_that_are_not_built_yet_become_remarks() -> None:
    later = sorted(LATER_JOB)[:1]
    job = without_later(moved(**dict.fromkeys(later, "5m")))

    assert job.words == {"schedule": "@daily", "command": "x"}
    assert job.remarks == tuple(f"{word}: 5m is not built yet in this version" for word in later)


def test_the_text_of_a_job_is_a_jobs_file() -> None:
    assert job_text("x", {"schedule": "0 1 * * *", "env": {"A": "b"}}) == (
        "jobs:\n  x:\n    schedule: 0 1 * * *\n    env: {A: b}\n"
    )


# -- what jobs share -----------------------------------------------------------------------------


def test_what_all_jobs_say_goes_to_the_defaults() -> None:
    common, own = shared(
        [
            moved(shell="/bin/sh", env={"A": "1", "B": "2"}, timezone="UTC"),
            moved(shell="/bin/sh", env={"A": "1"}),
        ]
    )

    assert common.defaults == {"shell": "/bin/sh", "env": {"A": "1"}}
    assert [job.words for job in own] == [
        {"schedule": "@daily", "command": "x", "env": {"B": "2"}, "timezone": "UTC"},
        {"schedule": "@daily", "command": "x"},
    ]


def test_remarks_of_all_jobs_are_said_once() -> None:
    common, own = shared([moved().with_remarks("all", "one"), moved().with_remarks("all")])

    assert common.remarks == ("all",)
    assert [job.remarks for job in own] == [("one",), ()]


def test_one_job_shares_nothing() -> None:
    job = moved(shell="/bin/sh").with_remarks("one")

    common, own = shared([job])

    assert (common.defaults, common.remarks, own) == ({}, (), [job])


def test_what_some_have_is_no_default() -> None:
    assert shared([moved(overlap="allow"), moved()])[0].defaults == {}
