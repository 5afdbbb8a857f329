"""What a module has that can be called."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from cronterm.runner.callables import list_callables

TEXT = '''
from json import dumps
print("imported")
RATE = 3
def sample(a, *, loud: bool = False):
    """Say a.

    More words.
    """
async def later(x=1): ...
class Thing:
    """A thing."""
def _hidden(): ...
'''


def listed(text: str) -> list[dict[str, Any]]:
    """Return what a module of this text has."""
    module = ModuleType("calls")
    exec(compile(text, "calls.py", "exec"), vars(module))
    return list(list_callables(module, "calls.py"))


def test_what_a_module_defines_is_listed_with_its_arguments() -> None:
    assert listed(TEXT) == [
        {
            "call": "calls.py:sample",
            "arguments": "(a, *, loud: bool = False)",
            "doc": "Say a.",
            "line": 5,
        },
        {"call": "calls.py:later", "arguments": "(x=1)", "doc": "", "line": 10},
        {"call": "calls.py:Thing", "arguments": "()", "doc": "A thing.", "line": None},
    ]


def test_what_it_shares_is_listed_wherever_it_comes_from() -> None:
    shared = listed(f"{TEXT}\n__all__ = ['dumps', 'RATE', 'later', 'gone']")

    assert [each["call"] for each in shared] == ["calls.py:dumps", "calls.py:later"]


def test_what_tells_no_arguments_is_listed_all_the_same() -> None:
    assert listed("largest = max\n__all__ = ['largest']")[0]["arguments"] == "(...)"


def test_what_the_module_prints_is_not_in_the_answer(tmp_path: Path) -> None:
    (tmp_path / "calls.py").write_text(TEXT, encoding="utf-8")
    words = (sys.executable, "-P", "-m", "cronterm.runner.callables", "calls.py", str(tmp_path))
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert done.stdout.startswith('[{"call": "calls.py:sample"')
    assert done.stderr == "imported\n"
