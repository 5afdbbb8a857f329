"""Lists what a Python module has that a `python:` job can call, in an interpreter of its own.

Standard library only. Run as `python -P -m cronterm.runner.callables MODULE DIRECTORY` it prints
one JSON list; what the module itself prints goes to stderr, and so does why it cannot be loaded
(exit status 127, as for a job).
"""

import inspect
import json
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from cronterm.runner.call import load_module, load_or_exit


def list_callables(module: ModuleType, place: str) -> Iterator[dict[str, Any]]:
    """Yield what the module defines for others to call, in the order of its text."""
    shared = getattr(module, "__all__", None)
    names = list(shared) if shared is not None else list(vars(module))
    for name in names:
        found = getattr(module, name, None)
        is_own = getattr(found, "__module__", None) == module.__name__
        if not callable(found) or name.startswith("_") or not (is_own or shared is not None):
            continue
        yield {
            "call": f"{place}:{name}",
            "arguments": _arguments(found),
            "doc": (inspect.getdoc(found) or "").partition("\n")[0].strip() if is_own else "",
            "line": getattr(getattr(found, "__code__", None), "co_firstlineno", None),
        }


def _arguments(found: Any) -> str:
    """Return the arguments as they are written; some built in ones do not tell them."""
    try:
        return str(inspect.signature(found))
    except (TypeError, ValueError):
        return "(...)"


def main() -> None:
    """Load a module and print what it has."""
    place, directory = sys.argv[1:]
    answer = os.dup(1)
    os.dup2(2, 1)  # a module may print while it is imported
    sys.path[0:0] = [directory]
    module = load_or_exit(load_module, place, directory)
    with os.fdopen(answer, "w", encoding="utf-8") as out:
        json.dump(list(list_callables(module, place)), out)


if __name__ == "__main__":
    main()
