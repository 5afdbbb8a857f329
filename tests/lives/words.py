"""Random values for every word of a job: one line each, and how often it is there."""

import os
import pwd
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Value = Any


class Surroundings(NamedTuple):
    """What a job may name."""

    zone: str
    """The zone whose clock changes."""
    start: str
    """A wall time within the life."""
    end: str
    pools: tuple[str, ...]
    calendars: tuple[str, ...]
    before: tuple[str, ...]
    """Jobs that it may name: those above it in the file, so that there is no circle."""


Draw = Callable[[random.Random, Surroundings], Value]

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
SHORT = ("0s", "1s", "20s", "90s", "3m")
LONG = ("5m", "20m", "1h", "3h")
NEEDS = ("success", "success", "failure", "complete")
STARS = ("*", "*", "*", "*/2", "*/3", "mon-fri", "sun", "1-5")


def _one_of(*values: Value) -> Draw:
    return lambda dice, there: dice.choice(values)


# -- when ----------------------------------------------------------------------------------------


def draw_cron(dice: random.Random) -> str:
    """Return a plain expression of five fields, often one that meets a change of the clock."""
    minute = dice.choice(["0", "30", "*/5", "*/20", "7", "15,45", "59", "*", "*/15", "0-10"])
    hour = dice.choice(["*", "*", "2", "1-3", "0", "*/2", "2,3", "3", "1", "0-4"])
    weekday = dice.choice(STARS)
    day = dice.choice(["*", "*", "*", "1-28", "*/2"])
    return f"{minute} {hour} {day} * {weekday}"


def draw_schedule(dice: random.Random, there: Surroundings) -> Value:
    """Return a schedule in any of its forms, plain ones more often."""
    cron = draw_cron(dice)
    forms: list[Value] = [
        *[cron] * 8,
        *["* * * * *", "*/5 * * * *", "30 2 * * *"],
        "@hourly",
        "@daily",
        "H * * * *",
        "0~20 * * * *",
        "*/30 * * * * *",
        f"10 {cron}",
        f"0 {cron} 2026-2027",
        "0 3 L * *",
        "@every 7m",
        "@every 90s",
        "@every 36h",
        f"@at {there.end}",
        f"@at {there.start}",
        "@in 40m",
        "@reboot",
        "@startup",
        "@manual",
        {"every": dice.choice(["3m", "25m", "2h"]), "from": "finish"},
        {"every": "7m", "from": "clock"},
        {"every": "6h", "anchor": there.start},
        {"cron": cron, "timezone": dice.choice(ZONES), "day_match": dice.choice(["or", "and"])},
        {"on_calendar": dice.choice(["*-*-* 02:30:00", "Mon..Fri *-*-* 00..04:00/20:00"])},
        [cron, "@every 11m"],
        [cron, {"cron": draw_cron(dice), "timezone": dice.choice(ZONES)}, "@in 90m"],
        ["@startup", "@every 20m"],
        [cron, {"every": "10m", "from": "finish"}],
    ]
    return dice.choice(forms)


def draw_calendar(dice: random.Random, there: Surroundings) -> Value:
    """Return a calendar, inline or for `calendars`."""
    day = there.start[:10]
    return dice.choice(
        [
            {"dates": [day]},
            {"days": [1, "L", -2]},
            {"weekdays": dice.choice(["sat,sun", "mon-fri"])},
            {"windows": dice.choice(["02:00-03:00", ["Sun 01:00-04:00", "mon-sat 23:00-01:30"]])},
            {"from": there.start, "until": there.end},
            {"windows": "01:30-02:30", "weekdays": "mon-sun", "dates": [day]},
        ]
    )


def _calendars(dice: random.Random, there: Surroundings) -> Value:
    named = [dice.choice(there.calendars)] if there.calendars and dice.random() < 0.7 else []
    inline = [draw_calendar(dice, there)] if not named or dice.random() < 0.3 else []
    return named + inline


# -- what it follows -----------------------------------------------------------------------------


def _depends_on(dice: random.Random, there: Surroundings) -> Value:
    names = dice.sample(there.before, min(len(there.before), dice.choice([1, 1, 2])))
    if not names:
        return None
    return names if dice.random() < 0.5 else {name: dice.choice(NEEDS) for name in names}


def _condition(dice: random.Random, there: Surroundings) -> Value:
    return dice.choice(
        [
            "test -e /srv",
            {"command": "true", "wait": dice.choice(["0s", "20s", "5m"])},
            {"load_below": 4.0, "disk_free": {"path": "/", "above": "1GB"}, "wait": "1m"},
            {"path_exists": ["/srv"], "on_ac": True},
            {"disk_free": {"path": "/", "above": "5%"}},
        ]
    )


# -- how it goes ---------------------------------------------------------------------------------


def _retry(dice: random.Random, there: Surroundings) -> Value:
    if dice.random() < 0.4:
        return dice.randint(0, 3)
    return {
        "attempts": dice.randint(0, 3),
        "delay": dice.choice(SHORT),
        "backoff": dice.choice([1, 2, 3.5]),
        "max_delay": dice.choice(["30s", "5m"]),
        "jitter": dice.choice([0, 0.2, 1]),
        "on": dice.choice([["failure"], ["failure", "timeout"], ["timeout", "lost"]]),
        **({"exit_codes": [1, 75]} if dice.random() < 0.3 else {}),
    }


def _success(dice: random.Random, there: Surroundings) -> Value:
    return dice.choice(
        [
            {"exit_codes": [0, 3]},
            {"min_duration": "5s"},
            {"stdout_match": "complete", "stderr_empty": True},
            {"output_reject": "ERROR", "max_output": "1MB"},
        ]
    )


def _secrets(dice: random.Random, there: Surroundings) -> Value:
    return {"TOKEN": dice.choice([{"file": "/run/secrets/x"}, {"env": "X"}, {"command": "echo x"}])}


ACTIONS: tuple[Mapping[str, Value], ...] = (
    {"command": "true"},
    {"command": "exec sleep 1", "shell": ["/bin/sh", "-eu", "-c"]},
    {"command": ["sleep", "1"], "stdin": "one\ntwo\n"},
    {"python": "math:fsum", "args": [[1, 2]], "kwargs": {}},
    {"http": {"url": "http://localhost/", "expect_status": [200], "timeout": "10s"}},
    {"monitor": True},
    {"monitor": "heartbeat"},
)


def _triggers(dice: random.Random, there: Surroundings) -> Value:
    kinds: list[Value] = [
        {"file": {"path": "in", "patterns": ["*.csv"], "settle": "2s"}},
        {"disk": {"path": "/", "free_below": "10%"}},
        {"attribute": {"path": "/etc/hosts", "of": ["mtime"]}},
        {"env": {"file": ".env", "name": "FEATURE"}},
        {"metric": {"cpu_above": 90, "for": "5m"}},
        {"webhook": {"path": dice.choice(HOOKS)}},
    ]
    return dice.sample(kinds, dice.randint(1, 3))


HOOKS = ("deploy", "push")

WORDS: dict[str, tuple[float, Draw]] = {
    "description": (0.2, _one_of("what it is for")),
    "owner": (0.1, _one_of("ann")),
    "runbook": (0.1, _one_of("https://wiki.example.com/x")),
    "tags": (0.2, _one_of(["a", "b"], "c")),
    "group": (0.1, _one_of("night")),
    "timezone": (0.2, _one_of(*ZONES)),
    "jitter": (0.25, _one_of("0s", "20s", "3m", "15m")),
    "jitter_mode": (0.2, _one_of("stable", "random")),
    "working_dir": (0.1, _one_of("/", "~", "sub")),
    "env": (0.1, _one_of({"A": "1"}, ["B=2"])),
    "env_file": (0.1, _one_of([{"path": ".env", "required": False}])),
    "timeout": (0.3, _one_of("10s", "2m", "20m")),
    "stop_signal": (0.1, _one_of("SIGTERM", "SIGINT")),
    "stop_grace_period": (0.2, _one_of("0s", "10s", "2m")),
    "retry": (0.4, _retry),
    "overlap": (0.8, _one_of("skip", "skip", "queue", "replace", "allow")),
    "queue_limit": (0.2, _one_of(1, 2, 5)),
    "max_instances": (0.15, _one_of(1, 2, 3)),
    "catch_up": (0.5, _one_of("skip", "latest", "all")),
    "catch_up_window": (0.2, _one_of(*LONG)),
    "start_deadline": (0.25, _one_of("1s", "30s", "10m")),
    "success": (0.2, _success),
    "skip_exit_codes": (0.2, _one_of([77], [75, 77])),
    "output": (0.1, _one_of({"max_size": "1MB", "keep": "head", "timestamps": True})),
    "history": (0.1, _one_of({"keep_runs": 10, "keep_days": 3})),
    "enabled": (0.2, _one_of(True, False)),
    "user": (0.05, lambda dice, there: pwd.getpwuid(os.getuid()).pw_name),
    "umask": (0.1, _one_of("0027")),
    "nice": (0.1, _one_of(10)),
    "ionice": (0.1, _one_of("idle", "best-effort:3")),
    "limits": (0.1, _one_of({"memory": "1GB", "open_files": 64})),
    "inherit_env": (0.1, _one_of(True, False, ["LANG"])),
    "secrets": (0.1, _secrets),
    "params": (0.2, _one_of({"target": {"default": "a", "choices": ["a", "b"]}})),
    "kill_leftovers": (0.1, _one_of(True, False)),
    "shutdown_runs": (0.1, _one_of("keep", "stop")),
    "depends_on": (0.3, _depends_on),
    "depends_window": (0.2, _one_of("10m", "6h")),
    "depends_wait": (0.3, _one_of("0s", "90s", "20m")),
    "on_success": (0.15, lambda dice, there: [dice.choice(there.before)] if there.before else None),
    "on_failure": (0.15, lambda dice, there: [dice.choice(there.before)] if there.before else None),
    "on_complete": (0.1, lambda dice, there: [dice.choice(there.before)] if there.before else None),
    "pool": (0.4, lambda dice, there: dice.choice(there.pools) if there.pools else None),
    "priority": (0.2, _one_of(-1, 1, 10)),
    "condition": (0.25, _condition),
    "exclude": (0.2, _calendars),
    "only": (0.1, _calendars),
    "not_before": (0.1, lambda dice, there: there.start),
    "not_after": (0.1, lambda dice, there: there.end),
    "max_runs": (0.15, _one_of(1, 5, 40)),
    "triggers": (0.3, _triggers),
    "cooldown": (0.2, _one_of("5s", "10m")),
    "tolerance": (0.2, _one_of("30s", "20m")),
    "max_runtime": (0.2, _one_of("10s", "10m")),
    "auto_pause": (0.1, _one_of({"after_failures": 1}, {"after_failures": 3})),
}
"""All but those of `ACTIONS`, `schedule` and `renamed_from`, which have their own rules."""

SETTINGS: dict[str, tuple[float, Draw]] = {
    "timezone": (1, lambda dice, there: there.zone),
    "max_running": (0.7, _one_of(1, 2, 3, 5)),
    "shutdown_grace": (0.2, _one_of("1s", "10s")),
    "start_grace": (0.4, _one_of("0s", "10s", "5m")),
    "catch_up": (0.3, _one_of("skip", "latest", "all")),
    "history": (0.1, _one_of({"keep_runs": 10})),
    "output": (0.1, _one_of({"keep": "tail"})),
    "watch": (0.1, _one_of({"poll_interval": "5s"})),
    "startup_delay": (0.3, _one_of("0s", "30s", "3m")),
}
