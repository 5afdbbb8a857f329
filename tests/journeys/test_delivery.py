"""Alerts of a real engine arrive at local sinks, also when those were down for a while."""

import json
from collections import Counter
from collections.abc import Iterable
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


WORDS = {
    "failed:": "failure",
    "ran": "timeout",
    "runs": "long",
    "is": "late",
    "missed": "missed",
    "had": "suspicious",
    "has": "recovery",
}


def counted(messages: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Return how often (event, job) was told, from (title, text); many may come as one message."""
    found: Counter[tuple[str, str]] = Counter()
    for title, text in messages:
        lines = text.splitlines() if " alerts from " in title else [title]
        words = [line.removeprefix("- ").split() for line in lines if "a test of" not in line]
        found.update((WORDS[verb], job) for job, verb, *_ in words)
    return found


def by_web(sink: WebSink) -> Counter[tuple[str, str]]:
    """Return what came by webhook."""
    return counted((each.json["title"], each.json["text"]) for each in sink.taken)


def by_mail(sink: MailSink) -> Counter[tuple[str, str]]:
    """Return what came by mail."""
    return counted((str(mail["Subject"]), mail.get_content()) for mail in sink.mails)


def by_command(log: Path) -> Counter[tuple[str, str]]:
    """Return what a command wrote, one JSON object a line."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    told = [json.loads(line) for line in lines if line]
    return counted((each["title"], each["text"]) for each in told)


def events(web: WebSink, job: str) -> list[str]:
    """Return the events of a job that came, in order."""
    return [each.json["event"] for each in web.taken if job in each.json["jobs"]]


ALERTS = {
    ("failure", "bad"): 1,
    ("recovery", "bad"): 1,
    ("missed", "beat"): 1,
    ("late", "after"): 1,
    ("long", "slow"): 1,
}
EVERY_KIND = """
settings: {{start_grace: 0}}
notifiers:
  hook: {{type: webhook, url: {{file: url}}}}
  mail: {{type: email, to: o@example.com, from: c@example.com, smtp: "smtp://127.0.0.1:{mail}"}}
  page: {{type: command, command: '{{ cat; echo; }} >> paged'}}
  down-hook: {{type: webhook, url: "http://127.0.0.1:{down_web}"}}
  down-mail: {{type: email, to: o@example.com, from: c@example.com, smtp: "smtp://127.0.0.1:{down_mail}"}}
  down-page: {{type: command, command: 'test -e up && {{ cat; echo; }} >> down-paged'}}
alert_policies:
  all:
    - {{to: [hook, mail, page], on: [failure, timeout, missed, late, long, suspicious, recovery]}}
    - {{to: [down-hook, down-mail, down-page], on: [failure, missed, late, long, recovery]}}
defaults: {{notify: all}}
pools: {{one: {{slots: 1}}}}
jobs:
  bad: {{schedule: {{every: 2s}}, command: "echo secret-free; test -e mended"}}
  slow: {{schedule: "@startup", command: sleep 60, timeout: 3s, max_runtime: 1s, pool: one}}
  after: {{schedule: {{every: 1s}}, max_runs: 1, command: "true", pool: one, tolerance: 0s}}
  beat: {{monitor: heartbeat, schedule: {{every: 2s}}, tolerance: 0s}}
  odd:
    schedule: {{every: 1s}}
    max_runs: 6
    command: "echo x >> o; test $(wc -l < o) = 6 || echo x"
"""


def test_every_kind_of_alert_arrives_by_every_channel(
    tmp_path: Path,
) -> None:
    down_web, down_mail = free_port(), free_port()
    with web_sink() as web, mail_sink() as mail:
        (tmp_path / "url").write_text(f"{web.url}/{SECRET}\n", encoding="utf-8")
        jobs = EVERY_KIND.format(mail=mail.port, down_web=down_web, down_mail=down_mail)
        with house(tmp_path, jobs) as it:
            it.start()
            wanted = ALERTS | {("timeout", "slow"): 1, ("suspicious", "odd"): 1}

            def told() -> list[Counter[tuple[str, str]]]:
                return [by_web(web), by_mail(mail), by_command(tmp_path / "paged")]

            wait_until(lambda: ("failure", "bad") in by_web(web), it.log())
            (tmp_path / "mended").touch()
            wait_until(lambda: told() == [wanted] * 3, f"{told()}\n{it.log()}")

            assert {each.path for each in web.taken} == {f"/{SECRET}"}
            assert any(each.json["output"] == "secret-free" for each in web.taken)
            _check_nothing_is_shown(it)
            _check_that_it_comes_later(it, down_web, down_mail)
            it.run("ping", "beat")
            wait_until(lambda: ("recovery", "beat") in by_web(web), it.log())


def _check_that_it_comes_later(it: House, web_port: int, mail_port: int) -> None:
    """Let the sinks that were down be there again: each alert comes, once."""
    names = ("down-hook", "down-mail", "down-page")

    def waiting() -> list[int]:
        notices = Counter(each.notifier for each in it.door().snapshot().notices.values())
        return [notices[name] for name in names]

    assert waiting() == [len(ALERTS)] * 3
    with web_sink(web_port) as web, mail_sink(mail_port) as mail:
        (it.directory / "up").touch()
        for name in names:
            assert it.run("alerts", "test", name).stdout == f"told {name}\n"
        wait_until(lambda: waiting() == [0] * 3, it.log())

        assert by_web(web) == by_mail(mail) == by_command(it.directory / "down-paged") == ALERTS


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
