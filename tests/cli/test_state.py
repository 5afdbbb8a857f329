"""Tests for `status`."""

import json

from msgspec.structs import replace

from cronterm.clock import MINUTE, SECOND, SystemClock, rfc3339
from cronterm.model.event import ConfigRejected, JobChanged, TriggerSuspended
from cronterm.model.problem import Problem
from cronterm.model.run import Cause
from cronterm.model.snapshot import LiveRun, PastRun
from cronterm.model.trigger import OnWebhook
from tests.cli.desk import Desk
from tests.remote.fake_control import START


def test_status_shows_the_engine_and_each_job(desk: Desk) -> None:
    desk.run("run", "backup")
    desk.run("pause", "talker", "--reason", "noise")
    done = desk.run("status")

    lines = done.stdout.splitlines()
    assert "engine running, pid 4242, version 9.9" in lines[0]
    assert lines[1].split() == ["JOB", "STATE", "LAST", "TOOK", "NEXT", "IN", "REASON"]
    assert lines[2].split() == ["backup", "idle", "✓", "succeeded", "1.0s"]
    assert "paused by me: noise" in lines[3]


def test_status_json_has_engine_and_jobs_by_id(desk: Desk) -> None:
    desk.client.control.exit_code = 3
    desk.run("run", "backup")
    status = json.loads(desk.run("status", "--json").stdout)

    assert status["engine"]["pid"] == 4242
    assert status["engine"]["state"] == "running"
    assert status["engine"]["started_at"] == "2027-01-15T08:00:00Z"
    assert status["jobs"]["backup"] == {
        "state": "idle",
        "reason": "failed: exit 3",
        "next_at": None,
        "running": [],
        "muted_until": None,
        "last_run": {
            "run_id": 1,
            "outcome": "failed",
            "reason": "exit",
            "started_at": "2027-01-15T08:00:00Z",
            "ended_at": "2027-01-15T08:00:01Z",
            "exit_code": 3,
            "signal": None,
        },
    }


def test_json_keeps_the_names_of_ends_that_people_read_as_words(desk: Desk) -> None:
    past = PastRun(None, START, "skipped", "queue_full")
    desk.client.control.view.jobs["backup"].recent.append(past)

    assert json.loads(desk.run("status", "--json").stdout)["jobs"]["backup"]["reason"] == (
        "skipped: queue_full"
    )
    assert "skipped: queue full" in desk.run("status").stdout


def test_a_job_that_could_not_be_started_has_failed(desk: Desk) -> None:
    view = desk.client.control.view.jobs["backup"]
    view.recent += [
        PastRun(7, START, "failed", "start_error", attempt=1),
        PastRun(None, START + SECOND, "skipped", "overlap"),
    ]

    row = next(line for line in desk.run("status").stdout.splitlines() if "backup" in line)
    assert "✗ failed" in row
    last = json.loads(desk.run("status", "--json").stdout)["jobs"]["backup"]["last_run"]
    assert (last["run_id"], last["reason"], last["started_at"]) == (7, "start_error", None)
    assert "last: run 7 ✗ failed: start error, 2027-01-15" in desk.run("show", "backup").stdout


def test_a_paused_job_that_is_disabled_says_both(desk: Desk) -> None:
    desk.run("pause", "talker", "--reason", "noise")
    view = desk.client.control.view.jobs["talker"]
    view.job = replace(view.job, enabled=False)

    assert "paused by me: noise; enabled: false in the file" in desk.run("status").stdout


def test_status_of_chosen_jobs_shows_only_them(desk: Desk) -> None:
    done = desk.run("status", "talker", "--json")

    assert set(json.loads(done.stdout)["jobs"]) == {"talker"}


def test_status_of_an_unknown_job_says_what_is_near(desk: Desk) -> None:
    done = desk.run("status", "bakcup")

    assert done.exit_code == 1
    assert "did you mean backup?" in done.stderr


def leave(desk: Desk) -> LiveRun:
    """Take `backup` out of the file while a run of it is open; return the run."""
    snapshot, now = desk.client.control.view, SystemClock().now().utc
    run = LiveRun(
        run=138,
        job="backup",
        cause=Cause("manual"),
        state="running",
        queued_at=now - MINUTE,
        ready_at=now - MINUTE,
        started_at=now - MINUTE,
    )
    del snapshot.jobs["backup"]
    snapshot.removed["backup"] = {138: run}
    return run


def test_what_goes_on_of_a_removed_job_is_told_until_it_ends(desk: Desk) -> None:
    run = leave(desk)
    said = "removed from the file, still running: backup (run 138, 1m)"

    assert said in desk.run("status").stdout.splitlines()
    assert said not in desk.run("status", "talker").stdout
    assert json.loads(desk.run("status", "--json").stdout)["removed"] == [
        {
            "job": "backup",
            "run_id": 138,
            "state": "running",
            "started_at": rfc3339(run.started_at or 0),
        }
    ]
    plain = desk.run("status", "--plain").stdout
    assert "removed from the file, still running: backup (run 138)" in plain.splitlines()
    motd = desk.run("motd").stdout.splitlines()
    assert motd[:2] == ["cronterm: 1 job, 1 running, 0 failing", f"  {said}"]
    assert json.loads(desk.run("motd", "--json").stdout)["running"] == ["backup"]

    desk.client.control.view.removed.clear()
    for words in (("status",), ("status", "--plain"), ("motd",)):
        assert "removed" not in desk.run(*words).stdout
    assert json.loads(desk.run("status", "--json").stdout)["removed"] == []


def test_a_removed_job_that_is_asked_for_is_told_to_go_on(desk: Desk) -> None:
    leave(desk)

    for words in (("status", "backup"), ("show", "backup")):
        done = desk.run(*words)
        assert done.exit_code == 1
        assert "it was removed from the file, and run 138 of it still runs" in done.stderr


def test_status_check_fails_while_a_job_is_failing(desk: Desk) -> None:
    assert desk.run("status", "--check").exit_code == 0

    desk.client.control.exit_code = 1
    desk.run("run", "backup")
    assert desk.run("status", "--check").exit_code == 3


def test_a_rejected_file_is_shown_with_line_and_column(desk: Desk) -> None:
    problem = Problem(file="jobs.yaml", line=3, column=5, message="bad \x1b[2J", hint="mend")
    desk.client.control.tell(ConfigRejected(at=START + SECOND, sha256="0", problems=(problem,)))
    done = desk.run("status")

    assert "jobs.yaml:3:5: bad  (mend)" in done.stdout
    untaken = "jobs.yaml is not taken over: the jobs before it stay in force"
    assert untaken in done.stdout.splitlines()
    assert untaken in desk.run("status", "--plain").stdout.splitlines()


def test_what_a_job_waits_for_and_that_it_does_not_any_more_are_shown(desk: Desk) -> None:
    control = desk.client.control
    backup = replace(control.view.jobs["backup"].job, triggers=(OnWebhook(path="go"),))
    control.tell(JobChanged(at=START + SECOND, job=backup))
    control.tell(TriggerSuspended(at=START + SECOND, job="backup", trigger="webhook go"))
    done = desk.run("status", "backup")

    assert "on webhook" in done.stdout
    assert "suspended after too many runs: webhook go" in done.stdout
