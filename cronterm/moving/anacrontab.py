"""Reads anacrontabs: periods of days instead of times."""

import re

from cronterm.moving.base import Found, Gathering, Meaning, Moved, Surroundings, Unreadable, Words
from cronterm.moving.crontab import CRON_PATH, CRON_SHELL
from cronterm.moving.names import slug

_ENV = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_HOURS = re.compile(r"(\d{1,2})-(\d{1,2})")
_PERIODS = {"@daily": 1, "@weekly": 7, "@monthly": 31, "@yearly": 366, "@annually": 366}
_DAYS = {1: "* * *", 7: "* * 0", 30: "1 * *", 31: "1 * *", 365: "1 1 *", 366: "1 1 *"}


def read_anacrontab(text: str, name: str, here: Surroundings) -> Found:
    """Read an anacrontab. Raises nothing: lines that cannot be read are told."""
    gathering = Gathering(name)
    env: dict[str, str] = {}
    gathering.note("anacron runs what is overdue when it comes by: here at a fixed time, made up")
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            gathering.note_line(number, "comment", line)
        elif found := _ENV.fullmatch(line):
            value = found[2].strip()
            if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            env[found[1]] = value
            gathering.note_line(number, "setting", line)
        else:
            try:
                gathering.jobs.append(_job(line, number, name, env))
            except Unreadable as error:
                gathering.note_line(number, "refused", line, str(error))
            else:
                gathering.note_line(number, "job", line)
    if not env.get("MAILTO", "root"):
        return gathering.found()
    gathering.note("anacron mails the output of its jobs; here it is kept as history")
    return gathering.found()


def _job(line: str, number: int, name: str, env: dict[str, str]) -> Moved:
    parts = line.split(None, 3)
    if len(parts) < 4 or not parts[1].isdecimal():
        raise Unreadable("this is no entry of an anacrontab", "period, delay, name, command")
    period = _PERIODS.get(parts[0].lower()) or (int(parts[0]) if parts[0].isdecimal() else 0)
    if not 1 <= period <= 36_500:
        raise Unreadable(f"{parts[0]!r} is no period", "days, @daily, @weekly or @monthly")
    remarks = []
    hours = _HOURS.fullmatch(env.get("START_HOURS_RANGE", ""))
    start = int(hours[1]) * 60 if hours else 7 * 60 + 30
    at = start + int(parts[1])
    schedule: str | dict[str, str]
    if period in _DAYS:
        schedule = f"{at % 60} {at // 60 % 24} {_DAYS[period]}"
        remarks.append(f"every {period} days became the time {schedule}")
    else:
        schedule = {"every": f"{period}d", "from": "finish"}
        remarks.append(f"counts {period} days from its last end; anacron counted from its day")
    if at >= 24 * 60:
        remarks.append(f"its delay of {parts[1]} minutes leads over midnight")
    if env.get("MAILTO"):
        remarks.append(f"MAILTO={env['MAILTO']}: its output is kept as history, not mailed")
    shell = env.get("SHELL", CRON_SHELL)
    words: Words = {"schedule": schedule}
    if env.get("RANDOM_DELAY", "0").isdecimal() and int(env.get("RANDOM_DELAY", "0")):
        words["jitter"] = f"{int(env['RANDOM_DELAY'])}m"
    words |= {"command": parts[3], "shell": shell, "working_dir": env.get("HOME", "/")}
    left = ("MAILTO", "MAILFROM", "RANDOM_DELAY", "START_HOURS_RANGE", "LOGNAME", "USER")
    given = {word: value for word, value in env.items() if word not in left}
    words["env"] = {"SHELL": shell, "PATH": CRON_PATH, **given}
    words |= {"inherit_env": False, "overlap": "skip", "catch_up": "latest"}
    words["catch_up_window"] = f"{period}d"
    meaning = Meaning(f"{parts[0]} {parts[1]}", "UTC", None, "anacron has no instants")
    return Moved(slug(parts[2]), words, f"{name}:{number}", number, line, meaning, tuple(remarks))
