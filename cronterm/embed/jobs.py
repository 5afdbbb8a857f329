"""Jobs defined in code: the words of a jobs file, read and checked by its reader."""

import json
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path, PurePath
from typing import Any

from cronterm.clock import local_zone
from cronterm.config.load import load_text
from cronterm.errors import BadInput
from cronterm.schedule.duration import format_duration


class Job:
    """A job, in the words of a jobs file.

    `schedule` is what the file takes: `"30 2 * * *"`, `"@every 5m"`, a list, a mapping; without it
    the job runs when it is told to. One of `command` (a text for the shell, or a list) and `python`
    says what it runs, or another word of the file does (`http`, `monitor`). `python` is a function
    of a module, or its name `pkg.mod:func`; `args` and `kwargs` are what JSON carries. It is called
    in an interpreter of its own, which imports that module: the program's variables are not there,
    and a program whose own functions are called must guard its start with
    `if __name__ == "__main__":`.

    All other words of the file may follow, with a `timedelta` where it takes a duration. Without
    `working_dir` it is this program's current directory; other relative paths count from the state
    directory. Raises `BadInput` for a function that no other interpreter can find.
    """

    def __init__(
        self,
        id: str,
        *,
        schedule: str | Sequence[object] | Mapping[str, object] | None = None,
        command: str | Sequence[str] | None = None,
        python: str | Callable[..., object] | None = None,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
        timeout: str | timedelta | None = None,
        **words: Any,
    ) -> None:
        self.id = id
        """What names it, everywhere."""
        own = {"schedule": schedule, "command": command, "timeout": timeout}
        self.words: dict[str, Any] = {word: value for word, value in own.items() if value}
        """Its words, as they are written."""
        self.words |= words
        if callable(python):
            self.words["python"], root = _find_function(id, python)
            if root is not None:
                self.words["env"] = _with_path(words.get("env"), root)
        elif python is not None:
            self.words["python"] = python
        if args:
            self.words["args"] = _checked(args, f"jobs.{id}.args")
        if kwargs:
            self.words["kwargs"] = _checked(kwargs, f"jobs.{id}.kwargs")
        if not words.keys() & {"working_dir", "user"}:
            self.words["working_dir"] = str(Path.cwd())

    def __repr__(self) -> str:
        """Return its name; words may hold what nobody should see."""
        return f"Job({self.id!r})"


def jobs_text(jobs: Sequence[Job], settings: Mapping[str, object] | None, path: Path) -> str:
    """Return the jobs file that says what `jobs` do, to stand in `path`.

    Raises `BadInput` with all that is wrong, in the words that a jobs file's reader has for it.
    """
    written: dict[str, Any] = {}
    for job in jobs:
        if job.id in written:
            raise BadInput(f"jobs.{job.id}: stands twice", "give one of them another name")
        written[job.id] = job.words
    document: dict[str, Any] = {"version": 1}
    if settings:
        document["settings"] = dict(settings)
    document["jobs"] = written
    try:
        text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=_plain)
        text.encode()
    except (TypeError, ValueError) as error:
        raise BadInput(f"jobs: {error}", "a word takes what a jobs file can say") from None
    loaded = load_text(text + "\n", path=path, local_timezone=local_zone())
    if loaded.problems:
        told = (
            f"{each.path or 'jobs'}: {each.message}" + (f" ({each.hint})" if each.hint else "")
            for each in loaded.problems
        )
        raise BadInput("\n".join(told))
    return text + "\n"


def _plain(value: object) -> object:
    if isinstance(value, timedelta):
        return format_duration(value // timedelta(microseconds=1))
    if isinstance(value, PurePath):
        return str(value)
    raise TypeError(f"{type(value).__name__} is nothing that a jobs file can say")


def _checked(value: Any, path: str) -> Any:
    """Return arguments if JSON carries them: what arrives must be what was given."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{path}: {error}", "arguments are texts, numbers, lists, dicts") from None
    return value


def _find_function(job: str, function: Callable[..., object]) -> tuple[str, Path | None]:
    """Return how another interpreter finds a function, and the directory it must look in."""
    place = f"jobs.{job}.python"
    name, module = getattr(function, "__qualname__", ""), getattr(function, "__module__", "")
    found: object = sys.modules.get(module or "")
    for part in name.split("."):
        found = getattr(found, part, None)
    if not name or found is None or found != function:
        raise BadInput(
            f"{place}: {name or repr(function)} cannot be imported by its name",
            "a function of a module; no lambda, no nested one, no object's method",
        )
    source = getattr(sys.modules[module], "__file__", None)
    if module != "__main__":
        return f"{module}:{name}", _root(module, source)
    spec = getattr(sys.modules[module], "__spec__", None)
    if spec is not None:  # python -m pkg.mod
        return f"{spec.name}:{name}", _root(spec.name, source)
    if not source or not source.endswith(".py"):
        raise BadInput(f"{place}: {name} is in no file", "put it into a module")
    path = Path(source).absolute()
    return f"{path}:{name}", path.parent


def _root(module: str, source: str | None) -> Path | None:
    """Return the directory that `module` is imported from; None where every interpreter looks."""
    if source is None:
        return None
    path = Path(source).absolute()
    depth = module.count(".") + (path.stem == "__init__" and module.split(".")[-1] != "__init__")
    root = path.parents[depth]
    usual = {Path(place) for place in sysconfig.get_paths().values()}
    return None if root in usual else root


def _with_path(env: Mapping[str, str] | None, root: Path) -> dict[str, str]:
    """Return the environment of a job with `root` first among the places of modules."""
    given = dict(env or {})
    known = given.get("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    given["PYTHONPATH"] = f"{root}{os.pathsep}{known}" if known else str(root)
    return given
