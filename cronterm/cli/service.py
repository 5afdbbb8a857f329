"""`cronterm install-service`: a unit of systemd that runs the engine."""

import difflib
import os
import pwd
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cronterm.cli.base import common, desk, print_json, say
from cronterm.errors import CrontermError

SYSTEM_UNITS = Path("/etc/systemd/system")

UNIT = """\
# Written by `cronterm install-service`; `systemctl edit {name}` keeps changes apart from it.
[Unit]
Description=cronterm, the jobs of {jobs_file}
After=network-online.target time-sync.target
Wants=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=2
WatchdogSec=30
TimeoutStopSec=120
# Only the engine ends: the runner and its jobs go on, and the next engine takes them over.
KillMode=process
SendSIGKILL=no
{more}\
UMask=0077
TasksMax=infinity
LimitNOFILE=65536
OOMPolicy=continue

[Install]
WantedBy={target}
"""

# They reach the jobs too: no sudo and no `user:` in a job, nothing written outside its own places.
HARDENING = """\
# Hardening, which the jobs feel too.
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateDevices=yes
PrivateTmp=yes
ProtectClock=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""


@dataclass(frozen=True)
class Service:
    """What is asked for."""

    name: str
    is_user: bool
    run_as: str
    harden: bool
    cgroups: bool
    jobs_file: Path
    state_dir: Path

    @property
    def path(self) -> Path:
        """Where its unit belongs."""
        if not self.is_user:
            return SYSTEM_UNITS / f"{self.name}.service"
        config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        return Path(config) / "systemd" / "user" / f"{self.name}.service"

    def unit(self) -> str:
        """Return the text of its unit."""
        more = ""
        if self.run_as:
            more += f"User={self.run_as}\nStateDirectory={self.name}\nStateDirectoryMode=0700\n"
        if self.cgroups:
            more += "# Each run in a cgroup of its own: nothing escapes; a start costs 2 ms more.\n"
            more += "Delegate=yes\n"
        if self.harden:
            more += HARDENING + f"ReadWritePaths={_quoted(str(self.jobs_file.parent))}\n"
            if not self.run_as:
                more += f"ReadWritePaths={_quoted(str(self.state_dir))}\n"
        state = f"%S/{self.name}" if self.run_as else _quoted(str(self.state_dir))
        words = [sys.executable, "-P", "-m", "cronterm", "--headless", "-f", str(self.jobs_file)]
        command = " ".join([*map(_quoted, words), "--state-dir", state])
        return UNIT.format(
            name=self.name,
            jobs_file=re.sub(r"[^ -~]", "?", str(self.jobs_file)).replace("%", "%%"),
            command=command,
            more=more,
            target="default.target" if self.is_user else "multi-user.target",
        )


def _quoted(word: str) -> str:
    """Return a word as systemd.syntax(7) and systemd.service(5) read it."""
    if any(ord(char) < 32 for char in word):
        raise CrontermError(f"{word!r} has a control character: systemd cannot be told of it")
    word = word.replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return f'"{word}"' if re.search(r"[\s'\"\\;]", word) else word


@click.command("install-service")
@common
@click.option("--user", "is_user", is_flag=True, help="A service of this user, without root.")
@click.option("--run-as", metavar="USER", default="", help="Run as this user; root by default.")
@click.option("--name", default="cronterm", metavar="NAME", help="Name of the service, cronterm.")
@click.option("--harden", is_flag=True, help="Cage it; the jobs are in the cage too.")
@click.option("--cgroups", is_flag=True, help="A cgroup for each run: none of it can escape.")
@click.option("--dry-run", is_flag=True, help="Print the unit, write nothing.")
@click.pass_context
def install_service(
    context: click.Context,
    /,
    is_user: bool,
    run_as: str,
    name: str,
    harden: bool,
    cgroups: bool,
    dry_run: bool,
    **given: Any,
) -> None:
    """Write a unit of systemd that runs the engine of a jobs file, and say what comes next.

    Jobs outlive a restart of the service: only the engine is ended, and the next one takes its
    running jobs over. `systemctl reload` reads the jobs file again. A unit that is there and says
    something else is written over with --yes alone.

    Example: cronterm -f /etc/cronterm/jobs.yaml install-service --run-as ops
    """
    at = desk(context, **given)
    instance = at.instance
    _check(name, is_user=is_user, run_as=run_as)
    service = Service(
        name, is_user, run_as, harden, cgroups, instance.jobs_file, instance.state_dir
    )
    unit = service.unit()
    if dry_run:
        if at.as_json:
            print_json({"path": str(service.path), "unit": unit})
        else:
            click.echo(unit, nl=False)
        return
    if not instance.jobs_file.exists():
        raise CrontermError(f"{instance.jobs_file} does not exist", "name a jobs file with -f FILE")
    _write(service.path, unit, may_replace=at.says_yes)
    complaints, steps = _complaints(service), _next_steps(service)
    if at.as_json:
        print_json({"ok": True, "path": str(service.path), "complaints": complaints, "next": steps})
        return
    say(f"wrote {service.path}")
    for line in complaints:
        say(f"systemd-analyze: {line}", err=True)
    say("Next:")
    for line in steps:
        say(f"  {line}")


def _check(name: str, *, is_user: bool, run_as: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", name):
        raise CrontermError(f"{name!r} cannot name a service", "letters, digits, _ . -")
    if is_user and run_as:
        raise CrontermError("a service of a user runs as that user", "leave --run-as away")
    if run_as:
        try:
            pwd.getpwnam(run_as)
        except (KeyError, ValueError):
            raise CrontermError(f"there is no user {run_as}") from None


def _write(path: Path, unit: str, *, may_replace: bool) -> None:
    """Write a unit. Raises `CrontermError` with what it would change, and where it may not."""
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else None
        if before not in (None, unit) and not may_replace:
            changes = difflib.unified_diff(
                (before or "").splitlines(), unit.splitlines(), "is", "would be", lineterm="", n=0
            )
            raise CrontermError(
                f"{path} is there and says something else:\n" + "\n".join(changes),
                "write over it with --yes, or name another service with --name",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(unit, encoding="utf-8")
        beside.chmod(0o644)
        beside.replace(path)
    except OSError as error:
        raise CrontermError(
            f"{path}: {error.strerror}", "as root, or a service of your own with --user"
        ) from None


def _complaints(service: Service) -> list[str]:
    """Return what systemd says of the unit, where it is there to be asked."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return []
    words = [analyze, *(["--user"] if service.is_user else []), "verify", str(service.path)]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    return [line for line in done.stderr.splitlines() if service.path.name in line]


def _next_steps(service: Service) -> list[str]:
    systemctl = "systemctl --user" if service.is_user else "systemctl"
    attach = f"cronterm -f {service.jobs_file}"
    if service.run_as:
        state = f"/var/lib/{service.name}"
        attach = f"sudo -u {service.run_as} {attach} --state-dir {state}"
    steps = [f"{systemctl} daemon-reload", f"{systemctl} enable --now {service.name}"]
    if service.is_user:
        steps.append("loginctl enable-linger    # it goes on after you log out")
    return [*steps, f"{attach}    # the screen"]
