"""How a person wants the screen: screen.yaml beside their other settings, read strictly."""

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cronterm.config.fields import Bad, Enough, Reading
from cronterm.config.reader import Node, Refused, compose, read_file, scalar
from cronterm.config.tree import check_tree
from cronterm.errors import BadInput
from cronterm.model.problem import Problem
from cronterm.tui.key_names import read_key
from cronterm.tui.keymap import KEYS, MOVES, STAYING
from cronterm.tui.keys import IDS, NotAKey, overlaps, parse_key, written
from cronterm.tui.look import GLYPHS
from cronterm.tui.places import name_of

MOST_KEYS = 4  # for one meaning
SAMPLE = """\
# How the screen of cronterm is for you. It is read when the screen opens.

# glyphs: unicode     # or block, or ascii; without it, what the terminal can be expected to show
# mouse: false        # the terminal selects text without shift then
# colors: false       # as with NO_COLOR
keys:"""


@dataclass(frozen=True)
class ScreenSettings:
    """What screen.yaml says."""

    keys: dict[str, str] = field(default_factory=dict)
    """Textual's names of the keys, comma between them, by what they do."""
    glyphs: str = ""
    """A set of characters; "" leaves it to the terminal."""
    mouse: bool = True
    colors: bool = True


def read_settings(path: Path) -> ScreenSettings:
    """Return what a person's screen.yaml says; nothing where there is none.

    Raises `BadInput` with its first problem: the place, what is wrong and the mend.
    """
    try:
        path.lstat()
    except OSError:
        return ScreenSettings()
    try:
        text = read_file(path, os.geteuid()).text
        root = compose(text, str(path))
    except Refused as refused:
        raise _refuse([refused.problem]) from None
    if root is None:
        return ScreenSettings()
    reading = Reading(str(path))
    reading.problems += check_tree(root, text, str(path))
    settings = ScreenSettings() if reading.problems else _read(reading, root)
    if reading.problems:
        raise _refuse(reading.problems)
    return settings


def write_sample(path: Path) -> None:
    """Write a screen.yaml with every key as a comment, where there is none. Raises `OSError`."""
    lines = [SAMPLE]
    group = ""
    for key in {key.id: key for key in (*KEYS, *MOVES)}.values():
        if key.group != group:
            lines.append(f"  # {key.group}")
            group = key.group
        keys = json.dumps([written(each) for each in key.keys.split(",")])
        lines.append(f"  # {key.id + ':':<18} {keys:<22} # {key.text}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _refuse(problems: list[Problem]) -> BadInput:
    first = problems[0]
    place = f"{first.file}:{first.line}:{first.column}" if first.line else first.file
    what = f"{first.path}: {first.message}" if first.path else first.message
    more = f" (+{len(problems) - 1} more)" if len(problems) > 1 else ""
    return BadInput(f"{place}: {what}{more}", first.hint)


def _read(r: Reading, root: Node) -> ScreenSettings:
    how: dict[str, Callable[[Node, str], Any]] = {
        "keys": lambda node, path: _keys(r, node, path),
        "glyphs": r.choice(*GLYPHS),
        "mouse": r.truth,
        "colors": r.truth,
    }
    try:
        found = r.words(root, "", how)
        return ScreenSettings(**{word: how[word](node, word) for word, (_, node) in found.items()})
    except (Bad, Enough):
        return ScreenSettings()


def _keys(r: Reading, node: Node, path: str) -> dict[str, str]:
    if isinstance(node, yaml.ScalarNode) and scalar(node) is None:
        return {}
    found = r.words(node, path, IDS)
    chosen = {
        id: r.read(each, f"{path}.{id}", _key_of(r, id), "") for id, (_, each) in found.items()
    }
    chosen = {id: keys for id, keys in chosen.items() if keys}
    told: set[frozenset[str]] = set()
    for clash in overlaps(chosen):
        pair = frozenset((clash.one, clash.other))
        if pair in told:
            continue
        told.add(pair)
        mine = clash.other if clash.other in chosen else clash.one
        other = clash.one if mine == clash.other else clash.other
        message = f"{clash.key} is {other} as well (in {name_of(clash.where)})"
        hint = f"choose another key for {mine}, or for {other} too: `{other}: KEY`"
        if read_key(STAYING.get(other, "")) == clash.key:
            hint = f"choose another key for {mine}: {clash.key} stays {other}"
        r.note(found[mine][1], f"{path}.{mine}", message, hint)
    return chosen


def _key_of(r: Reading, id: str) -> Callable[[Node, str], str]:
    def one(node: Node, path: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.value == "":
            raise r.bad(node, path, "a key is expected", "x, X, /, ^t, f5, space, enter")
        try:
            return parse_key(node.value, id)
        except NotAKey as error:
            raise r.bad(node, path, error.why, error.hint) from None

    def read(node: Node, path: str) -> str:
        keys = r.one_or_list(one)(node, path)
        if not 0 < len(keys) <= MOST_KEYS:
            raise r.bad(node, path, f"1 to {MOST_KEYS} keys are expected")
        return ",".join(dict.fromkeys(keys))

    return read
