"""Paths of a jobs file: `~` is a home, `${NAME}` a variable of cronterm's own environment."""

import os
import re
from pathlib import Path

from cronterm.config.fields import Reading
from cronterm.config.reader import Node, short

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def expand(r: Reading, node: Node, path: str, name: str, *, is_home: bool = False) -> str:
    """Return a path with `~` and `${NAME}` written out; what cannot be is noted.

    With `is_home` a `~` stays: whose home it is is not known yet.
    """
    written = fill_variables(r, node, path, name)
    if "\0" in written:
        raise r.bad(node, path, "a path cannot contain NUL")
    if is_home and written.partition("/")[0] == "~":
        return written
    try:
        return str(Path(written).expanduser())
    except RuntimeError:
        user = written.partition("/")[0]
        raise r.bad(node, path, f"{short(user)!r} has no home directory") from None


def fill_variables(r: Reading, node: Node, path: str, text: str) -> str:
    """Return a text with each `${NAME}` written out; what cannot be is noted."""

    def value(found: re.Match[str]) -> str:
        variable = found[1]
        if not _NAME.fullmatch(variable):
            raise r.bad(node, path, f"{short(found[0])!r} is not ${{NAME}}")
        given = os.environ.get(variable)
        if not given:
            raise r.bad(
                node,
                path,
                f"the variable {short(variable)} is not set",
                "it is read from the environment of cronterm itself",
            )
        return given

    return _VARIABLE.sub(value, text)
