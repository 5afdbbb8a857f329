"""Tests for comparing old and new."""

from dataclasses import replace

from cronterm.clock import HOUR, Instant
from cronterm.model.job import Job
from cronterm.moving.base import Instants, Meaning, Moved
from cronterm.moving.crontab import read_crontab
from cronterm.moving.fit import fit, job_text, load_alone
from cronterm.moving.verify import COUNT, Pair, compare
from tests.moving.here import ME, MORNING, only


def job_of(moved: Moved) -> Job:
    """Return the job that a moved one is."""
    (job,) = load_alone(job_text(moved.id, moved.words), ME.timezone).jobs
    return job


def imported(line: str) -> Moved:
    """Return the job of a line of a crontab."""
    return only(fit([read_crontab(line + "\n", "tab", ME)], ME.timezone)[0])


def hours(*hours_after: int) -> Instants:
    """Return a meaning's instants, so many hours after the start of the comparison."""
    times = [MORNING + hour * HOUR for hour in hours_after]

    def instants(after: Instant, limit: int) -> list[Instant]:
        return [at for at in times if at > after][:limit]

    return instants


def test_equal_instants_stand_side_by_side() -> None:
    moved = imported("30 2 * * 1-5 x")

    one = compare(moved, job_of(moved), MORNING)

    assert len(one.pairs) == COUNT
    assert all(pair.old == pair.new for pair in one.pairs)
    assert (one.differences, one.written, one.timezone) == ((), "30 2 * * 1-5", "Europe/Berlin")
    assert f"{one.local(one.pairs[0].new or 0):%a %H:%M}" == "Mon 02:30"


def test_each_difference_is_named() -> None:
    moved = replace(imported("0 * * * * x"), meaning=Meaning("old", "UTC", hours(1, 2, 4)))

    one = compare(moved, job_of(moved), MORNING, count=3)

    at = MORNING + 3 * HOUR
    assert one.pairs[2:] == (Pair(None, at),)
    assert one.differences == ("Fri 2027-01-15 11:00:00 +0000: only the new schedule",)


def test_an_instant_that_only_the_old_schedule_has_is_named() -> None:
    moved = replace(imported("0 */2 * * * x"), meaning=Meaning("old", "UTC", hours(1, 2, 3)))

    assert compare(moved, job_of(moved), MORNING, count=3).differences == (
        "Fri 2027-01-15 10:00:00 +0000: only the old schedule",
    )


def test_a_list_that_ends_early_is_compared_to_its_end() -> None:
    moved = replace(
        imported("0 * * * * x"),
        words={"schedule": "2027-01-15T09:00:00Z", "command": "x"},
        meaning=Meaning("old", "UTC", hours(1, 2)),
    )

    pairs = compare(moved, job_of(moved), MORNING).pairs

    assert pairs == (Pair(MORNING + HOUR, MORNING + HOUR), Pair(MORNING + 2 * HOUR, None))


def test_what_has_no_instants_says_why() -> None:
    moved = imported("@reboot x")

    one = compare(moved, job_of(moved), MORNING)

    assert (one.pairs, one.why_not) == (
        (),
        "once per boot: in this one when its engine first starts",
    )


def test_what_else_moves_a_start_is_named() -> None:
    moved = imported("@reboot x")
    job = job_of(replace(moved, words={**moved.words, "jitter": "45m", "enabled": False}))

    assert compare(moved, job, MORNING).differences == (
        "starts up to 45m later: jitter",
        "starts nothing: enabled is false",
    )
