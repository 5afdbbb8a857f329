"""Tests for reading yacron's configurations."""

import pytest

from cronterm.errors import BadInput
from cronterm.moving.base import Found
from cronterm.moving.yacron import read_yacron
from tests.moving.here import ME, ROOT, only, reasons

TWO = """\
defaults:
  shell: /bin/bash
web: {listen: []}
jobs:
  - name: first
    command: echo "foobar"
    schedule: "*/5 * * * *"
    environment: [{key: A, value: b}]
    env_file: .env
    concurrencyPolicy: Replace
    executionTimeout: 1.5
    killTimeout: 5
    saveLimit: 4096
    user: www-data
    group: adm
    enabled: false
    failsWhen: {producesStdout: true, producesStderr: false}
    onFailure:
      retry: {maximumRetries: -1, initialDelay: 1, maximumDelay: 30, backoffMultiplier: 2}
    statsd: {host: x}
  - name: second
    command: [ls, -l]
    schedule: {minute: "*/5", hour: 3, year: 2027}
    timezone: America/Los_Angeles
"""


def read(text: str) -> Found:
    """Read a configuration."""
    return read_yacron(text, "yacron.yaml", ROOT)


def job(more: str) -> str:
    """Return a configuration with one job."""
    return f"jobs:\n  - name: x\n    command: x\n    schedule: '* * * * *'\n    {more}\n"


def test_a_job_of_yacron_has_our_words() -> None:
    first = read(TWO).jobs[0]

    assert (first.id, first.place) == ("first", "yacron.yaml:5")
    assert first.words == {
        "schedule": "*/5 * * * *",
        "command": 'echo "foobar"',
        "shell": "/bin/bash",
        "env": {"A": "b"},
        "env_file": ".env",
        "overlap": "replace",
        "success": {"output_reject": "(?s)."},
        "retry": {"attempts": 1000, "delay": "1s", "backoff": 2.0, "max_delay": "30s"},
        "timeout": "1.5s",
        "stop_grace_period": "5s",
        "user": "www-data:adm",
        "enabled": False,
    }


def test_a_list_runs_without_a_shell_and_a_year_needs_all_fields() -> None:
    second = read(TWO).jobs[1]

    assert second.words["command"] == ["ls", "-l"]
    assert second.words["schedule"] == "0 */5 3 * * * 2027"
    assert second.words["timezone"] == "America/Los_Angeles"
    assert "shell" not in second.words


def test_yacrons_time_is_utc_unless_it_says_otherwise() -> None:
    def zone(more: str) -> object:
        return only(read_yacron(job(more), "y", ME)).words.get("timezone")

    assert (zone(""), zone("utc: false"), zone("timezone: Asia/Tokyo")) == (
        "UTC",
        None,
        "Asia/Tokyo",
    )


def test_output_on_stderr_is_a_failure_unless_it_says_otherwise() -> None:
    assert only(read(job(""))).words["success"] == {"stderr_empty": True}


def test_what_is_not_kept_is_told() -> None:
    found = read(TWO)

    assert found.notes == ("web is not kept",)
    assert found.jobs[0].remarks == (
        "statsd is not kept",
        "saveLimit: output is limited by size, see output.max_size",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("jobs:\n  - {name: x, schedule: '* * * * *'}\n", 2),
        ("jobs:\n  - {command: x, schedule: '* * * * *'}\n", 2),
        ("jobs:\n  - {name: x, command: x}\n", 2),
        ("jobs:\n\n  - x\n", 3),
        (job("concurrencyPolicy: Often"), 2),
        (job("onFailure: {retry: {maximumRetries: many}}"), 2),
    ],
)
def test_a_broken_job_is_refused_with_its_line(text: str, line: int) -> None:
    assert [number for number, _ in reasons(read(text))] == [line]


def test_what_is_no_yaml_has_a_line() -> None:
    with pytest.raises(BadInput, match=r"yacron\.yaml:3: "):
        read("jobs:\n  - {name: x\n")


def test_reboot_and_a_field_unknown_to_cron_have_no_second_reading() -> None:
    reboot, last = (
        only(read(f"jobs: [{{name: x, command: x, schedule: '{when}'}}]")).meaning
        for when in ("@reboot", "0 0 L * *")
    )

    assert reboot.why_not == "once per boot: in this one when its engine first starts"
    assert last.why_not.startswith("no second reading: ")
