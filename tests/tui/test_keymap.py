"""The table of keys and what is bound: each knows all that the other has."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

import cronterm.tui
from cronterm.tui.keymap import CHANGING, KEYS, MOVES, STAYING, in_place, key_bar
from cronterm.tui.keys import IDS, overlaps
from cronterm.tui.places import FORM, PAGES, PARAMS, PLACES
from cronterm.tui.screens.dialogs import Ask, Choice

ROOT = Path(inspect.getfile(cronterm.tui)).parent
EVERY = (*KEYS, *MOVES)
MEANT = {
    ("detail", "next_job", "down"),  # j goes to the next job, arrows among its runs
    ("detail", "previous_job", "up"),
    ("runs", "row_below", "down"),
    ("runs", "row_above", "up"),
    ("runs", "first_run", "top"),
    ("runs", "last_run", "bottom"),
    ("timeline", "row_below", "down"),
    ("timeline", "row_above", "up"),
    ("stats", "figures_of_next", "down"),  # there are no rows
    ("stats", "figures_of_last", "up"),
    ("stats", "figures_of_all", "top"),
    ("stats", "last_metric", "inbox"),
    ("form", "unfold", "next_word"),  # of two fields
}
"""Two meanings of a key in one place, of which the first wins."""

HINT = re.compile(
    r"(?<![\w'’./%<>:=-])"  # a word of its own: the name of a key, a letter, a sign that does
    r"(?:esc|escape|⏎|enter|space|S-tab|del|F\d+|\^[a-z]|PgDn|PgUp|backspace"
    r"|[b-hj-zA-HJ-Z]|[?!/:;&|<>=+*](?= \w+s\b))"
    r"(?![\w'’./%>:=-])"
    r"|(?:^|[;,·—(] ?)[aiI] \w+s\b"
)
NO_HINTS = {
    " = as before",
    ": is not known; is: cause: last: are, or a job",
    ": its trigger ",
    "! A job that runs now is waited for.",
    "Restarts / recoveries",
    "tab S-tab",  # Textual's own, and fixed
}
TELLS_KEYS = {"key_names.py", "keys.py", "settings.py", "look.py"}


@cache
def trees() -> dict[str, ast.Module]:
    """Return what every module of the screen says, but for the table itself."""
    found = {str(path.relative_to(ROOT)): path for path in ROOT.rglob("*.py")}
    del found["keymap.py"]
    return {name: ast.parse(path.read_text()) for name, path in found.items()}


@cache
def nodes() -> list[type[DOMNode]]:
    """Return every screen and widget of ours, and the app."""
    found: dict[type[DOMNode], None] = {}
    for path in ROOT.rglob("*.py"):
        name = ".".join(path.relative_to(ROOT.parent.parent).with_suffix("").parts)
        for _, each in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if issubclass(each, DOMNode) and each.__module__ == name:
                found[each] = None
    return list(found)


def bound(node: type[DOMNode]) -> Iterator[Binding]:
    """Yield what a class binds itself."""
    for each in node.__dict__.get("BINDINGS", ()):
        assert isinstance(each, Binding), node
        yield each


def test_what_is_bound_is_in_the_table_with_the_same_keys() -> None:
    table = {(key.id, key.keys) for key in EVERY}
    for node in nodes():
        for each in bound(node):
            assert (each.id, each.key) in table, (node, each)


def test_every_action_of_the_table_is_one_of_its_place() -> None:
    """A binding without its action would do nothing."""
    found = 0
    for node in nodes():
        for each in bound(node):
            name = each.action.partition("(")[0]
            owner: type = App if name.startswith("app.") else node
            own = f"action_{name.rpartition('.')[2]}"
            assert hasattr(owner, own), (node, each)
            found += 1
    assert found > len(KEYS)


def test_every_key_of_the_table_is_bound_or_an_answer() -> None:
    said = {
        node.value
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    at_once = {each.id for node in nodes() for each in bound(node)}
    for key in KEYS:
        is_said = key.id in said or key.id.partition("_")[0] + "_" in said  # f"sort_{word}"
        assert key.id in at_once if key.action else is_said or key.id in at_once, key


def test_an_answer_without_a_key_in_its_place_is_no_question() -> None:
    with pytest.raises(AssertionError, match="confirm"):
        Ask("Stop", [], [Choice("kill_now", "Kill now", "kill")], where="confirm")


def test_a_choice_reaches_every_binding_of_its_id_and_no_other() -> None:
    """One id at a time: what else is bound there keeps its keys."""
    for node in nodes():
        own = {(each.id, each.action): each.key for each in bound(node)}
        for chosen in {id for id, _ in own if id}:
            taken = BindingsMap([*bound(node)])
            taken.apply_keymap({chosen: "ä"})
            now: dict[tuple[str | None, str], set[str]] = {}
            for key, each in taken:
                now.setdefault((each.id, each.action), set()).add(key)
            for (id, action), keys in own.items():
                assert now[id, action] == ({"ä"} if id == chosen else {*keys.split(",")}), node


def texts(tree: ast.Module) -> Iterator[str]:
    """Yield what a module may show: no docstrings, no patterns."""
    parts = list(ast.walk(tree))
    told = {id(part.value) for part in parts if isinstance(part, ast.Expr)}
    for part in parts:
        text = part.value if isinstance(part, ast.Constant) and id(part) not in told else None
        if isinstance(text, str) and "\\" not in text and "(?m)" not in text:
            yield text


def pairs(tree: ast.Module) -> Iterator[str]:
    """Yield the text that something else follows in a tuple, as a key is followed by its word."""
    for part in ast.walk(tree):
        if isinstance(part, ast.Tuple) and len(part.elts) > 1:
            first = part.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_no_text_names_a_key_that_may_be_another() -> None:
    """What a text says of a key comes from the table: `self.key(id)`."""
    shown = [tree for name, tree in trees().items() if name not in TELLS_KEYS]
    found = {text for tree in shown for text in texts(tree) if " " in text.strip()}
    assert {text for text in found if HINT.search(text)} == NO_HINTS
    ahead = {text for tree in shown for text in pairs(tree)}
    assert {text for text in ahead if re.fullmatch(r"[a-zA-Z/?:]|\^[a-z]|F\d|esc|⏎", text)} <= {"B"}


@pytest.mark.parametrize(
    "text",
    ["u undoes it", "see o", "filter: ⏎ keep", "gone; i takes it out", "^s saves", "· f follows"],
)
def test_a_key_in_a_text_is_found(text: str) -> None:
    assert HINT.search(text)


def test_no_key_has_two_meanings_in_a_place_but_where_it_is_meant() -> None:
    found = set()
    for place in PLACES:
        keys = [(key.id, name) for key in in_place(place, EVERY) for name in key.keys.split(",")]
        for one, (id, name) in enumerate(keys):
            found |= {
                (place, id, more)
                for more, same in keys[one + 1 :]
                if (same, more != id) == (name, True)
            }
    assert found == MEANT
    assert overlaps({}) == []


def test_an_id_stands_for_the_same_keys_everywhere() -> None:
    """What moves may have fewer keys where a letter of it means something else."""
    moves = {key.id: set(key.keys.split(",")) for key in MOVES}
    for id in IDS:
        keys = {key.keys for key in KEYS if key.id == id}
        few = all(set(each.split(",")) <= moves.get(id, set()) for each in keys)
        assert len(keys) == 1 or few, id
    places = [(key.id, where) for key in KEYS for where in key.where]
    assert len(places) == len(set(places))


def test_what_the_table_names_is_there() -> None:
    assert {*CHANGING, *STAYING} <= set(IDS)
    assert all(key.where and key.text and key.group for key in EVERY)
    for place in (*PAGES, FORM, PARAMS):
        assert key_bar(place)
