"""The engine is killed again and again while jobs run; the jobs do not notice.

The long form, fifty kills of twenty jobs: `pytest -m long -n 0 tests/journeys/test_kills.py`.
"""

import random
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.house import House, house, wait_until

JOB = """\
  job-{number}:
    schedule: "{schedule}"
    overlap: allow
    command: |
      echo "start $CRONTERM_JOB $CRONTERM_RUN_ID $CRONTERM_SCHEDULED_AT" >> {truth}
      seq 1 $((CRONTERM_RUN_ID % 50))
      sleep {seconds}
      echo "the end of $CRONTERM_RUN_ID"
      echo "end $CRONTERM_JOB $CRONTERM_RUN_ID $((CRONTERM_RUN_ID % 7))" >> {truth}
      exit $((CRONTERM_RUN_ID % 7))
"""


def jobs_text(count: int, truth: Path, schedule: str) -> str:
    """Return a jobs file of `count` jobs that note what they do in `truth`."""
    return "jobs:\n" + "".join(
        JOB.format(number=number, truth=truth, schedule=schedule, seconds=0.3 + number % 5 * 0.7)
        for number in range(count)
    )


@dataclass(frozen=True)
class Truth:
    """What the jobs themselves noted."""

    started: list[tuple[str, int, str]]
    ended: dict[int, int]

    @staticmethod
    def read(path: Path) -> "Truth":
        """Read the notes."""
        words = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        return Truth(
            started=[(w[1], int(w[2]), w[3]) for w in words if w[0] == "start"],
            ended={int(w[2]): int(w[3]) for w in words if w[0] == "end"},
        )


def kill_repeatedly(home: House, kills: int, truth: Path, seed: int) -> None:
    """Start, kill at a random moment, start again …, then let all end and stop the schedules."""
    moments = random.Random(seed)
    for _ in range(kills):
        engine = home.start()
        _wait_for_news(truth)
        with suppress(subprocess.TimeoutExpired):
            engine.wait(moments.uniform(0.0, 1.2))
        home.kill()
    home.start()
    text = home.jobs_file.read_text(encoding="utf-8")
    home.jobs_file.write_text(
        "\n".join(
            '    schedule: "@manual"' if "schedule:" in line else line for line in text.split("\n")
        ),
        encoding="utf-8",
    )
    wait_until(lambda: _is_quiet(home), "every run ends")


def _wait_for_news(truth: Path) -> None:
    known = _size(truth)
    wait_until(lambda: _size(truth) > known, "something starts")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _is_quiet(home: House) -> bool:
    jobs = home.status()["jobs"].values()
    return all(job["state"] == "idle" and job["next_at"] is None for job in jobs)


def check(home: House, truth: Truth) -> None:
    """Hold the history against what the jobs noted."""
    rows = {row["run_id"]: row for row in home.history() if row["run_id"] is not None}
    instants = Counter((job, at) for job, _, at in truth.started)

    assert [instant for instant, count in instants.items() if count > 1] == []
    assert sorted(truth.ended) == sorted(run for _, run, _ in truth.started)
    assert {run: rows[run]["exit_code"] for run in truth.ended} == truth.ended
    assert {run for run, row in rows.items() if row["started_at"]} == set(truth.ended)


def check_outputs(home: House, runs: list[int]) -> None:
    """Every byte that the runs printed is there."""
    for run in runs:
        lines = [str(number) for number in range(1, run % 50 + 1)]
        expected = "\n".join([*lines, f"the end of {run}", ""])

        assert home.run("logs", str(run)).stdout == expected


def journey(directory: Path, *, jobs: int, kills: int, schedule: str, outputs: int) -> None:
    """Live through `kills` kills of an engine that runs `jobs` jobs."""
    truth_file = directory / "truth.txt"
    with house(directory, jobs_text(jobs, truth_file, schedule)) as home:
        kill_repeatedly(home, kills, truth_file, seed=kills)
        truth = Truth.read(truth_file)

        check(home, truth)
        check_outputs(home, [run for _, run, _ in truth.started][:outputs])
        assert home.stop() == 0


def test_jobs_and_history_outlive_kills_of_the_engine(tmp_path: Path) -> None:
    journey(tmp_path, jobs=5, kills=3, schedule="* * * * * *", outputs=5)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_fifty_kills_of_an_engine_with_twenty_jobs(tmp_path: Path) -> None:
    journey(tmp_path, jobs=20, kills=50, schedule="*/2 * * * * *", outputs=200)
