"""Alerts of a real engine arrive at local sinks, also when those were down for a while."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.house import House, house, wait_until
from tests.notify.sinks import MailSink, WebSink, free_port, mail_sink, web_sink

SECRET = "T0K3Nabcdef"


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the sinks themselves, not a proxy."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def told(it: House, web: WebSink, mail: MailSink) -> dict[str, set[tuple[str, str]]]:
    """Return (event, job) of all that came, by channel."""
    log = it.directory / "paged"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    mails = {tuple(str(mail["Subject"]).split()[:2])[::-1] for mail in mail.mails}
    return {
        "web": {(each.json["event"], job) for each in web.taken for job in each.json["jobs"]},
        "mail": {(word, job) for word, job in mails},
        "page": {(event, job) for event, _, job in (line.partition(" ") for line in lines)},
    }


def events(web: WebSink, job: str) -> list[str]:
    """Return the events of a job that came, in order."""
    return [each.json["event"] for each in web.taken if job in each.json["jobs"]]


def test_every_kind_of_alert_arrives_by_every_channel(tmp_path: Path) -> None:
    with web_sink() as web, mail_sink() as mail:
        (tmp_path / "url").write_text(f"{web.url}/{SECRET}\n", encoding="utf-8")
        jobs = f"""
settings: {{start_grace: 0}}
notifiers:
  hook: {{type: webhook, url: {{file: url}}}}
  mail: {{type: email, to: ops@example.com, from: c@example.com, smtp: "smtp://127.0.0.1:{mail.port}"}}
  page: {{type: command, command: 'echo "$CRONTERM_STATUS $CRONTERM_JOB" >> paged'}}
alert_policies:
  all:
    - {{to: [hook, mail, page], on: [failure, timeout, missed, late, long, recovery]}}
defaults: {{notify: all}}
pools: {{one: {{slots: 1}}}}
jobs:
  bad: {{schedule: {{every: 2s}}, command: "echo secret-free; test -e mended"}}
  slow: {{schedule: "@startup", command: sleep 60, timeout: 2s, max_runtime: 1s, pool: one}}
  after: {{schedule: {{every: 1s}}, command: "true", pool: one, tolerance: 0s, overlap: queue}}
  beat: {{monitor: heartbeat, schedule: {{every: 2s}}, tolerance: 0s}}
"""
        with house(tmp_path, jobs) as it:
            it.start()
            wanted = {
                ("failure", "bad"),
                ("timeout", "slow"),
                ("long", "slow"),
                ("late", "after"),
                ("missed", "beat"),
            }
            wait_until(lambda: wanted <= told(it, web, mail)["web"], it.log())
            wait_until(lambda: wanted <= told(it, web, mail)["page"], it.log())
            (tmp_path / "mended").touch()
            it.run("ping", "beat")
            wait_until(lambda: "recovery" in events(web, "bad"), it.log())
            wait_until(lambda: "recovery" in events(web, "beat"), it.log())
            wait_until(
                lambda: {("failed:", "bad"), ("has", "bad")} <= told(it, web, mail)["mail"],
                it.log(),
            )

            assert web.taken[0].path == f"/{SECRET}"
            assert any(each.json["output"] == "secret-free" for each in web.taken)
            assert events(web, "bad")[:2] == ["failure", "recovery"]
            _check_nothing_is_shown(it)


def _check_nothing_is_shown(it: House) -> None:
    shown = [
        it.run("status", "--json").stdout,
        it.run("status").stdout,
        it.run("config", "--resolved").stdout,
        it.run("alerts", "--json").stdout,
        it.run("alerts", "test", "hook").stdout,
        str(it.door().snapshot()),
        (it.directory / "engine.log").read_text(encoding="utf-8"),
    ]
    assert all(SECRET not in each for each in shown)


def test_with_its_sink_down_an_alert_arrives_later_and_once(tmp_path: Path) -> None:
    port = free_port()
    jobs = f"""
notifiers:
  hook: {{type: webhook, url: "http://127.0.0.1:{port}/{SECRET}"}}
jobs:
  bad: {{schedule: "@startup", command: exit 3, notify: {{to: hook, on: failure}}}}
"""
    with house(tmp_path, jobs) as it:
        it.start()

        def notifier() -> dict[str, Any]:
            found: dict[str, Any] = it.status()["engine"]["notifiers"]["hook"]
            return found

        wait_until(lambda: notifier()["error"] is not None, it.log())
        assert notifier()["waiting"] == 1
        assert "Connection refused (1 waiting)" in it.run("status").stdout
        assert it.run("alerts", "test", "hook").returncode == 1
        it.kill()

        it.start()
        wait_until(lambda: notifier()["error"] is not None, it.log())
        with web_sink(port) as web:
            done = it.run("alerts", "test", "hook")
            assert done.stdout == "told hook\n", done.stderr
            wait_until(lambda: notifier()["waiting"] == 0, it.log())

            assert [each.json["event"] for each in web.taken] == ["test", "failure"]
            assert notifier()["error"] is None
            assert SECRET not in (tmp_path / "engine.log").read_text(encoding="utf-8")
            assert SECRET not in json.dumps(it.status()) + str(it.door().snapshot())


def test_a_job_failing_each_second_is_told_as_often_as_its_policy_says(tmp_path: Path) -> None:
    with web_sink() as web:
        jobs = f"""
notifiers: {{hook: {{type: webhook, url: "{web.url}"}}}}
jobs:
  bad:
    schedule: {{every: 1s}}
    command: exit 3
    notify: [{{to: hook, on: failure}}, {{to: hook, on: failure, after: 3, repeat: 3s}}]
  flaps: {{schedule: {{every: 1s}}, command: "test -e x && rm x || {{ touch x; exit 3; }}",
    notify: {{to: hook, on: [failure, recovery]}}}}
"""
        with house(tmp_path, jobs) as it:
            it.start()

            def failures() -> int:
                return it.door().snapshot().jobs["bad"].totals.failed

            wait_until(lambda: failures() >= 9, it.log())
            told: dict[str, list[Any]] = {"bad": events(web, "bad"), "flaps": events(web, "flaps")}
            assert told["bad"][0] == "failure"
            assert 2 <= len(told["bad"]) <= 4
            assert told["flaps"] == ["failure", "recovery"]


def test_a_notifier_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    jobs = "notifiers: {bell: {type: terminal}}\njobs: {a: {command: x}}\n"
    with house(tmp_path, jobs) as it:
        it.start()
        done = it.run("alerts", "test", "nobody")

        assert done.returncode != 0
        assert "known: bell" in done.stderr
        assert it.run("alerts", "test", "bell").stdout == "told bell\n"
