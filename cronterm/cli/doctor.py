"""`doctor`: looks for what would keep jobs from running as they should."""

import ctypes
import errno
import os
import resource
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from cronterm.cli.base import Desk, common, desk, leave, print_json, say
from cronterm.cli.render import show_size
from cronterm.clock import SystemClock, local_zone
from cronterm.config.load import load
from cronterm.config.missing import missing_directories
from cronterm.config.programs import look_for_program_of
from cronterm.errors import CrontermError, NoEngine
from cronterm.instance import Instance, reached_by
from cronterm.model.foresight import short_timeout
from cronterm.model.job import Job
from cronterm.model.query import ListRuns, Runs
from cronterm.model.snapshot import JobView
from cronterm.readable import against_timeout, span

Verdict = Literal["ok", "note", "bad"]
GLYPHS = {"ok": ("✓", "green"), "note": ("!", "yellow"), "bad": ("✗", "red")}

LITTLE_SPACE = 200_000_000
LITTLE_SPACE_RATIO = 0.03
FEW_WATCHES = 8192
FEW_INSTANCES = 128
EACH_OPENS, OTHERS_OPEN = 2, 100  # descriptors of a runner: the pipes of an attempt, and the rest
MOST_TIMEOUTS = 10
MOST_PROGRAMS = 10
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "glusterfs"}


@dataclass(frozen=True)
class Finding:
    """What one look found."""

    name: str
    verdict: Verdict
    message: str
    hint: str = ""


@click.command()
@common
@click.pass_context
def doctor(context: click.Context, /, **given: Any) -> None:
    """Look for what would keep jobs from running.

    At file, programs, lock, history, clock, time zones, disk, limits, timeouts and open runs.
    Exits with 1 if something is bad; what is only worth a note does not count.

    Example: cronterm doctor --json | jq '.[] | select(.verdict != "ok")'
    """
    at = desk(context, **given)
    found = list(examine(at))
    if at.as_json:
        print_json([vars(each) for each in found])
    else:
        for each in found:
            if at.is_quiet and each.verdict == "ok":
                continue
            glyph, color = GLYPHS[each.verdict]
            hint = f" ({each.hint})" if each.hint else ""
            text = f"{glyph} {each.name}: {each.message}{hint}"
            say(text, color=color if at.colors and each.verdict != "ok" else None)
    leave(int(any(each.verdict == "bad" for each in found)))


def examine(at: Desk) -> Iterator[Finding]:
    """Yield what each look finds; one that fails itself is a finding."""
    instance = at.instance
    looks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("jobs file", lambda: look_at_file(instance.jobs_file)),
        ("state directory", lambda: look_at_state(instance.state_dir)),
        ("engine", lambda: _look_at_engine(at, instance)),
        ("history", lambda: _look_at_history(at, instance)),
        ("timeouts", lambda: look_at_timeouts(at.snapshot().jobs.values())),
        ("clock", look_at_clock),
        ("time zones", look_at_zones),
        ("disk", lambda: look_at_disk(instance.state_dir)),
        ("file watches", look_at_watches),
        ("logout", lambda: look_at_logout(_pid(instance))),
    ]
    for name, look in looks:
        try:
            yield from look()
        except (OSError, CrontermError, subprocess.SubprocessError) as error:
            yield Finding(name, "bad", str(error))


def _pid(instance: Instance) -> int | None:
    pid = instance.holder().get("pid") if instance.is_held() else None
    return pid if isinstance(pid, int) else None


# -- file and state ------------------------------------------------------------------------------


def look_at_file(path: Path) -> Iterator[Finding]:
    """Look whether the jobs file can be read, and who may change it."""
    if not path.exists():
        yield Finding("jobs file", "bad", f"{path} does not exist", "`cronterm init` writes one")
        return
    loaded = load(path, local_timezone=local_zone())
    for problem in loaded.problems[:5]:
        yield Finding("jobs file", "bad", str(problem))
    for warning in (*loaded.warnings, *missing_directories(loaded))[:5]:
        yield Finding("jobs file", "note", str(warning))
    if not loaded.problems:
        yield Finding("jobs file", "ok", f"{path}, {len(loaded.jobs)} jobs")
    yield from look_at_programs(loaded.jobs)
    about = path.stat()
    if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        hint = f"chmod go-w {path}"
        yield Finding("jobs file", "bad", "others may write commands into it", hint)
    elif about.st_uid not in (0, os.geteuid()):
        yield Finding("jobs file", "bad", f"it belongs to uid {about.st_uid}", "own it yourself")


def look_at_programs(jobs: Iterable[Job]) -> Iterator[Finding]:
    """Look whether what jobs run is there."""
    looks = [(job.id, look_for_program_of(job)) for job in jobs if job.enabled]
    missing = [(job, look.text) for job, look in looks if look is not None and not look.is_there]
    for job, text in missing[:MOST_PROGRAMS]:
        elsewhere = " unless the engine's PATH has it" if text.endswith("PATH") else ""
        hint = f"its runs will fail{elsewhere}"
        yield Finding("programs", "note", f"{job}: {text}", hint)
    if len(missing) > MOST_PROGRAMS:
        text = f"{len(missing) - MOST_PROGRAMS} more jobs run what is not there"
        yield Finding("programs", "note", text)


def look_at_state(directory: Path) -> Iterator[Finding]:
    """Look whether the state directory is private and on a disk that SQLite can lock."""
    if not directory.exists():
        yield Finding("state directory", "ok", f"{directory} will be made by the first engine")
        return
    about = directory.stat()
    if about.st_uid != os.geteuid():
        yield Finding("state directory", "bad", f"{directory} is not yours", "use --state-dir")
    elif about.st_mode & 0o077:
        yield Finding("state directory", "bad", f"others may enter {directory}", "chmod 700")
    elif not os.access(directory, os.W_OK):
        yield Finding("state directory", "bad", f"{directory} cannot be written", "see mount")
    elif (kind := _file_system(directory)) in NETWORK:
        hint = "name a local directory with --state-dir"
        yield Finding("state directory", "note", f"{directory} lies on {kind}", hint)
    else:
        yield Finding("state directory", "ok", f"{directory} is private")


def _file_system(directory: Path) -> str:
    """Return the kind of the file system that a directory lies on."""
    best, kind = "", ""
    for line in Path("/proc/self/mounts").read_text(errors="replace").splitlines():
        _, place, found = line.split(" ")[:3]
        if str(directory).startswith(place) and len(place) >= len(best):
            best, kind = place, found
    return kind


# -- engine and history --------------------------------------------------------------------------


def _look_at_engine(at: Desk, instance: Instance) -> Iterator[Finding]:
    if not instance.is_held():
        if others := instance.elsewhere():
            text = f"none runs here; one of this file has its state in {others[0].state_dir}"
            yield Finding("engine", "note", text, f"`{reached_by(others[0])}`")
        else:
            yield Finding("engine", "note", "none runs", "`cronterm up -d` starts one")
        return
    holder = instance.holder()
    try:
        snapshot = at.client.snapshot()
    except NoEngine as error:
        pid = holder.get("pid", "?")
        yield Finding("engine", "bad", f"pid {pid} holds the lock: {error}", "see its log")
        return
    engine = snapshot.engine
    age = span(SystemClock().now().utc - engine.started_at)
    version = at.rooms.version()
    yield Finding("engine", "ok", f"pid {engine.pid}, version {engine.version}, up {age}")
    if engine.version != version:
        hint = "restart it: `cronterm down`, then start it again"
        text = f"it is version {engine.version}, this program {version}"
        yield Finding("engine", "note", text, hint)
    yield from look_at_descriptors(engine.pid, snapshot.settings.max_running)
    if engine.trouble:
        yield Finding("engine", "bad", engine.trouble)
    if snapshot.problems:
        yield Finding("engine", "bad", f"it goes on with older jobs: {snapshot.problems[0]}")
    if snapshot.all_paused is not None:
        yield Finding("engine", "note", "everything is paused", "`cronterm resume --all`")
    runs = [*snapshot.removed.values(), *(view.live for view in snapshot.jobs.values())]
    for live in (live for each in runs for live in each.values()):
        if live.state == "running" and live.pid is not None and not _is_alive(live.pid):
            text = f"run {live.run} of {live.job} counts as running, but pid {live.pid} is gone"
            yield Finding("runs", "bad", text, f"cronterm stop {live.run}")


def look_at_descriptors(pid: int, max_running: int) -> Iterator[Finding]:
    """Look whether what an engine starts may open enough for so many attempts at once."""
    try:
        allowed = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    except OSError:
        return  # gone by now, or another's
    needed = EACH_OPENS * max_running + OTHERS_OPEN
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        text = f"max_running {max_running} takes {needed} open files, {allowed} are allowed"
        most = max((allowed - OTHERS_OPEN) // EACH_OPENS, 1)
        hint = f"raise the hard limit (ulimit -Hn) or say max_running: {most}"
        yield Finding("open files", "note", text, hint)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _look_at_history(at: Desk, instance: Instance) -> Iterator[Finding]:
    if not (instance.state_dir / "history.db").exists():
        yield Finding("history", "ok", "nothing has run yet")
        return
    rows = at.query(ListRuns(limit=1000, outcomes=("lost",), decisions=False))
    assert isinstance(rows, Runs)
    size = (instance.state_dir / "history.db").stat().st_size
    yield Finding("history", "ok", f"it can be read, {show_size(size)} bytes")
    if rows.rows:
        last = rows.rows[-1]
        text = f"{len(rows.rows)} runs were lost, the last one run {last.run} of {last.job}"
        yield Finding("history", "note", text, "their runner died, or the machine")
    if not instance.is_held():
        open_runs = at.query(ListRuns(decisions=False, limit=100))
        assert isinstance(open_runs, Runs)
        left = [str(row.run) for row in open_runs.rows if row.outcome is None]
        if left:
            text = f"runs without an end: {', '.join(left)}"
            yield Finding("history", "note", text, "the next engine takes them over")


def look_at_timeouts(views: Iterable[JobView]) -> Iterator[Finding]:
    """Look whether jobs usually take as long as they may, or nearly."""
    found = [(view.job.id, short) for view in views if (short := short_timeout(view))]
    for job, short in found[:MOST_TIMEOUTS]:
        hint = "give it more, or find out why it takes so long"
        yield Finding("timeouts", "note", f"{job}: {against_timeout(*short)}", hint)
    if len(found) > MOST_TIMEOUTS:
        text = f"{len(found) - MOST_TIMEOUTS} more jobs usually take as long as they may"
        yield Finding("timeouts", "note", text, "`cronterm explain JOB` says it of one")
    if not found:
        yield Finding("timeouts", "ok", "no job usually takes as long as it may")


# -- the machine ---------------------------------------------------------------------------------


def look_at_clock() -> Iterator[Finding]:
    """Ask the kernel whether somebody keeps the clock right."""
    # struct timex is 208 bytes; all zero asks and changes nothing.
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(256))
    if state < 0:
        reason = errno.errorcode.get(ctypes.get_errno(), "?")
        yield Finding("clock", "note", f"the kernel does not tell whether it is right ({reason})")
    elif state == TIME_ERROR:
        hint = "run chrony or systemd-timesyncd; in a container the host's counts"
        yield Finding("clock", "note", "it is not synchronised", hint)
    else:
        yield Finding("clock", "ok", "it is synchronised")


def look_at_zones() -> Iterator[Finding]:
    """Look whether time zones can be read."""
    zone = local_zone()
    try:
        ZoneInfo("Europe/Berlin")
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, OSError):
        yield Finding("time zones", "bad", "there is no zone data", "install tzdata")
        return
    link = Path("/etc/localtime")
    if link.is_symlink() and not link.exists():
        hint = "ln -sf /usr/share/zoneinfo/… /etc/localtime"
        yield Finding("time zones", "note", "/etc/localtime leads nowhere: UTC is used", hint)
    else:
        yield Finding("time zones", "ok", f"the machine's is {zone}")


def look_at_disk(directory: Path) -> Iterator[Finding]:
    """Look whether there is space for history and output."""
    place = next(each for each in (directory, *directory.parents) if each.exists())
    usage = shutil.disk_usage(place)
    left = f"{show_size(usage.free)} bytes free of {show_size(usage.total)}"
    inodes = os.statvfs(place)
    if usage.free < LITTLE_SPACE or usage.free < usage.total * LITTLE_SPACE_RATIO:
        hint = "without space nothing new starts; `history: {keep_days: …}` keeps less"
        yield Finding("disk", "bad", left, hint)
    elif inodes.f_files and inodes.f_favail < inodes.f_files * 0.01:
        yield Finding("disk", "bad", f"only {inodes.f_favail} inodes are free")
    else:
        yield Finding("disk", "ok", left)


def look_at_watches() -> Iterator[Finding]:
    """Look whether changes of files can be seen at once."""
    limits = Path("/proc/sys/fs/inotify")
    if not limits.exists():
        yield Finding("file watches", "note", "no inotify: the file is looked at every two seconds")
        return
    watches = int((limits / "max_user_watches").read_text())
    instances = int((limits / "max_user_instances").read_text())
    text = f"inotify: {watches} watches, {instances} instances a user"
    is_little = watches < FEW_WATCHES or instances < FEW_INSTANCES
    hint = "sysctl fs.inotify.max_user_watches=65536 fs.inotify.max_user_instances=512"
    yield Finding("file watches", "note" if is_little else "ok", text, hint if is_little else "")


def look_at_logout(pid: int | None = None) -> Iterator[Finding]:
    """Look whether jobs outlive a logout and the service (CONTRACTS, runner 7).

    `pid` is the engine's, this process's where none runs.
    """
    user = os.environ.get("USER", "")
    has_systemd = Path("/run/systemd/system").exists()
    if has_systemd and os.geteuid() != 0:
        kills = "KillUserProcesses=yes" in _text(Path("/etc/systemd/logind.conf")).splitlines()
        if kills and not Path("/var/lib/systemd/linger", user).exists():
            hint = f"loginctl enable-linger {user}"
            yield Finding("logout", "bad", "systemd ends engine and jobs at logout", hint)
            return
    unit = _text(Path("/proc", str(pid or "self"), "cgroup")).strip().rpartition("/")[2]
    if has_systemd and pid and unit.endswith(".service"):
        yield _kill_mode(unit)
    elif Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        text = "in a container: jobs end with it and are recorded as stopped"
        yield Finding("logout", "note", text)
    else:
        yield Finding("logout", "ok", "jobs outlive the engine")


def _kill_mode(unit: str) -> Finding:
    words = ["systemctl", "show", "--value", "-p", "KillMode", unit]
    shown = subprocess.run(words, capture_output=True, text=True, check=False, timeout=5)
    mode = shown.stdout.strip()
    if mode in ("process", "none"):
        return Finding("logout", "ok", f"jobs outlive {unit} (KillMode={mode})")
    hint = "KillMode=process lets them go on"
    return Finding("logout", "note", f"{unit} ends its jobs (KillMode={mode or '?'})", hint)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
