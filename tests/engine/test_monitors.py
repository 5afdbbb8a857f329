"""Tests for monitors from the API beside the jobs of the file."""

import logging
from pathlib import Path

import pytest

from cronterm.clock import MINUTE
from cronterm.engine.monitors import MOST_MONITORS, Monitors, UnknownMonitor
from cronterm.errors import CrontermError
from cronterm.model.action import Monitor
from cronterm.model.command import DefineMonitor, DropMonitor
from cronterm.model.monitors import MonitorDefinition

IN_FILE = {"backup"}


@pytest.fixture
def monitors() -> Monitors:
    """None yet."""
    return Monitors(Path("/srv"))


def define(monitors: Monitors, name: str, schedule: str = "0 */4 * * *") -> None:
    """Define a monitor."""
    command = DefineMonitor(job=name, schedule=schedule, tolerance=15 * MINUTE)
    monitors.define(command, IN_FILE, by="api:ci", at=7)


def test_a_monitor_is_a_job_without_a_source(monitors: Monitors) -> None:
    fact = monitors.define(
        DefineMonitor(job="beat", schedule="*/5 * * * *", max_runtime=MINUTE, is_heartbeat=True),
        IN_FILE,
        by="api:ci",
        at=7,
    )
    (job,) = monitors.jobs(IN_FILE, "Europe/Berlin")

    assert (fact.definition.by, fact.definition.defined_at) == ("api:ci", 7)
    assert job.action == Monitor("heartbeat")
    assert (job.max_runtime, job.tolerance, job.timezone) == (MINUTE, None, "Europe/Berlin")
    assert (job.source, job.line, job.directory) == ("", 0, "/srv")


def test_defining_it_again_changes_it(monitors: Monitors) -> None:
    define(monitors, "a")
    define(monitors, "a", "@daily")

    assert [job.schedule_text for job in monitors.jobs(IN_FILE, "UTC")] == ["@daily"]


def test_what_is_dropped_is_gone(monitors: Monitors) -> None:
    define(monitors, "a")
    fact = monitors.drop(DropMonitor(job="a"), IN_FILE, at=8)

    assert (fact.job, "a" in monitors) == ("a", False)
    assert monitors.jobs(IN_FILE, "UTC") == ()
    with pytest.raises(UnknownMonitor):
        monitors.drop(DropMonitor(job="a"), IN_FILE, at=9)


def test_a_job_of_the_file_cannot_be_defined_or_dropped(monitors: Monitors) -> None:
    for name in ("backup", "Backup"):
        with pytest.raises(CrontermError, match="is defined in the jobs file"):
            define(monitors, name)
        with pytest.raises(CrontermError, match="is defined in the jobs file"):
            monitors.drop(DropMonitor(job=name), IN_FILE, at=0)


def test_a_job_of_the_file_hides_a_monitor_of_its_name(monitors: Monitors) -> None:
    define(monitors, "a")

    assert monitors.jobs({"A"}, "UTC") == ()
    assert [job.id for job in monitors.jobs(set(), "UTC")] == ["a"]


@pytest.mark.parametrize(
    ("name", "schedule", "told"),
    [
        ("a", "61 * * * *", "61"),
        ("a", "0 0 30 2 *", "never"),
        ("a", "@reboot", "nobody can report in time"),
        ("../a", "@daily", "cannot name a job"),
        ("a\nb: {command: id}", "@daily", "cannot name a job"),
        ("57", "@daily", "taken for a run"),
        ("a", '", command: id, x-y: "', "is not understood"),
    ],
)
def test_what_cannot_be_is_refused(monitors: Monitors, name: str, schedule: str, told: str) -> None:
    with pytest.raises(CrontermError, match=told):
        define(monitors, name, schedule)

    assert monitors.jobs(set(), "UTC") == ()


def test_cases_do_not_tell_monitors_apart(monitors: Monitors) -> None:
    define(monitors, "a")

    with pytest.raises(CrontermError, match="cases do not tell jobs apart"):
        define(monitors, "A")


def test_there_are_not_more_than_a_thousand(monitors: Monitors) -> None:
    monitors.restore(
        MonitorDefinition(job=f"m{n}", schedule="@daily") for n in range(MOST_MONITORS)
    )

    with pytest.raises(CrontermError, match="there are 1,000 monitors already"):
        define(monitors, "one-more")
    define(monitors, "m7", "@hourly")


def test_what_cannot_be_read_any_more_is_said_and_hides_no_other(
    monitors: Monitors, caplog: pytest.LogCaptureFixture
) -> None:
    good = MonitorDefinition(job="good", schedule="@daily")
    monitors.restore([MonitorDefinition(job="bad", schedule="@never"), good])
    with caplog.at_level(logging.ERROR, "cronterm.reload"):
        shown = monitors.jobs(set(), "UTC")

    assert [job.id for job in shown] == ["good"]
    assert "the monitor bad cannot be read" in caplog.text
