"""Calls a Python function for a `python:` job, in an interpreter of its own.

Standard library only; it does not import cronterm. The call comes as JSON in the environment
variable CRONTERM_CALL: target, args, kwargs, directory. Exit status: that of the function's own
`sys.exit`, 1 after an exception, 2 when it cannot be called with these arguments, 127 when it
cannot be loaded.
"""

import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CoroutineType, ModuleType
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

NOT_FOUND = 127  # what a shell answers for a command that is not there
BAD_CALL = 2


def load_module(place: str, directory: str) -> ModuleType:
    """Return the module that `pkg.mod` or `file.py` names."""
    if not place.endswith(".py"):
        return importlib.import_module(place)
    path = Path(directory, place)
    # A file json.py must not take the place of the library that others import.
    known = path.stem if path.stem not in sys.modules else f"_{path.stem}"
    spec = importlib.util.spec_from_file_location(known, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[known] = module
    spec.loader.exec_module(module)
    return module


def load(target: str, directory: str) -> Callable[..., Any]:
    """Return the function that `pkg.mod:func` or `file.py:func` names."""
    place, _, name = target.rpartition(":")
    found: Any = load_module(place, directory)
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError(f"{target} is not callable")
    function: Callable[..., Any] = found
    return function


def say(text: str) -> None:
    """Print a line for people."""
    print(f"cronterm: {text}", file=sys.stderr, flush=True)


def load_or_exit(find: Callable[[str, str], T], target: str, directory: str) -> T:
    """Return what `find` returns of a target, or end with what is wrong with its module."""
    try:
        return find(target, directory)
    except SystemExit as ended:
        say(f"cannot load {target}: it called sys.exit({ended.code!r}) while it was imported")
    except Exception as error:  # noqa: BLE001  # whatever a user's module raises at import
        traceback.print_exc()
        say(f"cannot load {target}: {type(error).__name__}: {error}")
    sys.exit(NOT_FOUND)


def call_or_exit(function: Callable[..., Any], target: str, args: Any, kwargs: Any) -> Any:
    """Return what the function returns; end when it does not take these arguments."""
    try:
        return function(*args, **kwargs)
    except TypeError as error:
        trace = error.__traceback__
        if trace is None or trace.tb_next is not None:
            raise  # from inside the function
        say(f"cannot call {target} with these arguments: {error}")
        sys.exit(BAD_CALL)


def tell_hard_exits() -> None:
    """Have `os._exit` say that it was called: it leaves no other trace."""
    pid, leave = os.getpid(), os._exit

    def _exit(status: int) -> NoReturn:
        if os.getpid() == pid:  # a fork of it ends so in an orderly way
            say(f"os._exit({status}) ended the interpreter")
        leave(status)

    os._exit = _exit


def main() -> None:
    """Load and call; an exception is a traceback on stderr and exit status 1."""
    call = json.loads(os.environ.pop("CRONTERM_CALL"))
    sys.path[0:0] = [call["directory"]]
    tell_hard_exits()
    function = load_or_exit(load, call["target"], call["directory"])
    answer = call_or_exit(function, call["target"], call["args"], call["kwargs"])
    if isinstance(answer, CoroutineType):  # imported here: few jobs want a loop
        answer = importlib.import_module("asyncio").run(answer)
    if answer is not None:
        print(answer)


if __name__ == "__main__":
    main()
