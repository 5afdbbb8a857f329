"""The floors of the house: who may import whom, and what only one room may touch."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "cronterm"

GROUND, WORDS, ROOMS, FACES, ROOF = range(5)

FLOORS = {
    "errors": GROUND,
    "clock": GROUND,
    "sanitize": GROUND,
    "inherited": GROUND,
    "users": GROUND,
    "version": GROUND,
    "readable": WORDS,
    "schedule": WORDS,
    "model": WORDS,
    "core": ROOMS,
    "config": ROOMS,
    "execute": ROOMS,
    "store": ROOMS,
    "watch": ROOMS,
    "moving": ROOMS,
    "notify": ROOMS,
    "control": ROOMS,
    "instance": ROOMS,
    "runner": ROOMS,
    "engine": FACES,
    "tui": FACES,
    "cli": FACES,
    "remote": FACES,
    "web": FACES,
    "host_process": ROOF,
    "doors": ROOF,
    "embed": ROOF,
    "main": ROOF,
    "__main__": ROOF,
}

BESIDE = {
    ("model", "schedule"): "a job carries the specs of its schedule",
    ("execute", "runner"): "both ends speak one protocol",
    ("execute", "control"): "output goes to faces as the runner tells it",
    ("moving", "config"): "what moves in is written as a jobs file",
    ("__main__", "main"): "python -m cronterm",
    ("main", "host_process"): "the screen wants an engine",
    ("main", "doors"): "an engine is served",
    ("embed", "doors"): "an engine is served",
}

HANDS = {"store", "execute", "watch", "notify", "core", "runner"}
"""What a face may not touch: it sees and asks through the door."""

ONLY_HOMES = {"textual": "tui", "rich": "tui", "aiohttp": "web", "textual_serve": "web"}
"""The one room that imports a library: of extras, so that the rest works without them."""

CLOCK_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}


@cache
def modules() -> Sequence[Path]:
    """Return every module of the package."""
    return sorted(path for path in ROOT.rglob("*.py"))


def room(path: Path) -> str:
    """Return the room that a module belongs to; the package's own __init__ has none."""
    parts = path.relative_to(ROOT).parts
    return parts[0].removesuffix(".py") if len(parts) == 1 else parts[0]


def name(path: Path) -> str:
    """Return the dotted name of a module."""
    parts = list(path.relative_to(ROOT.parent).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def names() -> frozenset[str]:
    """Return the dotted names of all modules."""
    return frozenset(map(name, modules()))


@cache
def nodes(path: Path) -> tuple[Sequence[ast.AST], Sequence[range]]:
    """Return the imports and dotted names in a module, and the lines of each of its functions."""
    found: list[ast.AST] = []
    functions: list[range] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Attribute):
            found.append(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found, functions


@cache
def imports(path: Path) -> Sequence[tuple[int, str]]:
    """Return (line, dotted name) of each import, those inside functions too."""
    known = names()
    found: list[tuple[int, str]] = []
    for node in nodes(path)[0]:
        if isinstance(node, ast.Import):
            found += ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.append((node.lineno, whole if whole in known else node.module))
    return found


def test_every_room_has_a_floor() -> None:
    rooms = {room(path) for path in modules()} - {"__init__"}

    assert rooms <= set(FLOORS), "say in FLOORS where these live"


def test_imports_go_down_only() -> None:
    wrong = []
    for path in modules():
        here = room(path)
        for line, imported in imports(path):
            parts = imported.split(".")
            if parts[0] != "cronterm" or len(parts) < 2 or parts[1] == here or here == "__init__":
                continue
            there = parts[1]
            if FLOORS[there] < FLOORS[here] or (here, there) in BESIDE:
                continue
            wrong.append(f"{path.relative_to(ROOT.parent)}:{line}: {here} imports {there}")

    assert wrong == []


def test_execute_knows_only_the_protocol_side_of_the_runner() -> None:
    allowed = {"protocol", "output", "pause_point", "journal"}
    wrong = [
        f"{path.name}:{line}: {imported}"
        for path in modules()
        if room(path) == "execute"
        for line, imported in imports(path)
        if imported.startswith("cronterm.runner.") and imported.split(".")[2] not in allowed
    ]

    assert wrong == []


def test_faces_look_through_the_door() -> None:
    wrong = [
        f"{path.relative_to(ROOT.parent)}:{line}: {imported}"
        for path in modules()
        if room(path) in {"tui", "cli", "remote", "web"}
        for line, imported in imports(path)
        if imported.startswith("cronterm.") and imported.split(".")[1] in HANDS
    ]

    assert wrong == []


def test_no_import_circles() -> None:
    graph: dict[str, set[str]] = {}
    for path in modules():
        here = name(path)
        graph[here] = {
            imported
            for _, imported in imports(path)
            if imported.startswith("cronterm.") and imported != here
        }

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_screens_and_extras_are_imported_in_one_room_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT.parent)}:{line}"
        for path in modules()
        for line, imported in imports(path)
        if room(path) != ONLY_HOMES.get(imported.split(".")[0], room(path))
    ]

    assert wrong == []


def test_the_runner_imports_the_standard_library_only() -> None:
    wrong = [
        f"{path.relative_to(ROOT.parent)}:{line}: {imported}"
        for path in modules()
        if room(path) == "runner"
        for line, imported in imports(path)
        if imported.split(".")[0] not in sys.stdlib_module_names
        and not imported.startswith("cronterm.runner")
    ]

    assert wrong == []


def test_only_the_roof_imports_inside_a_function() -> None:
    wrong = []
    for path in modules():
        if room(path) in {"main", "doors", "__init__"}:
            continue
        functions = nodes(path)[1]
        wrong += [
            f"{path.relative_to(ROOT.parent)}:{line}"
            for line, _ in imports(path)
            if any(line in lines for lines in functions)
        ]

    assert sorted(set(wrong)) == []


def test_only_the_clock_asks_for_the_wall_time() -> None:
    wrong = []
    for path in modules():
        if room(path) in {
            "clock",
            "runner",
        }:  # the runner may not import the clock; it stamps output
            continue
        for node in nodes(path)[0]:
            if isinstance(node, ast.Attribute):
                owner = node.value
                owner_name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                if (owner_name, node.attr) in CLOCK_CALLS:
                    wrong.append(f"{path.relative_to(ROOT.parent)}:{node.lineno}")

    assert wrong == []


def test_the_package_itself_imports_nothing() -> None:
    program = "import sys, cronterm; print(*[m for m in sys.modules if 'cronterm' in m])"
    words = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT.parent)!r});"]
    words[-1] += program
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["cronterm"], (
        "an upgrade may replace files under a running runner: nothing to import here"
    )


def test_textual_stays_a_small_part() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    textual = sum(
        count
        for path, count in lines.items()
        if any(imported.split(".")[0] == "textual" for _, imported in imports(path))
    )

    assert textual < sum(lines.values()) / 5
