"""Tests for the paths of seed 004, over a fake."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cronterm.model.action import Monitor
from cronterm.model.alert import Alert
from cronterm.model.command import AcknowledgeAlert, Answer, DefineMonitor, DropMonitor, PingJob
from cronterm.model.query import RunPage
from cronterm.model.run import RunRow
from tests.remote.fake_control import START, FakeControl, job
from tests.remote.far import READ, FarHouse, far_house

Asked = tuple[int, Any]


async def ask(
    it: FarHouse, method: str, target: str, content: Any = None, token: str | None = None
) -> Asked:
    """Return the status and the JSON of an answer."""
    body = b"" if content is None else msgspec.json.encode(content)
    words = {} if token is None else {"token": token}
    answer = await it.ask(it.request(method, target, body, "User-Agent: curl/8", **words))
    head, _, told = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), msgspec.json.decode(told)


@pytest.fixture
def control() -> FakeControl:
    """A fake with a monitor, a heartbeat and a job of its own."""
    kinds = {"mirror": Monitor(), "beat": Monitor("heartbeat")}
    monitors = [msgspec.structs.replace(job(name), action=action) for name, action in kinds.items()]
    return FakeControl([*monitors, job("backup")])


CLIENT = {"hostname": "worker-01", "ip": "10.0.0.100", "metadata": {"batch_size": 1000}}


async def test_a_start_is_reported_with_its_client(tmp_path: Path, control: FakeControl) -> None:
    async with far_house(tmp_path, control=control) as it:
        given = await ask(it, "POST", "/jobs/mirror/start", {"client_info": CLIENT})
        bare = await ask(it, "POST", "/jobs/mirror/start")
        ended = await ask(it, "POST", "/jobs/mirror/end")

    pings = [command for command, _ in control.received if isinstance(command, PingJob)]
    assert [status for status, _ in (given, bare, ended)] == [200, 200, 200]
    assert given[1]["job_id"] == "mirror"
    assert [ping.what for ping in pings] == ["start", "start", "end"]
    assert msgspec.json.decode(pings[0].client) == {"user_agent": "curl/8", **CLIENT}
    assert msgspec.json.decode(pings[1].client) == {"ip": "127.0.0.1", "user_agent": "curl/8"}


async def test_the_start_of_a_health_check_is_its_heartbeat(
    tmp_path: Path, control: FakeControl
) -> None:
    async with far_house(tmp_path, control=control) as it:
        await ask(it, "POST", "/jobs/beat/start", {"client_info": {"status": "healthy"}})

    (ping, by), *_ = control.received
    assert isinstance(ping, PingJob)
    assert (ping.what, by) == ("heartbeat", "api:ops")


async def test_a_monitor_is_defined_and_dropped(tmp_path: Path, control: FakeControl) -> None:
    async with far_house(tmp_path, control=control) as it:
        sync = {"job_id": "mirror", "schedule": "0 */4 * * *", "tolerance": 15, "max_runtime": 60}
        defined = await ask(it, "POST", "/jobs", sync)
        dropped = await ask(it, "DELETE", "/jobs/mirror")

    assert (defined[0], defined[1]["job_id"]) == (200, "mirror")
    assert dropped[0] == 200
    assert [type(command) for command, _ in control.received] == [DefineMonitor, DropMonitor]


async def test_what_the_engine_refuses_is_said(tmp_path: Path, control: FakeControl) -> None:
    control.refusal = Answer(ok=False, kind="invalid", message="it never fires", hint="look")
    async with far_house(tmp_path, control=control) as it:
        answers = [
            await ask(it, "POST", "/jobs", {"job_id": "a", "schedule": "0 0 30 2 *"}),
            await ask(it, "DELETE", "/jobs/mirror"),
            await ask(it, "POST", "/jobs/mirror/end"),
            await ask(it, "POST", "/alerts/1/acknowledge"),
        ]

    assert [status for status, _ in answers] == [409] * 4
    assert answers[0][1]["message"] == "it never fires"


async def test_what_is_not_there_is_404(tmp_path: Path, control: FakeControl) -> None:
    async with far_house(tmp_path, control=control) as it:
        for method, target in (
            ("GET", "/jobs/nosuch/status"),
            ("POST", "/jobs/nosuch/start"),
            ("POST", "/jobs/nosuch/end"),
            ("DELETE", "/jobs/nosuch"),
            ("POST", "/alerts/x/acknowledge"),
            ("POST", f"/alerts/{'9' * 5000}/acknowledge"),
        ):
            assert (await ask(it, method, target))[0] == 404, target


async def test_a_token_that_may_look_reports_nothing(tmp_path: Path, control: FakeControl) -> None:
    async with far_house(tmp_path, control=control) as it:
        for method, target in (
            ("POST", "/jobs/mirror/start"),
            ("POST", "/jobs/mirror/end"),
            ("DELETE", "/jobs/mirror"),
            ("POST", "/alerts/1/acknowledge"),
            ("GET", "/ping/mirror"),
        ):
            assert (await ask(it, method, target, token=READ))[0] == 403, target
        looked = await ask(it, "GET", "/jobs", token=READ)

    assert looked[0] == 200
    assert control.received == []


async def test_too_much_of_a_client_is_refused(tmp_path: Path, control: FakeControl) -> None:
    async with far_house(tmp_path, control=control) as it:
        large = {"client_info": {"x": "y" * 20_000}}
        status, _ = await ask(it, "POST", "/jobs/mirror/start", large)

    assert status == 413
    assert control.received == []


async def test_jobs_are_listed_with_how_they_stand(tmp_path: Path, control: FakeControl) -> None:
    async with far_house(tmp_path, control=control) as it:
        _, jobs = await ask(it, "GET", "/jobs")
        _, new = await ask(it, "GET", "/jobs/mirror/status")
        await ask(it, "POST", "/api/v1/send", {"type": "PauseJob", "job": "mirror"})
        _, paused = await ask(it, "GET", "/jobs/mirror/status")
        _, own = await ask(it, "GET", "/jobs/backup/status")

    assert [each["job_id"] for each in jobs] == ["mirror", "beat", "backup"]
    assert [each["is_health_check"] for each in jobs] == [False, True, False]
    assert (new["status"], paused["status"], own["status"]) == ("new", "paused", "idle")
    assert new["last_run"] is None


async def test_runs_come_in_pages(tmp_path: Path, control: FakeControl) -> None:
    row = RunRow(run=7, job="mirror", cause="signal", queued_at=START, started_at=START)
    control.page = RunPage((row,), 21)
    async with far_house(tmp_path, control=control) as it:
        _, page = await ask(it, "GET", "/job_runs?page=3&per_page=10")
        _, status = await ask(it, "GET", "/jobs/mirror/status")
        wrong = [
            (await ask(it, "GET", f"/job_runs?{query}"))[0]
            for query in ("page=0", "page=x", "per_page=0", "per_page=1001", "page=1.5")
        ]

    assert [run["id"] for run in page["runs"]] == [7]
    assert (page["total"], page["page"], page["per_page"], page["pages"]) == (21, 3, 10, 3)
    assert status["last_run"]["id"] == 7
    assert wrong == [400] * 5


async def test_alerts_are_listed_and_acknowledged(tmp_path: Path, control: FakeControl) -> None:
    missed = Alert(id=1, kind="missed", job="mirror", message="m", opened_at=START, last_at=START)
    control.view.alerts[1] = missed
    async with far_house(tmp_path, control=control) as it:
        _, alerts = await ask(it, "GET", "/alerts")
        known = await ask(it, "POST", "/alerts/1/acknowledge")

    assert [(alert["id"], alert["type"]) for alert in alerts] == [(1, "missed_job")]
    assert (known[0], known[1]["acknowledged"]) == (200, True)
    assert control.received == [(AcknowledgeAlert(alert=1), "api:ops")]


async def test_every_call_is_noted_and_of_strangers_nothing_they_chose(
    tmp_path: Path, control: FakeControl
) -> None:
    async with far_house(tmp_path, control=control) as it:
        await ask(it, "GET", "/jobs", token=READ)
        await ask(it, "POST", "/api/v1/send", {"type": "PauseJob", "job": "backup"})
        await ask(it, "GET", "/j%C2%85obs/%0a", token=READ)
        await it.ask(it.request("GET", "/secret/path", token="x" * 40))
        await it.ask(it.request("BREW", "/secret/path", token=None))

    noted = [(call.who, call.method, call.what, call.status) for call in control.calls]
    assert noted == [
        ("eyes", "GET", "/jobs", 200),
        ("ops", "POST", "PauseJob backup", 200),
        ("eyes", "GET", "/j?obs/?", 404),
        ("", "GET", "", 401),
        ("", "other", "", 401),
    ]
    assert {call.peer for call in control.calls} == {"127.0.0.1"}
