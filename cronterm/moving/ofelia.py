"""Reads the INI file of ofelia."""

import re

from cronterm.errors import BadInput
from cronterm.moving.base import Found, Gathering, Meaning, Moved, Surroundings, Unreadable, Words
from cronterm.moving.crontab_time import CrontabTime
from cronterm.moving.document import left_out
from cronterm.moving.names import slug

_SECTION = re.compile(r'\[\s*(job-[a-z-]+)\s+"?([^"\]]+)"?\s*\]')
_TRUE = ("true", "yes", "on", "1")
_READ = {
    "job-local": ("schedule", "command", "dir", "environment", "no-overlap"),
    "job-exec": ("schedule", "command", "container", "user", "tty", "environment", "no-overlap"),
    "job-run": (
        *("schedule", "command", "image", "container", "user", "network", "volume", "tty"),
        *("environment", "delete", "no-overlap"),
    ),
}


def read_ofelia(text: str, name: str, here: Surroundings) -> Found:
    """Read a configuration of ofelia. Raises nothing: what cannot be read is told."""
    gathering = Gathering(name)
    section: tuple[int, str, str, str] | None = None
    values: dict[str, list[str]] = {}
    is_global = False
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = raw.strip()
        if line.startswith("["):
            if section is not None:
                _close(gathering, section, values, name, here)
            found = _SECTION.fullmatch(line)
            section = (number, line, found[1], found[2].strip()) if found else None
            values, is_global = {}, line == "[global]"
            if is_global:
                gathering.note_line(number, "setting", line)
            elif section is None:
                gathering.note_line(number, "refused", line, "this is no section of a job")
        elif not line or line.startswith(("#", ";")):
            gathering.note_line(number, "comment", line)
        elif "=" in line and (section is not None or is_global):
            key, _, value = line.partition("=")
            values.setdefault(key.strip().lower(), []).append(_unquoted(value.strip()))
            gathering.note_line(number, "setting", line)
            if is_global:
                gathering.note(f"line {number}: {key.strip()} of [global] is not kept")
        else:
            gathering.note_line(number, "refused", line, "this is no key = value")
    if section is not None:
        _close(gathering, section, values, name, here)
    return gathering.found()


def _unquoted(value: str) -> str:
    is_quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in '"`'
    return value[1:-1] if is_quoted else value


def _close(
    gathering: Gathering,
    section: tuple[int, str, str, str],
    values: dict[str, list[str]],
    name: str,
    here: Surroundings,
) -> None:
    number, line, kind, job = section
    try:
        gathering.jobs.append(_job(kind, job, values, f"{name}:{number}", number, here))
    except BadInput as error:
        gathering.note_line(number, "refused", line, str(error))
    else:
        gathering.note_line(number, "job", line)


def _job(
    kind: str,
    name: str,
    values: dict[str, list[str]],
    place: str,
    number: int,
    here: Surroundings,
) -> Moved:
    if kind not in _READ:
        raise Unreadable(f"{kind} is not imported", "job-local, job-exec and job-run are")
    written = " ".join(values.get("schedule", [""])[-1].split())
    command = values.get("command", [""])[-1]
    if not written or (not command and kind != "job-run"):
        raise Unreadable("it has no schedule or no command")
    words: Words = {"schedule": written}
    words["command"] = _command(kind, command, values)
    if kind == "job-local" and "dir" in values:
        words["working_dir"] = values["dir"][-1]
    if kind == "job-local" and "environment" in values:
        words["env"] = values["environment"]
    is_alone = values.get("no-overlap", ["false"])[-1].lower() in _TRUE
    words["overlap"] = "skip" if is_alone else "allow"
    remarks = left_out(dict(values), _READ[kind])
    if kind != "job-local":
        remarks.append("runs with docker on this machine")
    # Six fields begin with the seconds.
    five = written.removeprefix("0 ") if len(written.split()) == 6 else written
    try:
        meaning = Meaning(written, here.timezone, CrontabTime(five, here.timezone).instants)
    except BadInput as error:
        meaning = Meaning(written, here.timezone, None, f"no second reading: {error.message}")
    return Moved(slug(name), words, place, number, name, meaning, tuple(remarks))


def _command(kind: str, command: str, values: dict[str, list[str]]) -> str:
    if kind == "job-local":
        return command
    options = [f"-e {_quoted(pair)}" for pair in values.get("environment", [])]
    if "user" in values:
        options.append(f"-u {_quoted(values['user'][-1])}")
    if kind == "job-exec":
        if "container" not in values:
            raise Unreadable("it names no container")
        return " ".join(["docker exec", *options, _quoted(values["container"][-1]), command])
    if "image" not in values:
        if "container" in values:
            return f"docker start -a {_quoted(values['container'][-1])}"
        raise Unreadable("it names no image")
    options += [f"-v {_quoted(volume)}" for volume in values.get("volume", [])]
    options += [f"--network {_quoted(each)}" for each in values.get("network", [])]
    rm = "" if values.get("delete", ["true"])[-1].lower() not in _TRUE else "--rm"
    parts = ["docker run", rm, *options, _quoted(values["image"][-1]), command]
    return " ".join(part for part in parts if part)


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w./:=@,+-]+", text) else "'" + text.replace("'", "'\\''") + "'"
