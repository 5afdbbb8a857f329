"""install-service: a unit that systemd takes. Only a running systemd could start it."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cronterm.cli.service import Service
from tests.cli.desk import Desk

ANALYZE = shutil.which("systemd-analyze")
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's units belong."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "systemd" / "user"


def test_a_unit_of_a_user_is_written_and_the_next_steps_are_said(desk: Desk, units: Path) -> None:
    done = desk.run("install-service", "--user")

    unit = (units / "cronterm.service").read_text(encoding="utf-8")
    instance = desk.instance
    command = f"{sys.executable} -P -m cronterm --headless -f {instance.jobs_file}"
    assert f"ExecStart={command} --state-dir {instance.state_dir}\n" in unit
    assert "Type=notify\n" in unit
    assert "KillMode=process\n" in unit
    assert "Delegate" not in unit
    assert "NoNewPrivileges" not in unit
    assert "systemctl --user enable --now cronterm" in done.stdout
    assert "enable-linger" in done.stdout
    assert done.exit_code == 0


def test_a_second_time_changes_nothing_and_another_unit_is_kept(desk: Desk, units: Path) -> None:
    unit = units / "cronterm.service"
    desk.run("install-service", "--user")
    assert desk.run("install-service", "--user").exit_code == 0
    unit.write_text(unit.read_text(encoding="utf-8").replace("RestartSec=2", "RestartSec=9"))

    refused = desk.run("install-service", "--user")

    assert refused.exit_code == 1
    assert "-RestartSec=9\n+RestartSec=2" in refused.stderr
    assert "RestartSec=9" in unit.read_text(encoding="utf-8")
    assert desk.run("install-service", "--user", "--yes").exit_code == 0
    assert "RestartSec=2" in unit.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "../x"), "cannot name a service"),
        (("--run-as", "nobody-at-all"), "there is no user nobody-at-all"),
        (("--user", "--run-as", ME), "leave --run-as away"),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, words: tuple[str, ...], said: str) -> None:
    done = desk.run("install-service", *words)

    assert done.exit_code == 1
    assert said in done.stderr


def test_without_a_jobs_file_nothing_is_written(desk: Desk, units: Path) -> None:
    desk.instance.jobs_file.unlink()

    assert "does not exist" in desk.run("install-service", "--user").stderr
    assert not units.exists()


def test_a_dry_run_prints_the_unit_alone(desk: Desk, units: Path) -> None:
    done = desk.run("install-service", "--dry-run", "--run-as", ME, "--cgroups", "--harden")

    assert done.stdout.startswith("# Written by")
    assert f"User={ME}\nStateDirectory=cronterm\n" in done.stdout
    assert "--state-dir %S/cronterm\n" in done.stdout
    assert "Delegate=yes\n" in done.stdout
    assert "NoNewPrivileges=yes\n" in done.stdout
    assert f"ReadWritePaths={desk.instance.jobs_file.parent}\n" in done.stdout
    assert not units.exists()


@pytest.mark.skipif(ANALYZE is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("is_user", [True, False])
@pytest.mark.parametrize("options", [(False, False), (True, True)])
def test_systemd_takes_the_unit_whatever_the_file_is_called(
    tmp_path: Path, options: tuple[bool, bool], is_user: bool
) -> None:
    assert ANALYZE is not None
    strange = tmp_path / 'it\'s 100% $HOME; "really" \\n'
    strange.mkdir()
    service = Service(
        "cronterm-test", is_user, "" if is_user else ME, *options, strange / "j.yaml", strange
    )
    path = tmp_path / "cronterm-test.service"
    path.write_text(service.unit(), encoding="utf-8")

    words = [ANALYZE, *(["--user"] if is_user else []), "verify", "--man=no", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    complaints = [line for line in done.stderr.splitlines() if "cronterm-test" in line]
    assert [each for each in complaints if "Special user nobody" not in each] == []  # who tests


def test_a_program_is_told_as_json_what_was_written_and_what_comes_next(
    desk: Desk, units: Path
) -> None:
    planned = json.loads(desk.run("install-service", "--user", "--dry-run", "--json").stdout)
    done = json.loads(desk.run("install-service", "--user", "--json").stdout)

    assert planned["path"] == done["path"]
    assert Path(done["path"]).read_text(encoding="utf-8") == planned["unit"]
    assert done["next"][0] == "systemctl --user daemon-reload"


def test_a_file_name_that_a_unit_cannot_hold_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)  # type: ignore[arg-type]  # nobody is asked
    line = tmp_path / "a\nExecStartPre=b"
    line.mkdir()
    done = desk.run("install-service", "--user", "-f", str(line / "jobs.yaml"), "--dry-run")

    assert done.exit_code == 1
    assert "control character" in done.stderr
