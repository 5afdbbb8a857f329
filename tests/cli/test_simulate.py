"""Tests for `simulate`, on a desk without an engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from cronterm.clock import DAY, MINUTE, SECOND, SystemClock, rfc3339
from cronterm.model.event import AttemptClaimed, AttemptEnded, AttemptStarted, RunEnded, RunQueued
from cronterm.model.run import AttemptEnd, Cause
from cronterm.store.sqlite import open_store
from tests.cli.desk import Desk
from tests.store.facts import added

FILE = """
settings: {max_running: 2}
jobs:
  backup: {schedule: "0 * * * *", command: "true"}
  often: {schedule: "*/10 * * * *", command: "true", overlap: queue}
  never: {command: "true"}
"""

FROM = ("--from", "2027-01-15T00:30:00Z")


@pytest.fixture
def house(lonely: Desk) -> Desk:
    """A desk with three jobs."""
    lonely.instance.jobs_file.write_text(FILE, encoding="utf-8")
    return lonely


def simulated(desk: Desk, *words: str) -> dict[str, Any]:
    """Return what `simulate --json` prints."""
    done = desk.run("simulate", *FROM, *words, "--json")
    said = [line for line in done.stderr.splitlines() if not line.startswith("living through ")]
    assert (done.exit_code, said) == (0, []), "more than how far a slow machine is"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def remember(desk: Desk, job: str, took: int, *, code: int = 0) -> None:
    """Put a run of yesterday into the history."""
    desk.instance.prepare()
    at = SystemClock().now().utc - DAY
    with open_store(desk.instance.state_dir, now=at) as store:
        run = store.memory(now=at).next_run
        end = AttemptEnd(ended_at=at + took, exit_code=code)
        store.record(
            [
                added(job, at=at),
                RunQueued(at=at, run=run, job=job, cause=Cause("manual"), ready_at=at, attempts=1),
                AttemptClaimed(at=at, run=run, job=job, attempt=1),
                AttemptStarted(at=at, run=run, job=job, attempt=1, pid=1, started_at=at),
                AttemptEnded(at=at, run=run, job=job, attempt=1, end=end),
                RunEnded(
                    at=at + took,
                    run=run,
                    job=job,
                    outcome="failed" if code else "succeeded",
                    reason="exit" if code else "",
                ),
            ]
        )


def test_simulate_counts_the_coming_days(house: Desk) -> None:
    found = simulated(house, "--days", "2")

    assert (found["from"], found["to"]) == ("2027-01-15T00:30:00Z", "2027-01-17T00:30:00Z")
    assert [(job["job"], job["due"], job["runs"]) for job in found["jobs"]] == [
        ("backup", 48, 48),
        ("often", 288, 288),
        ("never", 0, 0),
    ]
    assert found["most_at_once"] == 2
    assert len(found["hours"]) == 49
    assert found["busiest_minutes"][0] == {"at": "2027-01-15T01:00:00Z", "starts": 2, "running": 2}


def test_seven_days_are_simulated_where_nobody_says_otherwise(house: Desk) -> None:
    assert simulated(house)["to"] == "2027-01-22T00:30:00Z"


def test_o_json_is_json(house: Desk) -> None:
    told = house.run("simulate", *FROM, "-o", "json")

    assert json.loads(told.stdout) == simulated(house)


def test_durations_are_those_of_the_history(house: Desk) -> None:
    remember(house, "backup", 3 * MINUTE)
    found = simulated(house, "--assume", "42s")

    assert [(job["learnt_from_runs"], job["median_s"], job["p95_s"]) for job in found["jobs"]] == [
        (1, 180, 180),
        (0, 42, 42),
        (0, 42, 42),
    ]
    assert found["assumed_s"] == 42


def test_tries_fail_when_asked_to(house: Desk) -> None:
    remember(house, "backup", 3 * MINUTE)
    remember(house, "backup", 3 * MINUTE, code=1)
    without, with_failures = simulated(house), simulated(house, "--failures")

    assert without["jobs"][0]["outcomes"] == {"succeeded": 168}
    outcomes = with_failures["jobs"][0]["outcomes"]
    assert outcomes.keys() == {"succeeded", "failed"}
    assert 50 < outcomes["failed"] < 118


def test_another_seed_is_another_week(house: Desk) -> None:
    for took in (SECOND, 2 * SECOND, MINUTE):
        remember(house, "backup", took)

    assert simulated(house) == simulated(house)
    assert simulated(house, "--seed", "2")["jobs"] != simulated(house)["jobs"]


def test_simulate_begins_now_and_writes_nothing(house: Desk) -> None:
    before = SystemClock().now().utc
    done = house.run("simulate", "--days", "0.01", "--json")
    after = SystemClock().now().utc

    assert rfc3339(before) <= json.loads(done.stdout)["from"] <= rfc3339(after)
    assert not house.instance.state_dir.exists()


def test_simulate_for_people_says_what_will_be_trouble(house: Desk) -> None:
    lines = house.run("simulate", *FROM, "--days", "1", "--assume", "15m").stdout.splitlines()

    assert lines[0] == "2027-01-15 00:30:00 to 2027-01-16 00:30:00: 120 runs of 3 jobs"
    assert "assumed: 3 jobs that have not run yet (?) take 15m00s" in lines
    assert any(line.startswith("at most 2 at once") for line in lines)
    assert any(line.startswith("often: ") and "skipped" in line for line in lines)
    assert any(line.startswith("often: ") and "waited" in line for line in lines)
    assert any(line.split()[:2] == ["JOB", "USUALLY"] for line in lines)


def test_simulate_says_so_when_nothing_will_be_trouble(house: Desk) -> None:
    told = house.run("simulate", *FROM, "--days", "1").stdout

    assert "nothing is skipped, missed, late or cut short, and nothing waits" in told


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--days", "0"), 2),
        (("--days", "367"), 2),
        (("--from", "soon"), 65),
        (("--assume", "long"), 65),
        (("-o", "yaml"), 2),
    ],
)
def test_simulate_refuses_what_it_cannot_read(
    house: Desk, words: tuple[str, ...], code: int
) -> None:
    done = house.run("simulate", *words)

    assert done.exit_code == code
    assert done.stdout == ""


def test_a_broken_file_is_told_with_all_its_problems(lonely: Desk, tmp_path: Path) -> None:
    lonely.instance.jobs_file.write_text("jobs: {a: {comand: x}, b: {}}", encoding="utf-8")
    done = lonely.run("simulate")

    assert done.exit_code == 65
    assert "comand" in done.stderr
    assert "jobs.yaml:1:" in done.stderr
