"""Tests for reading the JSON of the seed systems."""

import json
from pathlib import Path

import pytest

from cronterm.errors import BadInput
from cronterm.moving.base import Found, Unreadable
from cronterm.moving.seed import minutes, read_seed, script_command
from tests.moving.here import ME, only, reasons


def read(content: object) -> Found:
    """Read some JSON."""
    return read_seed(json.dumps(content), "seed.json", ME)


def task(schedule: str, **more: object) -> dict[str, object]:
    """Return a job of seed 003."""
    command = {"type": "execute_command", "command": "/usr/bin/report --all"}
    return {"job_id": "daily", "schedule": schedule, "task": command, **more}


def test_a_job_file_is_read() -> None:
    job = only(read(task("0 1 * * *", description="Daily\nreport", owner="x")))

    assert (job.id, job.words) == (
        "daily",
        {
            "description": "Daily report",
            "schedule": "0 1 * * *",
            "command": "/usr/bin/report --all",
        },
    )
    assert job.remarks == ("owner is not kept",)


@pytest.mark.parametrize(
    ("written", "schedule"),
    [
        ("2027-09-20T02:00:00Z", "2027-09-20T02:00:00Z"),
        ("2027-09-20T02:00:00+02:00", "2027-09-20T02:00:00+02:00"),
        ("2027-09-20T02:00:00", "2027-09-20T02:00:00Z"),
    ],
)
def test_a_bare_time_is_utc(written: str, schedule: str) -> None:
    job = only(read(task(written)))

    assert job.words["schedule"] == schedule
    assert job.meaning.why_not == "one moment, not a schedule"


def test_monitors_have_minutes() -> None:
    backup, health = read(
        [
            {"job_id": "b", "schedule": "0 0 * * *", "tolerance": 30, "max_runtime": 120},
            {"job_id": "h", "schedule": "*/5 * * * *", "tolerance": 0.5, "is_health_check": True},
        ]
    ).jobs

    assert backup.words == {
        "monitor": True,
        "schedule": "0 0 * * *",
        "tolerance": "30m",
        "max_runtime": "120m",
    }
    assert health.words == {"monitor": "heartbeat", "schedule": "*/5 * * * *", "tolerance": "30s"}


def test_scripts_have_an_interval_and_a_frequency() -> None:
    found = read({"a": {"interval": 30, "frequency": "* * * * *", "script": "/opt/none.py"}})

    assert only(found).words == {
        "schedule": ["@in 30m", "* * * * *"],
        "command": ["python3", "/opt/none.py"],
    }


def test_jobs_may_stand_below_jobs() -> None:
    found = read({"jobs": [task("@daily"), {"id": "c", "command": "x", "interval": 5}]})

    assert [(job.id, job.words["schedule"]) for job in found.jobs] == [
        ("daily", "@daily"),
        ("c", "@in 5m"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"job_id": 7, "schedule": "@daily"}, "it has no job_id"),
        (task("@daily", task={"type": "http"}), "there is no task type 'http'"),
        ({"job_id": "x", "script": "y"}, "it has neither interval nor frequency"),
        ({"job_id": "x"}, "it has no schedule"),
        ({"job_id": "x", "schedule": "@daily", "tolerance": True}, "True is no number of minutes"),
        ({"job_id": "x", "schedule": "@daily", "tolerance": "soon"}, "could not convert"),
    ],
)
def test_what_is_no_job_is_refused(content: object, reason: str) -> None:
    ((number, told),) = reasons(read(content))

    assert (number, told.startswith(reason)) == (1, True), told


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(BadInput):
        read_seed("{", "seed.json", ME)


def test_minutes_are_bounded() -> None:
    with pytest.raises(Unreadable):
        minutes(-1)
    with pytest.raises(Unreadable):
        minutes(10**9)


def test_a_script_of_python_runs_with_it_unless_it_may_run_itself(tmp_path: Path) -> None:
    script = tmp_path / "a.py"
    script.touch(0o644)

    assert script_command([str(script), "x"]) == ["python3", str(script), "x"]
    script.chmod(0o755)
    assert script_command([str(script), "x"]) == [str(script), "x"]
    assert script_command(["/bin/ls"]) == ["/bin/ls"]
