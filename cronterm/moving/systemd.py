"""Reads systemd timers with their services."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

from cronterm.errors import BadInput
from cronterm.moving.base import Found, Gathering, Meaning, Moved, Surroundings, Unreadable, Words
from cronterm.moving.names import slug
from cronterm.moving.places import read_text
from cronterm.moving.systemd_time import calendar_instants, calendar_schedule, span
from cronterm.moving.users import set_user

Unit = dict[str, dict[str, list[tuple[int, str]]]]
"""Section, key, (line, value) in order."""

_TIMER = frozenset(
    [
        "OnCalendar",
        "OnActiveSec",
        "OnBootSec",
        "OnStartupSec",
        "OnUnitActiveSec",
        "OnUnitInactiveSec",
        "Persistent",
        "RandomizedDelaySec",
        "FixedRandomDelay",
        "AccuracySec",
        "Unit",
        "WakeSystem",
    ]
)
_SERVICE = frozenset(
    [
        "Type",
        "ExecStartPre",
        "ExecStart",
        "ExecStartPost",
        "IOSchedulingClass",
        "IOSchedulingPriority",
        "User",
        "Group",
        "WorkingDirectory",
        "Environment",
        "EnvironmentFile",
        "UMask",
        "Nice",
        "TimeoutStartSec",
        "TimeoutStopSec",
        "TimeoutSec",
        "RuntimeMaxSec",
        "KillSignal",
        "SuccessExitStatus",
        "SyslogIdentifier",
    ]
)
_TRUE = ("yes", "true", "on", "1")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def read_timer(text: str, name: str, here: Surroundings, path: Path | None) -> Found:
    """Read a timer; its service is the file beside it, or stands below it in the same text."""
    gathering = Gathering(name)
    unit = read_unit(text, gathering)
    timer = unit.get("Timer", {})
    if not timer:
        gathering.note_line(1, "refused", name, "it has no [Timer]")
        return gathering.found()
    stem = path.name.removesuffix(".timer") if path else "timer"
    try:
        service, service_name = _service(unit, timer, path, stem)
        job = _job(timer, service, (stem, service_name), name, here)
    except BadInput as error:
        gathering.note_line(1, "refused", f"{stem}.timer", str(error))
    else:
        described = _last(unit.get("Unit", {}), "Description")
        words = {"description": described, **job.words} if described else job.words
        gathering.jobs.append(replace(job, words=words))
        gathering.note_line(1, "job", service_name)
    return gathering.found()


def read_unit(text: str, gathering: Gathering) -> Unit:
    """Read a unit file; lines that are none are told."""
    unit: Unit = {}
    section, held, first = "", "", 0
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not held and (not line or line[0] in "#;"):
            gathering.note_line(number, "comment", line)
            continue
        if held and line[:1] in ("#", ";"):
            continue
        first = number if not held else first
        if line.endswith("\\"):
            held += line[:-1] + " "
            continue
        line, held = held + line, ""
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            gathering.note_line(first, "setting", line)
        elif "=" in line and section:
            key, _, value = line.partition("=")
            values = unit.setdefault(section, {}).setdefault(key.strip(), [])
            if value.strip():
                values.append((first, value.strip()))
            else:
                values.clear()  # an empty value takes back what was said before
            gathering.note_line(first, "setting", line)
        else:
            gathering.note_line(first, "refused", line, "this is no line of a unit")
    return unit


def _service(
    unit: Unit, timer: dict[str, list[tuple[int, str]]], path: Path | None, stem: str
) -> tuple[dict[str, list[tuple[int, str]]], str]:
    if stem.endswith("@"):
        raise Unreadable("it is a template", "import its instances: NAME@INSTANCE.timer")
    wanted = _last(timer, "Unit") or f"{stem}.service"
    if "Service" in unit:
        return unit["Service"], wanted
    if path is None or not wanted.endswith(".service"):
        raise Unreadable(f"its {wanted} is not there", "put the service below the timer")
    template = re.sub(r"@[^.]*\.", "@.", wanted)
    places = (path.parent, Path("/etc/systemd/system"), Path("/lib/systemd/system"))
    for place in (where / each for where in places for each in (wanted, template)):
        if place.is_file():
            found = read_unit(read_text(place).text, Gathering(str(place)))
            return found.get("Service", {}), wanted
    raise Unreadable(f"its {wanted} is not there", "import the timer where its service is")


def _last(section: dict[str, list[tuple[int, str]]], key: str) -> str:
    values = section.get(key)
    return values[-1][1] if values else ""


def _all(section: dict[str, list[tuple[int, str]]], key: str) -> list[str]:
    return [value for _, value in section.get(key, [])]


def _job(
    timer: dict[str, list[tuple[int, str]]],
    service: dict[str, list[tuple[int, str]]],
    names: tuple[str, str],
    name: str,
    here: Surroundings,
) -> Moved:
    stem, service_name = names
    remarks = [f"{key}= of the timer is not kept" for key in sorted(timer.keys() - _TIMER)]
    remarks += [f"{key}= of the service is not kept" for key in sorted(service.keys() - _SERVICE)]
    schedule, meaning = _schedule(timer, here.timezone, remarks)
    words: Words = {"schedule": schedule}
    if _last(timer, "Persistent").lower() in _TRUE:
        words |= {"catch_up": "latest", "catch_up_window": "366d"}
    if spread := _last(timer, "RandomizedDelaySec"):
        words["jitter"] = span(spread)
        if _last(timer, "FixedRandomDelay").lower() not in _TRUE:
            words["jitter_mode"] = "random"
    if _last(timer, "WakeSystem").lower() in _TRUE:
        remarks.append("WakeSystem=: cronterm does not wake the machine")
    words["command"] = _command(service, service_name.removesuffix(".service"), remarks)
    words |= _running(service, here, remarks)
    words["overlap"] = "skip"
    place = f"{name}:1"
    return Moved(slug(stem), words, place, 1, f"{stem}.timer", meaning, tuple(remarks))


def _schedule(
    timer: dict[str, list[tuple[int, str]]], timezone: str, remarks: list[str]
) -> tuple[object, Meaning]:
    parts: list[object] = []
    written = _all(timer, "OnCalendar")
    parts += [calendar_schedule(text, timezone) for text in written]
    for key in ("OnBootSec", "OnStartupSec", "OnActiveSec"):
        if _all(timer, key):
            parts.append("@reboot")
            remarks.append(f"{key}={_last(timer, key)}: starts at boot, without that delay")
    for key, origin in (("OnUnitActiveSec", "start"), ("OnUnitInactiveSec", "finish")):
        for text in _all(timer, key):
            parts.append({"every": span(text), "from": origin})
    parts = [part for place, part in enumerate(parts) if part not in parts[:place]]
    if not parts:
        raise Unreadable("it has no time", "OnCalendar= or On…Sec=")
    if len(written) == len(parts):
        meaning = Meaning(" | ".join(written), timezone, calendar_instants(written, timezone))
        if meaning.instants is None:
            why = "systemd-analyze is not installed, which would tell its instants"
            meaning = Meaning(meaning.text, timezone, None, why)
    else:
        why = "an interval has no instants before it starts"
        meaning = Meaning(" | ".join(written) or "an interval", timezone, None, why)
    return (parts[0] if len(parts) == 1 else parts), meaning


def _command(service: dict[str, list[tuple[int, str]]], stem: str, remarks: list[str]) -> object:
    if not _all(service, "ExecStart"):
        raise Unreadable("its service has no ExecStart=")
    keys = ("ExecStartPre", "ExecStart", "ExecStartPost")
    lines = [line for key in keys for line in _all(service, key)]
    commands = [_exec(line, stem, remarks) for line in lines]
    if len(commands) == 1:
        words, may_fail = commands[0]
        return f"{shlex.join(words)} || true" if may_fail else words
    text = [shlex.join(words) + (" || true" if may_fail else "") for words, may_fail in commands]
    return "\n".join(["set -e", *text]) + "\n"


def _exec(line: str, stem: str, remarks: list[str]) -> tuple[list[str], bool]:
    """Return (words, whether a failure is none) of a command of systemd."""
    prefix = line[: len(line) - len(line.lstrip("@-:+!"))]
    words = _split(line[len(prefix) :], "ExecStart")
    if "@" in prefix and len(words) > 1:
        del words[1]
        remarks.append("the name it gave itself (@) is left out")
    if "+" in prefix or "!" in prefix:
        remarks.append(f"its rights ({prefix.strip('@-:')}) are not kept")
    words = [_expanded(word, stem) for word in words]
    if ":" not in prefix and any("$" in word.replace("$$", "") for word in words):
        # systemd puts variables in itself; the shell does it in the same places.
        inner = " ".join(_with_variables(word) for word in words)
        return ["/bin/sh", "-c", inner], "-" in prefix
    return [word.replace("$$", "$") for word in words], "-" in prefix


def _split(text: str, key: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise Unreadable(f"{key}={text}: {error}") from None


def _with_variables(word: str) -> str:
    if re.fullmatch(r"\$[A-Za-z_]\w*", word):
        return word  # parted at blanks, as systemd does it
    if "$" not in word.replace("$$", ""):
        return shlex.quote(word.replace("$$", "$"))
    escaped = re.sub(r'([\\"`])', r"\\\1", word).replace("$$", "\\$")
    return f'"{escaped}"'


def _expanded(word: str, stem: str) -> str:
    prefix, at, instance = stem.partition("@")
    known = {"%": "%", "n": f"{stem}.service", "N": stem, "p": prefix, "i": instance if at else ""}
    known |= {"I": known["i"].replace("-", "/"), "h": str(Path.home()), "t": "/run"}

    def replaced(found: re.Match[str]) -> str:
        if found[1] not in known:
            raise Unreadable(f"%{found[1]} in {word!r} is not known here")
        return known[found[1]]

    return re.sub(r"%(.)", replaced, word)


def _running(
    service: dict[str, list[tuple[int, str]]], here: Surroundings, remarks: list[str]
) -> Words:
    words: Words = {}
    directory = _last(service, "WorkingDirectory").removeprefix("-")
    words["working_dir"] = directory or "/"
    env: dict[str, str] = {"PATH": _PATH}
    for text in _all(service, "Environment"):
        for pair in _split(text, "Environment"):
            key, _, value = pair.partition("=")
            env[key] = value.replace("%%", "%")
    words["env"] = env
    env_files: list[object] = []
    for text in _all(service, "EnvironmentFile"):
        path = text.removeprefix("-")
        env_files.append({"path": path, "required": False} if path != text else path)
    if env_files:
        words["env_file"] = env_files[0] if len(env_files) == 1 else env_files
    words["inherit_env"] = False
    for key, word in (("UMask", "umask"), ("KillSignal", "stop_signal")):
        if value := _last(service, key):
            words[word] = value
    if nice := _last(service, "Nice"):
        words["nice"] = int(nice) if nice.lstrip("+-").isdecimal() else nice
    if (disk := _last(service, "IOSchedulingClass")) in ("idle", "best-effort"):
        level = _last(service, "IOSchedulingPriority") if disk != "idle" else ""
        words["ionice"] = f"{disk}:{level}" if level else disk
    for key in ("RuntimeMaxSec", "TimeoutSec", "TimeoutStartSec"):
        if (value := _last(service, key)) and value != "infinity":
            words["timeout"] = span(value)
    if stop := _last(service, "TimeoutStopSec") or _last(service, "TimeoutSec"):
        words["stop_grace_period"] = "365d" if stop == "infinity" else span(stop)
    codes = [int(code) for code in _last(service, "SuccessExitStatus").split() if code.isdecimal()]
    if codes:
        words["success"] = {"exit_codes": sorted({0, *codes})}
    if user := _last(service, "User"):
        group = _last(service, "Group")
        remarks += set_user(words, f"{user}:{group}" if group else user, here)
    return words
