"""Tests for saying jobs as systemd units."""

import os
from pathlib import Path

import pytest

from cronterm.config.load import load_text
from cronterm.moving.base import Told
from cronterm.moving.export_systemd import systemd_units
from cronterm.moving.systemd import read_timer
from tests.moving.here import ROOT, only


def units(words: str) -> tuple[str, Told]:
    """Return the units of a job, and what was said of it."""
    text = f"jobs:\n  x: {{working_dir: /srv, {words}}}\n"
    loaded = load_text(text, path=Path("/srv/jobs.yaml"), local_timezone="UTC")
    assert loaded.problems == ()
    told = Told()
    return "\n".join(systemd_units(loaded.jobs[0], "UTC", told)) + "\n", told


def times(schedule: str) -> list[str]:
    """Return the lines of a timer that say its times."""
    text, _ = units(f"command: x, schedule: {schedule}")
    return [line for line in text.splitlines() if line.startswith("On")]


def test_a_job_is_a_timer_and_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)  # only root may say `user`
    text, told = units(
        "description: Ship 5%, schedule: '30 4 * * *', timezone: Europe/Berlin, jitter: 5m,"
        " catch_up: latest, command: 'echo \"$HOME\" 100%', env: {A: b c, D: e},"
        " env_file: [a, {path: b, required: false}], timeout: 1h, stop_signal: SIGINT,"
        " user: 'me:adm', nice: 5, umask: '0027', success: {exit_codes: [0, 3]}"
    )

    assert told == Told()
    assert text == (
        """\
# cronterm-x.timer
[Unit]
Description=Ship 5%%

[Timer]
OnCalendar=*-*-* 04:30:00 Europe/Berlin
RandomizedDelaySec=300s
FixedRandomDelay=true
Persistent=true
AccuracySec=1s
Unit=cronterm-x.service

[Install]
WantedBy=timers.target

# cronterm-x.service
[Unit]
Description=Ship 5%%

[Service]
Type=oneshot
WorkingDirectory=/srv
Environment="A=b c"
Environment=D=e
EnvironmentFile=/srv/a
EnvironmentFile=-/srv/b
TimeoutStartSec=3600s
TimeoutStopSec=10s
KillSignal=SIGINT
SuccessExitStatus=3
User=me
Group=adm
Nice=5
UMask=0027
ExecStart=/bin/sh -c "echo \\"$$HOME\\" 100%%"

"""
    )


@pytest.mark.parametrize(
    ("schedule", "lines"),
    [
        ("'*/15 * * * *'", ["OnCalendar=*-*-* *:00,15,30,45:00 UTC"]),
        ("'0 9-17 * * mon-fri'", ["OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 09..17:00:00 UTC"]),
        (
            "'0 5 1,15 * fri'",
            ["OnCalendar=*-*-01,15 05:00:00 UTC", "OnCalendar=Fri *-*-* 05:00:00 UTC"],
        ),
        ("'0 5 */16 * 0'", ["OnCalendar=Sun *-*-01,17 05:00:00 UTC"]),
        (
            "{cron: '0 8 1-3 * 1', day_match: and}",
            ["OnCalendar=Mon *-*-01,02,03 08:00:00 UTC"],
        ),
        ("'0 5 L 2 *'", ["OnCalendar=*-02~01 05:00:00 UTC"]),
        ("'0 5 1,L * *'", ["OnCalendar=*-*~01 05:00:00 UTC", "OnCalendar=*-*-01 05:00:00 UTC"]),
        ("'30 0 5 1 1 * 2027'", ["OnCalendar=2027-01-01 05:00:30 UTC"]),
        ("'@every 90s'", ["OnActiveSec=90s", "OnUnitActiveSec=90s"]),
        ("{every: 5m, from: finish}", ["OnActiveSec=300s", "OnUnitInactiveSec=300s"]),
        ("'2027-01-02T03:04:05Z'", ["OnCalendar=2027-01-02 03:04:05 UTC"]),
        ("'@in 5m'", ["OnActiveSec=300s"]),
        ("'@reboot'", ["OnBootSec=0"]),
        ("'@startup'", ["OnBootSec=0"]),
        ("{on_calendar: 'Mon..Fri 10:00'}", ["OnCalendar=Mon..Fri 10:00 UTC"]),
    ],
)
def test_times_have_systemds_words(schedule: str, lines: list[str]) -> None:
    assert times(schedule) == lines


@pytest.mark.parametrize(
    ("words", "losses", "left_out"),
    [
        ("command: x", ["it has no time: its service is started by hand"], []),
        ("python: 'a:b', schedule: '@daily'", [], ["it is no command"]),
        (
            "command: x, schedule: '0 5 LW * *'",
            [],
            ["0 5 lw * *: W and the last weekday are not systemd's"],
        ),
        ("command: x, schedule: '0 5 * * 1#2'", [], ["0 5 * * 1#2: # is not systemd's"]),
        (
            "command: x, schedule: '@reboot', overlap: allow, catch_up: all, enabled: false,"
            " retry: 2, stdin: a",
            [
                "stdin is lost: a timer has no such thing",
                "retry is lost: a timer has no such thing",
                "overlap: allow is lost: systemd never starts a running service again",
                "catch_up: all is lost: systemd makes up for one instant",
                "is not enabled: do not enable its timer",
            ],
            [],
        ),
        (
            "command: x, schedule: '30 2 * * *'",
            ["the night the clock is set forward: systemd leaves out what cron makes up for"],
            [],
        ),
        ("command: x, schedule: '@startup'", ["@startup became the boot"], []),
    ],
)
def test_what_systemd_cannot_say_is_told(
    words: str, losses: list[str], left_out: list[str]
) -> None:
    _, told = units(words)

    assert (told.losses, told.left_out) == (losses, left_out)


def test_a_job_without_a_time_has_no_timer() -> None:
    text, _ = units("command: x")

    assert "[Timer]" not in text


def test_a_random_jitter_is_picked_anew() -> None:
    text, _ = units("command: x, schedule: '@daily', jitter: 5m, jitter_mode: random")

    assert "FixedRandomDelay" not in text


@pytest.mark.parametrize("command", ["['/bin/a b', '$x', '100%', '\\', '\"', \"it's\"]"])
def test_a_command_comes_back_as_it_was(command: str) -> None:
    text, _ = units(f"command: {command}, schedule: '@daily'")
    timer, _, service = text.partition("# cronterm-x.service")

    job = only(read_timer(timer + service, "x.timer", ROOT, None))

    assert job.words["command"] == ["/bin/a b", "$x", "100%", "\\", '"', "it's"]
