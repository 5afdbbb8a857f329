"""Random jobs files, and random edits of them. What it writes is always right."""

import json
import random
from collections.abc import Mapping
from typing import Any

from cronterm.config.monitor import GO_WITH_MONITOR
from tests.lives.words import (
    ACTIONS,
    SETTINGS,
    WORDS,
    Draw,
    Surroundings,
    draw_calendar,
    draw_schedule,
)

FOLLOWED = ("on_success", "on_failure", "on_complete", "depends_on")
"""Words that name jobs; a job names only those that came into being before it."""


class JobsFile:
    """A jobs file as somebody who edits it sees it."""

    def __init__(self, dice: random.Random, *, zone: str, start: str, end: str) -> None:
        """Begin with random jobs; `start` and `end` are wall times that the file may name."""
        self.dice = dice
        self._zone, self._start, self._end = zone, start, end
        self._born = 0
        self.words: set[str] = set()
        """Every word of a job that was ever written."""
        self.settings: dict[str, Any] = {}
        self.defaults: dict[str, Any] = {}
        self.pools: dict[str, Any] = {}
        self.calendars: dict[str, Any] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self._gone: dict[str, dict[str, Any]] = {}
        self._edit_surroundings()
        for _ in range(dice.randint(2, 8)):
            self._add()

    @property
    def text(self) -> str:
        """The file."""
        parts = {
            "version": 1,
            "settings": self.settings,
            "defaults": self.defaults,
            "pools": self.pools,
            "calendars": self.calendars,
            "jobs": self.jobs,
        }
        return json.dumps({name: part for name, part in parts.items() if part}, indent=1)

    # -- edits -----------------------------------------------------------------------------------

    def edit(self) -> None:
        """Change one to three things."""
        for _ in range(self.dice.randint(1, 3)):
            edits = [
                *[self._edit_job] * 6,
                *[self._edit_schedule] * 2,
                *[self._toggle] * 3,
                self._add,
                self._remove,
                self._bring_back,
                self._rename,
                self._edit_surroundings,
            ]
            self.dice.choice(edits)()

    def _add(self) -> None:
        name = f"job-{self._born}"
        self._born += 1
        self.jobs[name] = {}
        self._write(name)

    def _write(self, name: str) -> None:
        """Give a job a schedule, an action and some words."""
        job = self.jobs[name]
        job |= self.dice.choice(ACTIONS)
        self._draw_schedule(name)
        for word, (often, draw) in WORDS.items():
            if self.dice.random() < often:
                self._set(name, word, draw)
        self._tidy(name)

    def _edit_job(self) -> None:
        name = self._any_job()
        if name:
            word = self.dice.choice(list(WORDS))
            self._set(name, word, WORDS[word][1])
            self._tidy(name)

    def _edit_schedule(self) -> None:
        name = self._any_job()
        if name:
            self._draw_schedule(name)
            self._tidy(name)

    def _toggle(self) -> None:
        name = self._any_job()
        if name:
            self.jobs[name]["enabled"] = not self.jobs[name].get("enabled", True)

    def _remove(self) -> None:
        name = self._any_job()
        if len(self.jobs) > 1:
            self._gone[name] = self.jobs.pop(name)
            self._forget(name, "")

    def _bring_back(self) -> None:
        names = [name for name in self._gone if self._is_free(name)]
        if names:
            name = self.dice.choice(names)
            self.jobs[name] = self._gone.pop(name)
            self._forget_strangers(name)
            self._tidy(name)

    def _is_free(self, name: str) -> bool:
        return all(job.get("renamed_from") != name for job in self.jobs.values())

    def _rename(self) -> None:
        old = self._any_job()
        if not old:
            return
        new = f"job-{self._born}"
        self._born += 1
        self.words.add("renamed_from")
        self.jobs = {
            (new if name == old else name): (job | {"renamed_from": old} if name == old else job)
            for name, job in self.jobs.items()
        }
        self._forget(old, new)

    def _edit_surroundings(self) -> None:
        """Change settings, defaults, pools and calendars."""
        dice, there = self.dice, self._there("")
        self.settings = {
            word: draw(dice, there)
            for word, (often, draw) in SETTINGS.items()
            if dice.random() < often
        }
        for name in ("one", "two"):
            if self.pools or dice.random() < 0.7:
                self.pools[name] = {"slots": dice.choice([1, 1, 2, 3])}
        for name in ("holidays", "nights"):
            if self.calendars or dice.random() < 0.5:
                self.calendars[name] = draw_calendar(dice, there)
        self.defaults = {
            word: WORDS[word][1](dice, there)
            for word in ("jitter", "overlap", "catch_up", "env", "tags", "retry")
            if dice.random() < 0.15
        }

    # -- parts -----------------------------------------------------------------------------------

    def _any_job(self) -> str:
        return self.dice.choice([*self.jobs]) if self.jobs else ""

    def _there(self, name: str) -> Surroundings:
        names = [*self.jobs]
        return Surroundings(
            zone=self._zone,
            start=self._start,
            end=self._end,
            pools=tuple(self.pools),
            calendars=tuple(self.calendars),
            before=tuple(names[: names.index(name)]) if name in names else (),
        )

    def _draw_schedule(self, name: str) -> None:
        job = self.jobs[name]
        job.pop("schedule", None)
        if self.dice.random() < 0.85:
            job["schedule"] = draw_schedule(self.dice, self._there(name))

    def _set(self, name: str, word: str, draw: Draw) -> None:
        value = draw(self.dice, self._there(name))
        if value is None or value == []:
            self.jobs[name].pop(word, None)
        else:
            self.jobs[name][word] = value

    def _tidy(self, name: str) -> None:
        """Take out what means nothing beside the other words, and keep jobs from circles."""
        job = self.jobs[name]
        if "monitor" in job:
            _tidy_monitor(job)
        is_timed = job.get("schedule", "@manual") != "@manual"
        if not job.get("depends_on"):
            job.pop("depends_window", None)
        if not job.get("depends_on") or not is_timed:
            job.pop("depends_wait", None)
        for word in ("on_success", "on_failure", "on_complete") if job.get("depends_on") else ():
            job.pop(word, None)  # what it depends on and what it starts may be one job
        self.words |= job.keys()

    def _forget(self, old: str, new: str) -> None:
        """Have no job name `old` any more, but `new` where there is one."""
        for name, job in self.jobs.items():
            for word in FOLLOWED:
                named = job.get(word)
                if named and old in named:
                    job[word] = _renamed(named, old, new)
                    if not job[word]:
                        del job[word]
            self._tidy(name)

    def _forget_strangers(self, name: str) -> None:
        """Have a job that came back last name only what is there and came before it."""
        for word in FOLLOWED:
            for old in list(self.jobs[name].get(word) or ()):
                if old not in self.jobs:
                    self.jobs[name][word] = _renamed(self.jobs[name][word], old, "")
            if word in self.jobs[name] and not self.jobs[name][word]:
                del self.jobs[name][word]


def _tidy_monitor(job: dict[str, Any]) -> None:
    """Keep what goes with a job that something else runs."""
    for word in job.keys() - GO_WITH_MONITOR:
        del job[word]
    if "exit_codes" not in job.get("success", {}):
        job.pop("success", None)
    schedule = str(job.get("schedule"))
    if "@reboot" in schedule or "@startup" in schedule or "schedule" not in job:
        job["schedule"] = "*/5 * * * *"


def _renamed(named: Any, old: str, new: str) -> Any:
    if isinstance(named, Mapping):
        return {
            new if name == old else name: need for name, need in named.items() if name != old or new
        }
    return [new if name == old else name for name in named if name != old or new]
