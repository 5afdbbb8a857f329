"""Reports, alerts and the inbox of missed instants, with a real engine."""

import json
import time
from pathlib import Path
from typing import Any

from cronterm.model.command import TryJob
from tests.journeys.house import House, house, wait_until

JOBS = """
settings: {start_grace: 0}
jobs:
  mirror: {monitor: true, schedule: "0 0 1 1 *", max_runtime: 1s}
  beat: {monitor: heartbeat, schedule: {every: 2s}, tolerance: 1s}
  bad: {schedule: "@startup", command: exit 3}
  tick: {schedule: {every: 2s}, command: echo $CRONTERM_TRIGGER}
  greet: {command: "echo $PARAM_WHOM", params: {whom: you}}
"""


def alerts(it: House, *words: str) -> dict[tuple[str | None, str], dict[str, Any]]:
    """Return what `alerts --json` prints, by job and kind."""
    lines = it.run("alerts", "ls", "--json", *words).stdout.splitlines()
    told = [json.loads(line) for line in lines]
    return {(each["job"], each["kind"]): each for each in told}


def missed(it: House) -> list[dict[str, Any]]:
    """Return what `missed --json` prints of tick."""
    return [
        json.loads(line) for line in it.run("missed", "ls", "tick", "--json").stdout.splitlines()
    ]


def row_of(it: House, run: int) -> dict[str, Any]:
    """Return the line of a run in the history."""
    return next(row for row in it.history("tick") if row["run_id"] == run)


def wait_for(it: House, job: str, kind: str) -> None:
    """Wait for an open alert."""
    wait_until(
        lambda: any(
            (alert.job, alert.kind) == (job, kind) for alert in it.door().snapshot().alerts.values()
        ),
        f"{kind} of {job} is told\n{it.log()}",
    )


def test_reports_and_alerts_outlive_the_engine(tmp_path: Path) -> None:
    with house(tmp_path, JOBS) as it:
        it.start()
        assert it.run("ping", "mirror", "start", "-m", "begun").returncode == 0
        wait_for(it, "bad", "failure")
        wait_for(it, "mirror", "long")
        wait_for(it, "beat", "missed")
        assert it.run("status", "mirror", "--check").returncode == 3
        assert "mirror  down" in it.run("status", "mirror").stdout
        it.run("alerts", "ack", str(alerts(it)["bad", "failure"]["id"]))
        it.run("alerts", "snooze", "bad", "1h")

        it.kill()
        it.start()
        it.run("ping", "mirror", "0", "-m", "done")
        (row,) = it.history("mirror")
        assert (row["outcome"], row["attempt"], row["output_bytes"]) == ("succeeded", 1, 5)
        assert it.run("logs", "mirror").stdout == "begun\ndone\n"
        assert alerts(it, "mirror", "--all")["mirror", "long"]["closed_for"] == "ended"
        wait_until(lambda: alerts(it)["bad", "failure"]["count"] == 2, "it failed again")
        failure = alerts(it)["bad", "failure"]
        assert (failure["state"], failure["outcome"]) == ("acknowledged", "failed")
        assert failure["muted_until"] is not None
        assert "failure, exit 3" in it.run("why", "bad").stdout
        assert "mirror  up" in it.run("status", "mirror").stdout


def test_what_was_missed_is_run_once_after_all(tmp_path: Path) -> None:
    with house(tmp_path, JOBS) as it:
        it.start()
        it.wait_idle()
        it.kill()
        gone_at = time.monotonic()
        wait_until(lambda: time.monotonic() > gone_at + 4.5, "two instants pass")
        it.start()
        wait_until(lambda: bool(missed(it)), f"they are missed\n{it.log()}")
        due_at = missed(it)[0]["scheduled_until"] or missed(it)[0]["scheduled_at"]
        assert ("", "downtime") in {(job or "", kind) for job, kind in alerts(it)}

        done = it.run("missed", "run", "tick", "--at", due_at, "--json")
        assert done.returncode == 0, done.stderr
        run = json.loads(done.stdout)["run_id"]
        wait_until(lambda: row_of(it, run)["outcome"] is not None, "it ends")
        row = row_of(it, run)
        assert (row["cause"], row["scheduled_at"]) == ("catch_up", due_at)
        assert it.run("logs", str(run)).stdout == "catchup\n"
        again = it.run("missed", "run", "tick", "--at", due_at)
        assert again.returncode == 1
        assert "tick missed nothing at" in again.stderr


def test_a_run_is_repeated_as_it_was(tmp_path: Path) -> None:
    with house(tmp_path, JOBS) as it:
        it.start()
        first = json.loads(it.run("run", "greet", "-p", "whom=world", "--wait", "--json").stdout)
        it.jobs_file.write_text(JOBS.replace("echo $PARAM_WHOM", "echo no"), encoding="utf-8")
        wait_until(
            lambda: "echo no" in str(it.door().snapshot().jobs["greet"].job.action), "reload"
        )

        again = json.loads(it.run("rerun", str(first["run_id"]), "--json").stdout)
        wait_until(lambda: it.history("greet")[-1]["outcome"] is not None, "it ends")
        assert it.run("logs", str(again["run_id"])).stdout == "world\n"
        assert it.run("rerun", "999").stderr.startswith("cronterm: there is no run 999")

        editor = tmp_path / "editor"
        script = "sed -i 's/echo .PARAM_WHOM/env | grep GREETING/; $a env: {GREETING: hi}'"
        editor.write_text(f"#!/bin/sh\n{script} $1\n", encoding="utf-8")
        editor.chmod(0o700)
        words = ("rerun", str(first["run_id"]), "--edit", "--json")
        edited = json.loads(it.run_alone(*words, VISUAL=str(editor)).stdout)
        wait_until(lambda: it.history("greet")[-1]["outcome"] is not None, "it ends")
        assert it.run("logs", str(edited["run_id"])).stdout == "GREETING=hi\n"
        row = it.history("greet")[-1]
        assert (row["repeats_run_id"], row["edited"]) == (first["run_id"], ["command", "env"])
        assert "env | grep GREETING" in it.run("diff", str(edited["run_id"])).stdout

        text = it.jobs_file.read_text(encoding="utf-8")
        tried = it.door().send(TryJob(job="greet", words={"command": "echo $PARAM_WHOM tried"}))
        wait_until(lambda: it.history("greet")[-1]["outcome"] is not None, "it ends")
        assert it.run("logs", str(tried.run)).stdout == "you tried\n"
        row = it.history("greet")[-1]
        assert (row["repeats_run_id"], row["edited"]) == (None, ["command"])
        assert it.jobs_file.read_text(encoding="utf-8") == text
        fresh = {"command": "echo new; exit 3", "schedule": "@every 1s", "retry": 3}
        new = it.door().send(TryJob(job="fresh", words=fresh, is_new=True))
        wait_until(lambda: it.history("fresh")[-1]["outcome"] == "failed", "it ends")
        assert it.run("logs", str(new.run)).stdout == "new\n"
        assert [row["run_id"] for row in it.history("fresh")] == [new.run]
        assert "fresh" not in it.door().snapshot().jobs
        bad = it.door().send(TryJob(job="greet", words={"timeout": "soon"}))
        assert "'soon' is not a duration" in bad.message
