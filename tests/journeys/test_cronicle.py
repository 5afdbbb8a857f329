"""Seed 004's curl examples as they stand but for the token, on a real engine that is restarted."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cronterm.model.query import Calls, ListCalls
from tests.journeys.house import House, house, wait_until
from tests.journeys.test_api import TOKEN, ask, free_port, is_served, write_tokens

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl")

JOBS = """
settings:
  timezone: UTC
  api: {{listen: "http://127.0.0.1:{port}", token_file: tokens}}
jobs:
  api_health: {{monitor: heartbeat, schedule: "*/5 * * * *", tolerance: 2m}}
  greet: {{command: "true"}}
"""

CREATE = """
curl -X POST http://localhost:8000/jobs \\
  -H "Content-Type: application/json" \\
  -d '{
    "job_id": "data_sync",
    "schedule": "0 */4 * * *",
    "tolerance": 15,
    "max_runtime": 60
  }'
"""
START = """
curl -X POST http://localhost:8000/jobs/data_sync/start \\
  -H "Content-Type: application/json" \\
  -d '{
    "client_info": {
      "hostname": "worker-01",
      "ip": "10.0.0.100",
      "os": "Linux 5.15.0",
      "metadata": {
        "batch_size": 1000,
        "source": "prod_db"
      }
    }
  }'
"""
END = "curl -X POST http://localhost:8000/jobs/data_sync/end"
HEALTH = """
curl -X POST http://localhost:8000/jobs/api_health/start \\
  -H "Content-Type: application/json" \\
  -d '{
    "client_info": {
      "status": "healthy",
      "memory_usage": "24%",
      "response_time": "45ms"
    }
  }'
"""
RUNS = 'curl "http://localhost:8000/job_runs?page=1&per_page=10"'


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def it(tmp_path: Path, port: int) -> Iterator[House]:
    """An engine that serves the API."""
    write_tokens(tmp_path)
    with house(tmp_path, JOBS.format(port=port)) as made:
        start(made, port)
        yield made


def start(it: House, port: int) -> None:
    """Start an engine and wait for its API."""
    it.start()
    wait_until(lambda: is_served(port), f"the API is served\n{it.log()}")


def curl(port: int, example: str) -> Any:
    """Run an example with our port and token; return the JSON that it prints."""
    command = example.strip().replace("localhost:8000", f"localhost:{port}")
    with_token = re.sub("^curl", f"curl -sS -H 'Authorization: Bearer {TOKEN}'", command)
    done = subprocess.run(
        ["/bin/sh", "-c", with_token], capture_output=True, text=True, timeout=30, check=True
    )
    return json.loads(done.stdout)


def test_the_examples_work_as_they_stand(it: House, port: int) -> None:
    created = curl(port, CREATE)
    started = curl(port, START)
    ended = curl(port, END)
    healthy = curl(port, HEALTH)
    page = curl(port, RUNS)
    _, status = ask(port, "GET", "/jobs/data_sync/status")
    first, second = page["runs"]

    assert (created["job_id"], created["tolerance"], created["max_runtime"]) == (
        "data_sync",
        15,
        60,
    )
    assert started["run_id"] == ended["run_id"] == second["id"]
    assert healthy["run_id"] == first["id"]
    assert (second["job_id"], second["status"], second["exit_code"]) == (
        "data_sync",
        "succeeded",
        0,
    )
    assert second["client_info"]["metadata"] == {"batch_size": 1000, "source": "prod_db"}
    assert second["client_info"]["ip"] == "10.0.0.100"
    assert first["client_info"]["ip"] == "127.0.0.1"
    assert first["client_info"]["user_agent"].startswith("curl/")
    assert json.loads(status)["status"] == "up"


def test_a_monitor_outlives_its_engine_and_goes_when_it_is_deleted(it: House, port: int) -> None:
    curl(port, CREATE)
    curl(port, START)
    it.kill()
    start(it, port)
    curl(port, END)
    (run,) = curl(port, RUNS)["runs"]
    due = it.run("next", "data_sync", "-n", "1")
    deleted, _ = ask(port, "DELETE", "/jobs/data_sync")
    again, _ = ask(port, "DELETE", "/jobs/data_sync")
    of_file, _ = ask(port, "DELETE", "/jobs/greet")
    _, jobs = ask(port, "GET", "/jobs")

    assert (run["status"], run["client_info"]["hostname"]) == ("succeeded", "worker-01")
    assert due.returncode == 0
    assert [deleted, again, of_file] == [200, 404, 409]
    assert [job["job_id"] for job in json.loads(jobs)] == ["api_health", "greet"]
    assert len(it.history()) == 1, "its history stays"


def test_a_missed_report_is_an_alert_that_is_acknowledged(it: House, port: int) -> None:
    every_second = {"job_id": "quick", "schedule": "* * * * * *", "tolerance": 0}
    assert ask(port, "POST", "/jobs", every_second)[0] == 200

    def alerts() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(ask(port, "GET", "/alerts?job_id=quick")[1])
        return found

    wait_until(lambda: any(each["type"] == "missed_job" for each in alerts()), "an alert")
    (alert,) = [each for each in alerts() if each["type"] == "missed_job"]
    known, _ = ask(port, "POST", f"/alerts/{alert['id']}/acknowledge")

    assert (alert["job_id"], alert["acknowledged"], known) == ("quick", False, 200)
    assert [each["acknowledged"] for each in alerts() if each["id"] == alert["id"]] == [True]


def test_calls_are_remembered_for_the_user_of_the_engine(it: House, port: int) -> None:
    curl(port, CREATE)
    ask(port, "GET", "/jobs", token="x" * 40)
    it.stop()
    it.start()
    calls = it.door().query(ListCalls())

    assert isinstance(calls, Calls)
    noted = [(row.call.who, row.call.what, row.call.status) for row in calls.rows]
    assert ("ci", "JobIn data_sync", 200) in noted
    assert ("", "", 401) in noted
    assert ask(port, "POST", "/api/v1/query", {"type": "ListCalls"})[0] == 403
