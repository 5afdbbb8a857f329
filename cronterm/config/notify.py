"""Who is told of what: `notify` of a job, and `alert_policies`."""

import difflib
import re
from collections.abc import Callable, Collection
from typing import Any, Literal

import msgspec
import yaml

from cronterm.config.calendars import read_window
from cronterm.config.fields import Bad, Reading
from cronterm.config.reader import Node, short
from cronterm.model.rule import NOTICE_EVENTS, OUTPUT_LINES, Rule

WORDS = ("notify",)
SAME = WORDS  # as their fields of a job
MOST_LINES = 200
NAME_RULE = "letters, digits, . _ -, beginning with a letter or digit"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class ToldName(msgspec.Struct, frozen=True):
    """A place in a file that names a notifier or a policy."""

    reading: Reading
    kind: Literal["notifier", "policy"]
    name: str
    node: Node
    path: str


def readers(r: Reading, names: list[ToldName]) -> dict[str, Callable[[Node, str], Any]]:
    """Return how the words of this module are read; what they name is added to `names`."""
    return {"notify": lambda node, path: _notify(r, node, path, names)}


def _notify(r: Reading, node: Node, path: str, names: list[ToldName]) -> tuple[str | Rule, ...]:
    def one(node: Node, path: str) -> str | Rule:
        if isinstance(node, yaml.MappingNode):
            return _rule(r, node, path, names)
        name = r.line(node, path)
        names.append(ToldName(r, "policy", name, node, path))
        return name

    return r.one_or_list(one)(node, path)


def _rule(r: Reading, node: Node, path: str, names: list[ToldName]) -> Rule:
    def notifier(node: Node, path: str) -> str:
        name = r.line(node, path)
        names.append(ToldName(r, "notifier", name, node, path))
        return name

    words: dict[str, Callable[[Node, str], Any]] = {
        "to": r.one_or_list(notifier),
        "on": r.one_or_list(r.choice(*NOTICE_EVENTS)),
        "after": r.integer(1, 1_000_000),
        "repeat": r.some_duration,
        "quiet": r.one_or_list(lambda node, path: read_window(r, node, path)),
        "output": lambda node, path: _lines(r, node, path),
    }
    unknown = r.unknown_keys
    found = r.words(node, path, words)
    values = r.read_words(found, path, words)
    if not values.get("to"):
        if r.unknown_keys > unknown:
            raise Bad  # a misspelt word is told once: as the key that is not known
        raise r.bad(node, path, "nobody is told: `to` is missing", "{to: NOTIFIER, on: [failure]}")
    if values.get("on") == ():
        raise r.bad(found["on"][1], f"{path}.on", "there is nothing to tell")
    windows = {each for part in values.pop("quiet", ()) for each in part}
    return Rule(**values, quiet=tuple(sorted(windows)))


def _lines(r: Reading, node: Node, path: str) -> int:
    """Return how many lines of output go with what is told: a number, true or false."""
    if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":bool"):
        return OUTPUT_LINES if r.truth(node, path) else 0
    return r.integer(0, MOST_LINES)(node, path)


def read_policies(r: Reading, node: Node, names: list[ToldName]) -> dict[str, tuple[Rule, ...]]:
    """Return the policies by name; one that is wrong is noted and empty."""
    found: dict[str, tuple[Rule, ...]] = {}

    def rules(node: Node, path: str) -> tuple[Rule, ...]:
        return r.one_or_list(lambda node, path: _rule_of_mapping(r, node, path, names))(node, path)

    for name, (key, value) in r.mapping(node, "alert_policies").items():
        if name.startswith("x-"):
            continue
        path = f"alert_policies.{short(name)}"
        if not _NAME.fullmatch(name):
            r.note(key, path, f"{short(name)!r} cannot name a policy", NAME_RULE)
            continue
        found[name] = r.read(value, path, rules, ())
    return found


def _rule_of_mapping(r: Reading, node: Node, path: str, names: list[ToldName]) -> Rule:
    if not isinstance(node, yaml.MappingNode):
        raise r.bad(node, path, "a policy is a list of rules", "- {to: NOTIFIER, on: [failure]}")
    return _rule(r, node, path, names)


def check_told(
    names: Collection[ToldName], *, notifiers: Collection[str], policies: Collection[str]
) -> None:
    """Note each name of a notifier or a policy that is not there."""
    for each in names:
        known = notifiers if each.kind == "notifier" else policies
        if each.name in known:
            continue
        shown = short(each.name)
        near = difflib.get_close_matches(shown, known, 1)
        hint = f"did you mean {near[0]}?" if near else ""
        if not hint and each.kind == "policy" and each.name in notifiers:
            hint = f"a notifier is named so: {{to: {shown}, on: [failure]}}"
        elif not hint:
            section = "notifiers" if each.kind == "notifier" else "alert_policies"
            hint = f"name it below `{section}`"
        message = f"there is no {each.kind} {shown!r}"
        each.reading.note(each.node, each.path, message, hint)
