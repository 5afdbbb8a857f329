"""Tests for `exec`: the command runs here, an engine hears of it."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cronterm.cli.wrap import Reports, execute_command
from cronterm.model.command import AddJob, Answer, AnyCommand, PingJob
from tests.cli.desk import Desk, FakeClient
from tests.remote.fake_control import FakeControl


class Listening(FakeClient):
    """An engine that hears reports; `known` are its monitors."""

    def __init__(self, known: Sequence[str] = ("mirror",)) -> None:
        super().__init__(FakeControl())
        self.known = set(known)
        self.heard: list[AnyCommand] = []

    def send(self, command: AnyCommand) -> Answer:
        """As `RequestClient`."""
        self.heard.append(command)
        if isinstance(command, AddJob):
            self.known.add(command.job)
            return Answer(ok=True, message="added")
        assert isinstance(command, PingJob)
        if command.job not in self.known:
            return Answer(ok=False, kind="unknown_job", message=f"there is no job {command.job}")
        if command.job == "beat" and command.what == "start":
            return Answer(ok=False, kind="invalid", message="beat takes heartbeats, not starts")
        return Answer(ok=True, message="heard", run=1)

    @property
    def pings(self) -> list[tuple[str, int, str]]:
        """What was reported: what, exit code, text."""
        found = [each for each in self.heard if isinstance(each, PingJob)]
        return [(each.what, each.exit_code, each.text) for each in found]


@pytest.fixture
def heard(desk: Desk) -> Listening:
    """What the engine of the desk hears."""
    desk.client = Listening()
    return desk.client


def test_start_output_and_end_are_reported_as_one_run(
    desk: Desk, heard: Listening, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    code = run_here(desk, "mirror", "echo out; echo err >&2; exit 3")

    assert code == 3
    assert heard.pings[0] == ("start", 0, "")
    assert heard.pings[-1] == ("end", 3, "")
    text = "\n".join(text for what, _, text in heard.pings if what == "log")
    assert sorted(text.split()) == ["err", "out"]
    assert len({each.rid for each in heard.heard if isinstance(each, PingJob)}) == 1


def run_here(desk: Desk, job: str, script: str) -> int:
    """Run a shell script on the desk's instance."""
    at = desk.asked(file=str(desk.instance.jobs_file), state_dir=str(desk.instance.state_dir))
    return execute_command(["sh", "-c", script], Reports(at, job, {"monitor": True}))


def test_a_signal_is_an_exit_status_as_in_a_shell(desk: Desk, heard: Listening) -> None:
    assert run_here(desk, "mirror", "kill -9 $$") == 137
    assert heard.pings[-1][:2] == ("end", 137)


def test_a_heartbeat_is_sent_after_the_work_and_a_failure_is_told(
    desk: Desk, heard: Listening
) -> None:
    heard.known.add("beat")

    assert run_here(desk, "beat", "true") == 0
    assert heard.pings[-1] == ("heartbeat", 0, "")
    assert run_here(desk, "beat", "exit 2") == 2
    assert heard.pings[-1] == ("end", 2, "")


def test_a_job_that_is_not_there_can_be_made(desk: Desk, heard: Listening) -> None:
    place = ["-f", str(desk.instance.jobs_file), "--state-dir", str(desk.instance.state_dir)]
    words = ("--create", "--schedule", "@daily", "--", "true")
    at = desk.run(*place, "exec", "--job", "new", *words, bare=True)

    assert at.exit_code == 0
    assert AddJob(job="new", words={"schedule": "@daily", "monitor": True}) in heard.heard
    assert [what for what, _, _ in heard.pings] == ["start", "start", "end"]


@pytest.mark.parametrize("job", ["nosuch", "mirror"])
def test_the_command_runs_even_if_nobody_hears(lonely: Desk, tmp_path: Path, job: str) -> None:
    done = lonely.run("exec", "--job", job, "--", "touch", str(tmp_path / "done"))

    assert done.exit_code == 0
    assert (tmp_path / "done").exists()
    assert f"{job} is not reported" in done.stderr


def test_a_command_that_is_not_there_is_127(desk: Desk, heard: Listening) -> None:
    assert desk.run("exec", "--job", "mirror", "--", "/no/such").exit_code == 127
    assert heard.pings[-1][:2] == ("end", 127)
    assert desk.run("exec", "--job", "mirror", "--", str(desk.instance.jobs_file)).exit_code == 126


def test_the_options_of_the_command_are_its_own(desk: Desk, heard: Listening) -> None:
    done = desk.run("exec", "--job", "mirror", "sh", "-c", "exit 4")

    assert done.exit_code == 4


def test_a_signal_reaches_the_command(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "cronterm",
        "-f",
        str(tmp_path / "no.yaml"),
        "exec",
        "--job",
        "x",
    ]
    script = "trap 'echo heard; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [*words, "--", "sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.terminate()

    assert process.stdout.read() == b"heard\n"
    assert process.wait(20) == 5
    process.stdout.close()
