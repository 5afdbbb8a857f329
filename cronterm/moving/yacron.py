"""Reads jobs of yacron."""

from typing import Any

from cronterm.errors import BadInput
from cronterm.moving.base import Found, Gathering, Meaning, Moved, Surroundings, Unreadable, Words
from cronterm.moving.crontab_time import CrontabTime
from cronterm.moving.document import as_list, as_map, chosen, documents, left_out, needed, seconds
from cronterm.moving.names import slug
from cronterm.moving.users import set_user

_FIELDS = ("minute", "hour", "dayOfMonth", "month", "dayOfWeek")
_POLICIES = {"Allow": "allow", "Forbid": "skip", "Replace": "replace"}
_READ = frozenset(
    [
        "name",
        "command",
        "schedule",
        "shell",
        "concurrencyPolicy",
        "environment",
        "env_file",
        "failsWhen",
        "onFailure",
        "utc",
        "timezone",
        "executionTimeout",
        "killTimeout",
        "user",
        "group",
        "enabled",
        "captureStderr",
        "captureStdout",
        "saveLimit",
    ]
)


def read_yacron(text: str, name: str, here: Surroundings) -> Found:
    """Read a configuration of yacron. Raises `BadInput` for what is no YAML."""
    gathering = Gathering(name)
    for document in documents(text, name):
        root = as_map(document.content)
        defaults = as_map(root.get("defaults"))
        for word in sorted(root.keys() - {"jobs", "defaults"}):
            gathering.note(f"{word} is not kept")
        for number, item in zip(document.lines("jobs"), as_list(root.get("jobs")), strict=False):
            given = as_map(item)
            shown = str(given.get("name", given.get("command", "?")))
            try:
                gathering.jobs.append(_job({**defaults, **given}, number, name, here))
            except (BadInput, TypeError, ValueError) as error:
                gathering.note_line(number, "refused", shown, str(error))
            else:
                gathering.note_line(number, "job", shown)
    return gathering.found()


def _job(given: dict[str, Any], number: int, name: str, here: Surroundings) -> Moved:
    command, job = needed(given, "command"), str(needed(given, "name"))
    timezone = given.get("timezone")
    is_utc = given.get("utc", True) is not False
    zone = str(timezone) if timezone else "UTC" if is_utc else here.timezone
    written = _schedule(given.get("schedule"))
    words: Words = {"schedule": written}
    if zone != here.timezone or timezone:
        words["timezone"] = zone
    words["command"] = [str(part) for part in command] if isinstance(command, list) else command
    if given.get("shell") and not isinstance(command, list):
        words["shell"] = given["shell"]
    remarks = left_out(given, _READ)
    words |= _environment(given, remarks)
    words["overlap"] = chosen(_POLICIES, given, "concurrencyPolicy", "Allow")
    words |= _endings(given)
    if given.get("user"):
        user = str(given["user"])
        group = f":{given['group']}" if given.get("group") else ""
        remarks += set_user(words, user + group, here)
    if given.get("enabled") is False:
        words["enabled"] = False
    return Moved(
        slug(job),
        words,
        f"{name}:{number}",
        number,
        job,
        _meaning(written, zone),
        tuple(remarks),
    )


def _schedule(schedule: Any) -> str:
    if isinstance(schedule, dict):
        year = str(schedule.get("year", "*"))
        fields = " ".join(str(schedule.get(field, "*")) for field in _FIELDS)
        return fields if year == "*" else f"0 {fields} {year}"
    if not isinstance(schedule, str) or not schedule.strip():
        raise Unreadable("its schedule is no text")
    return " ".join(schedule.split())


def _environment(given: dict[str, Any], remarks: list[str]) -> Words:
    words: Words = {}
    pairs = as_list(given.get("environment"))
    env = {str(p.get("key")): str(p.get("value", "")) for p in pairs if isinstance(p, dict)}
    if env:
        words["env"] = env
    if given.get("env_file"):
        words["env_file"] = str(given["env_file"])
    if given.get("saveLimit") is not None:
        remarks.append("saveLimit: output is limited by size, see output.max_size")
    return words


def _endings(given: dict[str, Any]) -> Words:
    words: Words = {}
    fails = as_map(given.get("failsWhen"))
    if fails.get("producesStderr", True) and given.get("captureStderr", True):
        words["success"] = {"stderr_empty": True}
    if fails.get("producesStdout"):
        words.setdefault("success", {})["output_reject"] = "(?s)."
    retry = as_map(as_map(given.get("onFailure")).get("retry"))
    if retry.get("maximumRetries"):
        attempts = int(retry["maximumRetries"])
        words["retry"] = {
            "attempts": attempts if attempts >= 0 else 1000,
            "delay": seconds(retry.get("initialDelay", 1)),
            "backoff": float(retry.get("backoffMultiplier", 2)),
            "max_delay": seconds(retry.get("maximumDelay", 300)),
        }
    if given.get("executionTimeout"):
        words["timeout"] = seconds(given["executionTimeout"])
    words["stop_grace_period"] = seconds(given.get("killTimeout", 30))
    return words


def _meaning(written: str, zone: str) -> Meaning:
    if written.startswith("@reboot"):
        return Meaning(
            written, zone, None, "once per boot: in this one when its engine first starts"
        )
    try:
        return Meaning(written, zone, CrontabTime(written, zone).instants)
    except (BadInput, OSError, ValueError, KeyError) as error:
        return Meaning(written, zone, None, f"no second reading: {error}")
