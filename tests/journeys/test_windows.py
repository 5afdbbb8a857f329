"""Engine or runner is killed in each window of their contract, on purpose and not by luck."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house, wait_until

JOBS = """\
jobs:
  once:
    schedule: "@reboot"
    command: |
      echo "start $CRONTERM_SCHEDULED_AT" >> truth
      seq 1 3000
      {meanwhile}
      echo "end" >> truth
      exit 7
"""
PRINTED = "".join(f"{number}\n" for number in range(1, 3001))


@contextmanager
def stopped_at(point: str, directory: Path, *, meanwhile: str = ":") -> Iterator[tuple[House, int]]:
    """Give an instance with one job, and the pid of what stands still at `point`."""
    with house(directory, JOBS.format(meanwhile=meanwhile)) as home:
        home.launch(**home.pause_env(point))
        yield home, home.wait_paused(point)


def kill(pid: int) -> None:
    """End a process that is not our child with SIGKILL."""
    os.kill(pid, signal.SIGKILL)


def ended_row(home: House) -> dict[str, Any]:
    """Return the one row there is, once it has an end."""
    home.wait_idle()
    (row,) = home.history()
    return row


def noted(home: House) -> list[str]:
    """Return what the job itself noted: first words."""
    truth = home.directory / "truth"
    return [line.split()[0] for line in truth.read_text().splitlines()] if truth.exists() else []


def check_ran_once(home: House) -> None:
    """The one run has its true exit code and every byte, and nothing is left of it."""
    row = ended_row(home)

    assert (row["outcome"], row["reason"], row["exit_code"]) == ("failed", "exit", 7)
    assert row["started_at"] is not None
    assert noted(home) == ["start", "end"]
    assert home.run("logs", str(row["run_id"])).stdout == PRINTED
    check_is_tidy(home)


def check_is_lost(home: House) -> None:
    """The one run is lost, and nothing is left of it."""
    row = ended_row(home)

    assert (row["outcome"], row["reason"], row["exit_code"]) == ("lost", "runner_died", None)
    assert "end" not in noted(home)
    check_is_tidy(home)


def check_is_tidy(home: House) -> None:
    """Nothing runs, nothing died unnoticed, one runner is left and it has nothing to tell."""
    wait_until(lambda: len(home.runners()) == 1, "one runner is left")
    journals = (home.state_dir / "runners").glob("*/journal")

    assert home.jobs() == []
    wait_until(lambda: home.zombies() == [], "the dead are reaped")
    wait_until(lambda: all(each.stat().st_size == 0 for each in journals), "all is acknowledged")
    assert home.stop() == 0


@pytest.mark.parametrize("dies", ["engine", "both"])
@pytest.mark.parametrize("point", ["after_claim", "before_ack"])
def test_an_engine_that_dies_in_a_window_changes_nothing(
    tmp_path: Path, point: str, dies: str
) -> None:
    with stopped_at(point, tmp_path) as (home, pid):
        assert home.engine is not None
        assert pid == home.engine.pid
        (runner,) = home.runners()
        home.kill()
        if dies == "both":
            kill(runner)
        home.start()

        check_ran_once(home)


@pytest.mark.parametrize("dies", ["runner", "both"])
@pytest.mark.parametrize("point", ["after_journal_starting", "after_spawn"])
def test_a_run_is_lost_with_its_runner(tmp_path: Path, point: str, dies: str) -> None:
    with stopped_at(point, tmp_path, meanwhile="sleep 600") as (home, runner):
        if dies == "both":
            home.kill()
        kill(runner)
        if dies == "both":
            home.start()

        check_is_lost(home)


@pytest.mark.parametrize("dies", ["runner", "both"])
def test_an_end_that_was_journaled_outlives_the_runner(tmp_path: Path, dies: str) -> None:
    with stopped_at("after_journal_end", tmp_path) as (home, runner):
        if dies == "both":
            home.kill()
        kill(runner)
        if dies == "both":
            home.start()

        check_ran_once(home)


def test_a_runner_that_hangs_keeps_its_run_for_the_next_engine(tmp_path: Path) -> None:
    with stopped_at("after_journal_starting", tmp_path) as (home, runner):
        home.kill()
        home.start()
        assert home.status()["jobs"]["once"]["state"] == "running"
        os.kill(runner, signal.SIGCONT)

        check_ran_once(home)


def test_a_runner_that_hangs_and_dies_is_noticed_by_the_next_engine(tmp_path: Path) -> None:
    with stopped_at("after_spawn", tmp_path, meanwhile="sleep 600") as (home, runner):
        home.kill()
        home.start()
        assert home.status()["jobs"]["once"]["state"] == "running"
        kill(runner)

        check_is_lost(home)
