"""Reads the JSON of the seed systems: files of one job, lists of monitors, scripts."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cronterm.errors import BadInput
from cronterm.moving.base import Found, Gathering, Meaning, Moved, Surroundings, Unreadable, Words
from cronterm.moving.crontab_time import CrontabTime
from cronterm.moving.document import as_map, documents, left_out
from cronterm.moving.names import slug

_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}.*")
_OFFSET = re.compile(r".*(?:[Zz]|[+-]\d{2}:?\d{2})$")
_IDS = ("job_id", "id", "name")


def read_seed(text: str, name: str, here: Surroundings) -> Found:
    """Read JSON of seeds 001, 003 and 004. Raises `BadInput` for what is no JSON."""
    gathering = Gathering(name)
    for document in documents(text, name):
        for number, given in enumerate(_entries(document.content), 1):
            shown = str(next((given[key] for key in _IDS if key in given), "?"))
            try:
                gathering.jobs.append(_job(given, name, number, here))
            except (BadInput, TypeError, ValueError) as error:
                gathering.note_line(number, "refused", shown, str(error))
            else:
                gathering.note_line(number, "job", shown)
    return gathering.found()


def _entries(content: Any) -> Iterator[dict[str, Any]]:
    """Yield the jobs of a list, of a mapping of them, or the one there is."""
    if isinstance(content, list):
        yield from map(as_map, content)
        return
    root = as_map(content)
    if any(key in root for key in _IDS):
        yield root
    elif isinstance(root.get("jobs"), list | dict):
        yield from _entries(root["jobs"])
    else:
        for name, value in root.items():
            yield {"job_id": name, **as_map(value)}


def _job(given: dict[str, Any], name: str, number: int, here: Surroundings) -> Moved:
    job_id = next((given[key] for key in _IDS if key in given), None)
    if not isinstance(job_id, str) or not job_id:
        raise Unreadable("it has no job_id")
    words: Words = {}
    if given.get("description"):
        words["description"] = " ".join(str(given["description"]).split())
    known = [*_IDS, "description"]
    if "task" in given:
        known += ["schedule", "task"]
        words |= _task(given)
    elif "script" in given or "command" in given:
        known += ["script", "command", "interval", "frequency", "schedule"]
        words |= _script(given)
    else:
        known += ["schedule", "tolerance", "max_runtime", "is_health_check"]
        words |= _monitor(given)
    remarks = left_out(given, known)
    place = f"{name}:{number}"
    meaning = _meaning(words["schedule"], here.timezone)
    return Moved(slug(job_id), words, place, number, job_id, meaning, tuple(remarks))


def _task(given: dict[str, Any]) -> Words:
    task = as_map(given["task"])
    if task.get("type") != "execute_command" or not isinstance(task.get("command"), str):
        raise Unreadable(f"there is no task type {task.get('type')!r}", "execute_command is")
    written = str(given.get("schedule", "")).strip()
    if _STAMP.fullmatch(written) and not _OFFSET.fullmatch(written):
        written += "Z"  # that system takes a bare time for UTC
    return {"schedule": written, "command": task["command"]}


def _script(given: dict[str, Any]) -> Words:
    schedule = []
    if given.get("interval") is not None:
        schedule.append(f"@in {minutes(given['interval'])}")
    cron = given.get("frequency") or given.get("schedule")
    if cron:
        schedule.append(str(cron))
    if not schedule:
        raise Unreadable("it has neither interval nor frequency")
    command = script_command([str(given["script"])]) if "script" in given else given["command"]
    return {"schedule": schedule if len(schedule) > 1 else schedule[0], "command": command}


def script_command(words: Sequence[str]) -> list[str]:
    """Return how a script and its arguments are run: one in Python may not be executable."""
    path = Path(words[0])
    if path.suffix == ".py" and not os.access(path, os.X_OK):
        return ["python3", *words]
    return list(words)


def _monitor(given: dict[str, Any]) -> Words:
    if not isinstance(given.get("schedule"), str):
        raise Unreadable("it has no schedule")
    words: Words = {"monitor": "heartbeat" if given.get("is_health_check") else True}
    words["schedule"] = given["schedule"]
    for word in ("tolerance", "max_runtime"):
        if given.get(word) is not None:
            words[word] = minutes(given[word])
    return words


def minutes(value: Any) -> str:
    """Return a bare number of minutes as a duration. Raises `Unreadable`."""
    number = float(value)
    if isinstance(value, bool) or not 0 <= number <= 1_000_000:
        raise Unreadable(f"{value!r} is no number of minutes")
    return f"{number:g}m" if number == int(number) else f"{round(number * 60)}s"


def _meaning(schedule: str | list[str], timezone: str) -> Meaning:
    if isinstance(schedule, list):
        return Meaning("; ".join(schedule), timezone, None, "@in has no instant before it starts")
    try:
        return Meaning(schedule, timezone, CrontabTime(schedule, timezone).instants)
    except BadInput:
        return Meaning(schedule, timezone, None, "one moment, not a schedule")
