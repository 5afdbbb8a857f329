"""Calls a Python function for a `python:` job, in an interpreter of its own.

Standard library only; it does not import cronterm. The call comes as JSON in the environment
variable CRONTERM_CALL: target, args, kwargs, directory.
"""

import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOT_FOUND = 127  # what a shell answers for a command that is not there


def load(target: str, directory: str) -> Callable[..., Any]:
    """Return the function that `pkg.mod:func` or `file.py:func` names."""
    place, _, name = target.rpartition(":")
    if place.endswith(".py"):
        path = Path(directory, place)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(place)
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{target} is not callable")
    function: Callable[..., Any] = found
    return function


def main() -> None:
    """Load and call; an exception is a traceback on stderr and exit status 1."""
    call = json.loads(os.environ.pop("CRONTERM_CALL"))
    sys.path[0:0] = [call["directory"]]
    try:
        function = load(call["target"], call["directory"])
    except Exception as error:  # noqa: BLE001  # whatever a user's module raises at import
        traceback.print_exc()
        print(f"cronterm: cannot load {call['target']}: {error}", file=sys.stderr)
        sys.exit(NOT_FOUND)
    answer = function(*call["args"], **call["kwargs"])
    if answer is not None:
        print(answer)


if __name__ == "__main__":
    main()
