"""Tests for seed 004's names, minutes and times."""

import msgspec
import pytest

from cronterm.clock import MINUTE, SECOND
from cronterm.model.action import Monitor
from cronterm.model.alert import Alert, AlertKind
from cronterm.model.command import DefineMonitor
from cronterm.model.run import RunRow
from cronterm.model.snapshot import JobView
from cronterm.remote.minutes import JobIn, alert_out, job_out, run_out, to_command
from tests.remote.fake_control import START, job

ROW = RunRow(run=7, job="a", cause="signal", queued_at=START, started_at=START)


def test_minutes_in_are_durations() -> None:
    asked = msgspec.json.decode(
        b'{"job_id":"data_sync","schedule":"0 */4 * * *","tolerance":15,"max_runtime":0.5}',
        type=JobIn,
    )

    assert to_command(asked) == DefineMonitor(
        job="data_sync", schedule="0 */4 * * *", tolerance=15 * MINUTE, max_runtime=30 * SECOND
    )


def test_what_is_left_out_is_the_default_of_jobs() -> None:
    command = to_command(JobIn(job_id="a", schedule="@daily", is_health_check=True))

    assert (command.tolerance, command.max_runtime, command.is_heartbeat) == (None, None, True)


@pytest.mark.parametrize(
    "content",
    [
        b'{"job_id":"a"}',
        b'{"job_id":"../x","schedule":"@daily"}',
        b'{"job_id":"57","schedule":"@daily"}',
        b'{"job_id":"a","schedule":"@daily","tolerance":-1}',
        b'{"job_id":"a","schedule":"@daily","tolerance":1e9}',
        b'{"job_id":"a","schedule":"@daily","command":"id"}',
        b'{"job_id":"a","schedule":""}',
    ],
)
def test_what_is_no_monitor_is_refused(content: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(content, type=JobIn)


def test_durations_out_are_minutes() -> None:
    made = msgspec.structs.replace(
        job("a"), action=Monitor("heartbeat"), tolerance=90 * SECOND, schedule_text="@daily"
    )
    shown = job_out(JobView(job=made))

    assert (shown.tolerance, shown.max_runtime) == (1.5, None)
    assert (shown.is_health_check, shown.is_monitor, shown.schedule) == (True, True, "@daily")
    assert not job_out(JobView(job=job("b"))).is_monitor


def test_a_run_has_times_minutes_and_its_client() -> None:
    ended = msgspec.structs.replace(
        ROW, ended_at=START + 90 * SECOND, outcome="succeeded", exit_code=0, client='{"ip":"::1"}'
    )

    assert msgspec.to_builtins(run_out(ended)) == {
        "id": 7,
        "job_id": "a",
        "status": "succeeded",
        "start_time": "2027-01-15T08:00:00Z",
        "end_time": "2027-01-15T08:01:30Z",
        "duration": 1.5,
        "exit_code": 0,
        "client_info": {"ip": "::1"},
    }


def test_an_open_run_is_running() -> None:
    shown = run_out(ROW)

    assert (shown.status, shown.end_time, shown.duration) == ("running", None, None)
    assert shown.client_info == {}


@pytest.mark.parametrize(
    ("kind", "told"),
    [("missed", "missed_job"), ("long", "long_running"), ("failure", "failure")],
)
def test_alerts_have_the_names_of_the_seed(kind: AlertKind, told: str) -> None:
    alert = Alert(id=3, kind=kind, job="a", message="m", opened_at=START, last_at=START)

    assert alert_out(alert).type == told
    assert not alert_out(alert).acknowledged
    assert alert_out(msgspec.structs.replace(alert, acknowledged_at=START)).acknowledged
