"""Tests for reading systemd timers."""

from pathlib import Path

import pytest

from cronterm.moving.base import Found, Gathering
from cronterm.moving.systemd import read_timer, read_unit
from tests.moving.here import ME, ROOT, only, reasons

TIMER = """\
[Unit]
Description=Nightly backup
[Timer]
OnCalendar=*-*-* 02:30:00
Persistent=true
RandomizedDelaySec=1h 30min
FixedRandomDelay=yes
OnClockChange=true
[Install]
WantedBy=timers.target
"""

SERVICE = """\
[Service]
Type=oneshot
ExecStart=/usr/bin/backup --to "/srv/my backups" --name %n
User=www-data
Group=adm
WorkingDirectory=-/srv
Environment="A=b c" D=e
EnvironmentFile=/etc/default/backup
EnvironmentFile=-/etc/default/more
UMask=0027
Nice=5
IOSchedulingClass=best-effort
IOSchedulingPriority=7
KillSignal=SIGINT
TimeoutStartSec=1h
TimeoutStopSec=infinity
SuccessExitStatus=3 SIGHUP
ProtectSystem=strict
"""


def read(text: str) -> Found:
    """Read a timer with its service below it, as root."""
    return read_timer(text, "backup.timer", ROOT, Path("backup.timer"))


def exec_start(*lines: str) -> object:
    """Return what becomes of commands of a service."""
    service = "".join(f"ExecStart={line}\n" for line in lines)
    return only(read(f"[Timer]\nOnCalendar=daily\n[Service]\n{service}")).words["command"]


def timed(*lines: str) -> Found:
    """Read a timer with these lines."""
    return read("\n".join(["[Timer]", *lines, "[Service]", "ExecStart=/bin/true"]))


def test_a_timer_and_its_service_become_a_job() -> None:
    job = only(read(TIMER + SERVICE))

    assert (job.id, job.words) == (
        "backup",
        {
            "schedule": {"on_calendar": "*-*-* 02:30:00"},
            "description": "Nightly backup",
            "catch_up": "latest",
            "catch_up_window": "366d",
            "jitter": "1h30m",
            "command": ["/usr/bin/backup", "--to", "/srv/my backups", "--name", "backup.service"],
            "working_dir": "/srv",
            "env": {
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "A": "b c",
                "D": "e",
            },
            "env_file": [
                "/etc/default/backup",
                {"path": "/etc/default/more", "required": False},
            ],
            "inherit_env": False,
            "umask": "0027",
            "stop_signal": "SIGINT",
            "nice": 5,
            "ionice": "best-effort:7",
            "timeout": "1h",
            "stop_grace_period": "365d",
            "success": {"exit_codes": [0, 3]},
            "user": "www-data:adm",
            "overlap": "skip",
        },
    )
    assert job.remarks == (
        "OnClockChange= of the timer is not kept",
        "ProtectSystem= of the service is not kept",
    )


def test_the_service_is_the_file_beside_the_timer(tmp_path: Path) -> None:
    (tmp_path / "a.service").write_text("[Service]\nExecStart=/bin/a\n", encoding="utf-8")
    (tmp_path / "t@.service").write_text("[Service]\nExecStart=/bin/t %i %I\n", encoding="utf-8")

    plain, template = (
        only(read_timer(f"[Timer]\nOnCalendar=daily\n{more}", name, ME, tmp_path / name))
        for name, more in (("a.timer", ""), ("b.timer", "Unit=t@x-y.service"))
    )

    assert plain.words["command"] == ["/bin/a"]
    assert template.words["command"] == ["/bin/t", "x-y", "x/y"]


def test_an_instance_knows_its_name(tmp_path: Path) -> None:
    (tmp_path / "t@.service").write_text("[Service]\nExecStart=/bin/t %i %I\n", encoding="utf-8")
    path = tmp_path / "t@x-y.timer"

    job = only(read_timer("[Timer]\nOnCalendar=daily\n", "t@x-y.timer", ME, path))

    assert (job.id, job.words["command"]) == ("t-x-y", ["/bin/t", "x-y", "x/y"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[Unit]\n", "it has no [Timer]"),
        ("[Timer]\nOnCalendar=daily\n", "its backup.service is not there"),
        ("[Timer]\n[Service]\nExecStart=/bin/true\n", "it has no [Timer]"),
        ("[Timer]\nUnit=x\n[Service]\nExecStart=/bin/true\n", "it has no time"),
        ("[Timer]\nOnCalendar=daily\n[Service]\nNice=1\n", "its service has no ExecStart="),
        ("[Timer]\nOnCalendar=daily\n[Service]\nExecStart=/bin/x %z\n", "%z in '%z' is not known"),
        ('[Timer]\nOnCalendar=daily\n[Service]\nExecStart=/bin/x "y\n', 'ExecStart=/bin/x "y: '),
        (
            "[Timer]\nOnCalendar=daily\n[Service]\nExecStart=x\nEnvironment='a\n",
            "Environment='a: No closing quotation",
        ),
        ("[Timer]\nOnBootSec=soon\nOnUnitActiveSec=soon\n[Service]\nExecStart=x\n", "'soon' is no"),
    ],
)
def test_a_timer_that_cannot_be_read_is_refused(text: str, reason: str) -> None:
    told = [why for _, why in reasons(read(text))]

    assert len(told) == 1
    assert told[0].startswith(reason)


def test_intervals_and_boots_are_kept() -> None:
    job = only(timed("OnBootSec=5min", "OnUnitActiveSec=1h", "OnUnitInactiveSec=2h"))

    assert job.words["schedule"] == [
        "@reboot",
        {"every": "1h", "from": "start"},
        {"every": "2h", "from": "finish"},
    ]
    assert job.remarks == ("OnBootSec=5min: starts at boot, without that delay",)
    assert job.meaning.why_not == "an interval has no instants before it starts"


def test_an_empty_value_takes_back_what_was_said() -> None:
    job = only(timed("OnCalendar=daily", "OnCalendar=", "OnUnitActiveSec=60"))

    assert job.words["schedule"] == {"every": "1m", "from": "start"}


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("/bin/x", ["/bin/x"]),
        ("-/bin/x a", "/bin/x a || true"),
        ("@/bin/x name a", ["/bin/x", "a"]),
        ("/bin/x 100%%", ["/bin/x", "100%"]),
        ("/bin/x $$5", ["/bin/x", "$5"]),
        (":/bin/x $A", ["/bin/x", "$A"]),
        ("/bin/x $A ${B}c 'd e'", ["/bin/sh", "-c", "/bin/x $A \"${B}c\" 'd e'"]),
    ],
)
def test_a_command_is_read_as_systemd_does(line: str, command: object) -> None:
    assert exec_start(line) == command


def test_several_commands_run_one_after_another() -> None:
    assert exec_start("/bin/a b", "-/bin/c") == "set -e\n/bin/a b\n/bin/c || true\n"


def test_what_is_run_before_and_after_is_part_of_the_command() -> None:
    service = (
        "ExecStartPost=/bin/c\nExecStart=/bin/b\nExecStartPre=-/bin/a\nIOSchedulingClass=idle\n"
    )
    words = only(read(f"[Timer]\nOnCalendar=daily\n[Service]\n{service}")).words

    assert (words["command"], words["ionice"]) == (
        "set -e\n/bin/a || true\n/bin/b\n/bin/c\n",
        "idle",
    )


def test_a_template_is_no_job() -> None:
    found = read_timer("[Timer]\nOnCalendar=daily\n", "t@.timer", ME, Path("t@.timer"))

    assert reasons(found) == [(1, "it is a template (import its instances: NAME@INSTANCE.timer)")]


def test_rights_of_a_command_are_told() -> None:
    job = only(read("[Timer]\nOnCalendar=daily\n[Service]\nExecStart=+/bin/x\n"))

    assert job.remarks == ("its rights (+) are not kept",)


def test_somebody_elses_service_is_held_back() -> None:
    text = "[Timer]\nOnCalendar=daily\nWakeSystem=true\n[Service]\nExecStart=/bin/x\nUser=root\n"

    job = only(read_timer(text, "x.timer", ME, None))

    assert job.words["enabled"] is False
    assert job.remarks == (
        "WakeSystem=: cronterm does not wake the machine",
        "runs as root, which needs root: held back, me would run it otherwise",
    )


def test_lines_of_a_unit_continue_and_comments_stand_between() -> None:
    gathering = Gathering("x")
    unit = read_unit("; c\n[Service]\nExecStart=a \\\n# between\n  b\nnonsense\n", gathering)

    assert unit == {"Service": {"ExecStart": [(3, "a  b")]}}
    assert [(line.number, line.fate) for line in gathering.lines] == [
        (1, "comment"),
        (2, "setting"),
        (3, "setting"),
        (6, "refused"),
    ]
