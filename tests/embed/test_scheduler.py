"""A program hosts an engine, tells it what to do, and reads what it did."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cronterm
from cronterm import AlreadyRunning, BadInput, CrontermError, Job, NoEngine, Scheduler, connect
from tests.contracts.test_control import end_runners
from tests.embed.tasks import sample_task

PATIENCE_S = 20.0

JOBS = [
    Job("task", python=sample_task, args=[1, "two"], kwargs={"suffix": "!"}),
    Job("fails", command="echo oh; exit 3"),
    Job("long", command=["sleep", "60"], stop_grace_period="1s"),
    Job("yearly", schedule="@yearly", command="true"),
]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """Give a state directory; no runner of it is left behind."""
    yield tmp_path / "state"
    end_runners(tmp_path)


def test_jobs_from_code_run_and_leave_a_history(state: Path) -> None:
    with Scheduler(state, jobs=JOBS, settings={"timezone": "Europe/Berlin"}) as scheduler:
        done = scheduler.wait(scheduler.run("task"), timeout_s=PATIENCE_S)
        failed = scheduler.wait(scheduler.run("fails"), timeout_s=PATIENCE_S)
        assert done.run is not None
        printed = scheduler.output(done.run)
        here = scheduler.runs("fails")

    assert (done.outcome, failed.outcome, failed.exit_code) == ("succeeded", "failed", 3)
    assert printed == b"Task executed with arguments: 1, two!\n"
    assert [row.exit_code for row in here] == [3]
    later = connect(state / "jobs.json", state_dir=state)
    assert [row.job for row in later.runs()] == ["task", "fails"]
    assert later.runs("task")[0].started_at == done.started_at
    assert later.runs(since=datetime.now(UTC) + timedelta(hours=1)) == ()


def test_a_job_is_stopped_paused_and_resumed(state: Path) -> None:
    with Scheduler(state, jobs=JOBS) as scheduler:
        elsewhere = connect(state / "jobs.json", state_dir=state)
        run = elsewhere.run("long")
        with pytest.raises(CrontermError, match=r"has not ended after 0\.05 s"):
            scheduler.wait(run, timeout_s=0.05)
        scheduler.stop("long")
        assert elsewhere.wait(run, timeout_s=PATIENCE_S).outcome == "stopped"

        scheduler.pause("yearly", reason="holidays")
        assert elsewhere.jobs()["yearly"].pause is not None
        assert "holidays" in " ".join(elsewhere.why("yearly"))
        elsewhere.resume("yearly")
        assert scheduler.jobs()["yearly"].pause is None

        first, second = scheduler.next("yearly", limit=2)
        assert cronterm.aware(first).year + 1 == cronterm.aware(second).year


def test_a_refusal_is_an_error(state: Path) -> None:
    with Scheduler(state, jobs=JOBS) as scheduler:
        with pytest.raises(CrontermError, match="nowhere"):
            scheduler.run("nowhere")
        with pytest.raises(BadInput, match="a job or the number of a run"):
            scheduler.stop()
        with pytest.raises(BadInput, match="no time zone"):
            scheduler.pause("task", until=datetime(2030, 1, 1))  # noqa: DTZ001
        with pytest.raises(CrontermError, match="started before"):
            scheduler.start()


def test_the_program_keeps_its_signals(state: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    with Scheduler(state, jobs=[]):
        within = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    assert within == before


async def test_a_program_with_a_loop_hosts_one_too(state: Path) -> None:
    async with Scheduler(state, jobs=JOBS) as scheduler:
        run = await asyncio.to_thread(scheduler.run, "task")
        row = await asyncio.to_thread(scheduler.wait, run, timeout_s=PATIENCE_S)

    assert row.outcome == "succeeded"
    assert [row.run for row in scheduler.runs()] == [run]  # from the history, within a loop


def test_a_second_engine_is_refused_and_harms_nothing(state: Path) -> None:
    with Scheduler(state, jobs=JOBS) as first:
        with pytest.raises(AlreadyRunning), Scheduler(state, jobs=[]):
            pytest.fail("two engines have one instance")

        assert first.jobs().keys() == {job.id for job in JOBS}
        assert first.instance.is_held()


def test_a_jobs_file_is_hosted_as_it_is(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    with pytest.raises(NoEngine, match="does not exist"), Scheduler(state, jobs_file=file):
        pytest.fail("it has no jobs")
    file.write_text("jobs: {a: {command: }}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"jobs\.yaml:1:"), Scheduler(state, jobs_file=file):
        pytest.fail("its jobs are broken")
    file.write_text("jobs: {a: {command: 'true'}}\n", encoding="utf-8")

    with Scheduler(state, jobs_file=file) as scheduler:
        assert scheduler.jobs().keys() == {"a"}

    assert file.read_text(encoding="utf-8") == "jobs: {a: {command: 'true'}}\n"


def test_without_an_engine_what_changes_is_refused(state: Path) -> None:
    scheduler = Scheduler(state, jobs=JOBS)

    with pytest.raises(NoEngine):
        scheduler.run("task")
    with pytest.raises(BadInput, match="one of them"):
        Scheduler(state)
    with pytest.raises(BadInput, match="settings go with jobs"):
        Scheduler(state, jobs_file="jobs.yaml", settings={"timezone": "UTC"})


PROGRAM = """
import beside
from cronterm import Job, Scheduler

def greet(name):
    print(beside.GREETING, name)

if __name__ == "__main__":
    with Scheduler("state", jobs=[Job("greet", python=greet, args=["you"])]) as scheduler:
        row = scheduler.wait(scheduler.run("greet"), timeout_s=20)
        print(row.outcome, scheduler.output(row.run))
"""


def test_a_program_calls_its_own_function(tmp_path: Path, state: Path) -> None:
    (tmp_path / "beside.py").write_text("GREETING = 'hello'\n", encoding="utf-8")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("succeeded b'hello you\\n'\n", "")


def test_only_what_is_public_is_there() -> None:
    for name in cronterm.__all__:
        assert getattr(cronterm, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Engine'"):
        _ = cronterm.Engine  # type: ignore[attr-defined]
