"""The words of a job about events: triggers, cooldown."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import yaml

from cronterm.clock import SECOND, Duration
from cronterm.config.fields import Bad, Reading
from cronterm.config.reader import Node, scalar, short
from cronterm.model.trigger import (
    ATTRIBUTES,
    FILE_EVENTS,
    Measure,
    OnAttribute,
    OnDisk,
    OnEnv,
    OnFile,
    OnMetric,
    OnWebhook,
    Room,
    Trigger,
    trigger_name,
    triggers_text,
)

Reader: TypeAlias = Callable[[Node, str], Any]

WORDS = ("triggers", "cooldown")
KINDS = ("file", "disk", "attribute", "env", "metric", "webhook")
LATER_TRIGGER = frozenset(["command", "signal"])
MEASURES: tuple[Measure, ...] = ("cpu", "memory", "swap", "load")
HIGHEST_LOAD = 100_000
MOST_PATTERNS = 100

_HOOK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")


def readers(r: Reading, place: Reader) -> dict[str, Reader]:
    """Return how the words about events are read; `place` reads a path."""
    return {
        "triggers": lambda node, path: _triggers(r, node, path, place),
        "cooldown": r.duration,
    }


def when_text(schedule: str, triggers: Sequence[Trigger]) -> str:
    """Return when a job runs, for people: its schedule and what else starts it."""
    parts = [schedule] if schedule != "@manual" or not triggers else []
    return "; ".join(part for part in [*parts, triggers_text(triggers)] if part)


def _triggers(r: Reading, node: Node, path: str, place: Reader) -> tuple[Trigger, ...]:
    triggers: dict[str, Trigger] = {}
    problems, unknown = len(r.problems), r.unknown_keys
    for number, item in enumerate(r.items(node, path)):
        where = f"{path}.{number}"
        trigger = r.read(item, where, lambda each, at: _trigger(r, each, at, place), None)
        if trigger is None:
            continue
        name = trigger_name(trigger)
        if name in triggers:
            r.note(item, where, f"the trigger {short(name)!r} stands twice")
        triggers[name] = trigger
    if len(r.problems) > problems or r.unknown_keys > unknown:
        raise Bad
    return tuple(triggers.values())


def _trigger(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    if isinstance(node, yaml.ScalarNode):
        hint = "- file: {path: ./in}"
        raise r.bad(node, path, f"a trigger is a mapping of one of {', '.join(KINDS)}", hint)
    unknown = r.unknown_keys
    found = r.words(node, path, KINDS, LATER_TRIGGER)
    if r.unknown_keys > unknown:
        raise Bad
    if len(found) != 1:
        hint = "each kind is an item of its own"
        raise r.bad(node, path, f"a trigger is exactly one of {', '.join(KINDS)}", hint)
    ((kind, (_, value)),) = found.items()
    readers: dict[str, Callable[[Reading, Node, str, Reader], Trigger]] = {
        "file": _on_file,
        "disk": _on_disk,
        "attribute": _on_attribute,
        "env": _on_env,
        "metric": _on_metric,
        "webhook": _on_webhook,
    }
    return readers[kind](r, value, f"{path}.{kind}", place)


def _read(
    r: Reading, node: Node, path: str, readers: dict[str, Reader], *needed: str
) -> dict[str, Any]:
    """Return the values of a trigger's own words; what is wrong anywhere is noted, then raised."""
    problems = len(r.problems)
    unknown = r.unknown_keys
    values: dict[str, Any] = {}
    found = r.words(node, path, readers)
    for word, (_, value) in found.items():
        values[word] = r.read(value, f"{path}.{word}", readers[word], None)
    for word in needed:
        if word not in found and r.unknown_keys == unknown:
            r.note(node, path, f"{word} is missing")
    if len(r.problems) > problems:
        raise Bad
    return values


def _on_file(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    readers: dict[str, Reader] = {
        "path": place,
        "patterns": lambda node, path: _patterns(r, node, path),
        "events": lambda node, path: _some(r, node, path, FILE_EVENTS),
        "recursive": r.truth,
        "settle": r.duration,
    }
    return OnFile(**_read(r, node, path, readers, "path"))


def _patterns(r: Reading, node: Node, path: str) -> tuple[str, ...]:
    patterns = r.one_or_list(r.line)(node, path)
    if not all(patterns) or not patterns:
        raise r.bad(node, path, "a pattern is empty", 'all files are ["*"]')
    if len(patterns) > MOST_PATTERNS:
        raise r.bad(node, path, f"more than {MOST_PATTERNS} patterns")
    return patterns


def _some(r: Reading, node: Node, path: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    chosen: tuple[str, ...] = r.one_or_list(r.choice(*choices))(node, path)
    if not chosen:
        raise r.bad(node, path, f"none of {', '.join(choices)}")
    return tuple(dict.fromkeys(chosen))


def _on_disk(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    readers: dict[str, Reader] = {
        "path": place,
        "free_below": lambda node, path: _room(r, node, path),
        "used_above": lambda node, path: _room(r, node, path),
        "every": lambda node, path: _every(r, node, path),
    }
    values = _read(r, node, path, readers, "path")
    if ("free_below" in values) == ("used_above" in values):
        raise r.bad(node, path, "a disk trigger has one of free_below, used_above")
    return OnDisk(**values)


def _room(r: Reading, node: Node, path: str) -> Room:
    written = str(node.value).strip() if isinstance(node, yaml.ScalarNode) else ""
    found = _PERCENT.fullmatch(written)
    if found is None:
        return Room(bytes=r.size(node, path))
    if float(found[1]) > 100:
        raise r.bad(node, path, f"{written} is more than all of it")
    return Room(ratio=float(found[1]) / 100)


def _every(r: Reading, node: Node, path: str) -> Duration:
    every = r.duration(node, path)
    if every < SECOND:
        raise r.bad(node, path, "looks no more often than every second", "every: 1s")
    return every


def _on_attribute(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    readers: dict[str, Reader] = {
        "path": place,
        "of": lambda node, path: _some(r, node, path, ATTRIBUTES),
        "every": lambda node, path: _every(r, node, path),
    }
    return OnAttribute(**_read(r, node, path, readers, "path"))


def _on_env(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    readers: dict[str, Reader] = {
        "file": place,
        "name": lambda node, path: _variable(r, node, path),
        "every": lambda node, path: _every(r, node, path),
    }
    return OnEnv(**_read(r, node, path, readers, "name"))


def _variable(r: Reading, node: Node, path: str) -> str:
    name = r.line(node, path)
    if not _NAME.fullmatch(name):
        raise r.bad(node, path, f"{short(name)!r} is not the name of a variable")
    return name


def _on_metric(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    measured: dict[str, Reader] = {
        f"{measure}_above": partial(_limit, r, measure) for measure in MEASURES
    }
    readers: dict[str, Reader] = measured | {
        "for": r.duration,
        "every": lambda node, path: _every(r, node, path),
    }
    values = _read(r, node, path, readers)
    measures = [measure for measure in MEASURES if f"{measure}_above" in values]
    if len(measures) != 1:
        words = ", ".join(f"{measure}_above" for measure in MEASURES)
        hint = "each measure is a trigger of its own" if measures else ""
        raise r.bad(node, path, f"a metric trigger has one of {words}", hint)
    above = values.pop(f"{measures[0]}_above")
    hold = values.pop("for", 0)
    return OnMetric(measure=measures[0], above=above, hold=hold, **values)


def _limit(r: Reading, measure: Measure, node: Node, path: str) -> float:
    """Return the limit of a measure: a number, for ratios in percent."""
    if measure == "load":
        return float(r.number(0, HIGHEST_LOAD)(node, path))
    written = scalar(node) if isinstance(node, yaml.ScalarNode) else None
    found = _PERCENT.fullmatch(written.strip()) if isinstance(written, str) else None
    if found is None:
        return float(r.number(0, 100)(node, path))
    if float(found[1]) > 100:
        raise r.bad(node, path, f"{short(str(written))} is more than 100%")
    return float(found[1])


def _on_webhook(r: Reading, node: Node, path: str, place: Reader) -> Trigger:
    return OnWebhook(**_read(r, node, path, {"path": lambda n, p: _hook(r, n, p)}, "path"))


def _hook(r: Reading, node: Node, path: str) -> str:
    name = r.line(node, path)
    if not _HOOK.fullmatch(name):
        rule = "letters, digits, . _ -, at most 64: it is called as /hooks/NAME"
        raise r.bad(node, path, f"{short(name)!r} cannot name a webhook", rule)
    return name
