"""Dialogues kept as files: `golden/*.txt` are replayed and must say the same, to the letter.

A file has `job NAME | SCHEDULE | word=value …`, `calendar NAME {words}` and `set word=value …`
lines, then steps (`> [+DAYS] HH:MM[:SS] verb …`), each followed by what the core answered,
indented. After a change that is meant, `CRONTERM_GOLDEN=rewrite pytest tests/core/test_golden.py`
writes them anew: read the diff before you commit it.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cronterm.clock import rfc3339
from cronterm.config.calendars import read_calendar
from cronterm.config.fields import Reading
from cronterm.config.reader import compose
from cronterm.core.base import Drain, NeverStarted
from cronterm.model.action import Monitor
from cronterm.model.command import (
    AcknowledgeAlert,
    IgnoreMissed,
    MuteAlerts,
    PauseJob,
    PingJob,
    ResumeJob,
    RunJob,
    StopRun,
)
from cronterm.model.event import NextDueMoved
from cronterm.model.job import Job, Retry, Settings
from cronterm.schedule.duration import parse_duration
from cronterm.schedule.parse import parse_moment
from tests.core.clockwork import Clockwork, job

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.txt"))

DURATIONS = {
    "startup_delay",
    "jitter",
    "catch_up_window",
    "start_deadline",
    "start_grace",
    "delay",
    "max_delay",
    "tolerance",
    "max_runtime",
}


def value(word: str, text: str) -> Any:
    """Return the value of a word."""
    if word in DURATIONS:
        return parse_duration(text)
    if word in ("on", "exit_codes", "skip_exit_codes", "success_exit_codes"):
        return tuple(int(part) if part.isdigit() else part for part in text.split(","))
    if word in ("exclude", "only"):
        return tuple(text.split(","))
    if word in ("not_before", "not_after"):
        return parse_moment(text, "UTC")
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def ping(job_id: str, plain: list[str], named: dict[str, Any]) -> PingJob:
    """Return the ping of `ping JOB [start|fail|log|N] [rid=X]`."""
    what, rid = (plain or ["heartbeat"])[0], str(named.get("rid", ""))
    if what.isdigit():
        return PingJob(job=job_id, what="end", exit_code=int(what), rid=rid)
    return msgspec.convert({"type": "PingJob", "job": job_id, "what": what, "rid": rid}, PingJob)


def words(text: str) -> dict[str, Any]:
    """Return `word=value …` as a dict; `retry.x` words make a Retry."""
    pairs = [part.partition("=") for part in text.split()]
    found = {word: value(word.rpartition(".")[2], rest) for word, _, rest in pairs}
    retry = {word[6:]: found.pop(word) for word in list(found) if word.startswith("retry.")}
    return found | ({"retry": Retry(**retry)} if retry else {})


def read_job(line: str) -> Job:
    """Return the job of a line."""
    name, schedule, rest = (part.strip() for part in [*line.split("|"), ""][:3])
    told = words(rest)
    kind = told.pop("monitor", None)
    if kind is not None:
        told["action"] = Monitor("heartbeat" if kind == "heartbeat" else "job")
    spec: object = schedule.split("; ") if "; " in schedule else schedule
    if schedule.startswith("after "):
        spec = {"every": schedule.removeprefix("after "), "from": "finish"}
    return job(name, spec, **told)


class Replay:
    """One file, spoken again."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}
        self.settings: dict[str, Any] = {}
        self.clockwork: Clockwork | None = None
        self.tells_alerts = False

    def speak(self, line: str) -> list[str]:
        """Take a line in; return it with what the core answers to it."""
        verb, _, rest = line.partition(" ")
        match verb:
            case "job":
                told = read_job(rest)
                self.jobs[told.id] = told
            case "gone":
                del self.jobs[rest]
            case "calendar":
                name, _, rest = rest.partition(" ")
                reading = Reading("golden")
                node = compose(rest, "golden")
                assert node is not None
                spec = read_calendar(reading, node, name, Path("/"))
                self.settings.setdefault("calendars", {})[name] = spec
            case "set":
                self.settings |= words(rest)
            case "tell":
                self.tells_alerts = rest == "alerts"
            case ">":
                if self.clockwork is None:
                    self.clockwork = Clockwork(*self.jobs.values(), **self.settings)
                    self.clockwork.tells_alerts = self.tells_alerts
                return [line, *(f"    {each}" for each in self.step(self.clockwork, rest))]
            case _:
                assert not line or verb == "#", f"not understood: {line}"
        return [line]

    def step(self, it: Clockwork, text: str) -> list[str]:
        """Move the clock, do what the step says, return the answer in lines."""
        parts = text.split()
        days = parts.pop(0) if parts[0].startswith("+") else "+0"
        it.utc = it.utc if parts[0] == "then" else it.at(f"{days[1:]} {parts[0]}").utc
        verb, *names = parts[1:]
        named = words(" ".join(name for name in names if "=" in name))
        plain = [name for name in names if "=" not in name]
        lines = self.do(it, verb, plain, named)
        for event in it.effects.events:
            if isinstance(event, NextDueMoved):
                lines += [
                    f"next {job_id} {'never' if at is None else rfc3339(at)[5:]}"
                    for job_id, at in event.next_at.items()
                ]
        return lines

    def do(self, it: Clockwork, verb: str, plain: list[str], named: dict[str, Any]) -> list[str]:
        """Give one input; return what was answered and what was done."""
        target = plain[0] if plain else ""
        match verb:
            case "tick":
                it.tick()
            case "file":
                it.settings = Settings(**self.settings)
                it.configure(*self.jobs.values())
            case "restart":
                it.jobs = tuple(self.jobs.values())
                it.restart(boot_id=named.get("boot", "boot"))
            case "clock":
                sign = -1 if target.startswith("-") else 1
                it.set_clock(sign * parse_duration(target.lstrip("+-"))).tick()
            case "starts":
                it.starts(int(target))
            case "exits":
                it.exits(int(target), **named)
            case "unstarted":
                it.step(NeverStarted(int(target), int(plain[1])))
            case "drain":
                it.step(Drain(by="ann", stop_runs=target == "stop_runs"))
            case _:
                return self.ask(it, verb, target, plain, named)
        return it.words()

    def ask(
        self, it: Clockwork, verb: str, target: str, plain: list[str], named: dict[str, Any]
    ) -> list[str]:
        """Give a command; return its answer and what was done."""
        job_id = "" if target == "all" else target
        match verb:
            case "run":
                answer = it.ask(RunJob(job=job_id, force="force" in plain))
            case "stop" if target.isdigit():
                answer = it.ask(StopRun(run=int(target)))
            case "stop":
                answer = it.ask(StopRun(job=job_id))
            case "pause":
                until = it.utc + parse_duration(plain[2]) if "for" in plain else None
                answer = it.ask(PauseJob(job=job_id, until=until))
            case "ping":
                answer = it.ask(ping(job_id, plain[1:], named))
            case "ack":
                answer = it.ask(AcknowledgeAlert(alert=int(target), undo="undo" in plain))
            case "mute":
                until = it.utc + parse_duration(plain[1])
                answer = it.ask(MuteAlerts(job=job_id, until=until))
            case "ignore":
                answer = it.ask(IgnoreMissed(job=job_id))
            case _:
                assert verb == "resume", f"not understood: {verb}"
                answer = it.ask(ResumeJob(job=job_id, catch_up="catch_up" in plain))
        hint = f" ({answer.hint})" if answer.hint else ""
        return [f"{'yes' if answer.ok else 'no'}: {answer.message}{hint}", *it.words()]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_dialogue_is_what_it_was(path: Path) -> None:
    kept = path.read_text(encoding="utf-8")
    replay = Replay()
    said = [replay.speak(line) for line in kept.splitlines() if not line.startswith("    ")]
    text = "\n".join(line for lines in said for line in lines) + "\n"
    if os.environ.get("CRONTERM_GOLDEN") == "rewrite":
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")
