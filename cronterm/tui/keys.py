"""Keys that a person chooses: which there are, which are nobody's, which overlap."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from textual.binding import Binding
from textual.widgets import Input, TextArea

from cronterm.tui.key_names import READ, read_key
from cronterm.tui.keymap import KEYS, MOVES, Key, in_place, remapped
from cronterm.tui.places import FORM, PARAMS, PLACES, QUESTION, Where

IDS = tuple(dict.fromkeys(key.id for key in (*KEYS, *MOVES)))
"""What a key can be chosen for."""

NAMED = {
    **{sign: name for name, sign in READ.items() if len(sign) == 1 and sign.isascii()},
    **{name: name for name in READ},
    **{name: name for name in ("space", "tab", "backspace", "home", "end")},
    **{f"f{number}": f"f{number}" for number in range(1, 11)},
    **{"return": "enter", "esc": "escape", "del": "delete", "ins": "insert", " ": "space"},
    **{"pgdn": "pagedown", "pgup": "pageup", "page_down": "pagedown", "page_up": "pageup"},
}
"""Names and signs of keys as people write them, and Textual's names."""

SIGNS = {name for sign, name in NAMED.items() if len(sign) == 1}
"""Textual's names of what is one character."""
WITH_CTRL = {"left", "right", "up", "down", "home", "end", "pageup", "pagedown"}
WITH_SHIFT = {*WITH_CTRL, "tab"}

NOBODYS = {
    "ctrl+a": "screen takes it, and a line of text its beginning",
    "ctrl+b": "tmux takes it",
    "ctrl+c": "it copies what is selected",
    "ctrl+h": "a terminal sends the same for backspace",
    "ctrl+i": "a terminal sends the same for tab",
    "ctrl+j": "a terminal sends the same for a new line",
    "ctrl+m": "a terminal sends the same for enter",
    "ctrl+[": "a terminal sends the same for esc",
    "ctrl+space": "tmux and editors take it",
    "ctrl+@": "tmux and editors take it",
    "ctrl+\\": "it ends programs",
    "ctrl+]": "telnet takes it",
    "ctrl+enter": "most terminals send the same as for enter",
    "f11": "terminals take it for the full screen",
    "f12": "desktops take it",
}
"""Keys that are never bound, and why."""

ONE_MEANING = {
    "escape": "it leaves and clears everywhere",
    "tab": "it goes to the next pane",
    "shift+tab": "it goes to the pane before",
    "ctrl+p": "it opens the palette everywhere",
    "ctrl+q": "it quits everywhere",
}
"""Keys that only what has them already may keep."""


BY_NUMBER: tuple[Where, ...] = ("trigger", "confirm", "stop")
"""Questions in which a number may have to be typed."""
TYPED_IN: tuple[Where, ...] = (FORM, PARAMS)
"""Places where most keys belong to a field."""
FIELDS = frozenset(
    key
    for field in (Input, TextArea)
    for binding in field.BINDINGS
    if isinstance(binding, Binding)
    for key in binding.key.split(",")
)


class NotAKey(Exception):
    """Why a text is no key, and what to write instead."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


def parse_key(written: str, id: str) -> str:
    """Return Textual's name of a key, as it is chosen for `id`. Raises `NotAKey`."""
    text = written if len(written) == 1 else written.strip()
    name = _one_sign(text) or _with_name(written, text)
    if name not in _keys_of(id) and (why := _taken(name, id)):
        raise NotAKey(f"{written} is not to be had: {why}")
    return name


def _one_sign(text: str) -> str:
    """Return Textual's name of a letter, a digit or a sign; "" for what is none."""
    is_one = len(text) == 1 and (text.isalnum() or text in NAMED)
    return NAMED.get(text, text) if is_one else ""


def _with_name(written: str, text: str) -> str:
    """Return Textual's name of a key that has a name. Raises `NotAKey`."""
    low = "ctrl+" + text[1:].lower() if text.startswith("^") else text.lower()
    low = low.replace("ctrl-", "ctrl+").replace("shift-", "shift+").replace("control+", "ctrl+")
    if why := NOBODYS.get(low):
        raise NotAKey(f"{written} is not to be had: {why}")
    if low.startswith(("alt+", "alt-", "meta+", "meta-")):
        raise NotAKey(f"{written} is not to be had: over ssh it often does not arrive")
    if low.startswith("shift+f") and low[7:].isdigit():
        raise NotAKey(f"{written} is not to be had: it does not arrive in tmux")
    name = _name(low)
    if name is None:
        raise _no_key(written, low)
    return name


def _taken(name: str, id: str) -> str:
    """Return what takes a key before `id` does, where that has it not by itself."""
    if name in ONE_MEANING:
        return ONE_MEANING[name]
    places = {where for key in KEYS if key.id == id for where in key.where}
    if (name.isdigit() or name == "backspace") and not places.isdisjoint((*BY_NUMBER, QUESTION)):
        return "a question may want a number to be typed"
    is_text = len(name) == 1 or name in SIGNS
    is_of_page = any(key.id == id and key.action for key in KEYS)
    if is_of_page and places <= {*TYPED_IN} and (is_text or name in FIELDS):
        return "a field of a form takes it"
    return ""


def _keys_of(id: str) -> list[str]:
    """Return the keys that something has without a choice."""
    return [name for key in (*KEYS, *MOVES) if key.id == id for name in key.keys.split(",")]


def _name(low: str) -> str | None:
    """Return Textual's name of a key with a name, None where a terminal has none such."""
    with_, _, last = low.rpartition("+")
    last = NAMED.get(last, last)
    match with_:
        case "":
            return NAMED.get(low)
        case "ctrl" if last in WITH_CTRL or (len(last) == 1 and "a" <= last <= "z"):
            return f"ctrl+{last}"
        case "shift" if last in WITH_SHIFT:
            return f"shift+{last}"
        case _:
            return None


def _no_key(written: str, low: str) -> NotAKey:
    last = low.removeprefix("shift+")
    if low != last and len(last) == 1 and last.isalpha():
        return NotAKey(f"{written} is no key", f"write {last.upper()}")
    if low.startswith("ctrl+"):
        return NotAKey(f"a terminal cannot send {written}", "^ goes with letters and arrows")
    return NotAKey(f"{written!r} is no key", "x, X, /, ^t, f5, space, enter, pgdn, left")


def written(name: str) -> str:
    """Return a key as a person can write it."""
    read = read_key(name)
    return read if read.isascii() and _name(read.lower().replace("^", "ctrl+")) == name else name


class Overlap(NamedTuple):
    """Two meanings of a key in one place."""

    key: str
    """As people read it."""
    one: str
    other: str
    where: Where


def overlaps(chosen: Mapping[str, str]) -> list[Overlap]:
    """Return where a chosen key has two meanings; what overlaps without a choice is meant so."""
    meant = set(_overlaps({}))
    return [each for each in _overlaps(chosen) if each not in meant]


def _overlaps(chosen: Mapping[str, str]) -> list[Overlap]:
    table: Sequence[Key] = [*remapped(chosen), *remapped(chosen, MOVES)]
    found: list[Overlap] = []
    for where in PLACES:
        by_key: dict[str, list[str]] = {}
        for each in in_place(where, table):
            for key in each.keys.split(","):
                ids = by_key.setdefault(key, [])
                if each.id not in ids:
                    ids.append(each.id)
        for key, ids in by_key.items():
            found += [Overlap(read_key(key), *pair, where) for pair in combinations(ids, 2)]
    return found
