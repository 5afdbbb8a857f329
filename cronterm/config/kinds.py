"""Action kinds that other packages bring: entry points of the group `cronterm.actions`.

The name of the entry point is a word of a job, like `http`. It names a function

    def kind(words: Any, job: Mapping[str, str]) -> Mapping[str, Any]

that is called while the jobs file is read, with the value of the word (what JSON carries) and the
`id` and `directory` of the job. It returns what the job's process needs: `argv` (a list of texts),
and if it wants `env` (a mapping of texts, laid below the job's own) and `stdin` (a text). It must
be quick and touch nothing: files are read again at every save. A `ValueError` that it raises is
shown to the user as a problem at the word.
"""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from cronterm.config.fields import LONGEST_ARGUMENT, Reading, size_of
from cronterm.config.reader import Node, short
from cronterm.model.action import Custom

GROUP = "cronterm.actions"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Kinds:
    """The action kinds that are installed. Looked for when a word is met that is not ours."""

    def __init__(self, own: Iterable[str]) -> None:
        self._own = frozenset(own)
        self._found: dict[str, EntryPoint] | None = None

    def names(self) -> list[str]:
        """Return their words; a word of ours stays ours."""
        return sorted(self._points())

    def _points(self) -> dict[str, EntryPoint]:
        if self._found is None:
            points = entry_points(group=GROUP)
            self._found = {
                point.name: point
                for point in points
                if _NAME.fullmatch(point.name) and point.name not in self._own
            }
        return self._found

    def read(self, r: Reading, node: Node, path: str, name: str, job: Mapping[str, str]) -> Custom:
        """Return the action that the words of a kind describe."""
        words = r.json_value(node, path)
        try:
            made = self._points()[name].load()(words, job)
        except ValueError as error:
            raise r.bad(node, path, short(str(error), 200)) from None
        except Exception as error:  # noqa: BLE001  # code of others: it must not take the file down
            what = f"{type(error).__name__}: {error}"
            hint = f"the package that brings {name} is at fault"
            raise r.bad(node, path, f"{name} failed: {short(what, 200)}", hint) from None
        try:
            return _custom(name, made)
        except (TypeError, ValueError) as error:
            message = f"{name} answered what no process can be made of: {error}"
            hint = f"the package that brings {name} is at fault"
            raise r.bad(node, path, message, hint) from None


def _custom(kind: str, made: Any) -> Custom:
    """Return a kind's answer as an action. Raises TypeError or ValueError with what is wrong."""
    if not isinstance(made, Mapping) or not set(made) <= {"argv", "env", "stdin"}:
        raise TypeError("it is not a mapping of argv, env and stdin")
    argv, env, stdin = made.get("argv"), made.get("env", {}), made.get("stdin")
    if not isinstance(argv, list | tuple) or not argv or not argv[0]:
        raise TypeError("argv is not a list that begins with a program")
    if not isinstance(env, Mapping) or not all(_is_name(name) for name in env):
        raise TypeError("env is not a mapping of variables")
    for text in (*argv, *env.values(), *(() if stdin is None else (stdin,))):
        if not isinstance(text, str) or "\0" in text:
            raise TypeError(f"{short(repr(text))} is not a text that a process can be given")
    if any(size_of(text) >= LONGEST_ARGUMENT for text in (*argv, *env.values())):
        raise ValueError("a text is longer than the kernel takes (128 KiB)")
    return Custom(kind=kind, argv=tuple(argv), env=dict(env), stdin=stdin)


def _is_name(name: Any) -> bool:
    is_name = isinstance(name, str) and _VARIABLE.fullmatch(name) is not None
    return is_name and not name.startswith("CRONTERM_")
