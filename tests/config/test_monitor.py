"""Jobs that something else runs: what may be said of them, and what may not."""

from pathlib import Path

import pytest

from cronterm.clock import HOUR, MINUTE
from cronterm.config.load import Loaded, load_text
from cronterm.model.action import Monitor

PATH = Path("/srv/ops/jobs.yaml")


def read(words: str, defaults: str = "{}") -> Loaded:
    """Read a job of these words."""
    lines = "".join(f"    {line}\n" for line in words.splitlines())
    text = f"defaults: {defaults}\njobs:\n  a:\n{lines}"
    return load_text(text, path=PATH, local_timezone="UTC")


def test_a_monitor_has_nothing_to_run() -> None:
    loaded = read("monitor: true\nschedule: '@daily'\ntolerance: 30m\nmax_runtime: 2h")

    assert loaded.problems == ()
    (job,) = loaded.jobs
    assert job.action == Monitor("job")
    assert (job.tolerance, job.max_runtime, job.is_monitor) == (30 * MINUTE, 2 * HOUR, True)
    heartbeat = read("monitor: heartbeat\nschedule: '*/5 * * * *'").jobs[0]
    assert heartbeat.action == Monitor("heartbeat")
    assert heartbeat.tolerance is None


def test_a_monitor_needs_no_schedule_but_a_heartbeat_does() -> None:
    assert read("monitor: true").problems == ()
    assert "without a schedule no heartbeat is ever due" in str(
        read("monitor: heartbeat").problems[0]
    )


def test_defaults_that_say_how_jobs_are_run_do_not_concern_it() -> None:
    loaded = read("monitor: true", "{retry: 3, timeout: 5m, working_dir: /tmp, shell: bash}")

    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("monitor: false", "jobs.yaml:4:14: false is not a monitor (true or heartbeat)"),
        ("monitor: heartbeats", "heartbeats is not a monitor"),
        ("monitor: [heartbeat]", "this is not a monitor"),
        ("monitor:", "nothing is not a monitor"),
        ("monitor: true\ncommand: x", "command"),
        ("monitor: true\ntimeout: 5m", "timeout goes with what cronterm runs, not with monitor"),
        ("monitor: true\nretry: 3", "retry goes with what cronterm runs, not with monitor"),
        ("monitor: true\nstdin: x", "stdin goes with what cronterm runs"),
        ("monitor: true\nshell: bash", "shell goes with what cronterm runs"),
        ("monitor: true\nsuccess: {stdout_match: x}", "only the exit code is known"),
        ("monitor: true\nschedule: '@reboot'", "nobody can report in time for @reboot"),
        ("monitor: true\ntolerance: -1m", "jobs.yaml:5:16"),
        ("monitor: true\nmax_runtime: 0", "jobs.yaml:5:18"),
        ("monitor: true\nmax_runtime: soon", "jobs.yaml:5:18"),
        ("command: x\ntolerence: 5m", "tolerance"),
    ],
)
def test_what_a_monitor_cannot_have_is_refused_once(words: str, expected: str) -> None:
    (problem,) = read(words).problems

    assert expected in str(problem)
